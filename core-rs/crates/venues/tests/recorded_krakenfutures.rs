//! Real Kraken Futures frames: half a minute of ten inverse products on 2021-07-22, where that file is included, and excerpts of
//! linear products of 2026-08 to 2026-10.

mod support;

use crossbook_market::{BookState, Level};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use support::{Player, recorded_text};

fn snapshot(product: &str, seq: i64) -> String {
    let (bids, asks) = (json!([{"price": 2400.0, "qty": 1.0}]), json!([{"price": 2600.0, "qty": 1.0}]));
    json!({"feed": "book_snapshot", "product_id": product, "timestamp": 1, "seq": seq, "bids": bids, "asks": asks})
        .to_string()
}

fn level(price: f64, size: f64) -> Option<Level> {
    Some(Level { price, size })
}

#[test]
#[cfg_attr(
    not(recording = "krakenfutures/cryptofeed_KRAKEN_FUTURES.ws.1.0"),
    ignore = "the file is not included in ../shared/recordings"
)]
fn seven_thousand_changes_of_ten_products_chain_from_their_snapshots() {
    let text = recorded_text("krakenfutures/cryptofeed_KRAKEN_FUTURES.ws.1.0");
    let received: Vec<(i64, &str)> = (text.lines().filter(|line| !line.starts_with("wss")))
        .filter_map(|line| line.split_once(": "))
        .map(|(time, json)| ((time.parse::<f64>().unwrap() * 1e9) as i64, json))
        .collect();
    let parsed: Vec<Value> = received.iter().map(|(_, json)| serde_json::from_str(json).unwrap()).collect();
    let products: BTreeSet<&str> = parsed.iter().filter_map(|frame| frame["product_id"].as_str()).collect();
    let mut player = Player::new("krakenfutures", &products.iter().copied().collect::<Vec<_>>());
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for ((now_ns, json), frame) in received.iter().zip(&parsed) {
        player.text(json, *now_ns);
        let Some(feed @ ("book" | "book_snapshot")) = frame["feed"].as_str().filter(|_| frame.get("event").is_none())
        else {
            continue;
        };
        *counts.entry(feed).or_default() += 1;
        let product = frame["product_id"].as_str().unwrap();
        assert_eq!(player.book_top(product).0, frame["seq"].as_i64().unwrap());
        assert_eq!(player.state(product), BookState::Live, "{product}");
    }
    let stats = player.feed.stats();
    assert_eq!((counts["book_snapshot"], counts["book"]), (10, 7_014));
    assert_eq!((stats.gaps, stats.resyncs, stats.parse_errors), (0, 0, 0));
    assert!(player.quotes.iter().all(|quote| quote.bid == 0.0 || quote.ask == 0.0 || quote.bid < quote.ask));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn twenty_one_changes_of_2026_chain_by_one() {
    let text = recorded_text("krakenfutures/observed_pf_book_ticker_2026-09-03.jsonl");
    let changes: Vec<&str> = text.lines().filter(|line| line.contains(r#""feed":"book""#)).collect();
    let mut player = Player::new("krakenfutures", &["PF_ETHUSD"]);
    player.text(&snapshot("PF_ETHUSD", 33_327_805), 1);
    text.lines().for_each(|line| player.text(line, 2));
    assert_eq!((changes.len(), player.feed.stats().gaps, player.feed.stats().parse_errors), (21, 0, 0));
    assert_eq!(player.book_top("PF_ETHUSD"), (33_327_826, level(2501.1, 10.982), level(2501.6, 2.388)));
    let top = player.quotes.last().unwrap();
    assert_eq!((top.bid, top.bid_size, top.exchange_ns), (2501.1, 10.982, 1_788_489_091_375_000_000));
    for lost in 0..20 {
        let mut player = Player::new("krakenfutures", &["PF_ETHUSD"]);
        player.text(&snapshot("PF_ETHUSD", 33_327_805), 1);
        let others = changes.iter().enumerate().filter(|(at, _)| *at != lost);
        others.for_each(|(_, line)| player.text(line, 2));
        assert_eq!((player.feed.stats().gaps, player.state("PF_ETHUSD")), (1, BookState::Resyncing), "change {lost}");
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_change_that_its_recorder_withheld_is_a_gap_and_the_snapshots_are_whole() {
    let text = recorded_text("krakenfutures/observed_pf_misc_2026.jsonl");
    let frames: Vec<String> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["frame"].to_string()).collect();
    let mut player = Player::new("krakenfutures", &["PF_XBTUSD"]);
    let mut tops = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        player.text(frame, index as i64 + 1);
        let (sequence, bid, ask) = player.book_top("PF_XBTUSD");
        tops.push((sequence, bid.zip(ask), player.feed.stats().gaps));
        if player.state("PF_XBTUSD") != BookState::Live {
            for event in ["unsubscribed", "subscribed"] {
                let answer = json!({"event": event, "feed": "book", "product_ids": ["PF_XBTUSD"]});
                player.text(&answer.to_string(), index as i64 + 1);
            }
        }
    }
    let whole = |bid, size, ask, ask_size| level(bid, size).zip(level(ask, ask_size));
    assert_eq!(tops[3], (115_335_794, whole(83_998.0, 0.0371, 83_999.0, 0.04), 0), "what came before it was ignored");
    assert_eq!(tops[4], (0, None, 1), "a change from half a minute later");
    assert_eq!(tops[5].0, 173_877_391, "the next snapshot heals it");
    assert_eq!((tops[6].0, tops[6].2, player.state("PF_XBTUSD")), (0, 2, BookState::Resyncing));
    assert_eq!(player.feed.stats().parse_errors, 0);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn documented_frames_are_read_with_their_rows_of_no_size() {
    let rows = recorded_text("krakenfutures/nautilus_ws_futures_book_snapshot_with_zero_qty.json");
    let mut player = Player::new("krakenfutures", &["PI_XBTUSD"]);
    player.text(&rows, 1);
    assert_eq!(player.book_top("PI_XBTUSD"), (326_072_249, level(34_892.5, 6_385.0), level(34_912.0, 2_300.0)));
    for name in ["book_snapshot", "ticker", "trade", "trade_snapshot"] {
        player.text(&recorded_text(&format!("krakenfutures/nautilus_ws_futures_{name}.json")), 2);
    }
    assert_eq!(player.book_top("PI_XBTUSD"), (326_072_249, level(34_892.5, 6_385.0), level(34_911.5, 20_598.0)));
    assert_eq!((player.feed.stats().parse_errors, player.state("PI_XBTUSD")), (0, BookState::Live));
    player.text(&recorded_text("krakenfutures/nautilus_ws_futures_book_delta.json"), 3);
    assert_eq!(
        (player.feed.stats().gaps, player.state("PI_XBTUSD")),
        (1, BookState::Resyncing),
        "it is of another hour"
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn real_market_lists_of_2021_and_2025_are_read() {
    let text = recorded_text("krakenfutures/cryptofeed_KRAKEN_FUTURES.0");
    let body = text.lines().find_map(|line| line.find("{\"result\"").map(|start| &line[start..])).unwrap();
    let listing = crossbook_venues::parse_markets("krakenfutures", &[body.as_bytes()], 0).unwrap();
    let symbols: Vec<_> = listing.instruments.iter().map(|one| one.symbol.as_str()).collect();
    assert_eq!(symbols, ["BTC/USD:BTC", "ETH/USD:ETH", "LTC/USD:LTC", "BCH/USD:BCH", "XRP/USD:XRP"]);
    assert!(listing.quarantined.is_empty() && listing.instruments.iter().all(|one| one.is_inverse()));
    let body = recorded_text("krakenfutures/nautilus_http_futures_instruments.json");
    let listing = crossbook_venues::parse_markets("krakenfutures", &[body.as_bytes()], 0).unwrap();
    let facts: Vec<_> =
        listing.instruments.iter().map(|one| (one.symbol.as_str(), one.tick_size, one.lot_size)).collect();
    let expected = [("BTC/USD:BTC", 0.5, 1.0), ("ETH/USD:USD", 0.1, 0.001), ("PEPE/USD:USD", 1e-10, 1000.0)];
    assert_eq!(facts[..3], expected, "the fourth is a stock that is not marked as one there");
    assert_eq!((listing.instruments.len(), listing.instruments[0].asset.as_str()), (4, "BTC"));
}
