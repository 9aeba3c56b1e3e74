//! Kraken Futures (international), perpetuals: linear ones (`PF_`) and inverse ones (`PI_`).
//! <https://docs.kraken.com/api/docs/futures-api/websocket/book>
//!
//! Synchronisation:
//! 1. `book_snapshot` is the whole book: clear and load, `last = seq`. A row of size zero is no level.
//! 2. Each `book` frame is one level and bears the next number of its product: `seq == last + 1`, the first one behind the
//!    snapshot included; then `last = seq`.
//! 3. Size zero removes, and so does a negative one, which has been seen; sizes are absolute.
//! 4. After a gap or a step back: unsubscribe that product, and subscribe when that is answered; a new snapshot follows.
//! 5. Sizes are contracts: of one coin on `PF_`, of one US dollar on `PI_`.
//! 6. Requests take names in either case, frames bear them in upper case.
//! 7. `ticker` says once a second at most whether a product is `suspended`, or takes no orders that trade at once (`post_only`).
//!
//! The book is told change by change, so that its own top is the freshest there is: that of `ticker` is not looked at.
//!
//! Sources: captured frames of 2021-07 (7,014 changes, whose numbers obey rule 2 without exception) and of 2026-08 to 2026-10
//! for rules 1 to 4 and 6; tardis-node c1d73fb for the negative size; captured market lists of 2025 for rule 5. That numbers
//! chain is not documented.
//!
//! Products are subscribed one a message, because nobody knows what becomes of the good names beside a bad one. The venue has
//! no ping of its own; the `heartbeat` feed says at a pace of its own that the line lives.

mod facts;

use crate::desk::{Desk, Wish};
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Topic};
use crate::profile::{Conduct, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile, by_chain};
use crate::venue::Venue;
use crossbook_codec::json::{Decimal, Levels, Time, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::{AssetClass, Level};
use serde::Deserialize;
use std::borrow::Cow;

const PROFILE: VenueProfile = VenueProfile {
    id: "krakenfutures",
    name: "Kraken Futures",
    websocket_url: "wss://futures.kraken.com",
    rest_url: "https://futures.kraken.com",
    docs_url: "https://docs.kraken.com/api/docs/guides/futures-introduction",
    channels: &[(Channel::Book, "book"), (Channel::Status, "ticker")],
    guard_rule: "each change's seq is one more than the seq before it, per product",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.02,
    instruments_per_connection: 100,
    connects_per_minute: 60,
    request_weight_per_minute: 300,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["captured frames 2021-07 and 2026-08 to 2026-10", "captured market lists 2025", "tardis-node c1d73fb"],
    certainty: "frames and their numbering are seen in captured frames, though not documented; limits are documented, the heartbeat's pace is unknown",
    unavailable_reason: None,
};

/// 100 requests a second and connection: half of that.
const CONDUCT: Conduct = Conduct {
    socket_path: "/ws/v1",
    opening: &[r#"{"event":"subscribe","feed":"heartbeat"}"#],
    channels_per_request: 1,
    pacing: Pacing { burst: 20, interval_ns: 20 * MILLISECOND_NS, gap_ns: 0 },
    silence_limit_ns: 120 * SECOND_NS,
    snapshot_source: SnapshotSource::Socket,
    joining: by_chain,
    status_mark: Some(r#""ticker""#),
    throttling: Throttling::by_code(&["error"], &["apiLimitExceeded"]),
    ..Conduct::USUAL
};

/// What a product's name begins with, the type that goes with it, and whether it settles in its own coin.
const KINDS: [(&str, &str, bool); 2] = [("PF_", "flexible_futures", false), ("PI_", "futures_inverse", true)];
const POST_ONLY: &str = "takes no orders that trade at once";
/// Letters of the quote currency at a name's end.
const QUOTE_LETTERS: usize = 3;

/// What is no coin is not told apart further.
const CLASSES: Classes = Classes {
    field: "tradfi",
    meanings: &[("false", AssetClass::Coin)],
    is_coin_word_seen: false,
    stage_field: "",
    stages: &[],
};

/// Kraken Futures.
pub struct KrakenFutures;

/// `{"feed":"book","product_id":"PF_ETHUSD","side":"buy","seq":33327807,"price":2500.4,"qty":55.089,
/// "timestamp":1788489091375}`, or
/// `{"feed":"book_snapshot","product_id":"PF_XBTUSD","timestamp":1790359964969,"seq":115335794,"tickSize":null,
/// "bids":[{"price":83998.0,"qty":0.0371}],"asks":[{"price":83999.0,"qty":0.0400}]}`, or
/// `{"feed":"ticker","product_id":"PF_ETHUSD","bid":1751.6,"ask":1751.7,"suspended":false,"post_only":false,...}`, or
/// `{"event":"subscribed","feed":"book","product_ids":["PF_XBTUSD"]}`, or
/// ``{"event":"alert","message":"Bad request: invalid product `PF_NOPEUSD`"}``
#[derive(Deserialize)]
struct Message<'a> {
    event: Option<&'a str>,
    feed: Option<&'a str>,
    product_id: Option<&'a str>,
    #[serde(borrow, default)]
    product_ids: Vec<&'a str>,
    message: Option<String>,
    side: Option<&'a str>,
    seq: Option<i64>,
    price: Option<Decimal>,
    qty: Option<Decimal>,
    #[serde(default)]
    timestamp: Time,
    bids: Option<Levels>,
    asks: Option<Levels>,
    suspended: Option<bool>,
    #[serde(default)]
    post_only: bool,
}

/// `{"result":"success","orderBook":{"bids":[[105900.0,0.5]],"asks":[[105950.0,0.3]]},"serverTime":"..."}`: the whole book,
/// without a number, so that nothing can be joined to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fetched {
    order_book: FetchedBook,
}

#[derive(Deserialize)]
struct FetchedBook {
    bids: Levels,
    asks: Levels,
}

/// One row of `instruments`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    symbol: String,
    #[serde(rename = "type")]
    kind: String,
    tradeable: bool,
    tick_size: Option<Decimal>,
    contract_size: Option<Decimal>,
    contract_value_trade_precision: Option<i32>,
    last_trading_time: Option<String>,
    #[serde(default)]
    post_only: bool,
}

