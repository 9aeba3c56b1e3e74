//! dYdX v4 perpetuals, as its indexer tells them. <https://docs.dydx.xyz/indexer-client/websockets>
//!
//! Synchronisation:
//! 1. The server speaks first (`connected`). One market a message; `subscribed` is the whole book, of at most 100 levels a side.
//!    What comes before it is dropped.
//! 2. `channel_data` tells changed levels with absolute sizes; either side may be missing. Zero removes, and removing what is
//!    absent is harmless: levels behind the hundredth are told as well.
//! 3. `message_id` counts what the socket says. A `subscribed` bears the number of its asking and may come behind higher ones of
//!    other markets, so that only within one market the numbers rise. Where they do not, the book is lost.
//! 4. Nothing chains what the indexer itself has heard: it fetches the book before it listens for changes, and one between the
//!    two is never told. A frame that does not read may have been anybody's.
//! 5. After a loss: unsubscribe, wait for `unsubscribed`, subscribe again. Subscribing twice is an error and brings no book.
//! 6. There are no times in these frames, and no channel of the best bid and ask.
//! 7. No engine keeps the one book: every validator has its own, and the indexer's may cross for a while. Nothing is quoted from
//!    it meanwhile. One that stays crossed is asked for again: the book of a subscription is told uncrossed.
//!
//! The server pings with control frames every 30 s. Two subscriptions a second of one market, or it closes with 1008; 32 markets
//! a connection. Markets quote USD by their oracle and settle in USDC. A name with a comma is a token by its pool: left out.

mod facts;

use crate::desk::{Desk, Wish};
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Topic};
use crate::profile::{Conduct, MILLISECOND_NS, Pacing, SECOND_NS, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Decimal, Levels, Object, Text, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

const PROFILE: VenueProfile = VenueProfile {
    id: "dydx",
    name: "dYdX",
    websocket_url: "wss://indexer.dydx.trade",
    rest_url: "https://indexer.dydx.trade",
    docs_url: "https://docs.dydx.xyz/indexer-client",
    channels: &[(Channel::Book, "v4_orderbook")],
    guard_rule: "no number shows what the indexer missed: numbers of a market that do not rise, and crossed books do",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.01,
    instruments_per_connection: 32,
    connects_per_minute: 30,
    request_weight_per_minute: 600,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: false,
    relays: None,
    sources: &["venue's documentation 2025", "source of its indexer (v4-chain: socks, comlink) 2024 to 2026"],
    certainty: "nothing was captured; frames, errors and limits of a connection are read in the indexer's source, fees and REST limits are documented, connects a minute are assumed",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/v4/ws",
    waits_for_greeting: true,
    crossed_limit_ns: 2 * SECOND_NS, // a block or two
    pacing: Pacing { burst: 10, interval_ns: 100 * MILLISECOND_NS, gap_ns: 0 },
    subscribe_gap_ns: 600 * MILLISECOND_NS,
    ..Conduct::USUAL
};

/// Levels a side of a book told as a whole.
const DEPTH: usize = 100;

/// dYdX.
pub struct Dydx;

/// `{"type":"channel_data","connection_id":"ee5a4696-dce8-44ef-8d68-f0e0d0b06160","message_id":484,"id":"BTC-USD",
/// "channel":"v4_orderbook","version":"1.0.0","contents":{"bids":[["27773","1.986168516"]]}}`, or
/// `{"type":"error","message":"Invalid subscription id for channel: (v4_orderbook-X-USD)","connection_id":"...","message_id":3}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    message_id: Option<i64>,
    #[serde(borrow)]
    channel: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(default)]
    contents: Object<Contents>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

/// `{"bids":[{"price":"28194","size":"4.764826096"}],"asks":[]}` of a whole book, which is also what REST answers;
/// `{"asks":[["28195","0"]]}` of a change.
#[derive(Deserialize)]
struct Contents {
    bids: Option<Levels>,
    asks: Option<Levels>,
}

/// `{"markets":{"BTC-USD":{"ticker":"BTC-USD",...}}}`
#[derive(Deserialize)]
struct Markets {
    markets: BTreeMap<String, Value>,
}

