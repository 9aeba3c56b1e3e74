//! KuCoin futures, linear perpetuals. <https://www.kucoin.com/docs-new/introduction>
//!
//! Synchronisation:
//! 1. Before every dial a ticket is asked for (`POST /api/v1/bullet-public`): the answer names the address and a token. The
//!    venue speaks first (`welcome`); nothing is sent before.
//! 2. Each frame of `level2Depth50` is the whole book, 50 levels a side, ten times a second: it replaces the one before.
//! 3. A frame with a lower `sequence` than the last is older and dropped. Numbers jump; a jump says nothing.
//! 4. `tickerV2` comes with every change of the best bid or ask and counts in the same series: the fresher of the two is the
//!    top. (The older `ticker` counts trades instead, and is not used.)
//! 5. Sizes are contracts: base units are contracts times `multiplier`.
//! 6. Prices and sizes come as numbers or as text, levels in any order, and `ts` in nanoseconds, microseconds or
//!    milliseconds, told apart by how large it is. A level of size zero is not there.
//!
//! Why these two: `tickerV2` is the fastest top there is, and a book that comes whole every 100 ms needs neither a snapshot
//! over REST nor a chain, so that whatever is lost heals by itself. The chained `level2` is one level a message; how it
//! joins the snapshot is documented and was never seen in a recording.
//!
//! The client pings in JSON; a connection lives 24 h. A message may name 100 instruments of one channel, a connection
//! carry 300 topics and take 100 messages in 10 s.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, Stage, collect, rows};
use crate::market_data::{BookRequest, Channel, Frame, Operation, Snapshot, Top, Topic, best};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Levels, Time, parse, text_after};
use crossbook_codec::urls::query_value;
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

const PROFILE: VenueProfile = VenueProfile {
    id: "kucoin",
    name: "KuCoin Futures",
    websocket_url: "wss://ws-api-futures.kucoin.com",
    rest_url: "https://api-futures.kucoin.com",
    docs_url: "https://www.kucoin.com/docs-new/introduction",
    channels: &[(Channel::Book, "level2Depth50"), (Channel::Top, "tickerV2")],
    guard_rule: "every depth frame is the whole book, ordered by its sequence",
    taker_fee_percent: 0.06,
    maker_fee_percent: 0.02,
    instruments_per_connection: 150,
    connects_per_minute: 30,
    request_weight_per_minute: 4_000,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: false,
    relays: None,
    sources: &["captured frames 2026-08-12", "venue's own SDK 2025-11", "ccxt 4.5.90"],
    certainty: "ticket, greeting, acks and depth frames are captured, tickerV2 is documented; that it counts with the depth follows from the numbers; limits and error texts are uncertain",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    waits_for_greeting: true,
    channels_per_request: 100,
    mixes_channels: false,
    pacing: Pacing { burst: 10, interval_ns: SECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"id":"ping","type":"ping"}"#, every_ns: 15 * SECOND_NS }),
    silence_limit_ns: 30 * SECOND_NS,
    max_age_ns: Some(23 * 3_600 * SECOND_NS),
    snapshot_source: SnapshotSource::EveryFrame,
    top_mark: Some("/tickerV2:"),
    throttling: Throttling::by_code(&["code"], &["429000"]),
    ..Conduct::USUAL
};

const TICKET_WEIGHT: u32 = 10;
const LISTING_WEIGHT: u32 = 3;
const CHECK_WEIGHT: u32 = 5;
/// Code of an answer that holds what was asked for.
const SUCCESS: &str = "200000";

/// Seen live 2026-09-22: 146 of 673 contracts were on shares.
const CLASSES: Classes = Classes {
    field: "assetClass",
    meanings: &[
        ("CRYPTO", AssetClass::Coin),
        ("COIN", AssetClass::Coin),
        ("CRYPTOCURRENCY", AssetClass::Coin),
        ("STOCK", AssetClass::Share),
        ("METAL", AssetClass::Metal),
        ("COMMODITY", AssetClass::Commodity),
        ("INDEX", AssetClass::Index),
        ("FOREX", AssetClass::Fx),
    ],
    is_coin_word_seen: false,
    stage_field: "marketStage",
    stages: &[("NORMAL", Stage::Usual), ("PRE_MARKET", Stage::PreMarket)],
};