impl Venue for KrakenFutures {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/derivatives/api/v3/instruments")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        let mut rows = rows(bodies, "instruments")?;
        rows.retain(is_contract);
        Ok(collect(PROFILE.id, &CLASSES, rows, "symbol", list))
    }

    /// Rule 6.
    fn frame_name<'a>(&self, native_symbol: &'a str) -> Cow<'a, str> {
        Cow::Owned(native_symbol.to_uppercase())
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let event = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let products: Vec<&str> = topics.iter().map(|topic| topic.native_symbol).collect();
        let feed = topics.first().map(|topic| PROFILE.channel(topic.channel));
        serde_json::json!({"event": event, "feed": feed, "product_ids": products}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        if let Some(event) = message.event {
            on_event(event, &message, desk);
            return Ok(());
        }
        match message.feed {
            Some("book") => on_change(&message, desk),
            Some("book_snapshot") => on_snapshot(message, desk),
            Some("ticker") => on_ticker(&message, desk),
            Some(_) => Ok(()),
            None => Err(FrameError::Missing("feed")),
        }
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"product_id\":\"")
    }

    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let path = format!("/derivatives/api/v3/orderbook?symbol={native_symbol}");
        Some(BookRequest { request: RestRequest::get(path), depth_limit: usize::MAX })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let Fetched { order_book: book } = parse(body)?;
        Ok(Snapshot { bids: book.bids.0, asks: book.asks.0, ..Snapshot::default() })
    }
}

