//! Paradex, perpetuals. <https://docs.paradex.trade/ws/general-information/introduction>
//!
//! Requests and acks are JSON-RPC in text frames; data is SBE (schema 1) in binary frames. Synchronisation:
//! 1. The first `order_book` frame (`pkgType` 0) is the whole book; so is any later one: clear and load.
//! 2. Every frame's `seq` is the previous plus one, frames without levels included.
//! 3. `bbo` shares the counter but skips values: it orders against the book and proves nothing. A null side is empty.
//! 4. After a gap: unsubscribe, subscribe again; when that does not help, reconnect.
//! 5. Sizes are absolute, zero removes, removing what is absent is harmless.
//! 6. Frames name the market, not the channel: one depth and one bbo channel a market and connection.
//!
//! Decoding steps by the block lengths on the wire, skips unknown templates and ignores what follows the known fields.

mod facts;

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::{Classes, ListedMarket, ListingBuilder, MarketListing, collect, rows};
use crate::market_data::{Channel, Delta, Frame, Operation, Snapshot, Top, Topic};
use crate::profile::{Conduct, MILLISECOND_NS, Pacing, SECOND_NS, SnapshotSource, VenueProfile, by_chain};
use crate::venue::Venue;
use crossbook_codec::json::{Code, Decimal, parse};
use crossbook_codec::sbe::{Cursor, Group, Header, NULL_I64, decimal8};
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::Level;
use serde::Deserialize;

const PROFILE: VenueProfile = VenueProfile {
    id: "paradex",
    name: "Paradex",
    websocket_url: "wss://ws.api.prod.paradex.trade",
    rest_url: "https://api.prod.paradex.trade",
    docs_url: "https://docs.paradex.trade",
    channels: &[(Channel::Book, "order_book.{market}.deltas"), (Channel::Top, "bbo.{market}")],
    guard_rule: "each frame's seq is the one before it plus one",
    taker_fee_percent: 0.045,
    maker_fee_percent: 0.003,
    instruments_per_connection: 100,
    connects_per_minute: 120,
    request_weight_per_minute: 300,
    stale_after_ns: 30 * SECOND_NS,
    is_gap_visible: true,
    relays: None,
    sources: &["captured frames 2026-10", "venue's SBE schema", "venue's documentation 2026"],
    certainty: "layouts and their chaining are seen in captured frames, fees are documented; limits, and subscribing again in a session, are not confirmed",
    unavailable_reason: None,
};

/// A heartbeat comes after 20 s of silence.
const CONDUCT: Conduct = Conduct {
    socket_path: "/v1?sbeSchemaId=1&sbeSchemaVersion=1",
    waits_for_greeting: false,
    channels_per_request: 1,
    pacing: Pacing { burst: 40, interval_ns: 50 * MILLISECOND_NS, gap_ns: 0 },
    heartbeat: None,
    silence_limit_ns: 45 * SECOND_NS,
    max_age_ns: None,
    snapshot_source: SnapshotSource::Socket,
    joining: by_chain,
    ..Conduct::USUAL
};

const SCHEMA_ID: u16 = 1;
const BBO_TEMPLATE: u16 = 2;
const BOOK_TEMPLATE: u16 = 3;
const SNAPSHOT_PACKAGE: u8 = 0;
/// Of five levels or so; a guess that saves growing.
const USUAL_LEVELS: usize = 8;

/// Paradex.
pub struct Paradex;

/// `{"jsonrpc":"2.0","id":1,"result":{"channel":"bbo.BTC-USD-PERP"},"usIn":1791421923316695}` or
/// `{"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"invalid subscribe request","data":"invalid channel"}}`
#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    code: Code,
    #[serde(default)]
    message: String,
    data: Option<String>,
}

/// One row of `results`.
#[derive(Deserialize)]
struct Market {
    symbol: String,
    asset_kind: String,
    base_currency: String,
    quote_currency: String,
    settlement_currency: String,
    price_tick_size: Decimal,
    order_size_increment: Decimal,
    #[serde(default)]
    open_at: i64,
    trading_mode: Option<String>,
    #[serde(default)]
    fee_config: FeeConfig,
}

/// `{"api_fee":{"maker_fee":{"fee":"0"},"taker_fee":{"fee":"0.0002"}},"interactive_fee":{...}}`: fees are shares.
#[derive(Default, Deserialize)]
struct FeeConfig {
    api_fee: Option<Fees>,
}

