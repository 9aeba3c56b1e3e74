//! Deribit, perpetuals: inverse ones and linear ones. <https://docs.deribit.com/subscriptions/orderbook/bookinstrument_nameinterval>
//!
//! Synchronisation:
//! 1. `type: snapshot`: clear and load, `last = change_id`. Its entries are all `new`; it bears no `prev_change_id`.
//! 2. `type: change` must have `prev_change_id == last`; then `last = change_id`. The ids grow and are not contiguous.
//! 3. `new` and `change` set an absolute amount; `delete` removes, whatever amount it bears, and so does an amount of zero.
//! 4. After a gap: unsubscribe, and subscribe when that is answered; the subscription begins with a snapshot.
//! 5. `quote` bears no id. Both channels bear the time of the change in milliseconds, by one clock, so that time orders them;
//!    of two with the same time the quote is the later: it is told at every change, the book is told at the end of 100 ms.
//! 6. An empty side of a quote has a price of null or zero, and an amount of zero.
//! 7. Amounts are US dollars on an inverse instrument (`reversed`) and base coins on a linear one, never contracts:
//!    `contract_size` is only their step.
//! 8. `instrument.state` tells the life of an instrument: it is `started`, and `deactivated`, `closed` or `terminated`; what else
//!    it tells (`created`, `settled`) stops no trading that goes on. `platform_state` tells that whatever follows an index is
//!    `locked`, or is not any more; an index is called `btc_usd`, and the perpetual that follows it BTC-PERPETUAL or, where it
//!    is not quoted in plain dollars, BTC_USDC-PERPETUAL.
//!
//! Sources: captured frames of 2021-07 for rules 1 to 3 (raw books of options, 36 changes) and 5 (their raw tickers); the
//! venue's documentation of 2026 for 2, 4 and 5 ("timestamp of last change"); nautilus_trader a95c8042 for 1, 6 and 7.
//!
//! The session begins with `set_heartbeat`; every `test_request` must be answered or the venue hangs up. A subscription's
//! answer lists what was granted: what the venue does not know is left out of it.

use crate::desk::{Desk, Wish};
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Top, Topic, best};
use crate::profile::{Conduct, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile, by_chain};
use crate::venue::Venue;
use crossbook_codec::json::{parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use messages::{Data, Fetched, Market, Message, Outcome, Params, Refusal};

mod facts;
mod messages;

const PROFILE: VenueProfile = VenueProfile {
    id: "deribit",
    name: "Deribit",
    websocket_url: "wss://www.deribit.com",
    rest_url: "https://www.deribit.com",
    docs_url: "https://docs.deribit.com",
    channels: &[
        (Channel::Book, "book.100ms"),
        (Channel::Top, "quote"),
        (Channel::Status, "instrument.state.future.any"),
    ],
    guard_rule: "each change's prev_change_id equals the change_id before it",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.0,
    instruments_per_connection: 200,
    connects_per_minute: 20,
    request_weight_per_minute: 600,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["captured frames 2021-07 and 2025-12", "venue's documentation 2026", "nautilus_trader a95c8042"],
    certainty: "the chain is seen in captured frames of options, and documented alike for perpetuals; the limit of channels is from memory",
    unavailable_reason: None,
};

/// A subscribe call costs 3,000 of 30,000 credits, of which some 10,000 come back a second.
const CONDUCT: Conduct = Conduct {
    socket_path: "/ws/api/v2",
    opening: &[
        r#"{"jsonrpc":"2.0","id":0,"method":"public/set_heartbeat","params":{"interval":10}}"#,
        r#"{"jsonrpc":"2.0","id":0,"method":"public/subscribe","params":{"channels":["instrument.state.future.any","platform_state"]}}"#,
    ],
    shares_status: true,
    channels_per_request: 100,
    pacing: Pacing { burst: 8, interval_ns: 400 * MILLISECOND_NS, gap_ns: 0 },
    silence_limit_ns: 30 * SECOND_NS,
    snapshot_source: SnapshotSource::Socket,
    joining: by_chain,
    top_mark: Some(r#""quote."#),
    throttling: Throttling::by_code(&["error", "code"], &[TOO_MANY_REQUESTS]),
    ..Conduct::USUAL
};

/// Of all instruments and of none: what stops trading.
const STATUS_CHANNELS: [&str; 2] = ["instrument.state.future.any", "platform_state"];
const TEST: &str = r#"{"jsonrpc":"2.0","id":0,"method":"public/test","params":{}}"#;
const TOO_MANY_REQUESTS: &str = "10028";
/// How long to be quiet after "too many requests".
const TOO_MANY_PAUSE_NS: i64 = 5 * SECOND_NS;

/// Deribit.
pub struct Deribit;

impl Venue for Deribit {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v2/public/get_instruments?currency=any&kind=future&expired=false")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &Classes::UNTOLD, rows(bodies, "result")?, "instrument_name", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let verb = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let channels: Vec<String> = topics.iter().map(channel_name).collect();
        let (method, params) = (format!("public/{verb}"), serde_json::json!({"channels": channels}));
        serde_json::json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        match (message.method, message.params) {
            (Some("subscription"), Some(params)) => return on_notification(params, desk),
            (Some("heartbeat"), Some(params)) if params.kind == Some("test_request") => desk.send(TEST),
            (None, _) => on_answer(message.id, message.result, message.error, desk),
            _ => {}
        }
        Ok(())
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"channel\":\"")?.split('.').nth(1)
    }

    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let path = format!("/api/v2/public/get_order_book?instrument_name={native_symbol}&depth=1");
        Some(BookRequest { request: RestRequest::get(path), depth_limit: 1 })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let Fetched { result: book } = parse(body)?;
        Ok(Snapshot {
            sequence: book.change_id,
            cross_sequence: Some(book_order(book.timestamp)),
            exchange_ns: book.timestamp.saturating_mul(MILLISECOND_NS),
            bids: book.bids.0,
            asks: book.asks.0,
            depth_limit: None,
        })
    }
}

