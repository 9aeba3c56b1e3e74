//! Time in which nobody listened, as the stream itself tells it.

use super::*;
use crossbook_wire::encode_unheard_batch;

/// Nobody listened between these seconds after START.
fn unheard(sequence: u64, from: f64, until: f64) -> Vec<u8> {
    encode_unheard_batch("venue", "s", sequence, at(from), at(until))
}

/// What each window says of A: live seconds, ticks, whether it is complete.
fn told(closed: &[ClosedWindow]) -> Vec<(i64, u64, bool)> {
    let of = |window: &ClosedWindow| {
        let figures = row(window, "A/USDT").expect("A has a row in every window").figures();
        (figures.live_ns / SECOND, figures.tick_count, window.is_complete)
    };
    closed.iter().map(of).collect()
}

fn take(windows: &mut VenueWindows, payload: &[u8]) {
    windows.on_batch(payload).unwrap();
}

fn stream() -> [Vec<u8>; 4] {
    [
        batch("s", 1, at(4.0), &[live(0, 1.0, 10.0)]),
        unheard(2, 5.0, 50.0),
        batch("s", 3, at(51.0), &[live(0, 51.0, 10.0)]),
        batch("s", 4, at(75.0), &[]),
    ]
}

const TRUTH: [(i64, u64, bool); 5] = [(4, 1, false), (0, 0, false), (0, 0, false), (9, 1, false), (15, 0, true)];

#[test]
fn no_quote_stands_across_it_and_its_windows_are_incomplete_until_a_quote_has_come() {
    let mut windows = windows(15);
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    stream().iter().for_each(|payload| take(&mut windows, payload));
    assert_eq!(told(&take_all(&mut windows)), TRUTH);
}

#[test]
fn whoever_restarts_within_it_finds_it_again() {
    for committed in 1..=3 {
        let mut windows = windows(15);
        windows.on_hello(&hello("s", 1, &[])).unwrap();
        stream().iter().for_each(|payload| take(&mut windows, payload));
        let mut rows = take_all(&mut windows);
        rows.truncate(committed);
        let mut restored = restored_after(rows.last().unwrap(), 15);
        let from = restored.on_hello(&hello("s", 1, &[0])).unwrap();
        stream()[from as usize - 1..].iter().for_each(|payload| take(&mut restored, payload));
        rows.extend(take_all(&mut restored));
        assert_eq!(told(&rows), TRUTH, "{committed} windows committed, resumed from {from}");
    }
}

#[test]
fn the_latest_quotes_are_closed_until_their_next_row() {
    let hub = Arc::new(QuoteHub::default());
    let mut windows = VenueWindows::new("venue", 15, Arc::clone(&hub)).unwrap();
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    let [first, hole, next, _] = stream();
    windows.on_batch(&first).unwrap();
    assert_eq!(windows.live_instruments(), 1);
    windows.on_batch(&hole).unwrap();
    assert_eq!(windows.live_instruments(), 0);
    windows.on_batch(&next).unwrap();
    assert_eq!(windows.live_instruments(), 1);
}

#[test]
fn it_cannot_reach_back_behind_what_the_stream_has_promised() {
    let mut windows = windows(15);
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    windows.on_batch(&batch("s", 1, at(9.0), &[live(0, 1.0, 10.0)])).unwrap();
    let refused = windows.on_batch(&unheard(2, 8.0, 20.0));
    assert_eq!(refused, Err(IngestError::BeforeWatermark { receive_ns: at(8.0), promised_ns: at(9.0) }));
}

#[test]
fn a_span_that_ends_before_it_begins_is_refused() {
    let mut windows = windows(15);
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    let refused = windows.on_batch(&unheard(1, 8.0, 7.0));
    let (from_ns, until_ns) = (at(8.0), at(7.0));
    assert_eq!(refused, Err(IngestError::Wire(WireError::BadUnheard { from_ns, until_ns })));
}
