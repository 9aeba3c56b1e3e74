//! BitMEX, perpetuals. Closed on 2026-09-23: only recordings and the simulator play it.
//! <https://www.bitmex.com/app/wsAPI>
//!
//! Synchronisation:
//! 1. `orderBookL2:X` begins with a `partial`, the whole book: clear and load. What comes before it is dropped. An empty one
//!    names its symbol in `filter` only.
//! 2. Rows have an `id` per symbol. `insert` tells its side and price, `update` and `delete` need not (they did in the last
//!    years): they are looked up, never computed.
//! 3. An `update` or `delete` of an id that was never told shows that a frame is missing: unsubscribe and subscribe.
//! 4. Sizes are absolute, in contracts. A frame other than a `partial` holds one symbol and one action.
//! 5. There is neither sequence nor checksum. A lost `insert` shows when its level next changes; a lost `update` or `delete`
//!    does not show, or only when the book is crossed: the order of TCP was all the venue offered.
//! 6. `quote` cannot be ordered against the book, since rows had no time in earlier years: the book alone is the top.
//!
//! The client pings in plain text (`ping`, `pong`). Inverse contracts are worth 1 USD or EUR; linear ones, settled in `USDt`, are worth
//! 1 / `underlyingToPositionMultiplier` coins. Quanto contracts are left out: their worth depends on another market.

mod facts;

use crate::desk::{Desk, NamedLevel, Wish};
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, bare_rows, collect};
use crate::market_data::{Channel, Delta, Frame, Operation, Snapshot, Topic};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Decimal, Text, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::Level;
use serde::Deserialize;

const PROFILE: VenueProfile = VenueProfile {
    id: "bitmex",
    name: "BitMEX",
    websocket_url: "wss://ws.bitmex.com",
    rest_url: "https://www.bitmex.com",
    docs_url: "https://www.bitmex.com/app/wsAPI",
    channels: &[(Channel::Book, "orderBookL2")],
    guard_rule: "every changed or removed level was told before, by its id",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.05,
    instruments_per_connection: 50,
    connects_per_minute: 40,
    request_weight_per_minute: 30,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: false,
    relays: None,
    sources: &["captured frames 2021-07", "captured rows 2024-11", "ccxt 4.5.83"],
    certainty: "the book's frames are captured; limits and the idle time-out are not confirmed",
    unavailable_reason: Some("BitMEX closed on 2026-09-23: it can only be replayed"),
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/realtime",
    pacing: Pacing { burst: 20, interval_ns: 500 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: "ping", every_ns: 5 * SECOND_NS }),
    silence_limit_ns: 15 * SECOND_NS,
    ..Conduct::USUAL
};

/// `multiplier`, in satoshi, of a contract of one unit of quote currency that settles in bitcoin.
const ONE_OF_QUOTE: f64 = -1e8;

/// BitMEX.
pub struct Bitmex;

/// `{"table":"orderBookL2","action":"update","data":[{"symbol":"XBTUSD","id":15599968785,"side":"Sell","size":123}]}`, or
/// `{"success":true,"subscribe":"orderBookL2:XBTUSD","request":{"op":"subscribe","args":["orderBookL2:XBTUSD"]}}`, or
/// `{"status":400,"error":"Unknown table: x","meta":{},"request":{"op":"subscribe","args":["x:XBTUSD"]}}`
#[derive(Deserialize)]
struct Message<'a> {
    table: Option<&'a str>,
    action: Option<&'a str>,
    filter: Option<Filter<'a>>,
    #[serde(borrow)]
    data: Option<Rows<'a>>,
    subscribe: Option<&'a str>,
    unsubscribe: Option<&'a str>,
    #[serde(borrow)]
    error: Option<Text<'a>>,
    status: Option<u16>,
    #[serde(default)]
    meta: Meta,
    request: Option<Request<'a>>,
}

/// Rows of other tables have other fields.
#[derive(Deserialize)]
#[serde(untagged)]
enum Rows<'a> {
    Book(#[serde(borrow)] Vec<Row<'a>>),
    Other(serde::de::IgnoredAny),
}

/// `{"symbol":"XBTUSD","id":62400580205,"side":"Sell","size":33000,"price":98459.9,"timestamp":"2024-11-24T08:26:22.356Z"}`
#[derive(Deserialize)]
struct Row<'a> {
    symbol: &'a str,
    id: u64,
    side: Side,
    size: Option<Decimal>,
    price: Option<Decimal>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
enum Side {
    Buy,
    Sell,
}

#[derive(Deserialize)]
struct Filter<'a> {
    symbol: Option<&'a str>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default, rename = "retryAfter")]
    retry_after_seconds: u32,
}

