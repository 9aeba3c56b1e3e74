//! Minutes that are added up while their windows close, against their windows' rows.

use super::*;
use proptest::prelude::*;

const MINUTE: i64 = 60 * SECOND;

/// Seconds from START to the next full minute.
const FIRST: f64 = (MINUTE - START % MINUTE) as f64 / SECOND as f64 % 60.0;

/// A stream of 15-second windows that has been told so far.
struct Told {
    windows: VenueWindows,
    sequence: u64,
}

impl Told {
    fn new(windows: VenueWindows) -> Self {
        Self { windows, sequence: 1 }
    }

    /// Quotes (instrument, seconds after START), and that nothing else happened until `until`.
    fn tell(&mut self, quotes: &[(u32, f64)], until: f64) -> Vec<ClosedWindow> {
        let quotes: Vec<_> = quotes.iter().map(|&(one, offset)| live(one, offset, 10.0 + offset / 3.0)).collect();
        if self.sequence == 1 {
            self.windows.on_hello(&hello("s", 1, &[0, 1])).unwrap();
        }
        self.windows.on_batch(&batch("s", self.sequence, at(until), &quotes)).unwrap();
        self.sequence += 1;
        take_all(&mut self.windows)
    }
}

/// What SQL makes of the rows of one instrument, as bits, by the rules of the roll-up.
fn rolled_up(rows: &[&WindowState]) -> Vec<Option<u64>> {
    let rows: Vec<_> = rows.iter().map(|state| state.figures()).collect();
    let sum = |values: Vec<f64>| values.into_iter().reduce(|sum, value| sum + value);
    let ticks = rows.iter().map(|row| row.tick_count).sum::<u64>() as f64;
    let live = rows.iter().map(|row| row.live_ns).sum::<i64>() as f64;
    let means: Vec<_> =
        rows.iter().filter_map(|row| row.tick_means.map(|means| (means, row.tick_count as f64))).collect();
    let mean =
        |get: fn(&TickFigures) -> f64| sum(means.iter().map(|(m, n)| get(m) * n).collect()).map(|sum| sum / ticks);
    let timed: Vec<_> =
        rows.iter().filter_map(|row| row.time_weighted.map(|both| (both, row.live_ns as f64))).collect();
    let bid = sum(timed.iter().map(|(both, n)| both.0 * n).collect()).map(|sum| sum / live);
    let ask = sum(timed.iter().map(|(both, n)| both.1 * n).collect()).map(|sum| sum / live);
    let least = |get: fn(&TickFigures) -> f64| means.iter().map(|(m, _)| get(m)).reduce(f64::min);
    let most = |get: fn(&TickFigures) -> f64| means.iter().map(|(m, _)| get(m)).reduce(f64::max);
    [
        mean(|m| m.avg_bid),
        least(|m| m.min_bid),
        most(|m| m.max_bid),
        mean(|m| m.avg_ask),
        least(|m| m.min_ask),
        most(|m| m.max_ask),
        mean(|m| m.avg_spread),
        bid,
        ask,
        Some(ticks),
        Some(live),
    ]
    .map(|value| value.map(f64::to_bits))
    .to_vec()
}

fn bits_of(minute: &MinuteState) -> Vec<Option<u64>> {
    let figures = minute.figures();
    let means =
        figures.tick_means.map(|m| [m.avg_bid, m.min_bid, m.max_bid, m.avg_ask, m.min_ask, m.max_ask, m.avg_spread]);
    let mut values: Vec<_> = (0..7).map(|number| means.map(|means| means[number])).collect();
    values.extend([figures.time_weighted.map(|both| both.0), figures.time_weighted.map(|both| both.1)]);
    values.extend([Some(figures.tick_count as f64), Some(figures.live_ns as f64)]);
    values.into_iter().map(|value| value.map(f64::to_bits)).collect()
}

