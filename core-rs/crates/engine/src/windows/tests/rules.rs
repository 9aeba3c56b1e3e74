//! What happens at the edges: holes, other streams, disconnections, bad input.

use super::*;

fn open(stream_id: &str) -> VenueWindows {
    let mut windows = windows(15);
    assert_eq!(windows.on_hello(&hello(stream_id, 1, &[])), Ok(1));
    windows
}

fn positions(closed: &[ClosedWindow]) -> Vec<(String, u64, bool)> {
    let of =
        |window: &ClosedWindow| (window.position.stream_id.to_string(), window.position.sequence, window.is_complete);
    closed.iter().map(of).collect()
}

#[test]
fn a_window_length_must_divide_a_minute() {
    for seconds in [-15, 0, 7, 8, 45, 61, 120] {
        let refused = VenueWindows::new("venue", seconds, Arc::new(QuoteHub::default())).err();
        assert_eq!(refused, Some(IngestError::WindowLength { seconds }));
    }
}

#[test]
fn the_watermark_closes_a_window_without_traffic_and_a_row_with_it() {
    let mut windows = open("s");
    assert_eq!(windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0)])), Ok(0));
    assert_eq!(windows.on_batch(&batch("s", 2, at(14.999), &[])), Ok(0));
    assert_eq!(windows.on_batch(&batch("s", 3, at(15.0), &[])), Ok(1));
    assert_eq!(windows.on_batch(&batch("s", 4, 0, &[live(0, 29.0, 10.0), live(0, 30.0, 11.0)])), Ok(2));
    let closed = take_all(&mut windows);
    assert_eq!(positions(&closed), [("s".into(), 3, true), ("s".into(), 3, true)]);
    assert_eq!(row(&closed[0], "A/USDT").unwrap().figures().live_ns, 14 * SECOND);
    assert_eq!(row(&closed[1], "A/USDT").unwrap().figures().live_ns, 15 * SECOND);
}

#[test]
fn a_hole_raises_and_changes_nothing_and_a_repetition_is_ignored() {
    let mut windows = open("s");
    windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0)])).unwrap();
    let hole = windows.on_batch(&batch("s", 3, 0, &[live(0, 2.0, 10.0)]));
    assert_eq!(hole, Err(IngestError::MissingBatch { expected: 2, found: 3 }));
    assert_eq!(windows.on_batch(&batch("s", 1, at(99.0), &[live(0, 3.0, 10.0)])), Ok(0));
    assert_eq!((windows.received_sequence(), windows.quotes(), windows.duplicate_batches()), (1, 1, 1));
    assert_eq!(windows.on_hello(&hello("s", 1, &[0])), Ok(2));
}

#[test]
fn an_instrument_has_a_row_from_its_first_window_on() {
    let mut windows = open("s");
    windows.on_batch(&batch("s", 1, at(15.0), &[live(0, 1.0, 10.0)])).unwrap();
    windows.on_batch(&batch("s", 2, at(45.0), &[live(1, 16.0, 10.0)])).unwrap();
    let closed = take_all(&mut windows);
    let rows: Vec<usize> = closed.iter().map(|window| window.states.len()).collect();
    assert_eq!(rows, [1, 2, 2]);
    assert_eq!(row(&closed[2], "B/USDT").unwrap().figures().tick_count, 0);
}

