//! Hyperliquid perpetuals. <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket>
//!
//! Synchronisation:
//! 1. Each frame of `l2Book` is the whole book that is told: with `fast`, five levels a side every half second, whether it
//!    changed or not. (Without, it comes every five seconds only.) It replaces the one before.
//! 2. There are no sequences: `time`, the block's, orders the frames. An older one is dropped.
//! 3. `bbo` comes with every block that changes the best bid or ask and bears the same time: the fresher is the top. A
//!    missing side is `null`.
//! 4. A delisted coin's book has two empty sides: it is closed, until there is a level again.
//! 5. A coin that the venue does not know, also one in the wrong case, ends the whole connection without a word: only names
//!    of the market list are ever asked for.
//! 6. Sizes are coins; `kPEPE` is a thousand PEPE. Names with a colon are markets that others run (HIP-3): left out.
//!
//! REST is one address, `POST /info`, whose body says what is wanted. The server drops a connection to which it has sent
//! nothing for a minute; the client pings. One coin a message; 1,000 subscriptions and 2,000 messages a minute in all.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{BookRequest, Channel, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Decimal, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::Level;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

const PROFILE: VenueProfile = VenueProfile {
    id: "hyperliquid",
    name: "Hyperliquid",
    websocket_url: "wss://api.hyperliquid.xyz",
    rest_url: "https://api.hyperliquid.xyz",
    docs_url: "https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api",
    channels: &[(Channel::Book, "l2Book"), (Channel::Top, "bbo")],
    guard_rule: "every depth frame is the whole book, ordered by its block's time",
    taker_fee_percent: 0.045,
    maker_fee_percent: 0.015,
    instruments_per_connection: 250,
    connects_per_minute: 30,
    request_weight_per_minute: 1_200,
    stale_after_ns: 5 * SECOND_NS,
    is_gap_visible: false,
    relays: None,
    sources: &["live probe 2026-09-24", "captured frames 2026-09-03", "venue's documentation 2025-11"],
    certainty: "frames, cadence, ping and the end of a connection by an unknown coin were seen live; limits are documented and have changed before",
    unavailable_reason: None,
};

/// Two full connections stay within 1,000 subscriptions, and within 2,000 messages in their first minute.
const CONDUCT: Conduct = Conduct {
    socket_path: "/ws",
    pacing: Pacing { burst: 100, interval_ns: 70 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"method":"ping"}"#, every_ns: 30 * SECOND_NS }),
    silence_limit_ns: 45 * SECOND_NS,
    snapshot_source: SnapshotSource::EveryFrame,
    top_mark: Some(r#""bbo""#),
    ..Conduct::USUAL
};

const META_WEIGHT: u32 = 20;
const CHECK_WEIGHT: u32 = 2;

/// Hyperliquid.
pub struct Hyperliquid;

/// `{"channel":"l2Book","data":{...}}`, or `{"channel":"error","data":"Already subscribed: {...}"}`, or `{"channel":"pong"}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    channel: Cow<'a, str>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

/// The content of a channel, or what is wrong.
enum Data<'a> {
    Complaint(String),
    Content(Content<'a>),
}

/// `{"coin":"BTC","time":1788488745352,"levels":[[{"px":"80652.0","sz":"4.29172","n":19}],[]]}` of a book,
/// `{"coin":"BTC","time":1766566375292,"bbo":[{"px":"23.757","sz":"42.09","n":1},null]}` of a best bid and ask, and
/// `{"method":"subscribe","subscription":{"type":"l2Book","coin":"BTC","nSigFigs":null,"mantissa":null,"fast":true}}`
#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow, default)]
    coin: Cow<'a, str>,
    time: Option<i64>,
    levels: Option<(Vec<Resting>, Vec<Resting>)>,
    bbo: Option<(Option<Resting>, Option<Resting>)>,
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow)]
    subscription: Option<Subscription<'a>>,
}

