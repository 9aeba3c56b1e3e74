//! Whether a model may speak: it must beat each pair's own mean and that of all for certain, and be calibrated, on what it predicted
//! before it was known; else the answer is "unknown", with the reason.

use rustc_hash::FxHashMap;

use super::ended::{HORIZONS, Life};
use super::evaluate::Evaluation;
use super::score::{Outcome, Watched, calibration, outcome};

const LEAST_LIVES: usize = 1_000;
/// Predictions that are looked at: the newest.
const JUDGED: usize = 2_000;
/// Lives that had ended, and that had not, for a horizon to be used.
const LEAST_OF_EACH: usize = 20;
const RESAMPLES: usize = 400;
/// Lives of one asset within it share their luck, and are drawn together.
const CLUSTER_NS: i64 = 1_800_000_000_000;
const SLOPES: std::ops::RangeInclusive<f64> = 0.8..=1.25;

#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// Why nothing may be said; empty when it may.
    pub reason: String,
    /// Horizons of which there is enough to say something.
    pub used: [bool; HORIZONS],
    /// Lives that are known, and predictions that were judged.
    pub lives: usize,
    pub judged: usize,
    /// 1 - Brier over that of the pair's own mean or of the mean of all, whichever is the harder to beat, over the used horizons; and the ends of its 95 % interval.
    pub skill: f64,
    pub skill_low: f64,
    pub skill_high: f64,
    pub slope: f64,
}

/// Of all lives known, and what was predicted of the newer ones.
pub fn judge(lives: &[Life], evaluations: &[Evaluation]) -> Verdict {
    let newest = &evaluations[evaluations.len().saturating_sub(JUDGED)..];
    let mut verdict = Verdict {
        reason: String::new(),
        used: [false; HORIZONS],
        lives: lives.len(),
        judged: newest.len(),
        skill: 0.0,
        skill_low: 0.0,
        skill_high: 0.0,
        slope: 0.0,
    };
    if lives.len() < LEAST_LIVES {
        verdict.reason = format!("n = {} of {LEAST_LIVES}", lives.len());
        return verdict;
    }
    let watched = Watched::of(lives, newest);
    let outcomes = |horizon: usize| -> Vec<(usize, Outcome)> {
        newest.iter().filter_map(|one| Some((one.life, outcome(&lives[one.life], one, horizon, &watched)?))).collect()
    };
    let by_horizon: Vec<_> = (0..HORIZONS).map(outcomes).collect();
    for (horizon, known) in by_horizon.iter().enumerate() {
        let ended = known.iter().filter(|(_, one)| one.alive == 0.0).count();
        verdict.used[horizon] = ended.min(known.len() - ended) >= LEAST_OF_EACH;
    }
    let used: Vec<&(usize, Outcome)> =
        by_horizon.iter().zip(verdict.used).filter(|(_, is_used)| *is_used).flat_map(|(known, _)| known).collect();
    if used.is_empty() {
        verdict.reason = format!("no horizon has {LEAST_OF_EACH} lives that ended before it and as many that did not");
        return verdict;
    }
    // A pair's own mean may be worse than that of all: where nothing is to be known it follows chance.
    let (pair, pool) = (skill(lives, &used, |one| one.pair), skill(lives, &used, |one| one.pool));
    (verdict.skill, verdict.skill_low, verdict.skill_high) = if pool.1 < pair.1 { pool } else { pair };
    verdict.slope = calibration(used.iter().map(|(_, one)| one)).1;
    verdict.reason = reason(&verdict);
    verdict
}

fn reason(verdict: &Verdict) -> String {
    let Verdict { skill, skill_low, slope, .. } = verdict;
    if *skill_low <= 0.0 {
        return format!("no better than the means for certain: skill {skill:.3}, at least {skill_low:.3}");
    }
    if !SLOPES.contains(slope) {
        return format!("not calibrated: slope {slope:.2}");
    }
    String::new()
}

