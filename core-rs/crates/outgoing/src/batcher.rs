//! When the feed's quotes become a batch: at once when little was sent lately, then a moment of holding back.
//!
//! So a quiet venue adds no delay, nor do a few reads that follow one another at once, as when a venue's frames of one moment
//! come in pieces; and a busy one sends a bounded number of messages however many quotes it has; fewer when it shares the
//! process with many lanes (`pace`). An idle stream says every half second, in a batch without rows, that
//! everything before that moment has been sent.

use crate::latency::FrameLatency;
use crate::pace::Hold;

const WATERMARK_INTERVAL_NS: i64 = 500_000_000;
/// One batch in so long is a lane's even rate.
const EVEN_NS: i64 = 250_000;
/// A lane that has been quiet may be so far ahead of it: four batches at once.
const AHEAD_NS: i64 = 3 * EVEN_NS;

/// Of one lane. Times called `at_ns` are of a clock that only goes forward, the others are those that quotes bear.
#[derive(Debug, Default)]
pub struct Batcher {
    latency: FrameLatency,
    /// When its even rate comes to the next batch; None before the first one.
    even_ns: Option<i64>,
    /// Until then what comes is held back.
    free_ns: Option<i64>,
    emitted_ns: Option<i64>,
}

impl Batcher {
    /// Frames read then have made rows: whether they leave at once. Otherwise the hold's end takes them along.
    pub fn on_quotes(&mut self, read_ns: i64, at_ns: i64) -> bool {
        self.latency.on_quotes(read_ns);
        self.may_leave(at_ns)
    }

    /// Whether rows that are pending, whatever made them, leave at once.
    pub fn may_leave(&self, at_ns: i64) -> bool {
        self.free_ns.is_none_or(|free_ns| at_ns >= free_ns)
    }

    /// Whether a batch is owed although nothing may be pending.
    pub fn is_watermark_due(&self, at_ns: i64) -> bool {
        self.emitted_ns.is_none_or(|emitted_ns| at_ns - emitted_ns >= WATERMARK_INTERVAL_NS)
    }

    /// All that was pending at `now_ns` stands in a batch.
    pub fn on_batch(&mut self, now_ns: i64, at_ns: i64) {
        self.emitted_ns = Some(at_ns);
        self.latency.on_batch(now_ns);
    }

    /// What comes next is held back. Returns how long until whatever is pending then leaves, in nanoseconds.
    pub fn hold(&mut self, hold: Hold, at_ns: i64) -> i64 {
        let even_ns = self.even_ns.map_or(at_ns, |even_ns| even_ns.max(at_ns)) + EVEN_NS;
        self.even_ns = Some(even_ns);
        self.free_ns = Some((even_ns - AHEAD_NS).max(at_ns + hold.at_once_after_ns));
        hold.at_latest_after_ns
    }

    /// That time is over, by whatever clock waited: what comes next leaves at once.
    pub fn end_hold(&mut self) {
        self.free_ns = None;
    }

    /// How long its quotes have waited.
    pub fn latency(&self) -> &FrameLatency {
        &self.latency
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::p50_us;
    use crate::pace::Pace;

    const US: i64 = 1_000;

    /// Rows that come at these times, every read; the times and sizes of the batches. The driver's timer is exact, and it waits
    /// for rows only.
    fn batches(reads_us: &[i64]) -> Vec<(i64, u32)> {
        let (mut batcher, mut pace, mut found) = (Batcher::default(), Pace::default(), Vec::new());
        let (mut pending, mut latest_us) = (0, i64::MAX);
        let mut flush = |batcher: &mut Batcher, pending: &mut u32, at_us: i64| {
            found.push((at_us, std::mem::take(pending)));
            batcher.on_batch(at_us * US, at_us * US);
            at_us + batcher.hold(pace.hold(at_us * US), at_us * US) / US
        };
        for &read_us in reads_us.iter().chain([&1_000_000]) {
            if pending > 0 && latest_us < read_us {
                batcher.end_hold();
                latest_us = flush(&mut batcher, &mut pending, latest_us);
            }
            if read_us < 1_000_000 {
                pending += 1;
                if batcher.on_quotes(read_us * US, read_us * US) {
                    latest_us = flush(&mut batcher, &mut pending, read_us);
                }
            }
        }
        found
    }

    #[test]
    fn the_first_reads_leave_at_once_and_those_that_follow_together() {
        assert_eq!(batches(&[0, 1, 2, 3]), [(0, 1), (1, 1), (2, 1), (3, 1)]);
        assert_eq!(batches(&[0, 1, 2, 3, 4, 100, 240]), [(0, 1), (1, 1), (2, 1), (3, 1), (1_003, 3)]);
    }

    #[test]
    fn after_a_pause_the_next_quotes_leave_at_once_again() {
        let reads = [0, 1, 2, 3, 5_000, 5_001, 5_002, 5_003];
        assert_eq!(batches(&reads), reads.map(|read_us| (read_us, 1)));
    }

    #[test]
    fn the_next_read_after_a_moment_takes_what_waits_along_and_the_hold_is_the_bound() {
        assert_eq!(batches(&[0, 0, 0, 0, 100, 260]), [(0, 1), (0, 1), (0, 1), (0, 1), (260, 2)]);
        assert_eq!(batches(&[0, 0, 0, 0, 260, 300]), [(0, 1), (0, 1), (0, 1), (0, 1), (260, 1), (1_260, 1)]);
    }

    #[test]
    fn a_lane_that_always_has_something_sends_at_an_even_rate() {
        let reads: Vec<_> = (0..100_000).step_by(10).collect();
        let sent = batches(&reads);
        assert!((400..=404).contains(&sent.len()), "{} in 100 ms", sent.len());
        assert_eq!(sent.iter().map(|batch| batch.1).sum::<u32>(), 10_000);
    }

    #[test]
    fn a_timer_that_is_early_leaves_nothing_behind() {
        let (mut batcher, mut pace) = (Batcher::default(), Pace::default());
        for _ in 0..4 {
            batcher.hold(pace.hold(0), 0);
        }
        assert!(!batcher.may_leave(200 * US));
        batcher.end_hold();
        assert!(batcher.on_quotes(0, 201 * US));
    }

    #[test]
    fn an_idle_stream_tells_how_far_it_is_every_half_second() {
        let mut batcher = Batcher::default();
        assert!(batcher.is_watermark_due(0));
        batcher.on_batch(7, 10);
        assert!(!batcher.is_watermark_due(10 + WATERMARK_INTERVAL_NS - 1));
        assert!(batcher.is_watermark_due(10 + WATERMARK_INTERVAL_NS));
    }

    #[test]
    fn a_watermark_holds_nothing_back() {
        let mut batcher = Batcher::default();
        batcher.on_batch(7, 10);
        assert!(batcher.may_leave(10));
    }

    #[test]
    fn a_batch_ends_the_waiting_of_the_frames_before_it() {
        let mut batcher = Batcher::default();
        batcher.on_quotes(1_000, 0);
        batcher.on_batch(4_000, 0);
        assert_eq!(p50_us([batcher.latency()]), 3.0);
    }
}
