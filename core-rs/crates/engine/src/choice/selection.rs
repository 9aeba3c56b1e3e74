//! What one reader of events wants, event after event.
//!
//! 1. An opportunity is told from its first event that passes until it closes, also while it does not pass: who was told of it
//!    is never left with an old price, and hears its end.
//! 2. Who resumes was told of some of those that opened before, and nobody knows of which: of these it hears what passes from
//!    then on, and every end.

use std::cell::OnceCell;
use std::collections::HashSet;

use crossbook_wire::{Opportunity, WatchOpportunitiesResponse};

use super::filter::EventFilter;
use crate::arbitrage::EventKind;

/// An event that may be wanted. It is read only where somebody asks for more than its head says, and once for all.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub kind: EventKind,
    pub id: &'a str,
    pub asset: &'a str,
    pub buy_venue: &'a str,
    pub sell_venue: &'a str,
    pub opening_net_percent: f64,
    pub event_ns: i64,
    /// A WatchOpportunitiesResponse with it alone.
    pub payload: &'a [u8],
    pub read: OnceCell<Option<Opportunity>>,
}

impl Candidate<'_> {
    fn passes(&self, filter: &EventFilter) -> bool {
        let read = || WatchOpportunitiesResponse::decode_response(self.payload)?.events.pop()?.opportunity;
        self.read.get_or_init(read).as_ref().is_some_and(|found| filter.passes(found, self.event_ns))
    }
}

/// Holds no more than the ids of what is open.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    filter: EventFilter,
    is_resumed: bool,
    let_in: HashSet<String>,
    /// Of one that resumed: those whose opening it was not told of.
    left_out: HashSet<String>,
}

impl Selection {
    /// Of who hears of everything that is open.
    pub fn new(filter: EventFilter) -> Self {
        Self { filter, ..Self::default() }
    }

    /// Of who was told something before.
    pub fn resumed(filter: EventFilter) -> Self {
        Self { filter, is_resumed: true, ..Self::default() }
    }

    /// Whether it is told of the event; to be asked once about each, in their order.
    pub fn wants(&mut self, event: &Candidate<'_>) -> bool {
        if !self.filter.matches(event.asset, event.buy_venue, event.sell_venue, event.opening_net_percent) {
            return false;
        }
        if self.filter.is_plain() {
            return true;
        }
        match event.kind {
            EventKind::Closed => self.ends(event.id),
            _ if self.let_in.contains(event.id) => true,
            kind => self.begins(event, kind),
        }
    }

    fn begins(&mut self, event: &Candidate<'_>, kind: EventKind) -> bool {
        let passes = event.passes(&self.filter);
        if passes {
            self.left_out.remove(event.id);
            self.let_in.insert(event.id.to_owned());
        } else if self.is_resumed && kind == EventKind::Opened {
            self.left_out.insert(event.id.to_owned());
        }
        passes
    }

    fn ends(&mut self, id: &str) -> bool {
        let is_left_out = self.left_out.remove(id);
        self.let_in.remove(id) || (self.is_resumed && !is_left_out)
    }
}

#[cfg(test)]
pub(super) mod testing {
    use crossbook_wire::{HoldingCosts, Leg, LegDepth, LegFacts, SizedEdge, Sizing, Time};

    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;
    pub const NOW_NS: i64 = 1_750_000_000 * SECOND_NS;

