//! Quantiles of durations in fixed memory: buckets grow by a fixed ratio, so that an answer is within 1 % of the truth.

use std::sync::{Mutex, MutexGuard, PoisonError};

const RATIO: f64 = 1.02;
const LARGEST_US: f64 = 3_600_000_000.0;

/// Durations of up to an hour; below one microsecond they count as one.
#[derive(Default)]
pub struct Histogram {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    counts: Vec<u64>,
    count: u64,
}

impl Histogram {
    /// Counts one duration; clocks that disagree may make it negative.
    pub fn add_ns(&self, duration_ns: i64) {
        let bounded = (duration_ns as f64 / 1e3).clamp(1.0, LARGEST_US);
        let bucket = (bounded.ln() / RATIO.ln()).round() as usize;
        let mut state = self.lock();
        if state.counts.len() <= bucket {
            state.counts.resize(bucket + 1, 0);
        }
        state.counts[bucket] += 1;
        state.count += 1;
    }

    /// The duration that `share` of all do not exceed, in microseconds; 0 before the first.
    pub fn quantile_us(&self, share: f64) -> f64 {
        let state = self.lock();
        let wanted = ((state.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in state.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return RATIO.powi(bucket as i32);
            }
        }
        0.0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_a_hundredth() {
        let histogram = Histogram::default();
        assert_eq!(histogram.quantile_us(0.5), 0.0);
        for us in 1..=1_000 {
            histogram.add_ns(us * 1_000);
        }
        for (share, us) in [(0.5, 500.0), (0.99, 990.0)] {
            assert!((histogram.quantile_us(share) / us - 1.0).abs() < 0.011);
        }
    }

    #[test]
    fn what_clocks_that_disagree_say_counts_as_a_microsecond() {
        let histogram = Histogram::default();
        histogram.add_ns(-5);
        assert_eq!(histogram.quantile_us(0.5), 1.0);
    }
}
