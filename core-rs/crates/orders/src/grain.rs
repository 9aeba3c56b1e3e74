//! Sizes of two venues in one whole number: the grain is the largest amount of the coin of which both venues' steps are
//! multiples, so that no partial fill of either lies between two grains, and the lot the smallest amount that both can trade.
//! For contracts whose worth in coins is fixed; of an inverse contract it moves with the price.

use crossbook_trading::{Decimal, Step};

/// What of one leg's venue says which sizes there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LegSteps {
    /// In the venue's own unit.
    pub step: Step,
    /// Coins in one such unit; positive.
    pub worth: Decimal,
    /// Fewest steps of an order.
    pub least: i64,
    /// Most steps of an order.
    pub most: i64,
}

/// Two legs that trade one coin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grains {
    grain: Step,
    /// Grains in one step of each leg.
    per_step: [i64; 2],
    /// Grains in the smallest amount that is whole steps of both.
    lot: i64,
    legs: [LegSteps; 2],
}

impl Grains {
    /// None where the two have no common measure that can be reckoned with.
    pub fn of(legs: [LegSteps; 2]) -> Option<Self> {
        let coins = [coins_of_a_step(legs[0])?, coins_of_a_step(legs[1])?];
        let scale = coins[0].scale().max(coins[1].scale());
        let [first, second] = [atoms(coins[0], scale)?, atoms(coins[1], scale)?];
        let common = divisor(first, second);
        let grain = Step::of(Decimal::try_from_i128_with_scale(common, scale).ok()?)?;
        let per_step = [i64::try_from(first / common).ok()?, i64::try_from(second / common).ok()?];
        Some(Self { grain, per_step, lot: per_step[0].checked_mul(per_step[1])?, legs })
    }

    /// Coins in so many grains.
    pub fn coins(&self, grains: i64) -> Option<Decimal> {
        self.grain.times(grains)
    }

    pub fn lot(&self) -> i64 {
        self.lot
    }

    /// The largest size that is not above these coins and that each leg takes as one order, in grains; 0 where there is none.
    /// It is never rounded up.
    pub fn floor(&self, coins: Decimal) -> i64 {
        let wanted = self.grain.floor(coins).unwrap_or(0).max(0);
        let most = (0..2).map(|leg| self.legs[leg].most.saturating_mul(self.per_step[leg])).min().unwrap_or(0);
        let size = wanted.min(most) / self.lot * self.lot;
        if (0..2).all(|leg| self.is_enough(leg, size)) { size } else { 0 }
    }

    /// Whole steps of a leg within so many grains.
    pub fn steps(&self, leg: usize, grains: i64) -> i64 {
        grains / self.per_step[leg]
    }

    pub fn grains(&self, leg: usize, steps: i64) -> i64 {
        steps.saturating_mul(self.per_step[leg])
    }

    /// Whether a leg takes an order of so many grains, rounded down to its steps.
    pub fn is_enough(&self, leg: usize, grains: i64) -> bool {
        let steps = self.steps(leg, grains);
        steps > 0 && steps >= self.legs[leg].least
    }
}

/// Exactly; None where the product has more digits than there is room for.
fn coins_of_a_step(leg: LegSteps) -> Option<Decimal> {
    let (step, worth) = (leg.step.value(), leg.worth.normalize());
    let mantissa = step.mantissa().checked_mul(worth.mantissa())?;
    let product = Decimal::try_from_i128_with_scale(mantissa, step.scale() + worth.scale()).ok()?;
    (mantissa > 0).then(|| product.normalize())
}

fn atoms(coins: Decimal, scale: u32) -> Option<i128> {
    coins.mantissa().checked_mul(10_i128.checked_pow(scale - coins.scale())?)
}

fn divisor(first: i128, second: i128) -> i128 {
    let (mut divisor, mut rest) = (first, second);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    divisor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{decimal, leg_steps};
    use proptest::prelude::*;

    #[test]
    fn a_size_is_what_both_can_trade_and_never_more_than_was_planned() {
        let grains = Grains::of([leg_steps("1", "0.01"), leg_steps("0.001", "1")]).unwrap();
        let size = grains.floor(decimal("0.0157"));
        assert_eq!(grains.coins(size), Some(decimal("0.01")));
        assert_eq!((grains.steps(0, size), grains.steps(1, size)), (1, 10));
        assert_eq!(grains.floor(decimal("0.0099")), 0);
        assert_eq!(grains.floor(decimal("-1")), 0);
    }

    #[test]
    fn steps_that_do_not_divide_each_other_meet_at_their_multiple() {
        let grains = Grains::of([leg_steps("0.3", "1"), leg_steps("0.2", "1")]).unwrap();
        assert_eq!((grains.coins(1), grains.coins(grains.lot())), (Some(decimal("0.1")), Some(decimal("0.6"))));
        assert_eq!(grains.coins(grains.floor(decimal("1.9"))), Some(decimal("1.8")));
    }

    #[test]
    fn too_little_for_one_leg_is_nothing_and_too_much_is_cut() {
        let bounded =
            |least, most| Grains::of([LegSteps { least, most, ..leg_steps("1", "1") }, leg_steps("1", "1")]).unwrap();
        assert_eq!((bounded(5, 100).floor(decimal("4")), bounded(5, 100).floor(decimal("1000"))), (0, 100));
        assert!(bounded(5, 100).is_enough(1, 1) && !bounded(5, 100).is_enough(0, 4));
    }

    #[test]
    fn what_cannot_be_measured_is_none() {
        assert_eq!(Grains::of([leg_steps("1", "0"), leg_steps("1", "1")]), None);
        let tiny =
            LegSteps { step: Step::of(decimal("0.0000000000000000000000000001")).unwrap(), ..leg_steps("1", "1") };
        assert_eq!(Grains::of([tiny, leg_steps("1", "79228162514")]), None);
    }

    proptest! {
        #[test]
        fn steps_of_either_leg_are_whole_grains(a in 1_i64..5000, b in 1_i64..5000, planned in 0_i64..1_000_000) {
            let steps = |count: i64| LegSteps { worth: Decimal::new(count, 4), ..leg_steps("1", "1") };
            let grains = Grains::of([steps(a), steps(b)]).unwrap();
            for leg in 0..2 {
                prop_assert_eq!(grains.steps(leg, grains.grains(leg, 7)), 7);
                prop_assert_eq!(grains.lot() % grains.grains(leg, 1), 0);
            }
            let planned = Decimal::new(planned, 4);
            prop_assert!(grains.coins(grains.floor(planned)).unwrap() <= planned);
        }
    }
}
