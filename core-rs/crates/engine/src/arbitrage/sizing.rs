//! How much of a pair there is: its two books, as far as their depth is known, and what `edge` makes of them.
//!
//! 1. The top in force is newer than any depth: it is the first level, and of the depth only what is worse than it counts.
//! 2. Depth stands until a quote of the leg is not LIVE, and at most for `max_depth_age_ns` from when its tracker read it.
//! 3. Where a leg's depth is not known, sizes are not known, and that is said; the pair is neither refused nor passed for it.
//! 4. Where sizes are known, a pair that pays is refused when none that pays can be ordered.

use crossbook_market::{Depth, Level};

use super::leg_facts::{KnownLimits, Limits};
use super::pair::Pair;
use super::reason::RefusalReason;
use super::sized::{DepthView, SizingView};
use crate::edge::{Asked, Edge, LegBook, NoEdge, SizeRefusal, edge};

/// The least net of the largest size, and money to be asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub net_percent: f64,
    pub notionals: &'a [f64],
}

/// Of a pair as it stands; `refusal` is why one without a price or a rate has no sizes.
pub(super) fn of_pair(pair: &Pair<'_>, refusal: Option<RefusalReason>, wanted: Wanted<'_>) -> SizingView {
    let (buy, sell) = (Side::buying(pair), Side::selling(pair));
    let (edge, unknown_reason) = match size(pair, &buy, &sell, refusal, wanted) {
        Ok(edge) => (Some(edge), None),
        Err(reason) => (None, Some(reason)),
    };
    let unknown_limits = unknown_limits(pair);
    SizingView {
        unknown_reason,
        edge,
        threshold_percent: wanted.net_percent,
        notionals: wanted.notionals.to_vec(),
        buy: buy.view(),
        sell: sell.view(),
        assumed: if pair.rules.settings.assume_no_limits { unknown_limits.clone() } else { Vec::new() },
        unknown_limits,
    }
}

/// Whether both legs' depth is known.
pub(super) fn is_known(pair: &Pair<'_>) -> bool {
    [Side::buying(pair), Side::selling(pair)].iter().all(|side| side.check(pair).is_ok())
}

/// Why a pair that passes otherwise is refused; None also where sizes are not known.
pub(super) fn refusal(pair: &Pair<'_>) -> Option<RefusalReason> {
    let wanted = Wanted { net_percent: pair.rules.settings.open_net_percent, notionals: &[] };
    let sized = size(pair, &Side::buying(pair), &Side::selling(pair), None, wanted);
    match sized {
        Ok(edge) => edge.largest.refusal.map(reason),
        Err(RefusalReason::BelowLot) => Some(RefusalReason::BelowLot),
        Err(_) => None,
    }
}

pub(super) fn reason(refusal: SizeRefusal) -> RefusalReason {
    match refusal {
        SizeRefusal::BelowThreshold => RefusalReason::BelowThreshold,
        SizeRefusal::BelowLot => RefusalReason::BelowLot,
        SizeRefusal::BelowMinSize => RefusalReason::BelowMinSize,
        SizeRefusal::BelowMinNotional => RefusalReason::BelowMinNotional,
        SizeRefusal::AboveMaxSize => RefusalReason::AboveMaxSize,
        SizeRefusal::BeyondDepth => RefusalReason::BeyondDepth,
        SizeRefusal::BeyondPriceLimit => RefusalReason::BeyondPriceLimit,
    }
}

fn size(
    pair: &Pair<'_>,
    buy: &Side<'_>,
    sell: &Side<'_>,
    refusal: Option<RefusalReason>,
    wanted: Wanted<'_>,
) -> Result<Edge, RefusalReason> {
    let numbers = &pair.numbers;
    if !numbers.has_prices() || !numbers.conversion.is_known {
        return Err(refusal.unwrap_or(RefusalReason::RateUnknown));
    }
    let rate = numbers.conversion.rate;
    let asked = Asked { rate, net_percent: wanted.net_percent, notionals: wanted.notionals };
    buy.check(pair)?;
    sell.check(pair)?;
    let (buy_levels, sell_levels): (Vec<_>, Vec<_>) = (buy.levels().collect(), sell.levels().collect());
    let buy = leg(pair, pair.buy, &buy_levels, |limits| limits.max_price)?;
    let sell = leg(pair, pair.sell, &sell_levels, |limits| limits.min_price)?;
    edge(&buy, &sell, &asked).map_err(|none| match none {
        NoEdge::EmptySide => RefusalReason::EmptySide,
        NoEdge::NoCommonLot => RefusalReason::BelowLot,
        NoEdge::BeyondPriceLimit => RefusalReason::BeyondPriceLimit,
    })
}

