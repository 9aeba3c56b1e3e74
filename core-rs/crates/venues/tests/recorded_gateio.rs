//! Real Gate frames. Of the depth stream there is no longer recording, so that its older sister's frames of 2023-05-24, ten
//! small contracts with the REST books that belong to them, are put into its shape: ids and levels are the real ones.

mod support;

use crossbook_market::{BookState, Level};
use serde_json::{Value, json};
use std::collections::HashMap;
use support::{Player, recorded_text};

type Top = (Option<Level>, Option<Level>);

/// `[{"p":"1.5","s":7}]` as `[["1.5","7"]]`.
fn levels(side: &Value) -> Value {
    let rows = side.as_array().unwrap().iter();
    rows.map(|row| json!([row["p"], row["s"].to_string()])).collect()
}

fn depth(contract: &str, full_or_first: Value, last: i64, book: [&Value; 2]) -> String {
    let mut result =
        json!({"t": 1, "s": format!("ob.{contract}.50"), "u": last, "b": levels(book[0]), "a": levels(book[1])});
    result.as_object_mut().unwrap().extend(full_or_first.as_object().unwrap().clone());
    json!({"channel": "futures.obu", "result": result, "time_ms": 2}).to_string()
}

/// The REST books by contract.
fn books(text: &str) -> HashMap<String, Value> {
    let book = |line: &str| {
        let (url, rest) = line.split_once(" -> ")?;
        let contract = url.split_once("contract=")?.1.split('&').next()?;
        Some((contract.to_string(), serde_json::from_str(rest.split_once(": ")?.1).unwrap()))
    };
    text.lines().filter_map(book).collect()
}

/// Receive time and frame of every line that was received.
fn received(text: &str) -> Vec<(i64, Value)> {
    let frame = |line: &str| {
        let (time, frame) = line.split_once(": ").filter(|(time, _)| !time.contains("wss"))?;
        Some(((time.parse::<f64>().unwrap() * 1e9) as i64, serde_json::from_str(frame).unwrap()))
    };
    text.lines().filter_map(frame).collect()
}

