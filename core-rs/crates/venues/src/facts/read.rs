//! Reads an answer by its table. What is missing, null or empty is not told; what cannot be the fact is refused with the reason;
//! neither costs anything beside it.

use super::path::find;
use super::poll::{FactPoll, Field, How, Rows};
use crossbook_codec::FrameError;
use crossbook_codec::decimal::nearest;
use crossbook_market::{FactKind, Terms, TradingStatus};
use serde_json::Value;

const MILLISECONDS: f64 = 1_000.0;
const HOUR_SECONDS: f64 = 3_600.0;
/// Characters of a refused value that the reason shows.
const SHOWN: usize = 40;

/// What an answer told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub rows: Vec<ToldRow>,
    /// Rows without a name: nothing is known of whom they are about.
    pub nameless: usize,
}

/// Of one instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct ToldRow {
    pub native_symbol: String,
    /// Zero when the venue does not say.
    pub exchange_ns: i64,
    pub values: Vec<(FactKind, ToldValue)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ToldValue {
    Number(f64, Terms),
    Untold,
    /// Something stands there that cannot be it.
    Refused(String),
}

/// The facts in an answer; `symbol` is the instrument that was asked about, where one was.
pub fn read(poll: &FactPoll, body: &[u8], symbol: &str, now_ns: i64) -> Result<Told, FrameError> {
    let answer: Value = serde_json::from_slice(body)?;
    let mut told = Told::default();
    for (key, row) in rows(poll, &answer)?.into_iter().filter(|(_, row)| is_meant(poll, row)) {
        let name = match poll.name {
            "" => Some(key.map_or(symbol, |key| key.as_str()).to_string()),
            path => find(row, path).and_then(name_of),
        };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => told.rows.push(read_row(poll, &answer, row, name + poll.suffix, now_ns)),
            None => told.nameless += 1,
        }
    }
    Ok(told)
}

fn is_meant(poll: &FactPoll, row: &Value) -> bool {
    let (name, text) = poll.only_rows;
    name.is_empty() || row.get(name).and_then(Value::as_str) == Some(text)
}

type Row<'a> = (Option<&'a String>, &'a Value);

fn rows<'a>(poll: &FactPoll, answer: &'a Value) -> Result<Vec<Row<'a>>, FrameError> {
    let missing = || FrameError::Missing("the list of rows");
    match poll.rows {
        Rows::At(path) => match find(answer, path).ok_or_else(missing)? {
            Value::Array(list) => Ok(list.iter().map(|row| (None, row)).collect()),
            row @ Value::Object(_) => Ok(vec![(None, row)]),
            _ => Err(missing()),
        },
        Rows::MapAt(path) => {
            let map = find(answer, path).and_then(Value::as_object).ok_or_else(missing)?;
            Ok(map.iter().map(|(key, row)| (Some(key), row)).collect())
        }
        Rows::Beside(names, path) => beside(answer, names, path).ok_or_else(missing),
    }
}

/// Two lists that are not of one length are not of one order either.
fn beside<'a>(answer: &'a Value, names: &str, path: &str) -> Option<Vec<Row<'a>>> {
    let (names, rows) = (find(answer, names)?.as_array()?, find(answer, path)?.as_array()?);
    if names.len() != rows.len() {
        return None;
    }
    let name = |value: &'a Value| match value.get("name") {
        Some(Value::String(name)) => Some(name),
        _ => None,
    };
    Some(names.iter().map(name).zip(rows).filter(|(name, _)| name.is_some()).collect())
}

