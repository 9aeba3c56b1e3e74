//! What the tests of this crate share.

use crate::windows::Windows;
use crossbook_engine::windows::VenueWindows;
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::{Hello, encode_batch, encode_hello};
use std::sync::Arc;

/// An instrument whose asset is the first part of its symbol.
pub fn instrument(venue: &str, symbol: &str) -> Instrument {
    Instrument {
        venue: venue.into(),
        symbol: symbol.into(),
        native_symbol: symbol.replace('/', ""),
        asset: symbol.split('/').next().unwrap_or_default().into(),
        quote_currency: "USDT".into(),
        settle_currency: "USDT".into(),
        ..Instrument::default()
    }
}

/// A live quote of the first instrument, received at this moment.
pub fn quote(receive_ns: i64) -> Quote {
    let (bid, bid_size, ask, ask_size) = (100.0, 1.0, 101.0, 2.0);
    Quote { instrument: 0, state: BookState::Live, receive_ns, exchange_ns: 0, bid, bid_size, ask, ask_size }
}

pub const SECOND: i64 = 1_000_000_000;
/// Some window's start.
pub const START: i64 = 1_700_000_100 * SECOND;

/// Of 15 seconds, that have heard the hello of a stream.
pub fn windows() -> Windows {
    let mut windows = VenueWindows::new("a", 15, Arc::default()).unwrap();
    let (venue, stream_id) = ("a".into(), "s".into());
    windows.on_hello(&encode_hello(&Hello { venue, stream_id, oldest_sequence: 1, ..Hello::default() })).unwrap();
    Windows::new(windows)
}

/// The stream's next batch: one quote, received at this moment.
pub fn batch(sequence: u64, receive_ns: i64) -> Vec<u8> {
    encode_batch("a", "s", sequence, receive_ns, &[(0, &instrument("a", "X/Y"))], &[quote(receive_ns)])
}
