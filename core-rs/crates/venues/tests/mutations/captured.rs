//! What was captured of a venue, whatever the form of the file: frames as sessions, answers that list markets as lists.

use crate::exceptions::Exceptions;
use crate::session::Session;
use crate::support::fixture::{Piece, START_NS, from_base64};
use crate::support::{instrument, recordings};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Frames of a file, and instruments among them, that are enough.
const FRAMES: usize = 40;
const INSTRUMENTS: usize = 6;
/// A larger file is read no further.
const BYTES: usize = 400_000;

fn files(venue: &str) -> Vec<(String, String)> {
    let folder = recordings().join(venue);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).ok()?; // what is packed is played by its own test
        Some((path.file_name()?.to_string_lossy().into_owned(), text)).filter(|(name, _)| !name.ends_with(".md"))
    };
    paths.into_iter().filter_map(read).collect()
}

/// The JSON texts of a file: itself, or those of its lines, behind whatever stands before them.
fn texts(text: &str) -> Vec<String> {
    if is_json(text.trim()) {
        return vec![text.trim().to_string()];
    }
    let text = text.get(..BYTES.min(text.len())).unwrap_or(text);
    let of_line = |line: &str| {
        let begin = line.find(['{', '['])?;
        Some(line[begin..].trim().to_string()).filter(|json| is_json(json))
    };
    text.lines().filter(|line| !line.starts_with('>')).filter_map(of_line).collect()
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_object() || value.is_array())
}

/// A frame as it lies in a recording of one's own kind: `{"opcode":2,"b64":"..."}`, or `{"text":"..."}`.
fn piece(json: String) -> Piece {
    let value: Value = serde_json::from_str(&json).unwrap();
    match (value["b64"].as_str(), value["text"].as_str(), value["t_ns"].is_null()) {
        (Some(packed), _, false) => Piece::Binary(from_base64(packed)),
        (_, Some(text), false) => Piece::Text(text.into()),
        // Laid out for people; on the wire it was not.
        _ if json.contains("\": ") => Piece::Text(value.to_string().into_bytes()),
        _ => Piece::Text(json.into_bytes()),
    }
}

/// One session a file that holds frames of a book.
pub fn sessions(venue: &'static str) -> Vec<Session> {
    files(venue).into_iter().filter_map(|(name, text)| session(venue, name, &text)).collect()
}

fn session(venue: &'static str, name: String, text: &str) -> Option<Session> {
    let pieces: Vec<Piece> =
        texts(text).into_iter().take(FRAMES).filter(|json| json.len() < 60_000).map(piece).collect();
    let names: BTreeSet<String> = pieces.iter().filter_map(|piece| named(venue, piece)).take(INSTRUMENTS).collect();
    let instruments = names.iter().map(|native| instrument(venue, native)).collect::<Vec<_>>();
    let session =
        Session { venue, name, instruments, healthy: pieces.clone(), pieces, exceptions: Exceptions::of(venue) };
    (!session.instruments.is_empty()).then_some(session)
}

fn named(venue: &str, piece: &Piece) -> Option<String> {
    match piece {
        Piece::Text(bytes) => crossbook_venues::find(venue).unwrap().culprit(bytes).map(str::to_string),
        _ => Some("BTC-USD-PERP".to_string()),
    }
}

/// The captured answers that list markets, with no more rows than a few.
pub fn lists(venue: &'static str) -> Vec<Vec<u8>> {
    let bodies = files(venue).into_iter().flat_map(|(_, text)| answers(&text)).map(shortened);
    let lists = |body: &Vec<u8>| {
        crossbook_venues::parse_markets(venue, &[body], START_NS).is_ok_and(|listing| !listing.instruments.is_empty())
    };
    bodies.filter(lists).collect()
}

/// Also answers that stand in the middle of a file's own words.
fn answers(text: &str) -> Vec<String> {
    let rest = text.find(['{', '[']).map(|begin| text[begin..].trim().to_string()).filter(|json| is_json(json));
    rest.map_or_else(|| texts(text), |json| vec![json])
}

const ROWS: usize = 6;

/// The same with the first rows of its longest lists only.
fn shortened(json: String) -> Vec<u8> {
    fn cut(value: &mut Value, depth: usize) {
        match value {
            Value::Array(list) => {
                if depth < 4 && list.len() > ROWS && list.first().is_some_and(Value::is_object) {
                    list.truncate(ROWS);
                }
                list.iter_mut().for_each(|inner| cut(inner, depth + 1));
            }
            Value::Object(fields) => fields.values_mut().for_each(|inner| cut(inner, depth + 1)),
            _ => {}
        }
    }
    let mut value: Value = serde_json::from_str(&json).unwrap();
    cut(&mut value, 0);
    value.to_string().into_bytes()
}
