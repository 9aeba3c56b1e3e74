//! Lighter (zkLighter mainnet), perpetuals. <https://apidocs.lighter.xyz/docs/websocket-reference>
//!
//! Synchronisation:
//! 1. The server speaks first (`connected`); only then subscribe. The ack of `order_book` is the whole book.
//! 2. Updates before `subscribed/order_book` are ignored.
//! 3. A snapshot sets `last = nonce`.
//! 4. An update must have `begin_nonce == last`, then `last = nonce`. `offset` is not contiguous and says nothing.
//! 5. Size zero removes, in any spelling; removing what is absent is harmless.
//! 6. After a gap: unsubscribe, wait for `unsubscribed`, subscribe again. Subscribing twice gives 30003 and no snapshot.
//! 7. An empty book has nonce 0; the next update may start its chain anywhere.
//! 8. A crossed book is a fault and is fetched again.
//! 9. `ticker` shares the book's nonce: the fresher of the two is the top.
//!
//! The server's `ping` is answered, and something is sent at least every two minutes. 200 client messages a minute.

mod facts;

use crate::desk::{Desk, Wish};
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{Channel, Delta, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{
    Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile, by_chain,
};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, LevelFields, Levels, Time, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;

const PROFILE: VenueProfile = VenueProfile {
    id: "lighter",
    name: "Lighter",
    websocket_url: "wss://mainnet.zklighter.elliot.ai",
    rest_url: "https://mainnet.zklighter.elliot.ai",
    docs_url: "https://apidocs.lighter.xyz",
    channels: &[(Channel::Book, "order_book"), (Channel::Top, "ticker")],
    guard_rule: "each update's begin_nonce equals the nonce before it",
    taker_fee_percent: 0.0,
    maker_fee_percent: 0.0,
    instruments_per_connection: 50,
    connects_per_minute: 60,
    request_weight_per_minute: 60,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["frames captured by df-lighter-core 2026-10", "lighter-sdk 1.1.8", "venue's documentation 2026"],
    certainty: "frames and their chaining are seen in captured frames; limits moved three times in a year, the unit of fees is unknown",
    unavailable_reason: None,
};

/// 200 messages a minute: 20 at once and 171 after them, which leaves room for pongs.
const CONDUCT: Conduct = Conduct {
    socket_path: "/stream?readonly=true",
    waits_for_greeting: true,
    channels_per_request: 1,
    pacing: Pacing { burst: 20, interval_ns: 350 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"type":"ping"}"#, every_ns: 30 * SECOND_NS }),
    silence_limit_ns: 60 * SECOND_NS,
    max_age_ns: None,
    snapshot_source: SnapshotSource::Socket,
    joining: by_chain,
    top_mark: Some(r#""ticker:"#),
    throttling: Throttling::by_code(&["code"], &["23000"]),
    ..Conduct::USUAL
};

/// How long to be quiet after "too many messages".
const TOO_MANY_PAUSE_NS: i64 = 5 * SECOND_NS;

/// The strategy that a market belongs to.
const CLASSES: Classes = Classes {
    field: "strategy_index",
    meanings: &[
        ("2", AssetClass::Coin),
        ("3", AssetClass::Metal),
        ("4", AssetClass::Fx),
        ("5", AssetClass::Share),
        ("6", AssetClass::Index),
    ],
    is_coin_word_seen: true,
    stage_field: "",
    stages: &[],
};

/// Lighter.
pub struct Lighter;

/// `{"channel":"ticker:0","nonce":9182390020,"ticker":{"s":"ETH","a":{"price":"2064.48","size":"0.4950"},
/// "b":{"price":"2064.30","size":"1.0392"},"last_updated_at":1774883844921166},"timestamp":1774883844933,
/// "type":"update/ticker"}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    channel: Option<&'a str>,
    order_book: Option<Book>,
    ticker: Option<Ticker>,
    nonce: Option<i64>,
    timestamp: Option<Time>,
    error: Option<Refusal>,
}

/// `{"code":0,"asks":[{"price":"2064.54","size":"0.3285"}],"bids":[],"offset":1558300,"nonce":9182390020,
/// "last_updated_at":1774884082309144,"begin_nonce":9182389998}`
#[derive(Deserialize)]
struct Book {
    asks: Levels,
    bids: Levels,
    nonce: i64,
    begin_nonce: i64,
    #[serde(default)]
    last_updated_at: Time,
}

/// An empty side is `{"price":"","size":""}`.
#[derive(Deserialize)]
struct Ticker {
    a: LevelFields,
    b: LevelFields,
    #[serde(default)]
    last_updated_at: Time,
}

/// `{"error":{"code":30003,"message":"Already Subscribed to : order_book:1"}}`: the channel is only in the text.
#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Code,
    message: String,
}

