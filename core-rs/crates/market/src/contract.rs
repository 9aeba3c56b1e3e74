//! What one contract is worth: the only place where sizes in a venue's contracts become sizes in base units.
//!
//! A linear contract is worth a number of base units. An inverse one, which settles in its own base, is worth a number of
//! quote units, so that its size in base units depends on the price of the level it rests at: `contracts * worth / price`.

use crate::book::Level;
use crate::instrument::Instrument;

/// Worth of one contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ContractWorth {
    BaseUnits(f64),
    QuoteUnits(f64),
}

impl ContractWorth {
    pub fn of(instrument: &Instrument) -> Self {
        if instrument.is_inverse() {
            Self::QuoteUnits(instrument.contract_size)
        } else {
            Self::BaseUnits(instrument.contract_size)
        }
    }

    /// Turns a level's size, given in contracts, into base units. An empty level stays empty.
    #[inline]
    pub fn to_base_units(self, level: &mut Level) {
        match self {
            Self::BaseUnits(worth) => level.size *= worth,
            Self::QuoteUnits(worth) if level.size > 0.0 => level.size = level.size * worth / level.price,
            Self::QuoteUnits(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base_units(worth: ContractWorth, price: f64, contracts: f64) -> f64 {
        let mut level = Level { price, size: contracts };
        worth.to_base_units(&mut level);
        assert_eq!(level.price, price);
        level.size
    }

    #[test]
    fn sizes_in_base_units_by_kind_of_contract() {
        use ContractWorth::{BaseUnits, QuoteUnits};
        for (what, worth, price, contracts, expected) in [
            ("a size in coins", BaseUnits(1.0), 92_288.0, 0.25, 0.25),
            ("contracts of 0.01 coins", BaseUnits(0.01), 92_288.0, 150.0, 1.5),
            ("contracts of a million coins", BaseUnits(1e6), 0.000_009_3, 3.0, 3e6),
            ("US dollars", QuoteUnits(1.0), 50_000.0, 100_000.0, 2.0),
            ("the same money at half the price is twice the coins", QuoteUnits(1.0), 25_000.0, 100_000.0, 4.0),
            ("contracts of 100 US dollars", QuoteUnits(100.0), 50_000.0, 1_000.0, 2.0),
            ("a removed level", QuoteUnits(1.0), 50_000.0, 0.0, 0.0),
            ("an empty side", QuoteUnits(1.0), 0.0, 0.0, 0.0),
        ] {
            assert_eq!(base_units(worth, price, contracts), expected, "{what}");
        }
    }

    #[test]
    fn every_level_is_worth_the_same_money_whatever_its_price() {
        for price in [0.01, 1.0, 3.7, 61_800.5, 1e6] {
            let coins = base_units(ContractWorth::QuoteUnits(10.0), price, 7.0);
            assert!((coins * price - 70.0).abs() < 1e-9, "{price}");
        }
    }
}