#[test]
fn lost_batches_make_windows_incomplete_until_quotes_are_back() {
    let mut windows = open("s");
    windows.on_batch(&batch("s", 1, at(16.0), &[live(0, 1.0, 10.0), live(1, 16.0, 10.0)])).unwrap();
    assert_eq!(windows.on_hello(&hello("s", 5, &[0, 1])), Ok(5));
    windows.on_batch(&batch("s", 5, at(31.0), &[])).unwrap();
    windows.on_batch(&batch("s", 6, at(60.0), &[live(0, 50.0, 10.0)])).unwrap();
    windows.on_batch(&batch("s", 7, at(75.0), &[])).unwrap();
    let closed = take_all(&mut windows);
    let expected = [(1, true), (1, false), (1, false), (6, false), (7, true)];
    let expected: Vec<_> = expected.map(|(sequence, complete)| ("s".to_owned(), sequence, complete)).into();
    // Batch 1 straddles the first boundary, so only what is before it is safe.
    assert_eq!(positions(&closed)[0], ("s".into(), 0, true));
    assert_eq!(positions(&closed)[1..], expected[1..]);
    // Nobody knows what B did after the hole.
    assert_eq!(row(&closed[1], "B/USDT").unwrap().figures().live_ns, 0);
    assert_eq!(row(&closed[4], "B/USDT").unwrap().book_state(), BookState::Closed);
    assert_eq!(row(&closed[4], "A/USDT").unwrap().figures().live_ns, 15 * SECOND);
    assert_eq!(closed[2].incomplete_rows(), 2);
}

#[test]
fn a_restart_finds_the_same_hole_again() {
    let feed = |windows: &mut VenueWindows, from: u64| {
        let sent = [(5, 31.0, vec![]), (6, 60.0, vec![live(0, 50.0, 10.0)])];
        for (sequence, watermark, quotes) in sent.iter().filter(|(sequence, ..)| *sequence >= from) {
            windows.on_batch(&batch("s", *sequence, at(*watermark), quotes)).unwrap();
        }
    };
    let mut first = open("s");
    first.on_batch(&batch("s", 1, at(15.0), &[live(0, 1.0, 10.0)])).unwrap();
    first.on_hello(&hello("s", 5, &[0])).unwrap();
    feed(&mut first, 5);
    let closed = without_minutes(take_all(&mut first));
    for killed_after in 0..closed.len() {
        let mut second = restored_after(&closed[killed_after], 15);
        let resume = second.on_hello(&hello("s", 5, &[0])).unwrap();
        feed(&mut second, resume);
        assert_eq!(without_minutes(take_all(&mut second)), closed[killed_after + 1..]);
    }
}

#[test]
fn a_stream_that_begins_late_begins_incomplete() {
    let mut windows = windows(15);
    assert_eq!(windows.on_hello(&hello("s", 40, &[])), Ok(40));
    windows.on_batch(&batch("s", 40, at(30.0), &[live(0, 1.0, 10.0)])).unwrap();
    let complete: Vec<_> = take_all(&mut windows).iter().map(|window| window.is_complete).collect();
    assert_eq!(complete, [false, true]);
}

#[test]
fn another_stream_takes_over_and_the_time_between_is_not_live() {
    let mut windows = open("old");
    windows.on_batch(&batch("old", 1, at(5.0), &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)])).unwrap();
    assert_eq!(windows.on_hello(&hello("new", 1, &[])), Ok(1));
    windows.on_batch(&batch("new", 1, at(60.0), &[live(0, 9.0, 11.0)])).unwrap();
    let closed = take_all(&mut windows);
    let first = row(&closed[0], "A/USDT").unwrap().figures();
    assert_eq!((first.tick_count, first.live_ns), (2, 10 * SECOND)); // 1 to 5, 9 to 15
    let complete: Vec<bool> = closed.iter().map(|window| window.is_complete).collect();
    assert_eq!(complete, [false, true, true, true], "nobody listened from 5 to 9");
    let gone = row(&closed[0], "B/USDT").unwrap();
    assert_eq!((gone.figures().live_ns, gone.book_state()), (3 * SECOND, BookState::Closed));
    assert_eq!(row(&closed[1], "B/USDT").unwrap().figures().live_ns, 0, "no stream has said that it is gone");
}

#[test]
fn rows_from_before_the_takeover_set_the_quote_in_force_and_count_once() {
    let mut windows = open("old");
    windows.on_batch(&batch("old", 1, at(5.0), &[live(0, 1.0, 10.0)])).unwrap();
    windows.on_hello(&hello("new", 1, &[])).unwrap();
    windows.on_batch(&batch("new", 1, at(15.0), &[live(0, 3.0, 12.0)])).unwrap();
    let closed = take_all(&mut windows);
    let figures = row(&closed[0], "A/USDT").unwrap().figures();
    assert_eq!((figures.tick_count, figures.live_ns), (1, 14 * SECOND));
    assert_eq!(figures.time_weighted.unwrap().0, (10.0 * 4e9 + 12.0 * 10e9) / 14e9);
}