fn on_change(message: &Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(message.product_id.ok_or(FrameError::Missing("product_id"))?) else { return Ok(()) };
    let last = message.seq.ok_or(FrameError::Missing("seq"))?;
    let price = message.price.ok_or(FrameError::Missing("price"))?.0;
    let size = without_sign(message.qty.ok_or(FrameError::Missing("qty"))?.0);
    let level = vec![Level { price, size }];
    let (bids, asks) = match message.side {
        Some("buy") => (level, Vec::new()),
        Some("sell") => (Vec::new(), level),
        _ => return Err(FrameError::Invalid("side")),
    };
    let (previous, exchange_ns) = (last.saturating_sub(1), exchange_ns(message));
    desk.delta(slot, Delta { previous, first: last, last, cross_sequence: None, exchange_ns, bids, asks });
    Ok(())
}

fn on_snapshot(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(message.product_id.ok_or(FrameError::Missing("product_id"))?) else { return Ok(()) };
    let sequence = message.seq.ok_or(FrameError::Missing("seq"))?;
    let exchange_ns = exchange_ns(&message);
    let mut bids = message.bids.ok_or(FrameError::Missing("bids"))?.0;
    let mut asks = message.asks.ok_or(FrameError::Missing("asks"))?.0;
    bids.iter_mut().chain(&mut asks).for_each(|level| level.size = without_sign(level.size));
    desk.snapshot(slot, Snapshot { sequence, cross_sequence: None, exchange_ns, bids, asks, depth_limit: None });
    Ok(())
}

/// Rule 7.
fn on_ticker(message: &Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(message.product_id.ok_or(FrameError::Missing("product_id"))?) else { return Ok(()) };
    let is_suspended = message.suspended.ok_or(FrameError::Missing("suspended"))?;
    desk.set_trading(slot, if is_suspended { Some("it is suspended") } else { message.post_only.then_some(POST_ONLY) });
    Ok(())
}

/// Rule 3. What is no number stays none.
fn without_sign(size: f64) -> f64 {
    if size < 0.0 { 0.0 } else { size }
}

fn exchange_ns(message: &Message<'_>) -> i64 {
    message.timestamp.0.saturating_mul(MILLISECOND_NS)
}

fn on_event(event: &str, message: &Message<'_>, desk: &mut Desk) {
    let operation = match event {
        "subscribed" => Operation::Subscribe,
        "unsubscribed" => Operation::Unsubscribe,
        "alert" | "error" => return on_alert(message.message.as_deref().unwrap_or_default(), desk),
        _ => return,
    };
    let Some(channel) = message.feed.and_then(|feed| PROFILE.channel_named(feed)) else { return };
    let slots: Vec<u32> = message.product_ids.iter().filter_map(|product| desk.slot(product)).collect();
    slots.into_iter().for_each(|slot| desk.acknowledge(operation, slot, channel));
}

/// Only the text says what it is about. Something said about a product that is being left: there was nothing to leave.
fn on_alert(text: &str, desk: &mut Desk) {
    match desk.slot_mentioned(text) {
        Some(slot) if text.contains("invalid product") => desk.refuse(slot, text),
        Some(slot) => desk.decline(Wish { operation: Operation::Unsubscribe, slot, channel: Channel::Book }, text),
        None => {}
    }
    desk.report("venue_error", None, text);
}

