//! What one quote currency is worth in another.
//!
//! 1. A market whose asset is a dollar and that is quoted in another dollar gives their rate: its mid, while it is LIVE,
//!    has two sides and is not crossed. Of each origin's markets the freshest counts; the rate is the median over them.
//! 2. Where markets of two dollars are known, only they say what the one is worth in the other. When none of their quotes
//!    is young enough the rate is known to be unknown: a setting does not stand in for a market that has fallen silent.
//! 3. Where none is known, two currencies that the setting calls equal convert one to one.
//! 4. Rates are joined to a tree, young ones first, then old ones, then those of the setting: so all rates agree with
//!    each other, and a rate over two steps is as old as the older of them.

use super::currencies::Currencies;
use super::settings::ScannerSettings;

/// What a price in one currency is multiplied with to be one in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Conversion {
    pub is_known: bool,
    pub rate: f64,
    /// Receive time of the oldest quote in the rate; `NO_QUOTE` when no market is.
    pub quote_ns: i64,
    /// Whether some step of it is one to one by the setting.
    pub is_assumed: bool,
    /// Whether both are dollars and the rate is too far from 1.
    pub is_depegged: bool,
}

impl Conversion {
    pub(super) const NO_QUOTE: i64 = i64::MAX;
    /// Of a rate whose markets have no price at all: older than any limit.
    const NEVER: i64 = i64::MIN;
    const SAME: Self =
        Self { is_known: true, rate: 1.0, quote_ns: Self::NO_QUOTE, is_assumed: false, is_depegged: false };
    const ASSUMED: Self = Self { is_assumed: true, ..Self::SAME };
    const UNKNOWN: Self = Self { is_known: false, ..Self::SAME };

    fn then(self, next: Self) -> Self {
        Self {
            is_known: self.is_known && next.is_known,
            rate: self.rate * next.rate,
            quote_ns: self.quote_ns.min(next.quote_ns),
            is_assumed: self.is_assumed || next.is_assumed,
            is_depegged: false,
        }
    }

    fn inverse(self) -> Self {
        Self { rate: 1.0 / self.rate, ..self }
    }

    /// Whether it may be used: known, and of quotes that are young enough.
    pub(super) fn is_good(&self, now_ns: i64, max_age_ns: i64) -> bool {
        self.is_known && now_ns.saturating_sub(self.quote_ns) <= max_age_ns
    }
}

/// A market that gives a rate.
#[derive(Clone, Copy, Debug)]
struct Source {
    book: usize,
    leg: usize,
    /// Venues that show the same books count once.
    origin: u32,
    base: u32,
    quote: u32,
    /// Zero while it has none.
    mid: f64,
    receive_ns: i64,
}

#[derive(Debug)]
pub(super) struct Rates {
    currencies: Currencies,
    sources: Vec<Source>,
    /// Row-major by the currency that is converted; of linked currencies and the unknown one.
    conversions: Vec<Conversion>,
    /// Of each linked currency in the first one that it converts to.
    values: Vec<f64>,
    max_age_ns: i64,
    max_skew_ns: i64,
    max_depeg_percent: f64,
}

impl Rates {
    pub(super) fn new(currencies: Currencies, settings: &ScannerSettings) -> Self {
        let mut rates = Self {
            currencies,
            sources: Vec::new(),
            conversions: Vec::new(),
            values: Vec::new(),
            max_age_ns: settings.max_rate_age_ns,
            max_skew_ns: settings.max_skew_ns,
            max_depeg_percent: settings.max_depeg_percent,
        };
        rates.refresh(0);
        rates
    }

    pub(super) fn currency(&mut self, name: &str) -> u32 {
        self.currencies.number(name)
    }

    /// Takes note of a market of `asset` when it gives a rate, and returns its number.
    pub(super) fn add_source(&mut self, asset: &str, quote: u32, origin: u32, place: (usize, usize)) -> Option<usize> {
        let base = self.currencies.dollar(asset)?;
        if base == quote || !self.currencies.is_dollar(quote) {
            return None;
        }
        let source = Source { book: place.0, leg: place.1, origin, base, quote, mid: 0.0, receive_ns: 0 };
        if let Some(number) = self.sources.iter().position(|known| (known.book, known.leg) == place) {
            self.sources[number] = source;
            return Some(number);
        }
        self.sources.push(source);
        Some(self.sources.len() - 1)
    }

