//! Profit and loss as a ledger of what was paid and received, each row once, by the venue's own id. The sum of cash is the truth;
//! an average price is for display. What is not known yet is said to be pending and is never zero.
//!
//! A linear contract: cash = -sum(signed size * price), worth of the position = size * mark, in the quote's currency. An inverse
//! one, whose size is in USD: cash = sum(signed size / price), worth = -size / mark, in the coin. Quotients have 28 digits.

use crossbook_trading::{Decimal, Fee, Side};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// Sizes in coins, gains in the quote's currency.
    Linear,
    /// Sizes in USD, gains in the coin.
    Inverse,
}

/// Of one instrument at one venue.
#[derive(Clone, Debug, PartialEq)]
pub struct Ledger {
    contract: Contract,
    /// What gains are paid in.
    currency: String,
    fills: BTreeMap<String, Booked>,
    payments: BTreeMap<String, Payment>,
    /// Settlements that are known to have been and of which no payment is booked, by time in milliseconds since 1970.
    expected: BTreeSet<i64>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Booked {
    pub side: Side,
    /// In coins, or in USD of an inverse contract.
    pub size: Decimal,
    pub price: Decimal,
    /// None until the venue tells it.
    pub fee: Option<Fee>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Payment {
    pub kind: PaymentKind,
    /// Positive where it was received.
    pub amount: Decimal,
    pub currency: String,
    pub time_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentKind {
    Funding,
    /// Whatever else the venue moved: insurance, rebates, corrections.
    Adjustment,
}

/// What booking a row did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booking {
    New,
    Known,
    /// The fill was known; now its fee is too.
    Completed,
    /// The same id with other numbers: the first stays, and somebody has to look.
    Contradicted,
}

/// In one currency; positive where it was received.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parts {
    pub trading: Decimal,
    pub fees: Decimal,
    pub funding: Decimal,
    pub adjustments: Decimal,
}

impl Parts {
    /// None where it has no room.
    pub fn sum(&self) -> Option<Decimal> {
        [self.fees, self.funding, self.adjustments].into_iter().try_fold(self.trading, Decimal::checked_add)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Result {
    /// Still held: in coins, or in USD of an inverse contract.
    pub position: Decimal,
    pub parts: BTreeMap<String, Parts>,
    /// Fills whose fee is not told yet.
    pub pending_fees: usize,
    /// Settlements whose payment is not told yet.
    pub pending_fundings: usize,
}

/// What one of a currency is worth, and since when that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub worth: Decimal,
    pub at_ms: i64,
}

/// A currency whose rate is not known, or too old.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("what a {0} is worth is not known: the sum is unknown until it is")]
pub struct UnknownRate(pub String);

impl Ledger {
    pub fn new(contract: Contract, currency: &str) -> Self {
        let (fills, payments, expected) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Self { contract, currency: currency.to_string(), fills, payments, expected }
    }

    pub fn fill(&mut self, fill_id: &str, row: Booked) -> Booking {
        let Entry::Occupied(mut known) = self.fills.entry(fill_id.to_string()) else {
            self.fills.insert(fill_id.to_string(), row);
            return Booking::New;
        };
        let known = known.get_mut();
        if (known.side, known.size, known.price) != (row.side, row.size, row.price) {
            return Booking::Contradicted;
        }
        match (&known.fee, row.fee) {
            (None, Some(fee)) => {
                known.fee = Some(fee);
                Booking::Completed
            }
            (Some(fee), Some(other)) if *fee != other => Booking::Contradicted,
            _ => Booking::Known,
        }
    }

    /// A settlement that was while a position was held.
    pub fn expect_funding(&mut self, time_ms: i64) {
        let is_told = |payment: &Payment| payment.kind == PaymentKind::Funding && payment.time_ms == time_ms;
        if !self.payments.values().any(is_told) {
            self.expected.insert(time_ms);
        }
    }

    pub fn payment(&mut self, id: &str, row: Payment) -> Booking {
        match self.payments.get(id) {
            Some(known) if *known == row => Booking::Known,
            Some(_) => Booking::Contradicted,
            None => {
                if row.kind == PaymentKind::Funding {
                    self.expected.remove(&row.time_ms);
                }
                self.payments.insert(id.to_string(), row);
                Booking::New
            }
        }
    }

    /// None where it has no room.
    pub fn position(&self) -> Option<Decimal> {
        self.fills.values().map(Booked::signed).try_fold(Decimal::ZERO, Decimal::checked_add)
    }

