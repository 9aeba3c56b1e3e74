//! OKX v5, linear perpetual swaps. <https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-order-book-channel>
//!
//! Synchronisation:
//! 1. `action: snapshot`: clear and load, `last = seqId`.
//! 2. `action: update` must have `prevSeqId == last`; then `last = seqId`.
//! 3. A keep-alive has empty sides and `seqId == prevSeqId`: it passes rule 2.
//! 4. After maintenance `seqId` may be smaller than `prevSeqId`; if `prevSeqId == last`, go on from the smaller number.
//! 5. Size zero removes; sizes are absolute, in contracts.
//! 6. After a gap: unsubscribe and subscribe that instrument again.
//! 7. The checksum is always 0 since 2026-06-23 and says nothing.
//! 8. The initial snapshot may be gone: when an update comes first, or nothing within 2 s of the ack, fetch
//!    `/api/v5/market/books`; drop events with `seqId <= S`; the first used has `prevSeqId <= S < seqId`; a first event
//!    with `prevSeqId > S` means that the answer is too old.
//! 9. `bbo-tbt` shares the sequence: the fresher of the two is the top.
//! 10. `instruments` tells the rows of the market list that have changed, and all of them at first: `state` is `live` while a
//!     market trades.
//!
//! The client pings in plain text (`ping`, `pong`). 480 requests an hour and connection, so that they are batched. Notice
//! 64008 announces a cut: reconnect.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, Stage, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{
    Conduct, Heartbeat, Joining, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile,
};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Levels, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;
use std::borrow::Cow;

const PROFILE: VenueProfile = VenueProfile {
    id: "okx",
    name: "OKX",
    websocket_url: "wss://ws.okx.com:8443",
    rest_url: "https://www.okx.com",
    docs_url: "https://www.okx.com/docs-v5/en/",
    channels: &[(Channel::Book, "books"), (Channel::Top, "bbo-tbt"), (Channel::Status, "instruments")],
    guard_rule: "each update's prevSeqId equals the seqId before it",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.02,
    instruments_per_connection: 100,
    connects_per_minute: 60,
    request_weight_per_minute: 600,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["captured frames 2022-05", "venue's documentation and change log 2026", "ccxt 4.5.90"],
    certainty: "books are seen in captured frames, their chaining and the limits are documented; keep-alive and reset are documented only",
    unavailable_reason: None,
};

/// 480 requests an hour: 240 at once and one in 15 s.
const CONDUCT: Conduct = Conduct {
    socket_path: "/ws/v5/public",
    waits_for_greeting: false,
    opening: &[r#"{"op":"subscribe","args":[{"channel":"instruments","instType":"SWAP"}]}"#],
    shares_status: true,
    channels_per_request: 100,
    pacing: Pacing { burst: 240, interval_ns: 15 * SECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: "ping", every_ns: 20 * SECOND_NS }),
    silence_limit_ns: 30 * SECOND_NS,
    max_age_ns: None,
    snapshot_source: SnapshotSource::SocketElseRest { wait_ns: 2 * SECOND_NS },
    joining,
    top_mark: Some(r#""bbo-tbt""#),
    status_mark: Some(r#""instruments""#),
    throttling: Throttling::by_code(&["code"], &["50011"]),
    ..Conduct::USUAL
};

/// Levels of a fetched book; `books` itself is 400 levels deep, so that nothing it needs is cut.
const REST_DEPTH: usize = 400;
/// How long to be quiet after "requests too frequent".
const TOO_FREQUENT_PAUSE_NS: i64 = 10 * SECOND_NS;

/// What a contract is about, and by which rules it trades.
const CLASSES: Classes = Classes {
    field: "instCategory",
    meanings: &[("1", AssetClass::Coin), ("3", AssetClass::Share), ("4", AssetClass::Commodity)],
    is_coin_word_seen: true,
    stage_field: "ruleType",
    stages: &[("normal", Stage::Usual), ("pre_market", Stage::PreMarket)],
};

/// OKX.
pub struct Okx;

/// `{"arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"action":"update","data":[...]}`, or
/// `{"id":"1","event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT-SWAP"},"connId":"a4d3ae55"}`, or
/// `{"event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:X doesn't exist","connId":"a4d3ae55"}`
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
struct Argument<'a> {
    #[serde(borrow, default)]
    channel: Cow<'a, str>,
    #[serde(borrow, default, rename = "instId")]
    inst_id: Cow<'a, str>,
}

/// `{"asks":[["8476.98","415","0","13"]],"bids":[["8476.97","256","0","12"]],"ts":"1597026383085","checksum":0,
/// "prevSeqId":123456,"seqId":123457}`; `bbo-tbt` has one level a side and no `prevSeqId`.
#[derive(Deserialize)]
struct Book {
    #[serde(default)]
    asks: Levels,
    #[serde(default)]
    bids: Levels,
    #[serde(default)]
    ts: Decimal,
    #[serde(rename = "prevSeqId")]
    previous: Option<i64>,
    #[serde(rename = "seqId")]
    sequence: Option<i64>,
}

/// `{"arg":{"channel":"instruments","instType":"SWAP"},"data":[{"instId":"BTC-USDT-SWAP","state":"suspend",...}]}`
#[derive(Deserialize)]
struct Statuses<'a> {
    #[serde(borrow)]
    data: Vec<Status<'a>>,
}