fn channel_name(topic: &Topic<'_>) -> String {
    match topic.channel {
        Channel::Book => format!("book.{}.100ms", topic.native_symbol),
        _ => format!("quote.{}", topic.native_symbol),
    }
}

/// The slot of `book.BTC-PERPETUAL.100ms` or `quote.BTC-PERPETUAL`; of no other channel.
fn topic(channel: &str, desk: &Desk) -> Option<(u32, Channel)> {
    let mut parts = channel.split('.');
    let (kind, name, interval, end) = (parts.next()?, parts.next()?, parts.next(), parts.next());
    let channel = match (kind, interval, end) {
        ("book", Some(_), None) => Channel::Book,
        ("quote", None, None) => Channel::Top,
        _ => return None,
    };
    Some((desk.slot(name)?, channel))
}

fn on_notification(params: Params<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let name = params.channel.ok_or(FrameError::Missing("channel"))?;
    let topic = topic(name, desk);
    let data = params.data.filter(|_| topic.is_some() || STATUS_CHANNELS.contains(&name));
    match (topic, data) {
        (Some((slot, Channel::Book)), Some(data)) => on_book(slot, data, desk),
        (Some((slot, _)), Some(data)) => on_quote(slot, &data, desk),
        (Some(_), None) => Err(FrameError::Missing("data")),
        (None, Some(data)) => {
            on_status(&data, desk);
            Ok(())
        }
        (None, None) => Ok(()),
    }
}

/// Rule 8.
fn on_status(data: &Data<'_>, desk: &mut Desk) {
    let slot = data.instrument_name.and_then(|name| desk.slot(name));
    match (slot, data.state) {
        (Some(slot), Some("started")) => desk.set_trading(slot, None),
        (Some(slot), Some(state @ ("deactivated" | "closed" | "terminated"))) => {
            desk.set_trading(slot, Some(&format!("it is {state}")));
        }
        _ => {}
    }
    let follower = data.price_index.and_then(|index| desk.slot(&perpetual_of(index)));
    if let (Some(slot), Some(is_locked)) = (follower, data.locked) {
        desk.set_trading(slot, is_locked.then_some("its index is locked"));
    }
}

