//! Both books walked together, best first: what any size costs to buy and brings when it is sold.

use super::wide::Wide;

/// What a size comes to: money paid in the buy leg's quote currency, money got in the sell leg's, before fees.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trade {
    pub attos: i128,
    pub paid: Wide,
    pub got: Wide,
}

/// A stretch in which every coin is bought at one price and sold at one.
#[derive(Clone, Copy, Debug)]
struct Step {
    end: Trade,
    ask: Wide,
    bid: Wide,
}

/// What turns a trade into profit: fees of both fills of each leg, and the sell leg's currency in the buy leg's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    buy_factor: Wide,
    sell_factor: Wide,
}

impl Terms {
    pub fn new(buy_fee_percent: f64, sell_fee_percent: f64, rate: f64) -> Self {
        let fills = |fee_percent: f64| Wide::of(fee_percent) / Wide::from(50.0);
        let one = Wide::from(1.0);
        Self { buy_factor: one + fills(buy_fee_percent), sell_factor: (one - fills(sell_fee_percent)) * Wide::of(rate) }
    }

    /// In the buy leg's quote currency.
    pub fn profit(&self, paid: Wide, got: Wide) -> Wide {
        got * self.sell_factor - paid * self.buy_factor
    }

    /// Of the money paid.
    pub fn net_percent(&self, paid: Wide, got: Wide) -> Wide {
        self.profit(paid, got) / paid * Wide::from(100.0)
    }

    /// The same terms of somebody who wants at least so much: a profit of zero is then an edge of that.
    pub fn asking(&self, net_percent: f64) -> Self {
        Self { buy_factor: self.buy_factor + Wide::of(net_percent) / Wide::from(100.0), ..*self }
    }
}

/// Levels of both sides as (price, atto-coins), best first.
pub(super) struct Curve {
    steps: Vec<Step>,
}

impl Curve {
    pub fn new(asks: &[(f64, i128)], bids: &[(f64, i128)]) -> Self {
        let mut steps = Vec::with_capacity(asks.len() + bids.len());
        let (mut asks, mut bids) = (levels(asks), levels(bids));
        let (mut ask, mut bid) = (asks.next(), bids.next());
        let mut end = Trade::default();
        while let (Some((ask_price, ask_left)), Some((bid_price, bid_left))) = (ask, bid) {
            let attos = ask_left.min(bid_left);
            end = end.further(attos, ask_price, bid_price);
            steps.push(Step { end, ask: ask_price, bid: bid_price });
            let rest = |price, left: i128| Some((price, left - attos)).filter(|(_, left)| *left > 0);
            ask = rest(ask_price, ask_left).or_else(|| asks.next());
            bid = rest(bid_price, bid_left).or_else(|| bids.next());
        }
        Self { steps }
    }

    /// All that both books are known to hold.
    pub fn whole(&self) -> Trade {
        self.steps.last().map(|step| step.end).unwrap_or_default()
    }

    /// The best prices; None where a side is empty.
    pub fn top(&self) -> Option<(Wide, Wide)> {
        self.steps.first().map(|step| (step.ask, step.bid))
    }

    /// A size that the books hold.
    pub fn trade(&self, attos: i128) -> Trade {
        let index = self.steps.partition_point(|step| step.end.attos < attos);
        let before = index.checked_sub(1).map(|index| self.steps[index].end).unwrap_or_default();
        match self.steps.get(index) {
            Some(step) => before.further(attos - before.attos, step.ask, step.bid),
            None => before,
        }
    }

    /// The size at which profit is largest, whatever the lots.
    pub fn most_profitable(&self, terms: &Terms) -> i128 {
        let pays = |step: &&Step| terms.profit(step.ask, step.bid).is_positive(step.ask);
        self.steps.iter().take_while(pays).last().map_or(0, |step| step.end.attos)
    }

    /// The largest whole number of lots, of those up to `limit` that the books hold, that `holds`; it holds for all sizes up to one and for none beyond.
    /// `beyond` is where it ends within a step: how far behind the step's beginning, in coins.
    pub fn largest(
        &self,
        lot: i128,
        limit: i128,
        holds: impl Fn(&Trade) -> bool,
        beyond: impl Fn(&Trade, Wide, Wide) -> Wide,
    ) -> i128 {
        let limit = limit.min(self.whole().attos);
        let index = self.steps.partition_point(|step| holds(&step.end));
        let before = index.checked_sub(1).map(|index| self.steps[index].end).unwrap_or_default();
        let end = match self.steps.get(index) {
            Some(step) => {
                let behind = (beyond(&before, step.ask, step.bid) * Wide::from(1e18)).floor().max(0);
                before.attos.saturating_add(behind).min(step.end.attos)
            }
            None => before.attos,
        };
        self.settle(end.min(limit) / lot, lot, limit, holds)
    }

    /// Rounding may have cost or given a lot, where the end is at one.
    fn settle(&self, mut lots: i128, lot: i128, limit: i128, holds: impl Fn(&Trade) -> bool) -> i128 {
        if (lots + 1) * lot <= limit && holds(&self.trade((lots + 1) * lot)) {
            lots += 1;
        }
        if lots > 0 && !holds(&self.trade(lots * lot)) {
            lots -= 1;
        }
        lots * lot
    }
}

impl Trade {
    fn further(self, attos: i128, ask: Wide, bid: Wide) -> Self {
        let size = Wide::size(attos);
        Self { attos: self.attos + attos, paid: self.paid + ask * size, got: self.got + bid * size }
    }
}

fn levels(levels: &[(f64, i128)]) -> impl Iterator<Item = (Wide, i128)> {
    levels.iter().filter(|(_, attos)| *attos > 0).map(|&(price, attos)| (Wide::of(price), attos))
}
