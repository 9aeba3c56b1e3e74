//! How far the mids of an asset's legs usually are from each other, and how much they move: looked at once a second, off
//! the quotes' way. Of each two legs the last hour is kept as sums over twelve buckets of five minutes.

use super::numbers::median;

const SECOND_NS: i64 = 1_000_000_000;
const BUCKET_NS: i64 = 300 * SECOND_NS;
const BUCKETS: usize = 12;
/// Looks without which nothing is said: those of ten minutes.
const LEAST_LOOKS: u32 = 600;
/// In percent: a gap that never moved is not infinitely unusual once it does.
const LEAST_DEVIATION: f64 = 1e-4;
/// Looks over which movement is averaged, beside that from the last one.
const SPANS: [f64; 2] = [15.0, 60.0];

/// Mean and standard deviation of a gap over the last hour, in percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Baseline {
    pub mean: f64,
    pub deviation: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    number: u32,
    looks: u32,
    sum: f64,
    squares: f64,
}

#[derive(Clone, Debug, Default)]
struct Hour([Bucket; BUCKETS]);

impl Hour {
    fn add(&mut self, now_ns: i64, gap: f64) {
        let number = number(now_ns);
        let bucket = &mut self.0[number as usize % BUCKETS];
        if bucket.number != number {
            *bucket = Bucket { number, ..Bucket::default() };
        }
        bucket.looks += 1;
        bucket.sum += gap;
        bucket.squares += gap * gap;
    }

    fn baseline(&self, now_ns: i64) -> Option<Baseline> {
        let now = number(now_ns);
        let is_young = |bucket: &&Bucket| now.wrapping_sub(bucket.number) < BUCKETS as u32;
        let (mut looks, mut sum, mut squares) = (0, 0.0, 0.0);
        for bucket in self.0.iter().filter(is_young) {
            (looks, sum, squares) = (looks + bucket.looks, sum + bucket.sum, squares + bucket.squares);
        }
        (looks >= LEAST_LOOKS).then(|| {
            let mean = sum / f64::from(looks);
            let variance = (squares / f64::from(looks) - mean * mean).max(0.0);
            Baseline { mean, deviation: variance.sqrt().max(LEAST_DEVIATION) }
        })
    }
}

fn number(now_ns: i64) -> u32 {
    now_ns.div_euclid(BUCKET_NS) as u32
}

/// Of one asset.
#[derive(Debug, Default)]
pub(super) struct Gaps {
    /// Of legs a < b at b (b - 1) / 2 + a; None until both had a mid at once.
    hours: Vec<Option<Box<Hour>>>,
    last_worth: f64,
    last_move: f64,
    /// Mean squares of moves over the spans.
    squares: [f64; 2],
}

impl Gaps {
    /// Takes what each leg's mid is worth now, 0 where it has none.
    pub(super) fn look(&mut self, worths: &[f64], now_ns: i64) {
        self.hours.resize(worths.len() * worths.len().saturating_sub(1) / 2, None);
        for (b, other) in worths.iter().enumerate().filter(|(_, worth)| **worth > 0.0) {
            for (a, worth) in worths[..b].iter().enumerate().filter(|(_, worth)| **worth > 0.0) {
                let gap = gap_percent(*worth, *other);
                if gap.is_finite() {
                    self.hours[place(a, b)].get_or_insert_default().add(now_ns, gap);
                }
            }
        }
        self.follow(median(worths.iter().copied().filter(|worth| *worth > 0.0).collect()));
    }

    /// Of the gap from the one leg to the other.
    pub(super) fn baseline(&self, from: usize, to: usize, now_ns: i64) -> Option<Baseline> {
        let hour = self.hours.get(place(from.min(to), from.max(to)))?.as_ref()?;
        let found = hour.baseline(now_ns)?;
        Some(if from < to { found } else { Baseline { mean: -found.mean, ..found } })
    }

    /// How much the asset moves, in percent: from the look before, and on average over 15 and 60 looks.
    pub(super) fn moves(&self) -> [f64; 3] {
        [self.last_move.abs(), self.squares[0].sqrt(), self.squares[1].sqrt()]
    }

    fn follow(&mut self, worth: Option<f64>) {
        let Some(worth) = worth else { return };
        if self.last_worth > 0.0 {
            self.last_move = gap_percent(self.last_worth, worth);
            for (square, span) in self.squares.iter_mut().zip(SPANS) {
                *square += (self.last_move * self.last_move - *square) / span;
            }
        }
        self.last_worth = worth;
    }
}

/// In percent, as a logarithm: from a to b it is the opposite of from b to a.
pub(super) fn gap_percent(from: f64, to: f64) -> f64 {
    (to / from).ln() * 100.0
}

fn place(a: usize, b: usize) -> usize {
    b * b.saturating_sub(1) / 2 + a
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_NS: i64 = 1_795_214_495 * SECOND_NS;

    /// A gap of 0.1 % and 0.3 % by turns, looked at so often.
    fn looked(looks: i64) -> Gaps {
        let mut gaps = Gaps::default();
        for look in 0..looks {
            let gap = if look % 2 == 0 { 0.1 } else { 0.3 };
            gaps.look(&[100.0, 0.0, 100.0 * (gap / 100.0_f64).exp()], START_NS + look * SECOND_NS);
        }
        gaps
    }

    #[test]
    fn nothing_is_said_before_ten_minutes_and_then_mean_and_deviation() {
        let at = |looks: i64| looked(looks).baseline(0, 2, START_NS + looks * SECOND_NS);
        assert_eq!(at(599), None);
        let found = at(600).unwrap();
        assert!((found.mean - 0.2).abs() < 1e-9 && (found.deviation - 0.1).abs() < 1e-6, "{found:?}");
        assert_eq!(looked(600).baseline(0, 1, START_NS), None, "a leg without a mid");
    }

    #[test]
    fn the_way_back_is_the_opposite() {
        let (gaps, now_ns) = (looked(700), START_NS + 700 * SECOND_NS);
        let [there, back] = [gaps.baseline(0, 2, now_ns), gaps.baseline(2, 0, now_ns)].map(Option::unwrap);
        assert_eq!((there.mean, there.deviation), (-back.mean, back.deviation));
    }

    #[test]
    fn what_is_older_than_an_hour_is_forgotten() {
        let mut gaps = looked(3600);
        let later_ns = START_NS + 7300 * SECOND_NS;
        assert_eq!(gaps.baseline(0, 2, later_ns), None);
        (0..600).for_each(|look| gaps.look(&[100.0, 0.0, 100.0], later_ns + look * SECOND_NS));
        assert!(gaps.baseline(0, 2, later_ns + 600 * SECOND_NS).unwrap().mean.abs() < 1e-9);
    }

    #[test]
    fn a_leg_that_comes_later_moves_no_others_baseline() {
        let mut gaps = looked(600);
        let before = gaps.baseline(0, 2, START_NS + 600 * SECOND_NS);
        gaps.look(&[0.0, 0.0, 0.0, 99.0], START_NS + 600 * SECOND_NS);
        assert_eq!(gaps.baseline(0, 2, START_NS + 600 * SECOND_NS), before);
    }

    #[test]
    fn moves_are_those_of_the_median() {
        let mut gaps = Gaps::default();
        gaps.look(&[100.0, 100.0, 100.0], 0);
        gaps.look(&[101.0, 101.0, 150.0], SECOND_NS);
        let [last, short, long] = gaps.moves();
        assert!((last - 0.995).abs() < 1e-3 && last > short && short > long);
    }
}