    /// A market's new mid, zero when it has none now; `refresh` makes it count.
    pub(super) fn set_mid(&mut self, source: usize, mid: f64, receive_ns: i64) {
        let source = &mut self.sources[source];
        (source.mid, source.receive_ns) = (if mid.is_finite() { mid } else { 0.0 }, receive_ns);
    }

    #[inline]
    pub(super) fn value(&self, currency: u32) -> f64 {
        self.values.get(currency as usize).copied().unwrap_or(1.0)
    }

    /// From the one currency to the other; a rate of 1 that is not known where there is none.
    pub(super) fn conversion(&self, from: u32, to: u32) -> Conversion {
        let linked = self.currencies.linked();
        if from == to && from != Currencies::UNKNOWN {
            Conversion::SAME
        } else if from > linked || to > linked {
            Conversion::UNKNOWN
        } else {
            self.conversions[self.index(from, to)]
        }
    }

    /// Computes all rates anew; whether any has moved, come, become too old or too far from 1, or the reverse.
    pub(super) fn refresh(&mut self, now_ns: i64) -> bool {
        let size = self.currencies.linked() as usize + 1;
        let before = std::mem::replace(&mut self.conversions, vec![Conversion::UNKNOWN; size * size]);
        for currency in 1..size as u32 {
            self.set(currency, currency, Conversion::SAME);
        }
        let mut steps = self.live_steps(now_ns);
        steps.sort_by_key(|(_, _, step)| !step.is_good(now_ns, self.max_age_ns));
        let assumed: Vec<_> =
            self.currencies.equal_pairs().iter().map(|(from, to)| (*from, *to, Conversion::ASSUMED)).collect();
        for (from, to, step) in steps.into_iter().chain(assumed) {
            self.link(from, to, step);
        }
        let value = |rates: &Self, of: u32| (1..=of).map(|to| rates.conversion(of, to)).find(|rate| rate.is_known);
        self.values = (0..size as u32).map(|of| value(self, of).map_or(1.0, |found| found.rate)).collect();
        // One that has grown old without a quote is seen by the timer's look at the pairs that it matters to.
        let is_good = |rate: &Conversion| rate.is_good(now_ns, self.max_age_ns);
        let is_same = |(old, new): (&Conversion, &Conversion)| {
            old.rate == new.rate && old.is_depegged == new.is_depegged && is_good(old) == is_good(new)
        };
        before.len() != self.conversions.len() || !before.iter().zip(&self.conversions).all(is_same)
    }

    /// The rate of every two dollars between which there are markets, in the order of the setting.
    fn live_steps(&self, now_ns: i64) -> Vec<(u32, u32, Conversion)> {
        let mut steps = Vec::new();
        if self.sources.is_empty() {
            return steps;
        }
        for from in 1..=self.currencies.dollars() {
            for to in from + 1..=self.currencies.dollars() {
                steps.extend(self.live_step(from, to, now_ns).map(|step| (from, to, step)));
            }
        }
        steps
    }

    /// Rules 1 and 2; None where no market of the two is known.
    fn live_step(&self, from: u32, to: u32, now_ns: i64) -> Option<Conversion> {
        let is_between =
            |source: &&Source| (source.base, source.quote) == (from, to) || (source.base, source.quote) == (to, from);
        let known: Vec<&Source> = self.sources.iter().filter(is_between).collect();
        if known.is_empty() {
            return None;
        }
        let oldest_ns = now_ns.saturating_sub(self.max_age_ns);
        let newest_ns = now_ns.saturating_add(self.max_skew_ns);
        let is_young = |source: &&Source| (oldest_ns..=newest_ns).contains(&source.receive_ns);
        let priced = |source: &&Source| source.mid > 0.0;
        let young: Vec<&Source> = known.iter().copied().filter(priced).filter(is_young).collect();
        let (used, quote_ns) = if young.is_empty() {
            let old: Vec<&Source> =
                known.iter().copied().filter(priced).filter(|source| source.receive_ns < oldest_ns).collect();
            let newest = old.iter().map(|source| source.receive_ns).max();
            (old, newest.unwrap_or(Conversion::NEVER))
        } else {
            let freshest = freshest_of_each_origin(young);
            let oldest = freshest.iter().map(|source| source.receive_ns).min();
            (freshest, oldest.unwrap_or(Conversion::NEVER))
        };
        let mids = used.iter().map(|source| if source.base == from { source.mid } else { 1.0 / source.mid });
        Some(Conversion { rate: median(mids.collect()), quote_ns, ..Conversion::SAME })
    }