/// `{"clobPairId":"0","ticker":"BTC-USD","status":"ACTIVE","oraclePrice":"27752.92","tickSize":"1","stepSize":"0.0001",
/// "marketType":"CROSS",...}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    ticker: String,
    status: String,
    tick_size: Decimal,
    step_size: Decimal,
}

impl Venue for Dydx {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/v4/perpetualMarkets")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        let mut rows = Vec::new();
        for body in bodies {
            let answer: Markets =
                serde_json::from_slice(body).map_err(|error| VenueError::Markets(error.to_string()))?;
            rows.extend(answer.markets.into_values());
        }
        Ok(collect(PROFILE.id, &Classes::UNTOLD, rows, "ticker", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let kind = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let topic = topics[0];
        serde_json::json!({"type": kind, "channel": PROFILE.channel(topic.channel), "id": topic.native_symbol})
            .to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let outcome = parse::<Message<'_>>(frame.payload).and_then(|message| on_message(message, desk));
        if outcome.is_err() && self.culprit(frame.payload).and_then(|market| desk.slot(market)).is_none() {
            desk.lose_all("a frame neither reads nor says whose it is"); // rule 4
        }
        outcome
    }

    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let request = RestRequest::get(format!("/v4/orderbooks/perpetualMarket/{native_symbol}"));
        Some(BookRequest { request, depth_limit: DEPTH })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        parse::<Contents>(body)?.into_snapshot(0)
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"id\":\"")
    }
}

fn on_message(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    match &*message.kind {
        "connected" => desk.greeted(),
        "error" => on_error(&message, desk),
        "subscribed" | "channel_data" | "unsubscribed" => return on_channel(message, desk),
        _ => {}
    }
    Ok(())
}

fn on_channel(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let channel = message.channel.ok_or(FrameError::Missing("channel"))?;
    if PROFILE.channel_named(&channel) != Some(Channel::Book) {
        return Ok(());
    }
    let id = message.id.ok_or(FrameError::Missing("id"))?;
    let Some(slot) = desk.slot(&id) else { return Ok(()) };
    if &*message.kind == "unsubscribed" {
        desk.acknowledge(Operation::Unsubscribe, slot, Channel::Book);
        return Ok(());
    }
    let number = message.message_id.filter(|number| *number >= 0).ok_or(FrameError::Missing("message_id"))?;
    let contents = message.contents.0.ok_or(FrameError::Missing("contents"))?;
    if &*message.kind == "subscribed" {
        desk.snapshot(slot, contents.into_snapshot(number)?);
        return Ok(());
    }
    on_change(slot, number, contents, desk)
}

/// Rules 2 and 3.
fn on_change(slot: u32, number: i64, contents: Contents, desk: &mut Desk) -> Result<(), FrameError> {
    if contents.bids.is_none() && contents.asks.is_none() {
        return Err(FrameError::Missing("bids and asks"));
    }
    if !desk.is_whole(slot) {
        return Ok(()); // rule 1
    }
    let previous = desk.sequence(slot);
    if number <= previous {
        desk.lose(slot, &format!("message {number} comes behind {previous}"));
        return Ok(());
    }
    let levels = |side: Option<Levels>| side.map(|levels| levels.0).unwrap_or_default();
    let (bids, asks) = (levels(contents.bids), levels(contents.asks));
    desk.delta(slot, Delta { previous, first: number, last: number, bids, asks, ..Delta::default() });
    Ok(())
}

impl Contents {
    fn into_snapshot(self, sequence: i64) -> Result<Snapshot, FrameError> {
        let bids = self.bids.ok_or(FrameError::Missing("bids"))?.0;
        let asks = self.asks.ok_or(FrameError::Missing("asks"))?.0;
        Ok(Snapshot { sequence, bids, asks, depth_limit: Some(DEPTH), ..Snapshot::default() })
    }
}

