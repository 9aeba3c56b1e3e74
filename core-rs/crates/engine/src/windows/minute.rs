//! What one instrument's rows of a minute roll up to, in every bit as SQL does it.

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
    pub window_ns: i64,
    /// Some row of it is known to miss quotes.
    is_incomplete: bool,
    pub windows: i16,
}

impl MinuteState {
    /// The row of the next window.
    pub fn add(&mut self, row: &WindowFigures, window_ns: i64, is_complete: bool) {
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