proptest! {
    #[test]
    fn a_minute_is_what_its_rows_roll_up_to(
        steps in prop::collection::vec((0..2u32, 0.0..9.0), 0..80),
    ) {
        let mut told = Told::new(windows(15));
        let mut closed = told.tell(&[(0, FIRST - 2.0), (1, FIRST - 1.0)], FIRST);
        let mut now = FIRST;
        for (instrument, step) in steps {
            now += step;
            closed.extend(told.tell(&[(instrument, now)], now));
        }
        closed.extend(told.tell(&[], now + 60.0));
        for (number, window) in closed.iter().enumerate().filter(|(_, window)| !window.minutes.is_empty()) {
            prop_assert_eq!(window.end_ns % MINUTE, 0);
            for (instrument, minute) in window.instruments.iter().zip(&window.minutes) {
                let four: Vec<_> = closed[number - 3..=number].iter().map(|w| row(w, &instrument.symbol).unwrap()).collect();
                prop_assert_eq!(bits_of(minute), rolled_up(&four));
                prop_assert_eq!((minute.windows, minute.is_complete()), (4, true));
            }
        }
        let whole = closed.iter().filter(|window| !window.minutes.is_empty()).count();
        prop_assert_eq!(whole, ((now + 60.0 - FIRST) / 60.0) as usize);
    }
}

#[test]
fn an_instrument_that_comes_within_the_minute_leaves_it_to_the_rows() {
    let mut told = Told::new(windows(15));
    told.tell(&[(0, FIRST - 1.0)], FIRST);
    let first = told.tell(&[(1, FIRST + 20.0)], FIRST + 60.0);
    assert!(first.iter().all(|window| window.minutes.is_empty()));
    let second = told.tell(&[], FIRST + 120.0);
    assert_eq!(second.last().unwrap().minutes.len(), 2);
}

#[test]
fn an_instrument_that_goes_within_the_minute_leaves_it_to_the_rows() {
    let mut told = Told::new(windows(15));
    told.tell(&[(0, FIRST - 2.0), (1, FIRST - 1.0)], FIRST);
    let mut closed = told.tell(&[(0, FIRST + 20.0)], FIRST + 30.0);
    let left = encode_left_batch("venue", "s", told.sequence, at(FIRST + 30.0), &[1]);
    told.windows.on_batch(&left).unwrap();
    told.sequence += 1;
    closed.extend(told.tell(&[], FIRST + 60.0));
    assert_eq!(closed.len(), 4);
    assert!(closed.iter().all(|window| window.minutes.is_empty()));
    assert_eq!(told.tell(&[], FIRST + 120.0).last().unwrap().minutes.len(), 1);
}

#[test]
fn whoever_continues_within_a_minute_leaves_it_to_the_rows() {
    let mut told = Told::new(windows(15));
    told.tell(&[(0, FIRST - 1.0)], FIRST);
    let closed = told.tell(&[(0, FIRST + 7.0)], FIRST + 16.0);
    let mut after = Told::new(restored_after(&closed[0], 15));
    after.windows.on_hello(&hello("s", 1, &[0, 1])).unwrap();
    after.sequence = closed[0].position.sequence + 1;
    let rest = after.tell(&[(0, FIRST + 17.0)], FIRST + 60.0);
    assert_eq!(rest.len(), 3);
    assert!(rest.iter().all(|window| window.minutes.is_empty()));
    assert_eq!(after.tell(&[], FIRST + 120.0).last().unwrap().minutes.len(), 1);
}

#[test]
fn a_window_of_a_minute_is_its_minute() {
    let mut windows = windows(60);
    windows.on_hello(&hello("s", 1, &[0])).unwrap();
    windows
        .on_batch(&batch("s", 1, at(FIRST + 120.0), &[live(0, FIRST - 1.0, 10.0), live(0, FIRST + 5.0, 11.0)]))
        .unwrap();
    let closed = take_all(&mut windows);
    assert_eq!(closed.iter().map(|window| window.minutes.len()).collect::<Vec<_>>(), vec![1; closed.len()]);
    let last = &closed[1];
    assert_eq!(bits_of(&last.minutes[0]), rolled_up(&[&last.states[0]]));
    assert_eq!(last.minutes[0].windows, 1);
}
