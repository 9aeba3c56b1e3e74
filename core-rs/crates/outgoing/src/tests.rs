//! What lanes are told, decoded again.

use super::*;
use crate::outbox::Outbox;
use crossbook_market::{BookState, Depth, Instrument, Quote};
use crossbook_wire::{Batch, DepthRow, Hello, IngestMessage, decode_ingest_depth, decode_ingest_request};
use std::sync::{Arc, Mutex};

const MINUTE: i64 = 60_000_000_000;
const INSTRUMENTS: u32 = 40;

fn instrument(number: u32) -> Arc<Instrument> {
    Arc::new(Instrument {
        venue: "venue".into(),
        symbol: format!("A{number}/USDT"),
        asset: format!("A{number}"),
        quote_currency: "USDT".into(),
        settle_currency: "USDT".into(),
        ..Instrument::default()
    })
}

fn quote(instrument: u32, receive_ns: i64) -> Quote {
    let (state, bid, ask) = (BookState::Live, receive_ns as f64, receive_ns as f64 + 1.0);
    Quote { instrument, state, receive_ns, exchange_ns: 0, bid, bid_size: 1.0, ask, ask_size: 1.0 }
}

fn names(shards: &[&str]) -> Vec<String> {
    shards.iter().map(|shard| shard.to_string()).collect()
}

/// A quote of every instrument, one nanosecond after another.
fn streams(shards: &[&str]) -> OutgoingStreams {
    let mut streams = OutgoingStreams::new("venue", "s", &names(shards)).unwrap();
    let mut quotes = (0..INSTRUMENTS).map(|number| quote(number, i64::from(number) + 1)).collect();
    streams.take_in(&mut quotes, instrument);
    streams
}

/// One message of a lane, as its aggregator reads it.
#[derive(Clone, Debug, PartialEq)]
struct Told {
    sequence: u64,
    watermark_ns: i64,
    rows: Vec<Quote>,
    introduced: Vec<u32>,
    is_carried: bool,
    left: Vec<u32>,
    unheard_from_ns: i64,
}

fn take(streams: &mut OutgoingStreams, shard: &str, now_ns: i64) -> Told {
    let taken = streams.take_batch(shard, now_ns).unwrap();
    let Ok(IngestMessage::Batch(batch)) = decode_ingest_request(&taken.payload) else { panic!("no batch") };
    let Batch { sequence, watermark_ns, is_carried, symbols, left_symbols, unheard_from_ns, .. } = batch;
    let rows: Vec<_> = batch.columns.rows().collect();
    assert_eq!((taken.sequence, taken.rows), (sequence, rows.len()));
    let introduced = symbols.iter().map(|entry| entry.index).collect();
    Told { sequence, watermark_ns, rows, introduced, is_carried, left: left_symbols, unheard_from_ns }
}

fn take_all(streams: &mut OutgoingStreams, shard: &str, now_ns: i64) -> Vec<Told> {
    let mut told = vec![take(streams, shard, now_ns)];
    while streams.pending_rows(shard).unwrap() > 0 {
        told.push(take(streams, shard, now_ns));
    }
    told
}

fn hello(streams: &OutgoingStreams, shard: &str, oldest_sequence: u64) -> Hello {
    match decode_ingest_request(&streams.hello(shard, oldest_sequence).unwrap()) {
        Ok(IngestMessage::Hello(hello)) => hello,
        other => panic!("{other:?}"),
    }
}

fn numbers(rows: &[Quote]) -> Vec<u32> {
    rows.iter().map(|quote| quote.instrument).collect()
}

#[test]
fn one_lane_has_everything_in_order_and_ends_with_the_moment_of_taking() {
    let mut streams = streams(&["main"]);
    assert_eq!(streams.pending_rows("main"), Ok(INSTRUMENTS as usize));
    let first = take(&mut streams, "main", 99);
    assert_eq!(numbers(&first.rows), (0..INSTRUMENTS).collect::<Vec<_>>());
    assert_eq!((first.sequence, first.watermark_ns, &first.introduced), (1, 99, &numbers(&first.rows)));
    let idle = take(&mut streams, "main", 100);
    assert_eq!((idle.sequence, idle.watermark_ns, idle.rows.len()), (2, 100, 0));
    streams.take_in(&mut vec![quote(5, 101)], instrument);
    let again = take(&mut streams, "main", 102);
    assert_eq!((again.rows, again.introduced), (vec![quote(5, 101)], vec![]));
    let hello = hello(&streams, "main", 2);
    assert_eq!((hello.shard.as_str(), hello.oldest_sequence, hello.next_sequence), ("main", 2, 4));
    assert_eq!((hello.symbols.len(), hello.left_symbols.len()), (INSTRUMENTS as usize, 0));
}

