//! What an asset's pairs have lived through since the process began.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

/// Openings of an asset that are remembered.
const OPENINGS: usize = 256;
/// Lives over which a pair's own mean is taken.
const SPAN: f64 = 16.0;

/// Of one asset.
#[derive(Debug, Default)]
pub(super) struct Pasts {
    /// (lives, ln of the last in ms, their running mean) of each ordered pair that has closed.
    pairs: FxHashMap<(usize, usize), (u32, f64, f64)>,
    openings: VecDeque<i64>,
}

impl Pasts {
    pub(super) fn on_open(&mut self, now_ns: i64) {
        if self.openings.len() == OPENINGS {
            self.openings.pop_front();
        }
        self.openings.push_back(now_ns);
    }

    pub(super) fn on_close(&mut self, buy: usize, sell: usize, life_ns: i64) {
        let life = ln_ms(life_ns);
        let (lives, last, mean) = self.pairs.entry((buy, sell)).or_insert((0, life, life));
        *lives = lives.saturating_add(1);
        *last = life;
        *mean += (life - *mean) / f64::from(*lives).min(SPAN);
    }

    /// Of an ordered pair that has closed before: (lives, ln of the last in ms, their running mean).
    pub(super) fn of(&self, buy: usize, sell: usize) -> Option<(u32, f64, f64)> {
        self.pairs.get(&(buy, sell)).copied()
    }

    pub(super) fn openings_since(&self, since_ns: i64) -> f64 {
        self.openings.iter().rev().take_while(|at_ns| **at_ns >= since_ns).count() as f64
    }
}

/// ln(1 + ms): spans of nothing are 0.
pub(super) fn ln_ms(span_ns: i64) -> f64 {
    (span_ns.max(0) as f64 / 1e6).ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_remembers_its_last_life_and_the_mean_of_the_newer_ones() {
        let mut pasts = Pasts::default();
        assert_eq!(pasts.of(0, 1), None);
        pasts.on_close(0, 1, 1_000_000_000);
        (0..200).for_each(|_| pasts.on_close(0, 1, 0));
        let (lives, last, mean) = pasts.of(0, 1).unwrap();
        assert_eq!((lives, last), (201, 0.0));
        assert!(mean < 0.01 && pasts.of(1, 0).is_none());
    }

    #[test]
    fn openings_are_counted_back_to_a_moment_and_are_bounded() {
        let mut pasts = Pasts::default();
        (0..1000).for_each(|at_ns| pasts.on_open(at_ns));
        assert_eq!((pasts.openings_since(990), pasts.openings_since(0)), (10.0, OPENINGS as f64));
    }
}
