//! How much of a pair there is: its two books, as far as their depth is known, and what `edge` makes of them.
//!
//! 1. The top in force is newer than any depth: it is the first level, and of the depth only what is worse than it counts.
//! 2. Depth stands until a quote of the leg is not LIVE, and at most for `max_depth_age_ns` from when its tracker read it.
//! 3. Where a leg's depth is not known, sizes are not known, and that is said; the pair is neither refused nor passed for it.
//! 4. Where sizes are known, a pair that pays is refused when none that pays can be ordered.

use crossbook_market::{Depth, Instrument, Level};

use super::pair::Pair;
use super::reason::RefusalReason;
use super::sized::{DepthView, SizingView};
use crate::edge::{Asked, Edge, LegBook, Lot, NoEdge, SizeRefusal, edge};

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
    SizingView {
        unknown_reason,
        edge,
        threshold_percent: wanted.net_percent,
        notionals: wanted.notionals.to_vec(),
        buy: buy.view(),
        sell: sell.view(),
        unknown_limits: unknown_limits(pair),
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
        SizeRefusal::BelowMinNotional => RefusalReason::BelowMinNotional,
        SizeRefusal::AboveMaxSize => RefusalReason::AboveMaxSize,
        SizeRefusal::BeyondDepth => RefusalReason::BeyondDepth,
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
    let leg = |instrument: &Instrument, fee_percent: Option<f64>| {
        let fee_percent = fee_percent.ok_or(RefusalReason::FeeUnknown)?;
        Ok(LegBook { levels: &[], fee_percent, lot: lot(instrument), min_notional: None, max_size: None })
    };
    let (buying, selling) = (&pair.buy_leg().instrument, &pair.sell_leg().instrument);
    let buy = LegBook { levels: &buy_levels, ..leg(buying, buying.taker_fee_percent)? };
    let sell = LegBook { levels: &sell_levels, ..leg(selling, selling.taker_fee_percent)? };
    edge(&buy, &sell, &asked).map_err(|none| match none {
        NoEdge::EmptySide => RefusalReason::EmptySide,
        NoEdge::NoCommonLot => RefusalReason::BelowLot,
    })
}

/// In coins; an inverse contract has none, for what it is worth in coins depends on its price.
fn lot(instrument: &Instrument) -> Option<Lot> {
    if instrument.is_inverse() { None } else { Lot::of(&[instrument.lot_size, instrument.asset_scale]) }
}

fn unknown_limits(pair: &Pair<'_>) -> Vec<&'static str> {
    let has_lot = |instrument| lot(instrument).is_some();
    let lots = [(&pair.buy_leg().instrument, "buy.lot"), (&pair.sell_leg().instrument, "sell.lot")];
    let unknown = lots.into_iter().filter(|(instrument, _)| !has_lot(instrument)).map(|(_, name)| name);
    unknown.chain(["buy.min_notional", "sell.min_notional", "buy.max_size", "sell.max_size"]).collect()
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
        DepthView {
            read_ns: depth.read_ns,
            levels: self.levels().count() as u32,
            horizon_price: self.levels().last().map_or(0.0, |level| level.price),
            known_size: self.levels().map(|level| level.size).sum(),
        }
    }
}
