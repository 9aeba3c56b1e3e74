//! Bybit frames: real ones of the best bid and ask of 2026-08-12, and documented ones of the book, of which no run of real
//! frames was to be had. Those of the best bid and ask are of the spot socket, whose frames are the same.

mod support;

use crossbook_market::BookState;
use support::{Player, recorded_text};

/// A documented frame; one of them lacks a comma.
fn documented(name: &str) -> String {
    let text = recorded_text(&format!("bybit/{name}"));
    text.replace("  }\n  \"cts\"", "  },\n  \"cts\"")
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn real_tops_overtake_the_book_by_their_cross_sequence_and_other_topics_are_left_alone() {
    let text = recorded_text("bybit/ccxt_static_bybit_2026-08.excerpt.jsonl");
    let mut player = Player::new("bybit", &["BTCUSDT"]);
    player.text(&documented("xchange_orderBookSnapshotResponse.json5"), 1);
    assert_eq!(player.book_top("BTCUSDT").0, 18_521_288);
    text.lines().for_each(|line| player.text(line, 2));
    let live = player.quotes.iter().filter(|quote| quote.state == BookState::Live);
    let tops: Vec<_> = live.map(|quote| (quote.bid, quote.bid_size, quote.ask, quote.ask_size)).collect();
    let expected = [
        (16493.5, 0.006, 16611.0, 0.029),
        (63705.3, 2.045546, 63705.4, 2.334566),
        (63705.3, 2.014151, 63705.4, 2.334566),
    ];
    assert_eq!(tops, expected);
    assert_eq!(player.quotes.last().unwrap().exchange_ns, 1_786_613_159_817_000_000);
    let stats = player.feed.stats();
    assert_eq!((stats.frames, stats.gaps, stats.parse_errors), (6, 0, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_documented_delta_that_does_not_follow_is_a_gap() {
    let snapshot = documented("xchange_orderBookSnapshotResponse.json5");
    let mut player = Player::new("bybit", &["BTCUSDT"]);
    player.text(&snapshot, 1);
    player.text(&documented("xchange_orderBookDeltaResponse.json5"), 2);
    assert_eq!((player.state("BTCUSDT"), player.feed.stats().gaps), (BookState::Resyncing, 1));
    assert_eq!(player.feed.stats().parse_errors, 0);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_documented_delta_that_follows_is_applied_with_its_removals() {
    let delta = documented("xchange_orderBookDeltaResponse.json5");
    let mut player = Player::new("bybit", &["BTCUSDT"]);
    let before = delta.replace("\"delta\"", "\"snapshot\"").replace("177400507", "177400506").replace("30.028", "1");
    player.text(&before, 1);
    player.text(&delta, 2);
    let top = player.quotes.last().unwrap();
    assert_eq!((top.bid, top.bid_size, top.ask, top.ask_size), (30247.2, 30.028, 30249.3, 0.892));
    let (_, sequence, book) = player.feed.order_book("BTCUSDT").unwrap();
    assert_eq!((sequence, book.bids().count(), book.asks().count()), (177_400_507, 4, 5));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn documented_answers_are_read() {
    let ack = recorded_text("bybit/nautilus_ws_subscription_ack.json");
    let mut player = Player::new("bybit", &["BTCUSDT"]);
    player.text(&ack, 1);
    player.text(&recorded_text("bybit/nautilus_ws_subscription_failure.json"), 2);
    player.text(&recorded_text("bybit/nautilus_ws_ticker_linear.json"), 3);
    assert_eq!(player.feed.stats().parse_errors, 0);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn documented_market_lists_are_read_and_stocks_are_told_apart() {
    let coins = recorded_text("bybit/nautilus_http_get_instruments_linear.json");
    let stocks = recorded_text("bybit/nautilus_http_get_instruments_linear_symbol_type.json");
    let listing = crossbook_venues::parse_markets("bybit", &[coins.as_bytes(), stocks.as_bytes()], 0).unwrap();
    let symbols: Vec<_> = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.tick_size)).collect();
    assert_eq!(symbols, [("BTC/USDT:USDT", 0.5), ("ETH/USDT:USDT", 0.05), ("TSLA/USDT:USDT", 0.01)]);
    assert_eq!((listing.instruments[2].asset.as_str(), listing.quarantined.len()), ("share:TSLA", 0));
    let next = crossbook_venues::next_market_request("bybit", &[coins.as_bytes()], None).unwrap();
    assert_eq!(next, None, "a cursor of null is the end");
}
