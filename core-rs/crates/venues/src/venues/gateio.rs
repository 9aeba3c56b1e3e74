//! Gate, USDT-settled perpetual futures, API v4. <https://www.gate.com/docs/developers/futures/ws/en/>
//!
//! Synchronisation:
//! 1. `futures.obu` at 50 levels: a frame with `full: true` is the whole book at `u`, the first one and any later one.
//! 2. Every other frame must have `U == last + 1`; then `last = u`. Also one without levels, which is a quarter of them.
//! 3. Sizes are absolute, in contracts, zero removes. Levels stand in any order. The venue itself removes those that leave
//!    the 50 and tells those that enter, so that nothing is ever missing behind the last one.
//! 4. After a gap: unsubscribe and subscribe that stream again; a new `full` frame follows, at times before the ack.
//! 5. An unknown contract is acknowledged and silent: when no book comes, ask again, without end but ever more seldom.
//!    `Alert sub` refuses a stream that is subscribed already: its book will not come again without unsubscribing.
//! 6. `futures.book_ticker` draws its `u` from the book's series: the fresher of the two is the top. An empty price is an
//!    empty side.
//! 7. Without the header `X-Gate-Size-Decimal` the ticker's sizes are cut to whole contracts, although some contracts trade
//!    in fractions: it is sent with every handshake.
//!
//! The client pings (`futures.ping`). `futures.system` with `upgrade` announces a restart: reconnect. A message names one
//! stream, so that one refusal concerns one instrument.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, Stage, bare_rows, collect};
use crate::market_data::{Channel, Delta, Frame, Operation, Snapshot, Top, Topic, best};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, Throttling, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Object, Side, Text, Time, parse, price, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::{AssetClass, Level};
use serde::Deserialize;
use std::borrow::Cow;

const PROFILE: VenueProfile = VenueProfile {
    id: "gateio",
    name: "Gate USDT futures",
    websocket_url: "wss://fx-ws.gateio.ws",
    rest_url: "https://api.gateio.ws",
    docs_url: "https://www.gate.com/docs/developers/futures/ws/en/",
    channels: &[(Channel::Book, "futures.obu"), (Channel::Top, "futures.book_ticker")],
    guard_rule: "each update's U is one more than the u before it",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.02,
    instruments_per_connection: 75,
    connects_per_minute: 60,
    request_weight_per_minute: 600,
    stale_after_ns: 60 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &[
        "captured frames 2023-05 (chaining, shared ids) and 2026-09 (tickers)",
        "a probe of the live venue 2026-09",
        "venue's documentation 2025-11",
    ],
    certainty: "ids, acks and silence were seen on the wire; that the venue keeps the 50 levels complete is documented only",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/v4/ws/usdt",
    handshake_headers: &[("X-Gate-Size-Decimal", "1")],
    pacing: Pacing { burst: 30, interval_ns: 20 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"channel":"futures.ping"}"#, every_ns: 10 * SECOND_NS }),
    silence_limit_ns: 30 * SECOND_NS,
    top_mark: Some(r#""futures.book_ticker""#),
    throttling: Throttling::by_code(&["label"], &["TOO_MANY_REQUESTS", "TOO_FAST"]),
    ..Conduct::USUAL
};

/// A stream of the depth channel is called `ob.<contract>.<levels>`.
const STREAM_PREFIX: &str = "ob.";
/// Levels a side; with 400 it would come every 100 ms instead of every 20.
const LEVELS: u32 = 50;

/// What a contract is about; nothing is a coin.
const CLASSES: Classes = Classes {
    field: "contract_type",
    meanings: &[
        ("", AssetClass::Coin),
        ("stocks", AssetClass::Share),
        ("metals", AssetClass::Metal),
        ("commodities", AssetClass::Commodity),
        ("indices", AssetClass::Index),
        ("forex", AssetClass::Fx),
    ],
    is_coin_word_seen: true,
    stage_field: "is_pre_market",
    stages: &[("false", Stage::Usual), ("true", Stage::PreMarket)],
};

/// Gate.
pub struct Gateio;

/// `{"channel":"futures.obu","result":{"t":1743673026995,"full":true,"s":"ob.BTC_USDT.50","u":79072179673,
/// "b":[["83705.9","30166"]],"a":[["83706","4208"]]},"time_ms":1743673026999}`, or
/// `{"channel":"futures.obu","result":{"t":1743673027017,"s":"ob.BTC_USDT.50","U":79072179674,"u":79072179694,
/// "b":[["83702.2","62"]]},"time_ms":1743673027020}`, or
/// `{"time":1,"time_ms":1,"channel":"futures.book_ticker","event":"update","result":{"t":1788488685992,"u":124111176993,
/// "s":"BTC_USDT","b":"80657.1","B":"43360","a":"80657.2","A":"202262"}}`, or
/// `{"time":1,"time_ms":1,"id":7,"channel":"futures.obu","event":"subscribe","payload":["ob.BTC_USDT.50"],
/// "error":{"code":2,"message":"Alert sub ob.BTC_USDT.50"},"result":{"status":"fail"}}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    channel: Cow<'a, str>,
    event: Option<&'a str>,
    id: Option<u64>,
    error: Option<Refusal>,
    #[serde(borrow, default)]
    result: Object<Update<'a>>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Code,
    #[serde(default)]
    message: String,
}

