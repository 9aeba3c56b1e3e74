//! Instruments that come from another shard or go to one.

use super::*;

fn carried_batch(sequence: u64, from: f64, quotes: &[Quote]) -> Vec<u8> {
    let all = instruments();
    let symbols: Vec<_> = quotes.iter().map(|quote| (quote.instrument, &all[quote.instrument as usize])).collect();
    encode_carried_batch("venue", "s", sequence, at(from), &symbols, quotes)
}

fn left_batch(sequence: u64, from: f64, left: &[u32]) -> Vec<u8> {
    encode_left_batch("venue", "s", sequence, at(from), left)
}

fn hello_after_loss(oldest_sequence: u64, known: &[u32], left: &[u32]) -> Vec<u8> {
    let all = instruments();
    let entry = |&index: &u32| SymbolEntry { index, instrument: all[index as usize].clone() };
    let (venue, stream_id) = ("venue".into(), "s".into());
    let symbols = known.iter().map(entry).collect();
    encode_hello(&Hello { venue, stream_id, oldest_sequence, symbols, left_symbols: left.into(), ..Hello::default() })
}

/// The windows of a process that is told all of it, and the hub that it feeds.
fn told(payloads: &[Vec<u8>]) -> (VenueWindows, Arc<QuoteHub>) {
    let hub = Arc::new(QuoteHub::default());
    let mut windows = VenueWindows::new("venue", 15, Arc::clone(&hub)).unwrap();
    windows.on_hello(&hello("s", 1, &[])).unwrap();
    payloads.iter().for_each(|payload| {
        windows.on_batch(payload).unwrap();
    });
    (windows, hub)
}

fn symbols_of(window: &ClosedWindow) -> Vec<&str> {
    window.instruments.iter().map(|instrument| instrument.symbol.as_str()).collect()
}

/// What is written, by symbol: a restored process has it in another order, and may learn of a window's end by a later batch.
fn in_order(closed: Vec<ClosedWindow>) -> Vec<ClosedWindow> {
    let sorted = |mut window: ClosedWindow| {
        let mut rows: Vec<_> = window.instruments.into_iter().zip(window.states).collect();
        rows.sort_by(|(a, _), (b, _)| a.symbol.cmp(&b.symbol));
        (window.instruments, window.states) = rows.into_iter().unzip();
        window.position = Position::default();
        window
    };
    closed.into_iter().map(sorted).collect()
}

#[test]
fn a_carried_quote_takes_force_at_the_boundary_and_is_no_tick() {
    let carried = carried_batch(1, 15.0, &[live(0, 3.0, 10.0)]);
    let (mut windows, hub) = told(&[carried, batch("s", 2, at(45.0), &[live(0, 20.0, 12.0)])]);
    let closed = take_all(&mut windows);
    assert_eq!(closed.iter().map(|window| window.start_ns).collect::<Vec<_>>(), [at(15.0), at(30.0)]);
    let first = row(&closed[0], "A/USDT").unwrap().figures();
    assert_eq!((first.tick_count, first.live_ns), (1, 15 * SECOND));
    assert_eq!(first.time_weighted.unwrap().0, (10.0 * 5e9 + 12.0 * 10e9) / 15e9);
    assert_eq!(row(&closed[1], "A/USDT").unwrap().quote(0), live(0, 20.0, 12.0));
    assert_eq!((windows.quotes(), windows.instruments(), windows.live_instruments()), (1, 1, 1));
    assert_eq!(hub.latest(&InstrumentFilter::default())[0].1.bid, 12.0);
}

#[test]
fn a_carried_quote_is_the_latest_until_another_comes_and_keeps_its_receive_time() {
    let (mut windows, hub) = told(&[carried_batch(1, 15.0, &[live(1, 7.0, 20.0), live(0, 3.0, 10.0)])]);
    let latest = |number: usize| hub.latest(&InstrumentFilter::default())[number].1.receive_ns;
    assert_eq!((latest(0), latest(1)), (at(3.0), at(7.0)));
    windows.on_batch(&batch("s", 2, at(30.0), &[])).unwrap();
    let figures = row(&take_all(&mut windows)[0], "B/USDT").unwrap().figures();
    assert_eq!((figures.tick_count, figures.live_ns), (0, 15 * SECOND));
}

#[test]
fn what_left_is_in_the_windows_before_and_in_none_after() {
    let rows = batch("s", 1, 0, &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)]);
    let (mut windows, _) = told(&[rows, left_batch(2, 15.0, &[0]), batch("s", 3, at(60.0), &[live(1, 40.0, 21.0)])]);
    let closed = take_all(&mut windows);
    assert_eq!(symbols_of(&closed[0]), ["A/USDT", "B/USDT"]);
    assert_eq!(row(&closed[0], "A/USDT").unwrap().figures().live_ns, 14 * SECOND);
    assert!(closed[1..].iter().all(|window| symbols_of(window) == ["B/USDT"]), "{closed:?}");
    assert_eq!((closed.len(), windows.instruments()), (4, 1));
}