/// Rows of indices and the like lack half of the fields.
fn is_contract(row: &serde_json::Value) -> bool {
    let name = row.get("symbol").and_then(serde_json::Value::as_str).map(str::to_uppercase);
    name.is_none_or(|name| KINDS.iter().any(|(prefix, ..)| name.starts_with(prefix)))
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.last_trading_time.is_some() {
        return;
    }
    let name = &market.symbol.to_uppercase();
    let kind = KINDS.iter().find(|(prefix, ..)| name.starts_with(prefix));
    let is_split = name.len() > "PF_".len() + QUOTE_LETTERS && name.is_ascii();
    let Some((prefix, _, is_inverse)) = kind.filter(|(_, kind, _)| is_split && *kind == market.kind) else {
        return listing.quarantine(name, format!("its type is {}", market.kind));
    };
    let (base, quote) = name[prefix.len()..].split_at(name.len() - prefix.len() - QUOTE_LETTERS);
    if let Some(reason) = refusal(market, quote) {
        return listing.quarantine(name, reason);
    }
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base,
        quote,
        settle: if *is_inverse { base } else { quote },
        contract_size: market.contract_size.unwrap_or(Decimal(f64::NAN)).0,
        tick_size: market.tick_size.unwrap_or_default().0,
        lot_size: market.contract_value_trade_precision.map_or(0.0, lot_size),
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

fn refusal(market: &Market, quote: &str) -> Option<&'static str> {
    [(quote != "USD", "not quoted in USD"), (!market.tradeable, "not tradeable"), (market.post_only, POST_ONLY)]
        .into_iter()
        .find_map(|(is_so, reason)| is_so.then_some(reason))
}

