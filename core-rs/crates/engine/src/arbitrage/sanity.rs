//! How usual a spread looks: its profit beside the limit, its mids beside the other venues', its gap beside its last hour.

use super::gaps::gap_percent;
use super::numbers::median;
use super::pair::Pair;

/// Venues whose median says something.
const LEAST_VENUES: usize = 3;
/// Deviations that are ordinary.
const ORDINARY_Z: f64 = 3.0;

/// The numbers of `Sanity` in arbitrage.proto; None is not known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sanity {
    /// From 0 to 1, 1 is ordinary.
    pub score: f64,
    pub venues: u32,
    pub buy_outlier_percent: Option<f64>,
    pub sell_outlier_percent: Option<f64>,
    /// Sell mid over buy mid; 0 where one is missing.
    pub gap_percent: f64,
    pub mean_gap_percent: Option<f64>,
    pub gap_deviation_percent: Option<f64>,
    pub gap_z: Option<f64>,
}

impl Default for Sanity {
    fn default() -> Self {
        Self {
            score: 1.0,
            venues: 0,
            buy_outlier_percent: None,
            sell_outlier_percent: None,
            gap_percent: 0.0,
            mean_gap_percent: None,
            gap_deviation_percent: None,
            gap_z: None,
        }
    }
}

/// Of a pair as it stands: a few looks at its asset's legs.
pub(super) fn of_pair(pair: &Pair<'_>) -> Sanity {
    let (book, max_net_percent) = (pair.book, pair.rules.settings.max_net_percent);
    let mids = mids_of_origins(pair);
    let (venues, middle) = (mids.len(), median(mids).unwrap_or(0.0));
    let [buy, sell] = [pair.buy, pair.sell].map(|leg| book.worth(leg));
    let outlier = |worth: f64| (venues >= LEAST_VENUES && worth > 0.0).then(|| (worth / middle - 1.0) * 100.0);
    let gap = if buy > 0.0 && sell > 0.0 { gap_percent(buy, sell) } else { 0.0 };
    let baseline = book.gaps.baseline(pair.buy, pair.sell, pair.now_ns);
    let gap_z = baseline.map(|usual| (gap - usual.mean) / usual.deviation);
    let (buy_outlier_percent, sell_outlier_percent) = (outlier(buy), outlier(sell));
    let of_limit = |percent: f64| (1.0 - percent.abs() / max_net_percent).clamp(0.0, 1.0);
    let parts = [
        pair.numbers.has_prices().then(|| of_limit(pair.numbers.costs.net_percent.max(0.0))),
        buy_outlier_percent.map(of_limit),
        sell_outlier_percent.map(of_limit),
        gap_z.map(|z| (ORDINARY_Z / z.abs()).min(1.0)),
    ];
    Sanity {
        score: parts.into_iter().flatten().fold(1.0, f64::min),
        venues: venues as u32,
        buy_outlier_percent,
        sell_outlier_percent,
        gap_percent: gap,
        mean_gap_percent: baseline.map(|usual| usual.mean),
        gap_deviation_percent: baseline.map(|usual| usual.deviation),
        gap_z,
    }
}

/// What the mids are worth, one of each origin: venues that show the same books speak once. Those whose currency does
/// not convert into the buy leg's say nothing.
fn mids_of_origins(pair: &Pair<'_>) -> Vec<f64> {
    let (book, to) = (pair.book, pair.buy_leg().currency);
    let mut seen: Vec<(u32, f64)> = Vec::with_capacity(book.legs.len());
    for (number, leg) in book.legs.iter().enumerate() {
        let worth = book.worth(number);
        let is_new = !seen.iter().any(|(origin, _)| *origin == leg.origin);
        if worth > 0.0 && is_new && pair.rules.rates.conversion(leg.currency, to).is_known {
            seen.push((leg.origin, worth));
        }
    }
    seen.into_iter().map(|(_, worth)| worth).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::super::{EventKind, RefusalReason, Scanner};
    use super::*;

    const START_NS: i64 = 1_795_214_495 * SECOND_NS;

    /// Venues v0, v1, … with these mids, at a second after the start.
    fn quoted(scanner: &mut Scanner, mids: &[f64], second: i64) -> Vec<super::super::OpportunityEvent> {
        let now_ns = START_NS + second * SECOND_NS;
        let instruments: Vec<_> = (0..mids.len()).map(|venue| instrument(&format!("v{venue}"), "BTC")).collect();
        let quote = |(venue, mid): (u32, &f64)| live(venue, mid - 0.01, mid + 0.01, 10.0, now_ns);
        let quotes: Vec<_> = (0..).zip(mids).map(quote).collect();
        scanner.on_batch(&payload(&instruments, &quotes), now_ns, 0).unwrap()
    }

    fn sanity(scanner: &Scanner, sell: &str, second: i64) -> Sanity {
        scanner.explain("BTC", "v0", sell, START_NS + second * SECOND_NS, &[]).unwrap().sanity
    }

    #[test]
    fn a_leg_far_from_the_other_venues_is_an_outlier_and_two_venues_have_no_median() {
        let mut market = scanner(settings());
        quoted(&mut market, &[100.0, 102.0, 100.0, 100.0], 0);
        let found = sanity(&market, "v1", 0);
        assert_eq!((found.venues, found.buy_outlier_percent), (4, Some(0.0)));
        assert!((found.sell_outlier_percent.unwrap() - 2.0).abs() < 1e-9);
        assert!((found.score - 0.6).abs() < 1e-9, "2 of 5 percent off: {found:?}");
        let mut two = scanner(settings());
        quoted(&mut two, &[100.0, 102.0], 0);
        assert_eq!(sanity(&two, "v1", 0).sell_outlier_percent, None);
    }

    #[test]
    fn what_pays_more_than_the_limit_is_refused_and_closed_as_too_good() {
        let mut market = scanner(settings());
        assert_eq!(quoted(&mut market, &[100.0, 104.0], 0)[0].kind, EventKind::Opened);
        let closed = quoted(&mut market, &[100.0, 106.0], 1);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::TooGood));
        let found = market.explain("BTC", "v0", "v1", START_NS + SECOND_NS, &[]).unwrap();
        assert_eq!((found.reason, found.sanity.score), (Some(RefusalReason::TooGood), 0.0));
        assert_eq!(market.stats().refusals, [(RefusalReason::TooGood as u8, 1)]);
    }

    #[test]
    fn a_gap_is_measured_by_its_last_hour_as_the_timer_has_seen_it() {
        let mut market = scanner(settings());
        for second in 0..700 {
            quoted(&mut market, &[100.0, if second % 2 == 0 { 100.1 } else { 100.2 }], second);
            (0..20).for_each(|tick| {
                market.on_timer(START_NS + second * SECOND_NS + tick * SECOND_NS / 20);
            });
        }
        quoted(&mut market, &[100.0, 100.65], 700);
        let found = sanity(&market, "v1", 700);
        assert!((found.mean_gap_percent.unwrap() - 0.15).abs() < 0.002, "{found:?}");
        assert!((found.gap_z.unwrap() - 10.0).abs() < 0.3 && (found.score - 0.3).abs() < 0.02, "{found:?}");
    }
}
