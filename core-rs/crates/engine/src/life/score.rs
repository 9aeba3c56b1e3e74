//! What predictions were worth: Brier scores, log loss, calibration. A life whose watch ended before a horizon says
//! nothing of it; those of which it is known stand for it too, by the chance to be watched so long (inverse probability
//! of censoring), so that leaving it out does not make the others look short-lived.

use super::ended::{Ending, HORIZONS, HORIZONS_NS, Life};
use super::evaluate::Evaluation;
use super::fit::{fit_hazard, logistic};

const BINS: usize = 15;
/// A life stands for so many at most.
const MOST_WEIGHT: f64 = 20.0;
const LEAST: f64 = 1e-12;

/// At one horizon.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HorizonScore {
    /// Lives of which it is known what they were.
    pub count: usize,
    /// Of these, those that had ended.
    pub ended: usize,
    pub brier: f64,
    pub brier_pool: f64,
    pub brier_pair: f64,
    pub log_loss: f64,
    /// Mean distance of predicted and seen, over 15 bins of equally many.
    pub calibration_error: f64,
    /// Of the logistic regression of what was on the predicted log odds; 1 and 0 are right.
    pub slope: f64,
    pub intercept: f64,
}

/// One prediction whose outcome is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outcome {
    pub alive: f64,
    pub model: f64,
    pub pool: f64,
    pub pair: f64,
    pub weight: f64,
}

/// Of each horizon.
pub fn score(lives: &[Life], evaluations: &[Evaluation]) -> [HorizonScore; HORIZONS] {
    let watched = Watched::of(lives, evaluations);
    std::array::from_fn(|horizon| {
        let outcomes: Vec<Outcome> =
            evaluations.iter().filter_map(|one| outcome(&lives[one.life], one, horizon, &watched)).collect();
        of_outcomes(&outcomes)
    })
}

pub(super) fn outcome(life: &Life, one: &Evaluation, horizon: usize, watched: &Watched) -> Option<Outcome> {
    let is_alive = life.is_alive_at(horizon)?;
    let until_ns = if is_alive { HORIZONS_NS[horizon] } else { life.duration_ns() };
    Some(Outcome {
        alive: f64::from(u8::from(is_alive)),
        model: one.model[horizon],
        pool: one.pool[horizon],
        pair: one.pair[horizon],
        weight: (1.0 / watched.share_at(until_ns)).min(MOST_WEIGHT),
    })
}

fn of_outcomes(outcomes: &[Outcome]) -> HorizonScore {
    let weight: f64 = outcomes.iter().map(|one| one.weight).sum();
    if weight == 0.0 {
        return HorizonScore::default();
    }
    let mean = |of: fn(&Outcome) -> f64| outcomes.iter().map(|one| one.weight * of(one)).sum::<f64>() / weight;
    let (intercept, slope) = calibration(outcomes.iter());
    HorizonScore {
        count: outcomes.len(),
        ended: outcomes.iter().filter(|one| one.alive == 0.0).count(),
        brier: mean(|one| (one.model - one.alive).powi(2)),
        brier_pool: mean(|one| (one.pool - one.alive).powi(2)),
        brier_pair: mean(|one| (one.pair - one.alive).powi(2)),
        log_loss: mean(|one| {
            -(one.alive * one.model.max(LEAST).ln() + (1.0 - one.alive) * (1.0 - one.model).max(LEAST).ln())
        }),
        calibration_error: calibration_error(outcomes),
        slope,
        intercept,
    }
}

fn calibration_error(outcomes: &[Outcome]) -> f64 {
    let mut sorted = outcomes.to_vec();
    sorted.sort_by(|one, other| one.model.total_cmp(&other.model));
    let size = sorted.len().div_ceil(BINS).max(1);
    let total: f64 = sorted.iter().map(|one| one.weight).sum();
    let distance = |bin: &[Outcome]| bin.iter().map(|one| one.weight * (one.model - one.alive)).sum::<f64>().abs();
    sorted.chunks(size).map(distance).sum::<f64>() / total
}

/// (intercept, slope), hardly drawn towards 0.
pub(super) fn calibration<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> (f64, f64) {
    let (mut odds, mut endings) = (Vec::new(), Vec::new());
    for one in outcomes {
        odds.push((one.model.max(LEAST) / (1.0 - one.model).max(LEAST)).ln());
        // The regression is of deaths: here to be alive is to die in the one interval.
        let is_alive = one.alive > 0.5;
        endings.push(Ending { survived: usize::from(!is_alive), died: is_alive });
    }
    let beta = fit_hazard(&odds, 1, &endings, 1, 1e-3);
    debug_assert!((0.0..=1.0).contains(&logistic(beta[0])));
    (beta[0], beta[1])
}

