//! A step function: from each point on the net was so much, and so much of it could be had.
//!
//! Beyond MAX_POINTS the one goes whose leaving changes the area below least; the first, the last and the highest stay.

pub const MAX_POINTS: usize = 64;

/// Three columns of one length; times since the opportunity was told, ascending.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    pub us: Vec<i64>,
    pub net_percent: Vec<f64>,
    pub notional: Vec<f64>,
}

impl Path {
    /// A point, behind those of its moment or before.
    pub fn step(&mut self, after_us: i64, net_percent: f64, notional: f64) {
        let place = self.us.partition_point(|&us| us <= after_us);
        self.us.insert(place, after_us);
        self.net_percent.insert(place, net_percent);
        self.notional.insert(place, notional);
        if self.us.len() > MAX_POINTS {
            self.drop_least();
        }
    }

    fn drop_least(&mut self) {
        if let Some(point) = self.least() {
            self.us.remove(point);
            self.net_percent.remove(point);
            self.notional.remove(point);
        }
    }

    /// The earliest of those that are missed least.
    fn least(&self) -> Option<usize> {
        let highest = self.highest();
        let area = |at: usize| {
            (self.net_percent[at] - self.net_percent[at - 1]).abs() * (self.us[at + 1] - self.us[at]) as f64
        };
        (1..self.us.len().saturating_sub(1))
            .filter(|&point| Some(point) != highest)
            .min_by(|&one, &other| area(one).total_cmp(&area(other)))
    }

    /// The earliest of the highest.
    fn highest(&self) -> Option<usize> {
        (0..self.net_percent.len())
            .rev()
            .max_by(|&one, &other| self.net_percent[one].total_cmp(&self.net_percent[other]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(points: &[(i64, f64)]) -> Path {
        let (us, net_percent): (Vec<_>, Vec<_>) = points.iter().copied().unzip();
        Path { us, notional: net_percent.clone(), net_percent }
    }

    #[test]
    fn the_point_that_goes_is_the_one_that_matters_least() {
        assert_eq!(path(&[(0, 1.0), (10, 2.0), (20, 2.5), (21, 9.0), (30, 1.0)]).least(), Some(2));
    }

    #[test]
    fn of_equals_the_earliest_goes_and_the_earliest_of_the_highest_stays() {
        assert_eq!(path(&[(0, 1.0), (10, 2.0), (20, 1.0), (30, 2.0), (40, 1.0)]).least(), Some(2));
        assert_eq!(path(&[(0, 1.0), (10, 1.0), (20, 1.0), (30, 1.0)]).least(), Some(1));
        assert_eq!(path(&[(0, 1.0), (10, 2.0), (20, 1.0)]).least(), None);
    }

    #[test]
    fn a_point_of_a_moment_that_is_there_comes_behind_it() {
        let mut made = path(&[(0, 1.0), (10, 2.0)]);
        made.step(0, 3.0, 4.0);
        assert_eq!(
            (made.us, made.net_percent, made.notional),
            (vec![0, 0, 10], vec![1.0, 3.0, 2.0], vec![1.0, 4.0, 2.0])
        );
    }

    #[test]
    fn a_long_path_keeps_its_ends_its_peak_and_nearly_its_area() {
        let (mut made, mut random, mut net, mut steps) = (Path::default(), 7_u64, 1.0_f64, vec![]);
        for step in 0..1000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            net = (net + if random >> 63 == 0 { -0.05 } else { 0.05 }).clamp(0.1, 4.0);
            steps.push(net);
            made.step(step * 1000, net, 200.0 * net);
        }
        assert_eq!((made.us.len(), made.net_percent.len(), made.notional.len()), (MAX_POINTS, MAX_POINTS, MAX_POINTS));
        let highest = |values: &[f64]| values.iter().copied().fold(0.0, f64::max);
        assert_eq!((made.us[0], made.us[MAX_POINTS - 1], highest(&made.net_percent)), (0, 999_000, highest(&steps)));
        let area: f64 =
            (1..MAX_POINTS).map(|at| (made.us[at] - made.us[at - 1]) as f64 * made.net_percent[at - 1]).sum();
        let whole: f64 = steps[..999].iter().sum::<f64>() * 1000.0;
        assert!((area / whole - 1.0).abs() < 0.05, "{area} of {whole}");
    }
}
