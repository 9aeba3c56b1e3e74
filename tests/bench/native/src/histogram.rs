//! Ages by the thousands of a second: counts in buckets that are 0.1 % wide, so that nothing is kept and nothing left out.

const EXACT: u64 = 2_048; // smaller values have a bucket each; above, every power of two has half as many
const HALF: u64 = EXACT / 2;

/// Of whole numbers.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    buckets: Vec<u64>,
    count: u64,
}

impl Histogram {
    pub fn add(&mut self, value: u64) {
        let bucket = bucket_of(value);
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// The least value that `share` of all are not above, at most 0.1 % too small; 0 where there is none.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = ((share * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        self.buckets
            .iter()
            .position(|count| {
                seen += count;
                seen >= wanted
            })
            .map_or(0, least_of)
    }
}

fn bucket_of(value: u64) -> usize {
    let shift = (64 - value.leading_zeros()).saturating_sub(EXACT.ilog2());
    (u64::from(shift) * HALF + (value >> shift)) as usize
}

fn least_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / HALF).saturating_sub(1);
    (bucket - shift * HALF) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_values_are_exact() {
        for value in [0, 1, 1_023, 1_024, 2_047] {
            assert_eq!(least_of(bucket_of(value)), value);
        }
    }

    #[test]
    fn large_ones_are_within_a_thousandth() {
        for value in [2_048, 2_049, 4_095, 4_096, 1_000_003, 60_000_000_000, u64::MAX] {
            let least = least_of(bucket_of(value));
            assert!(least <= value && value - least <= value / 1_000, "{value} became {least}");
        }
    }

    #[test]
    fn buckets_follow_each_other_without_holes() {
        let buckets: Vec<usize> = (0..20_000).map(bucket_of).collect();
        assert!(buckets.windows(2).all(|pair| pair[1] == pair[0] || pair[1] == pair[0] + 1));
    }

    #[test]
    fn quantiles_are_of_all_values() {
        let mut ages = Histogram::default();
        assert_eq!((ages.quantile(0.5), ages.count()), (0, 0));
        (1..=1_000).for_each(|age| ages.add(age));
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| ages.quantile(share)), [1, 500, 990, 1_000]);
        ages.add(5_000_000);
        assert_eq!((ages.quantile(1.0) / 5_000, ages.count()), (999, 1_001));
    }
}