/// The result of either channel, of an ack (`status`), of a notice (`type`).
#[derive(Default, Deserialize)]
struct Update<'a> {
    #[serde(rename = "t", default)]
    time_ms: Time,
    #[serde(borrow, default)]
    s: Cow<'a, str>,
    #[serde(default)]
    full: bool,
    #[serde(rename = "U")]
    first: Option<i64>,
    u: Option<i64>,
    b: Option<Side>,
    #[serde(rename = "B")]
    bid_size: Option<Decimal>,
    a: Option<Side>,
    #[serde(rename = "A")]
    ask_size: Option<Decimal>,
    #[serde(rename = "type", borrow)]
    kind: Option<Text<'a>>,
}

/// One row of the contracts.
#[derive(Deserialize)]
struct Market {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    quanto_multiplier: Decimal,
    #[serde(default)]
    order_price_round: Decimal,
    #[serde(default)]
    order_size_min: Decimal,
    #[serde(default)]
    enable_decimal: bool,
    #[serde(default = "trading")]
    status: String,
    #[serde(default)]
    in_delisting: bool,
}

/// Lists of before 2025 do not say.
fn trading() -> String {
    "trading".to_string()
}

impl Venue for Gateio {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v4/futures/usdt/contracts")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, bare_rows(bodies)?, "name", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let event = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let is_top = topics.iter().any(|topic| topic.channel == Channel::Top);
        let name = |topic: &Topic<'_>| match topic.channel {
            Channel::Book => format!("{STREAM_PREFIX}{}.{LEVELS}", topic.native_symbol),
            _ => topic.native_symbol.to_string(),
        };
        let payload: Vec<String> = topics.iter().map(name).collect();
        let channel = PROFILE.channel(if is_top { Channel::Top } else { Channel::Book });
        serde_json::json!({"id": id, "channel": channel, "event": event, "payload": payload}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        if let Some(event @ ("subscribe" | "unsubscribe")) = message.event {
            on_answer(event, &message, desk);
            return Ok(());
        }
        match (message.channel.as_ref(), message.result.0) {
            ("futures.obu", Some(update)) => on_book(update, desk),
            ("futures.book_ticker", Some(update)) => on_ticker(&update, desk),
            ("futures.obu" | "futures.book_ticker", None) => Err(FrameError::Missing("result")),
            ("futures.system", Some(notice)) if notice.kind.as_deref() == Some("upgrade") => {
                desk.reconnect("the venue announced a restart");
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"s\":\"").map(contract)
    }
}

/// The contract in the name of a stream of either channel.
fn contract(stream: &str) -> &str {
    let levelled = stream.strip_prefix(STREAM_PREFIX).and_then(|rest| rest.rsplit_once('.'));
    levelled.map_or(stream, |(contract, _)| contract)
}

impl Update<'_> {
    fn last(&self) -> Result<i64, FrameError> {
        self.u.ok_or(FrameError::Missing("u"))
    }

    fn exchange_ns(&self) -> i64 {
        self.time_ms.0.saturating_mul(MILLISECOND_NS)
    }
}

