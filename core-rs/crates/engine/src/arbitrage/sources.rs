//! Legs that several shards tell of, by the rules of `crate::sources`.

use super::numbers::Top;
use crate::sources::Held;

/// One instrument: an asset's book and a leg of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Place {
    pub book: usize,
    pub leg: usize,
}

pub(super) type Sources = crate::sources::Sources<Place>;

impl Top {
    /// As the rules see it.
    pub(super) fn held(&mut self) -> Held<'_> {
        Held { receive_ns: self.receive_ns, state: self.state, source: &mut self.source }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::super::{EventKind, OpportunityEvent, RefusalReason, Scanner, ScannerSettings};
    use crate::sources::MOVING_NS;
    use crossbook_market::{BookState, Quote};

    const START_NS: i64 = 1_000 * SECOND_NS;
    const OLD: u16 = 0;
    const NEW: u16 = 1;
    /// `b`, which pays; leg 1 of the payloads.
    const MOVED: Quote = Quote { state: BookState::Moved, ..CLOSED };
    const CLOSED: Quote = Quote {
        instrument: 1,
        state: BookState::Closed,
        receive_ns: START_NS + 1,
        exchange_ns: 0,
        bid: 0.0,
        bid_size: 0.0,
        ask: 0.0,
        ask_size: 0.0,
    };

    /// What `b` bids is open against `a`; the old shard has told both, unless it is said otherwise.
    struct Market(Scanner);

    impl Market {
        fn open() -> Self {
            let mut market = Self(scanner(settings()));
            assert_eq!(market.tell(OLD, &[live(0, 99.9, 100.0, 10.0, START_NS), paying(START_NS)]).len(), 1);
            market
        }

        fn tell(&mut self, source: u16, quotes: &[Quote]) -> Vec<OpportunityEvent> {
            let instruments = [instrument("a", "BTC"), instrument("b", "BTC")];
            self.0.on_batch(&payload(&instruments, quotes), START_NS + 1, source).unwrap()
        }

        fn open_legs(&self) -> [usize; 2] {
            [OLD, NEW].map(|source| self.0.open_legs(source))
        }

        fn is_open(&self) -> bool {
            self.0.stats().open_now == 1
        }
    }

    fn paying(receive_ns: i64) -> Quote {
        live(1, 101.0, 101.1, 10.0, receive_ns)
    }