#[test]
fn after_a_restart_another_stream_means_that_quotes_are_lost() {
    let mut windows = open("old");
    windows.on_batch(&batch("old", 1, at(15.0), &[live(0, 1.0, 10.0)])).unwrap();
    let mut second = restored_after(&take_all(&mut windows)[0], 15);
    assert_eq!(second.on_hello(&hello("new", 1, &[])), Ok(1));
    second.on_batch(&batch("new", 1, at(60.0), &[live(0, 31.0, 10.0)])).unwrap();
    let expected = [("old".into(), 1, false), ("new".into(), 1, false), ("new".into(), 1, true)];
    assert_eq!(positions(&take_all(&mut second)), expected);
}

#[test]
fn the_untracked_are_forgotten_after_a_window_but_the_silent_are_kept() {
    let mut windows = open("s");
    let closed_row = Quote::without_prices(0, BookState::Closed, at(1.0));
    windows.on_batch(&batch("s", 1, at(60.0), &[closed_row])).unwrap();
    assert!(take_all(&mut windows).iter().all(|window| window.states.len() == 1));
}

#[test]
fn a_long_silence_leaves_no_windows_behind() {
    let mut windows = open("s");
    windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0)])).unwrap();
    let later = 15.0 * (MAX_SILENT_WINDOWS + 9) as f64;
    windows.on_batch(&batch("s", 2, at(later + 15.0), &[live(0, later + 1.0, 10.0)])).unwrap();
    let starts: Vec<_> = take_all(&mut windows).iter().map(|window| window.start_ns).collect();
    assert_eq!(starts, [START, at(later)]);
}

#[test]
fn what_does_not_decode_is_skipped_at_the_next_hello() {
    let mut windows = open("s");
    windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0)])).unwrap();
    assert!(matches!(windows.on_batch(b"garbage"), Err(IngestError::Wire(_))));
    assert_eq!(windows.on_batch(&batch("s", 2, 0, &[live(0, 2.0, 10.0)])), Ok(0));
    let bad = batch("s", 3, 0, &[live(0, 3.0, f64::NAN)]);
    assert!(matches!(windows.on_batch(&bad), Err(IngestError::Wire(_))));
    assert_eq!(windows.on_hello(&hello("s", 1, &[0])), Ok(4));
    windows.on_batch(&batch("s", 4, at(30.0), &[live(0, 4.0, 10.0)])).unwrap();
    let complete: Vec<_> = take_all(&mut windows).iter().map(|window| window.is_complete).collect();
    assert_eq!(complete, [false, true]);
}

#[test]
fn a_stream_keeps_its_promises_and_its_names() {
    let mut windows = open("s");
    windows.on_batch(&batch("s", 1, at(5.0), &[live(0, 1.0, 10.0)])).unwrap();
    let late = windows.on_batch(&batch("s", 2, 0, &[live(0, 4.0, 10.0)]));
    assert_eq!(late, Err(IngestError::BeforeWatermark { receive_ns: at(4.0), promised_ns: at(5.0) }));
    let other = windows.on_batch(&batch("t", 2, 0, &[]));
    assert!(matches!(other, Err(IngestError::OtherStream { .. })));
    let rebound = encode_batch("venue", "s", 2, 0, &[(0, &instrument("venue", "Z/USDT"))], &[]);
    assert!(matches!(windows.on_batch(&rebound), Err(IngestError::SymbolRebound { index: 0, .. })));
    let foreign = encode_batch("venue", "s", 2, 0, &[(7, &instrument("other", "Z/USDT"))], &[]);
    assert!(matches!(windows.on_batch(&foreign), Err(IngestError::InstrumentVenue { .. })));
    let elsewhere = encode_batch("other", "s", 2, 0, &[], &[]);
    assert!(matches!(windows.on_batch(&elsewhere), Err(IngestError::BatchVenue { .. })));
    let elsewhere = encode_hello(&Hello { venue: "other".into(), stream_id: "s".into(), ..Hello::default() });
    assert!(matches!(windows.on_hello(&elsewhere), Err(IngestError::HelloVenue { .. })));
    let endless = hello("s", u64::MAX, &[]);
    assert_eq!(windows.on_hello(&endless), Err(IngestError::SequenceTooLarge { sequence: u64::MAX }));
    let unknown = encode_batch("venue", "s", 2, 0, &[], &[live(3, 6.0, 1.0)]);
    assert!(matches!(windows.on_batch(&unknown), Err(IngestError::Wire(_))));
    assert_eq!((windows.quotes(), windows.instruments()), (1, 1));
}