/// Rules 1 and 2.
fn on_book(update: Update<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(contract(&update.s)) else { return Ok(()) };
    let (last, exchange_ns) = (update.last()?, update.exchange_ns());
    let (bids, asks) = (levels(update.b)?, levels(update.a)?);
    if update.full {
        desk.snapshot(
            slot,
            Snapshot { sequence: last, cross_sequence: None, exchange_ns, bids, asks, depth_limit: None },
        );
        return Ok(());
    }
    let first = update.first.ok_or(FrameError::Missing("U"))?;
    let previous = first.checked_sub(1).filter(|_| first <= last).ok_or(FrameError::Invalid("U"))?;
    desk.delta(slot, Delta { previous, first, last, cross_sequence: None, exchange_ns, bids, asks });
    Ok(())
}

/// A side of the book; none is one without changes.
fn levels(side: Option<Side>) -> Result<Vec<Level>, FrameError> {
    match side {
        Some(Side::Levels(levels)) => Ok(levels),
        Some(Side::Price(_)) => Err(FrameError::Invalid("a side")),
        None => Ok(Vec::new()),
    }
}

/// Rule 6.
fn on_ticker(update: &Update<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&update.s) else { return Ok(()) };
    let bid = best(price(update.b.as_ref())?, update.bid_size)?;
    let ask = best(price(update.a.as_ref())?, update.ask_size)?;
    desk.top(slot, Top { sequence: update.last()?, exchange_ns: update.exchange_ns(), bid, ask });
    Ok(())
}

