//! Any frames and answers, to any venue's feed: no panic, no impossible quote, and no more memory than a feed may have.
//!
//! The first byte picks the venue of the registry; then each piece is a byte that says what it is (text, binary, answer,
//! time), two bytes of length, and so many bytes.

#![no_main]

use crossbook_market::{BookState, Instrument, MAX_LEVELS, Quote};
use crossbook_venues::{Feed, FeedOptions, Frame, VenueProfile};
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const CONNECTION: u32 = 1;
/// A book is pruned somewhat later than at its limit.
const SLACK: usize = 2;

fuzz_target!(|data: &[u8]| {
    let profiles: Vec<&VenueProfile> = crossbook_venues::profiles().collect();
    let Some((first, mut rest)) = data.split_first() else { return };
    let mut feed = open(profiles[usize::from(*first) % profiles.len()].id);
    let (mut now_ns, mut request_id) = (1_i64, 0_u64);
    while let [kind, low, high, behind @ ..] = rest {
        let (piece, left) = behind.split_at(behind.len().min(usize::from(u16::from_le_bytes([*low, *high]))));
        rest = left;
        match kind % 4 {
            0 => drop(feed.on_frame(CONNECTION, Frame { payload: piece, is_text: true }, now_ns)),
            1 => drop(feed.on_frame(CONNECTION, Frame { payload: piece, is_text: false }, now_ns)),
            2 => {
                request_id += 1;
                drop(feed.on_answer(request_id, 200, piece, now_ns));
            }
            _ => {
                now_ns += i64::from(u16::from_le_bytes([*low, *high])) * 1_000_000;
                drop(feed.on_timer(now_ns));
            }
        }
        feed.take_quotes(usize::MAX).iter().for_each(check);
    }
    let (_, _, book) = feed.order_book("X").expect("it is tracked");
    assert!(book.bids().count().max(book.asks().count()) <= SLACK * MAX_LEVELS);
});

fn check(quote: &Quote) {
    let numbers = [quote.bid, quote.bid_size, quote.ask, quote.ask_size];
    assert!(numbers.iter().all(|number| number.is_finite() && *number >= 0.0), "{quote:?}");
    assert!(quote.bid == 0.0 || quote.ask == 0.0 || quote.bid < quote.ask, "{quote:?}");
    assert!(quote.state == BookState::Live || numbers == [0.0; 4], "{quote:?}");
}

fn open(venue: &str) -> Feed {
    let instrument = Arc::new(Instrument {
        venue: venue.to_string(),
        symbol: "X".to_string(),
        native_symbol: "X".to_string(),
        asset: "X".to_string(),
        asset_scale: 1.0,
        quote_currency: "USDT".to_string(),
        settle_currency: "USDT".to_string(),
        contract_size: 1.0,
        tick_size: 0.0,
        lot_size: 0.0,
        taker_fee_percent: None,
        maker_fee_percent: None,
    });
    let venue = crossbook_venues::find(venue).expect("it is of the registry");
    let mut feed = Feed::new(venue, FeedOptions::default()).expect("its own settings");
    feed.track(&[instrument], 1).expect("one instrument");
    feed.on_open(CONNECTION, 1);
    feed
}