#[test]
fn a_batch_has_a_limit_of_rows_and_its_watermark_waits_for_the_rest() {
    let mut streams = OutgoingStreams::new("venue", "s", &names(&["main"])).unwrap();
    let mut quotes = (1..=crossbook_wire::MAX_BATCH_ROWS as i64 + 1).map(|time_ns| quote(0, time_ns)).collect();
    streams.take_in(&mut quotes, instrument);
    let last_ns = crossbook_wire::MAX_BATCH_ROWS as i64 + 1;
    let first = take(&mut streams, "main", last_ns + 9);
    assert_eq!((first.rows.len(), first.watermark_ns), (crossbook_wire::MAX_BATCH_ROWS, last_ns));
    let second = take(&mut streams, "main", last_ns + 9);
    assert_eq!((second.rows.len(), second.watermark_ns), (1, last_ns + 9));
}

#[test]
fn every_instrument_is_in_one_lane_and_stays_there() {
    let mut streams = streams(&["a", "b", "c"]);
    let first: Vec<_> = ["a", "b", "c"].map(|shard| numbers(&take(&mut streams, shard, 50).rows)).into();
    let mut all = first.concat();
    all.sort_unstable();
    assert_eq!(all, (0..INSTRUMENTS).collect::<Vec<_>>());
    assert!(first.iter().all(|lane| !lane.is_empty()));
    streams.take_in(&mut (0..INSTRUMENTS).map(|number| quote(number, 60)).collect(), instrument);
    let second: Vec<_> = ["a", "b", "c"].map(|shard| numbers(&take(&mut streams, shard, 70).rows)).into();
    assert_eq!(first, second);
}

#[test]
fn at_the_minute_what_moves_leaves_one_lane_and_is_carried_into_the_other() {
    let mut streams = streams(&["a"]);
    take(&mut streams, "a", 90);
    streams.route(&names(&["a", "b"]), MINUTE).unwrap();
    assert_eq!(streams.shards().collect::<Vec<_>>(), ["a", "b"]);
    let mut quotes = vec![quote(1, MINUTE - 1)];
    quotes.extend((0..INSTRUMENTS).map(|number| quote(number, MINUTE + i64::from(number))));
    streams.take_in(&mut quotes, instrument);
    let old = take_all(&mut streams, "a", MINUTE + 100);
    let new = take_all(&mut streams, "b", MINUTE + 100);
    assert_eq!((old[0].rows.clone(), old[0].watermark_ns), (vec![quote(1, MINUTE - 1)], MINUTE));
    assert_eq!((old[1].rows.len(), old[1].watermark_ns), (0, MINUTE));
    assert_eq!((old[2].watermark_ns, new[1].watermark_ns), (MINUTE + 100, MINUTE + 100));
    assert!(new[0].is_carried && new[0].watermark_ns == MINUTE);
    assert_eq!(new[0].introduced, numbers(&new[0].rows));
    let mut carried = numbers(&new[0].rows);
    carried.sort_unstable();
    assert_eq!(carried, old[1].left);
    for row in &new[0].rows {
        let in_force_ns = if row.instrument == 1 { MINUTE - 1 } else { i64::from(row.instrument) + 1 };
        assert_eq!(*row, quote(row.instrument, in_force_ns));
    }
    assert_eq!(numbers(&new[1].rows), old[1].left);
    assert_eq!(old[2].rows.len() + new[1].rows.len(), INSTRUMENTS as usize);
}