/// One row of `order_book_details`.
#[derive(Deserialize)]
struct Market {
    symbol: String,
    market_id: u64,
    market_type: String,
    status: String,
    size_decimals: i32,
    price_decimals: i32,
    taker_fee: Option<Decimal>,
    is_taker_fee_enabled: Option<bool>,
    maker_fee: Option<Decimal>,
    is_maker_fee_enabled: Option<bool>,
    #[serde(default)]
    is_frozen: bool,
    #[serde(default = "one")]
    multiplier: Decimal,
    #[serde(default)]
    end_timestamp: i64,
    #[serde(default)]
    settlement_type: i64,
    #[serde(default = "by_the_venue")]
    market_deployer: String,
    #[serde(default)]
    market_config: MarketConfig,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct MarketConfig {
    hidden: bool,
    force_reduce_only: bool,
}

/// Rows of before these fields do not say.
fn one() -> Decimal {
    Decimal(1.0)
}

fn by_the_venue() -> String {
    "lighter".to_string()
}

impl Venue for Lighter {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v1/orderBookDetails")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "order_book_details")?, "symbol", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let kind = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let topic = topics[0];
        serde_json::json!({"type": kind, "channel": format!("{}/{}", channel_name(topic.channel), topic.native_symbol)})
            .to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        if let Some(error) = message.error {
            on_error(&error, desk);
            return Ok(());
        }
        match message.kind.unwrap_or_default() {
            "update/order_book" | "subscribed/order_book" => return on_book(message, desk),
            "update/ticker" | "subscribed/ticker" => return on_ticker(message, desk),
            "connected" => desk.greeted(),
            "ping" => desk.send(r#"{"type":"pong"}"#),
            "shutdown" => desk.reconnect("the venue announced a shutdown"),
            "unsubscribed" => on_unsubscribed(message.channel, desk),
            _ => {}
        }
        Ok(())
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"channel\":\"").and_then(|channel| channel.split_once(':')).map(|(_, market)| market)
    }
}

fn channel_name(channel: Channel) -> &'static str {
    PROFILE.channel(channel)
}

/// The slot of `order_book:1` or `ticker:1`.
fn topic(channel: &str, desk: &Desk) -> Option<(u32, Channel)> {
    let (name, market) = channel.split_once(':')?;
    let kind = if name == channel_name(Channel::Book) { Channel::Book } else { Channel::Top };
    Some((desk.slot(market)?, kind))
}

fn on_book(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let channel = message.channel.ok_or(FrameError::Missing("channel"))?;
    let Some((slot, _)) = topic(channel, desk) else { return Ok(()) };
    let book = message.order_book.ok_or(FrameError::Missing("order_book"))?;
    let exchange_ns = time_ns(book.last_updated_at, message.timestamp);
    let (bids, asks) = (book.bids.0, book.asks.0);
    if message.kind == Some("subscribed/order_book") {
        let sequence = book.nonce;
        desk.snapshot(slot, Snapshot { sequence, cross_sequence: None, exchange_ns, bids, asks, depth_limit: None });
        return Ok(());
    }
    let starts_anywhere = desk.sequence(slot) == 0 && desk.is_book_empty(slot); // rule 7
    let previous = if starts_anywhere { 0 } else { book.begin_nonce };
    desk.delta(
        slot,
        Delta { previous, first: book.nonce, last: book.nonce, cross_sequence: None, exchange_ns, bids, asks },
    );
    Ok(())
}

