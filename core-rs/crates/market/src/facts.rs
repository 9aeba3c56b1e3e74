//! What a venue tells of an instrument besides its quotes: each value with its source, its times and its state, or why it is not
//! known. The numbers are those of `FactKind` and `FactState` in facts.proto.

use crate::contract::ContractWorth;
use crate::instrument::Instrument;

macro_rules! kinds {
    ($($(#[$doc:meta])* $number:literal $name:ident: $limits:expr,)*) => {
        /// Which fact. Every kind has one unit, whichever venue tells it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum FactKind {
            $($(#[$doc])* $name = $number,)*
        }

        impl FactKind {
            pub const ALL: [Self; [$($number),*].len()] = [$(Self::$name),*];

            /// The least and the most that a value can be: what lies outside was misread or mistold.
            fn limits(self) -> (f64, f64) {
                match self {
                    $(Self::$name => $limits,)*
                }
            }
        }
    };
}

const POSITIVE: (f64, f64) = (f64::MIN_POSITIVE, 1e18);
const NOT_NEGATIVE: (f64, f64) = (0.0, 1e18);
const RATE: (f64, f64) = (-100.0, 100.0);
/// Years 2000 to 2100, in seconds.
const TIMES: (f64, f64) = (946_684_800.0, 4_102_444_800.0);
const WEEK_SECONDS: f64 = 7.0 * 86_400.0;

kinds! {
    /// Of the next payment, percent of the notional; positive: longs pay.
    1 FundingRate: RATE,
    /// Of the payment after it, as far as the venue says, percent.
    2 PredictedFundingRate: RATE,
    /// What a rate is for, and where funding is paid at moments the time between two: seconds.
    3 FundingInterval: (1.0, WEEK_SECONDS),
    /// Seconds since the epoch.
    4 NextFundingTime: TIMES,
    /// The number of a `FundingAccrual`.
    5 FundingAccrual: (1.0, 2.0),
    /// Quote currency per base unit.
    6 MarkPrice: POSITIVE,
    /// Quote currency per base unit.
    7 IndexPrice: POSITIVE,
    /// Base units.
    8 OpenInterest: NOT_NEGATIVE,
    /// Of 24 hours, in quote currency.
    9 Volume24h: NOT_NEGATIVE,
    /// The number of a `TradingStatus`.
    10 TradingStatus: (1.0, 7.0),
    /// Smallest step of a size; in the units of the contract's worth.
    11 LotSize: POSITIVE,
    /// Smallest size of an order, same units.
    12 MinSize: POSITIVE,
    /// Largest size of a limit order, same units.
    13 MaxSize: POSITIVE,
    /// Smallest worth of an order, quote currency.
    14 MinNotional: POSITIVE,
    /// Lowest price of an order that is taken.
    15 MinPrice: POSITIVE,
    /// Highest price of an order that is taken.
    16 MaxPrice: POSITIVE,
    /// Worth of one contract: base units, or quote units where it settles in its own base.
    17 ContractSize: POSITIVE,
    /// Smallest step of a price.
    18 TickSize: POSITIVE,
}

impl FactKind {
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u32 == number)
    }

    /// Why a number cannot be a value of this kind.
    pub fn refusal(self, number: f64) -> Option<String> {
        let (least, most) = self.limits();
        if number.is_nan() {
            Some("not a number".to_string())
        } else if number < least || number > most {
            Some(format!("{number} is not within {least} to {most}"))
        } else {
            None
        }
    }

    /// Whether what an order may be hangs on it, and an answer that stays away for days says nothing about it.
    pub fn is_lasting(self) -> bool {
        use FactKind::*;
        matches!(self, FundingAccrual | LotSize | MinSize | MaxSize | MinNotional | ContractSize | TickSize)
    }
}

/// How funding is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum FundingAccrual {
    /// At moments: who holds nothing then pays nothing.
    AtMoments = 1,
    /// Every instant, so that a rate is that of its interval's time.
    Continuous = 2,
}

/// Whether a market trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TradingStatus {
    Trading = 1,
    /// Orders are taken that make nothing.
    PostOnly = 2,
    /// Positions can only be made smaller.
    ReduceOnly = 3,
    Halted = 4,
    /// It trades, and its end is set.
    Delisting = 5,
    PreLaunch = 6,
    Closed = 7,
}

/// How far a value can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FactState {
    Known = 1,
    /// Known once, and not told again for its limit.
    Stale = 2,
    /// The venue does not say it, or has not yet.
    Unknown = 3,
    /// The venue said something that cannot be it.
    Refused = 4,
}

impl TradingStatus {
    pub fn from_number(number: u32) -> Option<Self> {
        use TradingStatus::*;
        let all = [Trading, PostOnly, ReduceOnly, Halted, Delisting, PreLaunch, Closed];
        all.into_iter().find(|status| *status as u32 == number)
    }
}

impl FactState {
    pub fn from_number(number: u32) -> Option<Self> {
        use FactState::*;
        [Known, Stale, Unknown, Refused].into_iter().find(|state| *state as u32 == number)
    }
}