/// (skill, its 2.5 % and its 97.5 % quantile) by drawing clusters of lives again.
fn skill(lives: &[Life], outcomes: &[&(usize, Outcome)], rival: fn(&Outcome) -> f64) -> (f64, f64, f64) {
    let mut clusters: FxHashMap<(u32, i64), (f64, f64)> = FxHashMap::default();
    for (at, one) in outcomes {
        let life = &lives[*at];
        let sums = clusters.entry((life.asset, life.publish_ns.div_euclid(CLUSTER_NS))).or_default();
        sums.0 += one.weight * (one.model - one.alive).powi(2);
        sums.1 += one.weight * (rival(one) - one.alive).powi(2);
    }
    let mut named: Vec<_> = clusters.into_iter().collect();
    named.sort_by_key(|(name, _)| *name);
    let sums: Vec<(f64, f64)> = named.into_iter().map(|(_, sums)| sums).collect();
    let of = |drawn: &mut dyn Iterator<Item = (f64, f64)>| {
        let (model, pair) = drawn.fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        if pair > 0.0 { 1.0 - model / pair } else { 0.0 }
    };
    let mut chance = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = || {
        chance ^= chance << 13;
        chance ^= chance >> 7;
        chance ^= chance << 17;
        sums[(chance % sums.len() as u64) as usize]
    };
    let mut again: Vec<f64> = (0..RESAMPLES).map(|_| of(&mut (0..sums.len()).map(|_| draw()))).collect();
    again.sort_by(f64::total_cmp);
    (of(&mut sums.iter().copied()), again[RESAMPLES / 40], again[RESAMPLES - 1 - RESAMPLES / 40])
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::{Chance, life};
    use super::*;

    /// Lives of which half die at once, in clusters of ten, as a prediction that leans to the truth by so much says.
    fn judged(count: usize, lean: f64) -> Verdict {
        let mut chance = Chance(13);
        let (mut lives, mut evaluations) = (Vec::new(), Vec::new());
        for at in 0..count {
            let is_alive = chance.next() < 0.5;
            let duration = if is_alive { i64::MAX / 4 } else { 1 };
            lives.push(life(at as i64 / 10 * CLUSTER_NS, duration, false, vec![]));
            let noise = chance.next() - 0.5;
            let alive = 0.5 + if chance.next() < 0.5 + lean { lean } else { -lean } * if is_alive { 1.0 } else { -1.0 };
            let model = [alive + 0.01 * noise; HORIZONS];
            evaluations.push(Evaluation { life: at, model, pool: [0.5; HORIZONS], pair: [0.5; HORIZONS] });
        }
        judge(&lives, &evaluations)
    }

    #[test]
    fn few_lives_say_how_many_there_are() {
        assert_eq!(judged(999, 0.4).reason, "n = 999 of 1000");
    }

    #[test]
    fn a_good_model_may_speak_and_one_that_knows_nothing_may_not() {
        let good = judged(3000, 0.4);
        assert_eq!(good.reason, "");
        assert!(good.skill_low > 0.3 && good.skill_low < good.skill && good.skill < good.skill_high, "{good:?}");
        assert_eq!((good.judged, good.used), (2000, [true; HORIZONS]));
        assert!(judged(3000, 0.0).reason.starts_with("no better"), "{:?}", judged(3000, 0.0));
    }

    #[test]
    fn a_horizon_of_which_too_little_is_known_is_not_used() {
        let lives: Vec<Life> = (0..2000).map(|at| life(at * CLUSTER_NS, i64::MAX / 4, false, vec![])).collect();
        let all = [0.9; HORIZONS];
        let evaluations: Vec<Evaluation> =
            (0..2000).map(|life| Evaluation { life, model: all, pool: all, pair: all }).collect();
        let verdict = judge(&lives, &evaluations);
        assert!(verdict.reason.starts_with("no horizon"), "{verdict:?}");
    }
}
