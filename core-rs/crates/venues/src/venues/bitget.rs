//! Bitget v2, USDT-margined perpetuals. <https://www.bitget.com/docs/classic/websocket/contract/public/Order-Book-Channel>
//!
//! Synchronisation:
//! 1. `action: snapshot` of `books`: clear and load, `last = seq`. Its `pseq` is 0.
//! 2. `action: update` must have `pseq == last`; then `last = seq`, which is not contiguous (180 000 updates without a gap in a
//!    probe of 2026-09-15). An update with `pseq` 0 follows a restart of the venue: it links to nothing and is a gap.
//! 3. Size zero removes; sizes are absolute, in coins. `sizeMultiplier` is an order's step, not the size of a contract.
//! 4. After a gap: unsubscribe and subscribe that instrument again.
//! 5. A snapshot is cut at 500 levels a side, of many symbols at 200, and nothing says that those behind are told of when they
//!    come nearer: a side of 200 is taken for cut, and the book is asked for again when the market gets past what it held.
//! 6. `books1` shares the sequence and is a whole snapshot each time: the fresher of the two is the top.
//! 7. The checksum is gone since 2026; a crossed book is a fault and is asked for again.
//!
//! The client pings in plain text (`ping`, `pong`), or is cut off after two minutes. A connection takes 240 requests an hour,
//! ten messages a second, 4096 bytes a request, should have less than 50 channels and lives 24 h. An `instType` that is wrong is
//! granted and then silent.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, Throttling, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Levels, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;
use std::borrow::Cow;

const PROFILE: VenueProfile = VenueProfile {
    id: "bitget",
    name: "Bitget",
    websocket_url: "wss://ws.bitget.com",
    rest_url: "https://api.bitget.com",
    docs_url: "https://www.bitget.com/docs/classic/websocket/intro",
    channels: &[(Channel::Book, "books"), (Channel::Top, "books1")],
    guard_rule: "each update's pseq equals the seq before it",
    taker_fee_percent: 0.06,
    maker_fee_percent: 0.02,
    instruments_per_connection: 24,
    connects_per_minute: 50,
    request_weight_per_minute: 600,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &[
        "captured frames 2022-04 and 2026-09",
        "a live probe of 2026-09",
        "venue's documentation 2026",
        "ccxt 4.5.90",
    ],
    certainty: "frames and chaining were seen live by others; how long v2 lives, and what becomes of levels behind a cut snapshot, is unknown",
    unavailable_reason: None,
};

/// 240 requests an hour: 60 at once, eight a second, and one in 20 s.
const CONDUCT: Conduct = Conduct {
    socket_path: "/v2/ws/public",
    channels_per_request: 20,
    pacing: Pacing { burst: 60, interval_ns: 20 * SECOND_NS, gap_ns: 125 * MILLISECOND_NS },
    heartbeat: Some(Heartbeat { text: "ping", every_ns: 25 * SECOND_NS }),
    max_age_ns: Some(23 * 3_600 * SECOND_NS),
    top_mark: Some(r#""books1""#),
    throttling: Throttling::by_code(&["code"], &["429", "1001"]),
    ..Conduct::USUAL
};

/// What frames and requests call the only product that is tracked.
const PRODUCT: &str = "USDT-FUTURES";
/// Rule 5.
const SHORTEST_CUT: usize = 200;
/// How long to be quiet after "too many requests".
const TOO_MANY_PAUSE_NS: i64 = 10 * SECOND_NS;

/// Real-world assets are told apart from coins, but not from each other.
const CLASSES: Classes = Classes {
    field: "isRwa",
    meanings: &[("", AssetClass::Coin), ("NO", AssetClass::Coin)],
    is_coin_word_seen: true,
    stage_field: "",
    stages: &[],
};

/// Bitget.
pub struct Bitget;

/// `{"action":"update","arg":{"instType":"USDT-FUTURES","channel":"books","instId":"BTCUSDT"},"data":[...],"ts":1789456512453}`, or
/// `{"event":"subscribe","arg":{"instType":"USDT-FUTURES","channel":"books","instId":"BTCUSDT"}}`, or
/// `{"event":"error","arg":{...},"code":30001,"msg":"instType:...,instId:NOPEUSDT,precision:null doesn't exist","op":"subscribe"}`
#[derive(Deserialize)]
struct Message<'a> {
    event: Option<&'a str>,
    arg: Option<Argument<'a>>,
    action: Option<&'a str>,
    #[serde(default)]
    data: Vec<Book>,
    #[serde(default)]
    code: Code,
    msg: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Argument<'a> {
    #[serde(borrow, default)]
    inst_type: Cow<'a, str>,
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(borrow, default)]
    inst_id: Cow<'a, str>,
}