/// `10^-precision`; the precision may be negative.
fn lot_size(precision: i32) -> f64 {
    format!("1e{}", -i64::from(precision)).parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use crossbook_market::{BookState, Instrument};
    use std::sync::Arc;

    const LINEAR: &str = "PF_ETHUSD";
    const INVERSE: &str = "PI_XBTUSD";

    fn row(name: &str, kind: &str, rest: &str) -> String {
        format!(
            r#"{{"symbol":"{name}","type":"{kind}","tickSize":0.5,"contractSize":1,"tradeable":true,"postOnly":false,
            "contractValueTradePrecision":3{rest}}}"#
        )
    }

    fn listing(rows: &[String]) -> MarketListing {
        let body = format!(r#"{{"result":"success","instruments":[{}],"serverTime":"x"}}"#, rows.join(","));
        KrakenFutures.parse_markets(&[body.as_bytes()], 0).unwrap()
    }

    fn instruments() -> Vec<Arc<Instrument>> {
        let rows = [row(LINEAR, "flexible_futures", ""), row(INVERSE, "futures_inverse", "")];
        listing(&rows).instruments.into_iter().map(Arc::new).collect()
    }

    fn snapshot(product: &str, seq: i64) -> String {
        format!(
            r#"{{"feed":"book_snapshot","product_id":"{product}","timestamp":1790359964969,"seq":{seq},"tickSize":null,
            "bids":[{{"price":98.0,"qty":7.0}},{{"price":99.0,"qty":1.5}},{{"price":99.5,"qty":0.0}}],
            "asks":[{{"price":101.0,"qty":2}},{{"price":100.5,"qty":-1.0}}]}}"#
        )
    }

    fn change(product: &str, side: &str, seq: i64, price: &str, qty: &str) -> String {
        format!(
            r#"{{"feed":"book","product_id":"{product}","side":"{side}","seq":{seq},"price":{price},"qty":{qty},
            "timestamp":1790359997729}}"#
        )
    }

    fn ack(event: &str, product: &str) -> String {
        format!(r#"{{"event":"{event}","feed":"book","product_ids":["{product}"]}}"#)
    }

    fn open() -> Bench {
        let mut bench = Bench::with("krakenfutures", &instruments());
        bench.connect();
        bench
    }

    /// A live linear book: 99 x 1.5, 98 x 7 | 101 x 2 at number 10.
    fn live() -> Bench {
        let mut bench = open();
        bench.text(r#"{"event":"info","version":1}"#);
        bench.text(&ack("subscribed", LINEAR));
        bench.text(&snapshot(LINEAR, 10));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn products_are_asked_for_one_a_message_behind_the_heartbeat() {
        assert_eq!(
            open().take_sent(),
            [
                r#"{"event":"subscribe","feed":"heartbeat"}"#,
                r#"{"event":"subscribe","feed":"book","product_ids":["PF_ETHUSD"]}"#,
                r#"{"event":"subscribe","feed":"book","product_ids":["PI_XBTUSD"]}"#,
                r#"{"event":"subscribe","feed":"ticker","product_ids":["PF_ETHUSD"]}"#,
                r#"{"event":"subscribe","feed":"ticker","product_ids":["PI_XBTUSD"]}"#,
            ]
        );
    }

    #[test]
    fn rule_1_a_snapshot_replaces_the_book_in_whatever_order_it_comes() {
        let mut bench = live();
        bench.text(&change(LINEAR, "buy", 11, "99.9", "1.0"));
        bench.take_quotes();
        bench.text(&snapshot(LINEAR, 500));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "rows of no size are no levels");
    }

    #[test]
    fn rule_2_changes_count_up_by_one_from_the_snapshot() {
        let mut bench = live();
        bench.text(&change(LINEAR, "buy", 11, "99.5", "1.0"));
        bench.text(&change(LINEAR, "sell", 12, "100.50", "2.5e-1"));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 100.5, 0.25)));
        bench.text(&change(LINEAR, "sell", 12, "100.50", "2.5e-1"));
        assert_eq!(
            (bench.state(LINEAR), bench.feed.stats().gaps),
            (BookState::Live, 0),
            "the same once more is harmless"
        );
    }

    #[test]
    fn rule_2_changes_before_the_snapshot_are_ignored() {
        let mut bench = open();
        bench.text(&change(LINEAR, "buy", 9, "99.5", "1.0"));
        bench.text(&snapshot(LINEAR, 10));
        assert_eq!((bench.take_top(), bench.feed.stats().gaps), (Some((99.0, 1.5, 101.0, 2.0)), 0));
    }

    #[test]
    fn rule_3_zero_and_less_remove() {
        let mut bench = live();
        bench.text(&change(LINEAR, "buy", 11, "99.0", "0.0"));
        assert_eq!(bench.take_top(), Some((98.0, 7.0, 101.0, 2.0)));
        bench.text(&change(LINEAR, "buy", 12, "98.0", "-0.0"));
        bench.text(&change(LINEAR, "sell", 13, "101.0", "-2.0"));
        assert_eq!((bench.take_top(), bench.state(LINEAR)), (Some((0.0, 0.0, 0.0, 0.0)), BookState::Live));
    }

    #[test]
    fn rule_4_a_gap_or_a_step_back_withdraws_the_prices_until_the_product_was_subscribed_again() {
        for number in [12, 9, 500] {
            let mut bench = live();
            bench.text(&change(LINEAR, "buy", number, "99.5", "1.0"));
            assert_eq!((bench.take_top(), bench.feed.stats().gaps), (Some((0.0, 0.0, 0.0, 0.0)), 1), "{number}");
            assert_eq!(bench.take_sent(), [r#"{"event":"unsubscribe","feed":"book","product_ids":["PF_ETHUSD"]}"#]);
            bench.text(&change(LINEAR, "buy", 11, "99.5", "1.0"));
            bench.text(&ack("unsubscribed", LINEAR));
            assert_eq!(bench.take_sent(), [r#"{"event":"subscribe","feed":"book","product_ids":["PF_ETHUSD"]}"#]);
            bench.text(&ack("subscribed", LINEAR));
            assert!(bench.take_quotes().is_empty());
            bench.text(&snapshot(LINEAR, 600));
            assert_eq!((bench.state(LINEAR), bench.feed.stats().resyncs), (BookState::Live, 1));
        }
    }

    #[test]
    fn rule_4_an_alert_instead_of_the_answer_means_that_there_was_nothing_to_leave() {
        let mut bench = live();
        bench.text(&change(LINEAR, "buy", 12, "99.5", "1.0"));
        bench.take_sent();
        bench.text(r#"{"event":"alert","message":"Not subscribed to feed book, product `PF_ETHUSD`"}"#);
        assert_eq!(bench.take_sent(), [r#"{"event":"subscribe","feed":"book","product_ids":["PF_ETHUSD"]}"#]);
    }

    #[test]
    fn rule_5_sizes_of_an_inverse_product_are_dollars() {
        let mut bench = open();
        bench.text(&snapshot(INVERSE, 10).replace("\"price\":101.0,\"qty\":2", "\"price\":62500.0,\"qty\":250000"));
        bench.text(&change(INVERSE, "buy", 11, "50000.0", "100000.0"));
        assert_eq!(bench.take_top(), Some((50_000.0, 2.0, 62_500.0, 4.0)));
    }

    #[test]
    fn rule_6_names_are_listed_in_any_case_and_come_in_upper_case() {
        let rows = [row("pi_xbtusd", "futures_inverse", "")];
        let listed: Vec<_> = listing(&rows).instruments.into_iter().map(Arc::new).collect();
        assert_eq!((listed[0].symbol.as_str(), listed[0].native_symbol.as_str()), ("BTC/USD:BTC", "pi_xbtusd"));
        let mut bench = Bench::with("krakenfutures", &listed);
        bench.connect();
        bench.text(&snapshot("PI_XBTUSD", 10));
        assert_eq!(bench.state("pi_xbtusd"), BookState::Live);
    }

    #[test]
    fn rule_7_a_product_that_is_suspended_or_takes_no_orders_that_trade_is_closed_until_it_trades() {
        let ticker = |suspended: &str, post_only: &str| {
            let flags = format!(r#""suspended":{suspended},"tag":"perpetual","post_only":{post_only}"#);
            format!(r#"{{"time":1,"product_id":"PF_ETHUSD","feed":"ticker","bid":1.0,"ask":1.5,{flags}}}"#)
        };
        let mut bench = live();
        for (suspended, post_only, state) in [
            ("true", "false", BookState::Closed),
            ("false", "false", BookState::Live),
            ("false", "true", BookState::Closed),
            ("false", "false", BookState::Live),
        ] {
            bench.text(&ticker(suspended, post_only));
            assert_eq!(bench.state(LINEAR), state, "{suspended} {post_only}");
        }
        bench.text(&ticker("null", "false"));
        assert_eq!(
            (bench.state(LINEAR), bench.feed.stats().parse_errors),
            (BookState::Live, 1),
            "it costs only itself"
        );
    }

    #[test]
    fn an_ack_of_the_ticker_is_none_of_the_book() {
        let mut bench = live();
        bench.text(&change(LINEAR, "buy", 15, "99.0", "1.0"));
        bench.take_steps();
        bench.text(r#"{"event":"unsubscribed","feed":"ticker","product_ids":["PF_ETHUSD"]}"#);
        assert!(bench.take_sent().is_empty());
        bench.text(r#"{"event":"unsubscribed","feed":"book","product_ids":["PF_ETHUSD"]}"#);
        assert_eq!(bench.take_sent().len(), 1);
    }

    #[test]
    fn a_heartbeat_is_not_data_and_other_feeds_are_none_of_ours() {
        let mut bench = live();
        bench.text(r#"{"event":"subscribed","feed":"heartbeat"}"#);
        bench.text(r#"{"feed":"ticker_lite","product_id":"PF_ETHUSD","bid":1.0,"ask":2.0}"#);
        bench.text(&snapshot("PF_OTHERUSD", 7));
        assert!(bench.take_quotes().is_empty());
        for _ in 0..4 {
            bench.wait(10 * SECOND_NS);
            bench.text(r#"{"feed":"heartbeat","time":1626994940000}"#);
        }
        assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Stale, 0));
        bench.text(&change(LINEAR, "buy", 11, "98.0", "6.0"));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "the chain held, so that the book is whole");
    }

    #[test]
    fn a_quiet_book_is_vouched_for_by_the_one_that_is_fetched() {
        let mut bench = live();
        for _ in 0..5 {
            bench.wait(10 * SECOND_NS);
            for (request_id, url, _) in bench.take_fetches() {
                assert!(url.ends_with("/derivatives/api/v3/orderbook?symbol=PF_ETHUSD"), "{url}");
                let book = r#"{"bids":[[98.0,7],[99.0,1.5]],"asks":[[101.0,2]]}"#;
                bench.answer(request_id, 200, &format!(r#"{{"result":"success","orderBook":{book}}}"#));
            }
        }
        assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Live, 0));
    }

    #[test]
    fn a_product_that_does_not_exist_is_left_alone_and_the_rest_stands() {
        let mut bench = live();
        bench.text(r#"{"event":"alert","message":"Bad request: invalid product `PI_XBTUSD`"}"#);
        assert_eq!((bench.state(INVERSE), bench.state(LINEAR)), (BookState::Closed, BookState::Live));
        bench.take_steps();
        bench.text(r#"{"event":"alert","message":"Bad request: invalid product `PF_ETHUSDX`"}"#);
        bench.text(r#"{"event":"error"}"#);
        assert_eq!((bench.take_events(), bench.state(LINEAR)), (vec!["venue_error", "venue_error"], BookState::Live));
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        let good = change(LINEAR, "buy", 11, "99.5", "1.0");
        for spoilt in [
            change(LINEAR, "buy", 11, "\"NaN\"", "1.0"),
            change(LINEAR, "buy", 11, "99.5", "\"NaN\""),
            change(LINEAR, "buy", 11, "-99.5", "1.0"),
            change(LINEAR, "buy", 11, "0.0", "1.0"),
            change(LINEAR, "buy", 11, "null", "1.0"),
            change(LINEAR, "hold", 11, "99.5", "1.0"),
            change(LINEAR, "buy", 11, r#"{"is":["not","a","price"]}"#, "1.0"),
            good.replace("\"seq\"", "\"x\""),
            good.replace("\"qty\"", "\"x\""),
            good.replace("\"feed\"", "\"x\""),
            snapshot(LINEAR, 20).replace("\"asks\"", "\"x\""),
            good[..90].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn markets_are_tradeable_perpetuals_of_coins() {
        let listing = listing(&[
            row("PF_XBTUSD", "flexible_futures", ""),
            row("PI_XBTUSD", "futures_inverse", ""),
            row("PF_PEPEUSD", "flexible_futures", "").replace("Precision\":3", "Precision\":-3"),
            row("FI_XBTUSD_260327", "futures_inverse", r#","lastTradingTime":"2026-03-27T16:00:00Z""#),
            row("PI_ETHUSD", "futures_inverse", r#","lastTradingTime":"2026-03-27T16:00:00Z""#),
            r#"{"symbol":"in_xbtusd","type":"spot index","tradeable":false}"#.to_string(),
            row("PF_LUNAUSD", "flexible_futures", "").replace("\"tradeable\":true", "\"tradeable\":false"),
            row("PF_NEWUSD", "flexible_futures", "").replace("\"postOnly\":false", "\"postOnly\":true"),
            row("PF_AAPLXUSD", "flexible_futures", r#","tradfi":true"#),
            row("PF_ETHEUR", "flexible_futures", ""),
            row("PI_ODDUSD", "flexible_futures", ""),
            row("PF_USD", "flexible_futures", ""),
            row("PF_NILUSD", "flexible_futures", "").replace("\"contractSize\":1,", ""),
            r#"{"symbol":"PF_BADUSD"}"#.to_string(),
            r#"{"type":"flexible_futures"}"#.to_string(),
        ]);
        let facts = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str(), one.lot_size));
        let expected = [("BTC/USD:USD", "BTC", 0.001), ("BTC/USD:BTC", "BTC", 0.001), ("PEPE/USD:USD", "PEPE", 1000.0)];
        assert_eq!(facts.collect::<Vec<_>>(), expected);
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "PF_LUNAUSD",
            "PF_NEWUSD",
            "PF_AAPLXUSD",
            "PF_ETHEUR",
            "PI_ODDUSD",
            "PF_USD",
            "PF_NILUSD",
            "PF_BADUSD",
            "?",
        ];
        assert_eq!(refused, expected);
    }
}