    /// Joins what converts to `from` with what converts to `to`, unless they are joined already.
    fn link(&mut self, from: u32, to: u32, step: Conversion) {
        if self.conversion(from, to).is_known {
            return;
        }
        let joined = |rates: &Self, with: u32| -> Vec<u32> {
            (1..=rates.currencies.linked()).filter(|currency| rates.conversion(*currency, with).is_known).collect()
        };
        let (before, behind) = (joined(self, from), joined(self, to));
        for first in &before {
            for last in &behind {
                let way = self.conversion(*first, from).then(step).then(self.conversion(to, *last));
                let is_depegged = self.is_depegged(*first, *last, way.rate);
                self.set(*first, *last, Conversion { is_depegged, ..way });
                self.set(*last, *first, Conversion { is_depegged, ..way.inverse() });
            }
        }
    }

    fn is_depegged(&self, first: u32, last: u32, rate: f64) -> bool {
        let are_dollars = self.currencies.is_dollar(first) && self.currencies.is_dollar(last);
        are_dollars && (rate.max(1.0 / rate) - 1.0) * 100.0 > self.max_depeg_percent
    }

    fn set(&mut self, from: u32, to: u32, conversion: Conversion) {
        let index = self.index(from, to);
        self.conversions[index] = conversion;
    }

    fn index(&self, from: u32, to: u32) -> usize {
        from as usize * (self.currencies.linked() as usize + 1) + to as usize
    }
}

fn freshest_of_each_origin(mut sources: Vec<&Source>) -> Vec<&Source> {
    sources.sort_by_key(|source| (source.origin, std::cmp::Reverse(source.receive_ns)));
    sources.dedup_by_key(|source| source.origin);
    sources
}

