//! A venue's conformance fixture as what comes to its feed, for whoever plays it and expects something else than it says.

use base64::Engine;
use crossbook_market::Instrument;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// 2026-11-21, when every case begins.
pub const START_NS: i64 = 1_795_219_200_000_000_000;
const MILLISECOND_NS: i64 = 1_000_000;

/// One thing that reaches a feed.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    /// To the oldest fetch under way.
    Answer(Vec<u8>),
    Wait(i64),
    Reopen,
}

/// Bodies of the market list, what of it is tracked, and the pieces of each case.
pub struct Fixture {
    pub bodies: Vec<Vec<u8>>,
    pub instruments: Vec<Arc<Instrument>>,
    pub cases: BTreeMap<String, Vec<Piece>>,
}

/// As much of a fixture as is played; the format is at the head of `conformance.rs`.
#[derive(Deserialize)]
struct Written {
    market_list: MarketList,
    track: Vec<String>,
    cases: BTreeMap<String, Vec<BTreeMap<String, Box<RawValue>>>>,
}

#[derive(Deserialize)]
struct MarketList {
    bodies: Vec<Box<RawValue>>,
}

impl Fixture {
    pub fn read(venue: &str) -> Self {
        Self::read_from(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance"), venue)
    }

    pub fn read_from(folder: &Path, venue: &str) -> Self {
        let path = folder.join(format!("{venue}.json"));
        let written: Written = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let bodies: Vec<Vec<u8>> = written.market_list.bodies.iter().map(|raw| raw.get().into()).collect();
        let views: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        let listed = crossbook_venues::parse_markets(venue, &views, START_NS).unwrap().instruments;
        let instruments = listed.into_iter().filter(|one| written.track.contains(&one.symbol)).map(Arc::new).collect();
        let pieces = |steps: Vec<BTreeMap<String, Box<RawValue>>>| {
            steps.iter().flatten().filter_map(|(kind, raw)| piece(kind, raw)).collect()
        };
        let cases = written.cases.into_iter().map(|(name, steps)| (name, pieces(steps))).collect();
        Self { bodies, instruments, cases }
    }
}

fn piece(kind: &str, raw: &RawValue) -> Option<Piece> {
    match kind {
        "frame" => Some(Piece::Text(raw.get().into())),
        "text" => Some(Piece::Text(serde_json::from_str::<String>(raw.get()).unwrap().into())),
        "base64" => Some(Piece::Binary(from_base64(&serde_json::from_str::<String>(raw.get()).unwrap()))),
        "wait_ms" => Some(Piece::Wait(raw.get().parse::<i64>().unwrap() * MILLISECOND_NS)),
        "reopen" => Some(Piece::Reopen),
        "answer" => {
            let answer: BTreeMap<String, Box<RawValue>> = serde_json::from_str(raw.get()).unwrap();
            Some(Piece::Answer(answer.get("body").map(|body| body.get().into()).unwrap_or_default()))
        }
        _ => None,
    }
}

pub fn from_base64(text: &str) -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(text).unwrap()
}