    /// As it would be if what is held were worth `mark`; None where a number has no room or a price is zero.
    pub fn result(&self, mark: Decimal) -> Option<Result> {
        let mut parts = BTreeMap::<String, Parts>::new();
        let position = self.position()?;
        let mut trading = self.worth(position, mark)?;
        for fill in self.fills.values() {
            trading = trading.checked_sub(self.worth(fill.signed(), fill.price)?)?;
            if let Some(fee) = &fill.fee {
                let fees = &mut parts.entry(fee.currency.clone()).or_default().fees;
                *fees = fees.checked_sub(fee.amount)?;
            }
        }
        parts.entry(self.currency.clone()).or_default().trading = trading;
        for payment in self.payments.values() {
            let part = parts.entry(payment.currency.clone()).or_default();
            let sum = match payment.kind {
                PaymentKind::Funding => &mut part.funding,
                PaymentKind::Adjustment => &mut part.adjustments,
            };
            *sum = sum.checked_add(payment.amount)?;
        }
        let pending_fees = self.fills.values().filter(|fill| fill.fee.is_none()).count();
        Some(Result { position, parts, pending_fees, pending_fundings: self.expected.len() })
    }

    /// What so much of the contract is worth, in what gains are paid in.
    fn worth(&self, size: Decimal, price: Decimal) -> Option<Decimal> {
        match self.contract {
            Contract::Linear => size.checked_mul(price),
            Contract::Inverse if size.is_zero() => Some(Decimal::ZERO),
            Contract::Inverse => size.checked_div(price).map(|coins| -coins),
        }
    }

