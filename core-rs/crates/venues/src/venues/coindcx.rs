//! CoinDCX futures. <https://docs.coindcx.com/#futures-sockets>
//!
//! Every pair is a relay of Binance USD-M: prices, sizes and even event times are that venue's, some 130 ms late. A difference
//! between the two is delay and no opportunity (`relays` in the profile).
//!
//! Synchronisation:
//! 1. Socket.IO in Engine.IO 4: the server speaks first (`0{...}`), the client asks for the session (`40`), the server grants
//!    it (`40{...}`). Only the server pings (`2`), and is answered (`3`). `1`, `41` and `44` are goodbyes.
//! 2. `join` and `leave` are never answered, and an unknown channel is silent: no frame within 10 s means to ask again.
//! 3. What a depth event carries is JSON inside a text. Sides are objects from price to size, in no order; sizes are absolute
//!    and zero removes, in any spelling. Frames name the relayed symbol: `SOLUSDT` is `B-SOL_USDT`.
//! 4. `vs` grows by exactly one with every frame of a pair, snapshots included. One that does not follow shows a loss; a
//!    snapshot replaces the book whatever was missed, but one older than the book shows that frames came out of order.
//! 5. The first frame may be an update, and snapshots come when they like: then, and after a gap (leave, join), the book is
//!    fetched. Updates with `vs <= S` are in it, the first used is `S + 1`; later ones mean that it is too old.
//! 6. A book fetched for an unknown pair is empty with `vs` 0: no answer.
//! 7. 50 levels a side are kept, as joined and fetched. That a level which moves into the window is told though its size did
//!    not change is not confirmed; where it is not, it is missing until it changes, the next snapshot, or a rebuilding.
//!
//! Not listed are ticks and lots: they take a request for each of 500 pairs, as does whether a pair is closing only.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, bare_rows, collect};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Topic};
use crate::profile::{Conduct, Joining, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Decimal, Time, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::Level;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

const PROFILE: VenueProfile = VenueProfile {
    id: "coindcx",
    name: "CoinDCX futures",
    websocket_url: "wss://stream.coindcx.com",
    rest_url: "https://api.coindcx.com",
    docs_url: "https://docs.coindcx.com",
    channels: &[(Channel::Book, "orderbook@50-futures")],
    guard_rule: "each frame's vs is one more than the one before it",
    taker_fee_percent: 0.059,
    maker_fee_percent: 0.0236,
    instruments_per_connection: 100,
    connects_per_minute: 30,
    request_weight_per_minute: 480,
    stale_after_ns: 10 * SECOND_NS,
    is_gap_visible: true,
    relays: Some("binance"),
    sources: &["live probe 2026-09", "captured frames 2026-09", "venue's documentation 2026"],
    certainty: "handshake, frames and their chaining were seen live; limits, snapshots' rhythm and what enters the window are \
        not confirmed; fees include the Indian tax",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/socket.io/?EIO=4&transport=websocket",
    waits_for_greeting: true,
    answers_requests: false,
    pacing: Pacing { burst: 20, interval_ns: 50 * MILLISECOND_NS, gap_ns: 0 },
    silence_limit_ns: 60 * SECOND_NS,
    snapshot_source: SnapshotSource::SocketElseRest { wait_ns: 10 * SECOND_NS },
    book_depth: Some(DEPTH),
    joining,
    ..Conduct::USUAL
};

/// Levels a side: the most that can be joined.
const DEPTH: usize = 50;
/// Books are fetched from a host of their own.
const BOOKS_URL: &str = "https://public.coindcx.com/market_data/v3/orderbook";

/// CoinDCX futures.
pub struct CoinDcx;

/// `["depth-update",{"event":"depth-update","data":"{\"ts\":1789735754803,...}"}]`, behind the packet's `42`
#[derive(Deserialize)]
struct Event<'a>(#[serde(borrow)] Cow<'a, str>, Envelope);

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    data: String,
}

