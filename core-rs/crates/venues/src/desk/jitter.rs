//! Spread without chance: what would happen together happens apart, and a replay of the same inputs does the same.

/// A number from 0 to below `limit_ns` that looks random; the same for the same seed.
pub(super) fn below(limit_ns: i64, seed: [u64; 2]) -> i64 {
    if limit_ns <= 0 {
        return 0;
    }
    (mixed(mixed(seed[0]) ^ seed[1]) % limit_ns.unsigned_abs()) as i64
}

/// One step of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
fn mixed(seed: u64) -> u64 {
    let mut bits = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_different_seeds_is_spread_over_the_whole_limit() {
        let mut tenths = [0; 10];
        (0..1_000).for_each(|slot| tenths[(below(1_000, [slot, 7]) / 100) as usize] += 1);
        assert!(tenths.iter().all(|count| (60..=140).contains(count)), "{tenths:?}");
        assert_eq!(below(1_000, [3, 7]), below(1_000, [3, 7]));
        assert_eq!((below(0, [1, 1]), below(-5, [1, 1])), (0, 0));
    }
}
