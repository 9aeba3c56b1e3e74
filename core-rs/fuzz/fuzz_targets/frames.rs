//! Any frames and answers, to any venue's feed: no panic, no impossible quote, and no more memory than a feed may have.
//!
//! The first byte picks the venue of the registry; then each piece is text, binary, an answer, or milliseconds that pass. The feed
//! tracks what the venue's fixture does, so that a recorded frame means something.

#![no_main]

use crossbook_fuzz::{fixture_of, pieces};
use crossbook_market::{BookState, Instrument, MAX_LEVELS, Quote};
use crossbook_venues::{Feed, FeedOptions, Frame};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};

const CONNECTION: u32 = 1;
/// A book is pruned somewhat later than at its limit.
const SLACK: usize = 2;
/// Fetches that an answer may be for.
const FETCHES: u64 = 4;

static TRACKED: LazyLock<Vec<(&str, Vec<Arc<Instrument>>)>> = LazyLock::new(|| {
    crossbook_venues::profiles().map(|profile| (profile.id, fixture_of(profile.id).instruments)).collect()
});

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else { return };
    let (venue, instruments) = &TRACKED[usize::from(*first) % TRACKED.len()];
    let mut feed = open(venue, instruments);
    let mut now_ns = 1_i64;
    for piece in pieces(rest) {
        match piece.kind % 4 {
            0 => drop(feed.on_frame(CONNECTION, Frame { payload: piece.bytes, is_text: true }, now_ns)),
            1 => drop(feed.on_frame(CONNECTION, Frame { payload: piece.bytes, is_text: false }, now_ns)),
            2 => (1..=FETCHES).for_each(|id| drop(feed.on_answer(id, 200, piece.bytes, now_ns))),
            _ => {
                let milliseconds = piece.bytes.first_chunk().map_or(0, |bytes| u16::from_le_bytes(*bytes));
                now_ns += i64::from(milliseconds) * 1_000_000;
                drop(feed.on_timer(now_ns));
            }
        }
        feed.take_quotes(usize::MAX).iter().for_each(check);
    }
    for instrument in instruments {
        let (_, _, book) = feed.order_book(&instrument.symbol).expect("it is tracked");
        assert!(book.bids().count().max(book.asks().count()) <= SLACK * MAX_LEVELS);
    }
});

fn check(quote: &Quote) {
    let numbers = [quote.bid, quote.bid_size, quote.ask, quote.ask_size];
    assert!(numbers.iter().all(|number| number.is_finite() && *number >= 0.0), "{quote:?}");
    assert!(quote.bid == 0.0 || quote.ask == 0.0 || quote.bid < quote.ask, "{quote:?}");
    assert!(quote.state == BookState::Live || numbers == [0.0; 4], "{quote:?}");
}

fn open(venue: &str, instruments: &[Arc<Instrument>]) -> Feed {
    let venue = crossbook_venues::find(venue).expect("it is of the registry");
    let mut feed = Feed::new(venue, FeedOptions::default()).expect("its own settings");
    feed.track(instruments, 1).expect("they were listed");
    feed.on_open(CONNECTION, 1);
    feed
}
