//! Whether a feature still is what it was: the population stability index of two samples.

const BINS: usize = 10;
/// Share that an empty bin is taken to have.
const LEAST: f64 = 1e-4;

/// Over ten bins of equally many of `before`; 0 for equal samples, above 0.2 they differ. What is not finite is left out.
pub fn stability_index(before: &[f64], now: &[f64]) -> f64 {
    let [mut before, now] =
        [before, now].map(|sample| sample.iter().copied().filter(|value| value.is_finite()).collect::<Vec<f64>>());
    if before.is_empty() || now.is_empty() {
        return 0.0;
    }
    before.sort_by(f64::total_cmp);
    let mut edges: Vec<f64> = (1..BINS).map(|bin| before[bin * before.len() / BINS]).collect();
    edges.dedup();
    let shares = |sample: &[f64]| -> Vec<f64> {
        let mut counts = vec![0.0; edges.len() + 1];
        sample.iter().for_each(|value| counts[edges.partition_point(|edge| edge <= value)] += 1.0);
        counts.into_iter().map(|count: f64| (count / sample.len() as f64).max(LEAST)).collect()
    };
    shares(&before).iter().zip(shares(&now)).map(|(then, now)| (now - then) * (now / then).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::Chance;
    use super::*;

    fn sample(seed: u64, shift: f64) -> Vec<f64> {
        let mut chance = Chance(seed);
        (0..2000).map(|_| chance.next() + shift).collect()
    }

    #[test]
    fn a_shift_shows_and_chance_does_not() {
        assert!(stability_index(&sample(1, 0.0), &sample(2, 0.0)) < 0.05);
        assert!(stability_index(&sample(1, 0.0), &sample(2, 0.3)) > 0.2);
    }

    #[test]
    fn constants_and_unknowns_are_no_drift() {
        assert_eq!(stability_index(&[3.0; 50], &[3.0; 50]), 0.0);
        assert_eq!(stability_index(&[f64::NAN; 50], &[1.0]), 0.0);
    }
}