/// KuCoin futures.
pub struct Kucoin;

/// `{"id":"1","type":"ack"}`, or `{"id":"...","type":"welcome"}`, or `{"id":"ping","type":"pong","timestamp":1786540854233000}`,
/// or `{"id":"3","type":"error","code":404,"data":"topic /contractMarket/... is not found"}`, or
/// `{"topic":"/contractMarket/tickerV2:XBTUSDTM","type":"message","subject":"tickerV2","sn":17,"data":{...}}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow, default, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    id: Cow<'a, str>,
    #[serde(borrow, default)]
    topic: Cow<'a, str>,
    data: Option<Data>,
    code: Option<Code>,
}

/// The content of a channel, or what is wrong.
enum Data {
    Complaint(String),
    Content(Content),
}

/// `{"sequence":1746504928690,"asks":[["63922.2",197]],"bids":[["63922.1",2474]],"timestamp":1786541277720,"ts":1786541277720}`
/// of a book, and `{"symbol":"XBTUSDTM","sequence":1709284589209,"bestBidSize":713,"bestBidPrice":"88987.4",
/// "bestAskPrice":"88987.5","bestAskSize":1037,"ts":1731665526461000000}` of a ticker.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    sequence: Option<i64>,
    bids: Option<Levels>,
    asks: Option<Levels>,
    best_bid_price: Option<Decimal>,
    best_bid_size: Option<Decimal>,
    best_ask_price: Option<Decimal>,
    best_ask_size: Option<Decimal>,
    #[serde(default)]
    ts: Time,
}

/// Whatever REST answers.
#[derive(Deserialize)]
struct Answer<T> {
    code: Code,
    data: T,
}

/// `{"code":"200000","data":{"token":"...","instanceServers":[{"endpoint":"wss://ws-api-futures.kucoin.com/",
/// "encrypt":true,"protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ticket {
    token: String,
    instance_servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    endpoint: String,
}

/// One row of the contracts' `data`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    symbol: String,
    #[serde(rename = "type")]
    kind: String,
    base_currency: String,
    quote_currency: String,
    settle_currency: String,
    status: String,
    multiplier: Decimal,
    lot_size: Decimal,
    tick_size: Decimal,
    is_inverse: bool,
    expire_date: Option<i64>,
    maker_fee_rate: Option<Decimal>,
    taker_fee_rate: Option<Decimal>,
}

impl Venue for Kucoin {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v1/contracts/active").weighing(LISTING_WEIGHT)]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "data")?, "symbol", list))
    }

    fn ticket_request(&self) -> Option<RestRequest> {
        Some(RestRequest::post("/api/v1/bullet-public", "").weighing(TICKET_WEIGHT))
    }

    fn ticketed_url(&self, answer: &[u8], connection_id: &str) -> Result<String, VenueError> {
        let Answer::<Ticket> { code, data } = parse(answer).map_err(|error| VenueError::Ticket(error.to_string()))?;
        let is_address =
            |server: &&Server| server.endpoint.starts_with("wss://") || server.endpoint.starts_with("ws://");
        match data.instance_servers.iter().find(is_address) {
            _ if !code.is(SUCCESS) => Err(VenueError::Ticket(format!("its code is {code}"))),
            _ if data.token.is_empty() => Err(VenueError::Ticket("its token is empty".to_string())),
            None => Err(VenueError::Ticket("it names no websocket address".to_string())),
            Some(server) => {
                let (token, id) = (query_value(&data.token), query_value(connection_id));
                Ok(format!("{}?token={token}&connectId={id}", server.endpoint))
            }
        }
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let kind = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let symbols: Vec<&str> = topics.iter().map(|topic| topic.native_symbol).collect();
        let topic = format!("/contractMarket/{}:{}", PROFILE.channel(topics[0].channel), symbols.join(","));
        serde_json::json!({"id": id.to_string(), "type": kind, "topic": topic, "privateChannel": false, "response": true})
            .to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        match message.kind.as_ref() {
            "message" => return on_content(message, desk),
            "welcome" => desk.greeted(),
            "ack" => {
                let wishes = message.id.parse().map(|id| desk.answered(id)).unwrap_or_default();
                desk.grant(&wishes);
            }
            "error" => on_error(&message, desk),
            "pong" => {}
            _ => return Err(FrameError::Missing("type")),
        }
        Ok(())
    }

    /// The best 20 levels: enough for a look, too few for a book.
    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        let path = format!("/api/v1/level2/depth20?symbol={native_symbol}");
        Some(BookRequest { request: RestRequest::get(path).weighing(CHECK_WEIGHT), depth_limit: usize::MAX })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let answer: Answer<Content> = parse(body)?;
        if !answer.code.is(SUCCESS) {
            return Err(FrameError::Invalid("the answer's code"));
        }
        answer.data.into_snapshot()
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        Some(text_after(payload, "\"topic\":\"")?.split_once(':')?.1)
    }
}