fn ticker_top(result: &Value) -> Top {
    let level = |price: &str, size: &str| {
        let price = result[price].as_str().unwrap().parse().unwrap();
        Some(Level { price, size: result[size].as_f64().unwrap() })
    };
    (level("b", "B"), level("a", "A"))
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn ten_books_chain_by_their_real_ids_and_agree_with_the_tickers() {
    let frames = recorded_text("gateio/cryptofeed_GATEIO_FUTURES.ws.1.0");
    let books = books(&recorded_text("gateio/cryptofeed_GATEIO_FUTURES.http.0.0"));
    let contracts: Vec<&str> = books.keys().map(String::as_str).collect();
    let frames = received(&frames);
    let mut player = Player::new("gateio", &contracts);
    for (contract, book) in &books {
        let last = book["id"].as_i64().unwrap();
        player.text(&depth(contract, json!({"full": true}), last, [&book["bids"], &book["asks"]]), frames[0].0);
    }
    let (mut chained, mut compared, mut tickers) = (0, 0, HashMap::<(String, i64), Top>::new());
    for (now_ns, frame) in &frames {
        let result = &frame["result"];
        if frame["event"] != "update" || frame["channel"] == "futures.candlesticks" {
            player.text(&frame.to_string(), *now_ns);
            continue;
        }
        let (contract, last) = (result["s"].as_str().unwrap(), result["u"].as_i64().unwrap());
        if frame["channel"] == "futures.book_ticker" {
            tickers.insert((contract.to_string(), last), ticker_top(result));
            player.text(&frame.to_string(), *now_ns);
            continue;
        }
        let (held, ..) = player.book_top(contract);
        if last <= held {
            continue;
        }
        // Only the first one may hold changes that the REST book has already.
        let first = result["U"].as_i64().unwrap();
        let is_joined = held > books[contract]["id"].as_i64().unwrap();
        let told = if is_joined { first } else { first.max(held + 1) };
        player.text(&depth(contract, json!({"U": told}), last, [&result["b"], &result["a"]]), *now_ns);
        let (sequence, bid, ask) = player.book_top(contract);
        assert_eq!((sequence, player.state(contract)), (last, BookState::Live), "{contract}");
        chained += 1;
        if let Some(top) = tickers.get(&(contract.to_string(), last)) {
            assert_eq!((bid, ask), *top, "{contract} at {last}");
            compared += 1;
        }
    }
    let stats = player.feed.stats();
    assert_eq!((books.len(), tickers.len(), stats.gaps, stats.parse_errors), (10, 75, 0, 0));
    assert_eq!((chained, compared), (316, 14));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn tickers_of_2026_are_the_top_in_contracts() {
    let text = recorded_text("gateio/observed_futures_book_ticker_2026-09-03.jsonl");
    let mut player = Player::new("gateio", &["BTC_USDT", "ETH_USDT"]);
    let empty = json!([]);
    for contract in ["BTC_USDT", "ETH_USDT"] {
        let far = [json!([{"p": "1", "s": 1}]), json!([{"p": "1000000", "s": 1}])];
        player.text(&depth(contract, json!({"full": true}), 100_000_000_000, [&far[0], &far[1]]), 1);
        player.text(&depth(contract, json!({"U": 100_000_000_001_i64}), 100_000_000_001, [&empty, &empty]), 1);
    }
    let mut tickers = 0;
    for (index, line) in text.lines().enumerate() {
        player.text(line, index as i64 + 2);
        let frame: Value = serde_json::from_str(line).unwrap();
        if frame["channel"] == "futures.book_ticker" && frame["event"] == "update" {
            let quote = player.quotes.last().unwrap();
            let published = [(quote.bid, quote.bid_size), (quote.ask, quote.ask_size)]
                .map(|(price, size)| Some(Level { price, size }));
            assert_eq!((published[0], published[1]), ticker_top(&frame["result"]), "{line}");
            assert_eq!(quote.exchange_ns, frame["result"]["t"].as_i64().unwrap() * 1_000_000);
            tickers += 1;
        }
    }
    assert_eq!((tickers, player.feed.stats().parse_errors), (16, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_documented_depth_frames_chain() {
    let text = recorded_text("gateio/docs_futures_obu_2025-04.jsonl");
    let mut player = Player::new("gateio", &["BTC_USDT"]);
    text.lines().filter(|line| !line.is_empty()).for_each(|line| player.text(line, 1));
    let (sequence, bid, ask) = player.book_top("BTC_USDT");
    assert_eq!((sequence, player.feed.stats().gaps), (79_072_179_694, 0));
    assert_eq!(
        (bid, ask),
        (Some(Level { price: 83_705.9, size: 30_166.0 }), Some(Level { price: 83_706.0, size: 4_208.0 }))
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_shapes_that_another_library_tests_with_are_read() {
    for name in ["SubscribeToOrderBookV2Updates", "SubscribeToBookTickerUpdates"] {
        let text = recorded_text(&format!("gateio/jkorf_Subscriptions_Futures_{name}.txt"));
        let frame = text.split_once("\n=").unwrap().1;
        let mut player = Player::new("gateio", &["ETH_USDT"]);
        player.text(frame, 1);
        assert_eq!(player.feed.stats().parse_errors, 0, "{name}");
        assert_eq!(player.state("ETH_USDT") == BookState::Live, name.contains("OrderBook"), "{name}");
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_real_market_list_is_read_in_base_coins() {
    let text = recorded_text("gateio/cryptofeed_GATEIO_FUTURES.0");
    let (_, body) = text.lines().find_map(|line| line.split_once(": ")).unwrap();
    let listing = crossbook_venues::parse_markets("gateio", &[body.as_bytes()], 0).unwrap();
    let btc = listing.instruments.iter().find(|instrument| instrument.symbol == "BTC/USDT:USDT").unwrap();
    assert_eq!((btc.native_symbol.as_str(), btc.contract_size, btc.lot_size), ("BTC_USDT", 0.0001, 0.0001));
    assert_eq!(listing.instruments.len(), 301);
    assert_eq!(listing.quarantined, [("COCOS_USDT".to_string(), "it is being delisted".to_string())]);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_size_of_zero_is_an_empty_side() {
    let text = recorded_text("gateio/observed_book_ticker_size_zero.jsonl");
    let mut player = Player::new("gateio", &["ETH_USDT"]);
    player.text(
        r#"{"channel":"futures.obu","result":{"t":1,"full":true,"s":"ob.ETH_USDT.50","u":92738902533,
        "b":[["2172.82","7"]],"a":[["2172.85","1053.5"]]},"time_ms":2}"#,
        1,
    );
    text.lines().for_each(|line| player.text(line, 2));
    let quote = player.quotes.last().unwrap();
    assert_eq!((player.state("ETH_USDT"), player.feed.stats().parse_errors), (BookState::Live, 0));
    assert_eq!((quote.bid, quote.bid_size, quote.ask, quote.ask_size), (0.0, 0.0, 2172.85, 1053.5));
}
