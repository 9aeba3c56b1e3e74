//! What a leg quotes and what an ordered pair of legs comes to: numbers that all deciders share.

use crossbook_market::{BookState, Quote};

use super::costs::Costs;
use super::rates::Conversion;
use crate::sources::NOBODY;

/// A leg's quote per coin of the asset; a price is zero where its side is empty or the book is not live.
#[derive(Clone, Copy, Debug)]
pub(super) struct Top {
    pub bid: f64,
    pub bid_size: f64,
    pub ask: f64,
    pub ask_size: f64,
    pub receive_ns: i64,
    /// Who told it; `NOBODY` when there is none, or when who told it has given the leg away. See `Sources`.
    pub source: u32,
    pub state: BookState,
}

impl Top {
    pub(super) const NONE: Self = Self {
        bid: 0.0,
        bid_size: 0.0,
        ask: 0.0,
        ask_size: 0.0,
        receive_ns: 0,
        source: NOBODY,
        state: BookState::Closed,
    };

    pub(super) fn of(quote: &Quote, source: u32, asset_scale: f64) -> Self {
        let (receive_ns, state) = (quote.receive_ns, quote.state);
        if state != BookState::Live {
            return Self { receive_ns, source, state, ..Self::NONE };
        }
        Self {
            bid: quote.bid / asset_scale,
            bid_size: quote.bid_size * asset_scale,
            ask: quote.ask / asset_scale,
            ask_size: quote.ask_size * asset_scale,
            receive_ns,
            source,
            state,
        }
    }

    pub(super) fn is_two_sided(&self) -> bool {
        self.bid > 0.0 && self.ask > 0.0
    }

    pub(super) fn mid(&self) -> f64 {
        (self.bid + self.ask) / 2.0
    }

    /// The mid that may speak for the market; zero when a side is missing or the book is crossed.
    pub(super) fn honest_mid(&self) -> f64 {
        if self.is_two_sided() && self.bid < self.ask { self.mid() } else { 0.0 }
    }
}

/// Which leg of a pair is off against all other venues, and how far in percent of their median mid; negative when it is
/// cheap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dislocation {
    pub leg: usize,
    pub percent: f64,
}

/// The prices and sizes of one ordered pair, as they were computed.
#[derive(Clone, Copy, Debug)]
pub(super) struct PairNumbers {
    pub buy: Top,
    pub sell: Top,
    /// From the sell leg's quote currency to the buy leg's.
    pub conversion: Conversion,
    pub costs: Costs,
}

impl PairNumbers {
    pub(super) fn executable_size(&self) -> f64 {
        self.buy.ask_size.min(self.sell.bid_size)
    }

    /// In the buy leg's quote currency.
    pub(super) fn executable_notional(&self) -> f64 {
        self.executable_size() * self.buy.ask
    }

    /// Of the lower mid, in one currency; infinite when a scale has blown one up.
    pub(super) fn mid_difference_percent(&self) -> f64 {
        let (buy_mid, sell_mid) = (self.buy.mid(), self.sell.mid() * self.conversion.rate);
        let difference = (buy_mid - sell_mid).abs() / buy_mid.min(sell_mid) * 100.0;
        if difference.is_nan() { f64::INFINITY } else { difference }
    }

    pub(super) fn has_mids_apart(&self, max_difference_percent: f64) -> bool {
        self.mid_difference_percent() > max_difference_percent
    }

    /// Whether there is a price to buy at and one to sell at.
    pub(super) fn has_prices(&self) -> bool {
        self.buy.ask > 0.0 && self.sell.bid > 0.0
    }
}

/// None of none; of an even number the mean of the middle two.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values.get(middle).copied()
    } else {
        Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0)
    }
}
