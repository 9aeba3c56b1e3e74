//! The last events, numbered, so that a client that comes back can go on where it was.
//!
//! The newest events are kept, and the OPENED of everything that is open. What is no longer held is in Postgres; without
//! it a client that comes back for what is gone begins with what is open, and a token of another process, one before this
//! or a replica beside it, stands for its time and a little before: some is told again.

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::event::LoggedEvent;
use super::token::Token;
use crate::arbitrage::{EventKind, OpportunityEvent};

/// Between the clocks of two replicas, and for the time that one takes to notice that its quotes no longer come.
pub const OVERLAP_NS: i64 = 10_000_000_000;

/// Bounded by its capacity and by the number of open opportunities.
#[derive(Debug)]
pub(super) struct EventLog {
    log_id: String,
    capacity: usize,
    events: VecDeque<Arc<LoggedEvent>>,
    open: FxHashMap<String, Arc<LoggedEvent>>,
    last_number: i64,
}

impl EventLog {
    pub(super) fn new(log_id: String, capacity: usize) -> Self {
        Self { log_id, capacity, events: VecDeque::new(), open: FxHashMap::default(), last_number: 0 }
    }

    pub(super) fn log_id(&self) -> &str {
        &self.log_id
    }

    /// Numbers the event and keeps it.
    pub(super) fn append(&mut self, event: &OpportunityEvent) -> Arc<LoggedEvent> {
        self.last_number += 1;
        let logged = Arc::new(self.logged(event));
        match logged.kind {
            EventKind::Opened => drop(self.open.insert(logged.opportunity_id.clone(), Arc::clone(&logged))),
            EventKind::Closed => drop(self.open.remove(&logged.opportunity_id)),
            EventKind::Updated => {}
        }
        if self.events.len() >= self.capacity {
            self.events.pop_front();
        }
        self.events.push_back(Arc::clone(&logged));
        logged
    }

    /// The OPENED of an opportunity that is open now.
    pub(super) fn opened(&self, opportunity_id: &str) -> Option<&Arc<LoggedEvent>> {
        self.open.get(opportunity_id)
    }

    /// The resume token of the newest event, or of the beginning.
    pub(super) fn token(&self) -> String {
        let event_ns = self.events.back().map_or(0, |event| event.event_ns);
        self.token_of(if self.events.is_empty() { 0 } else { self.last_number }, event_ns).encode()
    }

    /// The events after the one that the token names; None when they are no longer all held.
    pub(super) fn after(&self, token: &Token) -> Option<impl Iterator<Item = &Arc<LoggedEvent>>> {
        if token.log_id == self.log_id {
            self.after_number(token.number)
        } else {
            self.after_number(self.number_before(token.event_ns.saturating_sub(OVERLAP_NS)))
        }
    }

    /// The events after one of this log; None when they are no longer all held.
    pub(super) fn after_number(&self, number: i64) -> Option<impl Iterator<Item = &Arc<LoggedEvent>>> {
        let oldest = self.last_number + 1 - self.events.len() as i64;
        let is_held = (oldest - 1..=self.last_number).contains(&number);
        is_held.then(|| self.events.range((number + 1 - oldest) as usize..))
    }

    /// The event before the first of that time or later; 0 when that may be one that is no longer held.
    fn number_before(&self, at_ns: i64) -> i64 {
        self.events.iter().rev().find(|event| event.event_ns < at_ns).map_or(0, |event| event.number)
    }

    fn token_of(&self, number: i64, event_ns: i64) -> Token {
        Token { log_id: self.log_id.clone(), number, event_ns }
    }

