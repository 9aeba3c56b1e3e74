//! Features as the columns of a regression: standardised, bounded, and with a flag where one was not known.

use super::ended::Life;

/// Beyond so many deviations a feature says no more than at it.
const BOUND: f64 = 8.0;
/// What a number may be; what lies beyond is a fault, and counts as not known.
const MOST: f64 = 1e15;

/// How features become columns; made from the lives that a model is fitted to.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Design {
    pub means: Vec<f64>,
    /// One over the deviation; 0 of a feature that never varied.
    pub scales: Vec<f64>,
    /// Features with a flag: those that were not always known.
    pub flagged: Vec<u16>,
}

impl Design {
    pub(super) fn of(lives: &[&Life]) -> Self {
        let width = lives.first().map_or(0, |life| life.features.len());
        let mut design = Self { means: vec![0.0; width], scales: vec![0.0; width], flagged: Vec::new() };
        for feature in 0..width {
            let known = || lives.iter().filter_map(|life| known(life.features[feature]));
            let count = known().count() as f64;
            if count == 0.0 {
                continue;
            }
            let mean = known().sum::<f64>() / count;
            let variance = known().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            let is_varied = variance.sqrt() > 1e-9 * mean.abs().max(1e-9);
            design.means[feature] = mean;
            design.scales[feature] = if is_varied { 1.0 / variance.sqrt() } else { 0.0 };
            if (count as usize) < lives.len() {
                design.flagged.push(feature as u16);
            }
        }
        design
    }

    pub(super) fn width(&self) -> usize {
        self.means.len() + self.flagged.len()
    }

    /// Each column's value, in order; the features are as many as there are means.
    pub(super) fn columns<'a>(&'a self, features: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let column = |feature: usize| {
            let value = known(features[feature]);
            value.map_or(0.0, |value| ((value - self.means[feature]) * self.scales[feature]).clamp(-BOUND, BOUND))
        };
        let flag = |feature: &u16| f64::from(u8::from(known(features[usize::from(*feature)]).is_none()));
        (0..self.means.len()).map(column).chain(self.flagged.iter().map(flag))
    }
}

fn known(value: f64) -> Option<f64> {
    (value.abs() <= MOST).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::life;
    use super::*;

    fn columns(design: &Design, features: &[f64]) -> Vec<f64> {
        design.columns(features).collect()
    }

    #[test]
    fn columns_are_standardised_and_bounded_and_say_what_was_not_known() {
        let lives = [vec![1.0, 5.0, 1.0], vec![3.0, 5.0, f64::NAN], vec![2.0, 5.0, 3.0]].map(|f| life(0, 1, false, f));
        let design = Design::of(&lives.iter().collect::<Vec<_>>());
        assert_eq!((design.width(), design.flagged.as_slice()), (4, &[2][..]));
        assert_eq!(columns(&design, &[2.0, 7.0, f64::NAN]), [0.0, 0.0, 0.0, 1.0]);
        assert_eq!(columns(&design, &[1e14, 5.0, 2.0])[0], BOUND);
        for strange in [f64::NAN, f64::INFINITY, 1e300, -1e300] {
            assert_eq!(columns(&design, &[strange, 5.0, 2.0])[0], 0.0);
        }
    }

    #[test]
    fn a_feature_that_was_never_known_says_nothing() {
        let lives = [life(0, 1, false, vec![f64::NAN]), life(0, 1, false, vec![f64::NAN])];
        let design = Design::of(&lives.iter().collect::<Vec<_>>());
        assert_eq!(columns(&design, &[3.0]), [0.0]);
    }
}
