//! A life that has ended, or whose watch has, and what it says of each interval.

/// When a survival is told, from publication on.
pub const HORIZONS_NS: [i64; HORIZONS] =
    [25_000_000, 50_000_000, 100_000_000, 250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000];
pub const HORIZONS: usize = 8;

/// One life that has ended, or whose watch has.
#[derive(Clone, Debug)]
pub struct Life {
    /// What was known when it was told; not finite where it was not.
    pub features: Vec<f64>,
    pub publish_ns: i64,
    pub end_ns: i64,
    /// Whether only its watch ended.
    pub is_censored: bool,
    /// Numbers that tell pairs and assets apart.
    pub pair: u32,
    pub asset: u32,
    /// Net percent at publication and at each horizon; what it was at horizons after its end does not matter.
    pub edge: f64,
    pub edges: [f64; HORIZONS],
}

impl Life {
    pub(crate) fn duration_ns(&self) -> i64 {
        (self.end_ns - self.publish_ns).max(0)
    }

    /// How many intervals it was seen to survive, and whether it was seen to die in the next.
    pub(crate) fn ending(&self) -> Ending {
        let duration_ns = self.duration_ns();
        let survived = HORIZONS_NS.iter().take_while(|horizon| **horizon < duration_ns).count();
        if self.is_censored {
            // Seen up to exactly a horizon is seen to survive it.
            let survived = HORIZONS_NS.iter().take_while(|horizon| **horizon <= duration_ns).count();
            return Ending { survived, died: false };
        }
        Ending { survived, died: survived < HORIZONS }
    }

    /// Whether it was alive at a horizon; None where its watch had ended.
    pub(crate) fn is_alive_at(&self, horizon: usize) -> Option<bool> {
        let Ending { survived, died } = self.ending();
        if survived > horizon { Some(true) } else { died.then_some(false) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    pub survived: usize,
    pub died: bool,
}

/// The survival after each interval, of the hazards.
pub(crate) fn survival(hazards: [f64; HORIZONS]) -> [f64; HORIZONS] {
    let mut alive = 1.0;
    hazards.map(|hazard| {
        alive *= 1.0 - hazard;
        alive
    })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    pub(crate) fn life(publish_ns: i64, duration_ns: i64, is_censored: bool, features: Vec<f64>) -> Life {
        let end_ns = publish_ns + duration_ns;
        Life { features, publish_ns, end_ns, is_censored, pair: 0, asset: 0, edge: 1.0, edges: [1.0; HORIZONS] }
    }

    /// Numbers of 0 to 1, the same each time.
    pub(crate) struct Chance(pub u64);

    impl Chance {
        pub(crate) fn next(&mut self) -> f64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::life;
    use super::*;

    const MS: i64 = 1_000_000;

    #[test]
    fn a_life_dies_in_the_interval_that_its_end_lies_in() {
        for (duration_ms, survived) in [(0, 0), (25, 0), (26, 1), (100, 2), (101, 3), (5_000, 7)] {
            let ending = life(0, duration_ms * MS, false, vec![]).ending();
            assert_eq!(ending, Ending { survived, died: true }, "{duration_ms}");
        }
        assert_eq!(life(0, 5_001 * MS, false, vec![]).ending(), Ending { survived: 8, died: false });
    }

    #[test]
    fn a_watch_that_ends_has_seen_only_whole_intervals() {
        for (duration_ms, survived) in [(0, 0), (24, 0), (25, 1), (99, 2), (9_000, 8)] {
            let ending = life(0, duration_ms * MS, true, vec![]).ending();
            assert_eq!(ending, Ending { survived, died: false }, "{duration_ms}");
        }
        let seen = life(0, 60 * MS, true, vec![]);
        assert_eq!([0, 1, 2].map(|horizon| seen.is_alive_at(horizon)), [Some(true), Some(true), None]);
    }
}