#[derive(Deserialize)]
struct Request<'a> {
    op: Option<&'a str>,
    #[serde(borrow, default)]
    args: Vec<&'a str>,
}

/// One row of the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    symbol: String,
    typ: String,
    state: String,
    underlying: String,
    quote_currency: String,
    settl_currency: String,
    is_inverse: bool,
    is_quanto: bool,
    multiplier: f64,
    underlying_to_position_multiplier: Option<f64>,
    tick_size: f64,
    lot_size: f64,
    maker_fee: f64,
    taker_fee: f64,
}

impl Venue for Bitmex {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v1/instrument/active")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &Classes::UNTOLD, bare_rows(bodies)?, "symbol", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let op = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let topic = format!("{}:{}", PROFILE.channel(Channel::Book), topics[0].native_symbol);
        serde_json::json!({"op": op, "args": [topic]}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        if frame.payload == b"pong" {
            return Ok(());
        }
        let outcome = parse::<Message<'_>>(frame.payload).and_then(|message| on_message(&message, desk));
        if outcome.is_err() && self.culprit(frame.payload).is_none() {
            desk.lose_all("a frame neither reads nor says whose it is"); // rule 5: nothing else would show it
        }
        outcome
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"symbol\":\"")
    }
}

fn on_message(message: &Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    if let Some(error) = &message.error {
        on_error(error, message, desk);
        return Ok(());
    }
    let granted = [(message.subscribe, Operation::Subscribe), (message.unsubscribe, Operation::Unsubscribe)];
    for (topic, operation) in granted {
        if let Some(slot) = topic.and_then(|topic| slot_of(topic, desk)) {
            desk.acknowledge(operation, slot, Channel::Book);
        }
    }
    if message.table != Some(PROFILE.channel(Channel::Book)) {
        return Ok(());
    }
    let Some(Rows::Book(rows)) = &message.data else { return Err(FrameError::Missing("rows")) };
    let filtered = message.filter.as_ref().and_then(|filter| filter.symbol);
    let symbol = rows.first().map(|row| row.symbol).or(filtered).ok_or(FrameError::Missing("symbol"))?;
    if rows.iter().any(|row| row.symbol != symbol) {
        return Err(FrameError::Invalid("a book of several symbols"));
    }
    match (desk.slot(symbol), message.action) {
        (None, _) => Ok(()),
        (Some(slot), Some("partial")) => on_partial(slot, rows, desk),
        (Some(slot), _) if !desk.is_whole(slot) => Ok(()), // rule 1
        (Some(slot), Some("insert")) => on_insert(slot, rows, desk),
        (Some(slot), Some("update")) => on_change(slot, rows, Change::Update, desk),
        (Some(slot), Some("delete")) => on_change(slot, rows, Change::Delete, desk),
        _ => Err(FrameError::Invalid("the action of a book")),
    }
}