/// The reason of a fact of which the venue says that there is no such limit.
pub const NO_LIMIT: &str = "no limit";

/// One fact of one instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct InstrumentFact {
    pub kind: FactKind,
    /// None unless it is known or stale.
    pub value: Option<f64>,
    pub state: FactState,
    /// What told it, in the venue's words.
    pub source: &'static str,
    /// The venue's own time of it; zero when it does not say.
    pub exchange_ns: i64,
    pub receive_ns: i64,
    /// Why there is no value; empty when there is one.
    pub reason: String,
}

/// In which terms a venue tells a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Terms {
    /// Those of the kind.
    Plain,
    /// Contracts, where the kind is in their worth's units: what they are worth.
    Contracts,
    /// Contracts, where the kind is in base units; the price is that at which an inverse one is converted.
    ContractsAt(f64),
    /// Contracts, where the kind is in quote currency; the price is that at which a linear one is converted.
    ContractsAsMoneyAt(f64),
}

/// The product of two decimals, as the decimal that it is: 0.1 times 0.1 is 0.01, though not in binary.
pub fn decimal_product(one: f64, other: f64) -> f64 {
    let product = one * other;
    // Fifteen digits survive in any float; a step or a limit of a venue has fewer.
    format!("{product:.14e}").parse().unwrap_or(product)
}

impl Terms {
    /// The number in the terms of its kind.
    pub fn convert(self, number: f64, instrument: &Instrument) -> f64 {
        let worth = ContractWorth::of(instrument);
        match (self, worth) {
            (Self::Plain, _) => number,
            (Self::Contracts, _) => decimal_product(number, instrument.contract_size),
            (Self::ContractsAt(_), ContractWorth::BaseUnits(worth)) => number * worth,
            (Self::ContractsAt(price), ContractWorth::QuoteUnits(worth)) => number * worth / price,
            (Self::ContractsAsMoneyAt(price), ContractWorth::BaseUnits(worth)) => number * worth * price,
            (Self::ContractsAsMoneyAt(_), ContractWorth::QuoteUnits(worth)) => number * worth,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_states_are_found_by_their_numbers_and_no_others() {
        for kind in FactKind::ALL {
            assert_eq!(FactKind::from_number(kind as u32), Some(kind));
        }
        assert_eq!((FactKind::from_number(0), FactKind::from_number(19)), (None, None));
        assert_eq!(FactState::from_number(4), Some(FactState::Refused));
        assert_eq!((FactState::from_number(0), FactState::from_number(5)), (None, None));
    }

    #[test]
    fn a_step_of_contracts_is_the_decimal_that_it_means() {
        assert_ne!(0.1 * 0.1, 0.01);
        let tenth = Instrument { contract_size: 0.1, ..Instrument::default() };
        assert_eq!(Terms::Contracts.convert(0.1, &tenth), 0.01);
        assert_eq!(decimal_product(0.1 * 0.1, 1.0), 0.01);
        assert_eq!((decimal_product(1e-8, 1e-3), decimal_product(123_456.789, 1_000.0)), (1e-11, 123_456_789.0));
    }

    #[test]
    fn numbers_that_a_kind_cannot_have_are_refused_with_the_reason() {
        for (kind, number, is_good) in [
            (FactKind::FundingRate, -0.01, true),
            (FactKind::FundingRate, 101.0, false),
            (FactKind::MarkPrice, 0.0, false),
            (FactKind::MarkPrice, f64::NAN, false),
            (FactKind::MarkPrice, f64::INFINITY, false),
            (FactKind::OpenInterest, 0.0, true),
            (FactKind::Volume24h, -1.0, false),
            (FactKind::FundingInterval, 28_800.0, true),
            (FactKind::FundingInterval, 0.0, false),
            (FactKind::NextFundingTime, 1_700_000_000_000.0, false), // milliseconds
            (FactKind::NextFundingTime, 1_700_000_000.0, true),
            (FactKind::TradingStatus, 8.0, false),
        ] {
            assert_eq!(kind.refusal(number).is_none(), is_good, "{kind:?} {number}");
        }
    }

    #[test]
    fn contracts_become_coins_or_money_by_what_one_is_worth() {
        let linear = Instrument {
            symbol: "BTC/USDT:USDT".into(),
            quote_currency: "USDT".into(),
            settle_currency: "USDT".into(),
            contract_size: 0.01,
            ..Instrument::default()
        };
        let inverse = Instrument {
            symbol: "BTC/USD:BTC".into(),
            quote_currency: "USD".into(),
            settle_currency: "BTC".into(),
            contract_size: 10.0,
            ..Instrument::default()
        };
        for (terms, coins, money) in [
            (Terms::Plain, 200.0, 200.0),
            (Terms::Contracts, 2.0, 2_000.0),
            (Terms::ContractsAt(50_000.0), 2.0, 0.04),
            (Terms::ContractsAsMoneyAt(50_000.0), 100_000.0, 2_000.0),
        ] {
            assert_eq!((terms.convert(200.0, &linear), terms.convert(200.0, &inverse)), (coins, money), "{terms:?}");
        }
    }
}
