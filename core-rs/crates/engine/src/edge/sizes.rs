//! What a pair of books pays at which size, and which sizes can be traded.

use crossbook_market::Level;

use super::curve::{Curve, Terms, Trade};
use super::exact::{Lot, attos};
use super::wide::Wide;

/// One leg: what may be traded on, and what its venue asks of an order. Prices are quote currency per coin, sizes coins.
#[derive(Clone, Copy, Debug)]
pub struct LegBook<'a> {
    /// The side that is traded on, best first: all that it is known to hold.
    pub levels: &'a [Level],
    /// Taker fee in percent of notional, for one fill.
    pub fee_percent: f64,
    /// None where it is not known.
    pub lot: Option<Lot>,
    /// In the leg's own quote currency; None where it is not known.
    pub min_notional: Option<f64>,
    /// None where it is not known.
    pub min_size: Option<f64>,
    /// None where it is not known.
    pub max_size: Option<f64>,
    /// The worst price that an order is taken at; None where it is not known.
    pub price_limit: Option<f64>,
}

/// What is asked about a pair of legs.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// What one unit of the sell leg's quote currency is in the buy leg's.
    pub rate: f64,
    /// Least net edge of the largest size, in percent of the money paid.
    pub net_percent: f64,
    /// Money to buy for, in the buy leg's quote currency.
    pub notionals: &'a [f64],
}

/// A whole number of the common lot, and what it comes to; all zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SizedEdge {
    /// In coins.
    pub size: f64,
    /// Paid to buy it, before fees, in the buy leg's quote currency.
    pub buy_notional: f64,
    /// Got for it, before fees, in the sell leg's quote currency.
    pub sell_notional: f64,
    /// In percent of the money paid.
    pub net_percent: f64,
    /// After the fees of opening and closing, in the buy leg's quote currency.
    pub profit: f64,
    /// Why no order of this size can be sent.
    pub refusal: Option<SizeRefusal>,
}

/// Why a size cannot be traded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeRefusal {
    /// The best prices themselves pay less than was asked.
    BelowThreshold,
    /// Less than a lot of both legs.
    BelowLot,
    /// Less than the smallest order of a leg's venue.
    BelowMinSize,
    /// Less money than a leg's venue takes an order for.
    BelowMinNotional,
    /// More than a leg's venue takes in an order.
    AboveMaxSize,
    /// More than the books are known to hold.
    BeyondDepth,
    /// More than can be had at prices that a leg's venue takes orders at.
    BeyondPriceLimit,
}

/// A pair of books, sized.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Of the best prices, whatever their sizes.
    pub top_net_percent: f64,
    /// In coins; None where neither leg's lot is known.
    pub common_lot: Option<f64>,
    /// The largest size whose net edge is at least what was asked.
    pub largest: SizedEdge,
    /// The size of the highest profit.
    pub best: SizedEdge,
    /// As many as notionals were asked about, in their order.
    pub at_notionals: Vec<SizedEdge>,
    /// Whether `largest` is all that the books are known to hold: there may be more.
    pub is_limited_by_depth: bool,
}

/// Why a pair has no sizes at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoEdge {
    /// A side holds nothing.
    EmptySide,
    /// No size is a whole number of lots on both legs.
    NoCommonLot,
    /// A leg's best price is one that its venue takes no orders at.
    BeyondPriceLimit,
}

/// Whether prices of the side that is traded on rise or fall from level to level.
#[derive(Clone, Copy)]
enum Side {
    Asks,
    Bids,
}

