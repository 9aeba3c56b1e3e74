//! Phemex, linear perpetuals (the `_p` channels). <https://phemex-docs.github.io/#subscribe-orderbook-for-new-model>
//!
//! Synchronisation:
//! 1. `orderbook_p.subscribe` names one symbol and asks for 30 levels a side, told every 20 ms. The first frame is a
//!    snapshot: clear and load.
//! 2. An increment sets absolute sizes and zero removes; then 30 levels a side are kept (documentation).
//! 3. `sequence` is shared by groups of symbols and jumps: nothing chains. It never falls for a symbol; one that does came
//!    too late, and the book is lost. The same one again changes nothing.
//! 4. The venue removes only levels that it told, also those pushed out of the window: so in all 1,324 increments captured
//!    in 2021, and in the frames of 2022 and 2026. The removal of one that is not held shows that a frame is missing.
//! 5. The snapshot is repeated every 60 s with the sequence of the last change (captured in 2021): it is compared with the
//!    book held, the difference is counted, and it takes its place.
//! 6. A book whose snapshot was not repeated for 70 s is lost.
//! 7. A crossed book is lost.
//! 8. A frame that neither reads nor says whose it is may have been anybody's: every book of its connection is lost.
//! 9. A lost book is subscribed again, since the only way to unsubscribe takes all the connection's books along. That a
//!    symbol gets a snapshot for being subscribed twice is not confirmed: its next repeated one brings it at the latest.
//!
//! What cannot be detected: a missing frame is noticed when the venue next touches a level that it had added, when a level
//! is told that crosses one that it had removed, or at the next snapshot: at most 60 s later, 70 s where that one is missing
//! too. Until then a size or a best price may be wrong; one that is too good stands until the other side reaches it.
//!
//! Prices and sizes are plain decimals in base coins. The client pings within 30 s. 20 books a connection are documented, 101
//! were accepted. Delisted symbols answer with a stale book: only what is listed is tracked.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{Channel, Delta, Frame, Operation, Snapshot, Topic};
use crate::profile::{Conduct, Heartbeat, MILLISECOND_NS, Pacing, SECOND_NS, Throttling, VenueProfile};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, Levels, Time, parse, text_after};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::AssetClass;
use serde::Deserialize;

const PROFILE: VenueProfile = VenueProfile {
    id: "phemex",
    name: "Phemex",
    websocket_url: "wss://ws.phemex.com",
    rest_url: "https://api.phemex.com",
    docs_url: "https://phemex-docs.github.io",
    channels: &[(Channel::Book, "orderbook_p")],
    guard_rule: "no number shows a loss: removals of levels never told, crossed books and the snapshot of every 60 s do",
    taker_fee_percent: 0.06,
    maker_fee_percent: 0.01,
    instruments_per_connection: 20,
    connects_per_minute: 30,
    request_weight_per_minute: 60,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: false,
    relays: None,
    sources: &["live probe 2026-09", "captured frames 2021-07 of the older channel", "venue's documentation 2026-01"],
    certainty: "frames, ping and limits were seen live; rules 4 and 5 were seen in the older channel of the same flow only, \
        what subscribing twice brings is not confirmed",
    unavailable_reason: None,
};