/// The share of lives that are watched for so long, by Kaplan and Meier, with the ends of watches in place of deaths.
pub(super) struct Watched {
    /// (until, share after it), ascending.
    steps: Vec<(i64, f64)>,
}

impl Watched {
    pub(super) fn of(lives: &[Life], evaluations: &[Evaluation]) -> Self {
        let mut ends: Vec<(i64, bool)> =
            evaluations.iter().map(|one| (lives[one.life].duration_ns(), lives[one.life].is_censored)).collect();
        ends.sort_unstable();
        let (mut at_risk, mut share) = (ends.len() as f64, 1.0);
        let mut steps = Vec::new();
        for (duration_ns, is_censored) in ends {
            if is_censored {
                share *= 1.0 - 1.0 / at_risk;
                steps.push((duration_ns, share));
            }
            at_risk -= 1.0;
        }
        Self { steps }
    }

    /// Just before that moment.
    fn share_at(&self, duration_ns: i64) -> f64 {
        let before = self.steps.partition_point(|(until_ns, _)| *until_ns < duration_ns);
        if before == 0 { 1.0 } else { self.steps[before - 1].1.max(LEAST) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::{Chance, life};
    use super::*;

    fn predicted(count: usize, alive: f64) -> Vec<Evaluation> {
        let all = [alive; HORIZONS];
        (0..count).map(|life| Evaluation { life, model: all, pool: [0.5; HORIZONS], pair: [0.5; HORIZONS] }).collect()
    }

    #[test]
    fn a_right_share_is_calibrated_and_scores_its_variance() {
        let lives: Vec<Life> =
            (0..1000).map(|at| life(0, if at % 4 == 0 { 1 } else { i64::MAX / 2 }, false, vec![])).collect();
        let scores = score(&lives, &predicted(1000, 0.75));
        for one in scores {
            assert_eq!((one.count, one.ended), (1000, 250));
            assert!((one.brier - 0.1875).abs() < 1e-12 && (one.brier_pool - 0.25).abs() < 1e-12);
            assert!((one.log_loss - 0.562_335).abs() < 1e-5);
        }
    }

    #[test]
    fn predictions_that_are_too_sure_have_a_small_slope() {
        let mut chance = Chance(5);
        let truths: Vec<f64> = (0..4000).map(|_| chance.next()).collect();
        let lives: Vec<Life> = truths
            .iter()
            .map(|alive| life(0, if chance.next() < *alive { i64::MAX / 2 } else { 1 }, false, vec![]))
            .collect();
        let slope = |sharpness: f64| {
            let sure = |alive: &f64| logistic(sharpness * (alive / (1.0 - alive)).ln());
            let evaluations: Vec<Evaluation> = truths
                .iter()
                .enumerate()
                .map(|(at, alive)| Evaluation {
                    life: at,
                    model: [sure(alive); HORIZONS],
                    pool: [0.5; 8],
                    pair: [0.5; 8],
                })
                .collect();
            score(&lives, &evaluations)[3].slope
        };
        assert!((slope(1.0) - 1.0).abs() < 0.1, "{}", slope(1.0));
        assert!((slope(2.0) - 0.5).abs() < 0.05, "{}", slope(2.0));
    }

    #[test]
    fn watches_that_end_do_not_make_lives_look_short() {
        let mut chance = Chance(11);
        let mean_ns = 2e8;
        let lives: Vec<Life> = (0..20_000)
            .map(|_| {
                let [death, end] = [0, 1].map(|_| (-chance.next().ln() * mean_ns) as i64);
                life(0, death.min(end), end < death, vec![])
            })
            .collect();
        let alive = (-HORIZONS_NS[3] as f64 / mean_ns).exp();
        let watched = Watched::of(&lives, &predicted(lives.len(), alive));
        let evaluations = predicted(lives.len(), alive);
        let known: Vec<Outcome> =
            evaluations.iter().filter_map(|one| outcome(&lives[one.life], one, 3, &watched)).collect();
        let weight: f64 = known.iter().map(|one| one.weight).sum();
        let weighted = known.iter().map(|one| one.weight * one.alive).sum::<f64>() / weight;
        let bare = known.iter().map(|one| one.alive).sum::<f64>() / known.len() as f64;
        assert!((weighted - alive).abs() < 0.02, "{weighted} {alive}");
        assert!((bare - alive).abs() > 0.05, "without weights it is far off: {bare} {alive}");
    }
}
