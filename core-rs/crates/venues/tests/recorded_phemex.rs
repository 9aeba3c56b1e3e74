//! Real Phemex frames: two of today's channel of 2026, two of 2022 from its documentation, and half a minute of 2021 of the
//! older channel, whose flow is the same. The test gives the latter today's names and plain decimals, and nothing else.

mod support;

use crossbook_market::{BookState, Level};
use serde_json::{Value, json};
use std::collections::HashMap;
use support::{Player, recorded_text};

/// Prices of the older channel are integers of a ten-thousandth.
fn in_todays_words(mut frame: Value) -> Value {
    let Some(book) = frame.as_object_mut().and_then(|fields| fields.remove("book")) else { return frame };
    let side = |name: &str| -> Vec<Value> {
        let levels = book[name].as_array().unwrap().iter();
        levels.map(|level| json!([format!("{}e-4", level[0]), level[1].to_string()])).collect()
    };
    frame["orderbook_p"] = json!({"asks": side("asks"), "bids": side("bids")});
    frame
}

const SYMBOLS: [&str; 10] =
    ["YFIUSD", "XMRUSD", "ENJUSD", "sGRTUSDT", "sSUSHIUSDT", "sENJUSDT", "XTZUSD", "sBCHUSDT", "ATOMUSD", "sLINKUSDT"];

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn half_a_minute_of_ten_books_removes_only_what_it_told_and_repeats_what_is_held() {
    let text = recorded_text("phemex/cryptofeed_PHEMEX.ws.1.0");
    let mut player = Player::new("phemex", &SYMBOLS);
    let mut frames: HashMap<String, usize> = HashMap::new();
    let mut books = 0;
    for line in text.lines() {
        let Some((time, json)) = line.split_once(": {").filter(|(time, _)| !time.contains("wss")) else { continue };
        let frame = in_todays_words(serde_json::from_str(&format!("{{{json}")).unwrap());
        player.text(&frame.to_string(), (time.parse::<f64>().unwrap() * 1e9) as i64);
        let Some(symbol) = frame["symbol"].as_str().filter(|_| frame.get("orderbook_p").is_some()) else { continue };
        *frames.entry(frame["type"].as_str().unwrap().to_string()).or_default() += 1;
        books += 1;
        let (state, sequence, book) = player.feed.order_book(symbol).unwrap();
        assert_eq!(
            (state, sequence),
            (BookState::Live, frame["sequence"].as_i64().unwrap()),
            "{symbol}, frame {books}"
        );
        assert_eq!((book.bids().count(), book.asks().count()), (30, 30), "{symbol}, frame {books}");
        assert!(!book.is_crossed(), "{symbol}, frame {books}");
    }
    assert_eq!((frames["snapshot"], frames["incremental"]), (13, 1324), "three snapshots are repeated ones");
    let stats = player.feed.stats();
    assert_eq!((stats.gaps, stats.parse_errors, stats.resyncs, stats.live_instruments), (0, 0, 0, 10));
    let level = |price, size| Some(Level { price, size });
    assert_eq!(player.book_top("YFIUSD"), (17_652_797_719, level(32_936.0, 5_488.0), level(32_999.0, 2_396.0)));
    assert_eq!(player.book_top("XTZUSD"), (4_899_663_546, level(3.007, 55_567.0), level(3.009, 4_350.0)));
    assert_eq!(player.book_top("ENJUSD"), (8_450_980_395, level(1.1355, 200.0), level(1.1364, 1_030.0)));
}

