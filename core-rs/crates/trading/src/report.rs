//! Orders, fills, positions, balances and funding as venues tell them, in one form for all. Sizes are in the venue's own unit, as they are in orders; what was paid
//! is positive in a fee, and what was received is positive in funding, whatever sign the venue writes.

use crate::exact::Decimal;
use crate::order::Side;
use crate::word::Word;

/// An order as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderReport {
    pub native_symbol: String,
    /// Empty where the venue gave the order itself, or does not tell.
    pub client_id: String,
    pub venue_order_id: String,
    pub side: Option<Side>,
    pub state: OrderState,
    /// As ordered; None where it is not told.
    pub size: Option<Decimal>,
    pub price: Option<Decimal>,
    /// So far, in all; it never falls.
    pub filled: Decimal,
    /// Of what is filled; None where it is not told, or nothing is.
    pub average_price: Option<Decimal>,
    /// Of all fills so far, where it is told.
    pub fee: Option<Fee>,
    pub origin: Origin,
    /// Why it was cancelled or refused, in the venue's words; empty where it was not.
    pub reason: String,
    /// Milliseconds since 1970 by the venue's clock; 0 where it is not told.
    pub time_ms: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum OrderState {
    /// It may still fill.
    Open,
    /// Done, all of it.
    Filled,
    /// Done; what was not filled is cancelled or expired.
    Cancelled,
    /// Never stood. A venue may still say so of an order of which a part is filled.
    Refused,
    /// A word that is not known: the order counts as in doubt.
    Unknown(String),
}

impl OrderState {
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Refused)
    }
}

/// Whose doing an order or a fill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Trade,
    Liquidation,
    /// The venue closed a profitable position to cover another's loss.
    Deleveraging,
    /// The contract ended.
    Settlement,
    /// The venue turned a rest into money.
    Conversion,
}

/// Positive where it is paid, negative where it is earned.
#[derive(Clone, Debug, PartialEq)]
pub struct Fee {
    pub amount: Decimal,
    pub currency: String,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Fill {
    /// Unique at the venue. A trade's own number is not: it counts within a symbol, and both sides of it may be ours.
    pub fill_id: String,
    pub native_symbol: String,
    /// Empty where it is not told.
    pub client_id: String,
    pub venue_order_id: String,
    pub side: Option<Side>,
    pub price: Decimal,
    pub size: Decimal,
    /// None where the venue tells it later.
    pub fee: Option<Fee>,
    pub is_maker: Option<bool>,
    pub origin: Origin,
    pub time_ms: i64,
}

impl Fill {
    /// Of a venue whose trades are numbered within a symbol.
    pub(crate) fn id(symbol: &Word, order: &Word, trade: &Word) -> String {
        format!("{}/{}/{}", symbol.text(), order.text(), trade.text())
    }
}

impl Fee {
    /// None where no currency is told: then nothing was paid.
    pub(crate) fn paid(amount: Option<Decimal>, currency: &Word) -> Option<Self> {
        let amount = amount.filter(|_| !currency.is_empty())?;
        Some(Self { amount, currency: currency.owned() })
    }
}

/// Of one symbol, or of one side of it on an account in hedge mode.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub native_symbol: String,
    /// Negative where it is short.
    pub size: Decimal,
    /// Whether the account keeps long and short positions of a symbol apart.
    pub is_hedge_mode: bool,
    /// None where there is no position, or it is not told.
    pub entry_price: Option<Decimal>,
    pub liquidation_price: Option<Decimal>,
    pub time_ms: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    pub currency: String,
    /// Without what open positions have gained or lost.
    pub wallet: Decimal,
    /// What new orders may use; None where it is not told.
    pub available: Option<Decimal>,
    pub time_ms: i64,
}

/// One payment of funding.
#[derive(Clone, Debug, PartialEq)]
pub struct Funding {
    /// Unique at the venue; empty where it is told by a push that the ledger repeats.
    pub funding_id: String,
    /// Empty where it is not told.
    pub native_symbol: String,
    /// Positive where it was received.
    pub amount: Decimal,
    pub currency: String,
    pub time_ms: i64,
}