fn on_answer(event: &str, message: &Message<'_>, desk: &mut Desk) {
    let wishes = message.id.map(|id| desk.answered(id)).unwrap_or_else(|| desk.answered_alone());
    let Some(error) = &message.error else {
        return desk.grant(&wishes);
    };
    let detail = format!("{} {}", error.code, error.message);
    if wishes.is_empty() {
        desk.report("venue_error", None, &format!("{event}: {detail}"));
    }
    for wish in wishes {
        // Only the ticker's channel says so of an unknown contract.
        if wish.operation == Operation::Subscribe && error.message.starts_with("unknown currency pair") {
            desk.refuse(wish.slot, &detail);
        } else {
            desk.decline(wish, &detail);
        }
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    let Some((base, quote)) = market.name.rsplit_once('_').filter(|_| market.kind == "direct") else { return };
    let refusal = match market {
        Market { status, .. } if status != "trading" => Some(format!("status is {status}")),
        Market { in_delisting: true, .. } => Some("it is being delisted".to_string()),
        _ => None,
    };
    if let Some(reason) = refusal {
        return listing.quarantine(&market.name, reason);
    }
    let contract_size = market.quanto_multiplier.0;
    let lot = if market.enable_decimal { market.order_size_min.0 } else { 1.0 };
    listing.add(&ListedMarket {
        native_symbol: &market.name,
        base,
        quote,
        settle: "USDT",
        contract_size,
        tick_size: market.order_price_round.0,
        lot_size: lot * contract_size,
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

    const BTC: &str = "BTC_USDT";

    fn full(last: i64) -> String {
        format!(
            r#"{{"channel":"futures.obu","result":{{"t":1743673026995,"full":true,"s":"ob.BTC_USDT.50","u":{last},
            "b":[["99.0","1.5"],["98","1"]],"a":[["101","2"]]}},"time_ms":1743673026999}}"#
        )
    }

    /// `sides` as in `,"b":[["99.5","1"]]`.
    fn delta(first: i64, last: i64, sides: &str) -> String {
        format!(
            r#"{{"channel":"futures.obu","result":{{"t":1743673027017,"s":"ob.BTC_USDT.50","U":{first},"u":{last}{sides}}},
            "time_ms":1743673027020}}"#
        )
    }

    fn ticker(last: i64, bid: &str, bid_size: &str, ask: &str, ask_size: &str) -> String {
        format!(
            r#"{{"time":1,"time_ms":2,"channel":"futures.book_ticker","event":"update","result":{{"t":1788488685992,
            "u":{last},"s":"BTC_USDT","b":"{bid}","B":{bid_size},"a":"{ask}","A":{ask_size}}}}}"#
        )
    }

    fn answer(id: u64, channel: &str, event: &str, error: &str) -> String {
        let status = if error.is_empty() { "success" } else { "fail" };
        let error =
            if error.is_empty() { String::new() } else { format!(r#""error":{{"code":2,"message":"{error}"}},"#) };
        format!(
            r#"{{"time":1,"time_ms":2,"id":{id},"conn_id":"c","trace_id":"t","channel":"{channel}","event":"{event}",
            "payload":["x"],{error}"result":{{"status":"{status}"}}}}"#
        )
    }

    /// 99 x 1.5 | 101 x 2 at 100.
    fn live() -> Bench {
        let mut bench = Bench::open("gateio", &[BTC]);
        bench.text(&answer(1, "futures.obu", "subscribe", ""));
        bench.text(&answer(2, "futures.book_ticker", "subscribe", ""));
        bench.text(&full(100));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn each_stream_is_asked_for_by_itself_and_depth_comes_first() {
        let mut bench = Bench::open("gateio", &[BTC, "币安人生_USDT"]);
        let expected = |id: u64, channel: &str, stream: &str| {
            format!(r#"{{"channel":"{channel}","event":"subscribe","id":{id},"payload":["{stream}"]}}"#)
        };
        assert_eq!(
            bench.take_sent(),
            [
                expected(1, "futures.obu", "ob.BTC_USDT.50"),
                expected(2, "futures.obu", "ob.币安人生_USDT.50"),
                expected(3, "futures.book_ticker", "BTC_USDT"),
                expected(4, "futures.book_ticker", "币安人生_USDT"),
            ]
        );
    }

    #[test]
    fn rule_1_the_first_full_frame_and_any_later_one_is_the_book() {
        let mut bench = live();
        bench.text(&full(90).replace("99.0", "99.2"));
        assert_eq!(bench.take_top(), Some((99.2, 1.5, 101.0, 2.0)));
        bench.text(&delta(91, 92, r#","b":[["99.3","1"]]"#));
        assert_eq!(bench.take_top(), Some((99.3, 1.0, 101.0, 2.0)));
        assert_eq!((bench.feed.stats().gaps, bench.feed.stats().resyncs), (0, 0));
    }

    #[test]
    fn rule_1_a_full_frame_may_bear_a_first_id_a_time_and_an_event() {
        let mut bench = Bench::open("gateio", &[BTC]);
        bench.text(
            &full(100)
                .replace(r#""u":100"#, r#""U":7,"u":100"#)
                .replace(r#"{"channel":"futures.obu""#, r#"{"time":1,"event":"update","channel":"futures.obu""#),
        );
        assert_eq!(bench.state(BTC), BookState::Live);
    }

    #[test]
    fn rule_2_ids_chain_also_through_frames_without_levels() {
        let mut bench = live();
        bench.text(&delta(101, 101, ""));
        bench.text(&delta(102, 110, r#","b":[["99.5","3"]]"#));
        bench.text(&delta(111, 111, r#","a":[["100.5","4"]],"b":[]"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        assert_eq!((bench.feed.stats().gaps, bench.feed.stats().parse_errors), (0, 0));
    }

    #[test]
    fn rule_3_zero_removes_in_any_order_and_an_emptied_side_is_the_truth() {
        let mut bench = live();
        bench.text(&delta(101, 105, r#","b":[["97","2"],["99","0"],["12345","0"],["98.5","7"]]"#));
        assert_eq!(bench.take_top(), Some((98.5, 7.0, 101.0, 2.0)));
        bench.text(&delta(106, 106, r#","a":[["101.0","0.0"]]"#));
        assert_eq!(bench.take_top(), Some((98.5, 7.0, 0.0, 0.0)));
    }

    #[test]
    fn rule_4_a_gap_withdraws_the_prices_until_a_new_full_frame() {
        let mut bench = live();
        bench.text(&delta(102, 103, r#","b":[["99.5","3"]]"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        let sent = bench.take_sent();
        assert!(sent.len() == 1 && sent[0].contains("unsubscribe") && sent[0].contains("ob.BTC_USDT.50"), "{sent:?}");
        bench.text(&ticker(104, "99.9", "1", "101", "1"));
        bench.text(&delta(104, 105, ""));
        assert!(bench.take_quotes().is_empty(), "nothing is quoted from a broken book");
        bench.text(&answer(3, "futures.obu", "unsubscribe", ""));
        let sent = bench.take_sent();
        assert!(sent.len() == 1 && sent[0].contains(r#""event":"subscribe""#), "{sent:?}");
        bench.text(&full(110));
        assert_eq!((bench.state(BTC), bench.feed.stats().resyncs), (BookState::Live, 1), "before the ack");
        bench.text(&answer(4, "futures.obu", "subscribe", ""));
        bench.text(&delta(111, 112, ""));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Live, 1));
    }

    #[test]
    fn rule_5_a_contract_that_is_silent_after_the_ack_is_asked_for_again_and_the_rest_stands() {
        let mut bench = Bench::open("gateio", &[BTC, "NOPE_USDT"]);
        bench.text(&full(100));
        bench.text(&answer(2, "futures.obu", "subscribe", ""));
        bench.take_steps();
        for last in 101..121 {
            bench.wait(SECOND_NS);
            bench.text(&delta(last, last, ""));
        }
        let sent = bench.take_sent();
        assert!(sent.iter().any(|text| text.contains("unsubscribe") && text.contains("ob.NOPE_USDT.50")), "{sent:?}");
        assert!(!sent.iter().any(|text| text.contains("BTC_USDT")), "{sent:?}");
        assert_eq!((bench.state("NOPE_USDT"), bench.state(BTC)), (BookState::Resyncing, BookState::Live));
    }

    #[test]
    fn rule_5_the_tickers_channel_tells_of_an_unknown_contract() {
        let mut bench = Bench::open("gateio", &["NOPE_USDT"]);
        bench.text(&answer(2, "futures.book_ticker", "subscribe", "unknown currency pair: NOPE_USDT"));
        assert_eq!(bench.state("NOPE_USDT"), BookState::Closed);
    }

    #[test]
    fn rule_5_a_stream_that_is_subscribed_already_is_left_first() {
        let mut bench = Bench::open("gateio", &[BTC]);
        bench.take_steps();
        bench.text(&answer(1, "futures.obu", "subscribe", "Alert sub ob.BTC_USDT.50"));
        assert!(bench.take_sent()[0].contains("unsubscribe"));
    }

    #[test]
    fn rule_6_the_fresher_of_ticker_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&ticker(105, "99.5", "3", "100.5", "\"4.5\""));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.5)));
        bench.text(&delta(101, 104, r#","b":[["99.1","1"]]"#));
        bench.text(&ticker(103, "99.6", "3", "100.6", "4"));
        assert_eq!(bench.take_top(), None);
        bench.text(&delta(105, 106, r#","b":[["99.3","1"]]"#));
        assert_eq!(bench.take_top(), Some((99.3, 1.0, 101.0, 2.0)));
        bench.text(&ticker(107, "", "0", "101", "2"));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)), "an empty side");
    }

    #[test]
    fn rule_7_exact_sizes_are_asked_for_and_become_base_coins() {
        let mut bench = Bench::with("gateio", &[instrument("gateio", BTC, 0.0001)]);
        let headers = |step: &Step| matches!(step, Step::Open { headers: [("X-Gate-Size-Decimal", "1")], .. });
        assert!(bench.take_steps().iter().any(headers));
        bench.connect();
        bench.text(&full(100).replace("\"1.5\"", "\"15000.5\""));
        bench.text(&ticker(101, "99", "\"15000.5\"", "101", "\"0.5\""));
        assert_eq!(bench.take_top(), Some((99.0, 15000.5 * 0.0001, 101.0, 0.5 * 0.0001)));
    }

    #[test]
    fn the_client_pings_and_a_pong_is_not_data() {
        let mut bench = live();
        for _ in 0..7 {
            bench.wait(10 * SECOND_NS);
            let pong = r#"{"time":1,"time_ms":2,"channel":"futures.pong","event":"","result":null}"#;
            bench.text(pong);
        }
        assert_eq!(bench.state(BTC), BookState::Stale);
        let sent = bench.take_sent();
        assert!(sent.len() > 5 && sent.iter().all(|text| text == r#"{"channel":"futures.ping"}"#), "{sent:?}");
        assert_eq!(bench.feed.stats().parse_errors, 0);
    }

    #[test]
    fn an_announced_restart_leads_to_a_new_connection_at_once() {
        let mut bench = live();
        bench.text(r#"{"time":1,"time_ms":2,"channel":"futures.system","event":"update","result":{"type":"upgrade","msg":"soon"}}"#);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { connection: 1, .. })));
    }

    #[test]
    fn errors_to_nothing_that_was_asked_are_reported_and_strangers_ignored() {
        let mut bench = live();
        bench.text(&answer(99, "futures.obu", "subscribe", "internal error"));
        assert_eq!(bench.take_events(), ["venue_error"]);
        bench.text(&full(1).replace("BTC_USDT", "ETH_USDT"));
        bench.text(&ticker(9, "1", "1", "2", "1").replace("BTC_USDT", "ETH_USDT"));
        assert!(bench.take_steps().is_empty() && bench.take_quotes().is_empty());
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            delta(101, 102, r#","b":[["NaN","1"]]"#),
            delta(101, 102, r#","a":[["-1","1"]]"#),
            delta(101, 102, r#","a":[["1","1e300"]]"#),
            delta(101, 102, r#","a":[[{"is":["not","a","price"]},"1"]]"#),
            delta(101, 102, r#","a":"99""#),
            delta(103, 102, ""),
            delta(i64::MIN, 102, ""),
            delta(101, 102, "").replace("\"U\"", "\"x\""),
            delta(101, 102, "").replace("\"u\"", "\"x\""),
            delta(101, 102, r#","b":[["99.5","1"]]"#)[..100].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [
            ticker(102, "NaN", "1", "100", "1"),
            ticker(102, "99", "-1", "100", "1"),
            ticker(102, "99", "1", "100", "1").replace("\"a\"", "\"x\""),
            ticker(102, "99", "1", "100", "1").replace("\"B\"", "\"x\""),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn a_size_of_zero_is_an_empty_side() {
        let mut bench = live();
        bench.text(&ticker(102, "99", "0", "100", "1"));
        assert_eq!((bench.take_top(), bench.feed.stats().parse_errors), (Some((0.0, 0.0, 100.0, 1.0)), 0));
    }

    #[test]
    fn markets_are_trading_contracts_on_coins_with_sizes_in_base_coins() {
        let row = |name: &str, more: &str| {
            format!(
                r#"{{"name":"{name}","type":"direct","quanto_multiplier":"0.0001","order_price_round":"0.1","order_size_min":1,
                "enable_decimal":false,"status":"trading","in_delisting":false,"contract_type":"","is_pre_market":false{more}}}"#
            )
        };
        let rows = [
            row("BTC_USDT", ""),
            row("ETH_USDT", "")
                .replace("0.0001", "0.01")
                .replace("min\":1", "min\":\"0.1\"")
                .replace("false,\"s", "true,\"s"),
            row("币安人生_USDT", "").replace("0.0001", "10"),
            row("OLD_USDT", "").replace("trading", "delisting"),
            row("GOING_USDT", "").replace("delisting\":false", "delisting\":true"),
            row("SOON_USDT", "").replace("market\":false", "market\":true"),
            row("TSLA_USDT", "").replace("contract_type\":\"", "contract_type\":\"stocks"),
            row("BTC_USD", "").replace("direct", "inverse"),
            row("NIL_USDT", "").replace("0.0001", "0"),
            r#"{"name":"BAD_USDT"}"#.to_string(),
        ];
        let listing = Gateio.parse_markets(&[format!("[{}]", rows.join(",")).as_bytes()], 0).unwrap();
        let listed: Vec<_> = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str())).collect();
        let expected = [
            ("BTC/USDT:USDT", "BTC"),
            ("ETH/USDT:USDT", "ETH"),
            ("币安人生/USDT:USDT", "币安人生"),
            ("SOON/USDT:USDT", "pre-market:SOON"),
            ("TSLA/USDT:USDT", "share:TSLA"),
        ];
        assert_eq!(listed, expected);
        assert_eq!((listing.instruments[0].contract_size, listing.instruments[0].lot_size), (0.0001, 0.0001));
        assert_eq!((listing.instruments[1].contract_size, listing.instruments[1].lot_size), (0.01, 0.001));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["OLD_USDT", "GOING_USDT", "NIL_USDT", "BAD_USDT"]);
    }
}
