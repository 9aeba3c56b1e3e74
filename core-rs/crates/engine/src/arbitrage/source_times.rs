//! Whether the gate can use the times that a source's quotes come with, or some clock is wrong.
//!
//! 1. A quote further ahead of our time than the gate's skew is refused, and so is all that its source tells, until our
//!    clock has come so far: one of the two clocks is wrong.
//! 2. Quotes that are older than the gate's age when they come are refused likewise. That may be a backlog: it counts when
//!    it has gone on for `LATE_FOR_NS`, and never for what a source tells first, which is what it knew before.

/// How long everything has to come too late before that is a fault.
const LATE_FOR_NS: i64 = 5_000_000_000;

/// The time of what a source told last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SourceTimes {
    /// Of the newest LIVE quote of the last batch that had one.
    newest_ns: Option<i64>,
    /// When the first and the last came of the batches that have been late since one was in time; how late the last was.
    late: Option<(i64, i64, i64)>,
}

impl SourceTimes {
    /// A batch with a LIVE quote has come.
    pub(super) fn on_batch(&mut self, newest_ns: i64, now_ns: i64, max_age_ns: i64) {
        let late_ns = now_ns.saturating_sub(newest_ns);
        let is_first = self.newest_ns.replace(newest_ns).is_none();
        self.late = (!is_first && late_ns > max_age_ns)
            .then(|| (self.late.map_or(now_ns, |(since_ns, _, _)| since_ns), now_ns, late_ns));
    }

    /// By how much its quotes are ahead of our time, or, below 0, behind it, when the gate refuses them for that. None when
    /// it has told nothing.
    fn error_ns(&self, max_skew_ns: i64, now_ns: i64) -> Option<i64> {
        let ahead_ns = self.newest_ns?.saturating_sub(now_ns);
        if ahead_ns > max_skew_ns {
            return Some(ahead_ns);
        }
        let late = self.late.filter(|(since_ns, last_ns, _)| last_ns.saturating_sub(*since_ns) >= LATE_FOR_NS);
        Some(late.map_or(0, |(_, _, late_ns)| late_ns.saturating_neg()))
    }
}

/// The least error of all sources when all err to the same side: then nothing can be found here. Else 0.
pub(super) fn common_error_ns<'a>(
    sources: impl Iterator<Item = &'a SourceTimes>,
    max_skew_ns: i64,
    now_ns: i64,
) -> i64 {
    let errors = sources.filter_map(|times| times.error_ns(max_skew_ns, now_ns));
    let common = |one: i64, other: i64| {
        if one.signum() == other.signum() { one.signum() * one.saturating_abs().min(other.saturating_abs()) } else { 0 }
    };
    errors.reduce(common).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;
    const NOW_NS: i64 = 1_000 * SECOND_NS;
    const MAX_AGE_NS: i64 = 10 * SECOND_NS;
    const MAX_SKEW_NS: i64 = 5 * SECOND_NS;

    /// Of a source that tells a quote each second, so much ahead of our time, for so long.
    fn told(ahead_seconds: i64, for_seconds: i64) -> SourceTimes {
        let mut times = SourceTimes::default();
        for second in (0..=for_seconds).rev() {
            let now_ns = NOW_NS - second * SECOND_NS;
            times.on_batch(now_ns + ahead_seconds * SECOND_NS, now_ns, MAX_AGE_NS);
        }
        times
    }

    fn common_seconds(sources: &[SourceTimes]) -> i64 {
        common_error_ns(sources.iter(), MAX_SKEW_NS, NOW_NS) / SECOND_NS
    }

    #[test]
    fn a_quote_of_a_time_to_come_is_an_error_at_once_and_until_that_time_is_near() {
        assert_eq!(common_seconds(&[told(70, 0)]), 70);
        assert_eq!(common_seconds(&[told(5, 9)]), 0);
        assert_eq!(common_error_ns([told(70, 0)].iter(), MAX_SKEW_NS, NOW_NS + 65 * SECOND_NS), 0);
    }

    #[test]
    fn quotes_that_come_late_are_an_error_after_a_while_and_not_when_they_come_first() {
        assert_eq!(common_seconds(&[told(-70, 6)]), -70);
        assert_eq!(common_seconds(&[told(-70, 5)]), 0, "the first one tells what was known before");
        assert_eq!(common_seconds(&[told(-10, 20)]), 0);
        let mut in_time_again = told(-70, 20);
        in_time_again.on_batch(NOW_NS, NOW_NS, MAX_AGE_NS);
        assert_eq!(common_seconds(&[in_time_again]), 0);
    }

    #[test]
    fn only_what_all_sources_agree_in_is_ours() {
        assert_eq!(common_seconds(&[told(70, 0), told(60, 0), SourceTimes::default()]), 60);
        assert_eq!(common_seconds(&[told(70, 0), told(0, 0)]), 0);
        assert_eq!(common_seconds(&[told(70, 0), told(-70, 20)]), 0);
        assert_eq!(common_seconds(&[]), 0);
    }
}