fn on_content(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let (channel, symbol) = message.topic.split_once(':').ok_or(FrameError::Missing("topic"))?;
    let Some(slot) = desk.slot(symbol) else { return Ok(()) };
    let Some(Data::Content(content)) = message.data else { return Err(FrameError::Missing("data")) };
    match channel.rsplit('/').next() {
        Some("level2Depth50") => desk.snapshot(slot, content.into_snapshot()?),
        Some("tickerV2") => desk.top(slot, content.into_top()?),
        _ => {}
    }
    Ok(())
}

/// 404 no such topic, 415 bad type, 509 too much; a text that names a symbol is about that one alone.
fn on_error(message: &Message<'_>, desk: &mut Desk) {
    let text = if let Some(Data::Complaint(text)) = &message.data { text.as_str() } else { "" };
    let detail = format!("{} {text}", message.code.clone().unwrap_or_default());
    if text.contains("token is expired") {
        return desk.reconnect("the token has expired");
    }
    let mut wishes = message.id.parse().map(|id| desk.answered(id)).unwrap_or_default();
    match desk.slot_mentioned(text) {
        Some(slot) => {
            wishes.retain(|wish| wish.slot != slot);
            desk.refuse(slot, &detail);
        }
        None => desk.report("venue_error", None, &detail),
    }
    wishes.into_iter().for_each(|wish| desk.decline(wish, text));
}

impl Content {
    fn into_snapshot(self) -> Result<Snapshot, FrameError> {
        Ok(Snapshot {
            sequence: self.sequence.ok_or(FrameError::Missing("sequence"))?,
            exchange_ns: exchange_ns(self.ts.0),
            bids: self.bids.ok_or(FrameError::Missing("bids"))?.0,
            asks: self.asks.ok_or(FrameError::Missing("asks"))?.0,
            ..Snapshot::default()
        })
    }

    fn into_top(self) -> Result<Top, FrameError> {
        Ok(Top {
            sequence: self.sequence.ok_or(FrameError::Missing("sequence"))?,
            exchange_ns: exchange_ns(self.ts.0),
            bid: best(self.best_bid_price, self.best_bid_size)?,
            ask: best(self.best_ask_price, self.best_ask_size)?,
        })
    }
}

