//! Whether two instruments that bear one asset's name are one asset. A name alone never says so: mids that stay apart
//! make a pair suspect, and then only an operator says what it is.

use rustc_hash::FxHashMap;

use super::asset::{AssetBook, PairNumbers};
use super::gate;
use super::rules::Rules;

/// What is held of a pair; the numbers are those of `IdentityState` in arbitrage.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum IdentityState {
    /// Its mids were apart for too long; nobody has decided.
    Suspect = 1,
    /// An operator says that both are one asset.
    Confirmed = 2,
    /// An operator says that they are not.
    Denied = 3,
}

impl IdentityState {
    /// The state that a number stands for.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Suspect, Self::Confirmed, Self::Denied].into_iter().find(|state| *state as u8 == number)
    }
}

/// One instrument by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketName {
    pub venue: String,
    pub symbol: String,
}

/// Two instruments of one asset; `first` orders before `second`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdentityPair {
    pub asset: String,
    pub first: MarketName,
    pub second: MarketName,
}

/// A pair that has become suspect, with what was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityFinding {
    pub pair: IdentityPair,
    /// Per coin, in each instrument's own quote currency.
    pub first_mid: f64,
    pub second_mid: f64,
    /// Of the lower one, after conversion; infinite when a mid is.
    pub difference_percent: f64,
    /// Receive time of the newer quote when the mids came apart, and when they had been so for long enough.
    pub since_ns: i64,
    pub found_ns: i64,
}

/// Mids apart, from the first to the last time that it was seen.
#[derive(Clone, Copy, Debug)]
struct Apart {
    since_ns: i64,
    last_ns: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Identity {
    state: Option<IdentityState>,
    apart: Option<Apart>,
}

/// Of one asset's pairs, by their legs' numbers, the lower one first. Holds only pairs that gave cause.
#[derive(Debug, Default)]
pub(super) struct Identities(FxHashMap<(usize, usize), Identity>);

impl Identities {
    pub(super) fn state(&self, one: usize, other: usize) -> Option<IdentityState> {
        self.0.get(&key(one, other)).and_then(|identity| identity.state)
    }

    /// Since when the mids are apart; None when they are not, or were not when last compared.
    pub(super) fn apart_since_ns(&self, one: usize, other: usize) -> Option<i64> {
        self.0.get(&key(one, other)).and_then(|identity| identity.apart).map(|apart| apart.since_ns)
    }

    /// Forgets what operators said. What the scanner has found stays suspect.
    pub(super) fn forget_decisions(&mut self) {
        for identity in self.0.values_mut() {
            identity.state = identity.state.filter(|state| *state == IdentityState::Suspect);
        }
    }

    pub(super) fn decide(&mut self, one: usize, other: usize, state: IdentityState) {
        self.0.entry(key(one, other)).or_default().state = Some(state);
    }

    /// Takes note of a comparison at `seen_ns`. Since when the mids are apart, once that makes the pair suspect.
    fn note(&mut self, one: usize, other: usize, is_apart: bool, seen_ns: i64, after_ns: i64) -> Option<i64> {
        if !is_apart {
            if let Some(identity) = self.0.get_mut(&key(one, other)) {
                identity.apart = None;
            }
            return None;
        }
        let identity = self.0.entry(key(one, other)).or_default();
        // What was not compared for so long as the limit itself has not been apart all that while.
        let known = identity.apart.filter(|apart| seen_ns.saturating_sub(apart.last_ns) <= after_ns);
        let since_ns = known.map_or(seen_ns, |apart| apart.since_ns);
        identity.apart = Some(Apart { since_ns, last_ns: seen_ns.max(known.map_or(seen_ns, |apart| apart.last_ns)) });
        if identity.state.is_some() || seen_ns.saturating_sub(since_ns) < after_ns {
            return None;
        }
        identity.state = Some(IdentityState::Suspect);
        Some(since_ns)
    }
}

fn key(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}

/// Compares the mids of a pair that can be compared now. A finding when that makes it suspect.
pub(super) fn watch(
    rules: &Rules,
    book: &mut AssetBook,
    buy: usize,
    sell: usize,
    numbers: &PairNumbers,
    now_ns: i64,
) -> Option<IdentityFinding> {
    if gate::incomparable(rules, book, buy, sell, numbers, now_ns).is_some() {
        return None; // says nothing either way
    }
    let is_apart = numbers.has_mids_apart(rules.settings.max_mid_difference_percent);
    let found_ns = numbers.buy.receive_ns.max(numbers.sell.receive_ns);
    let since_ns = book.identities.note(buy, sell, is_apart, found_ns, rules.settings.suspect_after_ns)?;
    Some(finding(book, buy, sell, numbers, since_ns, found_ns))
}

fn finding(
    book: &AssetBook,
    buy: usize,
    sell: usize,
    numbers: &PairNumbers,
    since_ns: i64,
    found_ns: i64,
) -> IdentityFinding {
    let mut sides = [(market(book, buy), numbers.buy.mid()), (market(book, sell), numbers.sell.mid())];
    sides.sort_by(|one, other| one.0.cmp(&other.0));
    let [(first, first_mid), (second, second_mid)] = sides;
    let pair = IdentityPair { asset: book.name.clone(), first, second };
    let difference_percent = numbers.mid_difference_percent();
    IdentityFinding { pair, first_mid, second_mid, difference_percent, since_ns, found_ns }
}

fn market(book: &AssetBook, leg: usize) -> MarketName {
    let instrument = &book.legs[leg].instrument;
    MarketName { venue: instrument.venue.clone(), symbol: instrument.symbol.clone() }
}

#[cfg(test)]
mod tests {
    use crossbook_market::{BookState, Quote};