fn leg<'a>(
    pair: &Pair<'_>,
    leg: usize,
    levels: &'a [Level],
    price_limit: fn(&Limits) -> Option<f64>,
) -> Result<LegBook<'a>, RefusalReason> {
    let instrument = &pair.book.legs[leg].instrument;
    let limits = pair.book.facts[leg].limits(instrument);
    let Limits { lot, min_size, max_size, min_notional, .. } = limits;
    let fee_percent = instrument.taker_fee_percent.ok_or(RefusalReason::FeeUnknown)?;
    Ok(LegBook { levels, fee_percent, lot, min_notional, min_size, max_size, price_limit: price_limit(&limits) })
}

/// What of both legs is not known and so not checked.
pub(super) fn unknown_limits(pair: &Pair<'_>) -> Vec<&'static str> {
    const BUY: [&str; 6] =
        ["buy.lot", "buy.min_size", "buy.max_size", "buy.min_notional", "buy.status", "buy.max_price"];
    const SELL: [&str; 6] =
        ["sell.lot", "sell.min_size", "sell.max_size", "sell.min_notional", "sell.status", "sell.min_price"];
    let unknown = |leg: usize, names: [&'static str; 6], has_price: fn(&KnownLimits) -> bool| {
        let facts = &pair.book.facts[leg];
        let known = facts.limits(&pair.book.legs[leg].instrument).is_known;
        let is_told = facts.status().is_some();
        let is_known = [known.lot, known.min_size, known.max_size, known.min_notional, is_told, has_price(&known)];
        names.into_iter().zip(is_known).filter(|(_, is_known)| !is_known).map(|(name, _)| name)
    };
    let buy = unknown(pair.buy, BUY, |known| known.max_price);
    buy.chain(unknown(pair.sell, SELL, |known| known.min_price)).collect()
}

/// The side of a leg's book that is traded on, per coin.
struct Side<'a> {
    top: Level,
    depth: Option<&'a Depth>,
    levels: &'a [Level],
    /// 1 where prices rise from level to level, -1 where they fall.
    sign: f64,
}

impl<'a> Side<'a> {
    fn buying(pair: &Pair<'a>) -> Self {
        let (top, depth) = (&pair.numbers.buy, pair.book.depth(pair.buy));
        let levels = depth.map_or(&[][..], |depth| &depth.asks);
        Self { top: Level { price: top.ask, size: top.ask_size }, depth, levels, sign: 1.0 }
    }

    fn selling(pair: &Pair<'a>) -> Self {
        let (top, depth) = (&pair.numbers.sell, pair.book.depth(pair.sell));
        let levels = depth.map_or(&[][..], |depth| &depth.bids);
        Self { top: Level { price: top.bid, size: top.bid_size }, depth, levels, sign: -1.0 }
    }

    /// The top, and what is known behind it.
    fn levels(&self) -> impl Iterator<Item = Level> + '_ {
        let is_behind = |level: &&Level| self.sign * level.price > self.sign * self.top.price;
        std::iter::once(self.top).chain(self.levels.iter().filter(is_behind).copied())
    }

    fn check(&self, pair: &Pair<'_>) -> Result<(), RefusalReason> {
        let depth = self.depth.ok_or(RefusalReason::NoDepth)?;
        let is_stale = pair.now_ns.saturating_sub(depth.read_ns) > pair.rules.settings.max_depth_age_ns;
        if is_stale { Err(RefusalReason::StaleDepth) } else { Ok(()) }
    }

    fn view(&self) -> DepthView {
        let Some(depth) = self.depth.filter(|_| self.top.price > 0.0) else { return DepthView::default() };
        DepthView { read_ns: depth.read_ns, levels: self.levels().collect() }
    }
}
