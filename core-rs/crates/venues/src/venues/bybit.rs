//! Bybit v5, linear perpetuals. <https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook>
//!
//! Synchronisation:
//! 1. `type: snapshot` of `orderbook.50`, at any time: clear and load, `last = u`. After a restart of the venue one comes with
//!    `u` 1; it is like any other.
//! 2. `type: delta` must have `u == last + 1`; then `last = u`. The documentation calls `u` continuous with that exception,
//!    and 50 406 deltas on 172 symbols had no gap (probe of 2026-09-22).
//! 3. Size zero removes, sizes are absolute, in coins. Removing what is absent is harmless; the sides of a delta need not be
//!    sorted. What leaves the 50 levels is removed by an explicit zero (same probe); what is
//!    behind them is forgotten in any case.
//! 4. After a gap: unsubscribe and subscribe that topic again.
//! 5. `orderbook.1` counts its own `u`: between the two channels `seq` says which is fresher, and the fresher is the top.
//! 6. `orderbook.1` has snapshots only, one level a side; anything else there is not used. One with a known `seq` is a
//!    sign of life, every 3 s.
//! 7. One bad topic refuses a whole message: the named one is left out and the rest asked for again.
//!
//! There is no checksum. The client pings in JSON. A topic list may have 21 000 characters on a connection, which is 250
//! instruments; they are shared out among more connections for their load.

mod facts;

use crate::desk::{Desk, Wish};
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, Stage, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, Throttling, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Levels, Text, Time, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;

const PROFILE: VenueProfile = VenueProfile {
    id: "bybit",
    name: "Bybit",
    websocket_url: "wss://stream.bybit.com",
    rest_url: "https://api.bybit.com",
    docs_url: "https://bybit-exchange.github.io/docs/v5/intro",
    channels: &[(Channel::Book, "orderbook.50"), (Channel::Top, "orderbook.1")],
    guard_rule: "each delta's u is the u before it plus one",
    taker_fee_percent: 0.055,
    maker_fee_percent: 0.02,
    instruments_per_connection: 100,
    connects_per_minute: 60,
    request_weight_per_minute: 600,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["venue's documentation 2026-07", "captured frames 2026-08", "a live probe of 2026-09", "ccxt 4.5.90"],
    certainty: "frames, chaining and the window of 50 levels were seen live by others; that seq orders the two channels is documented only",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/v5/public/linear",
    channels_per_request: 10,
    pacing: Pacing { burst: 20, interval_ns: 100 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"req_id":"ping","op":"ping"}"#, every_ns: 20 * SECOND_NS }),
    silence_limit_ns: 60 * SECOND_NS,
    book_depth: Some(50),
    top_mark: Some(r#""orderbook.1."#),
    // 403 is a ban of our address for asking too often; the codes come with 200 as well.
    throttling: Throttling { statuses: &[403], ..Throttling::by_code(&["retCode"], &["10006", "10018"]) },
    ..Conduct::USUAL
};

/// There are more instruments than a page holds.
const MARKETS_PATH: &str = "/v5/market/instruments-info?category=linear&status=Trading&limit=1000";

/// Kinds of symbol; the first three are coins.
const CLASSES: Classes = Classes {
    field: "symbolType",
    meanings: &[
        ("", AssetClass::Coin),
        ("innovation", AssetClass::Coin),
        ("adventure", AssetClass::Coin),
        ("stock", AssetClass::Share),
        ("etf", AssetClass::Share),
        ("commodity", AssetClass::Commodity),
        ("metal", AssetClass::Metal),
        ("forex", AssetClass::Fx),
        ("index", AssetClass::Index),
    ],
    is_coin_word_seen: false,
    stage_field: "isPreListing",
    stages: &[("false", Stage::Usual), ("true", Stage::PreMarket)],
};

/// Bybit.
pub struct Bybit;

/// `{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1687940967466,"data":{...},"cts":1687940967464}`, or
/// `{"success":true,"ret_msg":"","conn_id":"cejreaspqfm9se7usbrg-2xh","req_id":"1","op":"subscribe"}`, or
/// `{"success":false,"ret_msg":"error:handler not found,topic:orderbook.50.NOPEUSDT","req_id":"1","op":"subscribe",...}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    topic: Option<Text<'a>>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    data: Option<Book>,
    cts: Option<Time>,
    ts: Option<Time>,
    success: Option<bool>,
    #[serde(borrow)]
    ret_msg: Option<Text<'a>>,
    #[serde(borrow)]
    req_id: Option<Text<'a>>,
    op: Option<&'a str>,
}