/// `{"asks":[],"bids":[["0.00519","30828.52"]],"ts":"1789456512452","seq":427583480559,"pseq":427583461144}`
#[derive(Deserialize)]
struct Book {
    #[serde(default)]
    asks: Levels,
    #[serde(default)]
    bids: Levels,
    #[serde(default)]
    ts: Decimal,
    seq: Option<i64>,
    pseq: Option<i64>,
}

/// `{"code":"00000","data":{"asks":[[26347.5,0.25]],"bids":[[26346.5,0.16]],"ts":"1695870968804","precision":"scale0"},...}`
#[derive(Deserialize)]
struct Answer {
    code: Code,
    data: Option<Book>,
}

/// One row of the contracts' `data`; all numbers are texts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    symbol: String,
    base_coin: String,
    quote_coin: String,
    symbol_status: String,
    symbol_type: String,
    price_place: Decimal,
    price_end_step: Decimal,
    size_multiplier: Decimal,
    taker_fee_rate: Option<Decimal>,
    maker_fee_rate: Option<Decimal>,
}

impl Venue for Bitget {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get(format!("/api/v2/mix/market/contracts?productType={PRODUCT}"))]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "data")?, "symbol", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let op = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let argument = |topic: &Topic<'_>| {
            let channel = PROFILE.channel(topic.channel);
            serde_json::json!({"instType": PRODUCT, "channel": channel, "instId": topic.native_symbol})
        };
        let args: Vec<_> = topics.iter().map(argument).collect();
        serde_json::json!({"op": op, "args": args}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        if frame.payload == b"pong" {
            return Ok(());
        }
        let message: Message<'_> = parse(frame.payload)?;
        let topic = message.arg.as_ref().and_then(|argument| topic(argument, desk));
        match (message.event, topic) {
            (Some(event), topic) => on_event(event, topic, &message, desk),
            (None, Some((slot, Channel::Book))) => return on_books(slot, message, desk),
            (None, Some((slot, _))) => return on_top(slot, message, desk),
            (None, None) if message.arg.is_none() => return Err(FrameError::Missing("arg")),
            (None, None) => {}
        }
        Ok(())
    }

    /// The book over REST tells no sequence.
    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let path = format!("/api/v2/mix/market/merge-depth?productType={PRODUCT}&symbol={native_symbol}&limit=1");
        Some(BookRequest { request: RestRequest::get(path), depth_limit: 1 })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let answer: Answer = parse(body)?;
        let book = answer.data.filter(|_| answer.code.is("00000")).ok_or(FrameError::Missing("data"))?;
        Ok(Snapshot { exchange_ns: book.exchange_ns(), bids: book.bids.0, asks: book.asks.0, ..Snapshot::default() })
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"instId\":\"")
    }
}

fn topic(argument: &Argument<'_>, desk: &Desk) -> Option<(u32, Channel)> {
    let channel = PROFILE.channel_named(&argument.channel)?;
    let slot = desk.slot(&argument.inst_id).filter(|_| argument.inst_type == PRODUCT)?;
    Some((slot, channel))
}

impl Book {
    fn exchange_ns(&self) -> i64 {
        (self.ts.0 as i64).saturating_mul(MILLISECOND_NS)
    }
}