#[derive(Deserialize)]
struct Fees {
    maker_fee: Option<Fee>,
    taker_fee: Option<Fee>,
}

#[derive(Deserialize)]
struct Fee {
    fee: Option<Decimal>,
}

impl Venue for Paradex {
    fn profile(&self) -> &'static VenueProfile {
        &PROFILE
    }

    fn conduct(&self) -> &'static Conduct {
        &CONDUCT
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::get("/v1/markets")]
    }

    fn parse_markets(&self, bodies: &[&[u8]], now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(collect(PROFILE.id, &Classes::UNTOLD, rows(bodies, "results")?, "symbol", |listing, market| {
            list(listing, market, now_ns)
        }))
    }

    fn fact_polls(&self) -> &'static [FactPoll] {
        facts::POLLS
    }

    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String {
        let method = if operation == Operation::Subscribe { "subscribe" } else { "unsubscribe" };
        let pattern = PROFILE.channel(topics[0].channel);
        let channel = pattern.replace("{market}", topics[0].native_symbol);
        serde_json::json!({"jsonrpc": "2.0", "method": method, "params": {"channel": channel}, "id": id}).to_string()
    }

    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError> {
        if frame.is_text {
            on_answer(&parse(frame.payload)?, desk);
            return Ok(());
        }
        let mut cursor = Cursor::new(frame.payload);
        let header = cursor.header()?;
        match header {
            Header { schema_id, .. } if schema_id != SCHEMA_ID => Err(FrameError::UnknownSchema(schema_id)),
            Header { template_id: BBO_TEMPLATE, .. } => on_bbo(cursor, header, desk),
            Header { template_id: BOOK_TEMPLATE, .. } => on_book(cursor, header, desk),
            _ => Ok(()),
        }
    }

    /// The market stands at the end of a frame, so that a cut one does not show it; the next frame's `seq` does.
    fn culprit<'a>(&self, _payload: &'a [u8]) -> Option<&'a str> {
        None
    }
}

/// Root 48: `ts i64 us | seq i64 | bidPrice | bidSize | askPrice | askSize` (null when empty); then `market`.
fn on_bbo(mut cursor: Cursor<'_>, header: Header, desk: &mut Desk) -> Result<(), FrameError> {
    let mut root = cursor.block(header.block_length)?;
    let (time_us, sequence) = (root.i64()?, root.i64()?);
    let (bid, ask) = (side(&mut root)?, side(&mut root)?);
    if let Some(slot) = desk.slot(cursor.text8()?) {
        desk.top(slot, Top { sequence, exchange_ns: time_us.saturating_mul(1_000), bid, ask });
    }
    Ok(())
}

/// Root 89: `ts i64 us | seq i64 | pkgType u8 | nine i64` (null here); then groups `bids` and `asks` of
/// `price i64 | size i64`; then `market`.
fn on_book(mut cursor: Cursor<'_>, header: Header, desk: &mut Desk) -> Result<(), FrameError> {
    let mut root = cursor.block(header.block_length)?;
    let (time_us, sequence, package) = (root.i64()?, root.i64()?, root.u8()?);
    let (bids, asks) = (levels(cursor.group()?)?, levels(cursor.group()?)?);
    let Some(slot) = desk.slot(cursor.text8()?) else { return Ok(()) };
    let exchange_ns = time_us.saturating_mul(1_000);
    if package == SNAPSHOT_PACKAGE {
        desk.snapshot(slot, Snapshot { sequence, cross_sequence: None, exchange_ns, bids, asks, depth_limit: None });
    } else {
        let previous = sequence.saturating_sub(1);
        desk.delta(
            slot,
            Delta { previous, first: sequence, last: sequence, cross_sequence: None, exchange_ns, bids, asks },
        );
    }
    Ok(())
}

fn side(root: &mut Cursor<'_>) -> Result<Level, FrameError> {
    let (price, size) = (root.i64()?, root.i64()?);
    let is_empty = price == NULL_I64;
    Ok(if is_empty { Level::default() } else { Level { price: decimal8(price), size: decimal8(size) } })
}