/// `{"s":"BTCUSDT","b":[["30247.20","30.028"],["30240.00","0"]],"a":[],"u":177400507,"seq":66544703342}`
#[derive(Deserialize)]
struct Book {
    #[serde(default)]
    b: Levels,
    #[serde(default)]
    a: Levels,
    u: Option<i64>,
    seq: Option<i64>,
}

/// `{"retCode":0,"retMsg":"OK","result":{"s":"BTCUSDT","b":[["65485.47","47.081829"]],"a":[],"u":230704,"seq":1432604333},...}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ret_code: Code,
    result: Option<Book>,
}

/// `{"retCode":0,"result":{"category":"linear","nextPageCursor":"first%3DZECUSDT%26last%3DADAUSDT","list":[...]}}`
#[derive(Deserialize)]
struct Page {
    result: PageResult,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageResult {
    next_page_cursor: Option<String>,
}

/// One row of the instruments' `result.list`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    symbol: String,
    contract_type: String,
    status: String,
    base_coin: String,
    quote_coin: String,
    settle_coin: String,
    price_filter: PriceFilter,
    lot_size_filter: LotSizeFilter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceFilter {
    tick_size: Decimal,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LotSizeFilter {
    qty_step: Decimal,
}

impl Venue for Bybit {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get(MARKETS_PATH)]
    }

    /// A page names the next one; the last page names none.
    fn next_market_request(&self, answers: &[&[u8]]) -> Result<Option<RestRequest>, VenueError> {
        let Some(last) = answers.last() else { return Ok(Some(RestRequest::get(MARKETS_PATH))) };
        let page: Page = parse(last).map_err(|error| VenueError::Markets(error.to_string()))?;
        let cursor = page.result.next_page_cursor.filter(|cursor| !cursor.is_empty());
        Ok(cursor.map(|cursor| RestRequest::get(format!("{MARKETS_PATH}&cursor={}", in_query(&cursor)))))
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "result.list")?, "symbol", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let op = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let args: Vec<_> =
            topics.iter().map(|topic| format!("{}.{}", prefix(topic.channel), topic.native_symbol)).collect();
        serde_json::json!({"req_id": id.to_string(), "op": op, "args": args}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        let Some(name) = message.topic.as_deref() else {
            return on_answer(&message, desk);
        };
        match topic(name, desk) {
            Some((slot, Channel::Book)) => on_book(slot, message, desk),
            Some((slot, _)) => on_top(slot, message, desk),
            None => Ok(()),
        }
    }

    /// Its `u` is that of another depth, its `seq` of all.
    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let path = format!("/v5/market/orderbook?category=linear&symbol={native_symbol}&limit=1");
        Some(BookRequest { request: RestRequest::get(path), depth_limit: 1 })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let answer: Answer = parse(body)?;
        let book = answer.result.filter(|_| answer.ret_code.is("0")).ok_or(FrameError::Missing("result"))?;
        let cross_sequence = Some(book.seq.ok_or(FrameError::Missing("seq"))?);
        Ok(Snapshot { cross_sequence, bids: book.b.0, asks: book.a.0, ..Snapshot::default() })
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"topic\":\"").and_then(symbol)
    }
}

/// A cursor comes as it goes into a query; should one hold anything that would end it there, that is encoded.
fn in_query(cursor: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%-._~".contains(&byte);
    let encoded = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    cursor.bytes().map(encoded).collect()
}

fn prefix(channel: Channel) -> &'static str {
    PROFILE.channel(channel)
}