fn on_books(slot: u32, message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let is_snapshot = message.action == Some("snapshot");
    for book in message.data {
        let (exchange_ns, cross_sequence) = (book.exchange_ns(), None);
        let last = book.seq.ok_or(FrameError::Missing("seq"))?;
        let (bids, asks) = (book.bids.0, book.asks.0);
        if is_snapshot {
            let depth_limit = Some(SHORTEST_CUT);
            desk.snapshot(slot, Snapshot { sequence: last, cross_sequence, exchange_ns, bids, asks, depth_limit });
        } else {
            let previous = book.pseq.ok_or(FrameError::Missing("pseq"))?;
            desk.delta(slot, Delta { previous, first: last, last, cross_sequence, exchange_ns, bids, asks });
        }
    }
    Ok(())
}

fn on_top(slot: u32, message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    for book in message.data {
        desk.top(
            slot,
            Top {
                sequence: book.seq.ok_or(FrameError::Missing("seq"))?,
                exchange_ns: book.exchange_ns(),
                bid: book.bids.0.first().copied().unwrap_or_default(),
                ask: book.asks.0.first().copied().unwrap_or_default(),
            },
        );
    }
    Ok(())
}

fn on_event(event: &str, topic: Option<(u32, Channel)>, message: &Message<'_>, desk: &mut Desk) {
    match (event, topic) {
        ("subscribe", Some((slot, channel))) => desk.acknowledge(Operation::Subscribe, slot, channel),
        ("unsubscribe", Some((slot, channel))) => desk.acknowledge(Operation::Unsubscribe, slot, channel),
        ("error", topic) => on_error(topic.map(|(slot, _)| slot), message, desk),
        _ => {}
    }
}

/// 30001 no such channel or instrument, 30003 no such operation, 30006 and 30007 too many requests, 30016 bad parameter. The
/// code comes as a number or as a text.
fn on_error(slot: Option<u32>, message: &Message<'_>, desk: &mut Desk) {
    let detail = format!("{} {}", message.code, message.msg.as_deref().unwrap_or_default());
    match (message.code.number(), slot) {
        (Some(30001), Some(slot)) => desk.refuse(slot, &detail),
        (Some(30006 | 30007), _) => {
            desk.report("too_many_requests", None, &detail);
            desk.pause(TOO_MANY_PAUSE_NS);
        }
        (_, slot) => desk.report("venue_error", slot, &detail),
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.symbol_type != "perpetual" || market.quote_coin != "USDT" {
        return;
    }
    if market.symbol_status != "normal" {
        return listing.quarantine(&market.symbol, format!("status is {}", market.symbol_status));
    }
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base: &market.base_coin,
        quote: &market.quote_coin,
        settle: "USDT",
        contract_size: 1.0,
        tick_size: scaled(market.price_end_step, market.price_place),
        lot_size: market.size_multiplier.0,
        taker_fee_percent: Some(market.taker_fee_rate.map_or(PROFILE.taker_fee_percent, percent)),
        maker_fee_percent: Some(market.maker_fee_rate.map_or(PROFILE.maker_fee_percent, percent)),
    });
}

/// `step * 10^-place`, correctly rounded.
fn scaled(step: Decimal, place: Decimal) -> f64 {
    format!("{}e-{}", step.0, place.0).parse().unwrap_or(f64::NAN)
}