#[test]
fn restore_comes_first_and_once() {
    let mut windows = open("s");
    assert_eq!(windows.restore(Position::default(), START, &[]), Err(IngestError::LateRestore));
}

#[test]
fn a_changed_window_length_starts_at_the_next_boundary() {
    let mut windows = windows(15);
    let quote = CarriedQuote { instrument: Arc::new(instrument("venue", "A/USDT")), quote: live(0, 4.0, 10.0) };
    let position = Position { stream_id: "s".into(), sequence: 1 };
    windows.restore(position, at(5.0), &[quote]).unwrap();
    assert_eq!(windows.on_hello(&hello("s", 1, &[0])), Ok(2));
    let rows = [live(0, 4.5, 9.0), live(0, 6.0, 12.0), live(0, 16.0, 14.0)];
    windows.on_batch(&batch("s", 2, at(30.0), &rows)).unwrap();
    let closed = take_all(&mut windows);
    assert_eq!(closed[0].start_ns, at(15.0));
    let figures = row(&closed[0], "A/USDT").unwrap().figures();
    assert_eq!((figures.tick_count, figures.time_weighted.unwrap().0), (1, (12e9 + 14.0 * 14e9) / 15e9));
}

#[test]
fn while_the_tracker_is_gone_the_hub_says_closed_and_then_the_truth_again() {
    let hub = Arc::new(QuoteHub::default());
    let mut windows = VenueWindows::new("venue", 15, Arc::clone(&hub)).unwrap();
    let latest = || hub.latest(&InstrumentFilter::default())[0].1;
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0)])).unwrap();
    assert_eq!((latest(), windows.live_instruments()), (live(0, 1.0, 10.0), 1));
    windows.on_disconnected(at(3.0));
    let expected = Quote::without_prices(0, BookState::Closed, at(3.0));
    assert_eq!((latest(), windows.live_instruments()), (expected, 0));
    windows.on_hello(&hello("s", 1, &[0])).unwrap();
    assert_eq!((latest(), windows.live_instruments()), (live(0, 1.0, 10.0), 1));
    windows.on_batch(&batch("s", 2, at(15.0), &[])).unwrap();
    let closed = take_all(&mut windows);
    assert_eq!(row(&closed[0], "A/USDT").unwrap().figures().live_ns, 14 * SECOND);
}