fn on_ticker(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let channel = message.channel.ok_or(FrameError::Missing("channel"))?;
    let Some((slot, _)) = topic(channel, desk) else { return Ok(()) };
    let ticker = message.ticker.ok_or(FrameError::Missing("ticker"))?;
    let sequence = message.nonce.ok_or(FrameError::Missing("nonce"))?;
    let exchange_ns = time_ns(ticker.last_updated_at, message.timestamp);
    desk.top(slot, Top { sequence, exchange_ns, bid: ticker.b.into(), ask: ticker.a.into() });
    Ok(())
}

/// Microseconds of the change, else milliseconds of the sending.
fn time_ns(Time(changed_us): Time, sent_ms: Option<Time>) -> i64 {
    let sent_ms = sent_ms.unwrap_or_default().0;
    if changed_us > 0 { changed_us.saturating_mul(1_000) } else { sent_ms.saturating_mul(MILLISECOND_NS) }
}

fn on_unsubscribed(channel: Option<&str>, desk: &mut Desk) {
    if let Some((slot, channel)) = channel.and_then(|channel| topic(channel, desk)) {
        desk.acknowledge(Operation::Unsubscribe, slot, channel);
    }
}

/// 30002 not subscribed, 30003 already subscribed, 30005 invalid channel, 30009 too many messages, 30010 too many in
/// flight, 30012 subscribe failed.
fn on_error(error: &Refusal, desk: &mut Desk) {
    let named = error.message.rsplit_once(": ").and_then(|(_, channel)| topic(channel.trim(), desk));
    let detail = format!("{} {}", error.code, error.message);
    match (error.code.number(), named) {
        (Some(30009 | 30010), _) => {
            desk.report("too_many_requests", None, &detail);
            desk.pause(TOO_MANY_PAUSE_NS);
        }
        (Some(30002), Some((slot, channel))) => desk.acknowledge(Operation::Unsubscribe, slot, channel),
        (Some(30005), Some((slot, _))) => desk.refuse(slot, &detail),
        (_, Some((slot, channel))) => desk.decline(Wish { operation: Operation::Subscribe, slot, channel }, &detail),
        (_, None) => desk.report("venue_error", None, &detail),
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.market_type != "perp" {
        return;
    }
    let refusal = match market {
        _ if market.status != "active" => Some(format!("status is {}", market.status)),
        _ if market.market_config.hidden => Some("hidden".to_string()),
        _ if market.market_config.force_reduce_only => Some("positions can only be reduced".to_string()),
        _ if market.market_deployer != "lighter" => {
            Some(format!("a market that others run ({})", market.market_deployer))
        }
        _ => out_of_the_usual(market),
    };
    if let Some(reason) = refusal {
        return listing.quarantine(&market.symbol, reason);
    }
    listing.add(&ListedMarket {
        native_symbol: &market.market_id.to_string(),
        base: asset_name(market),
        quote: "USDC",
        settle: "USDC",
        contract_size: 1.0,
        tick_size: step(market.price_decimals),
        lot_size: step(market.size_decimals),
        taker_fee_percent: fee_percent(market.taker_fee, market.is_taker_fee_enabled),
        maker_fee_percent: fee_percent(market.maker_fee, market.is_maker_fee_enabled),
    });
}

/// What these fields do to a market is not documented: anything but their usual value is left out, with the reason.
fn out_of_the_usual(market: &Market) -> Option<String> {
    match market {
        Market { is_frozen: true, .. } => Some("it is frozen".to_string()),
        Market { multiplier, .. } if multiplier.0 != 1.0 => Some(format!("its multiplier is {}", multiplier.0)),
        Market { end_timestamp, .. } if *end_timestamp != 0 => Some(format!("it ends at {end_timestamp}")),
        Market { settlement_type, .. } if *settlement_type != 0 => {
            Some(format!("its settlement_type is {settlement_type}"))
        }
        _ => None,
    }
}

/// The venue renamed a market in place, and other coins bear the new name elsewhere: this one is still the coin that it was.
fn asset_name(market: &Market) -> &str {
    match (market.market_id, market.symbol.as_str()) {
        (12, "GRAM") => "TON",
        (_, symbol) => symbol,
    }
}

fn step(decimals: i32) -> f64 {
    format!("1e-{decimals}").parse().unwrap_or(f64::NAN)
}

/// The unit of the listed fees is not documented, so that only zero is understood; anything else is unknown.
fn fee_percent(listed: Option<Decimal>, is_enabled: Option<bool>) -> Option<f64> {
    let is_charged = is_enabled != Some(false) && listed.is_some_and(|fee| fee.0 != 0.0);
    (!is_charged).then_some(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    fn snapshot(market: u32, nonce: i64) -> String {
        book("subscribed", market, 0, nonce, r#"[{"price":"99.0","size":"1.5"}]"#, r#"[{"price":"101","size":"2"}]"#)
    }

    fn update(market: u32, begin: i64, nonce: i64, bids: &str, asks: &str) -> String {
        book("update", market, begin, nonce, bids, asks)
    }

    fn book(kind: &str, market: u32, begin: i64, nonce: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"channel":"order_book:{market}","offset":7,"order_book":{{"code":0,"asks":{asks},"bids":{bids},"offset":7,
            "nonce":{nonce},"last_updated_at":1778138389655150,"begin_nonce":{begin}}},"timestamp":1778138582602,
            "type":"{kind}/order_book"}}"#
        )
    }

    fn ticker(nonce: i64, bid: &str, ask: &str) -> String {
        format!(
            r#"{{"channel":"ticker:1","nonce":{nonce},"ticker":{{"s":"BTC","a":{{"price":"{ask}","size":"4"}},
            "b":{{"price":"{bid}","size":"3"}},"last_updated_at":0}},"timestamp":1778138582602,"type":"update/ticker"}}"#
        )
    }

    /// A live book of market 1: 99 x 1.5 | 101 x 2 at nonce 100.
    fn live() -> Bench {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(r#"{"session_id":"x","type":"connected"}"#);
        bench.text(&snapshot(1, 100));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_nothing_is_sent_before_the_server_has_spoken() {
        let mut bench = Bench::open("lighter", &["1", "2"]);
        bench.wait(SECOND_NS);
        assert!(bench.take_sent().is_empty());
        bench.text(r#"{"session_id":"x","type":"connected"}"#);
        let sent = bench.take_sent();
        assert_eq!(sent[0], r#"{"channel":"order_book/1","type":"subscribe"}"#);
        assert_eq!(sent[1], r#"{"channel":"order_book/2","type":"subscribe"}"#, "every book before any ticker");
        assert_eq!(sent[2], r#"{"channel":"ticker/1","type":"subscribe"}"#);
        assert_eq!(bench.state("1"), BookState::Resyncing);
    }

    #[test]
    fn rule_1_a_server_that_does_not_speak_is_dialled_again() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.wait(11 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { connection: 1, .. })));
        assert_eq!(bench.state("1"), BookState::Closed);
    }

    #[test]
    fn rule_2_updates_before_the_snapshot_are_ignored() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(r#"{"type":"connected"}"#);
        bench.text(&update(1, 99, 100, r#"[{"price":"1","size":"1"}]"#, "[]"));
        assert_eq!(bench.state("1"), BookState::Resyncing);
        bench.text(&snapshot(1, 100));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        assert_eq!(bench.feed.stats().gaps, 0);
    }

    #[test]
    fn rules_3_and_4_updates_chain_by_nonce_and_the_offset_says_nothing() {
        let mut bench = live();
        bench.text(&update(1, 100, 130, r#"[{"price":"99.5","size":"1"}]"#, "[]"));
        bench.text(&update(1, 130, 131, "[]", r#"[{"price":"100.50","size":"0.25"}]"#));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 100.5, 0.25)));
        assert_eq!(bench.state("1"), BookState::Live);
        assert_eq!(bench.feed.order_book("unified:1").unwrap().1, 131);
    }

    #[test]
    fn rule_4_an_update_that_came_twice_changes_nothing() {
        let mut bench = live();
        let again = update(1, 100, 130, r#"[{"price":"99.5","size":"1"}]"#, "[]");
        bench.text(&again);
        bench.text(&again);
        assert_eq!((bench.state("1"), bench.feed.stats().gaps), (BookState::Live, 0));
        assert_eq!(bench.take_quotes().len(), 1);
    }

    #[test]
    fn rule_5_zero_in_any_spelling_removes() {
        let mut bench = live();
        bench.text(&update(1, 100, 101, r#"[{"price":"99.00","size":"0.0000"}]"#, r#"[{"price":"55","size":"0"}]"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)));
        assert_eq!(bench.state("1"), BookState::Live);
    }

    #[test]
    fn rule_6_a_gap_withdraws_the_prices_until_unsubscribing_and_subscribing_brought_a_snapshot() {
        let mut bench = live();
        bench.text(&update(1, 120, 130, r#"[{"price":"99.5","size":"1"}]"#, "[]"));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!((bench.state("1"), bench.feed.stats().gaps), (BookState::Resyncing, 1));
        assert_eq!(bench.take_sent(), [r#"{"channel":"order_book/1","type":"unsubscribe"}"#]);
        bench.text(&update(1, 130, 140, r#"[{"price":"99.6","size":"1"}]"#, "[]"));
        bench.text(&ticker(141, "99.7", "101"));
        assert!(bench.take_quotes().is_empty(), "nothing is quoted from a broken book");
        bench.text(r#"{"type":"unsubscribed","channel":"order_book:1"}"#);
        assert_eq!(bench.take_sent(), [r#"{"channel":"order_book/1","type":"subscribe"}"#]);
        bench.text(&snapshot(1, 150));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        assert_eq!((bench.state("1"), bench.feed.stats().resyncs), (BookState::Live, 1));
    }

    #[test]
    fn rule_6_other_instruments_are_untouched_by_a_gap() {
        let mut bench = Bench::open("lighter", &["1", "2"]);
        bench.text(r#"{"type":"connected"}"#);
        bench.text(&snapshot(1, 100));
        bench.text(&snapshot(2, 100));
        bench.take_quotes();
        bench.text(&update(1, 120, 130, "[]", "[]"));
        bench.text(&update(2, 100, 130, r#"[{"price":"99.5","size":"1"}]"#, "[]"));
        assert_eq!((bench.state("1"), bench.state("2")), (BookState::Resyncing, BookState::Live));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_6_an_unanswered_unsubscribe_costs_the_connection_once() {
        let mut bench = live();
        bench.text(&update(1, 120, 130, "[]", "[]"));
        bench.wait(6 * SECOND_NS);
        let reconnects = |steps: Vec<Step>| steps.iter().filter(|step| matches!(step, Step::Reconnect { .. })).count();
        assert_eq!(reconnects(bench.take_steps()), 1);
        bench.connect();
        bench.text(r#"{"type":"connected"}"#);
        bench.wait(60 * SECOND_NS / 10);
        assert_eq!(reconnects(bench.take_steps()), 0);
    }

    #[test]
    fn rule_6_error_30003_leads_to_unsubscribing_and_30002_to_subscribing() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(r#"{"type":"connected"}"#);
        bench.take_steps();
        bench.text(r#"{"error":{"code":30003,"message":"Already Subscribed to : order_book:1"}}"#);
        assert_eq!(bench.take_sent(), [r#"{"channel":"order_book/1","type":"unsubscribe"}"#]);
        bench.text(r#"{"error":{"code":30002,"message":"Not Subscribed to : order_book:1"}}"#);
        assert_eq!(bench.take_sent(), [r#"{"channel":"order_book/1","type":"subscribe"}"#]);
    }

    #[test]
    fn error_30005_leaves_the_instrument_alone() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(r#"{"type":"connected"}"#);
        bench.text(r#"{"error":{"code":30005,"message":"Invalid Channel: order_book:1"}}"#);
        assert_eq!(bench.take_events(), ["subscribe_refused"]);
        bench.wait(20 * SECOND_NS);
        assert_eq!(bench.state("1"), BookState::Closed);
        assert!(bench.take_sent().iter().all(|text| !text.contains("order_book")));
    }

    #[test]
    fn too_many_messages_make_the_feed_pause() {
        let markets: Vec<String> = (0..40).map(|market| market.to_string()).collect();
        let mut bench = Bench::open("lighter", &markets.iter().map(String::as_str).collect::<Vec<_>>());
        bench.text(r#"{"type":"connected"}"#);
        assert_eq!(bench.take_sent().len(), 20, "a burst");
        bench.wait(SECOND_NS);
        assert_eq!(bench.take_sent().len(), 2, "then three a second at most");
        bench.text(r#"{"error":{"code":30009,"message":"Too Many Messages"}}"#);
        bench.take_steps();
        bench.wait(4 * SECOND_NS);
        assert!(bench.take_sent().is_empty());
        bench.wait(60 * SECOND_NS);
        assert!(bench.take_sent().len() > 40);
    }

    #[test]
    fn a_minute_never_sees_more_than_200_messages() {
        let markets: Vec<String> = (0..50).map(|market| market.to_string()).collect();
        let mut bench = Bench::open("lighter", &markets.iter().map(String::as_str).collect::<Vec<_>>());
        bench.text(r#"{"type":"connected"}"#);
        bench.wait(59 * SECOND_NS);
        let sent = bench.take_sent();
        assert!(sent.len() >= 100 && sent.len() <= 200, "{}", sent.len());
    }

    #[test]
    fn rule_7_an_empty_book_is_live_and_its_chain_starts_anywhere() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(r#"{"type":"connected"}"#);
        bench.text(&book("subscribed", 1, 0, 0, "[]", "[]"));
        assert_eq!(bench.state("1"), BookState::Live);
        bench.text(&update(1, 555, 556, r#"[{"price":"99.5","size":"1"}]"#, "[]"));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 0.0, 0.0)));
        bench.text(&update(1, 999, 1_000, "[]", "[]"));
        assert_eq!(bench.state("1"), BookState::Resyncing);
    }

    #[test]
    fn rule_8_a_crossed_book_is_withdrawn_before_it_is_quoted() {
        let mut bench = live();
        bench.text(&update(1, 100, 101, r#"[{"price":"101.0","size":"1"}]"#, "[]"));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert!(bench.take_events().contains(&"crossed_book"));
    }

    #[test]
    fn rule_9_the_fresher_of_ticker_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&ticker(103, "99.5", "100.5"));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&update(1, 100, 102, r#"[{"price":"99.2","size":"1"}]"#, "[]"));
        assert_eq!(bench.take_top(), None, "the book is older than the ticker");
        bench.text(&ticker(101, "98", "102"));
        assert_eq!(bench.take_top(), None, "an older ticker never replaces a newer one");
        bench.text(&update(1, 102, 104, r#"[{"price":"99.3","size":"7"}]"#, "[]"));
        assert_eq!(bench.take_top(), Some((99.3, 7.0, 101.0, 2.0)));
        bench.text(&ticker(105, "", "101").replace("\"3\"", "\"\""));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 4.0)), "an empty side");
    }

    #[test]
    fn pings_are_answered_and_a_quiet_client_pings() {
        let mut bench = live();
        bench.text(r#"{"type":"ping"}"#);
        assert_eq!(bench.take_sent(), [r#"{"type":"pong"}"#]);
        bench.wait(29 * SECOND_NS);
        bench.take_sent();
        bench.wait(2 * SECOND_NS);
        assert_eq!(bench.take_sent(), [r#"{"type":"ping"}"#]);
    }

    #[test]
    fn a_shutdown_notice_leads_to_a_new_connection() {
        let mut bench = live();
        bench.text(r#"{"type":"shutdown","close_in_ms":5000}"#);
        assert!(matches!(&bench.take_steps()[0], Step::Reconnect { connection: 1, .. }));
        assert_eq!(bench.state("1"), BookState::Closed);
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            update(1, 100, 101, r#"[{"price":"NaN","size":"1"}]"#, "[]"),
            update(1, 100, 101, r#"[{"price":"-1.5","size":"1"}]"#, "[]"),
            update(1, 100, 101, r#"[{"price":"1","size":"inf"}]"#, "[]"),
            update(1, 100, 101, r#"[{"price":"","size":"1"}]"#, "[]"),
            update(1, 100, 101, r#"[{"price":{"is":"no price"},"size":"1"}]"#, "[]"),
            update(1, 100, 101, "7", "[]"),
            snapshot(1, 102).replace("\"101\"", "\"-101\""),
            update(1, 100, 101, "[]", "[]")[..60].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state("1"), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [
            ticker(101, "NaN", "100"),
            ticker(101, "99.5", "100").replace("\"a\":", "\"x\":"),
            ticker(101, "99.5", "100").replace("\"nonce\"", "\"x\""),
            ticker(101, "99.5", "100")[..90].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state("1"), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn frames_of_strangers_and_garbage_touch_nothing() {
        let mut bench = live();
        for text in ["", "{", "[]", "null", "\u{0}", &snapshot(77, 5), r#"{"type":"update/height","height":1}"#] {
            bench.text(text);
        }
        bench.binary(&[0xff; 40]);
        assert_eq!(bench.state("1"), BookState::Live);
        assert_eq!(bench.feed.stats().parse_errors, 6);
        assert!(bench.take_quotes().is_empty());
    }

    #[test]
    fn markets_are_active_perps_in_usdc() {
        let row = |symbol: &str, id: u32, kind: &str, status: &str, more: &str| {
            format!(
                r#"{{"symbol":"{symbol}","market_id":{id},"market_type":"{kind}","status":"{status}","taker_fee":"0.0000",
                "size_decimals":4,"price_decimals":2{more}}}"#
            )
        };
        let rows = [
            row("ETH", 0, "perp", "active", ""),
            row("1000PEPE", 4, "perp", "active", r#","maker_fee":"0.0040","is_maker_fee_enabled":true"#),
            row("ETH/USDC", 2048, "spot", "active", ""),
            row("OLD", 5, "perp", "inactive", ""),
            row("DARK", 6, "perp", "active", r#","market_config":{"hidden":true}"#),
            row("EXIT", 7, "perp", "active", r#","market_config":{"force_reduce_only":true}"#),
            row("ICE", 8, "perp", "active", r#","is_frozen":true"#),
            row("SPLIT", 9, "perp", "active", r#","multiplier":"2.000""#),
            row("ENDS", 10, "perp", "active", r#","end_timestamp":1795219200000"#),
            row("SETTLES", 11, "perp", "active", r#","settlement_type":1"#),
            row(
                "GRAM",
                12,
                "perp",
                "active",
                r#","is_frozen":false,"multiplier":"1.00","end_timestamp":0,"settlement_type":0"#,
            ),
            row("TUR30", 13, "perp", "active", r#","market_deployer":"external""#),
            r#"{"symbol":"BAD","market_id":"x"}"#.to_string(),
        ];
        let body = format!(r#"{{"code":200,"order_book_details":[{}]}}"#, rows.join(","));
        let listing = Lighter.parse_markets(&[body.as_bytes()], 0).unwrap();
        let eth = &listing.instruments[0];
        assert_eq!((eth.symbol.as_str(), eth.native_symbol.as_str()), ("ETH/USDC:USDC", "0"));
        assert_eq!((eth.tick_size, eth.lot_size, eth.taker_fee_percent), (0.01, 0.0001, Some(0.0)));
        let pepe = &listing.instruments[1];
        assert_eq!((pepe.asset.as_str(), pepe.asset_scale, pepe.maker_fee_percent), ("PEPE", 1000.0, None));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["OLD", "DARK", "EXIT", "ICE", "SPLIT", "ENDS", "SETTLES", "TUR30", "BAD"]);
        assert_eq!(listing.quarantined[3].1, "it is frozen");
        assert_eq!(listing.instruments[2].asset, "TON", "renamed in place");
    }
}
