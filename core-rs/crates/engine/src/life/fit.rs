//! Ridge logistic regression over the rows of all lives, by Newton's method.
//!
//! Of a life's rows only the interval differs, so the sums over rows are sums over lives: the curvature costs a life
//! one product of its columns, whatever number of intervals it reached.

use super::ended::Ending;
use super::linear::solve;

const MOST_STEPS: usize = 100;
const SMALLEST_STEP: f64 = 1e-11;

/// Minimises the sum of log losses plus `ridge` / 2 times the squares of all coefficients: first one for each interval,
/// then one for each column. `columns` is row-major, a row a life. Deterministic.
pub fn fit_hazard(columns: &[f64], width: usize, endings: &[Ending], intervals: usize, ridge: f64) -> Vec<f64> {
    let problem = Problem { columns, width, endings, intervals, ridge };
    let mut beta = vec![0.0; intervals + width];
    let mut loss = problem.loss(&beta);
    for _ in 0..MOST_STEPS {
        let (gradient, mut curvature) = problem.slopes(&beta);
        let Some(step) = solve(&mut curvature, &gradient) else { break };
        let Some((next, next_loss)) = problem.along(&beta, &step, loss) else { break };
        (beta, loss) = (next, next_loss);
        if step.iter().all(|part| part.abs() < SMALLEST_STEP) {
            break;
        }
    }
    beta
}

struct Problem<'a> {
    columns: &'a [f64],
    width: usize,
    endings: &'a [Ending],
    intervals: usize,
    ridge: f64,
}

impl Problem<'_> {
    fn rows(&self) -> impl Iterator<Item = (&[f64], &Ending)> {
        let row = |at: usize| &self.columns[at * self.width..(at + 1) * self.width];
        self.endings.iter().enumerate().map(move |(at, ending)| (row(at), ending))
    }

    /// The intervals that a life was at risk in, and whether it died there.
    fn at_risk(&self, ending: &Ending) -> impl Iterator<Item = (usize, bool)> + use<> {
        let (survived, died) = (ending.survived, ending.died);
        (0..(survived + usize::from(died)).min(self.intervals)).map(move |interval| (interval, interval == survived))
    }

    fn loss(&self, beta: &[f64]) -> f64 {
        let (own, shared) = beta.split_at(self.intervals);
        let mut loss = self.ridge / 2.0 * beta.iter().map(|part| part * part).sum::<f64>();
        for (row, ending) in self.rows() {
            let common = dot(row, shared);
            for (interval, died) in self.at_risk(ending) {
                let score = own[interval] + common;
                loss += softplus(if died { -score } else { score });
            }
        }
        loss
    }

    /// The negative gradient and the curvature, whose lower half is filled in.
    fn slopes(&self, beta: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let (own, shared) = beta.split_at(self.intervals);
        let size = beta.len();
        let mut gradient: Vec<f64> = beta.iter().map(|part| -self.ridge * part).collect();
        let mut curvature = vec![0.0; size * size];
        for (row, ending) in self.rows() {
            let common = dot(row, shared);
            let (mut pull, mut weight) = (0.0, 0.0);
            for (interval, died) in self.at_risk(ending) {
                let hazard = logistic(own[interval] + common);
                let (part, spread) = (f64::from(u8::from(died)) - hazard, hazard * (1.0 - hazard));
                gradient[interval] += part;
                curvature[interval * size + interval] += spread;
                for (column, value) in row.iter().enumerate() {
                    curvature[(self.intervals + column) * size + interval] += spread * value;
                }
                (pull, weight) = (pull + part, weight + spread);
            }
            for (column, value) in row.iter().enumerate() {
                gradient[self.intervals + column] += pull * value;
                let start = (self.intervals + column) * size + self.intervals;
                let scaled = weight * value;
                for (sum, other) in curvature[start..=start + column].iter_mut().zip(row) {
                    *sum += scaled * other;
                }
            }
        }
        (0..size).for_each(|at| curvature[at * size + at] += self.ridge);
        (gradient, curvature)
    }

    /// The whole step, or the largest half of a half that does not make it worse; None when none is.
    fn along(&self, beta: &[f64], step: &[f64], loss: f64) -> Option<(Vec<f64>, f64)> {
        (0..30).map(|halvings| 0.5_f64.powi(halvings)).find_map(|share| {
            let next: Vec<f64> = beta.iter().zip(step).map(|(from, by)| from + share * by).collect();
            let next_loss = self.loss(&next);
            (next_loss <= loss + loss.abs() * 1e-14).then_some((next, next_loss))
        })
    }
}

pub(super) fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

pub(super) fn logistic(score: f64) -> f64 {
    if score >= 0.0 {
        1.0 / (1.0 + (-score).exp())
    } else {
        let odds = score.exp();
        odds / (1.0 + odds)
    }
}

/// ln(1 + e^score), for any score.
pub(super) fn softplus(score: f64) -> f64 {
    score.max(0.0) + (-score.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::Chance;
    use super::*;

    fn dies(interval: usize) -> Ending {
        Ending { survived: interval, died: true }
    }

    fn lives(intervals: usize) -> Ending {
        Ending { survived: intervals, died: false }
    }

    #[test]
    fn without_features_the_hazards_are_the_shares_that_died() {
        let endings = [dies(0), dies(0), dies(1), lives(2), lives(2), lives(1)];
        let beta = fit_hazard(&[], 0, &endings, 2, 1e-9);
        assert!((logistic(beta[0]) - 2.0 / 6.0).abs() < 1e-6);
        assert!((logistic(beta[1]) - 1.0 / 3.0).abs() < 1e-6, "of those that reached it and were seen in it");
    }

    #[test]
    fn at_the_minimum_every_slope_is_zero() {
        let mut chance = Chance(7);
        let columns: Vec<f64> = (0..600).map(|_| chance.next() - 0.5).collect();
        let endings: Vec<Ending> = columns.chunks(3).map(|row| if row[0] > 0.2 { dies(1) } else { lives(2) }).collect();
        let beta = fit_hazard(&columns, 3, &endings, 2, 0.5);
        let problem = Problem { columns: &columns, width: 3, endings: &endings, intervals: 2, ridge: 0.5 };
        let (gradient, _) = problem.slopes(&beta);
        assert!(gradient.iter().all(|slope| slope.abs() < 1e-8), "{gradient:?}");
        assert!(beta[2] > 1.0, "the first column is what kills: {beta:?}");
    }

    #[test]
    fn separable_collinear_and_constant_columns_have_a_finite_answer() {
        let columns: Vec<f64> = (0..100).flat_map(|at| [f64::from(at % 2), f64::from(at % 2), 1.0, 0.0]).collect();
        let endings: Vec<Ending> = (0..100).map(|at| if at % 2 == 1 { dies(0) } else { lives(1) }).collect();
        let beta = fit_hazard(&columns, 4, &endings, 1, 1.0);
        assert!(beta.iter().all(|part| part.is_finite()));
        assert!((beta[1] - beta[2]).abs() < 1e-9, "ridge shares between the collinear");
        assert_eq!(beta[4], 0.0);
    }
}