#[test]
fn without_a_quote_the_time_of_taking_brings_the_list_into_force() {
    let mut streams = streams(&["a"]);
    take(&mut streams, "a", 90);
    streams.route(&names(&["b"]), MINUTE).unwrap();
    assert_eq!(take(&mut streams, "b", MINUTE - 1).watermark_ns, MINUTE - 1);
    assert_eq!((streams.pending_rows("a"), streams.pending_rows("b")), (Ok(0), Ok(0)));
    assert_eq!(take(&mut streams, "b", MINUTE).rows.len(), INSTRUMENTS as usize);
    assert_eq!(streams.pending_rows("a"), Ok(1));
    assert_eq!(take(&mut streams, "a", MINUTE + 5).left.len(), INSTRUMENTS as usize);
    assert_eq!(take(&mut streams, "a", MINUTE + 5).watermark_ns, MINUTE + 5);
}

#[test]
fn an_untouched_lane_notices_nothing() {
    let mut streams = streams(&["a", "b"]);
    for shard in ["a", "b"] {
        take(&mut streams, shard, 90);
    }
    streams.route(&names(&["b", "a"]), MINUTE).unwrap();
    streams.advance(MINUTE);
    assert_eq!((streams.pending_rows("a"), streams.pending_rows("b")), (Ok(0), Ok(0)));
}

#[test]
fn a_later_list_replaces_one_that_has_not_come_into_force() {
    let mut streams = streams(&["a"]);
    take(&mut streams, "a", 90);
    streams.route(&names(&["b"]), MINUTE).unwrap();
    streams.route(&names(&["a"]), 2 * MINUTE).unwrap();
    streams.advance(2 * MINUTE);
    assert_eq!((streams.pending_rows("a"), streams.pending_rows("b")), (Ok(0), Ok(0)));
    assert_eq!(streams.drop_lane("b"), Ok(()));
}

#[test]
fn time_in_which_nobody_listened_is_told_to_every_lane_between_what_came_before_and_after() {
    let mut streams = streams(&["a", "b"]);
    streams.break_off(90, 5_000);
    streams.take_in(&mut vec![quote(5, 5_000)], instrument);
    for shard in ["a", "b"] {
        let told = take_all(&mut streams, shard, 5_001);
        assert!(told[0].watermark_ns <= 90 && !told[0].rows.is_empty());
        assert_eq!((told[1].unheard_from_ns, told[1].watermark_ns, told[1].rows.len()), (90, 5_000, 0));
        assert!(told[2..].iter().all(|batch| batch.unheard_from_ns == 0 && batch.watermark_ns >= 5_000));
    }
}

#[test]
fn a_move_within_time_in_which_nobody_listened_parts_it() {
    let mut streams = streams(&["a"]);
    take(&mut streams, "a", 90);
    streams.route(&names(&["a", "b"]), MINUTE).unwrap();
    streams.break_off(95, MINUTE + 9);
    let spans = |told: &[Told]| told.iter().map(|one| (one.unheard_from_ns, one.watermark_ns)).collect::<Vec<_>>();
    let (old, new) = (take_all(&mut streams, "a", MINUTE + 9), take_all(&mut streams, "b", MINUTE + 9));
    assert_eq!(spans(&old), [(95, MINUTE), (0, MINUTE), (MINUTE, MINUTE + 9)]);
    assert_eq!(spans(&new), [(95, MINUTE), (0, MINUTE), (MINUTE, MINUTE + 9)]);
    assert!(new[1].is_carried && !old[1].left.is_empty());
}

#[test]
fn a_list_that_cannot_be_is_refused_and_changes_nothing() {
    let mut streams = streams(&["a"]);
    assert_eq!(streams.route(&[], MINUTE), Err(RouteError::NoShards));
    let twice = streams.route(&names(&["a", "b", "a"]), MINUTE);
    assert_eq!(twice, Err(RouteError::NamedTwice { name: "a".into() }));
    for name in ["", "-a", "A", "a_b", "a b", "ä", &"a".repeat(33)] {
        assert_eq!(streams.route(&names(&[name]), MINUTE), Err(RouteError::BadName { name: name.into() }));
    }
    let odd = streams.route(&names(&["b"]), MINUTE + 1);
    assert_eq!(odd, Err(RouteError::NoFullMinute { from_ns: MINUTE + 1 }));
    take(&mut streams, "a", MINUTE);
    let late = streams.route(&names(&["b"]), MINUTE);
    assert_eq!(late, Err(RouteError::TooLate { from_ns: MINUTE, taken_ns: MINUTE }));
    assert_eq!(streams.shards().collect::<Vec<_>>(), ["a"]);
    assert!(OutgoingStreams::new("venue", "s", &[]).is_err());
}

