//! Binance USD-M futures. <https://developers.binance.com/docs/derivatives/usds-margined-futures>
//!
//! Synchronisation:
//! 1. Open the diff stream and buffer its events.
//! 2. Fetch `/fapi/v1/depth`; its weight depends on the limit.
//! 3. Drop events with `u < lastUpdateId`.
//! 4. The first used has `U <= lastUpdateId <= u`, or `pu == lastUpdateId`; a first event beyond means that the snapshot
//!    is too old: fetch again.
//! 5. From then on `pu` equals the previous `u`; else start over at 2.
//! 6. Quantities are absolute, zero removes, removing what is absent is normal. The snapshot is cut at its limit.
//! 7. `bookTicker` shares the id space: the fresher of the two is the top.
//!
//! Depth and bookTicker live under `/public` since 2026; a wrong path or an unknown symbol is silent. A connection lives
//! 24 h; at most ten messages a second, of which half are used.
//!
//! `!contractInfo` would tell of a halt; it is of another category, `/market`, that is of another socket: the list tells it.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Top, Topic, best};
use crate::profile::{Conduct, Joining, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Levels, Side, Text, Time, parse, price, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;
use std::borrow::Cow;

const PROFILE: VenueProfile = VenueProfile {
    id: "binance",
    name: "Binance USD-M",
    websocket_url: "wss://fstream.binance.com",
    rest_url: "https://fapi.binance.com",
    docs_url: "https://developers.binance.com/docs/derivatives/usds-margined-futures",
    channels: &[(Channel::Book, "depth@100ms"), (Channel::Top, "bookTicker")],
    guard_rule: "each event's pu equals the u before it, joined to a REST snapshot",
    taker_fee_percent: 0.05,
    maker_fee_percent: 0.02,
    instruments_per_connection: 100,
    connects_per_minute: 50,
    request_weight_per_minute: 2_400,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["captured frames 2024-08", "venue's documentation and change log 2026", "ccxt 4.5.90"],
    certainty: "books and their chaining are seen in captured frames; the paths of 2026 and the limits are documented only",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/public/stream",
    waits_for_greeting: false,
    channels_per_request: 100,
    pacing: Pacing { burst: 5, interval_ns: 200 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: None,
    silence_limit_ns: 60 * SECOND_NS,
    max_age_ns: Some(23 * 3_600 * SECOND_NS),
    snapshot_source: SnapshotSource::Rest,
    joining,
    top_mark: Some(r#""bookTicker""#),
    // 403 is the firewall's limit.
    throttling: Throttling { statuses: &[403], ..Throttling::by_code(&["code"], &["-1003"]) },
    ..Conduct::USUAL
};

/// Most instruments, levels asked for, and what that weighs: a start must fit into the budget of one minute.
const SNAPSHOT_LIMITS: [(usize, usize, u32); 3] = [(100, 1000, 20), (200, 500, 10), (usize::MAX, 100, 5)];

/// What a contract is about. Indices of coins are perpetuals like any other; shares and goods are of a contract type of their own.
const CLASSES: Classes = Classes {
    field: "underlyingType",
    meanings: &[
        ("COIN", AssetClass::Coin),
        ("INDEX", AssetClass::Index),
        ("PREMARKET", AssetClass::PreMarket),
        ("EQUITY", AssetClass::Share),
        ("COMMODITY", AssetClass::Commodity),
        ("FOREX", AssetClass::Fx),
    ],
    is_coin_word_seen: true,
    stage_field: "",
    stages: &[],
};

/// Binance USD-M futures.
pub struct Binance;

/// `{"e":"depthUpdate","E":123456789,"T":123456788,"s":"BTCUSDT","U":157,"u":160,"pu":149,"b":[["0.0024","10"]],
/// "a":[["0.0026","100"]]}`, or
/// `{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000","B":"31.21",
/// "a":"25.36520000","A":"40.66"}`, or `{"result":null,"id":1}`, or `{"code":2,"msg":"Invalid request: ...","id":3}`
#[derive(Deserialize)]
struct Event<'a> {
    e: Option<&'a str>,
    #[serde(borrow, default)]
    s: Cow<'a, str>,
    #[serde(rename = "T", default)]
    time_ms: Time,
    #[serde(rename = "U")]
    first: Option<i64>,
    u: Option<i64>,
    pu: Option<i64>,
    b: Option<Side>,
    #[serde(rename = "B")]
    bid_size: Option<Decimal>,
    a: Option<Side>,
    #[serde(rename = "A")]
    ask_size: Option<Decimal>,
    id: Option<u64>,
    code: Option<Code>,
    #[serde(borrow)]
    msg: Option<Text<'a>>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Code,
    #[serde(default)]
    msg: String,
}

/// `{"lastUpdateId":N,"E":ms,"T":ms,"bids":[["p","q"]],"asks":[...]}`
#[derive(Deserialize)]
struct Book {
    #[serde(rename = "lastUpdateId")]
    last_update_id: i64,
    #[serde(rename = "T", default)]
    time_ms: Time,
    bids: Levels,
    asks: Levels,
}

/// One row of `symbols`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Market {
    symbol: String,
    contract_type: String,
    status: String,
    base_asset: String,
    quote_asset: String,
    margin_asset: String,
    #[serde(default)]
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    filter_type: String,
    tick_size: Option<Decimal>,
    step_size: Option<Decimal>,
}

impl Venue for Binance {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/fapi/v1/exchangeInfo")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "symbols")?, "symbol", list))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let method = if operation == Operation::Subscribe { "SUBSCRIBE" } else { "UNSUBSCRIBE" };
        let stream = |topic: &Topic<'_>| {
            let channel = PROFILE.channel(topic.channel);
            format!("{}@{channel}", topic.native_symbol.to_lowercase())
        };
        let params: Vec<String> = topics.iter().map(stream).collect();
        serde_json::json!({"method": method, "params": params, "id": id}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let event: Event<'_> = parse(unwrap(frame.payload))?;
        match event.e {
            Some("bookTicker") => on_ticker(&event, desk),
            Some("depthUpdate") => on_depth(event, desk),
            Some(_) => Ok(()),
            None if event.id.is_none() && event.code.is_none() && event.error.is_none() => {
                Err(FrameError::Missing("e"))
            }
            None => {
                on_answer(&event, desk);
                Ok(())
            }
        }
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"s\":\"")
    }

    fn book_request(&self, native_symbol: &str, tracked: usize) -> Option<BookRequest> {
        let (_, depth_limit, weight) = *SNAPSHOT_LIMITS.iter().find(|(most, ..)| tracked <= *most)?;
        let path = format!("/fapi/v1/depth?symbol={native_symbol}&limit={depth_limit}");
        Some(BookRequest { request: RestRequest::get(path).weighing(weight), depth_limit })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let book: Book = parse(body)?;
        Ok(Snapshot {
            sequence: book.last_update_id,
            cross_sequence: None,
            exchange_ns: book.time_ms.0.saturating_mul(MILLISECOND_NS),
            bids: book.bids.0,
            asks: book.asks.0,
            depth_limit: None,
        })
    }
}