/// `{"px":"80652.0","sz":"4.29172","n":19}`
#[derive(Clone, Copy, Deserialize)]
struct Resting {
    px: Decimal,
    sz: Decimal,
}

#[derive(Deserialize)]
struct Subscription<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    coin: Cow<'a, str>,
}

/// One row of `universe`; `isDelisted` stands there only when it is true.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    name: String,
    sz_decimals: u32,
    is_delisted: Option<bool>,
}

impl Venue for Hyperliquid {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::post("/info", r#"{"type":"meta"}"#).weighing(META_WEIGHT)]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &Classes::UNTOLD, rows(bodies, "universe")?, "name", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let method = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let subscription = topics.first().map(|topic| match topic.channel {
            Channel::Book => serde_json::json!({"type": "l2Book", "coin": topic.native_symbol, "fast": true}),
            _ => serde_json::json!({"type": "bbo", "coin": topic.native_symbol}),
        });
        serde_json::json!({"method": method, "subscription": subscription}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        match (message.channel.as_ref(), message.data) {
            ("pong", _) => Ok(()),
            ("error", Some(Data::Complaint(text))) => {
                on_error(&text, desk);
                Ok(())
            }
            ("l2Book", Some(Data::Content(content))) => on_book(content, desk),
            ("bbo", Some(Data::Content(content))) => on_bbo(&content, desk),
            ("subscriptionResponse", Some(Data::Content(content))) => {
                on_answer(&content, desk);
                Ok(())
            }
            ("error" | "l2Book" | "bbo" | "subscriptionResponse", _) => Err(FrameError::Missing("data")),
            _ => Ok(()),
        }
    }

    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let body = serde_json::json!({"type": "l2Book", "coin": native_symbol}).to_string();
        Some(BookRequest { request: RestRequest::post("/info", body).weighing(CHECK_WEIGHT), depth_limit: usize::MAX })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        parse::<Content<'_>>(body)?.into_snapshot()
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"coin\":\"")
    }
}

fn on_book(content: Content<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&content.coin) else { return Ok(()) };
    let snapshot = content.into_snapshot()?;
    if snapshot.bids.is_empty() && snapshot.asks.is_empty() {
        desk.close(slot, "both sides of its book are empty");
    } else {
        desk.snapshot(slot, snapshot);
    }
    Ok(())
}

impl Content<'_> {
    fn into_snapshot(self) -> Result<Snapshot, FrameError> {
        let time_ms = self.time.ok_or(FrameError::Missing("time"))?;
        let (bids, asks) = self.levels.ok_or(FrameError::Missing("levels"))?;
        let levels = |side: Vec<Resting>| side.into_iter().map(Level::from).collect();
        Ok(Snapshot {
            sequence: time_ms,
            exchange_ns: time_ms.saturating_mul(MILLISECOND_NS),
            bids: levels(bids),
            asks: levels(asks),
            ..Snapshot::default()
        })
    }
}

fn on_bbo(content: &Content<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&content.coin) else { return Ok(()) };
    let time_ms = content.time.ok_or(FrameError::Missing("time"))?;
    let (bid, ask) = content.bbo.ok_or(FrameError::Missing("bbo"))?;
    let best = |side: Option<Resting>| side.map(Level::from).unwrap_or_default();
    desk.top(
        slot,
        Top { sequence: time_ms, exchange_ns: time_ms.saturating_mul(MILLISECOND_NS), bid: best(bid), ask: best(ask) },
    );
    Ok(())
}

fn on_answer(content: &Content<'_>, desk: &mut Desk) {
    let Some(subscription) = &content.subscription else { return };
    let operation = if content.method == "unsubscribe" { Operation::Unsubscribe } else { Operation::Subscribe };
    acknowledge(operation, &subscription.kind, &subscription.coin, desk);
}

