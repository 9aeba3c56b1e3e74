//! Real BitMEX frames of 2021-07-22, 31 s of ten contracts. Rows have no time and changes no price.

mod support;

use crossbook_market::BookState;
use serde_json::Value;
use std::collections::HashMap;
use support::{Player, recorded_text};

const SYMBOLS: [&str; 10] =
    ["XRPU21", "UNIUSDT", "XBTUSD", "ADAUSDT", "SOLUSDT", "TRXU21", "EOSUSDT", "TRXUSDT", "BCHUSD", "MATICUSDT"];

/// Received frames with their times.
fn frames(text: &str) -> impl Iterator<Item = (i64, &str)> {
    let received = text.lines().filter_map(|line| line.split_once(": ").filter(|(time, _)| !time.contains("wss")));
    received.map(|(time, frame)| ((time.parse::<f64>().unwrap() * 1e9) as i64, frame))
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn every_changed_row_was_told_before_and_no_book_is_ever_crossed() {
    let text = recorded_text("bitmex/cryptofeed_BITMEX.ws.1.0");
    let mut player = Player::new("bitmex", &SYMBOLS);
    let mut book_frames = 0;
    for (now_ns, frame) in frames(&text) {
        book_frames += usize::from(frame.starts_with(r#"{"table":"orderBookL2""#));
        player.text(frame, now_ns);
    }
    let stats = player.feed.stats();
    assert_eq!((book_frames, stats.gaps, stats.parse_errors, stats.live_instruments), (1_979, 0, 0, 10));
    assert!(player.quotes.iter().filter(|quote| quote.state == BookState::Live).all(|quote| quote.bid < quote.ask));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_best_bids_and_asks_that_the_venue_told_last_were_tops_of_the_books() {
    let text = recorded_text("bitmex/cryptofeed_BITMEX.ws.1.0");
    let mut player = Player::new("bitmex", &SYMBOLS);
    let mut told: HashMap<String, (f64, f64)> = HashMap::new();
    for (now_ns, frame) in frames(&text) {
        player.text(frame, now_ns);
        let message: Value = serde_json::from_str(frame).unwrap();
        if message["table"] == "quote" {
            let row = message["data"].as_array().unwrap().last().unwrap();
            let price = |side: &str| row[side].as_f64().unwrap();
            told.insert(row["symbol"].as_str().unwrap().to_string(), (price("bidPrice"), price("askPrice")));
        }
    }
    assert_eq!(told.len(), SYMBOLS.len());
    for (symbol, top) in told {
        let is_its = |index: u32| player.feed.instrument(index).native_symbol == symbol;
        let mut quotes = player.quotes.iter().filter(|quote| is_its(quote.instrument));
        assert!(quotes.any(|quote| (quote.bid, quote.ask) == top), "{symbol}: {top:?} was never the top of the book");
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn of_the_real_market_lists_the_contracts_of_known_worth_are_kept() {
    let text = recorded_text("bitmex/cryptofeed_BITMEX.0");
    let body = text.lines().next().unwrap().split_once(": ").unwrap().1;
    let late = recorded_text("bitmex/nautilus_http_get_instrument_xbtusd.json");
    let late = if late.trim_start().starts_with('[') { late } else { format!("[{late}]") };
    for (body, expected) in [(body, vec!["BTC/USD:BTC", "BTC/EUR:BTC"]), (&late, vec!["BTC/USD:BTC"])] {
        let listing = crossbook_venues::parse_markets("bitmex", &[body.as_bytes()], 0).unwrap();
        let symbols: Vec<_> = listing.instruments.iter().map(|one| one.symbol.as_str()).collect();
        assert_eq!(symbols, expected);
        assert!(listing.instruments.iter().all(|one| one.is_inverse() && one.contract_size == 1.0));
    }
}
