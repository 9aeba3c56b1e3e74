//! MEXC contract (futures), linear perpetuals. <https://www.mexc.com/api-docs/futures/websocket-api>
//!
//! Synchronisation:
//! 1. `sub.depth`, merged (the default since 2025-04): a frame holds the changes `begin` to `end`. Buffer them.
//! 2. Fetch `/api/v1/contract/depth/<symbol>`. Ten requests in two seconds; too many come back with status 200 and a code.
//! 3. Drop frames with `end <= version`. The first used has `begin <= version + 1`: rows are absolute, so that one that
//!    straddles the answer may be applied. A later `begin` means that the answer is too old, as it often is: fetch again.
//! 4. From then on `begin == end + 1` of the frame before; else start over at 2.
//! 5. Where `begin` and `end` are absent or zero, the frame is the one change `version`.
//! 6. A row is price, contracts, orders, all plain numbers: trailing zeros, exponents and thirty digits occur. Zero contracts
//!    remove. Rows stand in any order.
//! 7. `sub.depth.full` repeats the best five levels a side about every 300 ms and bears a `version` of the same series: the
//!    fresher of it and the book is the top.
//! 8. `sub.contract` tells the row of a contract whenever it changes: `state` is 0 while it trades.
//! 9. The book of a contract that is gone is empty on both sides, with status 200: not a book.
//!
//! Acks do not name their contract: they are taken to come in the order of asking, and a first frame does for one. The client
//! pings; without it the venue hangs up after a minute, also while data flows.
//!
//! Names: a ticker may be another coin here than elsewhere. See `RENAMED` and `TWINS`.

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{BookRequest, Channel, Delta, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{
    Conduct, Heartbeat, Joining, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, Throttling, VenueProfile,
};
use crate::venue::Venue;
use crossbook_codec::json::{Levels, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::{AssetClass, Level};
use messages::{Answer, Book, Data, Market, Message};
use rustc_hash::FxHashSet;

mod facts;
mod messages;

const PROFILE: VenueProfile = VenueProfile {
    id: "mexc",
    name: "MEXC futures",
    websocket_url: "wss://contract.mexc.com",
    rest_url: "https://api.mexc.com",
    docs_url: "https://www.mexc.com/api-docs/futures/websocket-api",
    channels: &[(Channel::Book, "sub.depth"), (Channel::Top, "sub.depth.full"), (Channel::Status, "sub.contract")],
    guard_rule: "each frame's begin is one more than the end before it, joined to a REST snapshot",
    taker_fee_percent: 0.08,
    maker_fee_percent: 0.06,
    instruments_per_connection: 50,
    connects_per_minute: 30,
    request_weight_per_minute: 300,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &[
        "a probe of the live venue 2026-09, with single frames",
        "venue's documentation 2025-11",
        "ccxt 4.5.90, tardis-node 2026-08",
    ],
    certainty: "frames, acks and errors were seen on the wire; limits of connections, the fees of API orders and which coin a \
                ticker is are documented or reported only",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    socket_path: "/edge",
    opening: &[r#"{"method":"sub.contract","param":{}}"#],
    shares_status: true,
    pacing: Pacing { burst: 20, interval_ns: 50 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"method":"ping"}"#, every_ns: 10 * SECOND_NS }),
    silence_limit_ns: 30 * SECOND_NS,
    snapshot_source: SnapshotSource::Rest,
    fetch_gap_ns: 250 * MILLISECOND_NS,
    joining,
    top_mark: Some(r#""push.depth.full""#),
    status_mark: Some(r#""push.contract""#),
    throttling: Throttling::by_code(&["code"], &["510", "429"]),
    ..Conduct::USUAL
};

/// Levels of a fetched book, the most there are.
const REST_DEPTH: usize = 1000;
/// Levels a side of the repeated top, the fewest there are.
const TOP_LEVELS: u32 = 5;
/// Tickers that are another coin on this venue than elsewhere, as libraries report it of its spot markets. That its futures
/// follow suit is not known, and neither is the contrary: none of them may be taken for the coin of that name.
const RENAMED: [&str; 14] =
    ["BIFI", "BYN", "COFI", "DFI", "DFT", "DRK", "EGC", "FREE", "HERO", "MIMO", "PROS", "SIN", "SOUL", "XBT"];

/// Tickers of which the same is reported although their futures are the well-known coin, and what that coin is called where
/// they are not: while both are listed, they cannot be one coin.
const TWINS: [(&str, &str); 3] = [("FLUX", "FLUX1"), ("GAS", "GASNEO"), ("GMT", "STEPN")];

/// The type of a contract.
const CLASSES: Classes = Classes {
    field: "type",
    meanings: &[("1", AssetClass::Coin), ("2", AssetClass::Share)],
    is_coin_word_seen: true,
    stage_field: "",
    stages: &[],
};

/// MEXC.
pub struct Mexc;

impl Venue for Mexc {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/api/v1/contract/detail")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        let rows = rows(bodies, "data")?;
        let bases: FxHashSet<String> =
            rows.iter().filter_map(|row| row.get("baseCoin")?.as_str()).map(str::to_string).collect();
        Ok(collect(PROFILE.id, &CLASSES, rows, "symbol", |listing, market| list(listing, market, &bases)))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, _id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let prefix = if operation == Operation::Subscribe { "" } else { "un" };
        let Topic { native_symbol: symbol, channel } = topics[0];
        let method = format!("{prefix}{}", PROFILE.channel(channel));
        if channel == Channel::Top {
            return serde_json::json!({"method": method, "param": {"symbol": symbol, "limit": TOP_LEVELS}}).to_string();
        }
        serde_json::json!({"method": method, "param": {"symbol": symbol}}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let message: Message<'_> = parse(frame.payload)?;
        match message.channel.as_ref() {
            "push.depth" => on_depth(message, desk),
            "push.depth.full" => on_full(message, desk),
            "push.contract" => on_contract(&message, desk),
            channel => {
                on_answer(channel, &message.data, desk);
                Ok(())
            }
        }
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"symbol\":\"")
    }

    fn book_request(&self, native_symbol: &str, _tracked: usize) -> Option<BookRequest> {
        let path = format!("/api/v1/contract/depth/{native_symbol}?limit={REST_DEPTH}");
        Some(BookRequest { request: RestRequest::get(path), depth_limit: REST_DEPTH })
    }

    fn parse_book(&self, body: &[u8]) -> Result<Snapshot, FrameError> {
        let answer: Answer = parse(body)?;
        let book =
            answer.data.filter(|_| answer.code.is_none_or(|code| code.is("0"))).ok_or(FrameError::Missing("data"))?;
        if book.bids.0.is_empty() && book.asks.0.is_empty() {
            return Err(FrameError::Missing("every level"));
        }
        Ok(Snapshot {
            sequence: book.version.ok_or(FrameError::Missing("version"))?,
            cross_sequence: None,
            exchange_ns: book.exchange_ns(book.timestamp.0),
            bids: book.bids.0,
            asks: book.asks.0,
            depth_limit: None,
        })
    }
}

impl Book {
    /// The time of matching, or else the given one of sending.
    fn exchange_ns(&self, sent_ms: i64) -> i64 {
        let time_ms = if self.cts.0 > 0 { self.cts.0 } else { sent_ms };
        time_ms.saturating_mul(MILLISECOND_NS)
    }

    /// The first and the last change within: rule 5.
    fn range(&self) -> Result<(i64, i64), FrameError> {
        let told = |number: i64| (number > 0).then_some(number).or(self.version);
        let (first, last) = told(self.begin).zip(told(self.end)).ok_or(FrameError::Missing("version"))?;
        if first > 0 && first <= last { Ok((first, last)) } else { Err(FrameError::Invalid("begin")) }
    }
}

/// Rule 3.
fn joining(sequence: i64, delta: &Delta) -> Joining {
    if delta.last <= sequence {
        Joining::Old
    } else if delta.previous <= sequence {
        Joining::Joins
    } else {
        Joining::TooNew
    }
}

fn on_depth(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&message.symbol) else { return Ok(()) };
    let Data::Book(book) = message.data else { return Err(FrameError::Missing("data")) };
    let (first, last) = book.range()?;
    let exchange_ns = book.exchange_ns(message.ts.0);
    desk.delta(
        slot,
        Delta {
            previous: first - 1,
            first,
            last,
            cross_sequence: None,
            exchange_ns,
            bids: book.bids.0,
            asks: book.asks.0,
        },
    );
    Ok(())
}

/// Rows of a side; where no contracts stand, there is none.
fn resting(side: &Levels) -> impl Iterator<Item = &Level> {
    side.0.iter().filter(|level| level.size != 0.0)
}

/// Rule 7.
fn on_full(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&message.symbol) else { return Ok(()) };
    let Data::Book(book) = message.data else { return Err(FrameError::Missing("data")) };
    if !book.bids.0.iter().chain(&book.asks.0).all(Level::is_valid) {
        return Err(FrameError::Invalid("a level"));
    }
    let best_bid = resting(&book.bids).max_by(|one, other| one.price.total_cmp(&other.price));
    let best_ask = resting(&book.asks).min_by(|one, other| one.price.total_cmp(&other.price));
    desk.top(
        slot,
        Top {
            sequence: book.version.ok_or(FrameError::Missing("version"))?,
            exchange_ns: book.exchange_ns(message.ts.0),
            bid: best_bid.copied().unwrap_or_default(),
            ask: best_ask.copied().unwrap_or_default(),
        },
    );
    Ok(())
}

/// Rule 8.
fn on_contract(message: &Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(slot) = desk.slot(&message.symbol) else { return Ok(()) };
    let Data::Book(Book { state: Some(state), .. }) = message.data else { return Err(FrameError::Missing("state")) };
    desk.set_trading(slot, (state != 0).then(|| format!("state is {state}")).as_deref());
    Ok(())
}

fn on_answer(channel: &str, data: &Data, desk: &mut Desk) {
    let Some(method) = channel.strip_prefix("rs.") else { return };
    let text = if let Data::Text(text) = data { text.as_str() } else { "" };
    let asked = PROFILE.channel_named(method.trim_start_matches("un"));
    match (asked, desk.slot_mentioned(text)) {
        (Some(channel), _) => {
            let operation = if method.starts_with("un") { Operation::Unsubscribe } else { Operation::Subscribe };
            let wishes = desk.answered_next(operation, channel);
            desk.grant(&wishes);
        }
        (None, Some(slot)) if text.ends_with("not exists") => {
            desk.answered_about(slot);
            desk.refuse(slot, text);
        }
        (None, slot) if method == "error" => desk.report("venue_error", slot, text),
        _ => {}
    }
}

fn list(listing: &mut ListingBuilder, market: &Market, bases: &FxHashSet<String>) {
    if market.future_type != 1 || !matches!(market.settle_coin.as_str(), "USDT" | "USDC") {
        return;
    }
    let base = market.base_coin.as_str();
    let twin = TWINS.iter().find(|(name, twin)| *name == base && bases.contains(*twin));
    let refusal = match (market, twin) {
        (Market { state, .. }, _) if *state != 0 => Some(format!("state is {state}")),
        (Market { is_hidden: true, .. }, _) => Some("it is hidden".to_string()),
        (_, Some((_, twin))) => Some(format!("{twin} is listed too: it is not the coin of that name")),
        _ if RENAMED.contains(&base) => Some(format!("{base} is reported to be another coin here than elsewhere")),
        _ => None,
    };
    if let Some(reason) = refusal {
        return listing.quarantine(&market.symbol, reason);
    }
    let contract_size = market.contract_size.0;
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base,
        quote: &market.quote_coin,
        settle: &market.settle_coin,
        contract_size,
        tick_size: market.price_unit.0,
        lot_size: market.vol_unit.0 * contract_size,
        taker_fee_percent: Some(PROFILE.taker_fee_percent),
        maker_fee_percent: Some(PROFILE.maker_fee_percent),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, instrument};
    use crossbook_market::BookState;

    const BTC: &str = "BTC_USDT";
    const NO: &str = "[]";

    fn depth(begin: i64, end: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"symbol":"BTC_USDT","data":{{"cts":1789498405531,"asks":{asks},"bids":{bids},"end":{end},"begin":{begin},
            "version":{end}}},"channel":"push.depth","ts":1789498405534}}"#
        )
    }

    fn full(version: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"symbol":"BTC_USDT","data":{{"asks":{asks},"bids":{bids},"cts":1789498405531,"version":{version}}},
            "channel":"push.depth.full","ts":1789498405534}}"#
        )
    }

    fn ack(method: &str) -> String {
        format!(r#"{{"channel":"rs.{method}","data":"success","ts":1789498321790}}"#)
    }

    fn book(version: i64) -> String {
        format!(
            r#"{{"success":true,"code":0,"data":{{"asks":[[101,2,1]],"bids":[[99.0,1.5,3],[98,1,1]],"version":{version},
            "timestamp":1789498405534,"cts":1789498405531}}}}"#
        )
    }

    /// Subscribed and acknowledged; the id of the fetch that follows.
    fn joining_bench() -> (Bench, u64) {
        let mut bench = Bench::open("mexc", &[BTC]);
        bench.text(&ack("sub.depth"));
        let fetches = bench.take_fetches();
        assert_eq!(fetches.len(), 1);
        (bench, fetches[0].0)
    }

    /// 99 x 1.5 | 101 x 2 at 160.
    fn live() -> Bench {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(150, 160, NO, NO));
        bench.answer(fetch, 200, &book(155));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn rule_1_each_stream_is_asked_for_by_itself_and_depth_comes_first() {
        let mut bench = Bench::open("mexc", &[BTC, "龙虾_USDT"]);
        let depth = |name: &str| format!(r#"{{"method":"sub.depth","param":{{"symbol":"{name}"}}}}"#);
        let top = |name: &str| format!(r#"{{"method":"sub.depth.full","param":{{"limit":5,"symbol":"{name}"}}}}"#);
        let contracts = r#"{"method":"sub.contract","param":{}}"#.to_string();
        assert_eq!(bench.take_sent(), [contracts, depth(BTC), depth("龙虾_USDT"), top(BTC), top("龙虾_USDT")]);
    }

    #[test]
    fn rule_8_a_contract_trades_while_its_state_is_zero() {
        let mut bench = live();
        let contract = |state: &str| {
            let row = format!(r#"{{"symbol":"BTC_USDT","contractSize":0.0001,"state":{state},"volUnit":1}}"#);
            format!(r#"{{"channel":"push.contract","data":{row},"symbol":"BTC_USDT","ts":1760942212002}}"#)
        };
        for (state, is_live) in [("0", true), ("1", false), ("2", false), ("0", true), ("4", false), ("0", true)] {
            bench.text(&contract(state));
            assert_eq!(bench.state(BTC), if is_live { BookState::Live } else { BookState::Closed }, "{state}");
        }
        bench.text(&contract("null"));
        assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Live, 1), "it costs only itself");
    }

    #[test]
    fn rule_2_books_are_fetched_in_the_order_of_the_acks_four_a_second() {
        let mut bench = Bench::open("mexc", &[BTC, "ETH_USDT", "SOL_USDT"]);
        bench.take_steps();
        (0..3).for_each(|_| bench.text(&ack("sub.depth")));
        bench.text(&ack("sub.depth.full"));
        let url = |name: &str| format!("https://api.mexc.com/api/v1/contract/depth/{name}?limit=1000");
        let asked = |bench: &mut Bench, expected: &[&str]| {
            let (ids, urls): (Vec<_>, Vec<_>) = bench.take_fetches().into_iter().map(|(id, url, _)| (id, url)).unzip();
            assert_eq!(urls, expected.iter().map(|name| url(name)).collect::<Vec<_>>());
            ids
        };
        let first = asked(&mut bench, &[BTC])[0];
        bench.wait(SECOND_NS / 5);
        asked(&mut bench, &[]);
        bench.wait(SECOND_NS / 10);
        asked(&mut bench, &["ETH_USDT"]);
        bench.wait(5 * SECOND_NS);
        asked(&mut bench, &[]); // a venue that stands still would get them all at once, and that is too often
        bench.answer(first, 200, &book(155));
        bench.wait(SECOND_NS / 2);
        asked(&mut bench, &["SOL_USDT"]);
    }

    #[test]
    fn rule_2_a_refusal_with_status_200_is_tried_again() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(150, 160, NO, NO));
        bench.answer(fetch, 200, r#"{"success":false,"code":510,"message":"Requests are too frequent"}"#);
        assert_eq!(bench.state(BTC), BookState::Resyncing);
        bench.wait(SECOND_NS);
        let again = bench.take_fetches();
        bench.answer(again[0].0, 200, &book(155));
        assert_eq!(bench.state(BTC), BookState::Live);
    }

    #[test]
    fn rule_3_older_frames_are_dropped_and_the_one_around_the_answer_joins() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(100, 110, "[[99.9,7,1]]", NO));
        bench.text(&depth(111, 120, "[[99.5,3,1]]", NO));
        bench.text(&depth(121, 130, NO, "[[100.5,6,1]]"));
        bench.answer(fetch, 200, &book(115));
        let quotes = bench.take_quotes();
        let last = quotes.last().unwrap();
        assert_eq!((last.bid, last.bid_size, last.ask, last.ask_size), (99.5, 3.0, 100.5, 6.0));
        assert_eq!(last.exchange_ns, 1_789_498_405_531_000_000);
        assert_eq!(quotes.iter().filter(|quote| quote.state == BookState::Live).count(), 1, "nothing in between");
    }

    #[test]
    fn rule_3_a_frame_that_begins_right_behind_the_answer_joins_and_one_beyond_does_not() {
        let (mut bench, fetch) = joining_bench();
        bench.answer(fetch, 200, &book(160));
        assert_eq!(bench.state(BTC), BookState::Resyncing, "it is not yet proven that nothing is missing");
        bench.text(&depth(162, 170, NO, NO));
        assert_eq!(bench.state(BTC), BookState::Resyncing);
        bench.wait(SECOND_NS);
        let again = bench.take_fetches();
        bench.answer(again[0].0, 200, &book(161));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_4_a_gap_withdraws_the_prices_until_a_fetched_book_joins() {
        let mut bench = live();
        bench.text(&depth(161, 170, "[[99.2,1,1]]", NO));
        assert_eq!(bench.take_top(), Some((99.2, 1.0, 101.0, 2.0)));
        bench.text(&depth(172, 180, "[[99.4,1,1]]", NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        bench.wait(SECOND_NS / 2);
        let fetches = bench.take_fetches();
        bench.text(&full(181, "[[99.9,1,1]]", "[[101,1,1]]"));
        bench.text(&depth(181, 190, NO, NO));
        assert!(bench.take_quotes().is_empty(), "nothing is quoted from a broken book");
        bench.answer(fetches[0].0, 200, &book(175));
        assert_eq!(bench.take_top(), Some((99.4, 1.0, 101.0, 2.0)));
        assert_eq!((bench.feed.stats().gaps, bench.feed.stats().resyncs), (1, 1));
    }

    #[test]
    fn rule_5_without_a_range_the_version_is_the_one_change() {
        let single = |version: i64, range: &str| {
            format!(
                r#"{{"symbol":"BTC_USDT","data":{{"asks":[],"bids":[[99.{version},1,1]],"version":{version}{range}}},
                "channel":"push.depth","ts":1}}"#
            )
        };
        let mut bench = live();
        bench.text(&single(161, ""));
        bench.text(&single(162, r#","begin":0,"end":0"#));
        assert_eq!(bench.take_top(), Some((99.162, 1.0, 101.0, 2.0)));
        bench.text(&single(164, ""));
        assert_eq!((bench.state(BTC), bench.feed.stats().gaps), (BookState::Resyncing, 1));
    }

    #[test]
    fn rule_6_numbers_come_in_every_spelling_and_zero_removes() {
        let mut bench = live();
        bench.text(&depth(161, 170, "[[9.95E+1,25329.000000000000000000000000000000,58],[99.00,0,0],[77,0,0]]", NO));
        assert_eq!(bench.take_top(), Some((99.5, 25329.0, 101.0, 2.0)));
        bench.text(&depth(171, 180, "[[99.50,0,0],[98.0,0,0]]", NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)), "an empty side");
    }

    #[test]
    fn rule_6_sizes_become_base_coins() {
        let mut bench = Bench::with("mexc", &[instrument("mexc", BTC, 0.0001)]);
        bench.connect();
        bench.text(&depth(150, 160, NO, NO));
        let fetches = bench.take_fetches();
        bench.answer(fetches[0].0, 200, &book(155));
        bench.text(&full(161, "[[99.5,7,1]]", "[[101,9,1]]"));
        assert_eq!(bench.take_top(), Some((99.5, 7.0 * 0.0001, 101.0, 9.0 * 0.0001)));
    }

    #[test]
    fn rule_7_the_fresher_of_repeated_top_and_book_is_the_top() {
        let mut bench = live();
        bench.text(&full(165, "[[99.4,1,1],[99.5,3,2]]", "[[100.5,4,1],[100.6,1,1]]"));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.text(&depth(161, 164, "[[99.1,1,1]]", NO));
        bench.text(&full(163, "[[99.6,3,2]]", "[[100.6,1,1]]"));
        bench.text(&full(165, "[[99.5,3,2]]", "[[100.5,4,1]]"));
        assert_eq!(bench.take_top(), None);
        bench.text(&depth(165, 166, "[[99.3,1,1]]", NO));
        assert_eq!(bench.take_top(), Some((99.3, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn rule_7_repeated_tops_keep_a_calm_contract_from_going_stale() {
        let mut bench = live();
        for _ in 0..4 {
            bench.wait(15 * SECOND_NS);
            bench.text(&full(160, "[[99,1.5,1]]", "[[101,2,1]]"));
        }
        assert_eq!(bench.state(BTC), BookState::Live);
        bench.wait(15 * SECOND_NS);
        bench.text(r#"{"channel":"pong","data":1789498321790,"ts":1789498321790}"#);
        bench.wait(16 * SECOND_NS);
        assert_eq!(bench.state(BTC), BookState::Stale, "a pong is not data");
    }

    #[test]
    fn rule_8_the_empty_book_of_a_contract_that_is_gone_is_not_believed() {
        let (mut bench, fetch) = joining_bench();
        bench.text(&depth(150, 160, NO, NO));
        let gone = r#"{"success":true,"code":0,"data":{"asks":[],"bids":[],"version":155,"timestamp":1}}"#;
        bench.answer(fetch, 200, gone);
        assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Resyncing, 1));
    }

    #[test]
    fn a_first_frame_does_for_an_ack() {
        let mut bench = Bench::open("mexc", &[BTC, "ETH_USDT"]);
        bench.text(&depth(150, 160, NO, NO));
        assert_eq!(bench.take_fetches().len(), 1);
        assert_eq!(bench.state("ETH_USDT"), BookState::Resyncing);
    }

    #[test]
    fn the_client_pings_also_while_data_flows() {
        let mut bench = live();
        for step in 0..25 {
            bench.wait(SECOND_NS);
            bench.text(&depth(161 + step, 161 + step, NO, NO));
        }
        assert_eq!(bench.take_sent(), [r#"{"method":"ping"}"#, r#"{"method":"ping"}"#]);
    }

    #[test]
    fn a_contract_that_does_not_exist_is_left_alone_and_the_rest_stands() {
        let mut bench = Bench::open("mexc", &["NOPE_USDT", BTC]);
        bench.take_steps();
        bench.text(r#"{"channel":"rs.error","data":"Contract [NOPE_USDT] not exists","ts":1789498321790}"#);
        assert_eq!(bench.state("NOPE_USDT"), BookState::Closed);
        bench.text(&ack("sub.depth"));
        let fetches = bench.take_fetches();
        assert!(fetches.len() == 1 && fetches[0].1.contains("BTC_USDT"), "the ack is the next one's");
        bench.text(r#"{"channel":"rs.error","data":"Not support limit","ts":1}"#);
        bench.text(r#"{"channel":"push.deal","symbol":"BTC_USDT","data":[{"p":1}],"ts":1}"#);
        bench.text(r#"{"channel":"rs.login","data":null,"ts":1}"#);
        assert_eq!((bench.take_events(), bench.feed.stats().parse_errors), (vec!["venue_error"], 0));
    }

    #[test]
    fn impossible_numbers_and_wrong_types_withdraw_the_book_and_are_counted() {
        for spoilt in [
            depth(161, 170, r#"[["NaN",1,1]]"#, NO),
            depth(161, 170, NO, "[[-1,1,1]]"),
            depth(161, 170, NO, "[[1,-1,1]]"),
            depth(161, 170, NO, "[[1,1e300,1]]"),
            depth(161, 170, NO, r#"[[{"is":["not","a","price"]},1,1]]"#),
            depth(161, 170, "99", NO),
            depth(171, 170, NO, NO),
            depth(-5, -6, NO, NO),
            depth(161, 170, NO, NO).replace("\"data\"", "\"x\""),
            depth(161, 170, "[[99.5,1,1]]", NO)[..90].to_string(),
        ] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Resyncing, 1), "{spoilt}");
            assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)), "{spoilt}");
        }
    }

    #[test]
    fn a_best_bid_and_ask_that_cannot_be_read_costs_only_itself() {
        for spoilt in [full(170, "[[-99.5,1,1]]", NO), full(170, "[[99.5,1,1]]", NO).replace("\"version\"", "\"x\"")] {
            let mut bench = live();
            bench.text(&spoilt);
            assert_eq!((bench.state(BTC), bench.feed.stats().parse_errors), (BookState::Live, 1), "{spoilt}");
            assert!(bench.take_quotes().is_empty(), "{spoilt}");
        }
    }

    fn row(symbol: &str, more: &str) -> String {
        let base = symbol.split('_').next().unwrap();
        format!(
            r#"{{"symbol":"{symbol}","baseCoin":"{base}","quoteCoin":"USDT","settleCoin":"USDT","contractSize":0.0001,
            "priceUnit":0.1,"volUnit":1,"state":0,"futureType":1,"type":1,"isHidden":false{more}}}"#
        )
    }

    fn listing(rows: &[String]) -> MarketListing {
        let body = format!(r#"{{"success":true,"code":0,"data":[{}]}}"#, rows.join(","));
        Mexc.parse_markets(&[body.as_bytes()], 0).unwrap()
    }

    fn refused(listing: &MarketListing) -> Vec<&str> {
        listing.quarantined.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn markets_are_open_perpetuals_on_coins_with_sizes_in_base_coins() {
        let listing = listing(&[
            row("BTC_USDT", ""),
            row("PEPE_USDT", "").replace("0.0001", "10000000"),
            row("1000BONK_USDT", ""),
            row("龙虾_USDT", ""),
            row("OLD_USDT", "").replace("state\":0", "state\":3"),
            row("HID_USDT", "").replace("isHidden\":false", "isHidden\":true"),
            row("NVIDIA_USDT", "").replace("type\":1", "type\":2"),
            row("BTC_USDT_261225", "").replace("futureType\":1", "futureType\":2"),
            row("BTC_USD", "").replace("settleCoin\":\"USDT", "settleCoin\":\"BTC"),
            row("NIL_USDT", "").replace("0.0001", "0"),
            r#"{"symbol":"BAD_USDT"}"#.to_string(),
        ]);
        let listed: Vec<_> = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str())).collect();
        let expected = [
            ("BTC/USDT:USDT", "BTC"),
            ("PEPE/USDT:USDT", "PEPE"),
            ("1000BONK/USDT:USDT", "BONK"),
            ("龙虾/USDT:USDT", "龙虾"),
            ("NVIDIA/USDT:USDT", "share:NVIDIA"),
        ];
        assert_eq!(listed, expected);
        assert_eq!((listing.instruments[1].contract_size, listing.instruments[1].asset_scale), (1e7, 1.0));
        assert_eq!((listing.instruments[0].tick_size, listing.instruments[0].lot_size), (0.1, 0.0001));
        assert_eq!(refused(&listing), ["OLD_USDT", "HID_USDT", "NIL_USDT", "BAD_USDT"]);
    }

    #[test]
    fn a_ticker_that_may_be_another_coin_here_is_not_taken_for_the_one_of_that_name() {
        let renamed: Vec<String> = RENAMED.iter().map(|base| row(&format!("{base}_USDT"), "")).collect();
        assert!(listing(&renamed).instruments.is_empty());
        assert_eq!(listing(&renamed).quarantined.len(), RENAMED.len());
    }

    #[test]
    fn a_ticker_is_the_well_known_coin_only_while_that_coin_has_no_other_name_here() {
        let alone = listing(&[row("GMT_USDT", ""), row("GAS_USDT", ""), row("FLUX_USDT", "")]);
        assert_eq!((alone.instruments.len(), alone.quarantined.len()), (3, 0));
        let beside = listing(&[row("GMT_USDT", ""), row("GAS_USDT", ""), row("STEPN_USDT", "")]);
        assert_eq!(refused(&beside), ["GMT_USDT"]);
    }
}