/// Rule 6.
fn exchange_ns(ts: i64) -> i64 {
    match ts {
        0..100_000_000_000_000 => ts.saturating_mul(MILLISECOND_NS),
        100_000_000_000_000..100_000_000_000_000_000 => ts.saturating_mul(1_000),
        _ => ts,
    }
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    if market.kind != "FFWCSX" || market.is_inverse || market.expire_date.is_some() {
        return;
    }
    if market.status != "Open" {
        return listing.quarantine(&market.symbol, format!("status is {}", market.status));
    }
    let percent = |rate: Option<Decimal>, usual: f64| Some(rate.map_or(usual, |rate| rate.0 * 100.0));
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base: &market.base_currency,
        quote: &market.quote_currency,
        settle: &market.settle_currency,
        contract_size: market.multiplier.0,
        tick_size: market.tick_size.0,
        lot_size: market.lot_size.0 * market.multiplier.0,
        taker_fee_percent: percent(market.taker_fee_rate, PROFILE.taker_fee_percent),
        maker_fee_percent: percent(market.maker_fee_rate, PROFILE.maker_fee_percent),
    });
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DataVisitor;
        impl<'de> Visitor<'de> for DataVisitor {
            type Value = Data;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a channel's content or a complaint")
            }
            fn visit_str<E>(self, text: &str) -> Result<Data, E> {
                Ok(Data::Complaint(text.to_string()))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Data, A::Error> {
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
    use crate::testing::{Bench, instrument};
    use crossbook_market::BookState;

    const SWAP: &str = "XBTUSDTM";
    const WELCOME: &str = r#"{"id":"1-1","type":"welcome"}"#;

    fn depth(sequence: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"topic":"/contractMarket/level2Depth50:{SWAP}","type":"message","subject":"level2","sn":1786541277720,
            "data":{{"sequence":{sequence},"asks":{asks},"bids":{bids},"timestamp":1786541277720,"ts":1786541277720}}}}"#
        )
    }

    fn whole(sequence: i64, bid: &str) -> String {
        depth(sequence, &format!(r#"[["{bid}",1500],["98.0",10]]"#), r#"[["101.0",2000]]"#)
    }

    fn ticker(sequence: i64, bid: &str, bid_size: &str, ask: &str) -> String {
        format!(
            r#"{{"topic":"/contractMarket/tickerV2:{SWAP}","type":"message","subject":"tickerV2","sn":{sequence},"data":{{
            "symbol":"{SWAP}","sequence":{sequence},"bestBidSize":{bid_size},"bestBidPrice":{bid},"bestAskPrice":{ask},
            "bestAskSize":2000,"ts":1731665526461000000}}}}"#
        )
    }

    /// A live book of contracts of 0.001 BTC: 99 x 1.5 | 101 x 2 at sequence 10.
    fn live() -> Bench {
        let mut bench = Bench::with("kucoin", &[instrument("kucoin", SWAP, 0.001)]);
        bench.connect();
        bench.text(WELCOME);
        bench.text(r#"{"id":"1","type":"ack"}"#);
        bench.text(&whole(10, "99.0"));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "sizes are base units, not contracts");
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_a_dial_takes_a_ticket_and_its_answer_says_where() {
        let bench = Bench::new("kucoin", &[SWAP]);
        let ticket =
            RestRequest::post("https://api-futures.kucoin.com/api/v1/bullet-public", "").weighing(TICKET_WEIGHT);
        assert!(matches!(&bench.steps[0], Step::Open { ticket: Some(asked), .. } if *asked == ticket));
        let server = r#"{"endpoint":"wss://ws-api-futures.kucoin.com/","protocol":"websocket","pingInterval":18000}"#;
        let answer = |code: &str, token: &str, servers: &str| {
            format!(r#"{{"code":"{code}","data":{{"token":"{token}","instanceServers":[{servers}]}}}}"#)
        };
        let url = |answer: &str| Kucoin.ticketed_url(answer.as_bytes(), "1-7");
        assert_eq!(
            url(&answer("200000", "2ne_a-b+c==", server)).unwrap(),
            "wss://ws-api-futures.kucoin.com/?token=2ne_a-b%2Bc%3D%3D&connectId=1-7"
        );
        for spoilt in [
            answer("400100", "a", server),
            answer("200000", "", server),
            answer("200000", "a", ""),
            answer("200000", "a", r#"{"endpoint":"https://elsewhere"}"#),
            r#"{"code":"429000","msg":"too many requests"}"#.to_string(),
            "<html>".to_string(),
        ] {
            assert!(matches!(url(&spoilt), Err(VenueError::Ticket(_))), "{spoilt}");
        }
    }

    #[test]
    fn rule_1_nothing_is_sent_before_the_welcome_and_a_message_is_one_channel() {
        let mut bench = Bench::open("kucoin", &["A", "B"]);
        assert!(bench.take_sent().is_empty());
        bench.text(WELCOME);
        let sent = bench.take_sent();
        let topics: Vec<String> = sent
            .iter()
            .map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap()["topic"].as_str().unwrap().to_string())
            .collect();
        assert_eq!(topics, ["/contractMarket/level2Depth50:A,B", "/contractMarket/tickerV2:A,B"]);
        assert!(sent[0].contains(r#""response":true"#));
    }

    #[test]
    fn rule_2_every_frame_replaces_the_book_and_a_lost_one_shows_in_nothing() {
        let mut bench = live();
        bench.text(&whole(900, "99.5"));
        bench.text(&depth(901, r#"[["50",1000]]"#, r#"[["60",1000]]"#));
        let tops: Vec<_> = bench.take_quotes().iter().map(|quote| (quote.bid, quote.ask)).collect();
        assert_eq!((tops, bench.feed.stats().gaps), (vec![(99.5, 101.0), (50.0, 60.0)], 0));
    }

    #[test]
    fn rule_3_an_older_frame_is_dropped_and_the_same_once_more_is_harmless() {
        let mut bench = live();
        bench.text(&whole(20, "99.5"));
        bench.take_quotes();
        bench.text(&whole(19, "99.4"));
        bench.text(&whole(20, "99.5"));
        assert!(bench.take_quotes().is_empty());
        assert_eq!((bench.state(SWAP), bench.feed.stats().parse_errors), (BookState::Live, 0));
    }

    #[test]
    fn rule_3_numbers_that_stay_lower_began_anew() {
        let mut bench = live();
        bench.text(&whole(5, "99.4"));
        bench.text(&whole(11, "99.5"));
        (3..5).for_each(|sequence| bench.text(&whole(sequence, "99.6")));
        assert_eq!(bench.take_top(), Some((99.5, 1.5, 101.0, 2.0)));
        bench.text(&whole(5, "99.7"));
        assert_eq!(bench.take_top(), Some((99.7, 1.5, 101.0, 2.0)));
        bench.text(&ticker(6, "\"99.8\"", "100", "\"100.9\""));
        assert_eq!(bench.take_top(), Some((99.8, 0.1, 100.9, 2.0)));
    }

    #[test]
    fn rule_4_the_fresher_of_ticker_and_depth_is_the_top() {
        let mut bench = live();
        bench.text(&ticker(15, "\"99.5\"", "1000", "\"100.5\""));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 100.5, 2.0)));
        bench.text(&whole(14, "99.4"));
        bench.text(&ticker(13, "\"99.6\"", "1000", "\"100.5\""));
        assert_eq!(bench.take_top(), None, "both are older");
        bench.text(&whole(16, "99.4"));
        assert_eq!(bench.take_top(), Some((99.4, 1.5, 101.0, 2.0)));
    }

    #[test]
    fn rule_4_a_ticker_says_nothing_before_there_is_a_book() {
        let mut bench = Bench::open("kucoin", &[SWAP]);
        bench.text(WELCOME);
        bench.take_quotes();
        bench.text(&ticker(15, "\"99.5\"", "1000", "\"100.5\""));
        assert_eq!((bench.take_top(), bench.state(SWAP)), (None, BookState::Resyncing));
    }

    #[test]
    fn rule_6_numbers_may_be_text_and_levels_in_any_order() {
        let mut bench = live();
        bench.text(&depth(11, r#"[["98","10"],["99.5","100"],["97",0]]"#, r#"[[103,"5"],["102","0"],[101.5,"300"]]"#));
        assert_eq!(bench.take_top(), Some((99.5, 0.1, 101.5, 0.3)));
        bench.text(&ticker(12, "99.6", "\"1000\"", "100.5"));
        assert_eq!(bench.take_top(), Some((99.6, 1.0, 100.5, 2.0)));
    }

    #[test]
    fn rule_6_times_are_told_apart_by_their_size() {
        let mut bench = live();
        bench.text(&whole(11, "99.1"));
        bench.text(&ticker(12, "\"99.2\"", "1000", "\"100.5\""));
        let times: Vec<i64> = bench.take_quotes().iter().map(|quote| quote.exchange_ns).collect();
        assert_eq!(times, [1_786_541_277_720_000_000, 1_731_665_526_461_000_000]);
        assert_eq!(exchange_ns(1_786_540_854_233_000), 1_786_540_854_233_000_000);
        assert_eq!(exchange_ns(-5), -5, "no time at all");
    }

    #[test]
    fn an_empty_side_is_quoted_as_none() {
        let mut bench = live();
        bench.text(&depth(11, "[]", r#"[["101.0",2000]]"#));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)));
        bench.text(&ticker(12, "null", "0", "\"101.0\""));
        assert_eq!((bench.take_top(), bench.state(SWAP)), (None, BookState::Live));
    }

    #[test]
    fn a_spoilt_frame_withdraws_the_prices_until_the_next_whole_one() {
        for spoilt in [
            depth(11, r#"[["NaN",1]]"#, "[]"),
            depth(11, r#"[["-99",1]]"#, "[]"),
            depth(11, r#"[["99",-1]]"#, "[]"),
            depth(11, r#"[[{"is":["not"]},1]]"#, "[]"),
            depth(11, "7", "[]"),
            whole(11, "99.5")[..150].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(SWAP), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
            assert!(bench.take_sent().is_empty(), "the next frame heals it");
            bench.text(&whole(12, "99.5"));
            assert_eq!((bench.take_top(), bench.feed.stats().resyncs), (Some((99.5, 1.5, 101.0, 2.0)), 1));
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in
            [ticker(11, "\"NaN\"", "1", "\"101\""), ticker(11, "99.5", "1", "\"101\"").replace("bestBidSize", "x")]
        {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(SWAP), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn a_crossed_book_is_withdrawn_before_it_is_quoted() {
        let mut bench = live();
        bench.text(&whole(11, "101.0"));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        bench.text(&whole(12, "99.5"));
        assert_eq!(bench.state(SWAP), BookState::Live);
    }

    #[test]
    fn a_book_that_does_not_come_again_is_subscribed_again_alone() {
        let mut bench = live();
        bench.text(&depth(11, r#"[["NaN",1]]"#, "[]"));
        bench.wait(11 * SECOND_NS);
        let sent = bench.take_sent();
        assert!(sent[0].contains("unsubscribe") && sent[0].contains("level2Depth50"), "{sent:?}");
        bench.text(r#"{"id":"3","type":"ack"}"#);
        assert!(bench.take_sent().iter().any(|text| text.contains(r#""subscribe""#)));
        bench.text(&whole(30, "99.5"));
        assert_eq!(bench.state(SWAP), BookState::Live);
    }

    #[test]
    fn a_quiet_book_is_looked_at_over_rest_and_confirmed() {
        let mut bench = live();
        let fetched = (0..300).find_map(|_| {
            bench.wait(SECOND_NS / 10);
            bench.text(r#"{"id":"ping","type":"pong"}"#);
            bench.take_fetches().pop()
        });
        let (request_id, url, weight) = fetched.unwrap();
        assert_eq!((url.as_str(), weight), ("https://api-futures.kucoin.com/api/v1/level2/depth20?symbol=XBTUSDTM", 5));
        let book = r#"{"symbol":"XBTUSDTM","sequence":12,"bids":[["99.0",1500]],"asks":[["101.0",2000]],"ts":1}"#;
        bench.answer(request_id, 200, &format!(r#"{{"code":"200000","data":{book}}}"#));
        assert_eq!((bench.state(SWAP), bench.feed.stats().confirmed), (BookState::Live, 1));
        assert!(Kucoin.parse_book(br#"{"code":"400100","data":{"sequence":1,"bids":[],"asks":[]}}"#).is_err());
    }

    #[test]
    fn an_unknown_topic_that_is_named_is_refused_alone_and_the_rest_is_asked_for_again() {
        let mut bench = Bench::open("kucoin", &["A", "B"]);
        bench.text(WELCOME);
        bench.text(
            r#"{"id":"1","type":"error","code":404,"data":"topic /contractMarket/level2Depth50:B is not found"}"#,
        );
        assert_eq!((bench.state("A"), bench.state("B")), (BookState::Resyncing, BookState::Closed));
        bench.take_steps();
        bench.wait(11 * SECOND_NS);
        let sent = bench.take_sent();
        assert!(sent.iter().any(|text| text.contains("level2Depth50:A\"")), "{sent:?}");
        assert!(sent.iter().all(|text| !text.contains(":B")), "{sent:?}");
    }

    #[test]
    fn an_expired_token_costs_the_connection_and_other_errors_do_not() {
        let mut bench = live();
        bench.text(r#"{"id":"9","type":"error","code":509,"data":"exceed max request limit"}"#);
        assert_eq!((bench.take_events(), bench.state(SWAP)), (vec!["venue_error"], BookState::Live));
        bench.text(r#"{"id":"9","type":"error","code":"509","data":"exceed max request limit"}"#);
        assert_eq!((bench.take_events(), bench.feed.stats().parse_errors), (vec!["venue_error"], 0), "a text code");
        bench.text(r#"{"id":"9","type":"error","code":401,"data":"token is expired"}"#);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
    }

    #[test]
    fn pings_go_out_in_time_and_the_connection_is_renewed_before_a_day_is_over() {
        let mut bench = live();
        bench.wait(16 * SECOND_NS);
        assert!(bench.take_sent().iter().any(|text| text.contains(r#""type":"ping""#)));
        let mut waited = 0;
        while !bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })) {
            bench.now_ns += SECOND_NS - 1;
            bench.text(&whole(11 + waited, "99.0"));
            bench.wait(1);
            waited += 1;
        }
        assert!((82_000..84_000).contains(&waited), "{waited} s");
    }

    #[test]
    fn markets_are_open_linear_perpetuals() {
        let row = |symbol: &str, key: &str, value: serde_json::Value| {
            let mut row = serde_json::json!({
                "symbol": symbol, "type": "FFWCSX", "baseCurrency": "XBT", "quoteCurrency": "USDT",
                "settleCurrency": "USDT", "expireDate": null, "lotSize": 1, "tickSize": 0.1, "multiplier": 0.001,
                "makerFeeRate": 0.0002, "takerFeeRate": 0.0006, "isInverse": false, "status": "Open",
            });
            row[key] = value;
            row.to_string()
        };
        let rows = [
            row("XBTUSDTM", "status", "Open".into()),
            row("1000PEPEUSDTM", "baseCurrency", "1000PEPE".into()),
            row("XBTUSDM", "isInverse", true.into()),
            row("XBTMZ26", "type", "FFICSX".into()),
            row("DATEDUSDTM", "expireDate", 1_798_185_600_000_i64.into()),
            row("LUNAUSDTM", "status", "Paused".into()),
            row("BROKENUSDTM", "multiplier", "a tenth".into()),
            r#"{"symbol":"SHORTUSDTM"}"#.to_string(),
        ];
        let body = format!(r#"{{"code":"200000","data":[{}]}}"#, rows.join(","));
        let listing = Kucoin.parse_markets(&[body.as_bytes()], 0).unwrap();
        let listed: Vec<_> =
            listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str(), one.asset_scale)).collect();
        assert_eq!(listed, [("BTC/USDT:USDT", "BTC", 1.0), ("1000PEPE/USDT:USDT", "PEPE", 1000.0)]);
        let bitcoin = &listing.instruments[0];
        assert_eq!((bitcoin.contract_size, bitcoin.lot_size, bitcoin.taker_fee_percent), (0.001, 0.001, Some(0.06)));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["LUNAUSDTM", "BROKENUSDTM", "SHORTUSDTM"]);
    }

    #[test]
    fn a_ticker_with_a_number_out_of_this_world_does_not_stand_for_ever() {
        let mut bench = live();
        bench.text(&ticker(1 << 62, "\"99.1\"", "1", "\"100.9\""));
        bench.take_steps();
        for sequence in 12..80 {
            bench.text(&whole(sequence, "99.5"));
            bench.wait(SECOND_NS / 10);
        }
        assert_eq!((bench.state(SWAP), bench.take_top()), (BookState::Resyncing, Some((0.0, 0.0, 0.0, 0.0))));
        assert!(bench.take_sent().iter().any(|text| text.contains("unsubscribe")), "it is asked for again");
    }
}