#[derive(Deserialize)]
struct Status<'a> {
    #[serde(rename = "instId")]
    inst_id: &'a str,
    state: &'a str,
}

/// `{"code":"0","msg":"","data":[{...}]}`
#[derive(Deserialize)]
struct Answer {
    code: Code,
    data: Vec<Book>,
}

/// One row of the instruments' `data`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    inst_id: String,
    #[serde(default)]
    uly: String,
    #[serde(default)]
    inst_family: String,
    settle_ccy: String,
    ct_val: Decimal,
    ct_mult: Decimal,
    #[serde(default)]
    ct_val_ccy: String,
    ct_type: String,
    tick_sz: Decimal,
    lot_sz: Decimal,
    state: String,
}

impl Venue for Okx {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v5/public/instruments?instType=SWAP")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "data")?, "instId", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let op = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let argument = |topic: &Topic<'_>| {
            let channel = PROFILE.channel(topic.channel);
            serde_json::json!({"channel": channel, "instId": topic.native_symbol})
        };
        let args: Vec<_> = topics.iter().map(argument).collect();
        serde_json::json!({"id": id.to_string(), "op": op, "args": args}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        if frame.payload == b"pong" {
            return Ok(());
        }
        let message: Message<'_> = parse(frame.payload)?;
        if let Some(event) = message.event {
            on_event(event, &message, desk);
            return Ok(());
        }
        let argument = message.arg.as_ref().ok_or(FrameError::Missing("arg"))?;
        if argument.channel == PROFILE.channel(Channel::Status) {
            return on_statuses(&parse(frame.payload)?, desk);
        }
        match desk.slot(&argument.inst_id) {
            Some(slot) if argument.channel == "books" => on_books(slot, message, desk),
            Some(slot) if argument.channel == "bbo-tbt" => on_bbo(slot, message, desk),
            _ => Ok(()),
        }
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"instId\":\"")
    }

    fn book_request(&self, native_symbol: &str, _tracked: usize) -> Option<BookRequest> {
        let path = format!("/api/v5/market/books?instId={native_symbol}&sz={REST_DEPTH}");
        Some(BookRequest { request: RestRequest::get(path), depth_limit: usize::MAX })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let answer: Answer = parse(body)?;
        let book = answer.data.into_iter().next().filter(|_| answer.code.is("0"));
        book.ok_or(FrameError::Missing("data"))?.into_snapshot()
    }
}

impl Book {
    fn exchange_ns(&self) -> i64 {
        (self.ts.0 as i64).saturating_mul(MILLISECOND_NS)
    }

    fn into_snapshot(self) -> Result<Snapshot, FrameError> {
        let sequence = self.sequence.ok_or(FrameError::Missing("seqId"))?;
        let exchange_ns = self.exchange_ns();
        Ok(Snapshot {
            sequence,
            cross_sequence: None,
            exchange_ns,
            bids: self.bids.0,
            asks: self.asks.0,
            depth_limit: None,
        })
    }

    fn into_delta(self) -> Result<Delta, FrameError> {
        let last = self.sequence.ok_or(FrameError::Missing("seqId"))?;
        let previous = self.previous.ok_or(FrameError::Missing("prevSeqId"))?;
        let exchange_ns = self.exchange_ns();
        Ok(Delta {
            previous,
            first: last,
            last,
            cross_sequence: None,
            exchange_ns,
            bids: self.bids.0,
            asks: self.asks.0,
        })
    }
}

