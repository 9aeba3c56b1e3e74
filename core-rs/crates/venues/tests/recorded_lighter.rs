//! Real Lighter frames of 2026, one of each kind.

mod support;

use crossbook_market::BookState;
use support::{Player, recorded_text};

const GREETING: &str = r#"{"session_id":"x","type":"connected"}"#;

fn frame(name: &str) -> String {
    recorded_text(&format!("lighter/nautilus_ws_{name}.json"))
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_whole_book_and_the_ticker_behind_it_are_published() {
    let book = frame("order_book_subscribed");
    let mut player = Player::new("lighter", &["0"]);
    player.text(GREETING, 1);
    player.text(&book, 2);
    player.text(&frame("ticker_subscribed"), 3);
    assert_eq!(player.state("0"), BookState::Live);
    let top = player.quotes.last().unwrap();
    assert_eq!((top.bid, top.bid_size, top.ask, top.ask_size), (2000.0, 0.02, 2325.0, 99.0));
    assert_eq!(top.exchange_ns, 1_778_138_389_655_150_000);
    assert_eq!(player.book_top("0").0, 904_845);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn an_update_from_another_time_is_a_gap() {
    let book = frame("order_book_subscribed");
    let mut player = Player::new("lighter", &["0"]);
    player.text(GREETING, 1);
    player.text(&book, 2);
    player.text(&frame("order_book_update"), 3);
    assert_eq!((player.state("0"), player.feed.stats().gaps), (BookState::Resyncing, 1));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_update_chains_to_a_book_at_its_begin_nonce_and_agrees_with_the_ticker() {
    let book = frame("order_book_subscribed");
    let mut player = Player::new("lighter", &["0"]);
    player.text(GREETING, 1);
    player.text(&book.replace("904845", "9182389998"), 2);
    player.text(&frame("order_book_update"), 3);
    assert_eq!(player.book_top("0").2.unwrap().price, 2064.54);
    player.text(&frame("ticker_update").replace("9182390020", "9182390021"), 4);
    let top = player.quotes.last().unwrap();
    assert_eq!((top.bid, top.bid_size, top.ask, top.ask_size), (2064.30, 1.0392, 2064.48, 0.4950));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn an_empty_market_is_live_without_prices() {
    let book = frame("order_book_subscribed_empty");
    let mut player = Player::new("lighter", &["39"]);
    player.text(GREETING, 1);
    player.text(&book, 2);
    player.text(&frame("ticker_subscribed_empty"), 3);
    assert_eq!((player.state("39"), player.feed.stats().parse_errors), (BookState::Live, 0));
    assert!(player.quotes.iter().all(|quote| quote.bid == 0.0 && quote.ask == 0.0 && !quote.is_usable()));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn frames_of_other_channels_are_understood_to_be_none_of_ours() {
    for name in
        ["height_update", "market_stats_subscribed_single", "market_stats_update_all", "market_stats_update_single"]
    {
        let frame = frame(name);
        let mut player = Player::new("lighter", &["0"]);
        player.text(GREETING, 1);
        player.quotes.clear();
        player.text(&frame, 2);
        assert_eq!((player.feed.stats().parse_errors, player.quotes.len()), (0, 0), "{name}");
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_real_market_list_is_read() {
    let body = recorded_text("lighter/nautilus_http_order_book_details.json");
    let listing = crossbook_venues::parse_markets("lighter", &[body.as_bytes()], 0).unwrap();
    let eth = &listing.instruments[0];
    assert_eq!((eth.symbol.as_str(), eth.native_symbol.as_str(), eth.asset.as_str()), ("ETH/USDC:USDC", "0", "ETH"));
    assert_eq!((eth.tick_size, eth.lot_size, eth.taker_fee_percent), (0.01, 0.0001, Some(0.0)));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_ticker_without_a_side_is_counted_and_the_book_stands() {
    let book = frame("order_book_subscribed");
    let mut player = Player::new("lighter", &["1"]);
    player.text(GREETING, 1);
    player.text(&book.replace("order_book:0", "order_book:1"), 2);
    let before = player.quotes.len();
    for ticker in recorded_text("lighter/made_ticker_side_missing.jsonl").lines() {
        player.text(ticker, 3);
    }
    assert_eq!((player.state("1"), player.quotes.len()), (BookState::Live, before));
    assert!(player.feed.stats().parse_errors > 0);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn metals_currencies_shares_and_other_peoples_markets_are_no_coins() {
    let body = recorded_text("lighter/observed_orderBookDetails_2026-10-25.excerpt.json");
    let listing = crossbook_venues::parse_markets("lighter", &[body.as_bytes()], 0).unwrap();
    let assets: Vec<_> = listing.instruments.iter().map(|one| one.asset.as_str()).collect();
    assert_eq!(assets, ["share:BB", "fx:EURUSD", "PEPE", "BTC"]);
    assert_eq!(listing.quarantined, [("TUR30".to_string(), "a market that others run (external)".to_string())]);
}
