//! What the venue's times say about its clock and its line, from one way alone: receive time minus exchange time.
//!
//! Each such difference is the difference of the clocks plus the time of the delivery, which is never negative. The least of
//! a while is therefore the difference of the clocks plus the fastest delivery (the lower envelope of Paxson, "On calibrating
//! measurements of packet transit times", 1998); what others lie above it, they were late. The two parts of the least cannot
//! be told apart.
//!
//! One impossible time must not pull the envelope down for a minute, and a clock that drifts must be followed: the window is
//! cut into parts, and the third lowest of their minima counts.

/// Parts of the window, and how long each is.
const PARTS: usize = 12;
const PART_NS: i64 = 5_000_000_000;
/// Parts whose minima may be wrong, or of a clock that has just been set, without being believed.
const DISTRUSTED: usize = 2;
/// The latest differences, of which the median is the delay.
const RECENT: usize = 63;
/// Beyond this a time is no time.
const LARGEST_NS: u64 = 86_400_000_000_000;

/// The envelope over the last minute; bounded, and a few nanoseconds a sample.
#[derive(Clone, Debug)]
pub(super) struct ClockWatch {
    /// Number of each part on the time line, and its least difference.
    parts: [(i64, i64); PARTS],
    recent: [i64; RECENT],
    samples: usize,
}

impl Default for ClockWatch {
    fn default() -> Self {
        Self { parts: [(i64::MIN, 0); PARTS], recent: [0; RECENT], samples: 0 }
    }
}

impl ClockWatch {
    pub fn add(&mut self, receive_ns: i64, exchange_ns: i64) {
        let difference_ns = receive_ns.saturating_sub(exchange_ns);
        if exchange_ns <= 0 || difference_ns.unsigned_abs() > LARGEST_NS {
            return;
        }
        let number = receive_ns.div_euclid(PART_NS);
        let part = &mut self.parts[number.rem_euclid(PARTS as i64) as usize];
        *part = if part.0 == number { (number, part.1.min(difference_ns)) } else { (number, difference_ns) };
        self.recent[self.samples % RECENT] = difference_ns;
        self.samples += 1;
    }

    /// How far our clock is ahead of the venue's, the fastest delivery included; None before there is enough to say.
    pub fn offset_ns(&self, now_ns: i64) -> Option<i64> {
        let first = now_ns.div_euclid(PART_NS) - PARTS as i64;
        let mut minima: Vec<i64> = self.parts.iter().filter(|part| part.0 > first).map(|part| part.1).collect();
        minima.sort_unstable();
        minima.get(DISTRUSTED).copied()
    }

    /// How much later than the fastest the latest came; the median of them.
    pub fn delay_ns(&self, now_ns: i64) -> Option<i64> {
        let offset_ns = self.offset_ns(now_ns)?;
        let mut recent = self.recent[..self.samples.min(RECENT)].to_vec();
        recent.sort_unstable();
        Some((recent[recent.len() / 2] - offset_ns).max(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::jitter;
    use proptest::prelude::*;

    const MILLISECOND_NS: i64 = 1_000_000;
    const SECOND_NS: i64 = 1_000 * MILLISECOND_NS;
    const START_NS: i64 = 1_000_000 * SECOND_NS;

    /// A hundred samples a second: the clocks' difference and then the delivery, 20 to 120 ms.
    fn run(watch: &mut ClockWatch, from_s: i64, to_s: i64, difference_ns: impl Fn(i64) -> i64) -> i64 {
        for step in from_s * 100..to_s * 100 {
            let receive_ns = START_NS + step * 10 * MILLISECOND_NS;
            let delivery_ns = 20 * MILLISECOND_NS + jitter::below(100 * MILLISECOND_NS, [step as u64, 3]);
            watch.add(receive_ns, receive_ns - difference_ns(step) - delivery_ns);
        }
        START_NS + to_s * SECOND_NS
    }

    fn offset_ms(watch: &ClockWatch, now_ns: i64) -> i64 {
        watch.offset_ns(now_ns).unwrap() / MILLISECOND_NS
    }

    #[test]
    fn a_clock_that_is_wrong_by_seconds_either_way_is_found_to_the_fastest_delivery() {
        for seconds in [-5, 0, 5] {
            let mut watch = ClockWatch::default();
            let now_ns = run(&mut watch, 0, 60, |_| seconds * SECOND_NS);
            assert!((0..3).contains(&(offset_ms(&watch, now_ns) - seconds * 1_000 - 20)), "{seconds}");
            assert!((30..70).contains(&(watch.delay_ns(now_ns).unwrap() / MILLISECOND_NS)));
        }
    }

    #[test]
    fn nothing_is_said_before_a_quarter_of_the_window_or_after_a_silence() {
        let mut watch = ClockWatch::default();
        let now_ns = run(&mut watch, 0, 8, |_| 0);
        assert_eq!((watch.offset_ns(now_ns), watch.delay_ns(now_ns)), (None, None));
        let now_ns = run(&mut watch, 8, 20, |_| 0);
        assert!(watch.offset_ns(now_ns).is_some() && watch.offset_ns(now_ns + 120 * SECOND_NS).is_none());
    }

    #[test]
    fn impossible_times_do_not_pull_it_down() {
        let mut watch = ClockWatch::default();
        run(&mut watch, 0, 30, |_| 0);
        watch.add(START_NS + 30 * SECOND_NS, START_NS + 3_000 * SECOND_NS);
        watch.add(START_NS + 30 * SECOND_NS, i64::MAX);
        watch.add(START_NS + 30 * SECOND_NS, -7);
        let now_ns = run(&mut watch, 30, 60, |_| 0);
        assert!((20..23).contains(&offset_ms(&watch, now_ns)));
    }

    #[test]
    fn a_drifting_clock_is_followed_and_one_that_is_set_is_believed_within_a_minute() {
        let mut watch = ClockWatch::default();
        let now_ns = run(&mut watch, 0, 600, |step| step * 10_000); // a millisecond a second
        assert!((540..=622).contains(&offset_ms(&watch, now_ns)), "{}", offset_ms(&watch, now_ns));
        let now_ns = run(&mut watch, 600, 660, |_| -3 * SECOND_NS);
        assert!((-2_980..-2_970).contains(&offset_ms(&watch, now_ns)));
        let now_ns = run(&mut watch, 660, 720, |_| 3 * SECOND_NS);
        assert!((3_020..3_030).contains(&offset_ms(&watch, now_ns)));
    }

    #[test]
    fn a_line_that_slows_down_shows_as_delay_at_first() {
        let mut watch = ClockWatch::default();
        run(&mut watch, 0, 60, |_| 0);
        let now_ns = run(&mut watch, 60, 65, |_| 2 * SECOND_NS);
        assert!((20..23).contains(&offset_ms(&watch, now_ns)));
        assert!((2_030..2_070).contains(&(watch.delay_ns(now_ns).unwrap() / MILLISECOND_NS)));
    }

    proptest! {
        #[test]
        fn no_times_whatever_break_it(times in prop::collection::vec((any::<i64>(), any::<i64>()), 0..200), now_ns: i64) {
            let mut watch = ClockWatch::default();
            times.iter().for_each(|(receive_ns, exchange_ns)| watch.add(*receive_ns, *exchange_ns));
            prop_assert!(watch.delay_ns(now_ns).is_none_or(|delay_ns| delay_ns >= 0));
        }
    }
}