/// The symbol of `orderbook.50.BTCUSDT`.
fn symbol(topic: &str) -> Option<&str> {
    topic.rsplit_once('.').map(|(_, symbol)| symbol)
}

fn topic(name: &str, desk: &Desk) -> Option<(u32, Channel)> {
    let (prefix_given, symbol) = name.rsplit_once('.')?;
    let channel = [Channel::Book, Channel::Top].into_iter().find(|channel| prefix(*channel) == prefix_given)?;
    Some((desk.slot(symbol)?, channel))
}

impl Message<'_> {
    /// When the matching engine made it, else when it was sent.
    fn exchange_ns(&self) -> i64 {
        self.cts.or(self.ts).unwrap_or_default().0.saturating_mul(MILLISECOND_NS)
    }
}

fn on_book(slot: u32, message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let exchange_ns = message.exchange_ns();
    let is_snapshot = message.kind == Some("snapshot");
    let book = message.data.ok_or(FrameError::Missing("data"))?;
    let last = book.u.ok_or(FrameError::Missing("u"))?;
    let cross_sequence = Some(book.seq.ok_or(FrameError::Missing("seq"))?);
    let (bids, asks) = (book.b.0, book.a.0);
    if is_snapshot {
        desk.snapshot(slot, Snapshot { sequence: last, cross_sequence, exchange_ns, bids, asks, depth_limit: None });
    } else {
        let previous = last.saturating_sub(1);
        desk.delta(slot, Delta { previous, first: last, last, cross_sequence, exchange_ns, bids, asks });
    }
    Ok(())
}

/// Rules 5 and 6.
fn on_top(slot: u32, message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    if message.kind != Some("snapshot") {
        return Ok(());
    }
    let exchange_ns = message.exchange_ns();
    let book = message.data.ok_or(FrameError::Missing("data"))?;
    let sequence = book.seq.ok_or(FrameError::Missing("seq"))?;
    let bid = book.b.0.first().copied().unwrap_or_default();
    let ask = book.a.0.first().copied().unwrap_or_default();
    desk.top(slot, Top { sequence, exchange_ns, bid, ask });
    Ok(())
}

fn on_answer(message: &Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let is_granted = message.success.ok_or(FrameError::Missing("topic"))?;
    if !matches!(message.op, Some("subscribe" | "unsubscribe")) {
        if !is_granted {
            desk.report("venue_error", None, message.ret_msg.as_deref().unwrap_or_default());
        }
        return Ok(()); // a pong
    }
    let id = message.req_id.as_deref().and_then(|id| id.parse().ok());
    let wishes = match id {
        Some(id) => desk.answered(id),
        None => desk.answered_alone(),
    };
    if is_granted {
        desk.grant(&wishes);
    } else {
        on_refusal(message.ret_msg.as_deref().unwrap_or_default(), wishes, desk);
    }
    Ok(())
}

