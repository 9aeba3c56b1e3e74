//! Real OKX frames of 2022-05-13. They carry no sequence ids, so that the test adds them; in return each carries a CRC32
//! of the 25 best levels in their original text, which proves how levels are applied, removed and ordered.

mod support;

use crossbook_market::{BookState, Level, OrderBook};
use serde_json::{Value, json};
use std::collections::HashMap;
use support::{Player, recorded_text};

/// Original text of price and size by the price's bits.
type Texts = HashMap<u64, (String, String)>;

#[derive(Default)]
struct Checked {
    sequence: i64,
    bids: Texts,
    asks: Texts,
    frames: usize,
}

fn remember(texts: &mut Texts, side: &Value) {
    for level in side.as_array().unwrap() {
        let text = |index: usize| level[index].as_str().unwrap().to_string();
        texts.insert(text(0).parse::<f64>().unwrap().to_bits(), (text(0), text(1)));
    }
}

/// `bid:ask` interleaved, `price:size` each, up to 25 a side, as the venue's documentation of that time says.
fn checksum(book: &OrderBook, so_far: &Checked) -> i32 {
    let side = |levels: Vec<Level>, texts: &Texts| {
        let text = |level: &Level| {
            let (price, size) = &texts[&level.price.to_bits()];
            assert_eq!(size.parse::<f64>().unwrap(), level.size);
            format!("{price}:{size}")
        };
        levels.iter().take(25).map(text).collect::<Vec<_>>()
    };
    let bids = side(book.bids().collect(), &so_far.bids);
    let asks = side(book.asks().collect(), &so_far.asks);
    let longest = bids.len().max(asks.len());
    let parts = (0..longest).flat_map(|index| [bids.get(index), asks.get(index)]).flatten();
    crc32fast::hash(parts.cloned().collect::<Vec<_>>().join(":").as_bytes()) as i32
}

#[test]
fn every_book_matches_the_checksum_of_its_frame() {
    let Some(text) = recorded_text("okx/cryptofeed_OKX.ws.1.0") else { return };
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
        remember(&mut so_far.bids, &book["bids"]);
        remember(&mut so_far.asks, &book["asks"]);
        let expected = book["checksum"].as_i64().unwrap();
        book["prevSeqId"] = json!(previous);
        book["seqId"] = json!(so_far.sequence);
        player.text(&frame.to_string(), now_ns);
        assert_eq!(player.state(&native), BookState::Live, "{native}");
        let (_, _, book) = player.feed.order_book(&native).unwrap();
        assert_eq!(i64::from(checksum(book, so_far)), expected, "{native}, frame {}", so_far.frames);
        so_far.frames += 1;
    }
    assert_eq!((checked.len(), checked.values().map(|one| one.frames).sum::<usize>()), (3, 290));
    assert_eq!((player.feed.stats().gaps, player.feed.stats().parse_errors), (0, 0));
}

#[test]
fn the_documented_frames_of_today_chain() {
    let Some(snapshot) = recorded_text("okx/nautilus_ws_books_snapshot.json") else { return };
    let mut player = Player::new("okx", &["BTC-USDT"]);
    player.text(&snapshot, 1);
    player.text(&recorded_text("okx/nautilus_ws_books_update.json").unwrap(), 2);
    player.text(&recorded_text("okx/nautilus_ws_bbo_tbt.json").unwrap(), 3);
    player.text(&recorded_text("okx/nautilus_ws_tickers.json").unwrap(), 4);
    let last = player.quotes.last().unwrap();
    assert_eq!((last.bid, last.bid_size, last.ask, last.ask_size), (8476.97, 256.0, 8476.98, 415.0));
    assert_eq!((player.feed.stats().parse_errors, player.book_top("BTC-USDT").0), (0, 123_457));
}

#[test]
fn real_instruments_are_read_in_base_units() {
    let Some(body) = recorded_text("okx/nautilus_http_get_instruments_swap.json") else { return };
    let listing = crossbook_venues::parse_markets("okx", &[body.as_bytes()], 0).unwrap();
    let symbols: Vec<_> = listing.instruments.iter().map(|instrument| instrument.symbol.as_str()).collect();
    assert_eq!(symbols, ["ETH/USDT:USDT", "BTC/USDT:USDT"], "the inverse one is left out");
    assert_eq!(listing.instruments[1].contract_size, 0.01);
    assert!(listing.quarantined.is_empty());
}
