//! Whether two instruments that bear one asset's name are one asset. A name alone never says so: mids that stay apart
//! make a pair suspect, and then only an operator says what it is.

use super::gate;
use super::identities::{IdentityFinding, IdentityPair, MarketName};
use super::pair::Pair;

/// What the mids of a pair say at the newer quote's receive time.
pub(super) struct Comparison {
    pub is_apart: bool,
    pub seen_ns: i64,
}

/// Compares the mids of a pair that can be compared now; one that cannot says nothing either way.
pub(super) fn compare(pair: &Pair<'_>) -> Option<Comparison> {
    let is_apart = pair.numbers.has_mids_apart(pair.rules.settings.max_mid_difference_percent);
    gate::incomparable(pair).is_none().then(|| Comparison { is_apart, seen_ns: pair.newest_ns() })
}

/// The pair has become suspect: its mids have been apart since `since_ns`.
pub(super) fn finding(pair: &Pair<'_>, since_ns: i64) -> IdentityFinding {
    let mut sides =
        [(market(pair, pair.buy), pair.numbers.buy.mid()), (market(pair, pair.sell), pair.numbers.sell.mid())];
    sides.sort_by(|one, other| one.0.cmp(&other.0));
    let [(first, first_mid), (second, second_mid)] = sides;
    let names = IdentityPair { asset: pair.book.name.clone(), first, second };
    let difference_percent = pair.numbers.mid_difference_percent();
    IdentityFinding { pair: names, first_mid, second_mid, difference_percent, since_ns, found_ns: pair.newest_ns() }
}

fn market(pair: &Pair<'_>, leg: usize) -> MarketName {
    let instrument = &pair.book.legs[leg].instrument;
    MarketName { venue: instrument.venue.clone(), symbol: instrument.symbol.clone() }
}

#[cfg(test)]
mod tests {
    use crossbook_market::{BookState, Quote};

    use super::super::identities::IdentityState;
    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
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
            self.0.explain("NEIRO", "a", "b", START_NS + seconds * SECOND_NS, &[]).unwrap().reason
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
