//! One ordered pair of legs as it stands at a moment: what everything that judges or shows a pair is given.

use super::asset::{AssetBook, Leg};
use super::numbers::PairNumbers;
use super::rules::Rules;

#[derive(Clone, Copy)]
pub(super) struct Pair<'a> {
    pub rules: &'a Rules,
    pub book: &'a AssetBook,
    /// Number of the leg to buy on, and of the one to sell on.
    pub buy: usize,
    pub sell: usize,
    pub numbers: PairNumbers,
    pub now_ns: i64,
}

impl<'a> Pair<'a> {
    pub(super) fn of(rules: &'a Rules, book: &'a AssetBook, buy: usize, sell: usize, now_ns: i64) -> Self {
        Self { rules, book, buy, sell, numbers: book.numbers(&rules.rates, buy, sell), now_ns }
    }

    pub(super) fn buy_leg(&self) -> &'a Leg {
        &self.book.legs[self.buy]
    }

    pub(super) fn sell_leg(&self) -> &'a Leg {
        &self.book.legs[self.sell]
    }

    /// Whether one venue shows the other's books, or both show a third one's.
    pub(super) fn is_relayed(&self) -> bool {
        self.buy_leg().origin == self.sell_leg().origin
    }

    /// Whether it has prices and nets at least so much.
    pub(super) fn nets(&self, net_percent: f64) -> bool {
        self.numbers.has_prices() && self.numbers.costs.net_percent >= net_percent
    }

    /// Receive time of the newer of its quotes.
    pub(super) fn newest_ns(&self) -> i64 {
        self.numbers.buy.receive_ns.max(self.numbers.sell.receive_ns)
    }
}