#[test]
fn old_news_of_a_resumed_stream_make_windows_but_no_latest_quotes() {
    let hub = Arc::new(QuoteHub::default());
    let mut windows = VenueWindows::new("venue", 15, Arc::clone(&hub)).unwrap();
    let reader = hub.subscribe(InstrumentFilter::default());
    let read = || reader.take_rows(99).into_iter().map(|(_, quote)| (quote.state, quote.bid)).collect::<Vec<_>>();
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0), live(1, 1.0, 20.0)])).unwrap();
    windows.on_disconnected(at(2.0));
    read();
    windows.on_hello(&hello_before("s", 1, 4, &[0, 1])).unwrap();
    windows.on_batch(&batch("s", 2, 0, &[live(0, 3.0, 11.0)])).unwrap();
    let states: Vec<_> = read().into_iter().map(|(state, _)| state).collect();
    assert!(states.iter().all(|state| *state == BookState::Closed), "{states:?}");
    assert_eq!(windows.live_instruments(), 0);
    windows.on_batch(&batch("s", 3, 0, &[live(0, 4.0, 12.0)])).unwrap();
    assert_eq!(read(), [(BookState::Live, 12.0), (BookState::Live, 20.0)]);
    windows.on_batch(&batch("s", 4, at(15.0), &[live(0, 5.0, 13.0)])).unwrap();
    assert_eq!((read(), windows.live_instruments()), (vec![(BookState::Live, 13.0)], 2));
    assert_eq!(row(&take_all(&mut windows)[0], "A/USDT").unwrap().figures().tick_count, 4);
}

#[test]
fn a_stream_that_supersedes_another_is_not_the_latest_before_it_has_caught_up() {
    let hub = Arc::new(QuoteHub::default());
    let mut windows = VenueWindows::new("venue", 15, Arc::clone(&hub)).unwrap();
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    windows.on_batch(&batch("s", 1, 0, &[live(0, 1.0, 10.0)])).unwrap();
    windows.on_hello(&hello_before("s", 1, 9, &[0])).unwrap();
    assert_eq!(hub.latest(&InstrumentFilter::default())[0].1.state, BookState::Closed);
}

#[test]
fn a_hole_in_a_stream_asks_for_what_is_in_force_and_a_repeated_quote_brings_coverage_back() {
    let mut windows = open("s");
    assert!(!windows.are_quotes_missing());
    windows.on_batch(&batch("s", 1, at(16.0), &[live(0, 1.0, 10.0), live(1, 16.0, 10.0)])).unwrap();
    windows.on_hello(&hello("s", 1, &[0, 1])).unwrap();
    assert!(!windows.are_quotes_missing());
    windows.on_hello(&hello("s", 5, &[0, 1])).unwrap();
    assert!(windows.are_quotes_missing());
    windows.on_batch(&batch("s", 5, 0, &[live(0, 31.0, 11.0)])).unwrap();
    windows.on_batch(&batch("s", 6, at(75.0), &[live(0, 47.0, 11.0), live(1, 47.0, 10.0)])).unwrap();
    let closed = take_all(&mut windows);
    let coverage = |window: usize, symbol| row(&closed[window], symbol).unwrap().figures().live_ns / SECOND;
    assert_eq!([2, 3, 4].map(|window| coverage(window, "A/USDT")), [14, 15, 15]);
    assert_eq!([2, 3, 4].map(|window| coverage(window, "B/USDT")), [0, 13, 15]);
    windows.on_hello(&hello("t", 1, &[])).unwrap();
    assert!(!windows.are_quotes_missing(), "another stream tells everything from its start");
    windows.on_hello(&hello("u", 3, &[])).unwrap();
    assert!(windows.are_quotes_missing(), "its start is lost");
}

#[test]
fn a_batch_from_beyond_the_clock_changes_nothing_and_is_asked_for_again() {
    let mut windows = open("s");
    let row = batch("s", 1, 0, &[live(0, 20.0, 10.0)]);
    let watermark = batch("s", 1, at(20.0), &[live(0, 1.0, 10.0)]);
    for payload in [row, watermark] {
        let refused = windows.on_batch_until(&payload, at(19.0));
        assert_eq!(refused, Err(IngestError::AheadOfClock { time_ns: at(20.0), latest_ns: at(19.0) }));
        assert_eq!((windows.watermark_ns(), windows.received_sequence()), (0, 0));
    }
    assert_eq!(windows.on_hello(&hello("s", 1, &[])), Ok(1));
    assert_eq!(windows.on_batch_until(&batch("s", 1, at(15.0), &[live(0, 1.0, 10.0)]), at(19.0)), Ok(1));
    assert!(windows.take_closed().unwrap().is_complete);
}