fn levels(group: Group<'_>) -> Result<Vec<Level>, FrameError> {
    let count = group.size_hint().0;
    let mut levels = Vec::with_capacity(if count == 0 { 0 } else { count.max(USUAL_LEVELS) });
    for mut entry in group {
        levels.push(Level { price: decimal8(entry.i64()?), size: decimal8(entry.i64()?) });
    }
    Ok(levels)
}

fn on_answer(answer: &Answer, desk: &mut Desk) {
    let known = answer.id.map(|id| desk.answered(id)).unwrap_or_default();
    let Some(error) = &answer.error else {
        return desk.grant(&known);
    };
    let detail = format!("{} {} {}", error.code, error.message, error.data.as_deref().unwrap_or_default());
    let wishes = if known.is_empty() { desk.answered_alone() } else { known };
    if wishes.is_empty() {
        desk.report("venue_error", None, &detail);
    }
    for wish in wishes {
        match error.data.as_deref() {
            Some("invalid channel") if wish.operation == Operation::Subscribe => desk.refuse(wish.slot, &detail),
            _ => desk.decline(wish, &detail),
        }
    }
}

fn list(listing: &mut ListingBuilder, market: &Market, now_ns: i64) {
    if market.asset_kind != "PERP" {
        return;
    }
    if market.open_at.saturating_mul(MILLISECOND_NS) > now_ns {
        return listing.quarantine(&market.symbol, "not yet open");
    }
    match market.trading_mode.as_deref() {
        None | Some("" | "STANDARD") => listing.add(&ListedMarket {
            native_symbol: &market.symbol,
            base: &market.base_currency,
            quote: &market.quote_currency,
            settle: &market.settlement_currency,
            contract_size: 1.0,
            tick_size: market.price_tick_size.0,
            lot_size: market.order_size_increment.0,
            taker_fee_percent: Some(fee_percent(market, |fees| fees.taker_fee.as_ref(), PROFILE.taker_fee_percent)),
            maker_fee_percent: Some(fee_percent(market, |fees| fees.maker_fee.as_ref(), PROFILE.maker_fee_percent)),
        }),
        Some(mode) => listing.quarantine(&market.symbol, format!("trading mode is {mode}")),
    }
}