    use super::super::testing::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::super::{EventKind, OpportunityEvent, RefusalReason, Scanner};
    use super::*;

    const START_NS: i64 = 1_000 * SECOND_NS;

    /// Venue `a` quotes about 100, venue `b` what is told.
    struct Market(Scanner);

    impl Market {
        fn new() -> Self {
            Self(scanner(settings()))
        }

        fn mid_on_b(&mut self, mid: f64, seconds: i64) -> Vec<OpportunityEvent> {
            let now_ns = START_NS + seconds * SECOND_NS;
            self.quotes(&[live(0, 99.9, 100.1, 10.0, now_ns), live(1, mid - 0.1, mid + 0.1, 10.0, now_ns)], now_ns)
        }

        fn quotes(&mut self, quotes: &[Quote], now_ns: i64) -> Vec<OpportunityEvent> {
            self.0.on_batch(&payload(&[instrument("a", "NEIRO"), instrument("b", "NEIRO")], quotes), now_ns, 0).unwrap()
        }

        fn reason(&self, seconds: i64) -> Option<RefusalReason> {
            self.0.explain("NEIRO", "a", "b", START_NS + seconds * SECOND_NS).unwrap().reason
        }

        fn decide(&mut self, state: IdentityState, seconds: i64) -> Vec<OpportunityEvent> {
            self.0.set_identities(vec![(pair(), state)], START_NS + seconds * SECOND_NS)
        }
    }

    fn pair() -> IdentityPair {
        let [first, second] =
            ["a", "b"].map(|venue| MarketName { venue: venue.to_owned(), symbol: "NEIRO/USDT:USDT".to_owned() });
        IdentityPair { asset: "NEIRO".to_owned(), first, second }
    }

    #[test]
    fn mids_that_stay_apart_for_the_limit_make_the_pair_suspect_and_it_stays_so_when_they_meet() {
        let mut market = Market::new();
        for seconds in (0..60).step_by(5) {
            assert!(market.mid_on_b(150.0, seconds).is_empty());
            assert_eq!(market.reason(seconds), Some(RefusalReason::MidsApart));
            assert!(market.0.take_findings().is_empty());
        }
        assert!(market.mid_on_b(150.0, 60).is_empty());
        assert_eq!(market.reason(60), Some(RefusalReason::IdentitySuspect));
        let findings = market.0.take_findings();
        assert_eq!(findings.len(), 1);
        assert_eq!((&findings[0].pair, findings[0].first_mid, findings[0].second_mid), (&pair(), 100.0, 150.0));
        assert_eq!((findings[0].since_ns, findings[0].found_ns), (START_NS, START_NS + 60 * SECOND_NS));
        assert!((findings[0].difference_percent - 50.0).abs() < 1e-9);
        assert!(market.mid_on_b(101.0, 61).is_empty());
        assert_eq!(market.reason(61), Some(RefusalReason::IdentitySuspect));
        assert!(market.0.take_findings().is_empty());
    }

