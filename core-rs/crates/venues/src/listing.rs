//! Market lists: good rows become instruments, bad rows are quarantined with a reason, and neither stops the others.

use crate::error::VenueError;
use crossbook_codec::json::without_nulls;
use crossbook_market::{AssetClass, Instrument, asset_of, currency_code, decimal_product, is_name};
use rustc_hash::FxHashMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a venue lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarketListing {
    pub instruments: Vec<Instrument>,
    /// Native symbol and reason.
    pub quarantined: Vec<(String, String)>,
}

/// One row, in the venue's terms.
#[derive(Clone, Debug)]
pub struct ListedMarket<'a> {
    pub native_symbol: &'a str,
    pub base: &'a str,
    pub quote: &'a str,
    pub settle: &'a str,
    /// In base units, or in quote units where the contract settles in its own base.
    pub contract_size: f64,
    /// Zero when the venue does not say.
    pub tick_size: f64,
    /// In the same units; zero when the venue does not say.
    pub lot_size: f64,
    pub taker_fee_percent: Option<f64>,
    pub maker_fee_percent: Option<f64>,
}

/// How a venue's rows tell what kind of thing a market is about. A value that has no meaning here is not guessed: its market is
/// quarantined.
#[derive(Debug)]
pub struct Classes {
    /// The field that tells it; empty where the venue has none, and names are all there is.
    pub field: &'static str,
    pub meanings: &'static [(&'static str, AssetClass)],
    /// Whether what coins bear there is known for sure.
    pub is_coin_word_seen: bool,
    /// The field that tells whether it trades anywhere else yet, and its values; empty where there is none.
    pub stage_field: &'static str,
    pub stages: &'static [(&'static str, Stage)],
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stage {
    Usual,
    PreMarket,
}

impl Classes {
    pub const UNTOLD: Self = Self { field: "", meanings: &[], is_coin_word_seen: true, stage_field: "", stages: &[] };

    /// The class that a row tells, None where nothing but its name does, or why it is not known.
    fn of(&self, row: &Value, usual: Usual) -> Result<Option<AssetClass>, String> {
        let class = meaning(row, self.field, self.meanings, usual.class_is_told)?;
        let stage = meaning(row, self.stage_field, self.stages, usual.stage_is_told)?;
        Ok(if stage == Some(Stage::PreMarket) { Some(AssetClass::PreMarket) } else { class })
    }
}

/// Whether any row of a list says what it is. In a list where none does, of before there was a field, saying nothing means what
/// most are; beside rows that do, it means nothing known. Where the word for coins was never seen, it may be that they have
/// none: there only a row that says coin makes the others speak.
#[derive(Clone, Copy)]
struct Usual {
    class_is_told: bool,
    stage_is_told: bool,
}

impl Usual {
    fn of(rows: &[Value], classes: &Classes) -> Self {
        let means = |row: &Value| meaning(row, classes.field, classes.meanings, false);
        let stands = |row: &Value| meaning(row, classes.stage_field, classes.stages, false);
        Self {
            class_is_told: rows.iter().any(|row| match means(row) {
                Ok(Some(AssetClass::Coin)) => true,
                Ok(told) => told.is_some() && classes.is_coin_word_seen,
                Err(_) => classes.is_coin_word_seen,
            }),
            stage_is_told: rows.iter().any(|row| stands(row) == Ok(Some(Stage::Usual))),
        }
    }
}

