//! What is held of a coin, as far as it is known: from the least to the most that it may be.

use crate::grain::Grains;
use crate::order::Order;
use crossbook_trading::Side;
use std::ops::Add;

/// In grains; what is sold counts as less than nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    pub low: i64,
    pub high: i64,
}

impl Exposure {
    pub fn exactly(grains: i64) -> Self {
        Self { low: grains, high: grains }
    }

    /// What an order of a leg has done or may still do.
    pub fn of(order: &Order, leg: usize, grains: &Grains) -> Self {
        let (filled, reserved) = (grains.grains(leg, order.filled()), grains.grains(leg, order.reserved()));
        match order.side {
            Side::Buy => Self { low: filled, high: reserved },
            Side::Sell => Self { low: -reserved, high: -filled },
        }
    }

    pub fn is_exact(self) -> bool {
        self.low == self.high
    }

    pub fn holds(self, grains: i64) -> bool {
        (self.low..=self.high).contains(&grains)
    }

    /// The end that is farther from nothing, without its sign: limits are checked against it.
    pub fn worst(self) -> i64 {
        self.low.saturating_abs().max(self.high.saturating_abs())
    }
}

impl Add for Exposure {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { low: self.low.saturating_add(other.low), high: self.high.saturating_add(other.high) }
    }
}

impl std::iter::Sum for Exposure {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Witness;
    use crate::testing::{client_id, leg_steps, report, step};
    use crossbook_trading::OrderState;

    #[test]
    fn an_order_in_doubt_counts_for_both_ends() {
        let grains = Grains::of([leg_steps("1", "1"), leg_steps("0.5", "1")]).unwrap();
        let mut bought = Order::pending(client_id(1), Side::Buy, 3, step("1"), 0);
        let sold = Order::pending(client_id(2), Side::Sell, 6, step("0.5"), 0);
        let both = |bought: &Order| Exposure::of(bought, 0, &grains) + Exposure::of(&sold, 1, &grains);
        assert_eq!(both(&bought), Exposure { low: -6, high: 6 });
        assert_eq!((both(&bought).worst(), both(&bought).is_exact()), (6, false));
        bought.told(&report(OrderState::Filled, "3"), Witness::Push);
        assert_eq!(both(&bought), Exposure { low: 0, high: 6 });
        assert!(both(&bought).holds(0) && !both(&bought).holds(-1));
    }

    #[test]
    fn a_sum_of_none_is_nothing() {
        assert_eq!([].into_iter().sum::<Exposure>(), Exposure::exactly(0));
    }
}
