//! Quantiles of durations in fixed memory: a histogram whose buckets grow by a fixed ratio, as plumbing/latency.py has it.

/// So that an answer is within 1 % of the truth.
const RATIO: f64 = 1.02;
const LARGEST_US: f64 = 3_600_000_000.0;

/// Durations of up to an hour, in microseconds; below one microsecond they count as one.
#[derive(Debug)]
pub(super) struct LatencyHistogram {
    counts: Vec<u64>,
    pub count: u64,
}

impl LatencyHistogram {
    /// Counts one duration; clocks that disagree may make it negative.
    pub(super) fn add(&mut self, duration_us: f64) {
        self.counts[bucket(duration_us)] += 1;
        self.count += 1;
    }

    /// The duration that `share` of all do not exceed, in microseconds; 0 before the first.
    pub(super) fn quantile_us(&self, share: f64) -> f64 {
        let wanted = ((self.count as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            *count > 0 && seen >= wanted
        });
        found.map_or(0.0, |bucket| RATIO.powf(bucket as f64))
    }
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self { counts: vec![0; bucket(LARGEST_US) + 1], count: 0 }
    }
}

fn bucket(duration_us: f64) -> usize {
    (duration_us.clamp(1.0, LARGEST_US).ln() / RATIO.ln()).round_ties_even() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_one_percent() {
        let mut histogram = LatencyHistogram::default();
        assert_eq!(histogram.quantile_us(0.5), 0.0);
        (1..=1000).for_each(|duration| histogram.add(f64::from(duration)));
        for (share, truth) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = histogram.quantile_us(share);
            assert!((found / truth - 1.0).abs() <= 0.01, "{share}: {found}");
        }
    }

    #[test]
    fn what_is_out_of_bounds_counts_as_the_bound() {
        let mut histogram = LatencyHistogram::default();
        histogram.add(-5.0);
        assert_eq!(histogram.quantile_us(1.0), 1.0);
        histogram.add(1e12);
        assert!((histogram.quantile_us(1.0) / LARGEST_US - 1.0).abs() <= 0.01);
        assert_eq!(histogram.count, 2);
    }
}