#[test]
fn readers_are_told_once_that_it_moved_and_nobody_hears_of_it_afterwards() {
    let (mut windows, hub) = told(&[batch("s", 1, 0, &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)])]);
    let reader = hub.subscribe(InstrumentFilter::default());
    reader.take_rows(9);
    windows.on_batch(&left_batch(2, 15.0, &[0, 0])).unwrap();
    let told: Vec<_> = reader.take_rows(9).into_iter().map(|(_, quote)| quote).collect();
    assert_eq!(told, [Quote::without_prices(0, BookState::Moved, at(15.0))]);
    windows.on_disconnected(at(16.0));
    windows.on_hello(&hello("s", 1, &[0, 1])).unwrap();
    assert!(reader.take_rows(9).iter().all(|(instrument, _)| instrument.symbol == "B/USDT"));
    let latest = hub.latest(&InstrumentFilter::default());
    assert_eq!(latest.iter().map(|(instrument, _)| instrument.symbol.as_str()).collect::<Vec<_>>(), ["B/USDT"]);
    assert_eq!(hub.subscribe(InstrumentFilter::default()).pending_rows(), 1);
}

#[test]
fn an_instrument_that_comes_back_is_there_again() {
    let away = [batch("s", 1, 0, &[live(0, 1.0, 10.0)]), left_batch(2, 15.0, &[0]), batch("s", 3, at(40.0), &[])];
    let (mut windows, hub) = told(&away);
    assert_eq!((windows.instruments(), hub.latest(&InstrumentFilter::default()).len()), (0, 0));
    windows.on_batch(&carried_batch(4, 45.0, &[live(0, 44.0, 11.0)])).unwrap();
    windows.on_batch(&batch("s", 5, at(75.0), &[])).unwrap();
    let rows: Vec<usize> = take_all(&mut windows).iter().map(|window| window.states.len()).collect();
    assert_eq!(rows, [1, 0, 0, 1, 1]);
    assert_eq!((windows.instruments(), hub.latest(&InstrumentFilter::default()).len()), (1, 1));
}

#[test]
fn a_process_killed_at_any_commit_hands_over_once_more_and_writes_the_same() {
    let sent = [
        batch("s", 1, at(14.0), &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)]),
        left_batch(2, 15.0, &[0]),
        carried_batch(3, 15.0, &[live(2, 14.5, 30.0)]),
        batch("s", 4, at(40.0), &[live(1, 16.0, 21.0), live(2, 33.0, 31.0)]),
        left_batch(5, 45.0, &[2]),
        carried_batch(6, 60.0, &[live(0, 44.0, 11.0)]),
        batch("s", 7, at(90.0), &[live(0, 61.0, 12.0)]),
        batch("s", 8, at(90.0), &[]), // a watermark that came with a committed batch is only said again by a later one
    ];
    let closed = take_all(&mut told(&sent).0);
    assert_eq!(closed.len(), 6);
    let expected = in_order(closed.clone());
    for killed_after in 0..expected.len() {
        let mut second = restored_after(&closed[killed_after], 15);
        let resume = second.on_hello(&hello("s", 1, &[0, 1, 2, 3])).unwrap();
        for payload in &sent[resume as usize - 1..] {
            second.on_batch(payload).unwrap();
        }
        assert_eq!(in_order(take_all(&mut second)), expected[killed_after + 1..], "killed after {killed_after}");
    }
}

#[test]
fn what_left_within_a_hole_gets_no_rows_for_ever() {
    let (mut windows, _) = told(&[batch("s", 1, at(5.0), &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)])]);
    windows.on_hello(&hello_after_loss(7, &[0, 1], &[0])).unwrap();
    windows.on_batch(&batch("s", 7, at(60.0), &[live(1, 40.0, 21.0)])).unwrap();
    let closed = take_all(&mut windows);
    assert_eq!(symbols_of(&closed[0]), ["A/USDT", "B/USDT"], "it was there before the hole");
    assert_eq!(row(&closed[0], "A/USDT").unwrap().figures().live_ns, 4 * SECOND);
    assert!(closed[1..].iter().all(|window| symbols_of(window) == ["B/USDT"]));
    assert_eq!(windows.instruments(), 1);
}

#[test]
fn what_came_within_a_hole_is_there_from_the_hole_on() {
    let (mut windows, _) = told(&[batch("s", 1, 0, &[live(0, 1.0, 10.0)]), left_batch(2, 15.0, &[0])]);
    windows.on_hello(&hello_after_loss(4, &[0], &[])).unwrap();
    let closed_since = Quote::without_prices(0, BookState::Closed, at(31.0));
    windows.on_batch(&batch("s", 4, at(90.0), &[closed_since])).unwrap();
    let rows: Vec<usize> = take_all(&mut windows).iter().map(|window| window.states.len()).collect();
    assert_eq!(rows, [1, 1, 1, 1, 1, 1]);
}

#[test]
fn a_hand_over_within_a_window_or_before_what_is_over_is_refused() {
    let (mut windows, _) = told(&[batch("s", 1, at(20.0), &[live(0, 1.0, 10.0)])]);
    let (from_ns, window_ns) = (at(31.0), 15 * SECOND);
    let expected = Err(IngestError::HandOverWithinWindow { from_ns, window_ns });
    assert_eq!(windows.on_batch(&left_batch(2, 31.0, &[0])), expected);
    assert_eq!(windows.on_batch(&carried_batch(2, 31.0, &[live(1, 2.0, 10.0)])), expected);
    let expected = Err(IngestError::BeforeWatermark { receive_ns: at(15.0), promised_ns: at(20.0) });
    assert_eq!(windows.on_batch(&left_batch(2, 15.0, &[0])), expected);
    assert_eq!(windows.on_batch(&carried_batch(2, 15.0, &[live(1, 2.0, 10.0)])), expected);
    let stranger = windows.on_batch(&left_batch(2, 30.0, &[3]));
    assert_eq!(stranger, Err(IngestError::Wire(WireError::UnknownListedSymbol { index: 3 })));
    assert_eq!((windows.instruments(), windows.received_sequence()), (1, 1));
}