/// Buys on one leg and sells on the other.
pub fn edge(buy: &LegBook<'_>, sell: &LegBook<'_>, asked: &Asked<'_>) -> Result<Edge, NoEdge> {
    let lot = match (buy.lot, sell.lot) {
        (Some(buy), Some(sell)) => buy.common(sell).ok_or(NoEdge::NoCommonLot)?,
        (one, other) => one.or(other).unwrap_or(Lot::NONE),
    };
    let (asks, bids) = (buy.within(Side::Asks), sell.within(Side::Bids));
    if [(buy, asks), (sell, bids)].iter().any(|(leg, within)| within.is_empty() && !leg.levels.is_empty()) {
        return Err(NoEdge::BeyondPriceLimit);
    }
    let (asks, bids) = (buy.sized(asks), sell.sized(bids));
    let is_cut = is_cut([(buy, &asks), (sell, &bids)]);
    let curve = Curve::new(&asks, &bids);
    let terms = Terms::new(buy.fee_percent, sell.fee_percent, asked.rate);
    let (ask, bid) = curve.top().ok_or(NoEdge::EmptySide)?;
    let pair = Sizing { buy, sell, lot: lot.attos(), limit: buy.limit().min(sell.limit()), is_cut, curve, terms };
    Ok(Edge {
        top_net_percent: terms.net_percent(ask, bid).rounded(),
        common_lot: (buy.lot.is_some() || sell.lot.is_some()).then(|| Wide::size(lot.attos()).rounded()),
        largest: pair.largest(asked.net_percent),
        best: pair.best(),
        at_notionals: asked.notionals.iter().map(|notional| pair.at_notional(*notional)).collect(),
        is_limited_by_depth: pair.holds_throughout(asked.net_percent),
    })
}

/// Whether both books together end where a price limit cuts one of them.
fn is_cut(legs: [(&LegBook<'_>, &Vec<(f64, i128)>); 2]) -> bool {
    let ends =
        legs.map(|(leg, sized)| (sized.iter().map(|(_, attos)| attos).sum::<i128>(), sized.len() < leg.levels.len()));
    let whole = ends[0].0.min(ends[1].0);
    ends.iter().any(|(end, is_cut)| *is_cut && *end == whole)
}

impl<'a> LegBook<'a> {
    /// The levels at prices that orders are taken at.
    fn within(&self, side: Side) -> &'a [Level] {
        let is_within = |level: &Level, limit: f64| match side {
            Side::Asks => level.price <= limit,
            Side::Bids => level.price >= limit,
        };
        let count = |limit| self.levels.partition_point(|level| is_within(level, limit));
        &self.levels[..self.price_limit.map_or(self.levels.len(), count)]
    }

    /// Sizes as atto-coins, whole lots where they mean to be.
    fn sized(&self, levels: &[Level]) -> Vec<(f64, i128)> {
        let lot = self.lot.unwrap_or(Lot::NONE);
        let size = |size: f64| if self.lot.is_some() { lot.size(size) } else { attos(size) };
        levels.iter().map(|level| (level.price, size(level.size))).collect()
    }

    fn limit(&self) -> i128 {
        self.max_size.map_or(i128::MAX, attos)
    }

    fn least(&self) -> i128 {
        self.min_size.map_or(0, attos)
    }

    fn is_below_min_notional(&self, notional: Wide) -> bool {
        self.min_notional.is_some_and(|least| !(notional - Wide::of(least)).is_not_negative(notional))
    }
}

/// Both books as one curve, and what bounds its sizes.
struct Sizing<'a> {
    buy: &'a LegBook<'a>,
    sell: &'a LegBook<'a>,
    lot: i128,
    /// The smaller of the largest orders.
    limit: i128,
    /// Whether the curve ends at a price limit, and not with what is known.
    is_cut: bool,
    curve: Curve,
    terms: Terms,
}