/// 1 of nothing: it is then too old to be used.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match (values.len(), values.len() / 2) {
        (0, _) => 1.0,
        (count, middle) if count % 2 == 0 => (values[middle - 1] + values[middle]) / 2.0,
        (_, middle) => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND_NS, settings};
    use super::*;

    const NOW_NS: i64 = 1_000 * SECOND_NS;
    const USD: u32 = 1;
    const USDC: u32 = 2;
    const USDT: u32 = 3;

    /// Every currency is equal by the setting, and dollars have the markets given: base, quote, origin, mid, age.
    fn rates(markets: &[(&str, u32, u32, f64, i64)]) -> Rates {
        let equal_currencies = vec![["USD", "USDC", "USDT", "EURC", "EUR"].map(str::to_owned).to_vec()];
        let settings = ScannerSettings { equal_currencies, ..settings() };
        let mut rates = Rates::new(Currencies::new(&settings).unwrap(), &settings);
        for (leg, (base, quote, origin, mid, age_ns)) in markets.iter().enumerate() {
            let source = rates.add_source(base, *quote, *origin, (0, leg)).unwrap();
            rates.set_mid(source, *mid, NOW_NS - age_ns);
        }
        rates.refresh(NOW_NS);
        rates
    }

    fn is_good(conversion: Conversion) -> bool {
        conversion.is_good(NOW_NS, settings().max_rate_age_ns)
    }

    #[test]
    fn a_market_gives_its_mid_one_way_and_the_inverse_the_other() {
        let rates = rates(&[("USDC", USDT, 0, 1.0005, 7)]);
        let forth = rates.conversion(USDC, USDT);
        assert_eq!((forth.rate, forth.quote_ns, forth.is_assumed), (1.0005, NOW_NS - 7, false));
        assert!((rates.conversion(USDT, USDC).rate - 1.0 / 1.0005).abs() < 1e-15);
    }

    #[test]
    fn of_several_origins_the_median_counts_and_of_each_its_freshest_quote() {
        let rates = rates(&[
            ("USDC", USDT, 0, 1.001, 5),
            ("USDC", USDT, 1, 1.002, 6),
            ("USDT", USDC, 2, 1.0 / 1.004, 7),
            ("USDC", USDT, 2, 9.0, 8),
        ]);
        let conversion = rates.conversion(USDC, USDT);
        assert!((conversion.rate - 1.002).abs() < 1e-15, "{conversion:?}");
        assert_eq!(conversion.quote_ns, NOW_NS - 7);
    }

    #[test]
    fn two_origins_meet_in_the_middle() {
        let rates = rates(&[("USDC", USDT, 0, 1.001, 5), ("USDC", USDT, 1, 1.003, 6)]);
        assert!((rates.conversion(USDC, USDT).rate - 1.002).abs() < 1e-15);
    }

    #[test]
    fn without_a_market_the_setting_says_one_to_one_and_says_that_it_did() {
        let rates = rates(&[]);
        let conversion = rates.conversion(USD, USDT);
        assert_eq!((conversion.rate, conversion.quote_ns), (1.0, Conversion::NO_QUOTE));
        assert!(is_good(conversion) && conversion.is_assumed);
    }

    #[test]
    fn a_market_that_fell_silent_is_not_replaced_by_the_setting() {
        let limit_ns = settings().max_rate_age_ns;
        assert!(is_good(rates(&[("USDC", USDT, 0, 1.001, limit_ns)]).conversion(USDC, USDT)));
        let old = rates(&[("USDC", USDT, 0, 1.001, limit_ns + 1)]);
        assert!(!is_good(old.conversion(USDC, USDT)));
        assert!(!is_good(old.conversion(USDT, USDC)));
        assert!(!is_good(rates(&[("USDC", USDT, 0, 0.0, 1)]).conversion(USDC, USDT)));
        let future = rates(&[("USDC", USDT, 0, 1.0, -settings().max_skew_ns - 1)]);
        assert!(!is_good(future.conversion(USDC, USDT)));
    }

    #[test]
    fn a_rate_over_two_markets_is_their_product_and_as_old_as_the_older() {
        let rates = rates(&[("USDC", USDT, 0, 1.002, 5), ("USDT", USD, 0, 0.999, 9)]);
        let conversion = rates.conversion(USDC, USD);
        assert!((conversion.rate - 1.002 * 0.999).abs() < 1e-15);
        assert_eq!((conversion.quote_ns, conversion.is_assumed), (NOW_NS - 9, false));
    }

    #[test]
    fn a_currency_without_a_market_joins_the_others_by_the_setting() {
        let rates = rates(&[("USDC", USDT, 0, 1.002, 5)]);
        assert_eq!(rates.conversion(USD, USDC).rate, 1.0);
        let conversion = rates.conversion(USD, USDT);
        assert_eq!((conversion.rate, conversion.is_assumed, conversion.quote_ns), (1.002, true, NOW_NS - 5));
    }

    #[test]
    fn a_rate_beyond_the_limit_is_a_depeg_in_both_directions_and_one_at_it_is_not() {
        let depegged = |mid: f64| {
            let rates = rates(&[("USDC", USDT, 0, mid, 5)]);
            [rates.conversion(USDC, USDT), rates.conversion(USDT, USDC)].map(|found| found.is_depegged)
        };
        assert_eq!(depegged(1.0099), [false, false]);
        assert_eq!(depegged(1.0101), [true, true]);
        assert_eq!(depegged(0.98), [true, true]);
    }

    #[test]
    fn markets_of_other_coins_give_no_rate_and_strangers_do_not_convert() {
        let mut rates = rates(&[]);
        let euro = rates.currency("EUR");
        assert_eq!(rates.add_source("EURC", euro, 0, (0, 0)), None);
        assert_eq!(rates.add_source("BTC", USDT, 0, (0, 1)), None);
        assert_eq!(rates.add_source("USDT", USDT, 0, (0, 2)), None);
        let lira = rates.currency("TRY");
        assert!(!rates.conversion(lira, USD).is_known);
        assert!(rates.conversion(lira, lira).is_known);
        assert!(!rates.conversion(Currencies::UNKNOWN, Currencies::UNKNOWN).is_known);
    }

    #[test]
    fn the_value_of_every_currency_agrees_with_every_rate() {
        let rates = rates(&[("USDC", USDT, 0, 1.002, 5), ("USDT", USD, 0, 0.999, 9), ("USDC", USD, 0, 1.5, 9)]);
        for from in [USD, USDC, USDT] {
            for to in [USD, USDC, USDT] {
                let by_value = rates.value(from) / rates.value(to);
                assert!((rates.conversion(from, to).rate / by_value - 1.0).abs() < 1e-14);
            }
        }
    }
}