#[test]
fn a_lane_is_dropped_when_its_shard_is_not_listed_and_nothing_waits() {
    let mut streams = streams(&["a"]);
    let refused = streams.drop_lane("a");
    assert_eq!(refused, Err(RouteError::LaneListed { name: "a".into() }));
    streams.route(&names(&["b"]), MINUTE).unwrap();
    assert!(matches!(streams.drop_lane("b"), Err(RouteError::LaneListed { .. })));
    streams.advance(MINUTE);
    assert_eq!(streams.drop_lane("a"), Err(RouteError::LaneWaiting { name: "a".into() }));
    take_all(&mut streams, "a", MINUTE);
    assert_eq!(streams.drop_lane("a"), Ok(()));
    let gone = RouteError::UnknownLane { name: "a".into(), known: "b".into() };
    assert_eq!(streams.take_batch("a", MINUTE), Err(gone.clone()));
    assert_eq!(streams.pending_rows("a"), Err(gone));
}

#[test]
fn a_lane_that_comes_back_goes_on_with_its_sequence_and_its_numbers() {
    let mut streams = streams(&["a"]);
    take(&mut streams, "a", 90);
    streams.route(&names(&["b"]), MINUTE).unwrap();
    let left = take_all(&mut streams, "a", MINUTE).pop().unwrap();
    streams.drop_lane("a").unwrap();
    streams.route(&names(&["a"]), 2 * MINUTE).unwrap();
    assert_eq!(streams.next_sequence("a"), Ok(left.sequence + 1));
    let back = take(&mut streams, "a", 2 * MINUTE);
    assert_eq!((back.sequence, back.is_carried, back.rows.len()), (3, true, INSTRUMENTS as usize));
    assert_eq!(back.introduced, [0u32; 0], "their numbers are known");
}

#[test]
fn a_hello_says_what_had_left_before_the_oldest_batch() {
    let mut streams = streams(&["a"]);
    take(&mut streams, "a", 90);
    streams.route(&names(&["b"]), MINUTE).unwrap();
    let left = take(&mut streams, "a", MINUTE);
    streams.route(&names(&["a"]), 2 * MINUTE).unwrap();
    take(&mut streams, "a", 2 * MINUTE - 1);
    let back = take(&mut streams, "a", 2 * MINUTE);
    let away = |oldest| hello(&streams, "a", oldest).left_symbols.len();
    assert_eq!((left.sequence, back.sequence), (2, 4));
    assert_eq!([1, 2, 3, 4, 5].map(away), [0, 0, INSTRUMENTS as usize, INSTRUMENTS as usize, 0]);
}

#[test]
fn an_instrument_belongs_to_the_lane_that_is_told_of_it() {
    let mut streams = streams(&["a", "b"]);
    for shard in ["a", "b"] {
        let rows = numbers(&take(&mut streams, shard, 90).rows);
        let is_member = streams.members(shard).unwrap();
        assert!((0..INSTRUMENTS).all(|number| is_member(number) == rows.contains(&number)));
        assert!(!is_member(INSTRUMENTS), "nobody has told of it");
    }
}

#[test]
fn depth_goes_to_the_lane_that_has_the_instrument_once_its_stream_has_it_and_is_void_with_the_book() {
    let mut streams = streams(&["main"]);
    let outbox = Arc::new(Mutex::new(Outbox::new(1 << 20, 1)));
    streams.carry_depth("main", Arc::clone(&outbox)).unwrap();
    assert!(!streams.takes_depth(), "no connection takes it");
    outbox.lock().unwrap().depth.want(true);
    assert!(streams.takes_depth());
    let depth = Depth { read_ns: 50, ..Depth::default() };
    let sent = || {
        let message = outbox.lock().unwrap().depth.take();
        message.map_or(vec![], |message| decode_ingest_depth(&message).unwrap())
    };
    streams.push_depth(0, &depth);
    assert_eq!(sent(), [], "the stream has not told of it");
    take(&mut streams, "main", 100);
    streams.push_depth(0, &depth);
    streams.push_depth(1, &depth);
    streams.push_depth(INSTRUMENTS, &depth);
    streams.take_in(&mut vec![Quote::without_prices(1, BookState::Resyncing, 101)], instrument);
    assert_eq!(sent(), [DepthRow { symbol: 0, depth }]);
}