/// The fee of a market's own, else the usual one. Six decimals at most.
fn fee_percent(market: &Market, fee: impl Fn(&Fees) -> Option<&Fee>, usual: f64) -> f64 {
    let told = market.fee_config.api_fee.as_ref().and_then(fee).and_then(|fee| fee.fee);
    told.map_or(usual, |share| (share.0 * 1e8).round() / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::{BookState, Quote};

    const MARKET: &str = "BTC-USD-PERP";

    fn header(block: u16, template: u16) -> Vec<u8> {
        [block, template, 1, 1].iter().flat_map(|field| field.to_le_bytes()).collect()
    }

    fn text8(bytes: &mut Vec<u8>, text: &str) {
        bytes.push(text.len() as u8);
        bytes.extend(text.as_bytes());
    }

    fn group(bytes: &mut Vec<u8>, levels: &[(i64, i64)], padding: usize) {
        bytes.extend((16 + padding as u16).to_le_bytes());
        bytes.extend((levels.len() as u16).to_le_bytes());
        for (price, size) in levels {
            bytes.extend(price.to_le_bytes());
            bytes.extend(size.to_le_bytes());
            bytes.extend(vec![0xee; padding]);
        }
    }

    /// Prices and sizes in hundredths; `padding` bytes that a newer schema would append.
    fn book(package: u8, sequence: i64, bids: &[(i64, i64)], asks: &[(i64, i64)], padding: usize) -> Vec<u8> {
        let mut bytes = header(89 + padding as u16, BOOK_TEMPLATE);
        bytes.extend(1_791_421_535_339_902_i64.to_le_bytes());
        bytes.extend(sequence.to_le_bytes());
        bytes.push(package);
        (0..9).for_each(|_| bytes.extend(NULL_I64.to_le_bytes()));
        bytes.extend(vec![0xee; padding]);
        let scaled =
            |levels: &[(i64, i64)]| levels.iter().map(|(p, s)| (p * 1_000_000, s * 1_000_000)).collect::<Vec<_>>();
        group(&mut bytes, &scaled(bids), padding);
        group(&mut bytes, &scaled(asks), padding);
        text8(&mut bytes, MARKET);
        bytes.extend(vec![0xee; padding]);
        bytes
    }

    fn bbo(sequence: i64, fields: [i64; 4]) -> Vec<u8> {
        let mut bytes = header(48, BBO_TEMPLATE);
        bytes.extend(1_791_421_535_339_902_i64.to_le_bytes());
        bytes.extend(sequence.to_le_bytes());
        let scale = |field: i64| if field == NULL_I64 { field } else { field * 1_000_000 };
        fields.iter().for_each(|field| bytes.extend(scale(*field).to_le_bytes()));
        text8(&mut bytes, MARKET);
        bytes
    }

    fn snapshot(sequence: i64) -> Vec<u8> {
        book(0, sequence, &[(9900, 150), (9800, 100)], &[(10_100, 200)], 0)
    }

    fn delta(sequence: i64, bids: &[(i64, i64)]) -> Vec<u8> {
        book(1, sequence, bids, &[], 0)
    }

    /// A live book, 99 x 1.5 | 101 x 2 at sequence 10.
    fn live() -> Bench {
        let mut bench = Bench::open("paradex", &[MARKET]);
        bench.text(
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"channel\":\"order_book.BTC-USD-PERP.deltas\"},\"usIn\":1}\n",
        );
        bench.binary(&snapshot(10));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)));
        bench.take_steps();
        bench
    }

    #[test]
    fn requests_are_one_channel_each_and_the_address_asks_for_schema_1() {
        let mut bench = Bench::new("paradex", &[MARKET]);
        let url = "wss://ws.api.prod.paradex.trade/v1?sbeSchemaId=1&sbeSchemaVersion=1".to_string();
        assert_eq!(bench.take_steps(), [Step::Open { connection: 1, url, ticket: None, headers: &[] }]);
        bench.connect();
        let sent = bench.take_sent();
        let channel =
            |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["params"]["channel"].clone();
        assert_eq!(sent.len(), 2);
        assert_eq!(
            (channel(&sent[0]), channel(&sent[1])),
            ("order_book.BTC-USD-PERP.deltas".into(), "bbo.BTC-USD-PERP".into())
        );
    }

    #[test]
    fn rule_1_the_first_frame_is_the_book_and_a_later_whole_one_replaces_it() {
        let mut bench = live();
        bench.binary(&book(0, 99, &[(5000, 100)], &[(6000, 100)], 0));
        assert_eq!(bench.take_top(), Some((50.0, 1.0, 60.0, 1.0)));
        bench.binary(&delta(100, &[(5100, 100)]));
        assert_eq!((bench.state(MARKET), bench.feed.stats().gaps), (BookState::Live, 0));
    }

    #[test]
    fn rule_2_frames_chain_by_one_and_empty_frames_count() {
        let mut bench = live();
        bench.binary(&delta(11, &[]));
        bench.binary(&delta(12, &[(9950, 100)]));
        let quotes = bench.take_quotes();
        assert_eq!((quotes.len(), quotes[0].bid), (1, 99.5));
        assert_eq!(quotes[0].exchange_ns, 1_791_421_535_339_902_000);
    }

    #[test]
    fn rule_3_bbo_orders_against_the_book_and_may_skip() {
        let mut bench = live();
        bench.binary(&bbo(15, [9950, 300, 10_050, 400]));
        assert_eq!(bench.take_top(), Some((99.5, 3.0, 100.5, 4.0)));
        bench.binary(&bbo(14, [9960, 300, 10_050, 400]));
        bench.binary(&delta(11, &[(9940, 100)]));
        assert_eq!(bench.take_top(), None, "both are older");
        bench.binary(&bbo(16, [NULL_I64, NULL_I64, 10_050, 400]));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 100.5, 4.0)));
        assert_eq!(bench.feed.stats().gaps, 0);
    }

    #[test]
    fn rule_4_a_gap_withdraws_the_prices_until_the_channel_was_subscribed_again() {
        let mut bench = live();
        bench.binary(&delta(12, &[(9950, 100)]));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
        assert_eq!((bench.state(MARKET), bench.feed.stats().gaps), (BookState::Resyncing, 1));
        assert!(bench.take_sent()[0].contains("\"unsubscribe\""));
        bench.binary(&delta(13, &[(9950, 100)]));
        bench.binary(&bbo(14, [9950, 300, 10_050, 400]));
        assert!(bench.take_quotes().is_empty());
        bench.text(r#"{"jsonrpc":"2.0","id":3,"result":{"channel":"order_book.BTC-USD-PERP.deltas"}}"#);
        assert!(bench.take_sent()[0].contains("\"subscribe\""));
        bench.binary(&snapshot(20));
        assert_eq!((bench.state(MARKET), bench.feed.stats().resyncs), (BookState::Live, 1));
    }

    #[test]
    fn rule_4_a_book_that_cannot_be_rebuilt_costs_the_connection() {
        let mut bench = live();
        bench.binary(&delta(12, &[]));
        bench.wait(6 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
        assert_eq!(bench.state(MARKET), BookState::Closed);
        bench.connect();
        bench.binary(&snapshot(500));
        assert_eq!(bench.state(MARKET), BookState::Live);
    }

    #[test]
    fn rule_4_a_failed_unsubscribe_has_nothing_to_leave() {
        let mut bench = live();
        bench.text(r#"{"jsonrpc":"2.0","id":2,"result":{"channel":"bbo.BTC-USD-PERP"}}"#);
        bench.binary(&delta(12, &[]));
        bench.take_steps();
        bench.text(r#"{"jsonrpc":"2.0","id":0,"error":{"code":-32600,"message":"invalid unsubscribe request","data":"not subscribed"}}"#);
        assert!(bench.take_sent()[0].contains("\"subscribe\""), "the only open request is meant");
    }

    #[test]
    fn a_channel_that_is_refused_leaves_the_market_alone() {
        let mut bench = Bench::open("paradex", &[MARKET]);
        bench.text(r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"invalid subscribe request","data":"invalid channel"}}"#);
        assert_eq!((bench.state(MARKET), bench.take_events()), (BookState::Closed, vec!["subscribe_refused"]));
    }

    #[test]
    fn a_market_that_is_granted_and_silent_is_asked_for_again_without_costing_the_connection() {
        let mut bench = Bench::open("paradex", &[MARKET]);
        let mut unsubscribed = 0;
        for _ in 0..60 {
            bench.wait(SECOND_NS);
            bench.binary(&header(0, 40));
            let steps = bench.take_steps();
            assert!(!steps.iter().any(|step| matches!(step, Step::Reconnect { .. })));
            unsubscribed +=
                steps.iter().filter(|step| matches!(step, Step::Send { text, .. } if text.contains("unsub"))).count();
        }
        assert!(unsubscribed >= 2);
        assert_eq!(bench.state(MARKET), BookState::Resyncing);
    }

    #[test]
    fn rule_5_zero_removes() {
        let mut bench = live();
        bench.binary(&delta(11, &[(9900, 0), (1, 0)]));
        assert_eq!(bench.take_top(), Some((98.0, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn a_newer_schema_s_longer_blocks_are_stepped_over() {
        let mut bench = live();
        bench.binary(&book(0, 50, &[(5000, 100)], &[(6000, 100)], 7));
        assert_eq!(bench.take_top(), Some((50.0, 1.0, 60.0, 1.0)));
    }

    #[test]
    fn frames_cut_anywhere_are_counted_and_the_next_frame_shows_the_loss() {
        let whole = delta(11, &[(9950, 100)]);
        for length in 0..whole.len() {
            let mut bench = live();
            bench.binary(&whole[..length]);
            assert_eq!((bench.feed.stats().parse_errors, bench.state(MARKET)), (1, BookState::Live), "{length}");
            assert!(bench.take_quotes().is_empty());
            bench.binary(&delta(12, &[]));
            assert_eq!(bench.state(MARKET), BookState::Resyncing, "{length}");
        }
    }

    #[test]
    fn impossible_numbers_withdraw_the_book_and_are_counted() {
        for spoilt in [delta(11, &[(-9950, 100)]), delta(11, &[(0, 100)]), delta(11, &[(9950, -1)])] {
            let mut bench = live();
            bench.binary(&spoilt);
            assert_eq!((bench.state(MARKET), bench.feed.stats().parse_errors), (BookState::Resyncing, 1));
        }
    }

    #[test]
    fn a_best_bid_and_ask_of_impossible_numbers_costs_only_itself() {
        let mut bench = live();
        bench.binary(&bbo(11, [-1, 1, 2, 1]));
        assert_eq!((bench.state(MARKET), bench.feed.stats().parse_errors), (BookState::Live, 1));
    }

    #[test]
    fn other_templates_are_skipped_and_other_schemas_refused() {
        let mut bench = live();
        bench.binary(&header(0, 40));
        bench.binary(&header(0, 999));
        assert_eq!(bench.feed.stats().parse_errors, 0);
        let mut other = header(0, 3);
        other[4] = 2;
        bench.binary(&other);
        bench.text("no JSON");
        assert_eq!((bench.feed.stats().parse_errors, bench.state(MARKET)), (2, BookState::Live));
    }

    #[test]
    fn rule_1_a_later_snapshot_does_not_outrun_a_bbo_that_is_fresher() {
        let mut bench = live();
        bench.binary(&bbo(15, [9950, 100, 10_050, 100]));
        assert_eq!(bench.take_top(), Some((99.5, 1.0, 100.5, 1.0)));
        bench.binary(&snapshot(12));
        assert_eq!(bench.take_top(), None, "99 is what it was before 99.5");
        bench.binary(&snapshot(3));
        assert_eq!(bench.take_top(), Some((99.0, 1.5, 101.0, 2.0)), "lower numbers: the counter began anew");
    }

    #[test]
    fn a_crossed_book_is_withdrawn_before_it_is_quoted() {
        let mut bench = live();
        bench.binary(&delta(11, &[(10_100, 100)]));
        assert_eq!(bench.take_top(), Some((0.0, 0.0, 0.0, 0.0)));
    }

    #[test]
    fn heartbeats_keep_a_quiet_connection_and_silence_ends_it() {
        let mut bench = live();
        for _ in 0..4 {
            bench.wait(20 * SECOND_NS);
            bench.binary(&header(0, 40));
        }
        let is_stale = |quote: &Quote| quote.state == BookState::Stale;
        assert!(bench.take_quotes().iter().any(is_stale), "a heartbeat is not data");
        assert!(!bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
        bench.wait(46 * SECOND_NS);
        assert!(bench.take_steps().iter().any(|step| matches!(step, Step::Reconnect { .. })));
    }

    #[test]
    fn markets_are_open_perps_that_anyone_may_trade() {
        let row = |symbol: &str, kind: &str, mode: &str, open_at: i64| {
            format!(
                r#"{{"symbol":"{symbol}","asset_kind":"{kind}","base_currency":"kPEPE","quote_currency":"USD",
                "settlement_currency":"USDC","price_tick_size":"0.0001","order_size_increment":"10","trading_mode":"{mode}",
                "open_at":{open_at}}}"#
            )
        };
        let rows = [
            row("kPEPE-USD-PERP", "PERP", "STANDARD", 5),
            row("X-USD-1-C", "PERP_OPTION", "STANDARD", 5),
            row("RFQ-USD-PERP", "PERP", "RFQ_ONLY", 5),
            row("SOON-USD-PERP", "PERP", "STANDARD", 11),
            r#"{"symbol":"BAD"}"#.to_string(),
            row("OWN-USD-PERP", "PERP", "STANDARD", 5).replace("kPEPE", "OWN").replace(
                "\"open_at\"",
                r#""fee_config":{"api_fee":{"maker_fee":{"fee":"0"},"taker_fee":{"fee":"0.0002","fee_cap":null}},
                "rpi_fee":null},"open_at""#,
            ),
        ];
        let body = format!(r#"{{"results":[{}]}}"#, rows.join(","));
        let listing = Paradex.parse_markets(&[body.as_bytes()], 10 * MILLISECOND_NS).unwrap();
        assert_eq!(listing.instruments.len(), 2);
        let own = &listing.instruments[1];
        assert_eq!((own.taker_fee_percent, own.maker_fee_percent), (Some(0.02), Some(0.0)), "its own fees");
        let pepe = &listing.instruments[0];
        assert_eq!((pepe.symbol.as_str(), pepe.asset.as_str(), pepe.asset_scale), ("kPEPE/USD:USDC", "PEPE", 1000.0));
        assert_eq!((pepe.taker_fee_percent, pepe.lot_size), (Some(0.045), 10.0));
        let refused: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(refused, ["RFQ-USD-PERP", "SOON-USD-PERP", "BAD"]);
    }
}