/// Rule 8.
fn joining(sequence: i64, delta: &Delta) -> Joining {
    if delta.last <= sequence {
        Joining::Old
    } else if delta.previous <= sequence {
        Joining::Joins
    } else {
        Joining::TooNew
    }
}

fn on_books(slot: u32, message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let is_snapshot = message.action == Some("snapshot");
    for book in message.data {
        if is_snapshot {
            desk.snapshot(slot, book.into_snapshot()?);
        } else {
            desk.delta(slot, book.into_delta()?);
        }
    }
    Ok(())
}

fn on_bbo(slot: u32, message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    for book in message.data {
        desk.top(
            slot,
            Top {
                sequence: book.sequence.ok_or(FrameError::Missing("seqId"))?,
                exchange_ns: book.exchange_ns(),
                bid: book.bids.0.first().copied().unwrap_or_default(),
                ask: book.asks.0.first().copied().unwrap_or_default(),
            },
        );
    }
    Ok(())
}

/// Rule 10.
fn on_statuses(statuses: &Statuses<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    for Status { inst_id, state } in &statuses.data {
        let reason = format!("state is {state}");
        if let Some(slot) = desk.slot(inst_id) {
            desk.set_trading(slot, (*state != "live").then_some(&reason));
        }
    }
    Ok(())
}

fn on_event(event: &str, message: &Message<'_>, desk: &mut Desk) {
    let argument = message.arg.as_ref();
    let slot = argument.and_then(|argument| desk.slot(&argument.inst_id));
    let channel = match argument.map(|argument| argument.channel.as_ref()) {
        Some("books") => Channel::Book,
        _ => Channel::Top,
    };
    match (event, slot) {
        ("subscribe", Some(slot)) => desk.acknowledge(Operation::Subscribe, slot, channel),
        ("unsubscribe", Some(slot)) => desk.acknowledge(Operation::Unsubscribe, slot, channel),
        ("error", _) => on_error(message, slot, desk),
        ("notice", _) if message.code.is("64008") => desk.reconnect("the venue announced a service upgrade"),
        _ => {}
    }
}

