//! A small stream of quotes as a tracker would send it.

use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::{Hello, encode_batch, encode_hello};

pub const VENUE: &str = "a";
/// Every stream begins then.
pub const START_NS: i64 = 1_700_000_100_000_000_000;
const SECOND_NS: i64 = 1_000_000_000;

pub fn hello() -> Vec<u8> {
    let (venue, stream_id) = (VENUE.to_owned(), "s".to_owned());
    encode_hello(&Hello { venue, stream_id, oldest_sequence: 1, ..Hello::default() })
}

/// Batches of a few quotes each, which close windows between them.
pub fn batches(count: u64) -> impl Iterator<Item = Vec<u8>> {
    (1..=count).map(|sequence| {
        let now_ns = START_NS + 5 * SECOND_NS * sequence as i64;
        let instruments = [instrument("X/USDT"), instrument("Y/USDT")];
        let new: &[(u32, &Instrument)] =
            if sequence == 1 { &[(0, &instruments[0]), (1, &instruments[1])] } else { &[] };
        let quotes = [quote(0, now_ns - SECOND_NS, sequence as f64), quote(1, now_ns, sequence as f64)];
        encode_batch(VENUE, "s", sequence, now_ns, new, &quotes)
    })
}

fn quote(instrument: u32, receive_ns: i64, bid: f64) -> Quote {
    let (bid_size, ask, ask_size) = (1.0, bid + 1.0, 2.0);
    Quote { instrument, state: BookState::Live, receive_ns, exchange_ns: 0, bid, bid_size, ask, ask_size }
}

fn instrument(symbol: &str) -> Instrument {
    Instrument {
        venue: VENUE.into(),
        symbol: symbol.into(),
        native_symbol: symbol.replace('/', ""),
        asset: symbol.split('/').next().unwrap_or_default().into(),
        quote_currency: "USDT".into(),
        settle_currency: "USDT".into(),
        ..Instrument::default()
    }
}