    fn logged(&self, event: &OpportunityEvent) -> LoggedEvent {
        let spread = &event.spread;
        let opened = self.open.get(&spread.opportunity_id);
        let token = self.token_of(self.last_number, event.event_ns).encode();
        LoggedEvent {
            number: self.last_number,
            kind: event.kind,
            opportunity_id: spread.opportunity_id.clone(),
            asset: spread.asset.clone(),
            buy_venue: spread.buy.venue.clone(),
            sell_venue: spread.sell.venue.clone(),
            opening_net_percent: opened.map_or(spread.costs.net_percent, |opened| opened.opening_net_percent),
            event_ns: event.event_ns,
            cause_ns: event.cause_ns,
            payload: event.to_message(token).encode_response(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::event;
    use super::*;

    fn log(capacity: usize) -> EventLog {
        EventLog::new("own".to_owned(), capacity)
    }

    fn told(log: &mut EventLog, kind: EventKind, event_ns: i64) -> Token {
        let number = log.append(&event(kind, "a", 1.0, event_ns)).number;
        Token { log_id: log.log_id().to_owned(), number, event_ns }
    }

    fn after(log: &EventLog, token: &Token) -> Option<Vec<i64>> {
        log.after(token).map(|events| events.map(|event| event.number).collect())
    }

    fn of_another(event_ns: i64) -> Token {
        Token { log_id: "another".to_owned(), number: 0, event_ns }
    }

    #[test]
    fn a_token_gives_exactly_the_events_after_its_own() {
        let mut log = log(10);
        let tokens: Vec<Token> = (0..5).map(|_| told(&mut log, EventKind::Updated, 0)).collect();
        for (position, token) in tokens.iter().enumerate() {
            assert_eq!(after(&log, token), Some((position as i64 + 2..=5).collect()));
        }
        assert_eq!(log.token(), tokens[4].encode());
    }

    #[test]
    fn a_token_whose_successors_are_gone_is_no_longer_held() {
        let mut log = log(3);
        let tokens: Vec<Token> = (0..5).map(|_| told(&mut log, EventKind::Updated, 0)).collect();
        assert_eq!(after(&log, &tokens[0]), None);
        assert_eq!(after(&log, &tokens[1]), Some(vec![3, 4, 5]));
    }

    #[test]
    fn a_token_of_an_earlier_process_gives_everything_as_long_as_it_is_held() {
        let mut log = log(2);
        assert_eq!(after(&log, &of_another(0)), Some(vec![]));
        told(&mut log, EventKind::Opened, 0);
        told(&mut log, EventKind::Closed, 0);
        assert_eq!(after(&log, &of_another(0)), Some(vec![1, 2]));
        told(&mut log, EventKind::Opened, 0);
        assert_eq!(after(&log, &of_another(0)), None);
    }

    #[test]
    fn a_token_of_a_replica_gives_what_came_since_a_little_before_its_time() {
        let mut log = log(5);
        let times: Vec<i64> = (0..8).map(|step| step * OVERLAP_NS / 2).collect();
        times.iter().for_each(|at_ns| drop(told(&mut log, EventKind::Updated, *at_ns)));
        assert_eq!(after(&log, &of_another(times[7])), Some(vec![6, 7, 8]));
        assert_eq!(after(&log, &of_another(times[6])), Some(vec![5, 6, 7, 8]));
        assert_eq!(after(&log, &of_another(times[5])), None, "the first of that time may be gone");
    }

    #[test]
    fn a_number_that_was_never_given_out_is_not_held() {
        let mut log = log(10);
        let beginning = Token::decode(&log.token()).unwrap();
        let last = told(&mut log, EventKind::Updated, 0);
        for number in [-1, 2, i64::MIN, i64::MAX] {
            assert_eq!(after(&log, &Token { number, ..last.clone() }), None, "{number}");
        }
        assert_eq!(after(&log, &last), Some(vec![]));
        assert_eq!(after(&log, &beginning), Some(vec![1]));
    }

    #[test]
    fn every_event_of_an_opportunity_knows_its_opening_net() {
        let mut log = log(10);
        let steps = [(EventKind::Opened, 2.0), (EventKind::Updated, 3.0), (EventKind::Closed, 1.0)];
        let nets = steps.map(|(kind, net)| log.append(&event(kind, "a", net, 0)).opening_net_percent);
        assert_eq!(nets, [2.0; 3]);
        assert!(log.opened("a").is_none());
    }
}