const CONDUCT: Conduct = Conduct {
    unsubscribes_one: false,
    pacing: Pacing { burst: 10, interval_ns: 100 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: Some(Heartbeat { text: r#"{"id":0,"method":"server.ping","params":[]}"#, every_ns: 5 * SECOND_NS }),
    silence_limit_ns: 20 * SECOND_NS,
    book_depth: Some(DEPTH),
    removes_only_what_is_there: true,
    snapshot_limit_ns: Some(70 * SECOND_NS),
    throttling: Throttling::by_code(&["code"], &["39995"]),
    ..Conduct::USUAL
};

/// Levels a side asked for: the deepest window that is told every 20 ms.
const DEPTH: usize = 30;
/// "Invalid argument": there is no such symbol.
const INVALID_ARGUMENT: &str = "6001";

/// Traditional assets are not told apart further.
const CLASSES: Classes = Classes {
    field: "perpProductSubType",
    meanings: &[("Normal", AssetClass::Coin), ("PreMarket", AssetClass::PreMarket)],
    is_coin_word_seen: true,
    stage_field: "",
    stages: &[],
};

/// Phemex.
pub struct Phemex;

/// `{"depth":30,"dts":1790133513685595340,"mts":1790133513683881504,"orderbook_p":{"asks":[["86540.3","2.316"]],
/// "bids":[["86504.9","0"]]},"sequence":68604886406,"symbol":"BTCUSDT","timestamp":1790133513674330491,
/// "type":"incremental"}`, or
/// `{"error":null,"id":1,"result":{"status":"success"}}`, or
/// `{"error":{"code":6001,"message":"invalid argument"},"id":106,"result":null}`
#[derive(Deserialize)]
struct Message<'a> {
    orderbook_p: Option<Book>,
    sequence: Option<i64>,
    symbol: Option<&'a str>,
    #[serde(default)]
    timestamp: Time,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    id: Option<u64>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Book {
    asks: Levels,
    bids: Levels,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Code,
    #[serde(default)]
    message: String,
}

/// One row of `data.perpProductsV2`. A multiplied base is spelled `1000 PEPE`.
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
    tick_size: Decimal,
    qty_step_size: Decimal,
}

impl Venue for Phemex {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/public/products")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &CLASSES, rows(bodies, "data.perpProductsV2")?, "symbol", list))
    }

    /// Rule 1. There is no unsubscribing one symbol (rule 9), so that it is never asked for.
    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, _operation: Operation, topics: &[Topic<'_>]) -> String {
        let params = serde_json::json!([topics[0].native_symbol, false, DEPTH]);
        serde_json::json!({"id": id, "method": format!("{}.subscribe", PROFILE.channel(Channel::Book)), "params": params})
            .to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        let outcome = parse::<Message<'_>>(frame.payload).and_then(|message| on_message(message, desk));
        if outcome.is_err() && self.culprit(frame.payload).is_none() {
            desk.lose_all("a frame neither reads nor says whose it is"); // rule 8
        }
        outcome
    }

    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str> {
        text_after(payload, "\"symbol\":\"")
    }
}

fn on_message(message: Message<'_>, desk: &mut Desk) -> Result<(), FrameError> {
    let Some(book) = message.orderbook_p else {
        if let Some(id) = message.id {
            on_answer(id, message.error.as_ref(), desk);
        }
        return Ok(());
    };
    let symbol = message.symbol.ok_or(FrameError::Missing("symbol"))?;
    let Some(slot) = desk.slot(symbol) else { return Ok(()) };
    let sequence = message.sequence.filter(|sequence| *sequence > 0).ok_or(FrameError::Missing("sequence"))?;
    let (exchange_ns, bids, asks) = (message.timestamp.0, book.bids.0, book.asks.0);
    match message.kind {
        Some("snapshot") => desk.snapshot(slot, Snapshot { sequence, exchange_ns, bids, asks, ..Snapshot::default() }),
        Some("incremental") if sequence < desk.sequence(slot) => desk.lose(slot, "an increment is older than the book"),
        Some("incremental") => {
            let previous = desk.sequence(slot); // rule 3: whatever stood before
            desk.delta(
                slot,
                Delta { previous, first: sequence, last: sequence, exchange_ns, bids, asks, ..Delta::default() },
            );
        }
        _ => return Err(FrameError::Invalid("the kind of a book")),
    }
    Ok(())
}

fn on_answer(id: u64, error: Option<&Refusal>, desk: &mut Desk) {
    let wishes = desk.answered(id);
    let Some(error) = error else {
        return desk.grant(&wishes);
    };
    let detail = format!("{} {}", error.code, error.message);
    if wishes.is_empty() {
        return desk.report("venue_error", None, &detail);
    }
    for wish in wishes {
        if error.code.is(INVALID_ARGUMENT) { desk.refuse(wish.slot, &detail) } else { desk.decline(wish, &detail) }
    }
}

/// The rows of `{"code":0,"msg":"","data":{"perpProductsV2":[...],"products":[...]}}`.
fn list(listing: &mut ListingBuilder, market: &Market) {
    let is_stable = |currency: &str| matches!(currency, "USDT" | "USDC");
    let is_linear = is_stable(&market.quote_currency) && is_stable(&market.settle_currency);
    if market.kind != "PerpetualV2" || !is_linear || market.status == "Delisted" {
        return;
    }
    if market.status != "Listed" {
        return listing.quarantine(&market.symbol, format!("status is {}", market.status));
    }
    listing.add(&ListedMarket {
        native_symbol: &market.symbol,
        base: &market.base_currency.replace(' ', ""),
        quote: &market.quote_currency,
        settle: &market.settle_currency,
        contract_size: 1.0,
        tick_size: market.tick_size.0,
        lot_size: market.qty_step_size.0,
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

    const NO: &str = "[]";
    const ACK: &str = r#"{"error":null,"id":1,"result":{"status":"success"}}"#;

    fn book(kind: &str, symbol: &str, sequence: i64, bids: &str, asks: &str) -> String {
        format!(
            r#"{{"depth":30,"dts":1790133513685595340,"mts":1790133513683881504,"orderbook_p":{{"asks":{asks},"bids":{bids}}},
            "sequence":{sequence},"symbol":"{symbol}","timestamp":1790133513674330491,"type":"{kind}"}}"#
        )
    }

    fn snapshot(sequence: i64) -> String {
        book("snapshot", "BTCUSDT", sequence, r#"[["99.0","1.5"],["98","1"]]"#, r#"[["101","2"]]"#)
    }

    fn update(sequence: i64, bids: &str, asks: &str) -> String {
        book("incremental", "BTCUSDT", sequence, bids, asks)
    }

    /// A live book of BTCUSDT, 99 x 1.5 | 101 x 2 at sequence 100.
    fn live() -> Bench {
        let mut bench = Bench::open("phemex", &["BTCUSDT"]);
        bench.text(ACK);
        bench.text(&snapshot(100));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    const AGAIN: &str = r#"{"id":2,"method":"orderbook_p.subscribe","params":["BTCUSDT",false,30]}"#;

    fn assert_lost(bench: &mut Bench, event: &str) {
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!((bench.state("BTCUSDT"), bench.feed.stats().gaps), (BookState::Resyncing, 1));
        let steps = bench.take_steps();
        assert!(
            steps.iter().any(|step| matches!(step, Step::Report { event: told, .. } if *told == event)),
            "{steps:?}"
        );
        assert!(steps.iter().any(|step| matches!(step, Step::Send { text, .. } if text == AGAIN)), "{steps:?}");
    }

    #[test]
    fn rule_1_every_symbol_is_asked_for_by_itself_and_begins_with_a_snapshot() {
        let mut bench = Bench::open("phemex", &["BTCUSDT", "ETHUSDT"]);
        let request = |id: u64, symbol: &str| {
            format!(r#"{{"id":{id},"method":"orderbook_p.subscribe","params":["{symbol}",false,30]}}"#)
        };
        assert_eq!(bench.take_sent(), [request(1, "BTCUSDT"), request(2, "ETHUSDT")]);
        bench.text(&update(99, r#"[["99","1"]]"#, NO));
        assert!(bench.take_quotes().iter().all(|quote| quote.state != BookState::Live), "an increment is no book");
        bench.text(&snapshot(100));
        assert_eq!((bench.state("BTCUSDT"), bench.state("ETHUSDT")), (BookState::Live, BookState::Resyncing));
    }

    #[test]
    fn rule_2_sizes_are_absolute_zero_removes_and_thirty_levels_are_kept() {
        let mut bench = live();
        bench.text(&update(105, r#"[["99.00","0"]]"#, r#"[["101","7"]]"#));
        assert_eq!(bench.take_top(), Some((98.0, 1.0, 101.0, 7.0)));
        let lower: Vec<String> = (1..=40).map(|price| format!(r#"["{price}.5","1"]"#)).collect();
        bench.text(&update(106, &format!("[{}]", lower.join(",")), NO));
        let (_, _, held) = bench.feed.order_book("unified:BTCUSDT").unwrap();
        assert_eq!((held.bids().count(), held.bids().last().unwrap().price), (30, 12.5));
    }

    #[test]
    fn rule_2_an_empty_side_is_live_without_a_price() {
        let mut bench = live();
        bench.text(&update(101, r#"[["99","0"],["98","0.000"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 101.0, 2.0)));
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
    }

    #[test]
    fn rule_3_jumps_are_normal_and_a_frame_sent_twice_is_harmless() {
        let mut bench = live();
        let removing = update(100_000, r#"[["99","0"],["98.5","3"]]"#, NO);
        bench.text(&removing);
        bench.text(&removing);
        assert_eq!(bench.take_top(), Some((98.5, 3.0, 101.0, 2.0)));
        assert_eq!((bench.state("BTCUSDT"), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_3_a_sequence_that_falls_came_too_late() {
        let mut bench = live();
        bench.text(&update(99, r#"[["99.5","3"]]"#, NO));
        assert_lost(&mut bench, "sequence_gap");
        let mut bench = live();
        bench.text(&snapshot(99));
        assert_lost(&mut bench, "sequence_gap");
    }

    #[test]
    fn rule_4_removing_a_level_that_was_never_told_shows_a_loss() {
        let mut bench = live();
        bench.text(&update(102, r#"[["98.7","0"],["98.6","3"]]"#, NO));
        assert_lost(&mut bench, "sequence_gap");
        bench.text(&update(103, r#"[["98.6","4"]]"#, NO));
        assert!(bench.take_quotes().is_empty(), "nothing is quoted from a broken book");
        bench.text(&snapshot(103));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        assert_eq!(bench.feed.stats().resyncs, 1);
    }

    #[test]
    fn rule_5_a_repeated_snapshot_that_agrees_changes_nothing() {
        let mut bench = live();
        bench.text(&snapshot(100));
        assert!(bench.take_quotes().is_empty() && bench.take_steps().is_empty());
        assert_eq!(bench.feed.stats().gaps, 0);
    }

    #[test]
    fn rule_5_a_repeated_snapshot_that_differs_is_counted_and_takes_the_book_s_place() {
        let mut bench = live();
        bench.text(&book("snapshot", "BTCUSDT", 100, r#"[["98","1"]]"#, r#"[["101","2"]]"#));
        assert_eq!(bench.take_top(), Some((98.0, 1.0, 101.0, 2.0)));
        assert_eq!((bench.take_events(), bench.feed.stats().gaps), (vec!["book_differed"], 1));
        bench.text(&book("snapshot", "BTCUSDT", 110, r#"[["97","1"]]"#, r#"[["101","2"]]"#));
        assert_eq!(bench.take_top(), Some((97.0, 1.0, 101.0, 2.0)));
        assert_eq!(bench.feed.stats().gaps, 1, "a later one may differ");
    }

    #[test]
    fn rule_6_a_book_whose_snapshot_is_not_repeated_is_lost() {
        let mut bench = live();
        for second in 1..=7 {
            bench.wait(10 * SECOND_NS);
            bench.text(&update(100 + second, r#"[["98","5"]]"#, NO));
        }
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
        bench.take_steps();
        bench.wait(SECOND_NS);
        assert_eq!(bench.state("BTCUSDT"), BookState::Resyncing);
        assert_eq!(bench.take_events(), ["snapshot_overdue"]);
    }

    #[test]
    fn rule_6_a_repeated_snapshot_renews_the_book_s_time() {
        let mut bench = live();
        for _ in 0..20 {
            bench.wait(10 * SECOND_NS);
            bench.text(&snapshot(100));
        }
        assert_eq!((bench.state("BTCUSDT"), bench.feed.stats().resyncs), (BookState::Live, 0));
    }

    #[test]
    fn rule_7_a_crossed_book_is_withdrawn_before_it_is_quoted() {
        let mut bench = live();
        bench.text(&update(101, r#"[["101.0","1"]]"#, NO));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert!(bench.take_events().contains(&"crossed_book"));
    }

    #[test]
    fn rule_8_a_frame_that_may_be_anybody_s_costs_every_book_and_no_connection() {
        let mut bench = Bench::open("phemex", &["BTCUSDT", "ETHUSDT"]);
        bench.text(&snapshot(100));
        bench.text(&book("snapshot", "ETHUSDT", 90, r#"[["9","1"]]"#, r#"[["10","2"]]"#));
        bench.take_steps();
        bench.text(&update(101, NO, NO)[..60]);
        assert_eq!((bench.state("BTCUSDT"), bench.state("ETHUSDT")), (BookState::Resyncing, BookState::Resyncing));
        assert_eq!(bench.take_sent().len(), 2, "both are subscribed again");
        assert_eq!(bench.feed.stats().parse_errors, 1);
        bench.text(&snapshot(102));
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
    }

    #[test]
    fn rule_8_a_frame_that_says_whose_it_is_costs_that_book_only() {
        for spoilt in [r#"[[{"is":"no price"},"1"]]"#, r#"[["NaN","1"]]"#, r#"[["-1.5","1"]]"#, "7"] {
            let mut bench = Bench::open("phemex", &["BTCUSDT", "ETHUSDT"]);
            bench.text(&snapshot(100));
            bench.text(&book("snapshot", "ETHUSDT", 90, r#"[["9","1"]]"#, r#"[["10","2"]]"#));
            bench.text(&update(101, spoilt, NO));
            assert_eq!((bench.state("BTCUSDT"), bench.state("ETHUSDT")), (BookState::Resyncing, BookState::Live));
            assert_eq!(bench.feed.stats().parse_errors, 1, "{spoilt}");
        }
    }

    #[test]
    fn rule_9_subscribing_again_in_vain_leaves_it_to_the_repeated_snapshot() {
        let mut bench = live();
        bench.text(&update(101, r#"[["98.7","0"]]"#, NO));
        bench.text(r#"{"error":null,"id":2,"result":{"status":"success"}}"#);
        bench.wait(15 * SECOND_NS);
        assert!(
            bench
                .take_sent()
                .iter()
                .all(|text| text.contains("subscribe") && !text.contains("unsubscribe") || text.contains("ping"))
        );
        bench.text(&snapshot(200));
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
    }

    #[test]
    fn rule_9_untracking_sends_nothing_and_what_still_comes_is_ignored() {
        let mut bench = Bench::open("phemex", &["BTCUSDT", "ETHUSDT"]);
        bench.text(&snapshot(100));
        bench.take_quotes();
        assert!(bench.feed.untrack(&["unified:BTCUSDT".to_string()], bench.now_ns).unwrap().is_empty());
        bench.take_quotes();
        bench.text(&update(101, r#"[["99.5","3"]]"#, NO));
        assert!(bench.take_quotes().is_empty() && bench.feed.stats().parse_errors == 0);
    }

    #[test]
    fn an_unknown_symbol_is_left_alone_and_a_full_connection_tried_again() {
        let mut bench = Bench::open("phemex", &["NOUSDT", "BTCUSDT"]);
        bench.text(r#"{"error":{"code":6001,"message":"invalid argument"},"id":1,"result":null}"#);
        bench.text(r#"{"error":{"code":6015,"message":"subscription limit exceeded"},"id":2,"result":null}"#);
        assert_eq!((bench.state("NOUSDT"), bench.state("BTCUSDT")), (BookState::Closed, BookState::Resyncing));
        bench.take_steps();
        bench.wait(2 * SECOND_NS);
        bench.text(&snapshot(100));
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
    }

    #[test]
    fn a_quiet_client_pings_and_the_answer_is_understood() {
        let mut bench = live();
        bench.wait(5 * SECOND_NS + SECOND_NS / 10);
        assert_eq!(bench.take_sent(), [r#"{"id":0,"method":"server.ping","params":[]}"#]);
        bench.text(r#"{"error":null,"id":0,"result":"pong"}"#);
        assert_eq!((bench.take_events().len(), bench.feed.stats().parse_errors), (0, 0));
        bench.wait(20 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })), "no answer any more");
    }

    #[test]
    fn frames_of_strangers_touch_nothing() {
        let mut bench = live();
        bench.text(&book("incremental", "SOLUSDT", 500, r#"[["1","1"]]"#, NO));
        bench.text(&book("incremental", "SOLUSDT", 500, "7", NO));
        bench.text(r#"{"tick_p":{"last":"1"},"sequence":7}"#);
        assert_eq!(bench.state("BTCUSDT"), BookState::Live);
        assert!(bench.take_quotes().is_empty());
    }

    #[test]
    fn markets_are_listed_normal_perpetuals_in_stable_coins() {
        let row = |symbol: &str, base: &str, more: &str| {
            format!(
                r#"{{"symbol":"{symbol}","type":"PerpetualV2","baseCurrency":"{base}","quoteCurrency":"USDT","settleCurrency":"USDT",
                "status":"Listed","perpProductSubType":"Normal","tickSize":"0.1","qtyStepSize":"0.001"{more}}}"#
            )
        };
        let rows = [
            row("BTCUSDT", "BTC", ""),
            row("u1000PEPEUSDT", "1000 PEPE", ""),
            row("OLDUSDT", "OLD", "").replace("Listed", "Delisted"),
            row("HALTUSDT", "HALT", "").replace("Listed", "Suspended"),
            row("TSLAUSDT", "TSLA", "").replace("Normal", "TradFi"),
            row("BADUSDT", "BAD", "").replace("\"0.1\"", "null"),
        ];
        let body = format!(r#"{{"code":0,"msg":"","data":{{"products":[],"perpProductsV2":[{}]}}}}"#, rows.join(","));
        let listing = Phemex.parse_markets(&[body.as_bytes()], 0).unwrap();
        let named: Vec<_> =
            listing.instruments.iter().map(|one| (one.symbol.as_str(), one.native_symbol.as_str())).collect();
        assert_eq!(named, [("BTC/USDT:USDT", "BTCUSDT"), ("1000PEPE/USDT:USDT", "u1000PEPEUSDT")]);
        let pepe = &listing.instruments[1];
        assert_eq!((pepe.asset.as_str(), pepe.asset_scale, pepe.contract_size), ("PEPE", 1000.0, 1.0));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["HALTUSDT", "TSLAUSDT", "BADUSDT"]);
        assert!(matches!(Phemex.parse_markets(&[br#"{"code":1,"data":null}"#], 0), Err(VenueError::Markets(_))));
    }
}