/// Rule 1.
fn on_partial(slot: u32, rows: &[Row<'_>], desk: &mut Desk) -> Result<(), FrameError> {
    let levels = rows.iter().map(told).collect::<Result<Vec<_>, _>>()?;
    let (bids, asks) = sides(&levels);
    desk.snapshot(slot, Snapshot { bids, asks, ..Snapshot::default() });
    rows.iter().zip(levels).for_each(|(row, (name, _))| desk.name_level(slot, row.id, name));
    Ok(())
}

fn on_insert(slot: u32, rows: &[Row<'_>], desk: &mut Desk) -> Result<(), FrameError> {
    let levels = rows.iter().map(told).collect::<Result<Vec<_>, _>>()?;
    rows.iter().zip(&levels).for_each(|(row, (name, _))| desk.name_level(slot, row.id, *name));
    apply(slot, &levels, desk);
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Change {
    Update,
    Delete,
}

/// Rules 2 and 3.
fn on_change(slot: u32, rows: &[Row<'_>], change: Change, desk: &mut Desk) -> Result<(), FrameError> {
    let mut levels = Vec::with_capacity(rows.len());
    for row in rows {
        let name = match change {
            Change::Update => desk.level_named(slot, row.id),
            Change::Delete => desk.unname_level(slot, row.id),
        };
        let Some(name) = name else {
            desk.lose(slot, "a level changes that was never told");
            return Ok(());
        };
        let size = match change {
            Change::Update => row.size.ok_or(FrameError::Missing("size"))?.0,
            Change::Delete => 0.0,
        };
        let is_other = row.price.is_some_and(|price| price.0 != name.price) || (row.side == Side::Buy) != name.is_bid;
        if is_other {
            return Err(FrameError::Invalid("the side or price of a level"));
        }
        levels.push((name, size));
    }
    apply(slot, &levels, desk);
    Ok(())
}

/// A row that says everything.
fn told(row: &Row<'_>) -> Result<(NamedLevel, f64), FrameError> {
    let price = row.price.ok_or(FrameError::Missing("price"))?.0;
    let size = row.size.ok_or(FrameError::Missing("size"))?.0;
    Ok((NamedLevel { is_bid: row.side == Side::Buy, price }, size))
}

/// Rule 5: a change follows whatever stood before.
fn apply(slot: u32, levels: &[(NamedLevel, f64)], desk: &mut Desk) {
    let ((bids, asks), previous) = (sides(levels), desk.sequence(slot));
    let last = previous + 1;
    desk.delta(slot, Delta { previous, first: last, last, bids, asks, ..Delta::default() });
}

fn sides(levels: &[(NamedLevel, f64)]) -> (Vec<Level>, Vec<Level>) {
    let side = |is_bid: bool| {
        let mine = levels.iter().filter(move |(name, _)| name.is_bid == is_bid);
        mine.map(|(name, size)| Level { price: name.price, size: *size }).collect()
    };
    (side(true), side(false))
}

fn slot_of(topic: &str, desk: &Desk) -> Option<u32> {
    let (table, symbol) = topic.split_once(':')?;
    if table == PROFILE.channel(Channel::Book) { desk.slot(symbol) } else { None }
}

/// 400 is refused for good; 429 wants less for a while. One topic is asked for at a time, so that the request names it.
fn on_error(error: &str, message: &Message<'_>, desk: &mut Desk) {
    let status = message.status.unwrap_or_default();
    let detail = format!("{status} {error}");
    let request = message.request.as_ref();
    let slot = request.and_then(|request| request.args.first()).and_then(|topic| slot_of(topic, desk));
    if status == 429 {
        desk.report("too_many_requests", slot, &detail);
        desk.pause(i64::from(message.meta.retry_after_seconds.max(1)) * SECOND_NS);
    }
    let is_leaving = request.is_some_and(|request| request.op == Some("unsubscribe"));
    let operation = if is_leaving { Operation::Unsubscribe } else { Operation::Subscribe };
    match slot {
        None => desk.report("venue_error", None, &detail),
        Some(slot) if status == 400 && !is_leaving => desk.refuse(slot, &detail),
        Some(slot) => desk.decline(Wish { operation, slot, channel: Channel::Book }, &detail),
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.typ != "FFWCSX" {
        return;
    }
    let refuse = |listing: &mut ListingBuilder, reason: &str| listing.quarantine(&market.symbol, reason);
    if market.state != "Open" {
        return refuse(listing, &format!("state is {}", market.state));
    }
    if market.is_quanto {
        return refuse(listing, "a quanto contract: its worth depends on another market");
    }
    let (settle, contract_size) = match (market.settl_currency.as_str(), market.underlying_to_position_multiplier) {
        ("XBt", _) if market.is_inverse && market.multiplier == ONE_OF_QUOTE => ("XBT", 1.0),
        ("USDt", Some(contracts)) if !market.is_inverse => ("USDT", 1.0 / contracts),
        _ => return refuse(listing, "a contract of unknown worth"),
    };
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base: &market.underlying,
        quote: &market.quote_currency,
        settle,
        contract_size,
        tick_size: market.tick_size,
        lot_size: market.lot_size * contract_size,
        taker_fee_percent: Some(market.taker_fee * 100.0),
        maker_fee_percent: Some(market.maker_fee * 100.0),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    fn frame(action: &str, rows: &str) -> String {
        format!(r#"{{"table":"orderBookL2","action":"{action}","filter":{{"symbol":"XBTUSD"}},"data":[{rows}]}}"#)
    }

    fn row(id: u64, side: &str, rest: &str) -> String {
        format!(r#"{{"symbol":"XBTUSD","id":{id},"side":"{side}"{rest}}}"#)
    }

    fn partial() -> String {
        let rows = [
            row(1, "Sell", r#","size":200,"price":101"#),
            row(2, "Buy", r#","size":150,"price":99"#),
            row(3, "Buy", r#","size":100,"price":98.5"#),
        ];
        frame("partial", &rows.join(","))
    }

    /// A live book, 99 x 150 | 101 x 200, of contracts of 1 base unit.
    fn live() -> Bench {
        let mut bench = Bench::open("bitmex", &["XBTUSD"]);
        bench.text(r#"{"info":"Welcome to the BitMEX Realtime API.","version":"2021-07-14T01:26:29.000Z","limit":{"remaining":39}}"#);
        bench.text(r#"{"success":true,"subscribe":"orderBookL2:XBTUSD","request":{"op":"subscribe","args":["orderBookL2:XBTUSD"]}}"#);
        bench.text(&partial());
        assert_eq!(bench.take_top(), Some((99.0, 150.0, 101.0, 200.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_a_partial_is_the_book_and_what_comes_before_it_is_dropped() {
        let mut bench = Bench::open("bitmex", &["XBTUSD"]);
        assert_eq!(bench.take_sent(), [r#"{"args":["orderBookL2:XBTUSD"],"op":"subscribe"}"#]);
        bench.text(&frame("update", &row(2, "Buy", r#","size":1"#)));
        bench.text(&frame("insert", &row(9, "Buy", r#","size":1,"price":100"#)));
        assert_eq!((bench.state("XBTUSD"), bench.feed.stats().gaps), (BookState::Resyncing, 0));
        bench.text(&partial());
        assert_eq!(bench.take_top(), Some((99.0, 150.0, 101.0, 200.0)));
        bench.text(&frame("partial", ""));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!((bench.state("XBTUSD"), bench.feed.stats().parse_errors), (BookState::Live, 0), "an empty book");
    }

    #[test]
    fn rule_2_updates_and_deletes_find_their_price_whether_they_tell_it_or_not() {
        let mut bench = live();
        bench.text(&frame("update", &row(2, "Buy", r#","size":7"#)));
        assert_eq!(bench.take_top(), Some((99.0, 7.0, 101.0, 200.0)));
        bench
            .text(&frame("update", &row(2, "Buy", r#","size":8,"price":99.0,"timestamp":"2024-11-24T08:26:22.356Z""#)));
        assert_eq!(bench.take_top(), Some((99.0, 8.0, 101.0, 200.0)));
        bench.text(&frame("delete", &row(2, "Buy", "")));
        assert_eq!(bench.take_top(), Some((98.5, 100.0, 101.0, 200.0)));
        bench.text(&frame("insert", &row(4, "Sell", r#","size":5,"price":100.5"#)));
        assert_eq!(bench.take_top(), Some((98.5, 100.0, 100.5, 5.0)));
    }

    #[test]
    fn rule_3_an_id_that_was_never_told_withdraws_the_prices_until_the_topic_was_subscribed_again() {
        for (action, rest) in [("update", r#","size":7"#), ("delete", "")] {
            let mut bench = live();
            bench.text(&frame(action, &row(77, "Buy", rest)));
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
            assert_eq!((bench.state("XBTUSD"), bench.feed.stats().gaps), (BookState::Resyncing, 1));
            assert_eq!(bench.take_sent(), [r#"{"args":["orderBookL2:XBTUSD"],"op":"unsubscribe"}"#]);
            bench.text(r#"{"success":true,"unsubscribe":"orderBookL2:XBTUSD","request":{"op":"unsubscribe","args":["orderBookL2:XBTUSD"]}}"#);
            assert_eq!(bench.take_sent(), [r#"{"args":["orderBookL2:XBTUSD"],"op":"subscribe"}"#]);
            bench.text(&partial());
            assert_eq!((bench.state("XBTUSD"), bench.feed.stats().resyncs), (BookState::Live, 1));
        }
    }

    #[test]
    fn rule_3_a_removed_id_is_told_no_more() {
        let mut bench = live();
        bench.text(&frame("delete", &row(3, "Buy", "")));
        bench.text(&frame("update", &row(3, "Buy", r#","size":7"#)));
        assert_eq!(bench.state("XBTUSD"), BookState::Resyncing);
    }

    #[test]
    fn rule_4_a_zero_size_removes() {
        let mut bench = live();
        bench.text(&frame("update", &row(2, "Buy", r#","size":0"#)));
        assert_eq!(bench.take_top(), Some((98.5, 100.0, 101.0, 200.0)));
    }

    #[test]
    fn rule_5_a_crossed_book_is_withdrawn_and_an_unreadable_frame_may_have_been_anybody_s() {
        let mut bench = live();
        bench.text(&frame("insert", &row(5, "Buy", r#","size":5,"price":101"#)));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        let mut bench = live();
        bench.text(r#"{"table":"orderBookL2","action":"up"#);
        assert_eq!((bench.state("XBTUSD"), bench.feed.stats().parse_errors), (BookState::Resyncing, 1));
    }

    #[test]
    fn rule_6_quotes_and_trades_move_nothing() {
        let mut bench = live();
        bench.text(r#"{"table":"quote","action":"insert","data":[{"timestamp":"2021-07-22T22:36:10.014Z","symbol":"XBTUSD","bidSize":750,"bidPrice":99.5,"askPrice":100,"askSize":123}]}"#);
        bench.text("pong");
        assert!(bench.take_quotes().is_empty());
        assert_eq!(bench.feed.stats().parse_errors, 0);
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            frame("update", &row(2, "Buy", r#","size":-7"#)),
            frame("update", &row(2, "Buy", r#","size":"NaN""#)),
            frame("update", &row(2, "Buy", "")),
            frame("update", &row(2, "Sell", r#","size":7"#)),
            frame("update", &row(2, "Buy", r#","size":7,"price":98"#)),
            frame("update", &row(2, "Hold", r#","size":7"#)),
            frame("insert", &row(9, "Buy", r#","size":7"#)),
            frame("insert", &row(9, "Buy", r#","size":7,"price":"NaN""#)),
            frame("shuffle", &row(2, "Buy", r#","size":7"#)),
            frame("update", &row(2, "Buy", r#","size":{}"#)),
            frame(
                "update",
                &format!(
                    "{},{}",
                    row(2, "Buy", r#","size":7"#),
                    row(3, "Buy", r#","size":7"#).replace("XBTUSD", "ETHUSD")
                ),
            ),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state("XBTUSD"), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_refused_topic_leaves_its_instrument_alone_and_too_many_requests_make_the_feed_pause() {
        let mut bench = Bench::open("bitmex", &["XBTUSD"]);
        bench.take_steps();
        bench.text(r#"{"status":429,"error":"Rate limit exceeded, retry in 1 seconds.","meta":{"retryAfter":1},"request":{"op":"subscribe","args":["orderBookL2:XBTUSD"]}}"#);
        assert!(bench.take_sent().is_empty());
        bench.wait(2 * SECOND_NS);
        assert!(!bench.take_sent().is_empty());
        bench.text(r#"{"status":400,"error":"Unknown or expired symbol.","meta":{},"request":{"op":"subscribe","args":["orderBookL2:XBTUSD"]}}"#);
        assert_eq!(bench.state("XBTUSD"), BookState::Closed);
        bench.text(r#"{"error":"unknown"}"#);
        assert!(bench.take_events().contains(&"venue_error"));
    }

    #[test]
    fn the_client_pings_in_plain_text_and_silence_ends_the_connection() {
        let mut bench = live();
        bench.wait(6 * SECOND_NS);
        assert_eq!(bench.take_sent(), ["ping"]);
        bench.wait(10 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
    }

    #[test]
    fn markets_are_open_perpetuals_of_known_worth() {
        let row = |symbol: &str, kind: &str, state: &str, settle: &str, more: &str| {
            format!(
                r#"{{"symbol":"{symbol}","typ":"{kind}","state":"{state}","underlying":"XBT","quoteCurrency":"USD",
                "settlCurrency":"{settle}","isInverse":false,"isQuanto":false,"multiplier":1,"tickSize":0.5,"lotSize":1000,
                "makerFee":0.0002,"takerFee":0.0005{more}}}"#
            )
        };
        let linear = r#","underlyingToPositionMultiplier":1000000"#;
        let rows = [
            row("XBTUSD", "FFWCSX", "Open", "XBt", "")
                .replace("Inverse\":false", "Inverse\":true")
                .replace("multiplier\":1,", "multiplier\":-100000000,"),
            row("XBTUSDT", "FFWCSX", "Open", "USDt", linear).replace("\"USD\"", "\"USDT\""),
            row("ETHUSD", "FFWCSX", "Open", "XBt", "").replace("Quanto\":false", "Quanto\":true"),
            row("XBTZ26", "FFCCSX", "Open", "XBt", ""),
            row("OLD", "FFWCSX", "Closed", "USDt", linear),
            row("ODD", "FFWCSX", "Open", "USDt", ""),
            row("NIL", "FFWCSX", "Open", "USDt", r#","underlyingToPositionMultiplier":0"#),
            r#"{"symbol":"BAD"}"#.to_string(),
        ];
        let listing = Bitmex.parse_markets(&[format!("[{}]", rows.join(",")).as_bytes()], 0).unwrap();
        let told: Vec<_> = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.contract_size)).collect();
        assert_eq!(told, [("BTC/USD:BTC", 1.0), ("BTC/USDT:USDT", 1e-6)]);
        assert_eq!(listing.instruments[1].taker_fee_percent, Some(0.05));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["ETHUSD", "OLD", "ODD", "NIL", "BAD"]);
        assert!(Bitmex.parse_markets(&[b"{}"], 0).is_err());
    }
}