fn name_of(value: &Value) -> Option<String> {
    match value {
        Value::String(name) => Some(name.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn read_row(poll: &FactPoll, answer: &Value, row: &Value, native_symbol: String, now_ns: i64) -> ToldRow {
    let (path, how) = poll.time;
    let place = path.strip_prefix('/').map_or((row, path), |outside| (answer, outside));
    let seconds = if path.is_empty() { None } else { find(place.0, place.1).and_then(|value| time(value, how)) };
    let is_of = |field: &&Field| {
        native_symbol.get(..field.only.len()).is_some_and(|start| start.eq_ignore_ascii_case(field.only))
    };
    let mut values: Vec<(FactKind, ToldValue)> = Vec::with_capacity(poll.fields.len());
    for field in poll.fields.iter().filter(is_of) {
        match values.iter_mut().find(|(kind, _)| *kind == field.kind) {
            None => values.push((field.kind, value(field, row, now_ns))),
            Some((_, held)) if *held == ToldValue::Untold => *held = value(field, row, now_ns),
            Some(_) => {} // an earlier field of the same kind goes before
        }
    }
    ToldRow { exchange_ns: seconds.map_or(0, |seconds| (seconds * 1e9) as i64), native_symbol, values }
}

fn time(value: &Value, how: How) -> Option<f64> {
    match how {
        How::IsoTime => iso_seconds(value.as_str()?),
        How::Milliseconds => number(value).ok().map(|milliseconds| milliseconds / MILLISECONDS),
        How::Nanoseconds => number(value).ok().map(|nanoseconds| nanoseconds / 1e9),
        _ => number(value).ok(),
    }
    .filter(|seconds| (0.0..9.2e9).contains(seconds))
}

fn value(field: &Field, row: &Value, now_ns: i64) -> ToldValue {
    match read_value(field, row, now_ns) {
        Ok(Some((number, terms))) => ToldValue::Number(number, terms),
        Ok(None) => ToldValue::Untold,
        Err(reason) => ToldValue::Refused(reason),
    }
}

type Read = Result<Option<(f64, Terms)>, String>;

fn read_value(field: &Field, row: &Value, now_ns: i64) -> Read {
    let plain = |number: f64| Ok(Some((number, Terms::Plain)));
    match field.how {
        How::Always(number) => return plain(number),
        How::NextHour => {
            return plain(((now_ns / 1_000_000_000) as f64 / HOUR_SECONDS).floor() * HOUR_SECONDS + HOUR_SECONDS);
        }
        How::Flags(flags) => return flags_of(row, flags, false),
        How::FlagsIfSet(flags) => return flags_of(row, flags, true),
        _ => {}
    }
    let Some(value) = find(row, field.path).filter(|value| value.as_str() != Some("")) else { return Ok(None) };
    match field.how {
        How::Status(words) => return status(value, words),
        How::IsoTime => return iso_seconds(text(value)?).map_or_else(|| Err(shown(value)), plain),
        How::IsoHours => {
            return iso_seconds(text(value)?)
                .map_or_else(|| Err(shown(value)), |time| plain(time.rem_euclid(86_400.0)));
        }
        _ => {}
    }
    convert(field.how, number(value)?, row, now_ns)
}

/// None where a price that it takes is not told.
fn convert(how: How, number: f64, row: &Value, now_ns: i64) -> Read {
    let price = |path: &str| find(row, path).filter(|value| value.as_str() != Some("")).map(self::number).transpose();
    let plain = |number: f64| Ok(Some((number, Terms::Plain)));
    let with = |path: &str, make: &dyn Fn(f64) -> (f64, Terms)| Ok(price(path)?.map(make));
    match how {
        How::Share => plain(number * 100.0),
        How::ShareFor(intervals) => plain(number / intervals * 100.0),
        How::ShareOfPrice(path) => with(path, &|price| (number / price * 100.0, Terms::Plain)),
        How::ShareAtPrice(path) => with(path, &|price| (number * price * 100.0, Terms::Plain)),
        How::Minutes => plain(number * 60.0),
        How::Hours => plain(number * HOUR_SECONDS),
        How::Milliseconds => plain(number / MILLISECONDS),
        How::Nanoseconds => plain(number / 1e9),
        How::MillisecondsLeft => plain(((now_ns / 1_000_000) as f64 + number) / MILLISECONDS),
        How::MillisecondsUntil(path) => with(path, &|until| ((until - number) / MILLISECONDS, Terms::Plain)),
        How::Contracts => Ok(Some((number, Terms::Contracts))),
        How::ContractsAt(path) => with(path, &|price| (number, Terms::ContractsAt(price))),
        How::ContractsAsMoneyAt(path) => with(path, &|price| (number, Terms::ContractsAsMoneyAt(price))),
        How::BaseAsMoneyAt(path) => with(path, &|price| (number * price, Terms::Plain)),
        How::MoneyAsBaseAt(path) => with(path, &|price| (number / price, Terms::Plain)),
        How::BelowPrice(path) => with(path, &|price| (price * (1.0 - number), Terms::Plain)),
        How::AbovePrice(path) => with(path, &|price| (price * (1.0 + number), Terms::Plain)),
        How::Places if number.fract() == 0.0 && number.abs() < 20.0 => plain(nearest(&format!("1e{}", -number as i32))),
        How::Places => Err(format!("{number} decimal places")),
        _ => plain(number),
    }
}

/// A number, quoted or not.
fn number(value: &Value) -> Result<f64, String> {
    match value {
        Value::Number(number) => number.as_f64().ok_or_else(|| shown(value)),
        Value::String(text) => Some(nearest(text)).filter(|number| !number.is_nan()).ok_or_else(|| shown(value)),
        _ => Err(shown(value)),
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| shown(value))
}

/// A refused value in a reason: the outside's text, cut and without control characters.
fn shown(value: &Value) -> String {
    let text: String = value.to_string().chars().filter(|one| !one.is_control()).take(SHOWN).collect();
    format!("{text} stands there")
}

fn status(value: &Value, words: &[(&str, TradingStatus)]) -> Read {
    let word = value.as_str().map_or_else(|| value.to_string(), str::to_string);
    let known = words.iter().find(|(name, _)| *name == word);
    known.map(|(_, status)| Some((f64::from(*status as u8), Terms::Plain))).ok_or_else(|| shown(value))
}

fn flags_of(row: &Value, flags: &[(&str, TradingStatus)], mut is_told: bool) -> Read {
    let mut found = TradingStatus::Trading;
    for (path, status) in flags.iter().rev() {
        match find(row, path.trim_start_matches('!')) {
            None => {}
            Some(Value::Bool(flag)) => {
                is_told = true;
                found = if *flag != path.starts_with('!') { *status } else { found };
            }
            Some(other) => return Err(shown(other)),
        }
    }
    Ok(is_told.then_some((f64::from(found as u8), Terms::Plain)))
}

/// Seconds since the epoch of `2024-11-25T04:00:00.000Z`; None for anything else.
fn iso_seconds(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let (hour, minute) = (time.next()?.parse::<f64>().ok()?, time.next()?.parse::<f64>().ok()?);
    let second = time.next()?.parse::<f64>().ok()?;
    let is_sound = (1970..=9_999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    let seconds = days(year, month, day) as f64 * 86_400.0 + hour * HOUR_SECONDS + minute * 60.0 + second;
    is_sound.then_some(seconds).filter(|seconds| seconds.is_finite())
}

/// Days since the epoch of a date of the Gregorian calendar (Howard Hinnant, chrono-compatible date algorithms).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
