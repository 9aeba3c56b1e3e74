//! What is left alone for a while: a pair of venues whose deals of an asset had to be unwound, for each try burns fees, and an
//! instrument that refuses the same request the same way, for the next would be refused too.

use crossbook_trading::Refusal;
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq)]
pub struct CoolingRules {
    /// So many unwound deals within `window_ms` make a pair cool down.
    pub unwinds: usize,
    pub window_ms: i64,
    /// At first; doubled each time that it follows upon another within the window.
    pub cool_ms: i64,
    pub longest_cool_ms: i64,
}

impl Default for CoolingRules {
    fn default() -> Self {
        Self { unwinds: 2, window_ms: 600_000, cool_ms: 600_000, longest_cool_ms: 86_400_000 }
    }
}

/// Of one asset and pair of venues.
#[derive(Clone, Debug, PartialEq)]
pub struct Cooling {
    rules: CoolingRules,
    unwinds_ms: VecDeque<i64>,
    until_ms: i64,
    next_cool_ms: i64,
}

impl Cooling {
    pub fn new(rules: CoolingRules) -> Self {
        let next_cool_ms = rules.cool_ms;
        Self { rules, unwinds_ms: VecDeque::new(), until_ms: 0, next_cool_ms }
    }

    /// No new deal before that, in milliseconds since 1970.
    pub fn until_ms(&self) -> i64 {
        self.until_ms
    }

    /// A deal of the pair had to be unwound.
    pub fn unwound(&mut self, now_ms: i64) {
        let CoolingRules { unwinds, window_ms, cool_ms, longest_cool_ms } = self.rules;
        if now_ms - self.until_ms > window_ms {
            self.next_cool_ms = cool_ms;
        }
        self.unwinds_ms.retain(|at_ms| now_ms - at_ms < window_ms);
        self.unwinds_ms.push_back(now_ms);
        if self.unwinds_ms.len() >= unwinds {
            self.unwinds_ms.clear();
            self.until_ms = now_ms + self.next_cool_ms;
            self.next_cool_ms = self.next_cool_ms.saturating_mul(2).min(longest_cool_ms);
        }
    }
}

/// How often an instrument may refuse a request for one reason before it is left alone.
const SAME_REFUSALS: u32 = 3;

/// Of one instrument. What says nothing of the request itself does not count: funds, rates, clocks, keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusing {
    last: Option<Refusal>,
    times: u32,
}

impl Refusing {
    pub fn refused(&mut self, reason: Refusal) {
        if !is_structural(reason) {
            return;
        }
        self.times = if self.last == Some(reason) { self.times.saturating_add(1) } else { 1 };
        self.last = Some(reason);
    }

    /// An order was taken.
    pub fn accepted(&mut self) {
        *self = Self::default();
    }

    /// Whether it is to be left alone until somebody has looked.
    pub fn is_blocked(&self) -> bool {
        self.times >= SAME_REFUSALS
    }
}

fn is_structural(reason: Refusal) -> bool {
    match reason {
        Refusal::Size
        | Refusal::Price
        | Refusal::Instrument
        | Refusal::Mode
        | Refusal::Limits
        | Refusal::Request
        | Refusal::NothingToReduce => true,
        Refusal::Funds
        | Refusal::Settling
        | Refusal::NothingMatched
        | Refusal::WouldTake
        | Refusal::Rate
        | Refusal::Busy
        | Refusal::Clock
        | Refusal::Auth
        | Refusal::Locked
        | Refusal::Gone => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cooling() -> Cooling {
        Cooling::new(CoolingRules { unwinds: 2, window_ms: 100, cool_ms: 10, longest_cool_ms: 30 })
    }

    #[test]
    fn two_unwound_deals_within_the_window_cool_a_pair_and_one_does_not() {
        let mut cooling = cooling();
        cooling.unwound(1000);
        cooling.unwound(1100);
        assert_eq!(cooling.until_ms(), 0, "the first was too long ago");
        cooling.unwound(1199);
        assert_eq!(cooling.until_ms(), 1209);
    }

    #[test]
    fn a_pair_that_goes_on_so_cools_twice_as_long_and_one_that_recovers_begins_anew() {
        let mut cooling = cooling();
        let mut now_ms = 1000;
        for expected in [10, 20, 30, 30] {
            (0..2).for_each(|_| cooling.unwound(now_ms));
            assert_eq!(cooling.until_ms() - now_ms, expected);
            now_ms = cooling.until_ms();
        }
        now_ms += 101;
        (0..2).for_each(|_| cooling.unwound(now_ms));
        assert_eq!(cooling.until_ms() - now_ms, 10);
    }

    #[test]
    fn three_like_refusals_in_a_row_block_an_instrument() {
        let mut refusing = Refusing::default();
        for reason in [Refusal::Price, Refusal::Price, Refusal::Size, Refusal::Price, Refusal::Funds, Refusal::Price] {
            refusing.refused(reason);
            assert!(!refusing.is_blocked(), "{reason:?}");
        }
        refusing.refused(Refusal::Price);
        assert!(refusing.is_blocked());
        refusing.accepted();
        (0..9).for_each(|_| refusing.refused(Refusal::NothingMatched));
        assert!(!refusing.is_blocked(), "an empty book says nothing of the request");
    }
}