/// `{"ts":1789692790850,"vs":217960065,"asks":{"101.39":"218.14","101.4":"0.0"},"bids":{"101.38":"969.6"},
/// "type":"depth-update","pts":1789692790850,"E":1789692790779,"pr":"futures","s":"SOLUSDT"}`; a fetched book ends behind
/// its sides.
#[derive(Deserialize)]
struct Book<'a> {
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    #[serde(rename = "s")]
    symbol: Option<&'a str>,
    #[serde(rename = "pr")]
    product: Option<&'a str>,
    #[serde(rename = "ts", default)]
    time_ms: Time,
    #[serde(rename = "vs")]
    sequence: i64,
    asks: Table,
    bids: Table,
}

/// A side as an object from price to size.
struct Table(Vec<Level>);

impl Venue for CoinDcx {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        let path = "/exchange/v1/derivatives/futures/data/active_instruments?margin_currency_short_name[]=USDT";
        vec![RestRequest::get(path)]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &Classes::UNTOLD, bare_rows(bodies)?, "", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let event = if operation == Operation::Subscribe { "join" } else { "leave" };
        let channel = format!("{}@{}", topics[0].native_symbol, PROFILE.channel(Channel::Book));
        format!("42{}", serde_json::json!([event, {"channelName": channel}]))
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        match frame.payload {
            [b'4', b'2', event @ ..] => return on_event(event, desk),
            [b'0', ..] => desk.send("40"),
            [b'4', b'0', ..] => desk.greeted(),
            b"2" => desk.send("3"),
            b"3" | b"6" => {}
            [b'1'] | [b'4', b'1' | b'4', ..] => desk.reconnect("the venue closed the session"),
            _ => return Err(FrameError::Invalid("a packet")),
        }
        Ok(())
    }

    /// Rule 3. All pairs are quoted in USDT, so that no two have the same name.
    fn frame_name<'a>(&self, native_symbol: &'a str) -> Cow<'a, str> {
        Cow::Owned(native_symbol.trim_start_matches("B-").replace('_', ""))
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, r#"\"s\":\""#).map(|symbol| symbol.trim_end_matches('\\'))
    }

    fn book_request(&self, native_symbol: &str, _tracked: usize) -> Option<BookRequest> {
        let request = RestRequest::get(format!("{BOOKS_URL}/{native_symbol}-futures/{DEPTH}"));
        Some(BookRequest { request, depth_limit: usize::MAX })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let book: Book<'_> = parse(body)?;
        if book.sequence <= 0 { Err(FrameError::Missing("a book of this pair")) } else { Ok(book.into_snapshot()) }
    }
}

impl Book<'_> {
    fn exchange_ns(&self) -> i64 {
        self.time_ms.0.saturating_mul(MILLISECOND_NS)
    }

    fn into_snapshot(self) -> Snapshot {
        let (sequence, exchange_ns) = (self.sequence, self.exchange_ns());
        Snapshot { sequence, exchange_ns, bids: self.bids.0, asks: self.asks.0, ..Snapshot::default() }
    }

    fn into_delta(self) -> Delta {
        let (last, exchange_ns) = (self.sequence, self.exchange_ns());
        let previous = last.saturating_sub(1);
        Delta { previous, first: last, last, exchange_ns, bids: self.bids.0, asks: self.asks.0, ..Delta::default() }
    }
}

/// Rule 5.
fn joining(sequence: i64, delta: &Delta) -> Joining {
    if delta.last <= sequence {
        Joining::Old
    } else if delta.previous == sequence {
        Joining::Joins
    } else {
        Joining::TooNew
    }
}

fn on_event(payload: &[u8], desk: &mut Desk) -> Result<(), FrameError> {
    let Event(name, envelope) = parse(payload)?;
    if !matches!(name.as_ref(), "depth-snapshot" | "depth-update") {
        return Ok(());
    }
    let book: Book<'_> = parse(envelope.data.as_bytes())?;
    let symbol = book.symbol.ok_or(FrameError::Missing("s"))?;
    let Some(slot) = desk.slot(symbol).filter(|_| book.product == Some("futures")) else { return Ok(()) };
    match book.kind {
        Some("depth-update") => desk.delta(slot, book.into_delta()),
        Some("depth-snapshot") if book.sequence < desk.sequence(slot) => {
            desk.lose(slot, "a snapshot is older than the book held"); // rule 4
        }
        Some("depth-snapshot") => desk.snapshot(slot, book.into_snapshot()),
        _ => return Err(FrameError::Invalid("the kind of a book")),
    }
    Ok(())
}

