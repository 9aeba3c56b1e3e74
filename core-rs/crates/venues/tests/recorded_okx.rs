//! Real OKX frames of 2022-05-13. They carry no sequence ids, so that the test adds them; in return each carries a CRC32
//! of the 25 best levels in their original text, which proves how levels are applied, removed and ordered.

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
    let text = recorded_text("okx/cryptofeed_OKX.ws.1.0");
    let mut player = Player::new("okx", &["UNI-USD-SWAP", "BTC-USD-220527", "BTC-USDT"]);
    let mut checked: HashMap<String, Checked> = HashMap::new();
    for line in text.lines() {
        let Some((time, json)) = line.split_once(": {").filter(|(time, _)| !time.contains("wss")) else { continue };
        let mut frame: Value = serde_json::from_str(&format!("{{{json}")).unwrap();
        let now_ns = (time.parse::<f64>().unwrap() * 1e9) as i64;
        if frame["arg"]["channel"] != "books" || frame.get("data").is_none() {
            player.text(&frame.to_string(), now_ns);
            continue;
        }
        let native = frame["arg"]["instId"].as_str().unwrap().to_string();
        let so_far = checked.entry(native.clone()).or_default();
        let is_snapshot = frame["action"] == "snapshot";
        let previous = if is_snapshot { -1 } else { so_far.sequence };
        so_far.sequence += 7;
        let book = &mut frame["data"][0];
        so_far.spelled.remember(book);
        let expected = book["checksum"].as_i64().unwrap();
        book["prevSeqId"] = json!(previous);
        book["seqId"] = json!(so_far.sequence);
        player.text(&frame.to_string(), now_ns);
        assert_eq!(player.state(&native), BookState::Live, "{native}");
        let (_, _, book) = player.feed.order_book(&native).unwrap();
        assert_eq!(i64::from(so_far.spelled.checksum(book)), expected, "{native}, frame {}", so_far.frames);
        so_far.frames += 1;
    }
    assert_eq!((checked.len(), checked.values().map(|one| one.frames).sum::<usize>()), (3, 290));
    assert_eq!((player.feed.stats().gaps, player.feed.stats().parse_errors), (0, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_documented_frames_of_today_chain() {
    let snapshot = recorded_text("okx/nautilus_ws_books_snapshot.json");
    let mut player = Player::new("okx", &["BTC-USDT"]);
    player.text(&snapshot, 1);
    player.text(&recorded_text("okx/nautilus_ws_books_update.json"), 2);
    player.text(&recorded_text("okx/nautilus_ws_bbo_tbt.json"), 3);
    player.text(&recorded_text("okx/nautilus_ws_tickers.json"), 4);
    let last = player.quotes.last().unwrap();
    assert_eq!((last.bid, last.bid_size, last.ask, last.ask_size), (8476.97, 256.0, 8476.98, 415.0));
    assert_eq!((player.feed.stats().parse_errors, player.book_top("BTC-USDT").0), (0, 123_457));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn real_instruments_are_read_in_base_units() {
    let body = recorded_text("okx/nautilus_http_get_instruments_swap.json");
    let listing = crossbook_venues::parse_markets("okx", &[body.as_bytes()], 0).unwrap();
    let symbols: Vec<_> = listing.instruments.iter().map(|instrument| instrument.symbol.as_str()).collect();
    assert_eq!(symbols, ["ETH/USDT:USDT", "BTC/USDT:USDT"], "the inverse one is left out");
    assert_eq!(listing.instruments[1].contract_size, 0.01);
    assert!(listing.quarantined.is_empty());
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn contracts_on_shares_and_early_ones_are_no_coins() {
    let body = recorded_text("okx/derived_instruments_swap_not_coins.json");
    let listing = crossbook_venues::parse_markets("okx", &[body.as_bytes()], 0).unwrap();
    let assets: Vec<_> = listing.instruments.iter().map(|one| one.asset.as_str()).collect();
    assert_eq!(assets, ["share:AAPL", "pre-market:OPENAI"]);
    let unknown = body.replace("\"normal\"", "\"rebase_contract\"");
    let listing = crossbook_venues::parse_markets("okx", &[unknown.as_bytes()], 0).unwrap();
    assert_eq!(listing.quarantined[0].0, "AAPL-USDT-SWAP");
}