/// A rate such as 0.0006 has six decimals at most.
fn percent(rate: Decimal) -> f64 {
    (rate.0 * 1e6).round() / 1e4
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    const BTC: &str = "BTCUSDT";
    const NO: &str = "[]";

    fn frame(channel: &str, action: &str, previous: i64, sequence: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"action":"{action}","arg":{{"instType":"USDT-FUTURES","channel":"{channel}","instId":"{BTC}"}},"data":[{{"asks":{asks},
            "bids":{bids},"ts":"1789456510736","seq":{sequence},"pseq":{previous}}}],"ts":1789456511968}}"#
        )
    }

    fn snapshot(sequence: i64) -> String {
        frame("books", "snapshot", 0, sequence, r#"[["99.0","1.5"]]"#, r#"[["101.0","2"]]"#)
    }

    fn update(previous: i64, sequence: i64, bids: &str, asks: &str) -> String {
        frame("books", "update", previous, sequence, bids, asks)
    }

    fn top(sequence: i64, bids: &str, asks: &str) -> String {
        frame("books1", "snapshot", 0, sequence, bids, asks)
    }

    fn ack(event: &str, channel: &str) -> String {
        format!(r#"{{"event":"{event}","arg":{{"instType":"USDT-FUTURES","channel":"{channel}","instId":"{BTC}"}}}}"#)
    }

    fn error(code: &str, symbol: &str) -> String {
        format!(
            r#"{{"event":"error","arg":{{"instType":"USDT-FUTURES","channel":"books","instId":"{symbol}"}},"code":{code},"msg":"text",
            "op":"subscribe"}}"#
        )
    }

    /// A live book, 99 x 1.5 | 101 x 2, at sequence 10.
    fn live() -> Bench {
        let mut bench = Bench::open("bitget", &[BTC]);
        bench.text(&ack("subscribe", "books"));
        bench.text(&ack("subscribe", "books1"));
        bench.text(&snapshot(10));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.wait(SECOND_NS);
        bench.take_steps();
        bench
    }

    #[test]
    fn a_connection_asks_for_its_48_channels_in_frames_of_20_with_a_pause_between_them() {
        let symbols: Vec<String> = (0..24).map(|index| format!("A{index}USDT")).collect();
        let mut bench = Bench::open("bitget", &symbols.iter().map(String::as_str).collect::<Vec<_>>());
        let count = |sent: Vec<String>| sent.iter().map(|text| text.matches("instId").count()).collect::<Vec<_>>();
        assert_eq!(count(bench.take_sent()), [20]);
        bench.wait(SECOND_NS / 10);
        assert!(bench.take_sent().is_empty(), "ten messages a second, pings included");
        bench.wait(SECOND_NS);
        assert_eq!(count(bench.take_sent()), [20, 8]);
    }

    #[test]
    fn requests_name_product_channel_and_symbol() {
        let mut bench = Bench::open("bitget", &[BTC]);
        let request: serde_json::Value = serde_json::from_str(&bench.take_sent()[0]).unwrap();
        let expected = serde_json::json!({"instType": "USDT-FUTURES", "channel": "books1", "instId": BTC});
        assert_eq!((&request["op"], &request["args"][1]), (&serde_json::json!("subscribe"), &expected));
    }

    #[test]
    fn rules_1_and_2_updates_chain_from_the_snapshot() {
        let mut bench = live();
        bench.text(&update(10, 1_000_015, r#"[["99.5","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 2.0)));
        bench.text(&update(1_000_015, 1_000_016, NO, r#"[["100.5","3"]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 100.5, 3.0)));
        bench.text(&snapshot(1_000_020));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_2_a_restart_of_the_venue_links_to_nothing() {
        let mut bench = live();
        bench.text(&update(0, 11, r#"[["99.5","1"]]"#, NO));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Resyncing, 1));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
    }

    #[test]
    fn rule_2_sequences_beyond_the_integers_of_a_float_are_told_apart() {
        let mut bench = live();
        bench.text(&snapshot(1_304_314_508_780_744_705));
        bench.text(&update(1_304_314_508_780_744_704, 1_304_314_508_780_744_706, NO, NO));
        assert_eq!(bench.feed.stats().gaps, 1);
    }

    #[test]
    fn rule_3_zero_removes_also_what_is_absent_and_a_side_may_be_empty() {
        let mut bench = live();
        bench.text(&update(10, 11, r#"[["99.00","0"],["98.5","0"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_4_a_gap_withdraws_the_prices_until_the_instrument_was_subscribed_again() {
        let mut bench = live();
        bench.text(&update(12, 15, r#"[["99.5","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        let sent = bench.take_sent();
        assert!(
            sent.len() == 1 && sent[0].contains(r#""op":"unsubscribe""#) && !sent[0].contains("books1"),
            "{sent:?}"
        );
        bench.text(&update(15, 16, NO, NO));
        bench.text(&ack("unsubscribe", "books"));
        bench.wait(SECOND_NS / 5);
        assert!(bench.take_sent()[0].contains(r#""op":"subscribe""#));
        bench.text(&ack("subscribe", "books"));
        bench.text(&top(17, r#"[["99.9","1"]]"#, NO));
        assert!(bench.take_quotes().is_empty());
        bench.text(&snapshot(18));
        assert_eq!((bench.state(BTC), bench.feed.stats().resyncs), (BookState::Live, 1));
    }

    #[test]
    fn rule_5_a_market_that_leaves_a_cut_snapshot_is_asked_for_again() {
        let mut bench = live();
        let bids = |count: u32, size: u32| {
            let levels: Vec<String> = (0..count).map(|index| format!(r#"["{}","{size}"]"#, 1_000 - index)).collect();
            format!("[{}]", levels.join(","))
        };
        bench.text(&frame("books", "snapshot", 0, 20, &bids(199, 1), r#"[["1001","2"]]"#));
        bench.text(&update(20, 21, &bids(199, 0), NO));
        assert_eq!(bench.state(BTC), BookState::Live, "the side was whole: that it is empty is the truth");
        bench.text(&frame("books", "snapshot", 0, 30, &bids(200, 1), r#"[["1001","2"]]"#));
        bench.text(&update(30, 31, &bids(200, 0), NO));
        assert_eq!(bench.state(BTC), BookState::Resyncing, "there may be others behind the 200");
        assert!(bench.take_events().contains(&"book_thin"));
    }

    #[test]
    fn rule_6_the_fresher_of_books1_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&top(14, r#"[["99.5","3"]]"#, r#"[["100.5","4"]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&update(10, 13, r#"[["99.1","1"]]"#, NO));
        assert_eq!(bench.take_top(), None);
        bench.text(&top(15, NO, r#"[["100.5","4"]]"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 4.0)), "an empty side");
        bench.text(&update(13, 16, r#"[["99.2","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.2, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_7_a_crossed_book_is_asked_for_again_and_a_checksum_says_nothing() {
        let mut bench = live();
        bench.text(&update(10, 11, NO, NO).replace("\"pseq\"", "\"checksum\":-855196043,\"pseq\""));
        assert_eq!(bench.state(BTC), BookState::Live);
        bench.text(&update(11, 12, r#"[["101.5","1"]]"#, NO));
        assert_eq!(bench.state(BTC), BookState::Resyncing);
        assert!(bench.take_events().contains(&"crossed_book"));
    }

    #[test]
    fn frames_of_another_product_are_not_this_ones() {
        let mut bench = live();
        bench.text(&update(77, 78, r#"[["99.5","1"]]"#, NO).replace("USDT-FUTURES", "SPOT"));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn a_quiet_instrument_is_compared_with_the_book_over_rest() {
        let mut bench = live();
        bench.wait(28 * SECOND_NS);
        let fetches = bench.take_fetches();
        let path = "/api/v2/mix/market/merge-depth?productType=USDT-FUTURES&symbol=BTCUSDT&limit=1";
        assert_eq!(fetches[0].1, format!("https://api.bitget.com{path}"));
        let book = |code: &str| {
            format!(r#"{{"code":"{code}","data":{{"asks":[[101.0,2]],"bids":[[99,1.5]],"ts":"1695870968804"}}}}"#)
        };
        bench.answer(fetches[0].0, 200, &book("00000"));
        bench.text("pong");
        bench.wait(3 * SECOND_NS);
        assert_eq!((bench.state(BTC), bench.feed.stats().confirmed), (BookState::Live, 1));
        assert!(Bitget.parse_book(book("40034").as_bytes()).is_err());
        assert!(Bitget.parse_book(br#"{"code":"40034","data":null}"#).is_err());
    }

    #[test]
    fn the_client_pings_in_plain_text_and_a_pong_is_not_data() {
        let mut bench = live();
        bench.wait(26 * SECOND_NS);
        assert_eq!(bench.take_sent(), ["ping"]);
        bench.text("pong");
        bench.wait(10 * SECOND_NS);
        assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Stale, 0));
        bench.text(&update(10, 11, NO, NO));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "the chain held, so that the book is whole");
        bench.wait(61 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
    }

    #[test]
    fn a_symbol_that_does_not_exist_is_left_alone_and_other_errors_are_reported() {
        let mut bench = Bench::open("bitget", &[BTC, "NOPEUSDT"]);
        bench.text(&error("30001", "NOPEUSDT"));
        bench.text(&snapshot(1));
        assert_eq!((bench.state("NOPEUSDT"), bench.state(BTC)), (BookState::Closed, BookState::Live));
        bench.take_steps();
        bench.text(&error("\"30016\"", BTC));
        bench.text(r#"{"event":"error","code":"30007","msg":"over the limit"}"#);
        bench.text(r#"{"event":"login","code":0}"#);
        assert_eq!(bench.take_events(), ["venue_error", "too_many_requests"]);
        assert_eq!(bench.state(BTC), BookState::Live);
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            update(10, 11, r#"[["NaN","1"]]"#, NO),
            update(10, 11, r#"[["99","-1"]]"#, NO),
            update(10, 11, r#"[["0","1"]]"#, NO),
            update(10, 11, r#"[[{"is":["not","a","price"]},"1"]]"#, NO),
            update(10, 11, NO, NO).replace("\"pseq\"", "\"x\""),
            update(10, 11, NO, NO).replace("\"seq\"", "\"x\""),
            update(10, 11, NO, NO)[..120].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [top(11, r#"[["-99","1"]]"#, NO), top(11, NO, NO).replace("\"seq\"", "\"x\"")] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn markets_are_open_perpetuals_of_coins_and_steps_are_not_contract_sizes() {
        let row = |symbol: &str, base: &str, kind: &str, status: &str, is_rwa: &str| {
            format!(
                r#"{{"symbol":"{symbol}","baseCoin":"{base}","quoteCoin":"USDT","supportMarginCoins":["USDT"],"makerFeeRate":"0.0002",
                "takerFeeRate":"0.0006","minTradeNum":"0.001","priceEndStep":"5","pricePlace":"5","volumePlace":"3",
                "sizeMultiplier":"0.001","symbolType":"{kind}","symbolStatus":"{status}","isRwa":"{is_rwa}"}}"#
            )
        };
        let rows = [
            row("BTCUSDT", "BTC", "perpetual", "normal", "NO"),
            row("1000BONKUSDT", "1000BONK", "perpetual", "normal", "NO"),
            row("牛来USDT", "牛来", "perpetual", "normal", "NO"),
            row("BTCUSDT261225", "BTC", "delivery", "normal", "NO"),
            row("HALTUSDT", "HALT", "perpetual", "maintain", "NO"),
            row("TSLAUSDT", "TSLA", "perpetual", "normal", "YES"),
            row("ODDUSDT", "ODD", "perpetual", "normal", "NO").replace("\"0.001\"", "\"odd\""),
            r#"{"symbol":"BAD"}"#.to_string(),
        ];
        let body = format!(r#"{{"code":"00000","msg":"success","requestTime":1,"data":[{}]}}"#, rows.join(","));
        let listing = Bitget.parse_markets(&[body.as_bytes()], 0).unwrap();
        let listed: Vec<_> =
            listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str(), one.asset_scale)).collect();
        assert_eq!(
            listed,
            [("BTC/USDT:USDT", "BTC", 1.0), ("1000BONK/USDT:USDT", "BONK", 1e3), ("牛来/USDT:USDT", "牛来", 1.0)]
        );
        let btc = &listing.instruments[0];
        assert_eq!((btc.contract_size, btc.tick_size, btc.lot_size), (1.0, 0.00005, 0.001));
        assert_eq!((btc.taker_fee_percent, btc.maker_fee_percent), (Some(0.06), Some(0.02)));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["HALTUSDT", "TSLAUSDT", "ODDUSDT", "BAD"]);
        assert!(
            Bitget.parse_markets(&[br#"{"code":"40034","msg":"Parameter does not exist","data":null}"#], 0).is_err()
        );
    }
}
