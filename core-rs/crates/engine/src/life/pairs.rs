//! What a model must beat: the survival of all lives, and each pair's own, drawn towards it.

use rustc_hash::FxHashMap;

use super::ended::{Ending, HORIZONS, Life, survival};

/// Lives of the pool that stand beside a pair's own.
const SHRINKAGE: f64 = 20.0;

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    died: [f64; HORIZONS],
    at_risk: [f64; HORIZONS],
}

impl Counts {
    fn add(&mut self, Ending { survived, died }: Ending) {
        (0..survived).for_each(|interval| self.at_risk[interval] += 1.0);
        if died {
            self.at_risk[survived] += 1.0;
            self.died[survived] += 1.0;
        }
    }

    /// With so many lives of the hazards given beside these.
    fn hazards(&self, prior: [f64; HORIZONS], weight: f64) -> [f64; HORIZONS] {
        std::array::from_fn(|at| (self.died[at] + weight * prior[at]) / (self.at_risk[at] + weight))
    }
}

#[derive(Debug, Default)]
pub(super) struct PairMeans {
    pool: Counts,
    pairs: FxHashMap<u32, Counts>,
}

impl PairMeans {
    pub(super) fn of(lives: &[&Life]) -> Self {
        let mut means = Self::default();
        for life in lives {
            means.pool.add(life.ending());
            means.pairs.entry(life.pair).or_default().add(life.ending());
        }
        means
    }

    fn pool_hazards(&self) -> [f64; HORIZONS] {
        self.pool.hazards([0.5; HORIZONS], 1.0)
    }

    pub(super) fn pooled(&self) -> [f64; HORIZONS] {
        survival(self.pool_hazards())
    }

    pub(super) fn of_pair(&self, pair: u32) -> [f64; HORIZONS] {
        let own = self.pairs.get(&pair).copied().unwrap_or_default();
        survival(own.hazards(self.pool_hazards(), SHRINKAGE))
    }
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::life;
    use super::*;

    #[test]
    fn a_pair_of_many_lives_has_its_own_and_one_of_none_that_of_all() {
        let short = |pair| Life { pair, ..life(0, 1, false, vec![]) };
        let long = |pair| Life { pair, ..life(0, i64::MAX / 2, false, vec![]) };
        let lives: Vec<Life> = (0..1000).map(|_| short(1)).chain((0..1000).map(|_| long(2))).collect();
        let means = PairMeans::of(&lives.iter().collect::<Vec<_>>());
        assert!((means.pooled()[0] - 0.5).abs() < 0.01);
        assert_eq!(means.of_pair(3)[0], means.pooled()[0]);
        assert!(means.of_pair(1)[0] < 0.02 && means.of_pair(2)[0] > 0.98);
    }
}