/// Rule 7. `error:handler not found,topic:<topic>`, `error:already subscribed,topic:<topic>`, `Invalid topic: <topic>`.
fn on_refusal(text: &str, wishes: Vec<Wish>, desk: &mut Desk) {
    let named = text.rsplit([':', ' ']).next().and_then(|name| topic(name, desk));
    let is_named = |wish: &Wish| Some((wish.slot, wish.channel)) == named;
    let (guilty, innocent): (Vec<Wish>, Vec<Wish>) = wishes.into_iter().partition(is_named);
    if guilty.is_empty() {
        desk.report("venue_error", named.map(|(slot, _)| slot), text);
        return innocent.into_iter().for_each(|wish| desk.decline(wish, text));
    }
    for wish in guilty {
        match (wish.operation, wish.channel) {
            (Operation::Subscribe, Channel::Top) if text.contains("already subscribed") => {}
            (Operation::Subscribe, _) if !text.contains("already subscribed") => desk.refuse(wish.slot, text),
            _ => desk.decline(wish, text),
        }
    }
    desk.requeue(&innocent);
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.contract_type != "LinearPerpetual" || !matches!(market.settle_coin.as_str(), "USDT" | "USDC") {
        return;
    }
    if market.status != "Trading" {
        return listing.quarantine(&market.symbol, format!("status is {}", market.status));
    }
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base: &market.base_coin,
        quote: &market.quote_coin,
        settle: &market.settle_coin,
        contract_size: 1.0,
        tick_size: market.price_filter.tick_size.0,
        lot_size: market.lot_size_filter.qty_step.0,
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    const BTC: &str = "BTCUSDT";
    const NO: &str = "[]";

    fn frame(depth: u32, kind: &str, u: i64, seq: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"topic":"orderbook.{depth}.{BTC}","type":"{kind}","ts":1687940967466,"data":{{"s":"{BTC}","b":{bids},"a":{asks},
            "u":{u},"seq":{seq}}},"cts":1687940967464}}"#
        )
    }

    fn snapshot(u: i64, seq: i64) -> String {
        frame(50, "snapshot", u, seq, r#"[["99.0","1.5"]]"#, r#"[["101.0","2"]]"#)
    }

    fn delta(u: i64, seq: i64, bids: &str, asks: &str) -> String {
        frame(50, "delta", u, seq, bids, asks)
    }

    /// Its `u` has nothing to do with the book's.
    fn top(seq: i64, bids: &str, asks: &str) -> String {
        frame(1, "snapshot", 7_000_000 + seq, seq, bids, asks)
    }

    fn answer(is_granted: bool, id: &str, op: &str, text: &str) -> String {
        format!(
            r#"{{"success":{is_granted},"ret_msg":"{text}","conn_id":"cejreaspqfm9se7usbrg-2xh","req_id":"{id}","op":"{op}"}}"#
        )
    }

    fn args(sent: &str) -> Vec<String> {
        let request: serde_json::Value = serde_json::from_str(sent).unwrap();
        request["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap().to_string()).collect()
    }

    /// A live book, 99 x 1.5 | 101 x 2, at u 10 and seq 1000.
    fn live() -> Bench {
        let mut bench = Bench::open("bybit", &[BTC]);
        bench.text(&answer(true, "1", "subscribe", ""));
        bench.text(&snapshot(10, 1_000));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn topics_are_asked_for_ten_at_a_time() {
        let symbols: Vec<String> = (0..6).map(|index| format!("A{index}USDT")).collect();
        let mut bench = Bench::open("bybit", &symbols.iter().map(String::as_str).collect::<Vec<_>>());
        let sent = bench.take_sent();
        assert_eq!(sent.iter().map(|text| args(text).len()).collect::<Vec<_>>(), [10, 2]);
        assert_eq!(args(&sent[0])[0], "orderbook.50.A0USDT");
        assert_eq!(args(&sent[1])[1], "orderbook.1.A5USDT");
        assert!(sent[0].contains(r#""op":"subscribe""#) && sent[0].contains(r#""req_id":"1""#));
    }

    #[test]
    fn rule_1_a_snapshot_replaces_the_book_at_any_time_also_with_u_of_one() {
        let mut bench = live();
        bench.text(&delta(11, 1_001, r#"[["99.5","1"]]"#, NO));
        bench.text(&snapshot(1, 1_002));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.text(&delta(2, 1_003, r#"[["99.6","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.6, 1.0, 101.0, 2.0)));
        assert_eq!((bench.feed.stats().gaps, bench.feed.stats().resyncs), (0, 0));
    }

    #[test]
    fn rule_2_each_u_follows_the_one_before_it() {
        let mut bench = live();
        bench.text(&delta(11, 1_007, r#"[["99.5","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 2.0)), "seq may jump");
        bench.text(&delta(11, 1_007, r#"[["99.5","1"]]"#, NO));
        assert_eq!(bench.state(BTC), BookState::Live, "the same frame once more is harmless");
        bench.text(&delta(13, 1_009, NO, NO));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Resyncing, 1));
    }

    #[test]
    fn rule_3_zero_removes_also_what_is_absent_and_a_side_may_be_empty() {
        let mut bench = live();
        bench.text(&delta(11, 1_001, r#"[["98.0","3"],["98.5","0"],["99.00","0"],["97.0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((98.0, 3.0, 101.0, 2.0)), "in any order");
        bench.text(&delta(12, 1_002, NO, r#"[["101.0","0"]]"#));
        assert_eq!(bench.take_top(), Some((98.0, 3.0, 0.0, 0.0)));
    }

    #[test]
    fn rule_4_a_gap_withdraws_the_prices_until_the_topic_was_subscribed_again() {
        let mut bench = live();
        bench.text(&delta(12, 1_002, r#"[["99.5","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        let sent = bench.take_sent();
        assert!(sent[0].contains(r#""op":"unsubscribe""#));
        assert_eq!(args(&sent[0]), ["orderbook.50.BTCUSDT"]);
        bench.text(&delta(13, 1_003, NO, NO));
        bench.text(&answer(true, "2", "unsubscribe", ""));
        assert_eq!(args(&bench.take_sent()[0]), ["orderbook.50.BTCUSDT"]);
        bench.text(&answer(true, "3", "subscribe", ""));
        bench.text(&top(1_010, r#"[["99.9","1"]]"#, NO));
        assert!(bench.take_quotes().is_empty());
        bench.text(&snapshot(20, 1_011));
        assert_eq!((bench.state(BTC), bench.feed.stats().resyncs), (BookState::Live, 1));
    }

    #[test]
    fn rule_5_the_fresher_by_seq_is_the_top_whatever_the_update_ids_say() {
        let mut bench = live();
        bench.text(&top(1_004, r#"[["99.5","3"]]"#, r#"[["100.5","4"]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&delta(11, 1_003, r#"[["99.1","1"]]"#, NO));
        assert_eq!(bench.take_top(), None, "the book is behind the top");
        bench.text(&delta(12, 1_006, r#"[["99.7","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.7, 1.0, 101.0, 2.0)));
        bench.text(&top(1_005, r#"[["99.5","3"]]"#, r#"[["100.5","4"]]"#));
        assert_eq!(bench.take_top(), None, "and now the top is behind the book");
        bench.text(&top(1_007, NO, r#"[["100.5","4"]]"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 4.0)), "an empty side");
    }

    #[test]
    fn rule_5_a_top_that_the_book_never_reaches_withdraws_the_prices() {
        let mut bench = live();
        bench.text(&top(9_000, r#"[["99.5","3"]]"#, r#"[["100.5","4"]]"#));
        for second in 0..6 {
            bench.text(&delta(11 + second, 1_001 + second, &format!(r#"[["90.{second}","1"]]"#), NO));
            bench.wait(SECOND_NS);
        }
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert!(bench.take_events().contains(&"book_behind"));
    }

    #[test]
    fn rule_5_a_restart_of_the_venue_may_begin_with_a_lower_seq() {
        let mut bench = live();
        bench.text(&top(1_004, r#"[["99.5","3"]]"#, r#"[["100.5","4"]]"#));
        bench.text(&snapshot(1, 5));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.text(&top(6, r#"[["99.2","3"]]"#, r#"[["100.5","4"]]"#));
        assert_eq!(bench.take_top(), Some((99.2, 3.0, 100.5, 4.0)));
    }

    #[test]
    fn rule_6_a_repeated_top_is_a_sign_of_life_and_nothing_else() {
        let mut bench = live();
        for _ in 0..20 {
            bench.wait(3 * SECOND_NS);
            bench.text(&top(1_000, r#"[["99.0","1.5"]]"#, r#"[["101.0","2"]]"#));
            bench.text(&answer(true, "ping", "ping", "pong"));
        }
        assert_eq!(bench.state(BTC), BookState::Live);
        assert!(bench.take_quotes().is_empty());
        bench.text(&frame(1, "delta", 7, 2_000, r#"[["99.7","1"]]"#, NO));
        assert!(bench.take_quotes().is_empty(), "level one has no parts");
    }

    #[test]
    fn rule_7_a_bad_topic_is_left_out_and_the_rest_asked_for_again() {
        let mut bench = Bench::open("bybit", &[BTC, "NOPEUSDT"]);
        assert_eq!(bench.take_sent().len(), 1);
        bench.text(&answer(false, "1", "subscribe", "error:handler not found,topic:orderbook.50.NOPEUSDT"));
        assert_eq!((bench.state("NOPEUSDT"), bench.state(BTC)), (BookState::Closed, BookState::Resyncing));
        assert_eq!(args(&bench.take_sent()[0]), ["orderbook.50.BTCUSDT", "orderbook.1.BTCUSDT"]);
        bench.text(&answer(true, "2", "subscribe", ""));
        bench.text(&snapshot(10, 1_000));
        assert_eq!(bench.state(BTC), BookState::Live);
    }

    #[test]
    fn rule_7_a_book_that_is_subscribed_already_is_unsubscribed_first() {
        let mut bench = Bench::open("bybit", &[BTC]);
        bench.take_sent();
        bench.text(&answer(false, "1", "subscribe", "error:already subscribed,topic:orderbook.50.BTCUSDT"));
        let sent = bench.take_sent();
        assert!(sent[0].contains("unsubscribe"), "{sent:?}");
        bench.text(&answer(false, "2", "unsubscribe", "error:whatever"));
        assert!(bench.take_sent().iter().any(|text| args(text).contains(&"orderbook.50.BTCUSDT".to_string())));
    }

    #[test]
    fn rule_7_a_refusal_that_names_nothing_is_reported_and_tried_again_later() {
        let mut bench = Bench::open("bybit", &[BTC]);
        bench.take_steps();
        bench.text(&answer(false, "1", "subscribe", "error:invalid op"));
        assert!(bench.take_events().contains(&"venue_error"));
        bench.text(&answer(true, "2", "unsubscribe", ""));
        bench.text(&answer(true, "3", "subscribe", ""));
        bench.text(&snapshot(10, 1_000));
        assert_eq!(bench.state(BTC), BookState::Live);
    }

    #[test]
    fn a_quiet_instrument_is_compared_with_the_book_over_rest() {
        let mut bench = live();
        bench.wait(29 * SECOND_NS);
        let fetches = bench.take_fetches();
        assert_eq!(fetches[0].1, "https://api.bybit.com/v5/market/orderbook?category=linear&symbol=BTCUSDT&limit=1");
        let book = |code: i64, seq: i64| {
            format!(
                r#"{{"retCode":{code},"result":{{"s":"{BTC}","b":[["99.0","1.5"]],"a":[["101","2"]],"u":7,"seq":{seq}}}}}"#
            )
        };
        bench.answer(fetches[0].0, 200, &book(0, 1_000));
        bench.wait(2 * SECOND_NS);
        assert_eq!((bench.state(BTC), bench.feed.stats().confirmed), (BookState::Live, 1));
        bench.wait(28 * SECOND_NS);
        let fetches = bench.take_fetches();
        bench.answer(fetches[0].0, 200, &book(0, 999));
        assert!(bench.take_events().contains(&"check_failed"), "older than the book held");
        assert!(Bybit.parse_book(book(10001, 1_000).as_bytes()).is_err());
    }

    #[test]
    fn the_client_pings_in_json_and_a_pong_is_not_data() {
        let mut bench = live();
        bench.wait(21 * SECOND_NS);
        assert_eq!(bench.take_sent(), [r#"{"req_id":"ping","op":"ping"}"#]);
        bench.text(&answer(true, "ping", "ping", "pong"));
        bench.wait(10 * SECOND_NS);
        assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Stale, 0));
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            delta(11, 1_001, r#"[["NaN","1"]]"#, NO),
            delta(11, 1_001, r#"[["99","-1"]]"#, NO),
            delta(11, 1_001, r#"[["0","1"]]"#, NO),
            delta(11, 1_001, r#"[[{"is":["not","a","price"]},"1"]]"#, NO),
            delta(11, 1_001, NO, NO).replace("\"u\"", "\"x\""),
            delta(11, 1_001, NO, NO).replace("\"seq\"", "\"x\""),
            delta(11, 1_001, NO, NO)[..100].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [top(1_001, r#"[["-99","1"]]"#, NO), top(1_001, NO, NO).replace("\"seq\"", "\"x\"")] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn the_market_list_is_asked_for_page_by_page() {
        let page = |cursor: &str| format!(r#"{{"retCode":0,"result":{{"category":"linear",{cursor}"list":[]}}}}"#);
        let next = |answers: &[&[u8]]| Bybit.next_market_request(answers).unwrap().map(|request| request.url);
        assert_eq!(next(&[]).as_deref(), Some(MARKETS_PATH));
        let first = page(r#""nextPageCursor":"first%3DZECUSDT%26last%3DADAUSDT","#);
        let second = format!("{MARKETS_PATH}&cursor=first%3DZECUSDT%26last%3DADAUSDT");
        assert_eq!(next(&[first.as_bytes()]), Some(second));
        for last in [page(r#""nextPageCursor":"","#), page(r#""nextPageCursor":null,"#), page("")] {
            assert_eq!(next(&[first.as_bytes(), last.as_bytes()]), None);
        }
        let odd = page(r#""nextPageCursor":"a&b=c d","#);
        assert!(next(&[odd.as_bytes()]).unwrap().ends_with("&cursor=a%26b%3Dc%20d"));
        assert!(Bybit.next_market_request(&[b"busy"]).is_err());
    }

    #[test]
    fn markets_are_trading_linear_perpetuals_of_coins() {
        let row = |symbol: &str, base: &str, quote: &str, kind: &str| {
            format!(
                r#"{{"symbol":"{symbol}","contractType":"LinearPerpetual","status":"Trading","baseCoin":"{base}","quoteCoin":"{quote}",
                "settleCoin":"{quote}","symbolType":"{kind}","deliveryTime":"0","fundingInterval":480,
                "priceFilter":{{"tickSize":"0.10"}},"lotSizeFilter":{{"qtyStep":"0.001","minOrderQty":"0.001"}}}}"#
            )
        };
        let rows = [
            row("BTCUSDT", "BTC", "USDT", ""),
            row("BTCPERP", "BTC", "USDC", ""),
            row("10000SATSUSDT", "10000SATS", "USDT", "innovation"),
            row("SHIB1000USDT", "SHIB1000", "USDT", ""),
            row("1000000BABYDOGEUSDT", "1000000BABYDOGE", "USDT", ""),
            row("BTCUSDT-26DEC26", "BTC", "USDT", "").replace("LinearPerpetual", "LinearFutures"),
            row("NEWUSDT", "NEW", "USDT", "").replace("Trading", "PreLaunch"),
            row("TSLAUSDT", "TSLA", "USDT", "stock"),
            row("ODDUSDT", "ODD", "USDT", "").replace("\"0.10\"", "\"a tenth\""),
            r#"{"symbol":"BAD"}"#.to_string(),
        ];
        let body = format!(r#"{{"retCode":0,"result":{{"category":"linear","list":[{}]}}}}"#, rows.join(","));
        let listing = Bybit.parse_markets(&[body.as_bytes()], 0).unwrap();
        let listed: Vec<_> =
            listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str(), one.asset_scale)).collect();
        assert_eq!(
            listed,
            [
                ("BTC/USDT:USDT", "BTC", 1.0),
                ("BTC/USDC:USDC", "BTC", 1.0),
                ("10000SATS/USDT:USDT", "SATS", 1e4),
                ("SHIB1000/USDT:USDT", "SHIB", 1e3),
                ("1000000BABYDOGE/USDT:USDT", "BABYDOGE", 1e6),
                ("TSLA/USDT:USDT", "share:TSLA", 1.0),
            ]
        );
        let btc = &listing.instruments[0];
        assert_eq!((btc.contract_size, btc.tick_size, btc.lot_size), (1.0, 0.1, 0.001));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["NEWUSDT", "ODDUSDT", "BAD"]);
        assert!(Bybit.parse_markets(&[br#"{"retCode":10001,"retMsg":"params error","result":{}}"#], 0).is_err());
    }
}