    /// Open for 5 s, funded in 600 s, of 30 coins a side within ten basis points.
    pub fn found() -> Opportunity {
        let facts = LegFacts {
            volume_24h: Some(1e6),
            open_interest: Some(5e5),
            next_funding_time: Some(Time::from_ns(NOW_NS + 600 * SECOND_NS)),
            ..LegFacts::default()
        };
        let leg = |venue: &str, symbol: &str, price| Leg {
            venue: venue.to_owned(),
            symbol: symbol.to_owned(),
            price,
            facts: Some(facts),
            ..Leg::default()
        };
        let depth = |level_prices: [f64; 2]| LegDepth {
            age: Some(Time::default()),
            levels: 2,
            horizon_price: level_prices[1],
            known_size: 30.0,
            level_prices: level_prices.to_vec(),
            level_sizes: vec![10.0, 20.0],
        };
        let sizing = Sizing {
            largest: Some(SizedEdge { buy_notional: 2000.0, ..SizedEdge::default() }),
            most_profitable: Some(SizedEdge { profit: 7.0, ..SizedEdge::default() }),
            buy: Some(depth([100.0, 100.1])),
            sell: Some(depth([102.0, 101.9])),
            ..Sizing::default()
        };
        Opportunity {
            id: "one".to_owned(),
            asset: "BTC".to_owned(),
            buy: Some(leg("cheap", "BTC/USDT:USDT", 100.0)),
            sell: Some(leg("dear", "BTC/USD:USD", 102.0)),
            open_time: Some(Time::from_ns(NOW_NS - 5 * SECOND_NS)),
            sizing: Some(sizing),
            holding: Some(HoldingCosts { net_percent: Some(-0.5), ..HoldingCosts::default() }),
            ..Opportunity::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use crossbook_wire::{OpportunityEvent, OpportunityFilter};

    use super::testing::{NOW_NS, found};
    use super::*;

    const OPENED: EventKind = EventKind::Opened;
    const UPDATED: EventKind = EventKind::Updated;
    const CLOSED: EventKind = EventKind::Closed;

    fn wants(selection: &mut Selection, kind: EventKind, profit: f64) -> bool {
        let mut opportunity = found();
        opportunity.sizing.as_mut().unwrap().most_profitable.as_mut().unwrap().profit = profit;
        let event = OpportunityEvent { opportunity: Some(opportunity), ..OpportunityEvent::default() };
        selection.wants(&Candidate {
            kind,
            id: "one",
            asset: "BTC",
            buy_venue: "cheap",
            sell_venue: "dear",
            opening_net_percent: 1.0,
            event_ns: NOW_NS,
            payload: &event.encode_response(),
            read: OnceCell::new(),
        })
    }

    fn of_profit() -> EventFilter {
        let conditions = OpportunityFilter { min_profit: Some(5.0), ..OpportunityFilter::default() };
        EventFilter::new(vec![], vec!["BTC".to_owned()], None).with(vec![], conditions)
    }

    fn story(mut selection: Selection, events: &[(EventKind, f64)]) -> Vec<bool> {
        let told = events.iter().map(|(kind, profit)| wants(&mut selection, *kind, *profit)).collect();
        assert!(selection.let_in.is_empty() && selection.left_out.is_empty(), "what has closed is not held");
        told
    }

    #[test]
    fn it_is_told_from_the_first_that_passes_to_its_end() {
        let life = [(OPENED, 4.0), (UPDATED, 5.0), (UPDATED, 4.0), (CLOSED, 4.0)];
        for selection in [Selection::new(of_profit()), Selection::resumed(of_profit())] {
            assert_eq!(story(selection, &life), [false, true, true, true]);
        }
    }

    #[test]
    fn what_never_passed_has_no_end_either() {
        let life = [(OPENED, 4.0), (UPDATED, 4.0), (CLOSED, 4.0)];
        for selection in [Selection::new(of_profit()), Selection::resumed(of_profit())] {
            assert_eq!(story(selection, &life), [false; 3]);
        }
    }

    #[test]
    fn of_what_opened_before_a_resumption_the_end_is_told_and_what_passes() {
        assert_eq!(story(Selection::resumed(of_profit()), &[(UPDATED, 4.0), (CLOSED, 4.0)]), [false, true]);
        assert_eq!(story(Selection::new(of_profit()), &[(UPDATED, 4.0), (CLOSED, 4.0)]), [false, false]);
    }

    #[test]
    fn names_count_before_conditions_and_bytes_that_are_no_event_do_not_pass() {
        let other = EventFilter::new(vec![], vec!["ETH".to_owned()], None);
        assert!(!wants(&mut Selection::resumed(other), CLOSED, 9.0));
        let mut selection = Selection::new(of_profit());
        let broken = Candidate {
            kind: OPENED,
            id: "one",
            asset: "BTC",
            buy_venue: "cheap",
            sell_venue: "dear",
            opening_net_percent: 1.0,
            event_ns: NOW_NS,
            payload: b"\xff",
            read: OnceCell::new(),
        };
        assert!(!selection.wants(&broken));
    }
}