/// The book as the venue would repeat it.
fn repeated(player: &Player, symbol: &str) -> String {
    let (_, sequence, book) = player.feed.order_book(symbol).unwrap();
    let side = |levels: Vec<Level>| -> Vec<[String; 2]> {
        levels.iter().map(|level| [level.price.to_string(), level.size.to_string()]).collect()
    };
    let (bids, asks) = (side(book.bids().collect()), side(book.asks().collect()));
    json!({"orderbook_p": {"asks": asks, "bids": bids}, "sequence": sequence, "symbol": symbol, "type": "snapshot"})
        .to_string()
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn whichever_frame_is_lost_the_next_repeated_snapshot_finds_it_at_the_latest() {
    let text = recorded_text("phemex/cryptofeed_PHEMEX.ws.1.0");
    let frames: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once(": {").filter(|(time, _)| !time.contains("wss")))
        .map(|(_, json)| in_todays_words(serde_json::from_str(&format!("{{{json}")).unwrap()))
        .filter(|frame| frame.get("orderbook_p").is_some() && frame["symbol"] == "YFIUSD")
        .map(|frame| frame.to_string())
        .collect();
    let play = |lost: Option<usize>| {
        let mut player = Player::new("phemex", &["YFIUSD"]);
        let kept = frames.iter().enumerate().filter(|(index, _)| Some(*index) != lost);
        kept.for_each(|(index, frame)| player.text(frame, 1 + index as i64));
        player
    };
    let truth = play(None);
    let (whole, mut seen_before, mut seen_then) = (repeated(&truth, "YFIUSD"), 0, 0);
    for lost in 1..frames.len() {
        let mut player = play(Some(lost));
        let was_seen = player.feed.stats().gaps > 0 || player.state("YFIUSD") != BookState::Live;
        let is_right = repeated(&player, "YFIUSD") == whole;
        player.text(&whole, 1_000);
        assert_eq!((player.state("YFIUSD"), player.book_top("YFIUSD")), (BookState::Live, truth.book_top("YFIUSD")));
        seen_before += usize::from(was_seen);
        if !was_seen && !is_right && lost + 1 < frames.len() {
            assert_eq!(player.feed.stats().gaps, 1, "frame {lost} was missed for good");
            seen_then += 1;
        }
    }
    assert_eq!((frames.len() - 1, seen_before, seen_then), (108, 25, 25), "later frames made the others good");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_frames_of_2026_are_read() {
    let text = recorded_text("phemex/observed_orderbook_p_2026-09-23.jsonl");
    let mut player = Player::new("phemex", &["ETHUSDT", "BTCUSDT"]);
    text.lines().enumerate().for_each(|(index, frame)| player.text(frame, 1 + index as i64));
    let level = |price, size| Some(Level { price, size });
    assert_eq!(player.book_top("ETHUSDT"), (68_604_886_383, level(2_763.86, 32.22), level(2_763.87, 0.06)));
    assert_eq!((player.state("ETHUSDT"), player.state("BTCUSDT")), (BookState::Live, BookState::Resyncing));
    let quote = player.quotes.last().unwrap();
    assert_eq!((quote.bid, quote.ask, quote.exchange_ns), (2_763.86, 2_763.87, 1_790_133_513_660_305_085));
    assert_eq!(player.feed.stats().parse_errors, 0);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_documented_increments_of_2022_remove_what_stood_and_keep_the_number_of_levels() {
    let text = recorded_text("phemex/docs_orderbook_p_2022-10.jsonl");
    let mut player = Player::new("phemex", &["BTCUSDT"]);
    // What the first of them removes or changes must have stood before.
    let before = json!({"type": "snapshot", "symbol": "BTCUSDT", "sequence": 77_668_100, "orderbook_p": {
        "asks": [["20704.9", "1"], ["20720.8", "1"]], "bids": [["20703.1", "1"], ["20701.3", "1"], ["20701.2", "1"]]}});
    player.text(&before.to_string(), 1);
    for frame in text.lines() {
        player.text(frame, 2);
        let (_, _, book) = player.feed.order_book("BTCUSDT").unwrap();
        assert_eq!((book.bids().count(), book.asks().count()), (3, 2));
    }
    let level = |price, size| Some(Level { price, size });
    assert_eq!(player.book_top("BTCUSDT"), (77_668_209, level(20_473.7, 1.074), level(20_702.9, 0.718)));
    assert_eq!((player.state("BTCUSDT"), player.feed.stats().gaps), (BookState::Live, 0));
}
