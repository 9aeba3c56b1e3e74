//! Real MEXC frames, single ones of 2025-05 and 2026-09: there is no recording of a whole session. Each is joined to a book
//! that stands right before it.

mod support;

use crossbook_market::{BookState, Instrument, Level};
use serde_json::Value;
use std::sync::Arc;
use support::{Player, recorded_text};

const FRAMES: &str = "mexc/observed_contract_frames_2026-09.jsonl";

/// Feeds the frame, and a fetched book that it continues: one bid at 0.01, one ask at a million.
fn joined(line: &str) -> (Player, String) {
    let frame: Value = serde_json::from_str(line).unwrap();
    let contract = frame["symbol"].as_str().unwrap().to_string();
    let data = &frame["data"];
    let before = data["begin"].as_i64().unwrap_or_else(|| data["version"].as_i64().unwrap()) - 1;
    let mut player = Player::new("mexc", &[&contract]);
    player.text(line, 1);
    let body = format!(
        r#"{{"success":true,"code":0,"data":{{"asks":[[1000000,1,1]],"bids":[[0.01,1,1]],"version":{before},"timestamp":1}}}}"#
    );
    player.answer(&contract, &body, 2);
    (player, contract)
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn every_depth_frame_joins_what_stands_before_it_and_makes_the_top_that_it_holds() {
    let text = recorded_text(FRAMES);
    let mut joins = Vec::new();
    for line in text.lines().filter(|line| line.contains("push.depth")) {
        let (player, contract) = joined(line);
        let (sequence, bid, ask) = player.book_top(&contract);
        assert_eq!((player.state(&contract), player.feed.stats().parse_errors), (BookState::Live, 0), "{contract}");
        joins.push((contract, sequence, bid.unwrap(), ask.unwrap()));
    }
    let level = |price, size| Level { price, size };
    let expected = [
        ("DOGE_USDT", 8_752_808_003, level(0.08008, 3453.0), level(0.08009, 2700.0)),
        ("SKHYNIXSTOCK_USDT", 1_111_084_807, level(0.01, 1.0), level(1235.06, 606.0)),
        ("ETH_USDT", 37_723_308_980, level(0.01, 1.0), level(2384.59, 42.0)),
        ("BTC_USDT", 25_133_684_088, level(103_115.5, 100_190.0), level(103_116.1, 89_918.0)),
    ];
    assert_eq!(joins, expected.map(|(name, sequence, bid, ask)| (name.to_string(), sequence, bid, ask)));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn numbers_with_exponents_and_thirty_digits_are_levels_like_any_other() {
    let text = recorded_text(FRAMES);
    let line = text.lines().find(|line| line.contains("9.75E+4")).unwrap();
    let (player, contract) = joined(line);
    let (_, _, book) = player.feed.order_book(&contract).unwrap();
    let bids: Vec<(f64, f64)> = book.bids().map(|level| (level.price, level.size)).collect();
    assert_eq!(bids, [(103_115.5, 100_190.0), (103_115.4, 99_835.0), (97_500.0, 25_329.0), (0.01, 1.0)]);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn equal_prices_in_two_spellings_are_one_level() {
    let text = recorded_text(FRAMES);
    let (mut player, contract) = joined(text.lines().find(|line| line.contains("DOGE_USDT")).unwrap());
    // The real frame has 0.080080 and removes 0.080090, where its asks have 0.08009.
    let next = r#"{"symbol":"DOGE_USDT","data":{"cts":1,"asks":[],"bids":[[8.008E-2,0,0]],"end":8752808004,"begin":8752808004,
        "version":8752808004},"channel":"push.depth","ts":2}"#;
    player.text(next, 3);
    assert_eq!(player.book_top(&contract).1, Some(Level { price: 0.08007, size: 3878.0 }));
    assert_eq!(player.book_top(&contract).2, Some(Level { price: 0.08009, size: 2700.0 }));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_real_error_closes_its_contract_only() {
    let text = recorded_text(FRAMES);
    let mut player = Player::new("mexc", &["NOPE_USDT", "BTC_USDT"]);
    player.text(text.lines().find(|line| line.contains("rs.error")).unwrap(), 1);
    assert_eq!((player.state("NOPE_USDT"), player.state("BTC_USDT")), (BookState::Closed, BookState::Resyncing));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_shapes_that_another_library_tests_with_are_read() {
    for name in ["Book", "PartialBook", "Ticker", "Tickers", "FundingRate", "Symbol"] {
        let text = recorded_text(&format!("mexc/jkorf_Subscriptions_FuturesApi_{name}.txt"));
        let frame = text.split_once("\n=").unwrap().1;
        let mut player = Player::new("mexc", &["BTC_USDT", "CLO_USDT"]);
        player.text(frame, 1);
        assert_eq!(player.feed.stats().parse_errors, 0, "{name}");
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_market_list_in_the_venues_shape_is_read_in_base_coins() {
    let text = recorded_text("mexc/jkorf_Endpoints_FuturesApi_ExchangeData_GetSymbols.txt");
    let body = &text[text.find('{').unwrap()..];
    let listing = crossbook_venues::parse_markets("mexc", &[body.as_bytes()], 0).unwrap();
    let listed: Vec<_> =
        listing.instruments.iter().map(|one| (one.symbol.as_str(), one.contract_size, one.tick_size)).collect();
    assert_eq!(listed, [("BTC/USDT:USDT", 0.0001, 0.5), ("ETH/USDT:USDT", 0.001, 0.05)]);
    assert!(listing.quarantined.is_empty());
}

/// The fetched book whose time of matching is null, as the venue sends it, joined by the change behind it.
fn live_on_the_real_answer() -> Player {
    let body = recorded_text("mexc/observed_rest_depth_BTC_USDT_2026-09-02.json");
    let instrument = Instrument { contract_size: 0.0001, ..(*support::instrument("mexc", "BTC_USDT")).clone() };
    let mut player = Player::tracking("mexc", &[Arc::new(instrument)]);
    player.text(
        r#"{"symbol":"BTC_USDT","data":{"cts":1,"asks":[],"bids":[],"end":41421153722,"begin":41421153719,
        "version":41421153722},"channel":"push.depth","ts":5}"#,
        1,
    );
    player.answer("BTC_USDT", &body, 2);
    player
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_real_answer_with_a_null_in_it_makes_the_book_live() {
    let player = live_on_the_real_answer();
    let quote = player.quotes.last().unwrap();
    assert_eq!((player.state("BTC_USDT"), player.feed.stats().parse_errors), (BookState::Live, 0));
    assert_eq!((quote.bid, quote.ask), (77_594.1, 77_594.2));
    assert!((quote.bid_size - 4.8738).abs() < 1e-12 && (quote.ask_size - 45.1965).abs() < 1e-12, "{quote:?}");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_range_that_is_null_absent_or_zero_is_the_one_change_of_its_version() {
    let frames = recorded_text("mexc/derived_push_depth_begin_end_null.jsonl");
    assert_eq!(frames.lines().count(), 3);
    for frame in frames.lines() {
        let mut player = live_on_the_real_answer();
        player.text(frame, 3);
        assert_eq!((player.state("BTC_USDT"), player.feed.stats().gaps), (BookState::Live, 0), "{frame}");
        assert_eq!(player.book_top("BTC_USDT").0, 41_421_153_723);
    }
}