impl Sizing<'_> {
    fn largest(&self, net_percent: f64) -> SizedEdge {
        let terms = self.terms.asking(net_percent);
        let holds = |trade: &Trade| terms.profit(trade.paid, trade.got).is_not_negative(trade.paid);
        if self.curve.top().is_some_and(|(ask, bid)| !terms.profit(ask, bid).is_not_negative(ask)) {
            return SizedEdge { refusal: Some(SizeRefusal::BelowThreshold), ..SizedEdge::default() };
        }
        let beyond =
            |before: &Trade, ask: Wide, bid: Wide| terms.profit(before.paid, before.got) / -terms.profit(ask, bid);
        self.sized(self.curve.largest(self.lot, self.limit, holds, beyond))
    }

    /// Whether even all that is known, or all that may be ordered, pays so much.
    fn holds_throughout(&self, net_percent: f64) -> bool {
        let (whole, terms) = (self.curve.whole(), self.terms.asking(net_percent));
        !self.is_cut && whole.attos <= self.limit && terms.profit(whole.paid, whole.got).is_not_negative(whole.paid)
    }

    fn best(&self) -> SizedEdge {
        let attos = self.curve.most_profitable(&self.terms).min(self.limit);
        if attos == 0 {
            return SizedEdge { refusal: Some(SizeRefusal::BelowThreshold), ..SizedEdge::default() };
        }
        self.sized(attos - attos % self.lot)
    }

    fn at_notional(&self, notional: f64) -> SizedEdge {
        let (money, refused) =
            (Wide::of(notional), |refusal| SizedEdge { refusal: Some(refusal), ..SizedEdge::default() });
        let whole = self.curve.whole();
        if (money - whole.paid).is_positive(money) {
            return refused(if self.is_cut { SizeRefusal::BeyondPriceLimit } else { SizeRefusal::BeyondDepth });
        }
        let holds = |trade: &Trade| (money - trade.paid).is_not_negative(money);
        let beyond = |before: &Trade, ask: Wide, _: Wide| (money - before.paid) / ask;
        let size = self.curve.largest(self.lot, whole.attos, holds, beyond);
        if size > self.limit { refused(SizeRefusal::AboveMaxSize) } else { self.sized(size) }
    }

    /// A whole number of lots that the books hold.
    fn sized(&self, attos: i128) -> SizedEdge {
        if attos == 0 {
            return SizedEdge { refusal: Some(SizeRefusal::BelowLot), ..SizedEdge::default() };
        }
        let Trade { paid, got, .. } = self.curve.trade(attos);
        let is_too_small = attos < self.buy.least().max(self.sell.least());
        let is_too_little = self.buy.is_below_min_notional(paid) || self.sell.is_below_min_notional(got);
        SizedEdge {
            size: Wide::size(attos).rounded(),
            buy_notional: paid.rounded(),
            sell_notional: got.rounded(),
            net_percent: self.terms.net_percent(paid, got).rounded(),
            profit: self.terms.profit(paid, got).rounded(),
            refusal: is_too_small
                .then_some(SizeRefusal::BelowMinSize)
                .or_else(|| is_too_little.then_some(SizeRefusal::BelowMinNotional)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(pairs: &[(f64, f64)]) -> Vec<Level> {
        pairs.iter().map(|&(price, size)| Level { price, size }).collect()
    }

    fn leg(levels: &[Level], lot: f64) -> LegBook<'_> {
        LegBook {
            levels,
            fee_percent: 0.0,
            lot: Lot::of(&[lot]),
            min_notional: None,
            min_size: None,
            max_size: None,
            price_limit: None,
        }
    }

    fn asked(net_percent: f64, notionals: &[f64]) -> Asked<'_> {
        Asked { rate: 1.0, net_percent, notionals }
    }

    fn both(asks: &[(f64, f64)], bids: &[(f64, f64)], net_percent: f64) -> Edge {
        let (asks, bids) = (levels(asks), levels(bids));
        edge(&leg(&asks, 0.1), &leg(&bids, 0.1), &asked(net_percent, &[])).unwrap()
    }

    #[test]
    fn deeper_levels_count_for_as_long_as_they_pay() {
        let edge = both(&[(100.0, 1.0), (101.0, 2.0)], &[(102.0, 2.0), (99.0, 5.0)], 0.5);
        assert_eq!((edge.top_net_percent, edge.common_lot), (2.0, Some(0.1)));
        let best = edge.best;
        assert_eq!((best.size, best.buy_notional, best.sell_notional, best.profit), (2.0, 201.0, 204.0, 3.0));
        assert_eq!((edge.largest.size, edge.is_limited_by_depth), (2.7, false));
    }

    #[test]
    fn an_edge_that_is_exactly_the_threshold_pays() {
        let edge = both(&[(100.0, 1.0)], &[(100.1, 1.0)], 0.1);
        assert_eq!((edge.largest.size, edge.largest.net_percent, edge.is_limited_by_depth), (1.0, 0.1, true));
    }

    #[test]
    fn sizes_are_rounded_down_to_what_both_legs_can_trade() {
        let (asks, bids) = (levels(&[(100.0, 1.0)]), levels(&[(102.0, 0.95)]));
        let edge = edge(&leg(&asks, 0.2), &leg(&bids, 0.05), &asked(0.0, &[50.0])).unwrap();
        assert_eq!((edge.common_lot, edge.largest.size, edge.best.size), (Some(0.2), 0.8, 0.8));
        assert_eq!(edge.at_notionals[0].size, 0.4);
    }

    #[test]
    fn each_limit_has_its_refusal() {
        let (asks, bids) = (levels(&[(100.0, 1.0)]), levels(&[(102.0, 1.0)]));
        let of = |change: fn(&mut LegBook<'_>), notional: f64| {
            let mut buy = leg(&asks, 0.1);
            change(&mut buy);
            edge(&buy, &leg(&bids, 0.1), &asked(0.0, &[notional])).unwrap()
        };
        use SizeRefusal::*;
        assert_eq!(of(|_| {}, 100.0).at_notionals[0].refusal, None);
        assert_eq!(of(|_| {}, 101.0).at_notionals[0].refusal, Some(BeyondDepth));
        assert_eq!(of(|_| {}, 9.0).at_notionals[0].refusal, Some(BelowLot));
        assert_eq!(of(|leg| leg.max_size = Some(0.55), 60.0).at_notionals[0].refusal, Some(AboveMaxSize));
        assert_eq!(of(|leg| leg.min_notional = Some(50.0), 40.0).at_notionals[0].refusal, Some(BelowMinNotional));
        assert_eq!(of(|leg| leg.min_size = Some(0.5), 40.0).at_notionals[0].refusal, Some(BelowMinSize));
        assert_eq!(of(|leg| leg.min_size = Some(0.4), 40.0).at_notionals[0].refusal, None);
        assert_eq!(of(|leg| leg.lot = Lot::of(&[2.0]), 100.0).largest.refusal, Some(BelowLot));
        assert_eq!(of(|leg| leg.fee_percent = 2.0, 100.0).largest.refusal, Some(BelowThreshold));
        let capped = of(|leg| leg.max_size = Some(0.55), 40.0);
        assert_eq!((capped.largest.size, capped.best.size, capped.largest.refusal), (0.5, 0.5, None));
        assert!(!capped.is_limited_by_depth);
    }

    #[test]
    fn the_sell_leg_s_money_is_converted_and_its_least_notional_is_its_own() {
        let (asks, bids) = (levels(&[(100.0, 1.0)]), levels(&[(50.0, 1.0)]));
        let sell = LegBook { min_notional: Some(50.5), ..leg(&bids, 0.1) };
        let edge = edge(&leg(&asks, 0.1), &sell, &Asked { rate: 2.02, ..asked(0.0, &[]) }).unwrap();
        assert_eq!((edge.best.profit, edge.best.refusal), (1.0, Some(SizeRefusal::BelowMinNotional)));
    }

    #[test]
    fn what_lies_beyond_a_price_limit_is_not_traded_on() {
        let (asks, bids) = (levels(&[(100.0, 1.0), (101.0, 2.0)]), levels(&[(103.0, 2.0), (102.0, 9.0)]));
        let of = |ask: f64, bid: f64| {
            let buy = LegBook { price_limit: Some(ask), ..leg(&asks, 0.1) };
            edge(&buy, &LegBook { price_limit: Some(bid), ..leg(&bids, 0.1) }, &asked(0.0, &[110.0, 500.0]))
        };
        let sizes = |found: &Edge| (found.largest.size, found.best.size, found.is_limited_by_depth);
        let free = of(101.0, 102.0).unwrap();
        assert_eq!((sizes(&free), free.at_notionals[1].refusal), ((3.0, 3.0, true), Some(SizeRefusal::BeyondDepth)));
        let cut = of(100.5, 102.0).unwrap();
        assert_eq!(
            (sizes(&cut), cut.at_notionals[0].refusal),
            ((1.0, 1.0, false), Some(SizeRefusal::BeyondPriceLimit))
        );
        assert_eq!(sizes(&of(101.0, 103.0).unwrap()), (2.0, 2.0, false));
        assert_eq!(of(99.9, 102.0), Err(NoEdge::BeyondPriceLimit));
        assert_eq!(of(101.0, 103.1), Err(NoEdge::BeyondPriceLimit));
    }

    #[test]
    fn without_lots_any_size_will_do_and_without_levels_there_is_none() {
        let (asks, bids) = (levels(&[(100.0, 0.123_456)]), levels(&[(102.0, 1.0)]));
        let free = |levels| LegBook { lot: None, ..leg(levels, 1.0) };
        let sized = edge(&free(&asks), &free(&bids), &asked(0.0, &[])).unwrap();
        assert_eq!((sized.common_lot, sized.largest.size), (None, 0.123_456));
        assert_eq!(edge(&free(&asks), &free(&[]), &asked(0.0, &[])), Err(NoEdge::EmptySide));
    }
}
