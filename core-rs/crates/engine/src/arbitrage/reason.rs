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
    /// The legs' currencies are unknown, or there is no rate between them that is young enough.
    RateUnknown = 6,
    /// The legs' mids were apart for so long that nobody but an operator says whether they are one asset.
    IdentitySuspect = 7,
    /// The executable notional is below the limit.
    TooSmall = 8,
    /// The net profit is below the threshold.
    BelowThreshold = 9,
    /// A leg is not known for this asset.
    UnknownLeg = 10,
    /// A leg's own bid is at or above its ask.
    Crossed = 11,
    /// The legs' mids are too far apart for one asset; not yet for long enough to be suspect.
    MidsApart = 12,
    /// An operator says that the legs are not one asset.
    IdentityDenied = 13,
    /// One leg's venue shows the other's books.
    RelayedBook = 14,
    /// The rate between the legs' currencies is too far from the 1 that it stands for.
    Depegged = 15,
    /// What can be traded is less than a lot of both legs.
    BelowLot = 16,
    /// What can be traded is worth less than the smallest order of a leg's venue.
    BelowMinNotional = 17,
    /// A requested size is larger than the largest order of a leg's venue.
    AboveMaxSize = 18,
    /// A requested size is larger than what the books are known to hold.
    BeyondDepth = 19,
    /// Sizes are not known: a leg's levels are not.
    NoDepth = 20,
    /// Sizes are not known: a leg's levels were read too long ago.
    StaleDepth = 21,
    /// A leg's market takes no orders that take.
    NotTrading = 22,
    /// A leg's market trades, and its end is set.
    Delisting = 23,
    /// A leg's contract is worth something else than what its sizes were computed with.
    ContractChanged = 24,
    /// The time between a leg's funding payments is another one than it was.
    FundingChanged = 25,
    /// What a leg's venue asks of orders is not known, and by the settings not assumed.
    LimitsUnknown = 26,
    /// What can be traded is less than the smallest order of a leg's venue.
    BelowMinSize = 27,
    /// A leg's venue takes no orders at the price that is to be traded at.
    BeyondPriceLimit = 28,
    /// The net profit is above what can be true.
    TooGood = 40,
}

const REASONS: usize = 41;

/// Counts per reason.
#[derive(Clone, Debug)]
pub(super) struct RefusalCounts([u64; REASONS]);

impl Default for RefusalCounts {
    fn default() -> Self {
        Self([0; REASONS])
    }
}

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