/// What follows an index.
fn perpetual_of(index: &str) -> String {
    let name = index.to_uppercase();
    format!("{}-PERPETUAL", name.strip_suffix("_USD").unwrap_or(&name))
}

fn on_book(slot: u32, data: Data<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let last = data.change_id.ok_or(FrameError::Missing("change_id"))?;
    let time_ms = data.timestamp.ok_or(FrameError::Missing("timestamp"))?;
    let (exchange_ns, cross_sequence) = (time_ms.saturating_mul(MILLISECOND_NS), Some(book_order(time_ms)));
    let (bids, asks) = (data.bids.0, data.asks.0);
    match data.kind {
        Some("snapshot") => {
            desk.snapshot(
                slot,
                Snapshot { sequence: last, cross_sequence, exchange_ns, bids, asks, depth_limit: None },
            );
        }
        Some("change") => {
            let previous = data.prev_change_id.ok_or(FrameError::Missing("prev_change_id"))?;
            desk.delta(slot, Delta { previous, first: last, last, cross_sequence, exchange_ns, bids, asks });
        }
        _ => return Err(FrameError::Invalid("type of a book")),
    }
    Ok(())
}

fn on_quote(slot: u32, data: &Data<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let time_ms = data.timestamp.ok_or(FrameError::Missing("timestamp"))?;
    let bid = best(data.best_bid_price, data.best_bid_amount)?;
    let ask = best(data.best_ask_price, data.best_ask_amount)?;
    desk.top(
        slot,
        Top { sequence: quote_order(time_ms), exchange_ns: time_ms.saturating_mul(MILLISECOND_NS), bid, ask },
    );
    Ok(())
}

/// Rule 5: where a book stands among the quotes.
fn book_order(time_ms: i64) -> i64 {
    time_ms.saturating_mul(2)
}

fn quote_order(time_ms: i64) -> i64 {
    book_order(time_ms).saturating_add(1)
}

fn on_answer(id: Option<u64>, result: Option<Outcome<'_>>, error: Option<Refusal>, desk: &mut Desk) {
    let wishes = id.map(|id| desk.answered(id)).unwrap_or_default();
    match (result, error) {
        (_, Some(error)) => on_error(&error, &wishes, desk),
        (Some(Outcome::Channels(channels)), None) => {
            let granted: Vec<_> = channels.iter().filter_map(|channel| topic(channel, desk)).collect();
            wishes.into_iter().for_each(|wish| settle(wish, granted.contains(&(wish.slot, wish.channel)), desk));
        }
        _ => {}
    }
}

/// What is left out of the answer does not exist, or was not subscribed.
fn settle(wish: Wish, is_granted: bool, desk: &mut Desk) {
    match (is_granted, wish.operation, wish.channel) {
        (true, ..) => desk.acknowledge(wish.operation, wish.slot, wish.channel),
        (false, Operation::Subscribe, Channel::Book) => {
            desk.refuse(wish.slot, "the venue left its book out of the answer")
        }
        (false, ..) => desk.decline(wish, "the venue left it out of the answer"),
    }
}