/// Newer indexers name the market beside the text, older ones in it only, and those about a limit not at all.
fn on_error(message: &Message<'_>, desk: &mut Desk) {
    let text = message.message.as_deref().unwrap_or_default();
    let id = message.id.as_deref().or_else(|| market_in(text));
    match id.and_then(|id| desk.slot(id)) {
        slot if text.starts_with("Too many subscribe attempts") => desk.report("too_many_requests", slot, text),
        Some(slot) if text.starts_with("Invalid subscription id") => desk.refuse(slot, text),
        Some(slot) => {
            desk.decline(Wish { operation: Operation::Subscribe, slot, channel: Channel::Book }, text);
        }
        None => desk.report("venue_error", None, text),
    }
}

/// `BTC-USD` of `... already subscribed (v4_orderbook-BTC-USD)` or `... channel v4_orderbook-BTC-USD. Please ...`
fn market_in(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once(PROFILE.channel(Channel::Book))?;
    rest.strip_prefix('-')?.split([')', ' ']).next().map(|market| market.trim_end_matches('.'))
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    let refuse = |listing: &mut ListingBuilder, reason: &str| listing.quarantine(&market.ticker, reason);
    if market.status != "ACTIVE" {
        return refuse(listing, &format!("status is {}", market.status));
    }
    let Some(base) = market.ticker.strip_suffix("-USD") else {
        return refuse(listing, "its quote currency is not USD");
    };
    if base.contains(',') {
        return refuse(listing, "a token that is named by its pool: left out");
    }
    listing.add(&ListedMarket {
        native_symbol: &market.ticker,
        base,
        quote: "USD",
        settle: "USDC",
        contract_size: 1.0,
        tick_size: market.tick_size.0,
        lot_size: market.step_size.0,
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;
    use crossbook_market::BookState::{Closed, Live, Resyncing};

    const CONNECTED: &str = r#"{"type":"connected","connection_id":"ee5a4696-dce8","message_id":0}"#;

    fn told(kind: &str, number: i64, market: &str, contents: &str) -> String {
        format!(
            r#"{{"type":"{kind}","connection_id":"ee5a4696-dce8","message_id":{number},"id":"{market}","channel":"v4_orderbook","version":"1.0.0","contents":{contents}}}"#
        )
    }

    fn whole(number: i64, market: &str) -> String {
        let contents =
            r#"{"bids":[{"price":"99","size":"1.5"},{"price":"98","size":"1"}],"asks":[{"price":"101","size":"2"}]}"#;
        told("subscribed", number, market, contents)
    }

    fn change(number: i64, contents: &str) -> String {
        told("channel_data", number, "BTC-USD", contents)
    }

    fn error(text: &str) -> String {
        format!(r#"{{"type":"error","message":"{text}","connection_id":"ee5a4696-dce8","message_id":1}}"#)
    }

    const UNSUBSCRIBE: &str = r#"{"channel":"v4_orderbook","id":"BTC-USD","type":"unsubscribe"}"#;
    const SUBSCRIBE: &str = r#"{"channel":"v4_orderbook","id":"BTC-USD","type":"subscribe"}"#;
    const UNSUBSCRIBED: &str = r#"{"type":"unsubscribed","connection_id":"ee5a4696-dce8","message_id":8,"channel":"v4_orderbook","id":"BTC-USD"}"#;

    /// Greeted, and nothing answered yet.
    fn greeted(markets: &[&str]) -> Bench {
        let mut bench = Bench::open("dydx", markets);
        bench.text(CONNECTED);
        bench
    }

    /// A live book, 99 x 1.5 | 101 x 2, as message 3, a second after it was asked for.
    fn live() -> Bench {
        let mut bench = greeted(&["BTC-USD"]);
        bench.wait(SECOND_NS);
        bench.text(&whole(3, "BTC-USD"));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_nothing_is_sent_before_the_server_has_spoken_and_a_message_names_one_market() {
        let mut bench = Bench::open("dydx", &["BTC-USD", "ETH-USD"]);
        bench.wait(SECOND_NS);
        assert!(bench.take_sent().is_empty());
        bench.text(CONNECTED);
        assert_eq!(bench.take_sent(), [SUBSCRIBE, &SUBSCRIBE.replace("BTC", "ETH")]);
        assert_eq!(bench.state("BTC-USD"), Resyncing);
    }

    #[test]
    fn rule_1_changes_before_the_book_are_dropped() {
        let mut bench = greeted(&["BTC-USD"]);
        bench.text(&change(2, r#"{"bids":[["100","1"]]}"#));
        assert_eq!(bench.state("BTC-USD"), Resyncing);
        bench.text(&whole(1, "BTC-USD"));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
    }

    #[test]
    fn rule_2_sizes_are_absolute_one_side_suffices_and_zero_removes_in_any_spelling() {
        let mut bench = live();
        bench.text(&change(4, r#"{"bids":[["99","0.7"]]}"#));
        assert_eq!(bench.take_top(), Some((99.0, 0.7, 101.0, 2.0)));
        bench.text(&change(5, r#"{"bids":[["99","0.000"]],"asks":[["555","0"],["100.5","3"]]}"#));
        assert_eq!(bench.take_top(), Some((98.0, 1.0, 100.5, 3.0)));
        bench.text(&change(6, r#"{"bids":[["98","0"]]}"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 3.0)), "an empty side");
        assert_eq!((bench.state("BTC-USD"), bench.feed.stats().gaps), (Live, 0));
    }

    #[test]
    fn rule_3_numbers_of_other_markets_lie_between_and_a_book_may_come_behind_higher_ones() {
        let mut bench = greeted(&["BTC-USD", "ETH-USD"]);
        bench.text(&whole(1, "BTC-USD"));
        bench.text(&change(7, r#"{"bids":[["99.5","1"]]}"#));
        bench.text(&whole(2, "ETH-USD"));
        bench.text(&change(20, r#"{"bids":[["99.6","1"]]}"#));
        assert_eq!((bench.state("BTC-USD"), bench.state("ETH-USD"), bench.feed.stats().gaps), (Live, Live, 0));
        assert_eq!(bench.feed.order_book("unified:BTC-USD").unwrap().1, 20);
    }

    #[test]
    fn rule_3_a_number_that_does_not_rise_costs_the_book_and_nobody_elses() {
        for number in [3, 2, -1] {
            let mut bench = greeted(&["BTC-USD", "ETH-USD"]);
            bench.text(&whole(3, "BTC-USD"));
            bench.text(&whole(4, "ETH-USD"));
            bench.take_quotes();
            bench.text(&change(number, r#"{"bids":[["99.5","1"]]}"#));
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{number}");
            assert_eq!((bench.state("BTC-USD"), bench.state("ETH-USD")), (Resyncing, Live));
        }
    }

    #[test]
    fn rule_3_a_book_whose_number_is_none_is_no_book() {
        let mut bench = greeted(&["BTC-USD"]);
        bench.text(&whole(-3, "BTC-USD"));
        bench.text(&change(1, r#"{"bids":[["99.5","1"]]}"#));
        assert_eq!((bench.state("BTC-USD"), bench.feed.stats().parse_errors), (Resyncing, 1));
    }

    #[test]
    fn rule_4_a_frame_that_does_not_read_may_have_been_anybodys() {
        let frame = change(5, r#"{"bids":[["99.5","1"]]}"#);
        for spoilt in [&frame[..60], &frame.replace("BTC-USD\",", "BT\u{1b}}{#D\",")] {
            let mut bench = greeted(&["BTC-USD", "ETH-USD"]);
            bench.text(&whole(3, "BTC-USD"));
            bench.text(&whole(4, "ETH-USD"));
            bench.text(spoilt);
            assert_eq!((bench.state("BTC-USD"), bench.state("ETH-USD")), (Resyncing, Resyncing), "{spoilt}");
        }
    }

    #[test]
    fn rule_5_a_lost_book_is_left_and_joined_again() {
        let mut bench = live();
        bench.text(&change(2, r#"{"bids":[["99.5","1"]]}"#));
        assert_eq!(bench.take_sent(), [UNSUBSCRIBE]);
        bench.text(&change(5, r#"{"bids":[["99.6","1"]]}"#));
        bench.text(UNSUBSCRIBED);
        assert_eq!(bench.take_sent(), [SUBSCRIBE]);
        bench.text(&whole(9, "BTC-USD"));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        assert_eq!((bench.state("BTC-USD"), bench.feed.stats().resyncs), (Live, 1));
    }

    #[test]
    fn rule_5_no_market_is_subscribed_more_than_twice_a_second_however_often_it_is_lost() {
        let mut bench = greeted(&["BTC-USD"]);
        let (mut number, mut asked_ns) = (10, Vec::new());
        for _ in 0..100 {
            for text in bench.take_sent() {
                if text == SUBSCRIBE {
                    asked_ns.push(bench.now_ns);
                    bench.text(&whole(number, "BTC-USD"));
                    bench.text(&change(1, r#"{"bids":[["99.5","1"]]}"#));
                } else {
                    bench.text(UNSUBSCRIBED);
                }
                number += 1;
            }
            bench.wait(SECOND_NS / 20);
        }
        assert!(asked_ns.len() > 3, "{asked_ns:?}");
        assert!(asked_ns.windows(3).all(|three| three[2] - three[0] > SECOND_NS), "{asked_ns:?}");
    }

    #[test]
    fn rule_5_subscribing_twice_leads_to_leaving_whether_the_market_stands_in_the_text_or_beside_it() {
        let text = error("Invalid subscribe message: already subscribed (v4_orderbook-BTC-USD)");
        for told in [text.clone(), text.replace("BTC-USD)\"", "?)\",\"id\":\"BTC-USD\"")] {
            let mut bench = greeted(&["BTC-USD"]);
            bench.wait(SECOND_NS);
            bench.take_steps();
            bench.text(&told);
            assert_eq!(bench.take_sent(), [UNSUBSCRIBE], "{told}");
        }
    }

    #[test]
    fn rule_7_a_crossed_book_is_not_quoted_until_it_uncrosses_by_itself() {
        let mut bench = live();
        bench.text(&change(4, r#"{"bids":[["101","1"]]}"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!(bench.state("BTC-USD"), Resyncing);
        bench.wait(SECOND_NS);
        bench.text(&change(5, r#"{"bids":[["102","1"]]}"#));
        assert_eq!((bench.take_quotes().len(), bench.take_sent().len()), (0, 0));
        bench.text(&change(6, r#"{"asks":[["101","0"],["103","4"]]}"#));
        assert_eq!(bench.take_top(), Some((102.0, 1.0, 103.0, 4.0)));
        bench.text(&change(7, r#"{"asks":[["102","1"]]}"#));
        bench.wait(SECOND_NS * 3 / 2);
        bench.text(&change(8, r#"{"asks":[["102","0"]]}"#));
        assert_eq!(bench.take_top(), Some((102.0, 1.0, 103.0, 4.0)), "each crossing has a time of its own");
        assert!(bench.take_sent().is_empty());
    }

    #[test]
    fn rule_7_a_book_that_stays_crossed_is_asked_for_again_whether_anything_is_told_of_it_or_not() {
        for is_told in [true, false] {
            let mut bench = live();
            bench.text(&change(4, r#"{"bids":[["101","1"]]}"#));
            for number in 5..30 {
                bench.wait(SECOND_NS / 10);
                if is_told {
                    bench.text(&change(number, r#"{"bids":[["98","2"]]}"#));
                }
            }
            let events: Vec<_> = bench.steps.iter().map(|step| format!("{step:?}")).collect();
            assert_eq!(bench.take_sent(), [UNSUBSCRIBE], "{events:?}");
            assert!(events.iter().any(|event| event.contains("crossed_book")));
        }
    }

    #[test]
    fn a_market_that_is_not_there_is_left_alone_and_limits_are_reported() {
        let mut bench = greeted(&["BTC-USD"]);
        bench.take_steps();
        bench.text(&error(
            "Too many subscribe attempts for channel v4_orderbook-BTC-USD. Please  reconnect and try again.",
        ));
        bench.text(&error("Per-connection subscription limit reached for v4_orderbook (limit=32)."));
        assert_eq!(bench.take_events(), ["too_many_requests", "venue_error"]);
        bench.text(&error("Invalid subscription id for channel: (v4_orderbook-BTC-USD)"));
        assert_eq!(bench.take_events(), ["subscribe_refused"]);
        assert_eq!(bench.state("BTC-USD"), Closed);
    }

    #[test]
    fn an_empty_book_is_live() {
        let mut bench = greeted(&["BTC-USD"]);
        bench.text(&told("subscribed", 1, "BTC-USD", r#"{"bids":[],"asks":[]}"#));
        assert_eq!(bench.state("BTC-USD"), Live);
        bench.text(&change(2, r#"{"asks":[["101","1"]]}"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 1.0)));
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for contents in [
            r#"{"bids":[["NaN","1"]]}"#,
            r#"{"bids":[["-1.5","1"]]}"#,
            r#"{"bids":[["1","inf"]]}"#,
            r#"{"bids":[["","1"]]}"#,
            r#"{"bids":[[{"is":"no price"},"1"]]}"#,
            r#"{"bids":7}"#,
            r#"{}"#,
            r#"[]"#,
        ] {
            let mut bench = live();
            bench.text(&change(4, contents));
            assert_eq!((bench.state("BTC-USD"), bench.feed.stats().parse_errors), (Resyncing, 1), "{contents}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{contents}");
        }
    }

    #[test]
    fn frames_of_strangers_touch_nothing() {
        let mut bench = live();
        for text in [
            told("channel_data", 4, "XYZ-USD", r#"{"bids":[["100","1"]]}"#),
            told("channel_data", 5, "BTC-USD", r#"{"bids":[["100","1"]]}"#).replace("v4_orderbook", "v4_trades"),
            r#"{"type":"pong","connection_id":"ee5a4696-dce8","message_id":6}"#.to_string(),
        ] {
            bench.text(&text);
        }
        assert_eq!((bench.state("BTC-USD"), bench.feed.stats().parse_errors), (Live, 0));
        assert!(bench.take_quotes().is_empty());
    }

    #[test]
    fn a_fetched_book_is_the_contents_alone() {
        let body = br#"{"bids":[{"price":"99","size":"1.5"}],"asks":[]}"#;
        let book = Dydx.parse_book(body).unwrap();
        assert_eq!((book.sequence, book.bids[0].price, book.asks.len()), (0, 99.0, 0));
        assert!(Dydx.parse_book(b"{}").is_err());
        let check = Dydx.check_request("BTC-USD").unwrap();
        assert_eq!(check.request, RestRequest::get("/v4/orderbooks/perpetualMarket/BTC-USD"));
    }

    #[test]
    fn markets_are_the_active_ones_whose_name_is_a_coins() {
        let row = |ticker: &str, status: &str| {
            format!(r#""{ticker}":{{"ticker":"{ticker}","status":"{status}","tickSize":"0.1","stepSize":"0.0001"}}"#)
        };
        let rows = [
            row("BTC-USD", "ACTIVE"),
            row("A-PAUSED-USD", "PAUSED"),
            row("B-ENDED-USD", "FINAL_SETTLEMENT"),
            row("C,RAYDIUM,9BB6-USD", "ACTIVE"),
            row("D-EUR", "ACTIVE"),
            r#""E-USD":{"ticker":"E-USD","status":"ACTIVE","tickSize":{},"stepSize":"1"}"#.to_string(),
        ];
        let body = format!(r#"{{"markets":{{{}}}}}"#, rows.join(","));
        let listing = Dydx.parse_markets(&[body.as_bytes()], 0).unwrap();
        let [btc] = &listing.instruments[..] else { panic!("{:?}", listing.instruments) };
        assert_eq!((btc.symbol.as_str(), btc.native_symbol.as_str()), ("BTC/USD:USDC", "BTC-USD"));
        assert_eq!((btc.tick_size, btc.lot_size, btc.taker_fee_percent), (0.1, 0.0001, Some(0.05)));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["A-PAUSED-USD", "B-ENDED-USD", "C,RAYDIUM,9BB6-USD", "D-EUR", "E-USD"]);
        for body in ["", "[]", "{}", r#"{"markets":[]}"#] {
            assert!(matches!(Dydx.parse_markets(&[body.as_bytes()], 0), Err(VenueError::Markets(_))), "{body}");
        }
    }
}