fn list(listing: &mut ListingBuilder, pair: &String) {
    let Some((base, quote)) = pair.strip_prefix("B-").and_then(|name| name.split_once('_')) else {
        return listing.quarantine(pair, "not the name of a relayed pair");
    };
    if quote != "USDT" {
        return listing.quarantine(pair, format!("quoted in {quote}"));
    }
    listing.add(&ListedMarket {
        native_symbol: pair,
        base,
        quote,
        settle: quote,
        contract_size: 1.0,
        tick_size: 0.0,
        lot_size: 0.0,
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TableVisitor;
        impl<'de> Visitor<'de> for TableVisitor {
            type Value = Table;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object from price to size")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut side: A) -> Result<Table, A::Error> {
                let mut levels = Vec::with_capacity(DEPTH);
                while let Some((price, size)) = side.next_entry::<Decimal, Decimal>()? {
                    levels.push(Level { price: price.0, size: size.0 });
                }
                Ok(Table(levels))
            }
        }
        deserializer.deserialize_map(TableVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    const PAIR: &str = "B-SOL_USDT";
    const OPEN: &str = r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#;
    const GRANT: &str = r#"40{"sid":"y"}"#;
    const JOIN: &str = r#"42["join",{"channelName":"B-SOL_USDT@orderbook@50-futures"}]"#;
    const LEAVE: &str = r#"42["leave",{"channelName":"B-SOL_USDT@orderbook@50-futures"}]"#;
    const NO: &str = "{}";

    fn event(kind: &str, symbol: &str, vs: i64, bids: &str, asks: &str) -> String {
        let inner = format!(
            r#"{{"ts":1789692790850,"vs":{vs},"asks":{asks},"bids":{bids},"type":"{kind}","pts":1789692790850,
            "E":1789692790779,"pr":"futures","s":"{symbol}"}}"#
        );
        format!("42{}", serde_json::json!([kind, {"event": kind, "data": inner}]))
    }

    fn snapshot(vs: i64) -> String {
        event("depth-snapshot", "SOLUSDT", vs, r#"{"98":"1","99.0":"1.5"}"#, r#"{"101":"2","100.50":"0"}"#)
    }

    fn update(vs: i64, bids: &str, asks: &str) -> String {
        event("depth-update", "SOLUSDT", vs, bids, asks)
    }

    fn fetched(vs: i64) -> String {
        format!(r#"{{"ts":1789692790850,"vs":{vs},"asks":{{"101":"2"}},"bids":{{"99.0":"1.5","98":"1"}}}}"#)
    }

    fn joined() -> Bench {
        let mut bench = Bench::open("coindcx", &[PAIR]);
        bench.text(OPEN);
        bench.text(GRANT);
        bench
    }

    /// A live book, 99 x 1.5 | 101 x 2 at vs 100.
    fn live() -> Bench {
        let mut bench = joined();
        bench.text(&snapshot(100));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_the_session_is_asked_for_and_granted_before_anything_is_joined() {
        let mut bench = Bench::open("coindcx", &[PAIR]);
        bench.wait(SECOND_NS);
        assert!(bench.take_sent().is_empty(), "the server speaks first");
        bench.text(OPEN);
        assert_eq!(bench.take_sent(), ["40"]);
        bench.text(GRANT);
        assert_eq!(bench.take_sent(), [JOIN]);
        assert_eq!(bench.feed.stats().parse_errors, 0);
    }

    #[test]
    fn rule_1_the_server_s_ping_is_answered_and_the_client_never_pings() {
        let mut bench = live();
        bench.wait(50 * SECOND_NS);
        assert!(bench.take_sent().is_empty());
        bench.text("2");
        assert_eq!(bench.take_sent(), ["3"]);
        bench.wait(59 * SECOND_NS);
        assert!(!bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
        bench.wait(SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })), "no ping any more");
    }

    #[test]
    fn rule_1_goodbyes_lead_to_a_new_connection() {
        for goodbye in ["1", "41", r#"44{"message":"not now"}"#] {
            let mut bench = live();
            bench.text(goodbye);
            assert!(matches!(&bench.take_steps()[0], Step::Reconnect { connection: 1, .. }), "{goodbye}");
            assert_eq!(bench.state(PAIR), BookState::Closed);
        }
    }

    #[test]
    fn rule_2_a_join_that_brings_nothing_leads_to_rest_and_is_not_waited_for() {
        let mut bench = joined();
        bench.wait(10 * SECOND_NS + SECOND_NS / 10);
        let fetches = bench.take_fetches();
        assert_eq!(fetches[0].1, "https://public.coindcx.com/market_data/v3/orderbook/B-SOL_USDT-futures/50");
    }

    #[test]
    fn rule_3_sides_have_no_order_sizes_are_absolute_and_zero_removes() {
        let mut bench = live();
        bench.text(&update(101, r#"{"97":"7","99.50":"3","99":"0.0"}"#, r#"{"101.0":"0","102":"4"}"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 102.0, 4.0)));
        bench.text(&update(102, NO, r#"{"102":"0.000"}"#));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 0.0, 0.0)), "an empty side");
        assert_eq!(bench.state(PAIR), BookState::Live);
    }

    #[test]
    fn rule_3_frames_of_spot_and_of_strangers_touch_nothing() {
        let mut bench = live();
        bench.text(&update(500, r#"{"99.9":"1"}"#, NO).replace("futures", "spot"));
        bench.text(&event("depth-update", "BTCUSDT", 500, r#"{"99.9":"1"}"#, NO));
        bench.text(r#"42["new-trade",{"event":"new-trade","data":"{}"}]"#);
        assert!(bench.take_quotes().is_empty());
        assert_eq!((bench.state(PAIR), bench.feed.stats().parse_errors), (BookState::Live, 0));
    }

    #[test]
    fn rule_4_every_frame_is_one_more_snapshots_included() {
        let mut bench = live();
        bench.text(&update(101, r#"{"99.5":"1"}"#, NO));
        bench.text(&snapshot(102));
        bench.text(&update(103, r#"{"99.6":"1"}"#, NO));
        assert_eq!(bench.take_top(), Some((99.6, 1.0, 101.0, 2.0)));
        bench.text(&update(103, r#"{"99.6":"1"}"#, NO));
        assert_eq!(
            (bench.state(PAIR), bench.feed.stats().gaps),
            (BookState::Live, 0),
            "the same frame twice is harmless"
        );
    }

    #[test]
    fn rule_4_a_snapshot_heals_what_was_missed_and_an_old_one_shows_disorder() {
        let mut bench = live();
        bench.text(&snapshot(150));
        bench.text(&update(151, NO, NO));
        assert_eq!((bench.state(PAIR), bench.feed.stats().gaps), (BookState::Live, 0));
        bench.text(&snapshot(149));
        assert_eq!((bench.state(PAIR), bench.feed.stats().gaps), (BookState::Resyncing, 1));
    }

    #[test]
    fn rule_5_a_gap_withdraws_the_prices_until_leaving_joining_and_fetching_healed_it() {
        let mut bench = live();
        bench.text(&update(102, r#"{"99.5":"1"}"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!((bench.state(PAIR), bench.feed.stats().gaps), (BookState::Resyncing, 1));
        assert_eq!(bench.take_sent(), [LEAVE, JOIN], "neither is answered, so that nothing is waited for");
        bench.text(&update(103, r#"{"99.6":"1"}"#, NO));
        let fetch = bench.take_fetches()[0].0;
        bench.text(&update(104, r#"{"99.7":"1"}"#, NO));
        assert!(bench.take_quotes().is_empty());
        bench.answer(fetch, 200, &fetched(103));
        assert_eq!(bench.take_top(), Some((99.7, 1.0, 101.0, 2.0)), "103 is in the answer, 104 follows it");
        assert_eq!((bench.feed.stats().resyncs, bench.feed.stats().gaps), (1, 1));
    }

    #[test]
    fn rule_5_an_answer_older_than_what_was_kept_is_fetched_again() {
        let mut bench = joined();
        bench.text(&update(103, r#"{"99.6":"1"}"#, NO));
        let fetch = bench.take_fetches()[0].0;
        bench.answer(fetch, 200, &fetched(101));
        assert_eq!(bench.state(PAIR), BookState::Resyncing);
        bench.wait(SECOND_NS);
        let again = bench.take_fetches()[0].0;
        bench.answer(again, 200, &fetched(102));
        assert_eq!(bench.take_top(), Some((99.6, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_5_a_snapshot_may_come_before_the_answer() {
        let mut bench = joined();
        bench.text(&update(103, r#"{"99.6":"1"}"#, NO));
        bench.text(&snapshot(104));
        assert_eq!((bench.state(PAIR), bench.take_top()), (BookState::Live, Some((99.0, 1.5, 101.0, 2.0))));
    }

    #[test]
    fn rule_6_an_unknown_pair_s_book_is_no_answer() {
        let empty = br#"{"ts":0,"vs":0,"asks":{},"bids":{}}"#;
        assert!(CoinDcx.parse_book(empty).is_err());
        assert_eq!(CoinDcx.parse_book(fetched(7).as_bytes()).unwrap().sequence, 7);
    }

    #[test]
    fn rule_7_fifty_levels_a_side_are_kept() {
        let mut bench = live();
        let lower: Vec<String> = (1..=60).map(|price| format!(r#""{price}.5":"1""#)).collect();
        bench.text(&update(101, &format!("{{{}}}", lower.join(",")), NO));
        assert_eq!(bench.feed.order_book("unified:B-SOL_USDT").unwrap().2.bids().count(), 50);
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for (bids, asks) in [
            (r#"{"NaN":"1"}"#, NO),
            (r#"{"-1.5":"1"}"#, NO),
            (r#"{"98":"inf"}"#, NO),
            (r#"{"98":{"is":"no size"}}"#, NO),
            (r#"[["98","1"]]"#, NO),
            (NO, "7"),
        ] {
            let mut bench = live();
            bench.text(&update(101, bids, asks));
            assert_eq!(
                (bench.state(PAIR), bench.feed.stats().parse_errors),
                (BookState::Resyncing, 1),
                "{bids} {asks}"
            );
        }
    }

    #[test]
    fn garbage_touches_nothing_until_the_next_frame_shows_what_was_lost() {
        let mut bench = live();
        for text in ["", "42", "42[", "4", "9", "42[]", "\u{0}", &update(101, NO, NO)[..60]] {
            bench.text(text);
        }
        bench.binary(&[0xff; 40]);
        assert_eq!((bench.state(PAIR), bench.feed.stats().parse_errors), (BookState::Live, 9));
        bench.text(&update(102, NO, NO));
        assert_eq!(bench.state(PAIR), BookState::Resyncing);
    }

    #[test]
    fn a_pair_says_which_venue_s_book_it_is() {
        assert_eq!(PROFILE.relays, Some("binance"));
        assert!(crate::registry::find("binance").is_ok());
    }

    #[test]
    fn markets_are_the_pairs_in_usdt_by_their_relayed_names() {
        let body =
            br#"["B-BTC_USDT","B-1000PEPE_USDT","B-1MBABYDOGE_USDT","B-1000000MOG_USDT","KC-X_USDT","B-BTC_INR",7]"#;
        let listing = CoinDcx.parse_markets(&[body], 0).unwrap();
        let named: Vec<_> = listing
            .instruments
            .iter()
            .map(|one| (one.symbol.as_str(), one.native_symbol.as_str(), one.asset.as_str(), one.asset_scale))
            .collect();
        let expected = [
            ("BTC/USDT:USDT", "B-BTC_USDT", "BTC", 1.0),
            ("1000PEPE/USDT:USDT", "B-1000PEPE_USDT", "PEPE", 1e3),
            ("1MBABYDOGE/USDT:USDT", "B-1MBABYDOGE_USDT", "BABYDOGE", 1e6),
            ("1000000MOG/USDT:USDT", "B-1000000MOG_USDT", "MOG", 1e6),
        ];
        assert_eq!(named, expected);
        assert!(listing.instruments.iter().all(|one| one.contract_size == 1.0));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["KC-X_USDT", "B-BTC_INR", "?"]);
        assert!(CoinDcx.parse_markets(&[br#"{"message":"blocked"}"#], 0).is_err());
    }
}
