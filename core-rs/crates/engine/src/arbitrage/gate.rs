//! The publish gate: a pair is published only when everything about both its legs is known and good.

use crossbook_market::{BookState, FactKind};

use super::identities::IdentityState;
use super::numbers::Top;
use super::pair::Pair;
use super::reason::RefusalReason;
use super::sizing;

/// Why the pair is refused whatever it pays, the most fundamental reason first; None when it passes.
pub(super) fn refusal(pair: &Pair<'_>) -> Option<RefusalReason> {
    let settings = &pair.rules.settings;
    incomparable(pair)
        .or_else(|| when(pair.numbers.conversion.is_depegged && !settings.allow_depegged, RefusalReason::Depegged))
        .or_else(|| identity(pair))
        .or_else(|| facts(pair))
        .or_else(|| fees(pair))
        .or_else(|| when(is_too_good(pair), RefusalReason::TooGood))
        .or_else(|| when(pair.numbers.executable_notional() < settings.min_notional, RefusalReason::TooSmall))
}

/// What an operator has confirmed may pay what it likes.
fn is_too_good(pair: &Pair<'_>) -> bool {
    let is_confirmed = pair.book.identities.state(pair.buy, pair.sell) == Some(IdentityState::Confirmed);
    pair.numbers.costs.net_percent > pair.rules.settings.max_net_percent && !is_confirmed
}

/// Why the legs' prices cannot be set against each other at all.
pub(super) fn incomparable(pair: &Pair<'_>) -> Option<RefusalReason> {
    let max_rate_age_ns = pair.rules.settings.max_rate_age_ns;
    when(pair.is_relayed(), RefusalReason::RelayedBook)
        .or_else(|| books(&pair.numbers.buy, &pair.numbers.sell))
        .or_else(|| times(pair))
        .or_else(|| when(!pair.numbers.conversion.is_good(pair.now_ns, max_rate_age_ns), RefusalReason::RateUnknown))
}

fn when(is_refused: bool, reason: RefusalReason) -> Option<RefusalReason> {
    is_refused.then_some(reason)
}

fn books(buy: &Top, sell: &Top) -> Option<RefusalReason> {
    let any = |is_bad: fn(&Top) -> bool| is_bad(buy) || is_bad(sell);
    when(any(|top| top.state != BookState::Live), RefusalReason::NotLive)
        .or_else(|| when(any(|top| !top.is_two_sided()), RefusalReason::EmptySide))
        .or_else(|| when(any(|top| top.bid >= top.ask), RefusalReason::Crossed))
}

fn times(pair: &Pair<'_>) -> Option<RefusalReason> {
    let (settings, now_ns) = (&pair.rules.settings, pair.now_ns);
    let oldest_ns = pair.numbers.buy.receive_ns.min(pair.numbers.sell.receive_ns);
    // A quote from the future has an age that nobody knows: its receiver's clock is wrong, or ours is.
    let is_skewed = pair.newest_ns().saturating_sub(oldest_ns.min(now_ns)) > settings.max_skew_ns;
    when(now_ns.saturating_sub(oldest_ns) > settings.max_age_ns, RefusalReason::TooOld)
        .or_else(|| when(is_skewed, RefusalReason::Skewed))
}

/// Why the legs may not be one asset.
pub(super) fn identity(pair: &Pair<'_>) -> Option<RefusalReason> {
    let Pair { rules, book, buy, sell, numbers, .. } = pair;
    match book.identities.state(*buy, *sell) {
        Some(IdentityState::Denied) => Some(RefusalReason::IdentityDenied),
        Some(IdentityState::Suspect) => Some(RefusalReason::IdentitySuspect),
        // Prices that a scale has blown up are wrong, whoever vouches for the asset.
        Some(IdentityState::Confirmed) => {
            when(numbers.mid_difference_percent().is_infinite(), RefusalReason::MidsApart)
        }
        None => when(numbers.has_mids_apart(rules.settings.max_mid_difference_percent), RefusalReason::MidsApart),
    }
}

/// What venues say of the legs' markets.
fn facts(pair: &Pair<'_>) -> Option<RefusalReason> {
    let told = [pair.buy, pair.sell].map(|leg| pair.book.facts[leg].refusal(&pair.book.legs[leg].instrument));
    let is_unknown = || !pair.rules.settings.assume_no_limits && !sizing::unknown_limits(pair).is_empty();
    told.into_iter()
        .flatten()
        .next()
        .or_else(|| when(is_beyond_price_limit(pair), RefusalReason::BeyondPriceLimit))
        .or_else(|| when(is_unknown(), RefusalReason::LimitsUnknown))
}

/// Whether even a leg's best price is one that its venue takes no orders at now.
fn is_beyond_price_limit(pair: &Pair<'_>) -> bool {
    let limit = |leg: usize, kind| pair.book.facts[leg].price_limit(kind, &pair.book.legs[leg].instrument);
    limit(pair.buy, FactKind::MaxPrice).is_some_and(|most| pair.numbers.buy.ask > most)
        || limit(pair.sell, FactKind::MinPrice).is_some_and(|least| pair.numbers.sell.bid < least)
}