/// Asking for what is there already, or leaving what is not, comes to the same as being granted it.
fn on_error(text: &str, desk: &mut Desk) {
    let (kind, coin) = (text_after(text.as_bytes(), "\"type\":\""), text_after(text.as_bytes(), "\"coin\":\""));
    match (text.split_once(':').map(|(what, _)| what), kind, coin) {
        (Some("Already subscribed"), Some(kind), Some(coin)) => acknowledge(Operation::Subscribe, kind, coin, desk),
        (Some("Already unsubscribed"), Some(kind), Some(coin)) => acknowledge(Operation::Unsubscribe, kind, coin, desk),
        _ => desk.report("venue_error", coin.and_then(|coin| desk.slot(coin)), text),
    }
}

fn acknowledge(operation: Operation, kind: &str, coin: &str, desk: &mut Desk) {
    let channel = if kind == "l2Book" { Channel::Book } else { Channel::Top };
    if let Some(slot) = desk.slot(coin) {
        desk.acknowledge(operation, slot, channel);
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.is_delisted == Some(true) {
        return listing.quarantine(&market.name, "delisted");
    }
    if market.name.contains(':') {
        return listing.quarantine(&market.name, "a market that others run (HIP-3): left out");
    }
    listing.add(&ListedMarket {
        native_symbol: &market.name,
        base: &market.name,
        quote: "USDC",
        settle: "USDC",
        contract_size: 1.0,
        tick_size: 0.0, // five significant digits, so that it moves with the price
        lot_size: format!("1e-{}", market.sz_decimals).parse().unwrap_or(f64::NAN),
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

impl From<Resting> for Level {
    fn from(resting: Resting) -> Self {
        Self { price: resting.px.0, size: resting.sz.0 }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Data<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DataVisitor;
        impl<'de> Visitor<'de> for DataVisitor {
            type Value = Data<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a channel's content or a complaint")
            }
            fn visit_str<E>(self, text: &str) -> Result<Data<'de>, E> {
                Ok(Data::Complaint(text.to_string()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Data<'de>, A::Error> {
                Content::deserialize(MapAccessDeserializer::new(map)).map(Data::Content)
            }
        }
        deserializer.deserialize_any(DataVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    fn levels(sides: &[(&str, &str)]) -> String {
        let levels = sides.iter().map(|(px, sz)| format!(r#"{{"px":"{px}","sz":"{sz}","n":3}}"#));
        format!("[{}]", levels.collect::<Vec<_>>().join(","))
    }

    fn book(coin: &str, time_ms: i64, bids: &[(&str, &str)], asks: &[(&str, &str)]) -> String {
        format!(
            r#"{{"channel":"l2Book","data":{{"coin":"{coin}","time":{time_ms},"levels":[{},{}]}}}}"#,
            levels(bids),
            levels(asks)
        )
    }

    fn whole(time_ms: i64, bid: &str) -> String {
        book("BTC", time_ms, &[(bid, "1.5"), ("98.0", "1.0")], &[("101.0", "2.0")])
    }

    fn bbo(time_ms: i64, bid: &str, ask: &str) -> String {
        format!(r#"{{"channel":"bbo","data":{{"coin":"BTC","time":{time_ms},"bbo":[{bid},{ask}]}}}}"#)
    }

    fn level(px: &str, sz: &str) -> String {
        format!(r#"{{"px":"{px}","sz":"{sz}","n":1}}"#)
    }

    fn ack(method: &str, kind: &str) -> String {
        format!(
            r#"{{"channel":"subscriptionResponse","data":{{"method":"{method}","subscription":{{"type":"{kind}","coin":"BTC",
            "nSigFigs":null,"mantissa":null,"fast":true}}}}}}"#
        )
    }

    /// A live book, 99 x 1.5 | 101 x 2 of the block at 1,000 ms.
    fn live() -> Bench {
        let mut bench = Bench::open("hyperliquid", &["BTC"]);
        bench.text(&ack("subscribe", "l2Book"));
        bench.text(&whole(1_000, "99.0"));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn a_message_names_one_coin_and_depth_is_asked_for_fast() {
        let mut bench = Bench::new("hyperliquid", &["BTC", "kPEPE"]);
        let url = "wss://api.hyperliquid.xyz/ws".to_string();
        assert_eq!(bench.take_steps(), [Step::Open { connection: 1, url, ticket: None, headers: &[] }]);
        bench.connect();
        let sent = bench.take_sent();
        let wanted: Vec<serde_json::Value> = sent
            .iter()
            .map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap()["subscription"].take())
            .collect();
        assert_eq!(wanted[0], serde_json::json!({"type": "l2Book", "coin": "BTC", "fast": true}));
        assert_eq!(wanted[3], serde_json::json!({"type": "bbo", "coin": "kPEPE"}));
        assert_eq!(sent.len(), 4);
    }

    #[test]
    fn rule_1_every_frame_replaces_the_book() {
        let mut bench = live();
        bench.text(&book("BTC", 1_540, &[("50", "1")], &[("60", "1")]));
        assert_eq!(bench.take_top(), Some((50.0, 1.0, 60.0, 1.0)));
        assert_eq!(bench.feed.stats().gaps, 0);
    }

    #[test]
    fn rule_1_the_venue_s_pace_makes_nobody_stale_and_its_silence_does() {
        let mut bench = live();
        for frame in 1..20 {
            bench.wait(540 * MILLISECOND_NS);
            bench.text(&whole(1_000 + frame * 540, "99.0"));
        }
        assert!(bench.take_quotes().is_empty() && bench.state("BTC") == BookState::Live);
        bench.wait(6 * SECOND_NS);
        assert_eq!(bench.state("BTC"), BookState::Stale);
    }

    #[test]
    fn rule_2_an_older_frame_is_dropped() {
        let mut bench = live();
        bench.text(&whole(1_540, "99.5"));
        bench.take_quotes();
        bench.text(&whole(1_000, "99.0"));
        assert_eq!((bench.take_top(), bench.state("BTC")), (None, BookState::Live));
    }

    #[test]
    fn rule_3_the_fresher_of_both_is_the_top_and_a_missing_side_is_none() {
        let mut bench = live();
        bench.text(&bbo(1_200, &level("99.5", "3"), &level("100.5", "4")));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&whole(1_100, "99.0"));
        bench.text(&bbo(1_150, &level("99.6", "3"), &level("100.5", "4")));
        assert_eq!(bench.take_top(), None, "both are older");
        bench.text(&bbo(1_300, "null", &level("100.5", "4")));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 4.0)));
        bench.text(&whole(1_540, "99.2"));
        assert_eq!(bench.take_top(), Some((99.2, 1.5, 101.0, 2.0)));
    }

    #[test]
    fn rule_4_a_book_without_any_level_is_closed_until_it_has_one() {
        let mut bench = live();
        bench.text(&book("BTC", 1_540, &[], &[]));
        assert_eq!((bench.state("BTC"), bench.take_top()), (BookState::Closed, Some((0.0, 0.0, 0.0, 0.0))));
        bench.text(&book("BTC", 2_080, &[], &[]));
        bench.text(&bbo(2_100, &level("99.6", "3"), &level("100.5", "4")));
        assert_eq!((bench.take_top(), bench.take_events()), (None, vec!["market_closed"]));
        bench.text(&whole(2_620, "99.5"));
        assert_eq!((bench.state("BTC"), bench.take_top()), (BookState::Live, Some((99.5, 1.5, 101.0, 2.0))));
    }

    #[test]
    fn rule_4_a_closed_market_that_keeps_being_told_is_not_asked_for_again() {
        let mut bench = live();
        for frame in 1..200 {
            bench.text(&book("BTC", 1_000 + frame * 540, &[], &[]));
            bench.wait(540 * MILLISECOND_NS);
        }
        let sent = bench.take_sent();
        assert!(sent.iter().all(|text| text.contains("ping")), "{sent:?}");
        assert_eq!(bench.state("BTC"), BookState::Closed);
    }

    #[test]
    fn rule_5_and_6_only_listed_coins_of_the_venue_itself_can_be_asked_for() {
        let body = br#"{"universe":[
            {"szDecimals":5,"name":"BTC","maxLeverage":40},{"szDecimals":0,"name":"kPEPE","maxLeverage":10},
            {"szDecimals":1,"name":"LOOM","maxLeverage":3,"isDelisted":true},{"szDecimals":1,"name":"OPEN","isDelisted":null},
            {"szDecimals":3,"name":"xyz:TSLA"},{"name":"BROKEN","szDecimals":"two"},{"szDecimals":1}
        ],"marginTables":[],"collateralToken":0}"#;
        let listing = Hyperliquid.parse_markets(&[body], 0).unwrap();
        let listed: Vec<_> = listing
            .instruments
            .iter()
            .map(|one| (one.symbol.as_str(), one.native_symbol.as_str(), one.asset.as_str(), one.asset_scale))
            .collect();
        assert_eq!(
            listed,
            [
                ("BTC/USDC:USDC", "BTC", "BTC", 1.0),
                ("kPEPE/USDC:USDC", "kPEPE", "PEPE", 1000.0),
                ("OPEN/USDC:USDC", "OPEN", "OPEN", 1.0)
            ]
        );
        assert_eq!((listing.instruments[0].lot_size, listing.instruments[1].lot_size), (0.00001, 1.0));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["LOOM", "xyz:TSLA", "BROKEN", "?"]);
        let request = RestRequest::post("/info", r#"{"type":"meta"}"#).weighing(20);
        assert_eq!(Hyperliquid.market_requests(), [request]);
    }

    #[test]
    fn what_is_there_already_counts_as_granted() {
        let mut bench = Bench::open("hyperliquid", &["BTC"]);
        bench.wait(9 * SECOND_NS);
        bench.take_steps();
        bench.text(
            r#"{"channel":"error","data":"Already subscribed: {\"type\":\"l2Book\",\"coin\":\"BTC\",\"fast\":true}"}"#,
        );
        bench.wait(2 * SECOND_NS);
        assert!(bench.take_events().is_empty(), "its book is waited for anew");
        bench.text(r#"{"channel":"error","data":"Error parsing JSON into valid websocket request: {}"}"#);
        assert_eq!(bench.take_events(), ["venue_error"]);
    }

    #[test]
    fn a_book_that_does_not_come_again_is_left_and_joined_anew() {
        let mut bench = live();
        bench.text(&book("BTC", 1_540, &[("NaN", "1")], &[]));
        assert_eq!(bench.state("BTC"), BookState::Resyncing);
        bench.wait(11 * SECOND_NS);
        assert!(bench.take_sent()[0].contains("unsubscribe"));
        bench.text(r#"{"channel":"error","data":"Already unsubscribed: {\"type\":\"l2Book\",\"coin\":\"BTC\",\"fast\":true}"}"#);
        assert!(bench.take_sent()[0].contains(r#""subscribe""#));
        bench.text(&ack("subscribe", "l2Book"));
        bench.text(&whole(12_000, "99.5"));
        assert_eq!((bench.state("BTC"), bench.feed.stats().resyncs), (BookState::Live, 1));
    }

    #[test]
    fn a_book_that_falls_behind_its_best_bid_and_ask_is_left_and_joined_anew_at_once() {
        let mut bench = live();
        for frame in 1..12 {
            bench.text(&bbo(1_000 + frame * 500, &level("99.5", &frame.to_string()), &level("100.5", "4")));
            bench.wait(SECOND_NS / 2);
        }
        assert_eq!((bench.state("BTC"), bench.take_top()), (BookState::Resyncing, Some((0.0, 0.0, 0.0, 0.0))));
        assert!(bench.take_sent().iter().any(|text| text.contains("unsubscribe") && text.contains("l2Book")));
    }

    #[test]
    fn a_spoilt_frame_withdraws_the_prices_until_the_next_whole_one() {
        for spoilt in [
            book("BTC", 1_540, &[("NaN", "1")], &[]),
            book("BTC", 1_540, &[("-1.5", "1")], &[]),
            whole(1_540, "99.5").replace("\"99.5\"", r#"{"is":["not"]}"#),
            whole(1_540, "99.5").replace("\"time\":1540,", ""),
            whole(1_540, "99.5")[..90].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state("BTC"), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            bench.text(&whole(2_080, "99.5"));
            assert_eq!((bench.state("BTC"), bench.feed.stats().resyncs), (BookState::Live, 1));
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [
            bbo(1_540, &level("99.5", "x"), "null"),
            bbo(1_540, "7", "null"),
            bbo(1_540, "null", "null").replace("null,null", "null"),
            bbo(1_540, &level("99.5", "1"), "null").replace("\"time\":1540,", ""),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state("BTC"), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn a_size_of_zero_is_an_empty_side() {
        let mut bench = live();
        bench.text(&bbo(1_540, &level("99.5", "0"), "null"));
        assert_eq!((bench.take_top(), bench.feed.stats().parse_errors), (Some((0.0, 0.0, 0.0, 0.0)), 0));
    }

    #[test]
    fn a_level_of_size_zero_is_not_there_and_a_crossed_book_is_not_quoted() {
        let mut bench = live();
        bench.text(&book("BTC", 1_540, &[("99.5", "0"), ("99.4", "1")], &[("101", "2")]));
        assert_eq!(bench.take_top(), Some((99.4, 1.0, 101.0, 2.0)));
        bench.text(&whole(2_080, "101.0"));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
    }

    #[test]
    fn frames_of_other_channels_and_of_coins_not_tracked_are_let_pass() {
        let mut bench = live();
        bench.text(r#"{"channel":"activeAssetCtx","data":{"coin":"BTC","ctx":{"funding":"0.0000097782"}}}"#);
        bench.text(&book("ETH", 1, &[("1", "1")], &[]));
        bench.text(r#"{"channel":"pong"}"#);
        assert_eq!((bench.feed.stats().parse_errors, bench.state("BTC")), (0, BookState::Live));
        bench.text(r#"{"channel":"l2Book"}"#);
        assert_eq!(bench.feed.stats().parse_errors, 1);
    }

    #[test]
    fn a_quiet_book_is_looked_at_over_rest_by_post() {
        let mut bench = live();
        bench.text(&ack("subscribe", "bbo"));
        bench.wait(4 * SECOND_NS);
        let steps = bench.take_steps();
        let fetch = steps.iter().find_map(|step| match step {
            Step::Fetch { request_id, request } => Some((*request_id, request.clone())),
            _ => None,
        });
        let (request_id, request) = fetch.unwrap();
        let body = r#"{"coin":"BTC","type":"l2Book"}"#;
        let expected = RestRequest::post("https://api.hyperliquid.xyz/info", body).weighing(2);
        assert_eq!(request, RestRequest { is_urgent: false, ..expected });
        bench.answer(
            request_id,
            200,
            &format!(
                r#"{{"coin":"BTC","time":5000,"levels":[{},{}]}}"#,
                levels(&[("99.0", "1.5")]),
                levels(&[("101.0", "2")])
            ),
        );
        assert_eq!((bench.state("BTC"), bench.feed.stats().confirmed), (BookState::Live, 1));
    }

    #[test]
    fn pings_keep_a_quiet_connection() {
        let mut bench = live();
        bench.wait(31 * SECOND_NS);
        assert!(bench.take_sent().iter().any(|text| text == r#"{"method":"ping"}"#));
    }
}