fn on_error(error: &Refusal, wishes: &[Wish], desk: &mut Desk) {
    let detail = format!("{} {}", error.code, error.message);
    if error.code.is(TOO_MANY_REQUESTS) {
        desk.report("too_many_requests", None, &detail);
        desk.pause(TOO_MANY_PAUSE_NS);
    } else if wishes.is_empty() {
        desk.report("venue_error", None, &detail);
    }
    wishes.iter().for_each(|wish| desk.decline(*wish, &detail));
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.kind != "future" || market.settlement_period.as_deref() != Some("perpetual") {
        return;
    }
    let name = market.instrument_name.as_str();
    let (Some(quote), Some(settle)) = (&market.counter_currency, &market.settlement_currency) else {
        return listing.quarantine(name, "no counter or settlement currency");
    };
    // Rule 7: the unit of amounts hangs on it, so that both sources of it have to agree.
    let is_inverse = *settle == market.base_currency;
    let kind = market.instrument_type.as_deref().unwrap_or("unknown");
    if !market.is_active {
        return listing.quarantine(name, "not active");
    }
    if kind != if is_inverse { "reversed" } else { "linear" } {
        return listing.quarantine(name, format!("its type is {kind} though it settles in {settle}"));
    }
    listing.add(&ListedMarket {
        native_symbol: name,
        base: &market.base_currency,
        quote,
        settle,
        contract_size: 1.0,
        tick_size: market.tick_size.0,
        lot_size: market.min_trade_amount.0,
        taker_fee_percent: market.taker_commission.map(|share| share.0 * 100.0),
        maker_fee_percent: market.maker_commission.map(|share| share.0 * 100.0),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::{BookState, Instrument};
    use std::sync::Arc;

    const LINEAR: &str = "SOL_USDC-PERPETUAL";
    const INVERSE: &str = "BTC-PERPETUAL";
    const NO: &str = "[]";

    fn instruments() -> Vec<Arc<Instrument>> {
        let row = |name: &str, kind: &str, base: &str, counter: &str, settle: &str| {
            format!(
                r#"{{"instrument_name":"{name}","kind":"future","settlement_period":"perpetual","is_active":true,
                "instrument_type":"{kind}","base_currency":"{base}","quote_currency":"{counter}","counter_currency":"{counter}",
                "settlement_currency":"{settle}","contract_size":10.0,"min_trade_amount":10.0,"tick_size":0.5,
                "maker_commission":0.0,"taker_commission":0.0005}}"#
            )
        };
        let inverse = row(INVERSE, "reversed", "BTC", "USD", "BTC");
        let linear = row(LINEAR, "linear", "SOL", "USDC", "USDC");
        let body = format!(r#"{{"jsonrpc":"2.0","result":[{inverse},{linear}]}}"#);
        Deribit.parse_markets(&[body.as_bytes()], 0).unwrap().instruments.into_iter().map(Arc::new).collect()
    }

    fn notification(channel: &str, data: &str) -> String {
        format!(r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"{channel}","data":{data}}}}}"#)
    }

    fn book(name: &str, time_ms: i64, ids: &str, bids: &str, asks: &str) -> String {
        let data = format!(r#"{{"timestamp":{time_ms},"instrument_name":"{name}",{ids},"bids":{bids},"asks":{asks}}}"#);
        notification(&format!("book.{name}.100ms"), &data)
    }

    fn snapshot(name: &str, time_ms: i64, id: i64) -> String {
        let ids = format!(r#""type":"snapshot","change_id":{id}"#);
        book(name, time_ms, &ids, r#"[["new",99.0,1.5],["new",98.0,7.0]]"#, r#"[["new",101.0,2.0]]"#)
    }

    fn change(time_ms: i64, previous: i64, id: i64, bids: &str, asks: &str) -> String {
        let ids = format!(r#""type":"change","prev_change_id":{previous},"change_id":{id}"#);
        book(LINEAR, time_ms, &ids, bids, asks)
    }

    fn quote(time_ms: i64, bid: &str, bid_amount: &str, ask: &str, ask_amount: &str) -> String {
        let data = format!(
            r#"{{"timestamp":{time_ms},"instrument_name":"{LINEAR}","best_ask_price":{ask},"best_bid_price":{bid},
            "best_ask_amount":{ask_amount},"best_bid_amount":{bid_amount}}}"#
        );
        notification(&format!("quote.{LINEAR}"), &data)
    }

    fn answer(id: u64, channels: &[&str]) -> String {
        serde_json::json!({"jsonrpc": "2.0", "id": id, "result": channels, "usIn": 1, "usOut": 2, "usDiff": 1})
            .to_string()
    }

    fn open() -> Bench {
        let mut bench = Bench::with("deribit", &instruments());
        bench.connect();
        bench
    }

    /// A live linear book: 99 x 1.5, 98 x 7 | 101 x 2 at change 10 of millisecond 1,000.
    fn live() -> Bench {
        let mut bench = open();
        bench.text(&answer(1, &["book.BTC-PERPETUAL.100ms", "book.SOL_USDC-PERPETUAL.100ms"]));
        bench.text(&snapshot(LINEAR, 1_000, 10));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_8_what_is_deactivated_or_whose_index_is_locked_is_closed_until_it_is_not() {
        let note = |channel: &str, data: &str| {
            format!(r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"{channel}","data":{data}}}}}"#)
        };
        let life = |state: &str| {
            let data = format!(r#"{{"timestamp":1553080940000,"state":"{state}","instrument_name":"BTC-PERPETUAL"}}"#);
            note("instrument.state.future.any", &data)
        };
        let lock = |index: &str, is_locked: bool| {
            note("platform_state", &format!(r#"{{"price_index":"{index}","locked":{is_locked}}}"#))
        };
        let (halted, open) = (BookState::Closed, BookState::Live);
        let mut bench = live();
        bench.text(&snapshot("BTC-PERPETUAL", 1_000, 10));
        for (frame, inverse, linear) in [
            (life("created"), open, open),
            (life("settled"), open, open),
            (life("deactivated"), halted, open),
            (life("settled"), halted, open),
            (life("started"), open, open),
            (life("closed"), halted, open),
            (lock("sol_usdc", true), halted, halted),
            (lock("btc_usdc", false), halted, halted),
            (life("started"), open, halted),
            (lock("btc_usd", true), halted, halted),
            (lock("sol_usdc", false), halted, open),
            (lock("btc_usd", false), open, open),
            (note("platform_state", r#"{"maintenance":true}"#), open, open),
        ] {
            bench.text(&frame);
            assert_eq!((bench.state("BTC-PERPETUAL"), bench.state("SOL_USDC-PERPETUAL")), (inverse, linear), "{frame}");
        }
    }

    #[test]
    fn a_session_begins_with_the_heartbeat_and_one_message_for_every_channel() {
        let sent = open().take_sent();
        assert_eq!(sent.len(), 3, "{sent:?}");
        assert!(sent[1].contains(r#"["instrument.state.future.any","platform_state"]"#));
        let heartbeat: serde_json::Value = serde_json::from_str(&sent[0]).unwrap();
        assert_eq!(
            (&heartbeat["method"], &heartbeat["params"]["interval"]),
            (&"public/set_heartbeat".into(), &10.into())
        );
        let request: serde_json::Value = serde_json::from_str(&sent[2]).unwrap();
        let channels = serde_json::json!([
            "book.BTC-PERPETUAL.100ms",
            "book.SOL_USDC-PERPETUAL.100ms",
            "quote.BTC-PERPETUAL",
            "quote.SOL_USDC-PERPETUAL"
        ]);
        assert_eq!((&request["method"], &request["params"]["channels"]), (&"public/subscribe".into(), &channels));
    }

    #[test]
    fn rules_1_and_2_changes_chain_from_the_snapshot_by_ids_that_jump() {
        let mut bench = live();
        bench.text(&change(1_100, 10, 17, r#"[["new",99.5,1.0]]"#, NO));
        bench.text(&change(1_200, 17, 30, NO, r#"[["new",100.5,0.25]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 100.5, 0.25)));
        bench.text(&snapshot(LINEAR, 1_300, 40).replace("\"change_id\"", "\"prev_change_id\":null,\"change_id\""));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "a snapshot replaces everything");
        assert_eq!((bench.state(LINEAR), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_2_the_same_change_twice_is_harmless_and_changes_before_the_snapshot_are_ignored() {
        let mut bench = open();
        bench.text(&change(900, 5, 9, r#"[["new",99.5,1.0]]"#, NO));
        bench.text(&snapshot(LINEAR, 1_000, 10));
        (0..2).for_each(|_| bench.text(&change(1_100, 10, 17, r#"[["new",99.5,1.0]]"#, NO)));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 101.0, 2.0)));
        assert_eq!((bench.state(LINEAR), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_3_delete_removes_and_so_does_an_amount_of_zero() {
        let mut bench = live();
        bench.text(&change(1_100, 10, 11, r#"[["delete",99.0,1.5]]"#, r#"[["change",101.0,0.0]]"#));
        assert_eq!(bench.take_top(), Some((98.0, 7.0, 0.0, 0.0)), "and the asks are empty");
        bench.text(&change(1_200, 11, 12, r#"[["change",98.0,6.0],["delete",42.0,0.0]]"#, NO));
        assert_eq!(bench.take_top(), Some((98.0, 6.0, 0.0, 0.0)));
    }

    #[test]
    fn rule_4_a_gap_withdraws_the_prices_until_the_book_was_subscribed_again() {
        let mut bench = live();
        bench.text(&change(1_100, 11, 12, r#"[["new",99.5,1.0]]"#, NO));
        assert_eq!((bench.take_top(), bench.feed.stats().gaps), (Some((0.0, 0.0, 0.0, 0.0)), 1));
        let sent = bench.take_sent();
        assert!(sent.len() == 1 && sent[0].contains("public/unsubscribe") && !sent[0].contains("quote"), "{sent:?}");
        bench.text(&change(1_200, 12, 13, NO, NO));
        bench.text(&quote(1_250, "99.9", "1.0", "100.1", "1.0"));
        assert!(bench.take_quotes().is_empty());
        bench.text(&answer(2, &["book.SOL_USDC-PERPETUAL.100ms"]));
        assert!(bench.take_sent()[0].contains("public/subscribe"));
        bench.text(&answer(3, &["book.SOL_USDC-PERPETUAL.100ms"]));
        bench.text(&snapshot(LINEAR, 1_300, 20));
        assert_eq!((bench.take_top(), bench.feed.stats().resyncs), (Some((99.0, 1.5, 101.0, 2.0)), 1));
    }

    #[test]
    fn rule_4_an_unsubscription_that_had_nothing_to_leave_is_as_good_as_done() {
        let mut bench = live();
        bench.text(&change(1_100, 11, 12, NO, NO));
        bench.take_sent();
        bench.text(&answer(2, &[]));
        assert!(bench.take_sent()[0].contains("public/subscribe"));
    }

    #[test]
    fn rule_5_the_later_of_quote_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&quote(1_150, "99.5", "3.0", "100.5", "4.0"));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&change(1_100, 10, 11, r#"[["new",99.2,9.0]]"#, NO));
        assert_eq!(bench.take_top(), None, "the book is still behind");
        bench.text(&quote(1_120, "99.3", "3.0", "100.5", "4.0"));
        assert_eq!(bench.take_top(), None, "and so is this quote");
        bench.text(&change(1_200, 11, 12, r#"[["new",99.6,8.0]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.6, 8.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_5_of_one_millisecond_the_last_quote_stands_whichever_way_the_book_comes() {
        let mut bench = live();
        bench.text(&quote(1_150, "99.5", "3.0", "100.5", "4.0"));
        bench.text(&quote(1_150, "99.5", "2.0", "100.5", "4.0"));
        assert_eq!(bench.take_top(), Some((99.5, 2.0, 100.5, 4.0)), "the second change of the same millisecond");
        bench.text(&change(1_150, 10, 11, r#"[["new",99.5,3.0]]"#, r#"[["new",100.5,4.0]]"#));
        assert_eq!(bench.take_top(), None, "told before the second change");
        bench.text(&change(1_150, 11, 12, r#"[["change",99.5,2.0]]"#, NO));
        assert_eq!((bench.take_top(), bench.state(LINEAR)), (None, BookState::Live));
    }

    #[test]
    fn rule_5_a_quote_that_the_book_never_reaches_withdraws_the_prices() {
        let mut bench = live();
        bench.text(&quote(9_000_000, "99.5", "3.0", "100.5", "4.0"));
        for step in 0..6 {
            bench.text(&change(1_100 + step, 10 + step, 11 + step, &format!(r#"[["new",90.{step},1.0]]"#), NO));
            bench.wait(SECOND_NS);
        }
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "one of the two is wrong");
    }

    #[test]
    fn rule_5_a_venue_s_clock_that_is_set_back_does_not_hold_the_top_back() {
        let mut bench = live();
        bench.text(&quote(5_000, "99.5", "3.0", "100.5", "4.0"));
        bench.text(&change(900, 10, 11, r#"[["new",99.2,9.0]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.2, 9.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_6_an_empty_side_is_null_or_zero() {
        for (price, amount) in [("null", "0.0"), ("0.0", "0.0"), ("0", "0")] {
            let mut bench = live();
            bench.text(&quote(1_150, price, amount, "100.5", "4.0"));
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 4.0)), "{price} {amount}");
        }
    }

    #[test]
    fn rule_7_amounts_of_an_inverse_instrument_are_dollars_and_no_contracts() {
        let mut bench = open();
        let ids = r#""type":"snapshot","change_id":10"#;
        bench.text(&book(INVERSE, 1_000, ids, r#"[["new",50000.0,100000.0]]"#, r#"[["new",62500.0,250000.0]]"#));
        assert_eq!(bench.take_top(), Some((50_000.0, 2.0, 62_500.0, 4.0)));
        let quote = quote(1_100, "50000.0", "25000.0", "80000.0", "10.0").replace(LINEAR, INVERSE);
        bench.text(&quote);
        assert_eq!(bench.take_top(), Some((50_000.0, 0.5, 80_000.0, 0.000_125)));
    }

    #[test]
    fn a_test_request_is_answered_at_once_and_a_heartbeat_is_not_data() {
        let mut bench = live();
        bench.text(r#"{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}"#);
        assert_eq!(bench.take_sent(), [TEST]);
        bench.text(r#"{"jsonrpc":"2.0","id":0,"result":{"version":"1.2.26"},"usIn":1,"usOut":2,"usDiff":1}"#);
        bench.text(r#"{"jsonrpc":"2.0","id":0,"result":"ok","usIn":1,"usOut":2,"usDiff":1}"#);
        for _ in 0..4 {
            bench.wait(10 * SECOND_NS);
            bench.text(r#"{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}}"#);
        }
        assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Stale, 0));
        bench.wait(31 * SECOND_NS);
        assert!(
            bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })),
            "nothing at all is heard"
        );
    }

    #[test]
    fn a_quiet_book_is_vouched_for_by_the_one_that_is_fetched() {
        let mut bench = live();
        for _ in 0..5 {
            bench.wait(10 * SECOND_NS);
            bench.text(r#"{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}}"#);
            for (request_id, url, _) in bench.take_fetches() {
                assert!(url.ends_with("/get_order_book?instrument_name=SOL_USDC-PERPETUAL&depth=1"), "{url}");
                let book = r#""change_id":10,"bids":[[99.0,1.5]],"asks":[[101.0,2.0]]"#;
                bench.answer(request_id, 200, &format!(r#"{{"jsonrpc":"2.0","result":{{"timestamp":1000,{book}}}}}"#));
            }
        }
        assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Live, 0));
    }

    #[test]
    fn what_the_answer_leaves_out_does_not_exist_and_the_rest_stands() {
        let mut bench = open();
        bench.text(&answer(1, &["book.SOL_USDC-PERPETUAL.100ms", "quote.SOL_USDC-PERPETUAL", "quote.BTC-PERPETUAL"]));
        bench.text(&snapshot(LINEAR, 1_000, 10));
        assert_eq!((bench.state(INVERSE), bench.state(LINEAR)), (BookState::Closed, BookState::Live));
        assert_eq!(bench.take_events(), ["subscribe_refused"]);
    }

    #[test]
    fn too_many_requests_are_tried_again_after_a_pause() {
        let mut bench = open();
        bench.take_steps();
        bench.text(r#"{"jsonrpc":"2.0","id":1,"error":{"code":10028,"message":"too_many_requests","data":null}}"#);
        bench.wait(4 * SECOND_NS);
        assert!(bench.take_steps().iter().all(|step| matches!(step, Step::Report { .. })));
        bench.wait(2 * SECOND_NS);
        assert!(bench.take_sent()[0].contains("public/unsubscribe"));
        bench.text(r#"{"jsonrpc":"2.0","id":77,"error":{"code":11050,"message":"bad_request"}}"#);
        assert_eq!(bench.take_events(), ["venue_error"]);
    }

    #[test]
    fn frames_of_other_channels_are_none_of_ours() {
        let mut bench = live();
        bench.text(&notification("ticker.SOL_USDC-PERPETUAL.100ms", r#"{"timestamp":1,"best_bid_price":1.0}"#));
        bench.text(&notification("book.SOL_USDC-PERPETUAL.none.10.100ms", r#"{"change_id":7,"bids":[],"asks":[]}"#));
        bench.text(&notification("quote.OTHER-PERPETUAL", r#"{"timestamp":1}"#));
        bench.text(&notification("platform_state", r#"{"locked":true}"#));
        assert_eq!((bench.take_quotes().len(), bench.feed.stats().parse_errors), (0, 0));
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            change(1_100, 10, 11, r#"[["new","NaN",1.0]]"#, NO),
            change(1_100, 10, 11, r#"[["new",-99.0,1.0]]"#, NO),
            change(1_100, 10, 11, r#"[["new",99.0,-1.0]]"#, NO),
            change(1_100, 10, 11, r#"[["new",{"is":["not","a","price"]},1.0]]"#, NO),
            change(1_100, 10, 11, r#"[["swap",99.0,1.0]]"#, NO),
            change(1_100, 10, 11, r#"[["new",99.0]]"#, NO),
            change(1_100, 10, 11, NO, NO).replace("prev_change_id", "x"),
            change(1_100, 10, 11, NO, NO).replace("\"timestamp\"", "\"x\""),
            change(1_100, 10, 11, NO, NO).replace("\"change\"", "\"other\""),
            change(1_100, 10, 11, NO, NO)[..120].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [
            quote(1_100, "-99.0", "1.0", "101.0", "1.0"),
            quote(1_100, "99.0", "1.0", "101.0", "1.0").replace("\"timestamp\"", "\"x\""),
            quote(1_100, "99.0", "1.0", "101.0", "1.0").replace("best_bid_amount", "x"),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(LINEAR), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn a_size_of_zero_is_an_empty_side() {
        let mut bench = live();
        bench.text(&quote(1_100, "99.0", "0.0", "101.0", "1.0"));
        assert_eq!((bench.take_top(), bench.feed.stats().parse_errors), (Some((0.0, 0.0, 101.0, 1.0)), 0));
    }

    #[test]
    fn markets_are_active_perpetuals_whose_unit_is_sure() {
        let listed = instruments();
        let facts = |at: usize| (listed[at].symbol.as_str(), listed[at].contract_size, listed[at].is_inverse());
        assert_eq!((facts(0), facts(1)), (("BTC/USD:BTC", 1.0, true), ("SOL/USDC:USDC", 1.0, false)));
        assert_eq!((listed[0].taker_fee_percent, listed[0].maker_fee_percent), (Some(0.05), Some(0.0)));
        let row = |changes: &str| {
            let mut row = serde_json::json!({"instrument_name": "X", "kind": "future", "settlement_period": "perpetual",
                "is_active": true, "instrument_type": "linear", "base_currency": "SOL", "counter_currency": "USDC",
                "settlement_currency": "USDC", "min_trade_amount": 0.1, "tick_size": 0.01});
            let changes: serde_json::Value = serde_json::from_str(changes).unwrap();
            row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            row.to_string()
        };
        let rows = [
            row(r#"{"instrument_name": "DATED", "settlement_period": "week"}"#),
            row(r#"{"instrument_name": "OPTION", "kind": "option"}"#),
            row(r#"{"instrument_name": "HALTED", "is_active": false}"#),
            row(r#"{"instrument_name": "ODD", "instrument_type": "reversed"}"#),
            row(r#"{"instrument_name": "OLD", "counter_currency": null}"#),
            row(r#"{"instrument_name": "BAD", "tick_size": "half"}"#),
            r#"{"instrument_name":"CUT"}"#.to_string(),
        ];
        let body = format!(r#"{{"result":[{}]}}"#, rows.join(","));
        let listing = Deribit.parse_markets(&[body.as_bytes()], 0).unwrap();
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((refused, listing.instruments.len()), (vec!["HALTED", "ODD", "OLD", "BAD", "CUT"], 0));
    }
}
