//! What the tests of this crate share.

use crossbook_market::{BookState, Instrument, Quote};

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

/// A live quote.
pub fn quote(instrument: u32, receive_ns: i64) -> Quote {
    let (bid, bid_size, ask, ask_size) = (100.0, 1.0, 101.0, 2.0);
    let state = BookState::Live;
    Quote { instrument, state, receive_ns, exchange_ns: 0, bid, bid_size, ask, ask_size }
}
