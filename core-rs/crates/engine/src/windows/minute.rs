//! The minute of the closed windows, instrument by instrument: what their rows roll up to, in every bit as SQL does it.
//!
//! Only an instrument whose windows were all closed here is known whole: then nobody else can have rows of its minute, for a
//! row's key is its instrument and its window. Of any other one a row may lie in the database that was never seen here.

use super::closed::ClosedWindow;
use super::state::{TickFigures, WindowFigures};

pub const MINUTE_NS: i64 = 60_000_000_000;

/// The rows of one instrument so far. The order of the additions is that of the windows.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct MinuteState {
    ticks: Option<TickFigures>,
    /// Means times the nanoseconds that they stand for.
    timed: Option<(f64, f64)>,
    tick_count: u64,
    live_ns: i64,
    window_ns: i64,
    /// Some row of it is known to miss quotes.
    is_incomplete: bool,
    pub windows: i16,
}

impl MinuteState {
    /// The row of the next window.
    fn add(&mut self, row: &WindowFigures, window_ns: i64, is_complete: bool) {
        if let Some(means) = row.tick_means {
            let weighted = weigh(&means, row.tick_count as f64);
            self.ticks = Some(self.ticks.map_or(weighted, |sums| join(&sums, &weighted)));
        }
        if let Some((bid, ask)) = row.time_weighted {
            let (bid, ask) = (bid * row.live_ns as f64, ask * row.live_ns as f64);
            self.timed = Some(self.timed.map_or((bid, ask), |sums| (sums.0 + bid, sums.1 + ask)));
        }
        self.tick_count += row.tick_count;
        self.live_ns += row.live_ns;
        self.window_ns += window_ns;
        self.is_incomplete |= !is_complete;
        self.windows += 1;
    }

    /// What is written of it: means weighted by ticks, and by live time.
    pub fn figures(&self) -> WindowFigures {
        let (ticks, live_ns) = (self.tick_count as f64, self.live_ns as f64);
        WindowFigures {
            tick_means: self.ticks.map(|sums| TickFigures {
                avg_bid: sums.avg_bid / ticks,
                avg_ask: sums.avg_ask / ticks,
                avg_spread: sums.avg_spread / ticks,
                ..sums
            }),
            time_weighted: self.timed.map(|(bid, ask)| (bid / live_ns, ask / live_ns)),
            tick_count: self.tick_count,
            live_ns: self.live_ns,
        }
    }

    /// Whether no quote of it is known to be lost.
    pub fn is_complete(&self) -> bool {
        !self.is_incomplete
    }
}

/// The averages become sums; the extremes stay.
fn weigh(means: &TickFigures, ticks: f64) -> TickFigures {
    TickFigures {
        avg_bid: means.avg_bid * ticks,
        avg_ask: means.avg_ask * ticks,
        avg_spread: means.avg_spread * ticks,
        ..*means
    }
}

fn join(sums: &TickFigures, next: &TickFigures) -> TickFigures {
    TickFigures {
        avg_bid: sums.avg_bid + next.avg_bid,
        min_bid: sums.min_bid.min(next.min_bid),
        max_bid: sums.max_bid.max(next.max_bid),
        avg_ask: sums.avg_ask + next.avg_ask,
        min_ask: sums.min_ask.min(next.min_ask),
        max_ask: sums.max_ask.max(next.max_ask),
        avg_spread: sums.avg_spread + next.avg_spread,
    }
}

/// All instruments of one venue over the minute of the window that was closed last, by slot.
#[derive(Default)]
pub struct Minute {
    start_ns: i64,
    states: Vec<MinuteState>,
}

impl Minute {
    /// The next window, whose rows are of these slots. At the minute's end it gives what each of them rolls up to; nothing
    /// before, and nothing when any instrument of the minute has not all its windows here.
    pub fn add(&mut self, window: &ClosedWindow, slots: &[u32]) -> Vec<MinuteState> {
        let window_ns = window.end_ns - window.start_ns;
        self.begin(window.start_ns - window.start_ns.rem_euclid(MINUTE_NS));
        for (&slot, state) in slots.iter().zip(&window.states) {
            if slot as usize >= self.states.len() {
                self.states.resize(slot as usize + 1, MinuteState::default());
            }
            self.states[slot as usize].add(&state.figures(), window_ns, window.is_row_complete(state));
        }
        let is_over = window.end_ns == self.start_ns + MINUTE_NS;
        if is_over && self.is_whole(slots.len()) {
            slots.iter().map(|&slot| self.states[slot as usize]).collect()
        } else {
            Vec::new()
        }
    }

    fn begin(&mut self, start_ns: i64) {
        if start_ns != self.start_ns {
            self.start_ns = start_ns;
            self.states.fill(MinuteState::default());
        }
    }

    /// Every instrument that has a row in the minute has all, and so is one of the `rows` of its last window.
    fn is_whole(&self, rows: usize) -> bool {
        let mut seen = self.states.iter().filter(|state| state.windows > 0);
        seen.clone().count() == rows && seen.all(|state| state.window_ns == MINUTE_NS)
    }
}