fn fees(pair: &Pair<'_>) -> Option<RefusalReason> {
    let is_unknown = [pair.buy_leg(), pair.sell_leg()].iter().any(|leg| leg.instrument.taker_fee_percent.is_none());
    when(is_unknown, RefusalReason::FeeUnknown)
}

#[cfg(test)]
mod tests {
    use crossbook_market::{Instrument, Quote};

    use super::super::asset::{AssetBook, Leg};
    use super::super::rules::Rules;
    use super::super::tests::{instrument, live, settings};
    use super::*;

    const NOW_NS: i64 = 1_000_000_000_000;

    /// The gate's answer about a pair that pays 1 % and passes, after one thing was changed.
    fn refusal_after(change: impl FnOnce(&mut [Instrument; 2], &mut [Quote; 2])) -> Option<RefusalReason> {
        let mut instruments = [instrument("a", "BTC"), instrument("b", "BTC")];
        let mut quotes = [live(0, 99.9, 100.0, 10.0, NOW_NS), live(1, 101.0, 101.1, 10.0, NOW_NS)];
        change(&mut instruments, &mut quotes);
        let mut rules = Rules::new(settings()).unwrap();
        let mut book = AssetBook::new("BTC");
        for (number, instrument) in instruments.into_iter().enumerate() {
            let currency = rules.rates.currency(&instrument.quote_currency);
            let venue = number as u32;
            book.add_leg(Leg { instrument, venue, origin: venue, currency, rate_source: None });
            book.set_quote(number, &quotes[number], 0, 0.1);
        }
        refusal(&Pair::of(&rules, &book, 0, 1, NOW_NS))
    }

    #[test]
    fn a_good_pair_passes() {
        assert_eq!(refusal_after(|_, _| {}), None);
    }

    #[test]
    fn currencies_of_one_group_pass() {
        assert_eq!(refusal_after(|instruments, _| instruments[0].quote_currency = "USD".to_owned()), None);
    }

    #[test]
    fn each_fault_on_either_leg_has_its_reason() {
        for leg in [0, 1] {
            let quote = |change: fn(&mut Quote)| refusal_after(|_, quotes| change(&mut quotes[leg]));
            let fixed = |change: fn(&mut Instrument)| refusal_after(|instruments, _| change(&mut instruments[leg]));
            assert_eq!(quote(|quote| quote.state = BookState::Resyncing), Some(RefusalReason::NotLive));
            assert_eq!(quote(|quote| quote.bid = 0.0), Some(RefusalReason::EmptySide));
            assert_eq!(quote(|quote| quote.ask = 0.0), Some(RefusalReason::EmptySide));
            assert_eq!(quote(|quote| quote.bid = quote.ask), Some(RefusalReason::Crossed));
            assert_eq!(quote(|quote| quote.receive_ns -= 10_000_000_001), Some(RefusalReason::TooOld));
            assert_eq!(quote(|quote| quote.receive_ns -= 5_000_000_001), Some(RefusalReason::Skewed));
            assert_eq!(quote(|quote| quote.receive_ns -= 5_000_000_000), None);
            assert_eq!(quote(|quote| quote.receive_ns += 5_000_000_000), None);
            assert_eq!(fixed(|leg| leg.quote_currency = "EUR".to_owned()), Some(RefusalReason::RateUnknown));
            assert_eq!(fixed(|leg| leg.quote_currency = String::new()), Some(RefusalReason::RateUnknown));
            assert_eq!(fixed(|leg| leg.asset_scale = 2.0), Some(RefusalReason::MidsApart));
            assert_eq!(fixed(|leg| leg.taker_fee_percent = None), Some(RefusalReason::FeeUnknown));
            assert_eq!(quote(|quote| (quote.bid_size, quote.ask_size) = (0.9, 0.9)), Some(RefusalReason::TooSmall));
        }
    }

    #[test]
    fn quotes_from_the_future_are_refused_however_close_they_are_to_each_other() {
        let refused = refusal_after(|_, quotes| quotes.iter_mut().for_each(|quote| quote.receive_ns += 5_000_000_001));
        assert_eq!(refused, Some(RefusalReason::Skewed));
    }

    #[test]
    fn prices_that_a_scale_has_made_infinite_are_refused() {
        let refused = refusal_after(|_, quotes| quotes.iter_mut().for_each(|quote| quote.ask = f64::INFINITY));
        assert_eq!(refused, Some(RefusalReason::MidsApart));
    }

    #[test]
    fn currencies_that_are_both_unknown_do_not_convert() {
        let refused = refusal_after(|instruments, _| {
            instruments.iter_mut().for_each(|instrument| instrument.quote_currency = String::new());
        });
        assert_eq!(refused, Some(RefusalReason::RateUnknown));
    }
}
