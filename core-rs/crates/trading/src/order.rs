//! What is asked for: an order with a bound on its price, in whole steps of the venue. There is no order at any price.

use crate::client_id::ClientId;
use crate::error::TradingError;
use crate::exact::{Decimal, Step};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Buy,
    Sell,
}

impl Side {
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// The word of a venue for this side.
    pub(crate) fn word(self, buy: &'static str, sell: &'static str) -> &'static str {
        match self {
            Self::Buy => buy,
            Self::Sell => sell,
        }
    }

    /// The side that a venue means, in whatever case it writes; None for anything but its two words.
    pub(crate) fn of(word: &str, buy: &str, sell: &str) -> Option<Self> {
        let is = |other: &str| word.eq_ignore_ascii_case(other);
        if is(buy) { Some(Self::Buy) } else { is(sell).then_some(Self::Sell) }
    }
}

/// How long an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeInForce {
    /// What is not filled at once is cancelled.
    ImmediateOrCancel,
    GoodTillCancelled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginMode {
    Cross,
    Isolated,
}

/// An order to be placed on an account in one-way mode.
#[derive(Clone, Debug, PartialEq)]
pub struct NewOrder {
    pub client_id: ClientId,
    pub native_symbol: String,
    /// The venue's number for the symbol, where it has one besides.
    pub instrument_code: Option<u32>,
    pub side: Side,
    /// In `size_step`s; positive.
    pub size: i64,
    /// In the venue's own unit: contracts, lots or coins.
    pub size_step: Step,
    /// In `price_step`s; positive.
    pub price: i64,
    pub price_step: Step,
    pub time_in_force: TimeInForce,
    pub margin_mode: MarginMode,
    pub is_reduce_only: bool,
    /// How long after it was made the venue may still take it, where the venue lets itself be told.
    pub valid_ms: u32,
}

impl NewOrder {
    /// In the venue's own unit.
    pub fn size(&self) -> Result<Decimal, TradingError> {
        positive(self.size_step, self.size).ok_or(TradingError::Unsendable("the size is no positive number of steps"))
    }

    pub fn price(&self) -> Result<Decimal, TradingError> {
        positive(self.price_step, self.price)
            .ok_or(TradingError::Unsendable("the price is no positive number of steps"))
    }

    pub fn name(&self) -> OrderName {
        OrderName {
            client_id: self.client_id,
            native_symbol: self.native_symbol.clone(),
            instrument_code: self.instrument_code,
        }
    }
}

fn positive(step: Step, count: i64) -> Option<Decimal> {
    step.times(count).filter(|number| *number > Decimal::ZERO)
}

/// By what a placed order is cancelled or asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderName {
    pub client_id: ClientId,
    pub native_symbol: String,
    pub instrument_code: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::testing::order;

    #[test]
    fn sizes_and_prices_are_exact_and_positive() {
        let order = order();
        assert_eq!(
            (order.size().unwrap().to_string(), order.price().unwrap().to_string()),
            ("0.01".into(), "60000.1".into())
        );
        for count in [0, -1, i64::MIN] {
            assert!(NewOrder { size: count, ..order.clone() }.size().is_err());
            assert!(NewOrder { price: count, ..order.clone() }.price().is_err());
        }
    }

    #[test]
    fn a_side_is_one_of_two_words() {
        assert_eq!((Side::of("BUY", "buy", "sell"), Side::of("A", "B", "A")), (Some(Side::Buy), Some(Side::Sell)));
        assert_eq!((Side::of("", "buy", "sell"), Side::Buy.opposite()), (None, Side::Sell));
    }
}