/// Rules 3 and 4.
fn joining(sequence: i64, delta: &Delta) -> Joining {
    if delta.last < sequence {
        Joining::Old
    } else if delta.first <= sequence || delta.previous == sequence {
        Joining::Joins
    } else {
        Joining::TooNew
    }
}

/// The event inside `{"stream":"btcusdt@depth@100ms","data":{...}}`; a bare event is one already.
fn unwrap(payload: &[u8]) -> &[u8] {
    const WRAPPER: &[u8] = b"{\"stream\":";
    const DATA: &[u8] = b"\"data\":";
    if !payload.starts_with(WRAPPER) {
        return payload;
    }
    // The name of a stream holds no comma: what follows the first one is the event.
    let data = payload.iter().position(|byte| *byte == b',').map(|comma| comma + 1);
    let event = data.and_then(|data| payload[data..].strip_prefix(DATA));
    let end = event.and_then(|event| event.iter().rposition(|byte| *byte == b'}'));
    event.zip(end).map_or(payload, |(event, end)| &event[..end])
}

fn on_depth(event: Event<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&event.s) else { return Ok(()) };
    let (Some(Side::Levels(bids)), Some(Side::Levels(asks))) = (event.b, event.a) else {
        return Err(FrameError::Missing("a side"));
    };
    let first = event.first.ok_or(FrameError::Missing("U"))?;
    let last = event.u.ok_or(FrameError::Missing("u"))?;
    if first <= 0 || first > last {
        return Err(FrameError::Invalid("U"));
    }
    desk.delta(
        slot,
        Delta {
            previous: event.pu.ok_or(FrameError::Missing("pu"))?,
            first,
            last,
            cross_sequence: None,
            exchange_ns: event.time_ms.0.saturating_mul(MILLISECOND_NS),
            bids,
            asks,
        },
    );
    Ok(())
}

