//! Real Binance frames: 345 s of BTCUSDT on 2024-08-08, and 30 s of four small symbols on 2021-07-22.

mod support;

use crossbook_market::{BookState, Level};
use flate2::read::GzDecoder;
use serde_json::Value;
use std::collections::HashMap;
use std::io::Read;
use support::{Player, recorded_text, recording};

type Tops = HashMap<i64, (Level, Level)>;

/// Update id and top of a bookTicker frame.
fn ticker(frame: &Value) -> Option<(i64, (Level, Level))> {
    let data = &frame["data"];
    let number = |key: &str| data[key].as_str().unwrap().parse::<f64>().unwrap();
    let level = |price: &str, size: &str| Level { price: number(price), size: number(size) };
    (data["e"] == "bookTicker").then(|| (data["u"].as_i64().unwrap(), (level("b", "B"), level("a", "A"))))
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn six_thousand_depth_events_join_chain_and_agree_with_the_book_ticker() {
    let bytes = recording("binance/hftbacktest_usdm_btcusdt_20240808.gz");
    let mut text = String::new();
    GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let mut player = Player::new("binance", &["BTCUSDT"]);
    let (mut book_tops, mut ticker_tops, mut depth_events) = (Tops::new(), Tops::new(), 0);
    for line in text.lines() {
        let (time, json) = line.split_once(' ').unwrap();
        let now_ns: i64 = time.parse().unwrap();
        if json.starts_with("{\"lastUpdateId\"") {
            player.answer("symbol=BTCUSDT", json, now_ns);
            continue;
        }
        player.text(json, now_ns);
        if json.contains("\"e\":\"depthUpdate\"") {
            depth_events += 1;
            let (sequence, bid, ask) = player.book_top("BTCUSDT");
            book_tops.extend(bid.zip(ask).map(|top| (sequence, top)));
        } else {
            ticker_tops.extend(ticker(&serde_json::from_str(json).unwrap()));
        }
    }
    let stats = player.feed.stats();
    assert!(depth_events > 6_500, "{depth_events}");
    assert_eq!((stats.gaps, stats.resyncs, stats.parse_errors), (0, 0, 0));
    assert_eq!(player.state("BTCUSDT"), BookState::Live);
    let live: Vec<_> = player.quotes.iter().filter(|quote| quote.state == BookState::Live).collect();
    assert!(live.len() > 10_000 && live.iter().all(|quote| quote.bid < quote.ask && quote.is_usable()));
    assert!(player.quotes.windows(2).all(|pair| pair[0].receive_ns <= pair[1].receive_ns));
    let shared: Vec<_> = ticker_tops.iter().filter(|(id, _)| book_tops.contains_key(id)).collect();
    assert!(shared.len() > 500, "{}", shared.len());
    shared.into_iter().for_each(|(id, top)| assert_eq!(book_tops[id], *top, "update {id}"));
}

/// Lines `<seconds>: <frame>` and `<url> -> <seconds>: <answer>`, as (nanoseconds, url, text).
fn lines(text: &str) -> Vec<(i64, String, String)> {
    let line = |line: &str| {
        let (url, rest) = line.split_once(" -> ").unwrap_or(("", line));
        let (seconds, body) = rest.split_once(": ")?;
        let now_ns = (seconds.parse::<f64>().ok()? * 1e9) as i64;
        Some((now_ns, url.to_string(), body.to_string()))
    };
    text.lines().filter_map(line).collect()
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn four_symbols_join_their_own_snapshots_on_one_connection() {
    let frames = recorded_text("binance/cryptofeed_BINANCE_FUTURES.ws.1.0");
    let answers = recorded_text("binance/cryptofeed_BINANCE_FUTURES.http.0.0");
    let mut events = lines(&frames);
    events.extend(lines(&answers));
    events.sort_by_key(|(now_ns, ..)| *now_ns);
    let symbols = ["SUSHIUSDT", "AKROUSDT", "KEEPUSDT", "CTKUSDT"];
    let mut player = Player::new("binance", &symbols);
    player.text(r#"{"result":null,"id":1}"#, 1);
    for (now_ns, url, body) in &events {
        match url.split_once("symbol=").and_then(|(_, rest)| rest.split('&').next()) {
            Some(symbol) if player.fetches.iter().any(|(_, url)| url.contains(symbol)) => {
                player.answer(&format!("symbol={symbol}&"), body, *now_ns);
            }
            Some(_) => {}
            None if body.starts_with('{') => player.text(body, *now_ns),
            None => {}
        }
    }
    let stats = player.feed.stats();
    assert_eq!((stats.gaps, stats.parse_errors), (0, 0));
    symbols.iter().for_each(|symbol| assert_eq!(player.state(symbol), BookState::Live, "{symbol}"));
    assert!(player.quotes.len() > 200);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_real_market_list_is_read() {
    let text = recorded_text("binance/cryptofeed_BINANCE_FUTURES.0");
    let (_, body) = text.lines().find_map(|line| line.split_once(": ")).unwrap();
    let listing = crossbook_venues::parse_markets("binance", &[body.as_bytes()], 0).unwrap();
    let btc = listing.instruments.iter().find(|instrument| instrument.symbol == "BTC/USDT:USDT").unwrap();
    assert_eq!((btc.native_symbol.as_str(), btc.tick_size, btc.lot_size), ("BTCUSDT", 0.01, 0.001));
    assert!(listing.instruments.len() > 50);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn frames_of_2026_with_their_new_fields_are_read() {
    for name in ["binance/nautilus_book_ticker_stream.json", "binance/nautilus_depth_update_stream.json"] {
        let frame = recorded_text(name);
        let mut player = Player::new("binance", &["BTCUSDT", "BNBUSDT"]);
        player.text(&frame, 1);
        assert_eq!(player.feed.stats().parse_errors, 0, "{name}");
    }
}
