//! Real Bitget frames: 30 s of two perpetuals of 2022-04-07, and a book of 2026-09-25. Those of 2022 carry no sequences, so
//! that the test adds them; in return each carries a CRC32 of its book. Those of 2026 are of the spot product, whose frames
//! differ in nothing but its name.

mod support;

use crossbook_market::BookState;
use serde_json::{Value, json};
use std::collections::HashMap;
use support::checksum::Spelled;
use support::{Player, recorded_text};

#[derive(Default)]
struct Checked {
    sequence: i64,
    spelled: Spelled,
    frames: usize,
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn every_book_matches_the_checksum_of_its_frame() {
    let text = recorded_text("bitget/cryptofeed_BITGET.ws.2.0");
    let mut player = Player::new("bitget", &["DASHUSDT", "UNIUSDT"]);
    let mut checked: HashMap<String, Checked> = HashMap::new();
    for line in text.lines() {
        let Some((time, json)) = line.split_once(": {").filter(|(time, _)| !time.contains("wss")) else { continue };
        let mut frame: Value = serde_json::from_str(&format!("{{{json}")).unwrap();
        let now_ns = (time.parse::<f64>().unwrap() * 1e9) as i64;
        frame["arg"]["instType"] = json!("USDT-FUTURES"); // "mc" in those days
        if frame["arg"]["channel"] != "books" || frame.get("data").is_none() {
            if frame["event"] == "subscribe" {
                player.text(&frame.to_string(), now_ns);
            }
            continue;
        }
        let native = frame["arg"]["instId"].as_str().unwrap().to_string();
        let so_far = checked.entry(native.clone()).or_default();
        let previous = if frame["action"] == "snapshot" { 0 } else { so_far.sequence };
        so_far.sequence += 19_415;
        let book = &mut frame["data"][0];
        so_far.spelled.remember(book);
        let expected = book["checksum"].as_i64().unwrap();
        book["pseq"] = json!(previous);
        book["seq"] = json!(so_far.sequence);
        player.text(&frame.to_string(), now_ns);
        assert_eq!(player.state(&native), BookState::Live, "{native}");
        let (_, _, book) = player.feed.order_book(&native).unwrap();
        assert_eq!(i64::from(so_far.spelled.checksum(book)), expected, "{native}, frame {}", so_far.frames);
        so_far.frames += 1;
    }
    assert_eq!((checked["DASHUSDT"].frames, checked["UNIUSDT"].frames), (98, 96));
    assert_eq!((player.feed.stats().gaps, player.feed.stats().parse_errors), (0, 0));
}

/// The frames of 2026 as the perpetual's.
fn frames_of_2026() -> (String, String) {
    let text = recorded_text("bitget/observed_v2_books_2026-09.jsonl").replace("\"SPOT\"", "\"USDT-FUTURES\"");
    let (snapshot, update) = text.trim().split_once('\n').expect("a snapshot and an update");
    (snapshot.replace("\"books5\"", "\"books\""), update.to_string())
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn frames_of_today_are_read_and_those_that_do_not_follow_are_a_gap() {
    let (snapshot, update) = frames_of_2026();
    let mut player = Player::new("bitget", &["BTCUSDT"]);
    player.text(&snapshot, 1);
    let top = player.quotes.last().unwrap();
    assert_eq!((top.bid, top.bid_size, top.ask, top.ask_size), (83715.69, 0.074435, 83715.7, 2.145777));
    assert_eq!((top.exchange_ns, player.book_top("BTCUSDT").0), (1_790_358_773_905_000_000, 850_167_842_345));
    player.text(&update, 2);
    assert_eq!((player.state("BTCUSDT"), player.feed.stats().gaps), (BookState::Resyncing, 1), "37 s lie between them");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn an_update_of_today_that_follows_is_applied() {
    let (snapshot, update) = frames_of_2026();
    let mut player = Player::new("bitget", &["BTCUSDT"]);
    player.text(&snapshot, 1);
    player.text(&update.replace("\"pseq\":850169286126", "\"pseq\":850167842345"), 2);
    let (sequence, _, _) = player.book_top("BTCUSDT");
    let (_, _, book) = player.feed.order_book("BTCUSDT").unwrap();
    let asks: Vec<_> = book.asks().map(|level| (level.price, level.size)).collect();
    assert_eq!(sequence, 850_169_288_983);
    assert_eq!(
        asks,
        [(83715.7, 2.145777), (83718.23, 0.959984), (83747.24, 0.238934)],
        "removing what is absent is harmless"
    );
    assert_eq!((player.feed.stats().gaps, player.feed.stats().parse_errors), (0, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn frames_of_the_spot_product_are_left_alone() {
    let text = recorded_text("bitget/observed_v2_books_2026-09.jsonl");
    let mut player = Player::new("bitget", &["BTCUSDT"]);
    text.lines().for_each(|line| player.text(line, 1));
    assert_eq!((player.feed.stats().parse_errors, player.feed.stats().live_instruments), (0, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_documented_market_list_is_read() {
    let text = recorded_text("bitget/jkorf_Endpoints_Futures_ExchangeData_GetContracts.txt");
    let body = &text[text.find('{').unwrap()..];
    let listing = crossbook_venues::parse_markets("bitget", &[body.as_bytes()], 0).unwrap();
    let btc = &listing.instruments[0];
    assert_eq!((btc.symbol.as_str(), btc.tick_size, btc.lot_size), ("BTC/USDT:USDT", 0.1, 0.01));
    assert_eq!((btc.contract_size, btc.taker_fee_percent), (1.0, Some(0.06)), "a step is not a contract's size");
    assert!(listing.quarantined.is_empty());
}
