//! Why a pair is not published, and how often that was so.

/// The numbers are those of `RefusalReason` in arbitrage.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RefusalReason {
    /// A leg's book is not live.
    NotLive = 1,
    /// A leg has no bid or no ask.
    EmptySide = 2,
    /// A leg's quote is older than the limit.
    TooOld = 3,
    /// The legs' quotes are further apart in time than the limit.
    Skewed = 4,
    /// A leg's taker fee is unknown.
    FeeUnknown = 5,
    /// The legs' currencies are unknown, or do not convert one to one.
    RateUnknown = 6,
    /// The legs' mids are so far apart that they are probably not the same asset.
    IdentitySuspect = 7,
    /// The executable notional is below the limit.
    TooSmall = 8,
    /// The net profit is below the threshold.
    BelowThreshold = 9,
    /// A leg is not known for this asset.
    UnknownLeg = 10,
    /// A leg's own bid is at or above its ask.
    Crossed = 11,
}

const REASONS: usize = 12;

/// Counts per reason.
#[derive(Clone, Debug, Default)]
pub(super) struct RefusalCounts([u64; REASONS]);

impl RefusalCounts {
    pub(super) fn add(&mut self, reason: RefusalReason) {
        self.0[reason as usize] += 1;
    }

    /// (reason's number, count) of the reasons that occurred, by number.
    pub(super) fn list(&self) -> Vec<(u8, u64)> {
        self.0
            .iter()
            .enumerate()
            .filter(|(_, count)| **count > 0)
            .map(|(number, count)| (number as u8, *count))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_listed_by_number_without_zeros() {
        let mut counts = RefusalCounts::default();
        counts.add(RefusalReason::Crossed);
        counts.add(RefusalReason::NotLive);
        counts.add(RefusalReason::Crossed);
        assert_eq!(counts.list(), vec![(1, 1), (11, 2)]);
    }
}