fn on_ticker(event: &Event<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&event.s) else { return Ok(()) };
    desk.top(
        slot,
        Top {
            sequence: event.u.ok_or(FrameError::Missing("u"))?,
            exchange_ns: event.time_ms.0.saturating_mul(MILLISECOND_NS),
            bid: best(price(event.b.as_ref())?, event.bid_size)?,
            ask: best(price(event.a.as_ref())?, event.ask_size)?,
        },
    );
    Ok(())
}

fn on_answer(event: &Event<'_>, desk: &mut Desk) {
    let wishes = event.id.map(|id| desk.answered(id)).unwrap_or_default();
    let error = event.error.as_ref().map(|error| (&error.code, error.msg.as_str()));
    let Some((code, text)) = error.or(event.code.as_ref().map(|code| (code, event.msg.as_deref().unwrap_or_default())))
    else {
        return desk.grant(&wishes);
    };
    desk.report("venue_error", None, &format!("{code} {text}"));
    wishes.into_iter().for_each(|wish| desk.decline(wish, text));
}

fn list(listing: &mut ListingBuilder, market: &Market) {
    let is_stable = |currency: &str| matches!(currency, "USDT" | "USDC");
    let is_perpetual = matches!(market.contract_type.as_str(), "PERPETUAL" | "TRADIFI_PERPETUAL");
    if !is_perpetual || !is_stable(&market.quote_asset) || !is_stable(&market.margin_asset) {
        return;
    }
    if market.status != "TRADING" {
        return listing.quarantine(&market.symbol, format!("status is {}", market.status));
    }
    let filter = |kind: &str| market.filters.iter().find(|filter| filter.filter_type == kind);
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base: &market.base_asset,
        quote: &market.quote_asset,
        settle: &market.margin_asset,
        contract_size: 1.0,
        tick_size: filter("PRICE_FILTER").and_then(|filter| filter.tick_size).unwrap_or_default().0,
        lot_size: filter("LOT_SIZE").and_then(|filter| filter.step_size).unwrap_or_default().0,
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState;

    fn depth(first: i64, last: i64, previous: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT",
            "ps":"BTCUSDT","st":1,"U":{first},"u":{last},"pu":{previous},"b":{bids},"a":{asks}}}}}"#
        )
    }

    fn ticker(last: i64, bid: &str, ask: &str) -> String {
        format!(
            r#"{{"e":"bookTicker","u":{last},"s":"BTCUSDT","b":"{bid}","B":"3","a":"{ask}","A":"4","T":1723161256313,"E":1}}"#
        )
    }

    fn book(last: i64) -> String {
        format!(r#"{{"lastUpdateId":{last},"E":1,"T":2,"bids":[["99.0","1.5"],["98","1"]],"asks":[["101","2"]]}}"#)
    }

    const NO: &str = "[]";

    /// Subscribed and acknowledged; the id of the fetch that follows.
    fn joining_bench() -> (Bench, u64) {
        let mut bench = Bench::open("binance", &["BTCUSDT"]);
        bench.text(r#"{"result":null,"id":1}"#);
        let fetches = bench.take_fetches();
        assert_eq!(fetches.len(), 1);
        (bench, fetches[0].0)
    }

    /// A live book, 99 x 1.5 | 101 x 2 at id 160.
    fn live() -> Bench {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(150, 160, 149, NO, NO));
        bench.answer(fetch, 200, &book(155));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_streams_are_asked_for_in_one_message_and_lower_case() {
        let mut bench = Bench::open("binance", &["BTCUSDT", "ETHUSDT"]);
        let params = r#"["btcusdt@depth@100ms","ethusdt@depth@100ms","btcusdt@bookTicker","ethusdt@bookTicker"]"#;
        assert_eq!(bench.take_sent(), [format!(r#"{{"id":1,"method":"SUBSCRIBE","params":{params}}}"#)]);
    }

    #[test]
    fn rule_2_the_snapshot_is_fetched_after_the_ack_and_weighs_what_its_limit_costs() {
        let mut bench = Bench::open("binance", &["BTCUSDT"]);
        assert!(bench.take_fetches().is_empty());
        bench.text(r#"{"result":null,"id":1}"#);
        let url = "https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000".to_string();
        assert_eq!(bench.take_fetches(), [(1, url, 20)]);
        assert_eq!(Binance.book_request("X", 150).unwrap().request.weight, 10);
        assert_eq!(Binance.book_request("X", 400).unwrap().request.weight, 5);
    }

    #[test]
    fn rule_2_a_first_event_does_for_an_ack() {
        let mut bench = Bench::open("binance", &["BTCUSDT"]);
        bench.text(&depth(150, 160, 149, NO, NO));
        assert_eq!(bench.take_fetches().len(), 1);
    }

    #[test]
    fn rules_3_and_4_older_events_are_dropped_and_the_one_around_the_snapshot_joins() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(100, 110, 99, r#"[["99.9","7"]]"#, NO));
        bench.text(&depth(111, 120, 110, r#"[["99.5","3"]]"#, NO));
        bench.text(&depth(121, 130, 120, NO, r#"[["100.5","6"]]"#));
        assert_eq!(bench.state("BTCUSDT"), BookState::Resyncing);
        bench.answer(fetch, 200, &book(115));
        let quotes = bench.take_quotes();
        assert_eq!(quotes.last().unwrap().bid, 99.5);
        assert_eq!((quotes.last().unwrap().ask, quotes.last().unwrap().ask_size), (100.5, 6.0));
        assert_eq!(quotes.last().unwrap().exchange_ns, 1_723_161_256_298_000_000);
        assert_eq!(quotes.iter().filter(|quote| quote.state == BookState::Live).count(), 1, "nothing in between");
    }

    #[test]
    fn rule_4_an_event_whose_pu_is_the_snapshot_joins() {
        let (mut bench, fetch) = joining_bench();
        bench.answer(fetch, 200, &book(160));
        assert_eq!(bench.state("BTCUSDT"), BookState::Resyncing, "it is not yet proven that nothing is missing");
        bench.text(&depth(165, 170, 160, r#"[["99.5","3"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_4_a_snapshot_that_is_too_old_is_fetched_again() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(200, 210, 190, NO, NO));
        bench.answer(fetch, 200, &book(180));
        assert_eq!(bench.state("BTCUSDT"), BookState::Resyncing);
        bench.wait(SECOND_NS);
        let fetches = bench.take_fetches();
        bench.text(&depth(211, 220, 210, NO, NO));
        bench.answer(fetches[0].0, 200, &book(212));
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
        assert_eq!(bench.feed.stats().gaps, 0);
    }

    #[test]
    fn rule_4_a_hole_among_the_kept_events_is_a_gap() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(150, 160, 149, NO, NO));
        bench.text(&depth(171, 180, 170, NO, NO));
        bench.answer(fetch, 200, &book(155));
        assert_eq!((bench.state("BTCUSDT"), bench.feed.stats().gaps), (BookState::Resyncing, 1));
    }

    #[test]
    fn rule_5_a_gap_withdraws_the_prices_until_a_new_snapshot_joins() {
        let mut bench = live();
        bench.text(&depth(161, 170, 160, r#"[["99.2","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.2, 1.0, 101.0, 2.0)));
        bench.text(&depth(181, 190, 180, r#"[["99.4","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!((bench.state("BTCUSDT"), bench.feed.stats().gaps), (BookState::Resyncing, 1));
        let fetches = bench.take_fetches();
        bench.text(&ticker(191, "99.9", "101"));
        bench.text(&depth(191, 200, 190, NO, NO));
        assert!(bench.take_quotes().is_empty(), "nothing is quoted from a broken book");
        bench.answer(fetches[0].0, 200, &book(185));
        assert_eq!(bench.take_top(), Some((99.4, 1.0, 101.0, 2.0)));
        assert_eq!(bench.feed.stats().resyncs, 1);
    }

    /// A live book of 1000 bids, 2000 down to 1001, of which all but the worst are then removed.
    fn worn() -> Bench {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(150, 160, 149, NO, NO));
        let bids: Vec<String> = (0..1000).map(|level| format!(r#"["{}","1"]"#, 2000 - level)).collect();
        let body = format!(r#"{{"lastUpdateId":155,"bids":[{}],"asks":[["3000","1"]]}}"#, bids.join(","));
        bench.answer(fetch, 200, &body);
        assert_eq!(bench.take_top(), Some((2000.0, 1.0, 3000.0, 1.0)));
        let gone: Vec<String> = (0..999).map(|level| format!(r#"["{}.00","0.000"]"#, 2000 - level)).collect();
        bench.text(&depth(161, 170, 160, &format!("[{}]", gone.join(",")), r#"[["9","0"]]"#));
        assert_eq!(bench.take_top(), Some((1001.0, 1.0, 3000.0, 1.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_6_zero_removes_and_a_book_that_runs_out_of_known_levels_is_fetched_again() {
        let mut bench = worn();
        bench.text(&depth(171, 180, 170, r#"[["1001","0"],["500","3"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "the true best bid may be one that is not known");
        assert!(bench.take_events().contains(&"book_thin"));
    }

    #[test]
    fn rule_6_while_tickers_come_they_are_quoted_and_the_book_is_deepened_behind_them() {
        let mut bench = worn();
        bench.text(&ticker(181, "700", "3000"));
        bench.text(&depth(171, 180, 170, r#"[["1001","0"],["500","3"]]"#, NO));
        assert_eq!(bench.take_top(), Some((700.0, 3.0, 3000.0, 4.0)), "not 500: 700 was never said by the stream");
        let fetches = bench.take_fetches();
        assert_eq!((fetches.len(), bench.state("BTCUSDT")), (1, BookState::Live));
        bench.text(&depth(181, 190, 180, r#"[["600","5"]]"#, NO));
        assert_eq!(bench.take_top(), None);
        bench.answer(
            fetches[0].0,
            200,
            r#"{"lastUpdateId":185,"bids":[["700","3"],["500","3"]],"asks":[["3000","1"]]}"#,
        );
        assert_eq!(bench.take_top(), Some((700.0, 3.0, 3000.0, 1.0)));
        bench.text(&depth(191, 200, 190, r#"[["700","0"]]"#, NO));
        assert_eq!(bench.take_top(), Some((600.0, 5.0, 3000.0, 1.0)));
        let stats = bench.feed.stats();
        assert_eq!((stats.gaps, stats.resyncs, bench.state("BTCUSDT")), (0, 0, BookState::Live));
    }

    #[test]
    fn rule_6_a_ticker_that_a_later_event_shows_to_be_over_is_not_quoted() {
        for over in [r#"[["1001","0"],["500","3"]]"#, r#"[["1001","0"]]"#] {
            let mut bench = worn();
            bench.text(&ticker(175, "1001", "3000"));
            bench.text(&depth(171, 180, 170, over, NO));
            assert_eq!(
                bench.take_top(),
                Some((0.0, 0.0, 0.0, 0.0)),
                "{over}: 1001 is gone and nobody said what is best"
            );
        }
        for over in [r#"[["701","1"]]"#, r#"[["700","0"]]"#, r#"[["700","2"]]"#] {
            let mut bench = worn();
            bench.text(&ticker(180, "700", "3000"));
            bench.text(&depth(171, 180, 170, r#"[["1001","0"],["500","3"]]"#, NO));
            bench.text(&depth(181, 190, 180, r#"[["699","1"],["700","3"],["800","0"]]"#, r#"[["3000","4"]]"#));
            assert_eq!(bench.take_top(), Some((700.0, 3.0, 3000.0, 4.0)), "it still stands");
            bench.text(&ticker(185, "710", "3000"));
            assert_eq!(bench.take_top(), None, "older than the book");
            bench.text(&depth(191, 200, 190, over, NO));
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{over}");
            bench.text(&depth(201, 210, 200, r#"[["600","1"]]"#, NO));
            assert_eq!(bench.take_top(), None, "{over}: what is over does not rise again");
        }
    }

    #[test]
    fn rule_6_a_book_that_cannot_be_deepened_is_tried_again_without_haste() {
        let mut bench = worn();
        bench.text(&ticker(180, "700", "3000"));
        bench.text(&depth(171, 180, 170, r#"[["1001","0"],["500","3"]]"#, NO));
        let first = bench.take_fetches();
        bench.answer(first[0].0, 200, &book(100));
        bench.text(&depth(181, 190, 180, NO, NO));
        bench.wait(9 * SECOND_NS);
        assert!(bench.take_fetches().is_empty());
        bench.wait(2 * SECOND_NS);
        assert_eq!((bench.take_fetches().len(), bench.state("BTCUSDT")), (1, BookState::Live));
    }

    #[test]
    fn rule_7_the_fresher_of_ticker_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&ticker(165, "99.5", "100.5"));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&depth(161, 164, 160, r#"[["99.1","1"]]"#, NO));
        bench.text(&ticker(163, "99.6", "100.6"));
        assert_eq!(bench.take_top(), None);
        bench.text(&depth(165, 166, 164, r#"[["99.3","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.3, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_7_a_ticker_that_came_while_the_book_was_fetched_is_not_outrun_by_it() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&ticker(165, "99.5", "100.5"));
        bench.text(&ticker(164, "99.6", "100.6"));
        bench.text(&ticker(166, "101", "100"));
        bench.text(&depth(150, 160, 149, NO, NO));
        bench.answer(fetch, 200, &book(155));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)), "99 is what it was before 99.5");
        bench.text(&depth(161, 170, 160, r#"[["99.7","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((99.7, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn a_crossed_ticker_withdraws_the_book() {
        let mut bench = live();
        bench.text(&ticker(170, "101", "100"));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
    }

    #[test]
    fn a_refused_subscription_is_asked_for_again() {
        let mut bench = Bench::open("binance", &["BTCUSDT"]);
        bench.take_steps();
        bench.text(r#"{"error":{"code":3,"msg":"too much"},"id":1}"#);
        bench.wait(12 * SECOND_NS);
        assert!(bench.take_sent().iter().any(|text| text.contains("SUBSCRIBE") && text.contains("btcusdt@depth")));
    }

    #[test]
    fn failed_fetches_are_tried_again_with_growing_pauses() {
        let (mut bench, mut fetch) = joining_bench();
        let mut waits = Vec::new();
        for (status, body) in
            [(429, ""), (0, ""), (200, "<html>"), (200, r#"{"lastUpdateId":1,"bids":[["NaN","1"]],"asks":[]}"#)]
        {
            bench.answer(fetch, status, body);
            let began_ns = bench.now_ns;
            let fetches = loop {
                match bench.take_fetches() {
                    fetches if !fetches.is_empty() => break fetches,
                    _ => bench.wait(SECOND_NS / 10),
                }
            };
            assert_eq!(fetches.len(), 1);
            fetch = fetches[0].0;
            waits.push((bench.now_ns - began_ns) / MILLISECOND_NS);
        }
        let most = [0, 200, 400, 800];
        assert!(waits.iter().zip(most).all(|(wait, most)| (most / 2..=most).contains(wait)), "{waits:?}");
        bench.text(&depth(150, 160, 149, NO, NO));
        bench.answer(fetch, 200, &book(155));
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
    }

    #[test]
    fn an_answer_that_never_comes_or_comes_twice_does_no_harm() {
        let (mut bench, fetch) = joining_bench();
        bench.wait(55 * SECOND_NS);
        bench.text(&depth(150, 160, 149, NO, NO));
        bench.wait(10 * SECOND_NS);
        let again = bench.take_fetches();
        assert_eq!(again.len(), 1);
        bench.answer(fetch, 200, &book(155));
        assert_eq!(bench.state("BTCUSDT"), BookState::Resyncing, "its time was over");
        bench.answer(again[0].0, 200, &book(155));
        bench.answer(again[0].0, 200, &book(1));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            depth(161, 170, 160, r#"[["NaN","1"]]"#, NO),
            depth(161, 170, 160, NO, r#"[["-1","1"]]"#),
            depth(161, 170, 160, NO, r#"[["1","1e300"]]"#),
            depth(161, 170, 160, r#"[[{"is":["not","a","price"]},"1"]]"#, NO),
            depth(161, 170, 160, "\"99\"", NO),
            depth(161, 170, 160, NO, NO).replace("\"e\":", "\"x\":"),
            depth(161, 170, 160, NO, NO).replace("\"data\":", "\"x\":"),
            depth(161, 170, 160, NO, NO).replace("\"pu\"", "\"xx\""),
            depth(161, 170, 160, NO, NO)[..140].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!(
                (bench.state("BTCUSDT"), bench.feed.stats().parse_errors),
                (BookState::Resyncing, 1),
                "{spoilt}"
            );
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [
            ticker(170, "NaN", "100"),
            ticker(170, "", "100"),
            ticker(170, "99", "100").replace("\"3\"", "\"-3\""),
            ticker(170, "99", "100").replace("\"B\"", "\"x\""),
            ticker(170, "99", "100").replace("\"b\"", "\"x\""),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state("BTCUSDT"), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    #[test]
    fn refusals_and_strangers_are_reported_or_ignored() {
        let mut bench = Bench::open("binance", &["BTCUSDT"]);
        bench.take_steps();
        bench.text(r#"{"code":2,"msg":"Invalid request: x","id":9}"#);
        bench.text(r#"{"error":{"code":3,"msg":"Invalid JSON"}}"#);
        assert_eq!(bench.take_events(), ["venue_error", "venue_error"]);
        bench.text(&depth(1, 2, 0, NO, NO).replace("BTCUSDT", "ETHUSDT"));
        bench.text(r#"{"stream":"x@markPrice","data":{"e":"markPriceUpdate","s":"BTCUSDT","p":"1"}}"#);
        assert!(bench.take_steps().is_empty());
    }

    #[test]
    fn a_refused_subscribe_is_sent_again() {
        let mut bench = Bench::open("binance", &["BTCUSDT"]);
        bench.wait(11 * SECOND_NS);
        assert_eq!(bench.take_sent().len(), 2, "the first was never answered");
    }

    #[test]
    fn a_connection_is_renewed_before_a_day_and_when_it_falls_silent() {
        let reconnects =
            |bench: &mut Bench| bench.take_steps().iter().filter(|step| matches!(step, Step::Reconnect { .. })).count();
        let mut bench = live();
        bench.wait(61 * SECOND_NS);
        assert_eq!((reconnects(&mut bench), bench.state("BTCUSDT")), (1, BookState::Closed));
        bench.connect();
        assert_eq!(bench.feed.stats().reconnects, 1);
        for _ in 0..24 * 60 + 1 {
            bench.wait(60 * SECOND_NS - SECOND_NS);
            bench.text(r#"{"result":null,"id":99}"#);
        }
        assert_eq!(reconnects(&mut bench), 1);
    }

    #[test]
    fn markets_are_trading_perpetuals_in_stable_coins() {
        let row = |symbol: &str, kind: &str, status: &str, base: &str, quote: &str| {
            format!(
                r#"{{"symbol":"{symbol}","contractType":"{kind}","status":"{status}","baseAsset":"{base}","quoteAsset":"{quote}",
                "marginAsset":"{quote}","pricePrecision":9,"filters":[{{"filterType":"PRICE_FILTER","tickSize":"0.10"}},
                {{"filterType":"LOT_SIZE","stepSize":"0.001"}}]}}"#
            )
        };
        let rows = [
            row("BTCUSDT", "PERPETUAL", "TRADING", "BTC", "USDT"),
            row("1000PEPEUSDC", "PERPETUAL", "TRADING", "1000PEPE", "USDC"),
            row("BTCUSDT_260925", "CURRENT_QUARTER", "TRADING", "BTC", "USDT"),
            row("ETHBTC", "PERPETUAL", "TRADING", "ETH", "BTC"),
            row("OLDUSDT", "PERPETUAL", "SETTLING", "OLD", "USDT"),
            r#"{"symbol":7}"#.to_string(),
        ];
        let listing = Binance.parse_markets(&[format!(r#"{{"symbols":[{}]}}"#, rows.join(",")).as_bytes()], 0).unwrap();
        let symbols: Vec<_> = listing.instruments.iter().map(|instrument| instrument.symbol.as_str()).collect();
        assert_eq!(symbols, ["BTC/USDT:USDT", "1000PEPE/USDC:USDC"]);
        assert_eq!((listing.instruments[0].tick_size, listing.instruments[0].lot_size), (0.1, 0.001));
        assert_eq!(listing.instruments[0].taker_fee_percent, Some(0.05));
        assert_eq!(listing.quarantined.len(), 2);
    }
}
