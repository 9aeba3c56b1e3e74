//! A fitted model: the survival of an opportunity from what was known when it was told, in under a microsecond.

use thiserror::Error;

use super::design::Design;
use super::ended::{Ending, HORIZONS, HORIZONS_NS, Life};
use super::fit::{fit_hazard, softplus};

const MAGIC: &[u8; 8] = b"CBLIFE01";
/// Lives of which an edge that keeps is assumed, beside those that were seen.
const STEADY_LIVES: f64 = 20.0;

/// Fit one again: these bytes are no model.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("not a life model: {0}")]
pub struct ModelError(&'static str);

#[derive(Clone, Debug, PartialEq)]
pub struct LifeModel {
    /// Of the features' names.
    pub schema: u64,
    design: Design,
    own: [f64; HORIZONS],
    shared: Vec<f64>,
    /// What is left of the edge at each horizon, of those that live then.
    kept: [f64; HORIZONS],
}

impl LifeModel {
    /// Of lives with equally many features.
    pub fn fit(lives: &[&Life], schema: u64, ridge: f64) -> Self {
        let design = Design::of(lives);
        let width = design.width();
        let mut columns = Vec::with_capacity(lives.len() * width);
        lives.iter().for_each(|life| columns.extend(design.columns(&life.features)));
        let endings: Vec<Ending> = lives.iter().map(|life| life.ending()).collect();
        let beta = fit_hazard(&columns, width, &endings, HORIZONS, ridge);
        let mut own = [0.0; HORIZONS];
        own.copy_from_slice(&beta[..HORIZONS]);
        Self { schema, design, own, shared: beta[HORIZONS..].to_vec(), kept: kept(lives) }
    }

    /// How many features it wants.
    pub fn features(&self) -> usize {
        self.design.means.len()
    }

    /// The probability to live at each horizon from publication. Features that are missing count as not known.
    pub fn survival(&self, features: &[f64]) -> [f64; HORIZONS] {
        self.log_survival(features).map(f64::exp)
    }

    /// (alive, share of the edge that is left) at each horizon from now, of one that lives and was told `age_ns` ago.
    pub fn outlook(&self, features: &[f64], age_ns: i64) -> [(f64, f64); HORIZONS] {
        let logs = self.log_survival(features);
        let (now, kept_now) = (at(&logs, age_ns), self.kept_at(age_ns));
        HORIZONS_NS.map(|horizon| {
            let then_ns = age_ns.max(0).saturating_add(horizon);
            let alive = (at(&logs, then_ns) - now).min(0.0).exp();
            (alive, self.kept_at(then_ns) / kept_now)
        })
    }

    fn log_survival(&self, features: &[f64]) -> [f64; HORIZONS] {
        let common = if features.len() == self.features() {
            self.design.columns(features).zip(&self.shared).map(|(value, weight)| value * weight).sum()
        } else {
            0.0
        };
        let mut log = 0.0;
        self.own.map(|own| {
            log -= softplus(own + common);
            log
        })
    }

    fn kept_at(&self, after_ns: i64) -> f64 {
        let later = HORIZONS_NS.iter().position(|horizon| *horizon >= after_ns);
        let Some(later) = later else { return self.kept[HORIZONS - 1] };
        let (from_ns, from) = if later == 0 { (0, 1.0) } else { (HORIZONS_NS[later - 1], self.kept[later - 1]) };
        let share = (after_ns - from_ns).max(0) as f64 / (HORIZONS_NS[later] - from_ns) as f64;
        from + (self.kept[later] - from) * share
    }

    /// Little-endian: magic, schema, counts, then every number.
    pub fn encode(&self) -> Vec<u8> {
        let counts = [self.design.means.len() as u64, self.design.flagged.len() as u64];
        let mut bytes = MAGIC.to_vec();
        [self.schema, counts[0], counts[1]].iter().for_each(|one| bytes.extend(one.to_le_bytes()));
        self.design.flagged.iter().for_each(|one| bytes.extend(one.to_le_bytes()));
        let numbers = self.design.means.iter().chain(&self.design.scales).chain(&self.own).chain(&self.shared);
        numbers.chain(&self.kept).for_each(|one| bytes.extend(one.to_le_bytes()));
        bytes
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        let mut reader = Reader(bytes.strip_prefix(MAGIC).ok_or(ModelError("it begins with other bytes"))?);
        let schema = u64::from_le_bytes(reader.take()?);
        let [width, flags] = [reader.count()?, reader.count()?];
        let flagged = (0..flags).map(|_| Ok(u16::from_le_bytes(reader.take()?))).collect::<Result<Vec<_>, _>>()?;
        if flagged.iter().any(|feature| usize::from(*feature) >= width) {
            return Err(ModelError("it flags a feature that it has not"));
        }
        let (means, scales) = (reader.numbers(width)?, reader.numbers(width)?);
        let own = fixed(&reader.numbers(HORIZONS)?);
        let (shared, kept) = (reader.numbers(width + flags)?, fixed(&reader.numbers(HORIZONS)?));
        if !reader.0.is_empty() {
            return Err(ModelError("bytes are left over"));
        }
        Ok(Self { schema, design: Design { means, scales, flagged }, own, shared, kept })
    }

    /// Of a row of columns as `Design` makes them: for tests of the regression.
    #[cfg(test)]
    fn score(&self, columns: &[f64]) -> f64 {
        super::fit::dot(columns, &self.shared)
    }
}

/// The sum of the edges at each horizon over that of the same lives when they were told.
fn kept(lives: &[&Life]) -> [f64; HORIZONS] {
    let mean = lives.iter().map(|life| life.edge).sum::<f64>() / lives.len().max(1) as f64;
    let steady = STEADY_LIVES * mean.max(f64::MIN_POSITIVE);
    std::array::from_fn(|horizon| {
        let mut sums = (steady, steady);
        for life in lives.iter().filter(|life| life.is_alive_at(horizon) == Some(true)) {
            if life.edge.is_finite() && life.edges[horizon].is_finite() {
                sums = (sums.0 + life.edges[horizon].max(0.0), sums.1 + life.edge.max(0.0));
            }
        }
        sums.0 / sums.1
    })
}

/// The log survival at any moment: even hazards within an interval, and after the last one as in it.
fn at(logs: &[f64; HORIZONS], after_ns: i64) -> f64 {
    let after_ns = after_ns.max(0);
    let later = HORIZONS_NS.iter().position(|horizon| *horizon >= after_ns).unwrap_or(HORIZONS - 1);
    let (from_ns, from) = if later == 0 { (0, 0.0) } else { (HORIZONS_NS[later - 1], logs[later - 1]) };
    let share = (after_ns - from_ns) as f64 / (HORIZONS_NS[later] - from_ns) as f64;
    from + (logs[later] - from) * share
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], ModelError> {
        let (head, rest) = self.0.split_first_chunk().ok_or(ModelError("it ends too early"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn count(&mut self) -> Result<usize, ModelError> {
        let count = u64::from_le_bytes(self.take()?);
        if count <= 1_024 { Ok(count as usize) } else { Err(ModelError("it has too many features")) }
    }

    fn numbers(&mut self, count: usize) -> Result<Vec<f64>, ModelError> {
        let numbers: Result<Vec<_>, _> = (0..count).map(|_| Ok(f64::from_le_bytes(self.take()?))).collect();
        let numbers = numbers?;
        if numbers.iter().all(|number| number.is_finite()) { Ok(numbers) } else { Err(ModelError("a number is none")) }
    }
}

fn fixed(numbers: &[f64]) -> [f64; HORIZONS] {
    std::array::from_fn(|at| numbers[at])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::ended::testing::{Chance, life};
    use super::*;

    /// Lives that are the shorter, the larger their first feature is.
    fn fitted() -> LifeModel {
        let mut chance = Chance(3);
        let lives: Vec<Life> = (0..500)
            .map(|at| {
                let first = chance.next() * 2.0 - 1.0;
                let duration = (-chance.next().ln() * 3e8 * (-2.0 * first).exp()) as i64;
                let second = if at % 5 == 0 { f64::NAN } else { chance.next() };
                Life { edges: [0.5; HORIZONS], ..life(0, duration, at % 7 == 0, vec![first, second]) }
            })
            .collect();
        LifeModel::fit(&lives.iter().collect::<Vec<_>>(), 42, 1.0)
    }

    #[test]
    fn what_kills_lowers_the_survival_at_every_horizon() {
        let model = fitted();
        let (long, short) = (model.survival(&[-1.0, 0.5]), model.survival(&[1.0, 0.5]));
        assert!(long.iter().zip(&short).all(|(long, short)| long > short), "{long:?} {short:?}");
        assert!(model.score(&[1.0, 0.0, 0.0]) > model.score(&[-1.0, 0.0, 0.0]));
    }

    #[test]
    fn an_outlook_at_publication_is_the_survival_and_later_it_is_of_those_that_live() {
        let model = fitted();
        let (survival, outlook) = (model.survival(&[0.1, 0.5]), model.outlook(&[0.1, 0.5], 0));
        assert!(survival.iter().zip(&outlook).all(|(alive, (then, _))| (alive - then).abs() < 1e-12));
        let after = model.outlook(&[0.1, 0.5], HORIZONS_NS[3]);
        let expected = survival[4] / survival[3];
        assert!((after[3].0 - expected).abs() < 1e-9, "250 ms later it is 500 ms old: {after:?} {expected}");
    }

    #[test]
    fn what_is_left_of_the_edge_is_that_of_the_lives_seen() {
        let kept = fitted().kept;
        assert!(
            kept[..5].iter().all(|share| (0.5..0.6).contains(share)),
            "half, but for those that are assumed: {kept:?}"
        );
    }

    #[test]
    fn a_model_that_is_read_again_says_the_same_to_the_bit() {
        let model = fitted();
        let again = LifeModel::decode(&model.encode()).unwrap();
        assert_eq!(again, model);
        assert_eq!(
            again.survival(&[0.3, f64::NAN]).map(f64::to_bits),
            model.survival(&[0.3, f64::NAN]).map(f64::to_bits)
        );
    }

    #[test]
    fn bytes_that_are_no_model_are_refused() {
        let bytes = fitted().encode();
        assert!(LifeModel::decode(b"").is_err());
        (0..bytes.len()).for_each(|length| assert!(LifeModel::decode(&bytes[..length]).is_err(), "{length}"));
        let mut strange = bytes.clone();
        let last = strange.len() - 8;
        strange[last..].copy_from_slice(&f64::NAN.to_le_bytes());
        assert!(LifeModel::decode(&strange).is_err());
        assert!(LifeModel::decode(&[bytes, vec![0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn survival_never_rises_and_stays_between_0_and_1(bits in any::<[u64; 2]>(), age_ns in any::<i64>()) {
            let model = fitted();
            let features = bits.map(f64::from_bits); // also infinite ones, and those that are no number
            let survival = model.survival(&features);
            prop_assert!(survival.iter().all(|alive| (0.0..=1.0).contains(alive)));
            prop_assert!(survival.is_sorted_by(|before, after| before >= after));
            let outlook = model.outlook(&features, age_ns.max(0));
            prop_assert!(outlook.is_sorted_by(|before, after| before.0 >= after.0));
            prop_assert!(outlook.iter().all(|(alive, kept)| (0.0..=1.0).contains(alive) && kept.is_finite()));
        }
    }
}