    #[test]
    fn mids_that_meet_meanwhile_begin_anew_and_may_be_published() {
        let mut market = Market::new();
        market.mid_on_b(150.0, 0);
        assert_eq!(market.mid_on_b(101.0, 59)[0].kind, EventKind::Opened);
        assert_eq!(market.mid_on_b(150.0, 60)[0].close_reason, Some(RefusalReason::MidsApart));
        market.mid_on_b(150.0, 61);
        assert_eq!(market.reason(61), Some(RefusalReason::MidsApart));
    }

    #[test]
    fn mids_that_met_at_a_price_that_does_not_pay_begin_anew_too() {
        let mut market = Market::new();
        market.mid_on_b(150.0, 0);
        market.mid_on_b(100.0, 1);
        market.mid_on_b(150.0, 60);
        assert_eq!(market.reason(60), Some(RefusalReason::MidsApart));
    }

    #[test]
    fn a_book_that_is_away_for_a_while_says_nothing_and_one_that_is_away_for_the_limit_begins_anew() {
        for (away_seconds, reason) in [(50, RefusalReason::IdentitySuspect), (61, RefusalReason::MidsApart)] {
            let mut market = Market::new();
            market.mid_on_b(150.0, 0);
            market.mid_on_b(150.0, 20);
            let gone_ns = START_NS + 21 * SECOND_NS;
            market.quotes(&[Quote::without_prices(1, BookState::Resyncing, gone_ns)], gone_ns);
            market.mid_on_b(150.0, 20 + away_seconds);
            assert_eq!(market.reason(20 + away_seconds), Some(reason), "{away_seconds}");
        }
    }

    #[test]
    fn the_minute_is_of_receive_time_so_that_a_slow_scanner_proves_nothing() {
        let mut market = Market::new();
        market.mid_on_b(150.0, 0);
        let receive_ns = START_NS + SECOND_NS;
        let late = [live(0, 99.9, 100.1, 10.0, receive_ns), live(1, 149.9, 150.1, 10.0, receive_ns)];
        market.quotes(&late, START_NS + 5 * SECOND_NS);
        market.0.on_timer(START_NS + 9 * SECOND_NS);
        assert_eq!(market.reason(9), Some(RefusalReason::MidsApart));
    }

    #[test]
    fn a_confirmed_pair_trades_again_however_far_its_mids_are_apart() {
        let mut market = Market::new();
        (0..=60).step_by(5).for_each(|seconds| _ = market.mid_on_b(150.0, seconds));
        let events = market.decide(IdentityState::Confirmed, 61);
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Opened]);
        assert_eq!(market.reason(61), None);
    }

    #[test]
    fn a_denied_pair_never_trades_and_an_open_one_is_closed_for_it() {
        let mut market = Market::new();
        assert_eq!(market.mid_on_b(101.0, 0)[0].kind, EventKind::Opened);
        let closed = market.decide(IdentityState::Denied, 1);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::IdentityDenied));
        assert!(market.mid_on_b(101.0, 2).is_empty());
        assert_eq!(market.reason(2), Some(RefusalReason::IdentityDenied));
    }

    #[test]
    fn a_decision_that_is_withdrawn_leaves_the_pair_suspect() {
        let mut market = Market::new();
        market.mid_on_b(101.0, 0);
        market.decide(IdentityState::Confirmed, 1);
        let closed = market.decide(IdentityState::Suspect, 2);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::IdentitySuspect));
    }

    #[test]
    fn a_decision_that_comes_before_the_instruments_holds_when_they_come() {
        let mut market = Market::new();
        market.decide(IdentityState::Denied, 0);
        assert!(market.mid_on_b(101.0, 1).is_empty());
        assert_eq!(market.reason(1), Some(RefusalReason::IdentityDenied));
    }

    #[test]
    fn a_decision_holds_after_the_stream_is_lost() {
        let mut market = Market::new();
        market.mid_on_b(101.0, 0);
        market.decide(IdentityState::Denied, 1);
        market.0.on_disconnected(START_NS + 2 * SECOND_NS, 0);
        assert!(market.mid_on_b(101.0, 3).is_empty());
    }

    #[test]
    fn a_decision_about_one_symbol_of_a_venue_leaves_its_others_alone() {
        let mut market = Market::new();
        market.mid_on_b(101.0, 0);
        let other =
            IdentityPair { second: MarketName { symbol: "NEIRO/USDC:USDC".to_owned(), ..pair().second }, ..pair() };
        market.0.set_identities(vec![(other, IdentityState::Denied)], START_NS);
        assert_eq!(market.reason(0), None);
    }
}