/// 60011 log in, 60012 invalid request, 60014 too frequent, 60018 no such channel or instrument.
fn on_error(message: &Message<'_>, slot: Option<u32>, desk: &mut Desk) {
    let text = message.msg.as_deref().unwrap_or_default();
    let detail = format!("{} {text}", message.code);
    match (message.code.number(), slot.or_else(|| desk.slot_mentioned(text))) {
        (Some(60018 | 60011), Some(slot)) => desk.refuse(slot, &detail),
        (Some(60014), _) => {
            desk.report("too_many_requests", None, &detail);
            desk.pause(TOO_FREQUENT_PAUSE_NS);
        }
        (_, slot) => desk.report("venue_error", slot, &detail),
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.ct_type != "linear" || !matches!(market.settle_ccy.as_str(), "USDT" | "USDC") {
        return;
    }
    if market.state != "live" {
        return listing.quarantine(&market.inst_id, format!("state is {}", market.state));
    }
    let family = if market.uly.is_empty() { &market.inst_family } else { &market.uly };
    let Some((base, quote)) = family.split_once('-') else {
        return listing.quarantine(&market.inst_id, "no underlying pair");
    };
    if !market.ct_val_ccy.is_empty() && market.ct_val_ccy != base {
        return listing.quarantine(&market.inst_id, format!("its contracts are worth {}", market.ct_val_ccy));
    }
    let contract_size = market.ct_val.0 * market.ct_mult.0;
    listing.add(&ListedMarket {
        native_symbol: &market.inst_id,
        base,
        quote: quote.split('_').next().unwrap_or(quote), // BTC-USD_UM is quoted in USD
        settle: &market.settle_ccy,
        contract_size,
        tick_size: market.tick_sz.0,
        lot_size: market.lot_sz.0 * contract_size,
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::{Bench, instrument};
    use crossbook_market::BookState;

    const SWAP: &str = "BTC-USDT-SWAP";

    fn books(action: &str, previous: i64, sequence: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"arg":{{"channel":"books","instId":"{SWAP}"}},"action":"{action}","data":[{{"asks":{asks},"bids":{bids},
            "ts":"1597026383085","checksum":0,"prevSeqId":{previous},"seqId":{sequence}}}]}}"#
        )
    }

    fn snapshot(sequence: i64) -> String {
        books("snapshot", -1, sequence, r#"[["99.0","150","0","1"]]"#, r#"[["101","200","0","2"]]"#)
    }

    fn update(previous: i64, sequence: i64, bids: &str, asks: &str) -> String {
        books("update", previous, sequence, bids, asks)
    }

    fn bbo(sequence: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"arg":{{"channel":"bbo-tbt","instId":"{SWAP}"}},"data":[{{"asks":{asks},"bids":{bids},"ts":"1597026383085",
            "seqId":{sequence}}}]}}"#
        )
    }

    fn fetched(sequence: i64) -> String {
        format!(
            r#"{{"code":"0","msg":"","data":[{{"asks":[["101","200","0","2"]],"bids":[["99.0","150","0","1"]],"ts":"1597026383085",
            "seqId":{sequence}}}]}}"#
        )
    }

    fn ack(event: &str) -> String {
        format!(r#"{{"id":"1","event":"{event}","arg":{{"channel":"books","instId":"{SWAP}"}},"connId":"a4d3ae55"}}"#)
    }

    const NO: &str = "[]";

    /// A live book of contracts of 0.01 BTC: 99 x 1.5 | 101 x 2 at sequence 10.
    fn live() -> Bench {
        let mut bench = Bench::with("okx", &[instrument("okx", SWAP, 0.01)]);
        bench.connect();
        bench.text(&ack("subscribe"));
        bench.text(&snapshot(10));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "sizes are base units, not contracts");
        bench.take_steps();
        bench
    }

    #[test]
    fn instruments_are_asked_for_in_one_message() {
        let mut bench = Bench::open("okx", &["A-SWAP", "B-SWAP"]);
        let sent = bench.take_sent();
        assert_eq!(sent.len(), 2, "statuses first");
        let request: serde_json::Value = serde_json::from_str(&sent[1]).unwrap();
        assert_eq!(request["args"].as_array().unwrap().len(), 4);
        assert_eq!(request["args"][1], serde_json::json!({"channel": "books", "instId": "B-SWAP"}));
    }

    #[test]
    fn rules_1_and_2_updates_chain_from_the_snapshot() {
        let mut bench = live();
        bench.text(&update(10, 15, r#"[["99.5","100","0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 2.0)));
        bench.text(&snapshot(20));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.text(&update(20, 21, NO, NO));
        assert_eq!((bench.state(SWAP), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_3_a_keep_alive_passes_and_keeps_the_instrument_from_going_stale() {
        let mut bench = live();
        for _ in 0..4 {
            bench.wait(20 * SECOND_NS);
            bench.text("pong");
            bench.text(&update(10, 10, NO, NO));
        }
        assert_eq!((bench.state(SWAP), bench.feed.stats().gaps), (BookState::Live, 0));
        assert!(bench.take_quotes().is_empty());
    }

    #[test]
    fn rule_4_the_sequence_may_start_lower_after_maintenance() {
        let mut bench = live();
        bench.text(&bbo(11, r#"[["99.1","100","0","1"]]"#, r#"[["101","200","0","2"]]"#));
        bench.text(&update(10, 3, r#"[["99.5","100","0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 2.0)));
        bench.text(&update(3, 5, r#"[["99.6","100","0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.6, 1.0, 101.0, 2.0)));
        bench.text(&update(10, 3, NO, NO));
        assert_eq!(bench.state(SWAP), BookState::Resyncing, "the reset does not make old links good");
    }

    #[test]
    fn rule_5_zero_removes() {
        let mut bench = live();
        bench.text(&update(10, 11, r#"[["99.00","0","0","0"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_6_a_gap_withdraws_the_prices_until_the_arg_was_subscribed_again() {
        let mut bench = live();
        bench.text(&update(12, 15, r#"[["99.5","100","0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        let sent = bench.take_sent();
        assert!(sent.len() == 1 && sent[0].contains(r#""op":"unsubscribe""#) && !sent[0].contains("bbo"), "{sent:?}");
        bench.text(&update(15, 16, NO, NO));
        bench.text(&ack("unsubscribe"));
        assert!(bench.take_sent()[0].contains(r#""op":"subscribe""#));
        bench.text(&ack("subscribe"));
        bench.text(&bbo(17, r#"[["99.9","1","0","1"]]"#, NO));
        assert!(bench.take_quotes().is_empty());
        bench.text(&snapshot(18));
        assert_eq!((bench.state(SWAP), bench.feed.stats().resyncs), (BookState::Live, 1));
    }

    #[test]
    fn rule_7_a_checksum_says_nothing() {
        let mut bench = live();
        bench.text(
            &update(10, 11, r#"[["99.5","100","0","1"]]"#, NO).replace("\"checksum\":0", "\"checksum\":-855196043"),
        );
        assert_eq!(bench.state(SWAP), BookState::Live);
    }

    #[test]
    fn rule_8_without_a_snapshot_the_first_update_leads_to_rest() {
        let mut bench = Bench::open("okx", &[SWAP]);
        bench.text(&ack("subscribe"));
        bench.text(&update(9, 12, r#"[["99.4","1","0","1"]]"#, NO));
        bench.text(&update(12, 14, r#"[["99.5","1","0","1"]]"#, NO));
        let fetches = bench.take_fetches();
        assert_eq!(fetches[0].1, "https://www.okx.com/api/v5/market/books?instId=BTC-USDT-SWAP&sz=400");
        bench.answer(fetches[0].0, 200, &fetched(12));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 200.0)), "12 is in the answer, 14 follows it");
        bench.text(&update(14, 20, r#"[["99.6","1","0","1"]]"#, NO));
        assert_eq!((bench.state(SWAP), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_8_silence_after_the_ack_leads_to_rest_and_the_next_update_joins() {
        let mut bench = Bench::open("okx", &[SWAP]);
        bench.text(&ack("subscribe"));
        bench.wait(SECOND_NS);
        assert!(bench.take_fetches().is_empty());
        bench.wait(SECOND_NS + SECOND_NS / 5);
        let fetches = bench.take_fetches();
        bench.answer(fetches[0].0, 200, &fetched(12));
        bench.text(&update(11, 14, r#"[["99.5","1","0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 200.0)));
    }

    #[test]
    fn rule_8_an_answer_that_is_too_old_is_fetched_again() {
        let mut bench = Bench::open("okx", &[SWAP]);
        bench.text(&update(30, 31, NO, NO));
        let first = bench.take_fetches();
        bench.answer(first[0].0, 200, &fetched(12));
        assert_eq!(bench.state(SWAP), BookState::Resyncing);
        bench.wait(SECOND_NS);
        let second = bench.take_fetches();
        bench.answer(second[0].0, 200, &fetched(30));
        assert_eq!(bench.state(SWAP), BookState::Live);
    }

    #[test]
    fn rules_4_and_8_a_reset_while_the_book_is_fetched_makes_the_fetch_worthless() {
        let mut bench = Bench::open("okx", &[SWAP]);
        bench.text(&update(190, 200, NO, NO));
        let first = bench.take_fetches();
        bench.text(&update(200, 5, r#"[["99.7","1","0","1"]]"#, NO));
        let second = bench.take_fetches();
        bench.answer(first[0].0, 200, &fetched(195));
        bench.text(&update(5, 150, r#"[["99.8","100","0","1"]]"#, NO));
        bench.text(&update(150, 300, NO, NO));
        assert_eq!(bench.state(SWAP), BookState::Resyncing, "195 was of the old numbers");
        bench.answer(second[0].0, 200, &fetched(100));
        assert_eq!(bench.take_top(), Some((99.8, 100.0, 101.0, 200.0)));
    }

    #[test]
    fn rule_8_an_answer_without_a_sequence_cannot_be_used() {
        let mut bench = Bench::open("okx", &[SWAP]);
        bench.text(&update(30, 31, NO, NO));
        let first = bench.take_fetches();
        bench.answer(first[0].0, 200, &fetched(30).replace("seqId", "other"));
        assert_eq!((bench.state(SWAP), bench.feed.stats().parse_errors), (BookState::Resyncing, 1));
        bench.wait(SECOND_NS);
        let second = bench.take_fetches();
        bench.answer(second[0].0, 200, r#"{"code":"51001","msg":"Instrument ID does not exist","data":[]}"#);
        assert_eq!(bench.feed.stats().parse_errors, 2);
    }

    #[test]
    fn rule_8_a_snapshot_that_comes_late_after_all_is_used() {
        let mut bench = Bench::open("okx", &[SWAP]);
        bench.text(&ack("subscribe"));
        bench.wait(3 * SECOND_NS);
        let fetches = bench.take_fetches();
        bench.text(&snapshot(10));
        assert_eq!(bench.state(SWAP), BookState::Live);
        bench.text(&update(10, 11, NO, NO));
        bench.answer(fetches[0].0, 200, &fetched(5));
        assert_eq!(bench.feed.order_book("unified:BTC-USDT-SWAP").unwrap().1, 11, "the answer came too late to matter");
        bench.text(&update(11, 12, NO, NO));
        assert_eq!(bench.state(SWAP), BookState::Live);
    }

    #[test]
    fn rule_9_the_fresher_of_bbo_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&bbo(14, r#"[["99.5","300","0","1"]]"#, r#"[["100.5","400","0","1"]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&update(10, 13, r#"[["99.1","1","0","1"]]"#, NO));
        assert_eq!(bench.take_top(), None);
        bench.text(&bbo(15, NO, r#"[["100.5","400","0","1"]]"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 4.0)), "an empty side");
    }

    #[test]
    fn rule_9_a_bbo_that_the_book_never_reaches_withdraws_the_prices() {
        let mut bench = live();
        bench.text(&bbo(1_000_000, r#"[["99.5","300","0","1"]]"#, r#"[["100.5","400","0","1"]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        for second in 0..6 {
            bench.text(&update(10 + second, 11 + second, &format!(r#"[["90.{second}","1","0","1"]]"#), NO));
            bench.wait(SECOND_NS);
        }
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "one of the two is wrong");
        assert!(bench.take_events().contains(&"book_behind"));
    }

    #[test]
    fn rule_9_a_dead_book_is_not_kept_alive_by_its_bbo() {
        let mut bench = live();
        for second in 0..6 {
            let bids = format!(r#"[["99.{second}","300","0","1"]]"#);
            bench.text(&bbo(20 + second, &bids, r#"[["100.5","400","0","1"]]"#));
            bench.wait(SECOND_NS);
        }
        assert_eq!(bench.state(SWAP), BookState::Resyncing);
    }

    #[test]
    fn rule_9_a_bbo_may_be_ahead_of_the_book_for_a_while_or_when_it_says_the_same() {
        let mut bench = live();
        bench.text(&bbo(14, r#"[["99.5","300","0","1"]]"#, r#"[["101","200","0","1"]]"#));
        bench.text(&bbo(16, r#"[["99.0","150","0","1"]]"#, r#"[["101","200","0","1"]]"#));
        bench.wait(10 * SECOND_NS);
        assert_eq!(bench.state(SWAP), BookState::Live, "there and back between two updates");
        for step in 0..60 {
            bench.text(&bbo(30 + step, &format!(r#"[["99.{step}","300","0","1"]]"#), r#"[["101","200","0","1"]]"#));
            bench.wait(SECOND_NS / 10);
            let previous = if step == 0 { 10 } else { 28 + step };
            bench.text(&update(previous, 29 + step, r#"[["98","100","0","1"]]"#, NO));
        }
        assert_eq!(bench.state(SWAP), BookState::Live, "always a little ahead, never for long");
    }

    #[test]
    fn the_client_pings_in_plain_text_and_a_missing_pong_costs_the_connection() {
        let mut bench = live();
        bench.wait(21 * SECOND_NS);
        assert_eq!(bench.take_sent(), ["ping"]);
        bench.text("pong");
        assert_eq!(bench.feed.stats().parse_errors, 0);
        bench.wait(31 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
    }

    #[test]
    fn a_pong_is_not_data() {
        let mut bench = live();
        for _ in 0..4 {
            bench.wait(10 * SECOND_NS);
            bench.text("pong");
        }
        assert_eq!(bench.state(SWAP), BookState::Stale);
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        bench.text(&update(10, 11, NO, NO));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "the chain held, so that the book is whole");
    }

    #[test]
    fn notice_64008_leads_to_a_new_connection_at_once() {
        let mut bench = live();
        bench.text(r#"{"event":"notice","code":"64008","msg":"The connection will soon be closed","connId":"a"}"#);
        assert!(matches!(&bench.take_steps()[0], Step::Reconnect { connection: 1, .. }));
    }

    #[test]
    fn an_instrument_that_does_not_exist_is_left_alone_and_the_rest_stands() {
        let mut bench = Bench::open("okx", &[SWAP, "BTC-USDT-SWAP-X"]);
        bench.text(r#"{"event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:BTC-USDT-SWAP-X doesn't exist"}"#);
        bench.text(&snapshot(1));
        assert_eq!((bench.state("BTC-USDT-SWAP-X"), bench.state(SWAP)), (BookState::Closed, BookState::Live));
        bench.take_steps();
        bench.text(r#"{"event":"error","code":"60012","msg":"Invalid request: {}"}"#);
        bench.text(r#"{"event":"error","code":"60014","msg":"Requests too frequent"}"#);
        bench.text(r#"{"event":"channel-conn-count","channel":"books","connCount":"1","connId":"a"}"#);
        assert_eq!(bench.take_events(), ["venue_error", "too_many_requests"]);
    }

    #[test]
    fn an_error_about_a_longer_name_does_not_concern_the_shorter_one_in_it() {
        let mut bench = live();
        let refused = |name: &str| {
            format!(
                r#"{{"event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:{name} doesn't exist"}}"#
            )
        };
        bench.text(&refused("BTC-USDT-SWAP-X"));
        assert_eq!(bench.state(SWAP), BookState::Live);
        bench.text(&refused("BTC-USDT-SWAP"));
        assert_eq!(bench.state(SWAP), BookState::Closed);
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            update(10, 11, r#"[["NaN","1","0","1"]]"#, NO),
            update(10, 11, r#"[["99","-1","0","1"]]"#, NO),
            update(10, 11, r#"[["0","1","0","1"]]"#, NO),
            update(10, 11, r#"[[{"is":["not","a","price"]},"1"]]"#, NO),
            update(10, 11, r#"[["99"]]"#, NO),
            update(10, 11, NO, NO).replace("\"prevSeqId\"", "\"x\""),
            update(10, 11, NO, NO)[..100].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(SWAP), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [bbo(11, r#"[["-99","1","0","1"]]"#, NO), bbo(11, NO, NO).replace("\"seqId\"", "\"x\"")] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(SWAP), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn markets_are_live_linear_swaps_with_sizes_in_base_units() {
        let row = |id: &str, family: &str, kind: &str, state: &str, value: &str| {
            format!(
                r#"{{"instId":"{id}","uly":"{family}","instFamily":"{family}","settleCcy":"USDT","ctVal":"{value}","ctMult":"1",
                "ctType":"{kind}","tickSz":"0.1","lotSz":"0.01","state":"{state}","baseCcy":""}}"#
            )
        };
        let rows = [
            row("BTC-USDT-SWAP", "BTC-USDT", "linear", "live", "0.01"),
            row("BTC-USD_UM-SWAP", "BTC-USD_UM", "linear", "live", "0.001"),
            row("BTC-USD-SWAP", "BTC-USD", "inverse", "live", "100"),
            row("NEW-USDT-SWAP", "NEW-USDT", "linear", "preopen", ""),
            row("ODD-SWAP", "ODD", "linear", "live", "1"),
            row("NIL-USDT-SWAP", "NIL-USDT", "linear", "live", ""),
            row("IN-USDT-SWAP", "IN-USDT", "linear", "live", "100").replace("baseCcy\":\"", "ctValCcy\":\"USDT"),
            row("OK-USDT-SWAP", "OK-USDT", "linear", "live", "1").replace("baseCcy\":\"", "ctValCcy\":\"OK"),
            r#"{"instId":"BAD"}"#.to_string(),
        ];
        let body = format!(r#"{{"code":"0","data":[{}]}}"#, rows.join(","));
        let listing = Okx.parse_markets(&[body.as_bytes()], 0).unwrap();
        let btc = &listing.instruments[0];
        assert_eq!((btc.symbol.as_str(), btc.contract_size, btc.lot_size), ("BTC/USDT:USDT", 0.01, 0.0001));
        assert_eq!(listing.instruments[1].symbol, "BTC/USD:USDT");
        assert_eq!(listing.instruments[2].symbol, "OK/USDT:USDT");
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["NEW-USDT-SWAP", "ODD-SWAP", "NIL-USDT-SWAP", "IN-USDT-SWAP", "BAD"]);
    }
}
