//! Real Hyperliquid frames: a whole book of 2026-09-03 with its ack, best bids and asks of 2025-12, and answers of `/info`.

mod support;

use crossbook_market::BookState;
use serde_json::Value;
use support::{Player, recorded_text};

/// What was pushed (`=`) and acknowledged (`<`) in a file of captured exchanges, each as one frame.
fn frames(name: &str) -> Vec<String> {
    let text = recorded_text(name);
    let (ack, push) = text.split_once("\n=").unwrap();
    let ack = ack.lines().find_map(|line| line.strip_prefix("< ")).unwrap();
    vec![ack.to_string(), push.trim().to_string()]
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_captured_book_is_loaded_whole() {
    let text = recorded_text("hyperliquid/observed_l2book_2026-09-03.jsonl");
    let mut player = Player::new("hyperliquid", &["BTC"]);
    text.lines().zip(2..).for_each(|(line, now_ns)| player.text(line, now_ns));
    let (state, sequence, book) = player.feed.order_book("BTC").unwrap();
    assert_eq!(
        (state, sequence, book.bids().count(), book.asks().count()),
        (BookState::Live, 1_788_488_745_352, 20, 20)
    );
    assert_eq!((player.feed.stats().frames, player.feed.stats().parse_errors), (4, 0));
    let last = player.quotes.last().unwrap();
    assert_eq!((last.bid, last.bid_size, last.exchange_ns), (80652.0, 4.29172, 1_788_488_745_352_000_000));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_fresher_best_bid_and_ask_goes_before_the_captured_book() {
    let book = frames("hyperliquid/jkorf_Subscriptions_OrderBook.txt");
    let mut player = Player::new("hyperliquid", &["HYPE"]);
    let bbo = frames("hyperliquid/jkorf_Subscriptions_BookTicker.txt");
    book.iter().chain(&bbo).zip(2..).for_each(|(frame, now_ns)| player.text(frame, now_ns));
    let live: Vec<_> = player.quotes.iter().filter(|quote| quote.state == BookState::Live).collect();
    let tops: Vec<_> = live.iter().map(|quote| (quote.bid, quote.bid_size, quote.ask, quote.ask_size)).collect();
    assert_eq!(tops, [(34.967, 2.85, 34.969, 1473.06), (23.757, 42.09, 23.758, 100.26)]);
    assert_eq!(player.feed.stats().parse_errors, 0);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn captured_market_lists_are_read_and_delisted_coins_refused() {
    let sample = recorded_text("hyperliquid/nautilus_http_meta_perp_sample.json");
    let listing = crossbook_venues::parse_markets("hyperliquid", &[sample.as_bytes()], 0).unwrap();
    let symbols: Vec<_> = listing.instruments.iter().map(|one| one.symbol.as_str()).collect();
    assert_eq!(symbols, ["BTC/USDC:USDC", "ETH/USDC:USDC", "ATOM/USDC:USDC"]);
    let text = recorded_text("hyperliquid/jkorf_Endpoints_Futures_ExchangeData_GetExchangeInfo.txt");
    let body = &text[text.find('{').unwrap()..];
    let listing = crossbook_venues::parse_markets("hyperliquid", &[body.as_bytes()], 0).unwrap();
    let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((listing.instruments.len(), refused), (3, vec!["LOOM"]));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn markets_that_others_run_are_left_out() {
    let text = recorded_text("hyperliquid/nautilus_http_all_perp_metas_non_usdc_collateral.json");
    let metas: Vec<Value> = serde_json::from_str(&text).unwrap();
    let bodies: Vec<String> = metas.iter().map(Value::to_string).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(String::as_bytes).collect();
    let listing = crossbook_venues::parse_markets("hyperliquid", &bodies, 0).unwrap();
    let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((listing.instruments.len(), refused), (1, vec!["km:US500", "hyna:BTC"]));
}
