//! When each item of an open loop is due: no matter how the ones before it fared.

use serde::Deserialize;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15; // 2^64 divided by the golden ratio

/// What the bench asks of a sender: the first `settle_s` seconds are played and not counted.
#[derive(Clone, Debug, Deserialize)]
pub struct Pace {
    pub rate: f64,
    pub burst: u64,
    pub settle_s: f64,
    pub seconds: f64,
}

/// A pace from a moment on.
#[derive(Clone, Debug)]
pub struct Schedule {
    start_ns: u64,
    burst: u64,
    gap_ns: f64, // between two bursts
    counted_ns: (u64, u64),
    total: u64,
}

impl Schedule {
    pub fn new(pace: &Pace, start_ns: u64) -> Self {
        let burst = pace.burst.max(1);
        let from_ns = start_ns + (pace.settle_s * 1e9) as u64;
        Self {
            start_ns,
            burst,
            gap_ns: burst as f64 * 1e9 / pace.rate,
            counted_ns: (from_ns, from_ns + (pace.seconds * 1e9) as u64),
            total: (pace.rate * (pace.settle_s + pace.seconds)) as u64,
        }
    }

    /// How many items there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// All of a burst at once.
    pub fn due_ns(&self, item: u64) -> u64 {
        self.start_ns + ((item / self.burst) as f64 * self.gap_ns) as u64
    }

    /// When the settling is over.
    pub fn counted_from_ns(&self) -> u64 {
        self.counted_ns.0
    }

    /// Whether it is of the seconds that are measured.
    pub fn is_counted(&self, due_ns: u64) -> bool {
        (self.counted_ns.0..self.counted_ns.1).contains(&due_ns)
    }
}

/// Chooses a share of all items, spread evenly over every place in a burst and over every turn of a round.
pub fn is_chosen(item: u64, share: f64) -> bool {
    share >= 1.0 || (item.wrapping_mul(GOLDEN) as f64) < share * 2f64.powi(64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: f64, burst: u64) -> Schedule {
        Schedule::new(&Pace { rate, burst, settle_s: 0.5, seconds: 1.0 }, 7_000)
    }

    #[test]
    fn items_are_due_at_an_even_rate() {
        let even = schedule(1_000.0, 1);
        assert_eq!([0, 1, 2, 1_499].map(|item| even.due_ns(item)), [7_000, 1_007_000, 2_007_000, 1_499_007_000]);
        assert_eq!(even.total(), 1_500);
    }

    #[test]
    fn a_burst_is_due_at_once_and_keeps_the_rate() {
        let tens = schedule(20_000.0, 10);
        assert_eq!([0, 9, 10, 19, 20].map(|item| tens.due_ns(item)), [7_000, 7_000, 507_000, 507_000, 1_007_000]);
    }

    #[test]
    fn rounding_does_not_add_up() {
        assert_eq!(schedule(30_000.0, 1).due_ns(30_000 * 3_600), 7_000 + 3_600 * 1_000_000_000);
    }

    #[test]
    fn what_settles_is_not_counted_and_the_end_is_not_either() {
        let even = schedule(1_000.0, 1);
        let counted = (0..2_000).filter(|&item| even.is_counted(even.due_ns(item))).count();
        assert_eq!((counted, even.is_counted(500_006_999), even.is_counted(500_007_000)), (1_000, false, true));
    }

    #[test]
    fn the_chosen_share_is_even_over_places_and_turns() {
        for place in 0..10 {
            let chosen = (0..40_000).filter(|item| item % 10 == place && is_chosen(*item, 0.05)).count();
            assert!((190..=210).contains(&chosen), "{chosen} at place {place} in place of 200");
        }
        assert!((0..100).all(|item| is_chosen(item, 1.0)) && !(0..100).any(|item| is_chosen(item, 0.0)));
    }
}
