//! Real Deribit frames: half a minute of ten options on 2021-07-22 (raw books and tickers; the frames of a perpetual's book have
//! the same shape), and single frames of BTC-PERPETUAL of 2025-12 and 2026-01.

mod support;

use crossbook_market::{BookState, Level};
use serde_json::{Value, json};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use support::{Player, recorded_text};

const BOOKS: &str = "deribit/cryptofeed_DERIBIT.ws.1.0";

/// The frames that were received, with their times.
fn received(text: &str) -> Vec<(i64, Value)> {
    let line = |line: &str| {
        let (time, json) = line.split_once(": ").filter(|(time, _)| !time.contains("wss"))?;
        Some(((time.parse::<f64>().ok()? * 1e9) as i64, serde_json::from_str(json).ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// Kind of channel and instrument: `book` and `BTC-PERPETUAL` of `book.BTC-PERPETUAL.raw`.
fn channel(frame: &Value) -> Option<(&str, &str)> {
    let mut parts = frame["params"]["channel"].as_str()?.split('.');
    Some((parts.next()?, parts.next()?))
}

fn names(frames: &[(i64, Value)]) -> BTreeSet<&str> {
    frames.iter().filter_map(|(_, frame)| channel(frame)).map(|(_, name)| name).collect()
}

/// One side of a book as plainly as it can be kept, by price in tenths of a thousandth.
type Side = BTreeMap<i64, f64>;

fn key(price: f64) -> i64 {
    (price * 1e4).round() as i64
}

fn keep(side: &mut Side, entries: &Value) {
    for entry in entries.as_array().unwrap() {
        let (price, amount) = (key(entry[1].as_f64().unwrap()), entry[2].as_f64().unwrap());
        if entry[0] == "delete" {
            assert_eq!(amount, 0.0);
            side.remove(&price);
        } else {
            side.insert(price, amount);
        }
    }
}

fn is_best(best: Option<Level>, kept: Option<(&i64, &f64)>) -> bool {
    best.map(|level| (key(level.price), level.size)) == kept.map(|(price, amount)| (*price, *amount))
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn ten_books_and_their_36_changes_chain_and_have_the_tops_of_plain_maps() {
    let text = recorded_text(BOOKS);
    let frames = received(&text);
    let natives: Vec<&str> = names(&frames).into_iter().collect();
    let mut player = Player::new("deribit", &natives);
    let (mut plain, mut counts) = (HashMap::<&str, (Side, Side)>::new(), [0, 0]);
    for (now_ns, frame) in &frames {
        let Some(("book", name)) = channel(frame) else { continue };
        let data = &frame["params"]["data"];
        let is_snapshot = data["type"] == "snapshot";
        assert_eq!(data.get("prev_change_id").is_none(), is_snapshot);
        counts[usize::from(!is_snapshot)] += 1;
        let (bids, asks) = plain.entry(name).or_default();
        keep(bids, &data["bids"]);
        keep(asks, &data["asks"]);
        player.text(&frame.to_string(), *now_ns);
        let (sequence, bid, ask) = player.book_top(name);
        assert_eq!((sequence, player.state(name)), (data["change_id"].as_i64().unwrap(), BookState::Live));
        assert!(is_best(bid, bids.last_key_value()) && is_best(ask, asks.first_key_value()), "{name} at {sequence}");
    }
    let stats = player.feed.stats();
    assert_eq!((counts, plain.len()), ([10, 36], 10));
    assert_eq!((stats.gaps, stats.resyncs, stats.parse_errors), (0, 0, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn every_change_that_goes_missing_is_seen() {
    let text = recorded_text(BOOKS);
    let frames = received(&text);
    let natives: Vec<&str> = names(&frames).into_iter().collect();
    let is_change = |frame: &Value| frame["params"]["data"]["type"] == "change";
    let changes: Vec<usize> = (0..frames.len()).filter(|at| is_change(&frames[*at].1)).collect();
    let has_another = |at: usize| {
        let name = channel(&frames[at].1);
        changes.iter().any(|other| *other > at && channel(&frames[*other].1) == name)
    };
    let mut missed = 0;
    for lost in changes.iter().copied().filter(|at| has_another(*at)) {
        let mut player = Player::new("deribit", &natives);
        let others = frames.iter().enumerate().filter(|(at, _)| *at != lost);
        others.for_each(|(_, (now_ns, frame))| player.text(&frame.to_string(), *now_ns));
        assert_eq!(player.feed.stats().gaps, 1, "frame {lost}");
        missed += 1;
    }
    assert!(missed > 20, "{missed}");
}

/// The raw ticker of that time tells the best bid and ask at every change, as `quote` does: it is played as one.
fn as_quote(frame: &Value, name: &str) -> String {
    let data = &frame["params"]["data"];
    let fields = ["timestamp", "best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount"];
    let kept: serde_json::Map<String, Value> = fields.iter().map(|key| (key.to_string(), data[*key].clone())).collect();
    let params = json!({"channel": format!("quote.{name}"), "data": kept});
    json!({"jsonrpc": "2.0", "method": "subscription", "params": params}).to_string()
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn best_bids_and_asks_and_books_are_in_order_by_their_times() {
    let text = recorded_text(BOOKS);
    let frames = received(&text);
    let natives: Vec<&str> = names(&frames).into_iter().collect();
    let mut player = Player::new("deribit", &natives);
    let (mut book_ms, mut told) = (HashMap::new(), HashMap::new());
    let (mut tickers, mut agreed, mut ahead, mut behind) = (0, 0, 0, 0);
    for (now_ns, frame) in &frames {
        let Some((kind, name)) = channel(frame) else { continue };
        let time_ms = frame["params"]["data"]["timestamp"].as_i64().unwrap();
        if kind == "book" {
            player.text(&frame.to_string(), *now_ns);
            assert!(book_ms.insert(name, time_ms).is_none_or(|before| before <= time_ms), "time never steps back");
        } else {
            tickers += 1;
            player.text(&as_quote(frame, name), *now_ns);
            told.insert(name, frame["params"]["data"].clone());
        }
        let (Some(book_ms), Some(data)) = (book_ms.get(name), told.get(name)) else { continue };
        let (ticker_ms, ticker_top) = (data["timestamp"].as_i64().unwrap(), top_of(data));
        let (_, bid, ask) = player.book_top(name);
        let (bid, ask) = (bid.unwrap_or_default(), ask.unwrap_or_default());
        let book_top = [bid.price, bid.size, ask.price, ask.size];
        match ticker_ms.cmp(book_ms) {
            Ordering::Equal => {
                assert_eq!(ticker_top, book_top, "{name}: of one time, one top");
                agreed += 1;
            }
            order if ticker_top != book_top => *(if order.is_gt() { &mut ahead } else { &mut behind }) += 1,
            _ => {}
        }
        let slot = natives.iter().position(|native| *native == name).unwrap() as u32;
        let told = player.quotes.iter().rfind(|quote| quote.instrument == slot).unwrap();
        let later = if ticker_ms > *book_ms { ticker_top } else { book_top };
        assert_eq!([told.bid, told.bid_size, told.ask, told.ask_size], later, "{name} at {time_ms}");
    }
    assert_eq!((tickers, player.feed.stats().gaps, player.feed.stats().parse_errors), (89, 0, 0));
    assert!(agreed > 30 && ahead > 30 && behind > 0, "{agreed} {ahead} {behind}");
}

/// Bid, amount, ask, amount.
fn top_of(data: &Value) -> [f64; 4] {
    let keys = ["best_bid_price", "best_bid_amount", "best_ask_price", "best_ask_amount"];
    keys.map(|key| data[key].as_f64().unwrap())
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn frames_of_a_perpetual_of_today_are_read() {
    let snapshot = recorded_text("deribit/nautilus_ws_book_snapshot.json");
    let mut player = Player::new("deribit", &["BTC-PERPETUAL"]);
    player.text(&recorded_text("deribit/nautilus_ws_subscribe_response.json"), 1);
    player.text(&snapshot, 2);
    player.text(&recorded_text("deribit/nautilus_ws_book_delta.json"), 3);
    let (sequence, bid, ask) = player.book_top("BTC-PERPETUAL");
    let levels = (Level { price: 42_500.0, size: 950.0 }, Level { price: 42_501.5, size: 700.0 });
    assert_eq!((sequence, bid.zip(ask)), (123_456_790, Some(levels)));
    player.text(&recorded_text("deribit/nautilus_ws_quote.json"), 4);
    let top = player.quotes.last().unwrap();
    assert_eq!((top.bid, top.bid_size, top.ask, top.ask_size), (92_288.0, 133_440.0, 92_288.5, 99_470.0));
    assert_eq!(top.exchange_ns, 1_765_541_767_174_000_000);
    for name in ["test_request", "error", "ticker"] {
        player.text(&recorded_text(&format!("deribit/nautilus_ws_{name}.json")), 5);
    }
    assert_eq!((player.feed.stats().parse_errors, player.state("BTC-PERPETUAL")), (0, BookState::Live));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn of_a_real_market_list_only_the_perpetual_is_taken_and_it_is_inverse() {
    let body = recorded_text("deribit/nautilus_http_get_instruments.json");
    let listing = crossbook_venues::parse_markets("deribit", &[body.as_bytes()], 0).unwrap();
    let facts: Vec<_> = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.is_inverse())).collect();
    assert_eq!((facts, listing.quarantined.len()), (vec![("BTC/USD:BTC", true)], 0));
    let one = &listing.instruments[0];
    assert_eq!((one.contract_size, one.tick_size, one.taker_fee_percent), (1.0, 0.5, Some(0.05)));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn rows_of_2021_that_do_not_say_how_they_settle_are_quarantined() {
    let text = recorded_text("deribit/cryptofeed_DERIBIT.0");
    let bodies: Vec<&str> = text.lines().filter_map(|line| line.split_once(": ")).map(|(_, body)| body).collect();
    let bodies: Vec<&[u8]> =
        bodies.iter().filter(|body| body.contains("\"result\"")).map(|body| body.as_bytes()).collect();
    let listing = crossbook_venues::parse_markets("deribit", &bodies, 0).unwrap();
    assert!(!bodies.is_empty() && listing.instruments.is_empty());
    let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
    assert!(
        refused.contains(&"BTC-PERPETUAL") && refused.iter().all(|name| name.ends_with("PERPETUAL")),
        "{refused:?}"
    );
}