fn meaning<T: Copy>(row: &Value, field: &str, meanings: &[(&str, T)], is_told: bool) -> Result<Option<T>, String> {
    let value = match row.get(field) {
        None | Some(Value::Null) if is_told => {
            return Err(format!("its {field} is missing: its asset class is not known"));
        }
        None | Some(Value::Null) => return Ok(None),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let known = meanings.iter().find(|(name, _)| *name == value).map(|(_, meant)| Some(*meant));
    known.ok_or_else(|| format!("its {field} is {value:?}, an asset class that is not known"))
}

/// Collects a venue's rows.
pub struct ListingBuilder {
    venue: &'static str,
    symbols: FxHashMap<String, usize>,
    /// Of the row in hand; None where nothing but the name says it.
    class: Result<Option<AssetClass>, String>,
    listing: MarketListing,
}

impl ListingBuilder {
    pub fn new(venue: &'static str) -> Self {
        Self { venue, symbols: FxHashMap::default(), class: Ok(None), listing: MarketListing::default() }
    }

    pub fn quarantine(&mut self, native_symbol: &str, reason: impl Into<String>) {
        self.listing.quarantined.push((native_symbol.to_string(), reason.into()));
    }

    pub fn add(&mut self, market: &ListedMarket<'_>) {
        let [base, quote, settle] = [market.base, market.quote, market.settle].map(currency_code);
        let market = &ListedMarket { base, quote, settle, ..*market };
        let symbol = format!("{}/{}:{}", market.base, market.quote, market.settle);
        if let Some(reason) = refusal(market, &symbol) {
            return self.quarantine(market.native_symbol, reason);
        }
        match self.class.clone() {
            Err(reason) => self.quarantine(market.native_symbol, reason),
            Ok(class) => {
                let class = class.unwrap_or_else(|| AssetClass::by_name(market.base)).of(market.base);
                self.place(instrument(self.venue, symbol, class, market));
            }
        }
    }

    /// Of two markets with one symbol the first stays, but a coin goes before anything else of its name.
    fn place(&mut self, instrument: Instrument) {
        let next = self.listing.instruments.len();
        let index = *self.symbols.entry(instrument.symbol.clone()).or_insert(next);
        if index == next {
            return self.listing.instruments.push(instrument);
        }
        let held = &mut self.listing.instruments[index];
        let is_better = held.asset_class != AssetClass::Coin && instrument.asset_class == AssetClass::Coin;
        let left_out = if is_better { std::mem::replace(held, instrument) } else { instrument };
        self.quarantine(&left_out.native_symbol, format!("another market is {} already", left_out.symbol));
    }

    pub fn finish(self) -> MarketListing {
        self.listing
    }
}

fn refusal(market: &ListedMarket<'_>, symbol: &str) -> Option<&'static str> {
    let is_step = |step: f64| step.is_finite() && step >= 0.0;
    if ![market.native_symbol, market.base, market.quote, market.settle, symbol].into_iter().all(is_name) {
        Some("a name is empty, too long or not printable")
    } else if !(market.contract_size.is_finite() && market.contract_size > 0.0) {
        Some("contract size is not a positive number")
    } else if !is_step(market.tick_size) || !is_step(market.lot_size) {
        Some("tick or lot size is not a number")
    } else {
        None
    }
}

/// Multiples and other names are those of coins.
fn instrument(venue: &str, symbol: String, asset_class: AssetClass, market: &ListedMarket<'_>) -> Instrument {
    let (asset, asset_scale) = match asset_class {
        AssetClass::Coin => asset_of(market.base),
        other => (other.qualify(&market.base.to_uppercase()), 1.0),
    };
    Instrument {
        venue: venue.to_string(),
        symbol,
        native_symbol: market.native_symbol.to_string(),
        asset,
        asset_class,
        asset_scale,
        quote_currency: market.quote.to_string(),
        settle_currency: market.settle.to_string(),
        contract_size: market.contract_size,
        tick_size: market.tick_size,
        lot_size: decimal_product(market.lot_size, 1.0), // many are contracts times their worth
        taker_fee_percent: market.taker_fee_percent,
        maker_fee_percent: market.maker_fee_percent,
    }
}

/// The rows under `key` of every answer; a dot in it leads inwards. An answer that is not JSON, or has no such list, is not
/// a market list at all.
pub fn rows(bodies: &[&[u8]], key: &str) -> Result<Vec<Value>, VenueError> {
    let mut rows = Vec::new();
    for body in bodies {
        let mut answer: Value = serde_json::from_slice(body).map_err(|error| VenueError::Markets(error.to_string()))?;
        let found = key.split('.').try_fold(&mut answer, |inside, part| inside.get_mut(part));
        match found.map(Value::take) {
            Some(Value::Array(list)) => rows.extend(list),
            _ => return Err(VenueError::Markets(format!("there is no list {key:?}"))),
        }
    }
    Ok(rows)
}

/// The rows of answers that are lists themselves.
pub fn bare_rows(bodies: &[&[u8]]) -> Result<Vec<Value>, VenueError> {
    let mut rows = Vec::new();
    for body in bodies {
        let list: Vec<Value> = serde_json::from_slice(body).map_err(|error| VenueError::Markets(error.to_string()))?;
        rows.extend(list);
    }
    Ok(rows)
}

/// The listing of these rows. One that does not read is quarantined, by the name that stands under `name_key`.
pub fn collect<Row: DeserializeOwned>(
    venue: &'static str,
    classes: &Classes,
    rows: Vec<Value>,
    name_key: &str,
    mut list: impl FnMut(&mut ListingBuilder, &Row),
) -> MarketListing {
    let mut listing = ListingBuilder::new(venue);
    let usual = Usual::of(&rows, classes);
    for row in rows {
        listing.class = classes.of(&row, usual);
        let name = row.get(name_key).and_then(Value::as_str).unwrap_or("?").to_string();
        match serde_json::from_value::<Row>(without_nulls(row)) {
            Ok(market) => list(&mut listing, &market),
            Err(error) => listing.quarantine(&name, format!("malformed row: {error}")),
        }
    }
    listing.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market() -> ListedMarket<'static> {
        ListedMarket {
            native_symbol: "kPEPE-X",
            base: "kPEPE",
            quote: "USD",
            settle: "USDC",
            contract_size: 1.0,
            tick_size: 0.1,
            lot_size: 0.0,
            taker_fee_percent: Some(0.05),
            maker_fee_percent: None,
        }
    }

    #[test]
    fn a_row_becomes_an_instrument_of_its_asset() {
        let mut builder = ListingBuilder::new("somewhere");
        builder.add(&market());
        let listing = builder.finish();
        let instrument = &listing.instruments[0];
        assert_eq!((instrument.symbol.as_str(), instrument.asset.as_str()), ("kPEPE/USD:USDC", "PEPE"));
        assert_eq!((instrument.asset_scale, instrument.venue.as_str()), (1000.0, "somewhere"));
    }

    #[test]
    fn inverse_and_linear_markets_of_one_coin_are_two_symbols_of_one_asset() {
        let mut builder = ListingBuilder::new("somewhere");
        builder.add(&ListedMarket { native_symbol: "I", base: "XBT", settle: "XBT", ..market() });
        builder.add(&ListedMarket { native_symbol: "L", base: "XBT", settle: "USDC", ..market() });
        let listing = builder.finish();
        let facts = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str(), one.is_inverse()));
        assert_eq!(facts.collect::<Vec<_>>(), [("BTC/USD:BTC", "BTC", true), ("BTC/USD:USDC", "BTC", false)]);
    }

    #[test]
    fn impossible_and_doubled_rows_are_quarantined_and_the_rest_stands() {
        let mut builder = ListingBuilder::new("somewhere");
        builder.add(&ListedMarket { contract_size: f64::NAN, ..market() });
        builder.add(&ListedMarket { tick_size: -1.0, ..market() });
        builder.add(&ListedMarket { base: "", ..market() });
        builder.add(&ListedMarket { base: "A\0", ..market() });
        builder.add(&ListedMarket { base: &"A".repeat(95), ..market() });
        builder.add(&market());
        builder.add(&ListedMarket { native_symbol: "again", ..market() });
        let listing = builder.finish();
        assert_eq!(listing.instruments.len(), 1);
        let names: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["kPEPE-X", "kPEPE-X", "kPEPE-X", "kPEPE-X", "kPEPE-X", "again"]);
    }

    #[test]
    fn a_row_that_does_not_read_is_quarantined_by_its_name_as_far_as_it_has_one() {
        #[derive(serde::Deserialize)]
        struct Row {
            step: u32,
        }
        let rows = serde_json::from_str(r#"[{"name":"A","step":1},{"name":"B"},{"step":2},{"step":-1},7]"#).unwrap();
        let mut steps = Vec::new();
        let listing = collect("somewhere", &Classes::UNTOLD, rows, "name", |_, row: &Row| steps.push(row.step));
        let quarantined: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((steps.as_slice(), quarantined.as_slice()), ([1, 2].as_slice(), ["B", "?", "?"].as_slice()));
    }

    #[test]
    fn answers_that_are_no_market_list_are_refused_whole() {
        for body in ["", "[]", "{}", r#"{"data":7}"#, "<html>"] {
            assert!(matches!(rows(&[body.as_bytes()], "data"), Err(VenueError::Markets(_))), "{body}");
        }
        for body in ["", "{}", r#"{"label":"TOO_MANY_REQUESTS"}"#, "<html>"] {
            assert!(matches!(bare_rows(&[body.as_bytes()]), Err(VenueError::Markets(_))), "{body}");
        }
        assert_eq!(bare_rows(&[b"[1]", b"[2]"]).unwrap(), [Value::from(1), Value::from(2)]);
        assert_eq!(rows(&[br#"{"data":[1]}"#, br#"{"data":[2]}"#], "data").unwrap(), [Value::from(1), Value::from(2)]);
    }

    #[test]
    fn a_list_may_lie_further_in() {
        assert_eq!(rows(&[br#"{"result":{"list":[1]}}"#], "result.list").unwrap(), [Value::from(1)]);
        assert!(rows(&[br#"{"result":[1]}"#], "result.list").is_err());
    }

    const CLASSES: Classes = Classes {
        field: "kind",
        meanings: &[("1", AssetClass::Coin), ("2", AssetClass::Share)],
        is_coin_word_seen: false,
        stage_field: "isEarly",
        stages: &[("false", Stage::Usual), ("true", Stage::PreMarket)],
    };

    /// Asset and class of each instrument, and the names of what was left out.
    fn classed(rows: &str) -> (Vec<(String, AssetClass)>, Vec<String>) {
        #[derive(serde::Deserialize)]
        struct Row {
            name: String,
        }
        let rows = serde_json::from_str(rows).unwrap();
        let listing = collect("somewhere", &CLASSES, rows, "name", |listing, row: &Row| {
            listing.add(&ListedMarket { native_symbol: &row.name, base: row.name.trim_end_matches('2'), ..market() });
        });
        let listed = listing.instruments.into_iter().map(|one| (one.asset, one.asset_class)).collect();
        (listed, listing.quarantined.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn a_class_is_told_by_the_venues_field_and_is_a_part_of_the_assets_name() {
        use AssetClass::{Coin, PreMarket, Share};
        for ticker in ["BB", "WEN", "NOW", "META", "AI"] {
            let rows = format!(
                r#"[{{"name":"{ticker}","kind":1,"isEarly":false}},{{"name":"X{ticker}","kind":"2","isEarly":false}}]"#
            );
            let share = format!("share:X{ticker}");
            assert_eq!(classed(&rows), (vec![(ticker.to_string(), Coin), (share, Share)], vec![]));
        }
        let early = classed(r#"[{"name":"A","kind":2,"isEarly":true},{"name":"1000PEPE","kind":2}]"#);
        let expected = [("pre-market:A".to_string(), PreMarket), ("share:1000PEPE".to_string(), Share)];
        assert_eq!(early, (expected.to_vec(), vec![]), "multiples are those of coins");
    }

    #[test]
    fn a_class_that_is_not_known_is_quarantined() {
        let rows = r#"[{"name":"A","kind":3},{"name":"B","kind":null},{"name":"C","kind":[]},{"name":"D","kind":1},{"name":"E"},
            {"name":"F","kind":1,"isEarly":"later"}]"#;
        let (listed, left_out) = classed(rows);
        assert_eq!((listed, left_out.join("")), (vec![("D".to_string(), AssetClass::Coin)], "ABCEF".to_string()));
    }

    #[test]
    fn where_no_row_says_that_it_is_a_coin_saying_nothing_does() {
        use AssetClass::{Coin, Metal, Share};
        let rows = r#"[{"name":"A"},{"name":"B","kind":2},{"name":"C","kind":null},{"name":"XAU"}]"#;
        let (listed, left_out) = classed(rows);
        assert_eq!(listed.iter().map(|(_, class)| *class).collect::<Vec<_>>(), [Coin, Share, Coin, Metal]);
        assert!(left_out.is_empty(), "{left_out:?}");
    }

    #[test]
    fn a_coin_goes_before_a_share_of_its_name() {
        for rows in [
            r#"[{"name":"META","kind":2},{"name":"META2","kind":1}]"#,
            r#"[{"name":"META2","kind":1},{"name":"META","kind":2}]"#,
        ] {
            assert_eq!(classed(rows), (vec![("META".to_string(), AssetClass::Coin)], vec!["META".to_string()]));
        }
    }
}