    #[test]
    fn closed_from_a_former_source_is_ignored() {
        let mut market = Market::open();
        assert_eq!(market.tell(NEW, &[paying(START_NS + 1)]), []);
        assert_eq!(market.tell(OLD, &[CLOSED]), []);
        assert_eq!(market.open_legs(), [1, 1]);
        let closed = market.tell(NEW, &[CLOSED]);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::NotLive));
    }

    #[test]
    fn moved_and_live_from_another_source_in_either_order_close_nothing() {
        for receive_ns in [START_NS, START_NS + 1] {
            for is_moved_first in [true, false] {
                let mut market = Market::open();
                let mut words = [(OLD, MOVED), (NEW, paying(receive_ns))];
                if !is_moved_first {
                    words.reverse();
                }
                for (source, quote) in words {
                    assert_eq!(market.tell(source, &[quote]), []);
                }
                assert_eq!(market.0.on_timer(START_NS + 1 + MOVING_NS), []);
                assert!(market.is_open());
                assert_eq!(market.open_legs(), [1, 1]);
            }
        }
    }

    #[test]
    fn an_instrument_moves_back_to_where_it_was_and_nothing_closes() {
        let mut market = Market::open();
        let moves = [(OLD, NEW), (NEW, OLD), (OLD, NEW)];
        for (from, to) in moves {
            assert_eq!(market.tell(to, &[paying(START_NS)]), []);
            assert_eq!(market.tell(from, &[MOVED]), []);
        }
        assert_eq!(market.0.on_timer(START_NS + 1 + MOVING_NS), []);
        assert_eq!(market.open_legs(), [1, 1]);
    }

    #[test]
    fn moved_without_a_successor_closes_after_two_seconds() {
        let mut market = Market::open();
        assert_eq!(market.tell(OLD, &[MOVED]), []);
        assert_eq!(market.open_legs(), [1, 0]);
        assert_eq!(market.0.on_timer(START_NS + MOVING_NS), []);
        let closed = market.0.on_timer(START_NS + 1 + MOVING_NS);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::NotLive));
        assert_eq!(market.tell(NEW, &[paying(START_NS)])[0].kind, EventKind::Opened);
    }

    #[test]
    fn a_leg_told_by_an_older_quote_of_a_second_source_does_not_go_back_in_time() {
        let mut market = Market::open();
        let old_price = live(1, 90.0, 90.1, 10.0, START_NS - 1);
        assert_eq!(market.tell(NEW, &[old_price]), []);
        assert_eq!(market.open_legs(), [2, 0]);
        assert_eq!(market.tell(OLD, &[MOVED]), []);
        assert_eq!(market.tell(NEW, &[old_price]), []);
        assert!(market.is_open());
    }

    #[test]
    fn a_lost_source_closes_only_its_own() {
        let mut market = Market(scanner(settings()));
        market.tell(OLD, &[live(0, 99.9, 100.0, 10.0, START_NS)]);
        market.tell(NEW, &[paying(START_NS)]);
        let instruments = ["a", "b"].map(|venue| instrument(venue, "ETH"));
        let quotes = [live(0, 99.9, 100.0, 10.0, START_NS), paying(START_NS)];
        market.0.on_batch(&payload(&instruments, &quotes), START_NS, NEW).unwrap();
        assert_eq!(market.0.stats().open_now, 2);
        let closed = market.0.on_disconnected(START_NS + 1, OLD);
        assert_eq!(closed.iter().map(|event| event.spread.asset.as_str()).collect::<Vec<_>>(), ["BTC"]);
        assert_eq!(market.open_legs(), [0, 3]);
        assert_eq!(market.0.explain("BTC", "a", "b", START_NS, &[]).unwrap().buy.receive_ns, 0);
        assert_eq!(market.tell(OLD, &[live(0, 99.9, 100.0, 10.0, START_NS)])[0].kind, EventKind::Opened);
    }

    #[test]
    fn what_a_lost_source_told_stays_where_another_has_told_the_same_quote() {
        let mut market = Market::open();
        assert_eq!(market.tell(NEW, &[live(0, 99.9, 100.0, 10.0, START_NS), paying(START_NS)]), []);
        assert_eq!(market.0.on_disconnected(START_NS + 1, OLD), []);
        assert_eq!(market.open_legs(), [0, 2]);
        assert_eq!(market.0.on_disconnected(START_NS + 1, NEW).len(), 1);
    }

    #[test]
    fn an_heir_that_is_lost_or_has_closed_inherits_nothing() {
        for is_lost in [true, false] {
            let mut market = Market::open();
            market.tell(NEW, &[paying(START_NS)]);
            if is_lost {
                market.0.on_disconnected(START_NS + 1, NEW);
            } else {
                market.tell(NEW, &[CLOSED]);
            }
            market.tell(OLD, &[MOVED]);
            assert_eq!(market.0.on_timer(START_NS + 1 + MOVING_NS).len(), 1);
        }
    }

    #[test]
    fn symbol_numbers_belong_to_their_source() {
        let mut market = Market(scanner(settings()));
        let [a, b] = ["a", "b"].map(|venue| instrument(venue, "BTC"));
        for (source, instruments) in [(OLD, [a.clone(), b.clone()]), (NEW, [b, a])] {
            let events = market.0.on_batch(&payload(&instruments, &[]), START_NS, source).unwrap();
            assert_eq!(events, []);
        }
        market.tell(OLD, &[live(0, 99.9, 100.0, 10.0, START_NS)]);
        let bare = crossbook_wire::encode_subscription_response;
        let opened =
            market.0.on_batch(&bare("stream", 2, 1, &[], &[live(0, 101.0, 101.1, 10.0, START_NS)], 0), START_NS, NEW);
        assert_eq!(opened.unwrap()[0].spread.sell.venue, "b");
        let unknown = bare("stream", 2, 1, &[], &[live(0, 1.0, 1.1, 10.0, START_NS)], 0);
        assert!(market.0.on_batch(&unknown, START_NS, 2).is_err());
    }

    prop_compose! {
        /// A leg's quotes, each told with the one before or after a pause, and when its shard changes.
        fn story()(
            prices in prop::collection::vec(99.0..102.0f64, 2..12), move_at in 0..12usize, lag in 0..6usize,
            first_source_lags in any::<bool>(),
        ) -> (Vec<f64>, usize, usize, bool) {
            let move_at = move_at % prices.len();
            (prices, move_at, lag, first_source_lags)
        }
    }

    proptest! {
        /// Two streams told in any interleaving end where one that tells all of it in order does, and close no more.
        #[test]
        fn a_move_between_sources_changes_no_price_and_closes_nothing_that_one_stream_would_not(
            (prices, move_at, lag, first_source_lags) in story(),
        ) {
            let quote = |number: usize| {
                let bid = prices[number];
                live(1, bid, bid + 0.1, 10.0, START_NS + number as i64)
            };
            let before: Vec<Quote> = (0..=move_at).map(quote).chain([MOVED]).collect();
            let after: Vec<Quote> = (move_at..prices.len()).map(quote).collect();
            let mut alone = Market(scanner(ScannerSettings { close_net_percent: 0.1, ..settings() }));
            let mut shared = Market(scanner(ScannerSettings { close_net_percent: 0.1, ..settings() }));
            let other = live(0, 99.9, 100.0, 10.0, START_NS);
            alone.tell(OLD, &[other]);
            shared.tell(OLD, &[other]);
            (0..prices.len()).for_each(|number| drop(alone.tell(OLD, &[quote(number)])));
            let (ahead, behind) = if first_source_lags { ((NEW, after), (OLD, before)) } else { ((OLD, before), (NEW, after)) };
            let mut told = 0;
            for (number, quote) in behind.1.iter().enumerate() {
                while told < ahead.1.len() && told < number + lag {
                    shared.tell(ahead.0, &ahead.1[told..=told]);
                    told += 1;
                }
                shared.tell(behind.0, &[*quote]);
            }
            ahead.1[told..].iter().for_each(|quote| drop(shared.tell(ahead.0, &[*quote])));
            prop_assert_eq!(shared.0.on_timer(START_NS + 1 + MOVING_NS), []);
            prop_assert_eq!(shared.open_legs(), [1, 1]);
            let view = |market: &Market| market.0.explain("BTC", "a", "b", START_NS + 1, &[]).unwrap().sell;
            prop_assert_eq!(view(&shared), view(&alone));
            prop_assert!(shared.0.stats().closed <= alone.0.stats().closed);
        }
    }
}
