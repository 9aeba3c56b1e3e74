//! How long a frame's quote waits until it stands in a batch: the median of the last thousand samples of each lane.

use std::collections::VecDeque;

const SAMPLES: usize = 1024;

/// Takes one frame of each batch as its sample, a different place in the batch each time.
#[derive(Debug, Default)]
pub struct FrameLatency {
    /// Receive times of the frames whose quotes wait; at most a batch's worth.
    waiting: Vec<i64>,
    samples_ns: VecDeque<i64>,
    turn: usize,
}

impl FrameLatency {
    /// A frame received then has made quotes.
    pub fn on_quotes(&mut self, receive_ns: i64) {
        self.waiting.push(receive_ns);
    }

    /// All quotes that waited stand in a batch now.
    pub fn on_batch(&mut self, now_ns: i64) {
        if self.waiting.is_empty() {
            return;
        }
        self.turn += 1;
        if self.samples_ns.len() == SAMPLES {
            self.samples_ns.pop_front();
        }
        self.samples_ns.push_back(now_ns - self.waiting[self.turn % self.waiting.len()]);
        self.waiting.clear();
    }
}

/// The median of all of them together, in microseconds; 0 before the first sample.
pub fn p50_us<'a>(latencies: impl IntoIterator<Item = &'a FrameLatency>) -> f64 {
    let mut samples: Vec<i64> = latencies.into_iter().flat_map(|one| one.samples_ns.iter().copied()).collect();
    if samples.is_empty() {
        return 0.0;
    }
    samples.sort_unstable();
    let (below, above) = (samples[(samples.len() - 1) / 2], samples[samples.len() / 2]);
    (below as f64 + above as f64) / 2.0 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(waits_ns: impl IntoIterator<Item = i64>) -> FrameLatency {
        let mut latency = FrameLatency::default();
        for wait_ns in waits_ns {
            latency.on_quotes(100_000);
            latency.on_batch(100_000 + wait_ns);
        }
        latency
    }

    #[test]
    fn it_is_zero_before_anything_came() {
        let mut latency = FrameLatency::default();
        latency.on_batch(1_000);
        assert_eq!(p50_us([&latency]), 0.0);
    }

    #[test]
    fn it_is_the_median_wait_in_microseconds() {
        assert_eq!(p50_us([&of([1_000, 9_000, 5_000])]), 5.0);
    }

    #[test]
    fn early_and_late_frames_of_a_batch_are_both_sampled() {
        let mut latency = FrameLatency::default();
        for _ in 0..2 {
            latency.on_quotes(0);
            latency.on_quotes(8_000);
            latency.on_batch(10_000);
        }
        assert_eq!(p50_us([&latency]), 6.0);
    }

    #[test]
    fn old_samples_leave() {
        let waits = [50_000, 1_000].into_iter().flat_map(|wait_ns| std::iter::repeat_n(wait_ns, SAMPLES));
        assert_eq!(p50_us([&of(waits)]), 1.0);
    }

    #[test]
    fn the_lanes_of_a_venue_are_taken_together() {
        assert_eq!(p50_us([&of([2_000]), &of([4_000]), &FrameLatency::default()]), 3.0);
    }
}