    /// The price at which as much bought and sold as there is on the larger side was worth what it was: of an inverse contract
    /// the harmonic mean. For display.
    pub fn average_entry(&self) -> Option<Decimal> {
        let side = if self.position()? < Decimal::ZERO { Side::Sell } else { Side::Buy };
        let own = self.fills.values().filter(|fill| fill.side == side);
        let (mut size, mut worth) = (Decimal::ZERO, Decimal::ZERO);
        for fill in own {
            size = size.checked_add(fill.size)?;
            worth = worth.checked_add(self.worth(fill.size, fill.price)?)?;
        }
        match self.contract {
            Contract::Linear => worth.checked_div(size),
            Contract::Inverse => size.checked_div(-worth),
        }
    }
}

impl Booked {
    fn signed(&self) -> Decimal {
        if self.side == Side::Buy { self.size } else { -self.size }
    }
}

impl Result {
    /// All currencies in one.
    pub fn sum_in(
        &self,
        currency: &str,
        rates: &BTreeMap<String, Rate>,
        now_ms: i64,
        max_age_ms: i64,
    ) -> std::result::Result<Decimal, UnknownRate> {
        let worth = |other: &String, parts: &Parts| {
            let sum = parts.sum()?;
            if other == currency || sum.is_zero() {
                return Some(sum);
            }
            let rate = rates.get(other).filter(|rate| now_ms - rate.at_ms <= max_age_ms)?;
            sum.checked_mul(rate.worth)
        };
        self.parts.iter().try_fold(Decimal::ZERO, |total, (other, parts)| {
            let unknown = || UnknownRate(other.clone());
            total.checked_add(worth(other, parts).ok_or_else(unknown)?).ok_or_else(unknown)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::decimal;
    use proptest::prelude::*;

    fn fill(side: Side, size: &str, price: &str, fee: Option<(&str, &str)>) -> Booked {
        let fee = fee.map(|(amount, currency)| Fee { amount: decimal(amount), currency: currency.to_string() });
        Booked { side, size: decimal(size), price: decimal(price), fee }
    }

    fn funding(amount: &str, time_ms: i64) -> Payment {
        Payment { kind: PaymentKind::Funding, amount: decimal(amount), currency: "USDT".to_string(), time_ms }
    }

    #[test]
    fn a_linear_round_trip_is_the_sum_of_its_cash() {
        let mut ledger = Ledger::new(Contract::Linear, "USDT");
        ledger.fill("1", fill(Side::Buy, "0.5", "100", Some(("0.02", "USDT"))));
        let open = ledger.result(decimal("104")).unwrap();
        assert_eq!((open.position, open.parts["USDT"].trading), (decimal("0.5"), decimal("2")));
        ledger.fill("2", fill(Side::Sell, "0.5", "105", Some(("0.01", "BNB"))));
        ledger.payment("f1", funding("-0.1", 5));
        let result = ledger.result(decimal("1")).unwrap();
        assert_eq!(result.position, Decimal::ZERO);
        assert_eq!(result.parts["USDT"].sum(), Some(decimal("2.38")));
        let rates = BTreeMap::from([("BNB".to_string(), Rate { worth: decimal("600"), at_ms: 0 })]);
        assert_eq!(result.sum_in("USDT", &rates, 10, 10), Ok(decimal("-3.62")));
        assert_eq!(result.sum_in("USDT", &rates, 11, 10), Err(UnknownRate("BNB".to_string())), "too old");
    }

    #[test]
    fn an_inverse_round_trip_gains_coins_and_its_average_is_harmonic() {
        let mut ledger = Ledger::new(Contract::Inverse, "BTC");
        ledger.fill("1", fill(Side::Buy, "100", "20000", None));
        ledger.fill("2", fill(Side::Buy, "100", "25000", None));
        assert_eq!(ledger.average_entry().unwrap().round_dp(6), decimal("22222.222222"));
        let open = ledger.result(decimal("25000")).unwrap();
        assert_eq!(open.parts["BTC"].trading, decimal("0.001"), "0.005 + 0.004 - 0.008");
        ledger.fill("3", fill(Side::Sell, "200", "25000", None));
        assert_eq!(ledger.result(decimal("1")).unwrap().parts["BTC"].trading, decimal("0.001"));
        assert_eq!(ledger.result(Decimal::ZERO).map(|result| result.position), Some(Decimal::ZERO));
    }

    #[test]
    fn a_row_counts_once_however_often_it_is_told() {
        let mut ledger = Ledger::new(Contract::Linear, "USDT");
        let early = fill(Side::Sell, "1", "100", None);
        assert_eq!(ledger.fill("1", early.clone()), Booking::New);
        assert_eq!(ledger.result(decimal("100")).unwrap().pending_fees, 1);
        let whole = fill(Side::Sell, "1", "100", Some(("0.04", "USDT")));
        assert_eq!(ledger.fill("1", whole.clone()), Booking::Completed);
        assert_eq!((ledger.fill("1", whole), ledger.fill("1", early)), (Booking::Known, Booking::Known));
        assert_eq!(ledger.fill("1", fill(Side::Sell, "2", "100", None)), Booking::Contradicted);
        assert_eq!(ledger.fill("1", fill(Side::Sell, "1", "100", Some(("0.05", "USDT")))), Booking::Contradicted);
        assert_eq!((ledger.position(), ledger.average_entry()), (Some(decimal("-1")), Some(decimal("100"))));
        assert_eq!(
            (ledger.payment("f", funding("1", 5)), ledger.payment("f", funding("1", 5))),
            (Booking::New, Booking::Known)
        );
        assert_eq!(ledger.payment("f", funding("2", 5)), Booking::Contradicted);
    }

    #[test]
    fn a_number_without_room_is_none_and_no_panic() {
        let mut ledger = Ledger::new(Contract::Linear, "USDT");
        let most = Decimal::MAX.to_string();
        ledger.fill("1", fill(Side::Buy, &most, "2", None));
        assert_eq!(ledger.result(decimal("1")), None);
        ledger.fill("2", fill(Side::Buy, &most, "1", None));
        assert_eq!((ledger.position(), ledger.average_entry()), (None, None));
    }

    #[test]
    fn funding_that_is_not_told_is_pending_and_not_zero() {
        let mut ledger = Ledger::new(Contract::Linear, "USDT");
        ledger.expect_funding(8);
        ledger.expect_funding(16);
        assert_eq!(ledger.result(decimal("1")).unwrap().pending_fundings, 2);
        ledger.payment("f", funding("-0.5", 8));
        ledger.expect_funding(8);
        assert_eq!(ledger.result(decimal("1")).unwrap().pending_fundings, 1);
    }

    proptest! {
        #[test]
        fn a_closed_position_is_worth_its_cash_at_any_mark_and_in_any_order(
            fills in proptest::collection::vec((1_i64..1000, 1_i64..100_000), 1..12),
            mark in 1_i64..100_000,
        ) {
            let (mut forth, mut back) = (Ledger::new(Contract::Linear, "USDT"), Ledger::new(Contract::Linear, "USDT"));
            let mut cash = Decimal::ZERO;
            let mut rows = Vec::new();
            for (index, (size, price)) in fills.iter().enumerate() {
                let (size, price) = (Decimal::new(*size, 3), Decimal::new(*price, 2));
                cash -= size * price;
                rows.push((format!("b{index}"), Booked { side: Side::Buy, size, price, fee: None }));
                cash += size * Decimal::ONE_HUNDRED;
                rows.push((format!("s{index}"), Booked { side: Side::Sell, size, price: Decimal::ONE_HUNDRED, fee: None }));
            }
            rows.iter().for_each(|(id, row)| { forth.fill(id, row.clone()); });
            rows.iter().rev().chain(&rows).for_each(|(id, row)| { back.fill(id, row.clone()); });
            let result = forth.result(Decimal::new(mark, 2)).unwrap();
            prop_assert_eq!(result.parts["USDT"].trading, cash);
            prop_assert_eq!(Some(result), back.result(Decimal::ONE));
        }
    }
}
