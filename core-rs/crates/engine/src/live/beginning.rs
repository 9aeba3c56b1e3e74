//! What a watcher is told before what happens: what is open now, what it missed, or what memory holds beyond Postgres' log.

use std::cell::OnceCell;
use std::collections::{HashSet, VecDeque};

use crossbook_wire as wire;

use super::event::LoggedEvent;
use super::scan::LiveScan;
use super::token::Token;
use super::watcher::{Beginning, EVENTS_AT_A_TIME};
use crate::arbitrage::{EventKind, SpreadView};
use crate::choice::{Candidate, EventFilter, Selection};

impl LiveScan {
    /// None when it begins in Postgres: memory does not hold all that the token asks for.
    pub(super) fn beginning(
        &self,
        wanted: EventFilter,
        token: Option<&Token>,
        now_ns: i64,
    ) -> Option<(Beginning, Selection)> {
        let Some(token) = token else { return Some(self.open_now(wanted, now_ns)) };
        let is_logged = self.unwritten.is_some();
        if is_logged && token.log_id != self.log.log_id() {
            return None;
        }
        match self.log.after(token) {
            Some(missed) => {
                let mut wanted = Selection::resumed(wanted);
                let missed = missed.filter(|event| wanted.wants(&event.candidate())).cloned().collect();
                Some((Beginning { missed, ..Beginning::default() }, wanted))
            }
            None => (!is_logged).then(|| self.open_now(wanted, now_ns)),
        }
    }

    /// For who has read the log in Postgres up to this number, and was told that these are open: the rest of the events, and
    /// what is open here and was not told. Beside it, which of them are neither open here nor told to be closed: nobody has
    /// watched them since their writer died. None when memory no longer holds the rest.
    pub(super) fn after_log(
        &self,
        wanted: &mut Selection,
        number: i64,
        told: &[String],
        now_ns: i64,
    ) -> Option<(Beginning, Vec<String>)> {
        let told_before: HashSet<&str> = told.iter().map(String::as_str).collect();
        let rest: Vec<_> = self.log.after_number(number)?.cloned().collect();
        let told_after: HashSet<&str> = rest.iter().map(|event| event.opportunity_id.as_str()).collect();
        let untold = |id: &str| !told_after.contains(id) && !told_before.contains(id);
        // What is told in the rest is open here, or was told to be closed there.
        let is_over = |id: &&String| self.log.opened(id).is_none() && !told_after.contains(id.as_str());
        let ended = told.iter().filter(is_over).cloned().collect();
        let missed = rest.iter().filter(|event| wanted.wants(&event.candidate())).cloned().collect();
        let open = in_messages(self.open_events(wanted, untold, now_ns));
        Some((Beginning { missed, open }, ended))
    }

    /// An OPENED for each, as it is now. Only the last bears a token: who resumes from an earlier one starts again.
    fn open_now(&self, wanted: EventFilter, now_ns: i64) -> (Beginning, Selection) {
        let mut wanted = Selection::new(wanted);
        let mut events = self.open_events(&mut wanted, |_| true, now_ns);
        if let Some(last) = events.last_mut() {
            last.resume_token = self.log.token();
        }
        (Beginning { open: in_messages(events), ..Beginning::default() }, wanted)
    }

    fn open_events(
        &self,
        wanted: &mut Selection,
        is_untold: impl Fn(&str) -> bool,
        now_ns: i64,
    ) -> Vec<wire::OpportunityEvent> {
        let open = self.scanner.open_opportunities();
        let told = open.iter().filter(|spread| is_untold(&spread.opportunity_id)).filter_map(|spread| {
            let opened = self.log.opened(&spread.opportunity_id)?;
            let event = opened_event(opened, spread, now_ns);
            let as_now = Candidate {
                kind: EventKind::Opened,
                event_ns: now_ns,
                read: OnceCell::from(event.opportunity.clone()),
                ..opened.candidate()
            };
            wanted.wants(&as_now).then_some(event)
        });
        told.collect()
    }
}

fn opened_event(opened: &LoggedEvent, spread: &SpreadView, now_ns: i64) -> wire::OpportunityEvent {
    wire::OpportunityEvent {
        kind: EventKind::Opened as i32,
        opportunity: Some(spread.to_message(now_ns)),
        event_time: Some(wire::Time::from_ns(opened.event_ns)),
        cause_time: Some(wire::Time::from_ns(opened.cause_ns)),
        ..wire::OpportunityEvent::default()
    }
}

fn in_messages(events: Vec<wire::OpportunityEvent>) -> VecDeque<Vec<u8>> {
    let message = |some: &[wire::OpportunityEvent]| {
        wire::WatchOpportunitiesResponse { events: some.to_vec(), ..Default::default() }.encode()
    };
    events.chunks(EVENTS_AT_A_TIME).map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::watching::{AfterLog, SharedScan, Watching, lock, subscribe, subscribe_after_log};
    use super::super::{CAPACITY, QUEUE_LIMIT, scan::Limits};
    use super::*;

    const LOGGED: Limits = Limits { unwritten: Some(10), ..BARE };

    fn of_another() -> Token {
        Token { log_id: "another".to_owned(), number: 0, event_ns: 0 }
    }

    fn ids(scan: &SharedScan) -> Vec<String> {
        lock(scan).scanner().open_opportunities().into_iter().map(|spread| spread.opportunity_id).collect()
    }

    fn joins(scan: &SharedScan, wanted: EventFilter, number: i64, told: &[String]) -> Option<(Watching, Vec<String>)> {
        subscribe_after_log(
            scan,
            Selection::resumed(wanted),
            AfterLog { number, told: told.to_vec() },
            QUEUE_LIMIT,
            NOW_NS,
        )
    }

    #[test]
    fn what_is_open_is_told_as_it_is_now_and_only_the_last_bears_a_token() {
        let scan = scan("own", BARE);
        ticks(&scan, &[("BTC", 101.0), ("ETH", 102.0), ("SOL", 103.0), ("BTC", 104.0), ("ETH", 100.0)]);
        let watching = watch(&scan, None);
        let told = events(&watching);
        assert_eq!(story(&told), [(1, "BTC"), (1, "SOL")]);
        let opportunity = told[0].opportunity.as_ref().unwrap();
        assert_eq!(opportunity.sell.as_ref().unwrap().price, 104.0);
        assert_eq!(opportunity.peak_net_percent, opportunity.costs.unwrap().net_percent);
        assert_eq!(told[0].resume_token, "");
        assert_eq!(Token::decode(&told[1].resume_token).unwrap().number, 5);
    }

    #[test]
    fn from_any_token_on_the_rest_follows_without_a_hole_or_a_repetition() {
        let scan = scan("own", BARE);
        bids(&scan, &[101.0, 102.0, 100.0, 101.0]);
        let all = events(&watch(&scan, Some(&of_another())));
        assert_eq!(story(&all), [(1, "BTC"), (2, "BTC"), (3, "BTC"), (1, "BTC")]);
        for (position, event) in all.iter().enumerate() {
            let token = Token::decode(&event.resume_token).unwrap();
            assert_eq!(events(&watch(&scan, Some(&token))), all[position + 1..]);
        }
    }

    #[test]
    fn what_memory_does_not_hold_begins_in_postgres_or_where_there_is_none_with_what_is_open() {
        let few = |unwritten| scan("own", Limits { capacity: 2, unwritten, ..BARE });
        let (bare, logged) = (few(None), few(Some(10)));
        for scan in [&bare, &logged] {
            bids(scan, &[101.0, 102.0, 103.0]);
        }
        let own = |number| Token { log_id: "own".to_owned(), number, event_ns: NOW_NS };
        let start = |scan, token: Token| subscribe(scan, EventFilter::default(), Some(&token), QUEUE_LIMIT, NOW_NS);
        assert_eq!(story(&events(&start(&bare, own(0)).unwrap())), [(1, "BTC")]);
        assert!(start(&logged, own(0)).is_none() && start(&logged, of_another()).is_none());
        assert_eq!(story(&events(&start(&logged, own(1)).unwrap())), [(2, "BTC"), (2, "BTC")]);
        assert_eq!(lock(&logged).watching().0, 0, "nobody is left behind");
    }

    #[test]
    fn a_long_beginning_comes_in_messages_of_a_size() {
        let scan = scan("own", Limits { capacity: CAPACITY, ..BARE });
        (0..300).for_each(|step| tick(&scan, "BTC", 101.0 + f64::from(step % 2)));
        let watching = watch(&scan, Some(&of_another()));
        let sizes: Vec<usize> = messages(&watching).iter().map(|message| message.events.len()).collect();
        assert_eq!(sizes, [EVENTS_AT_A_TIME, 300 - EVENTS_AT_A_TIME, 0]);
    }

    #[test]
    fn where_the_log_ends_the_rest_is_told_and_what_is_open_and_untold_and_what_ended_is_named() {
        let scan = scan("own", LOGGED);
        ticks(&scan, &[("OLD", 101.0), ("TOLD", 101.0), ("NEW", 101.0), ("OLD", 100.0)]);
        let open = ids(&scan);
        let told = ["lost".to_owned(), open[0].clone()];
        let (watching, ended) = joins(&scan, EventFilter::default(), 3, &told).unwrap();
        assert_eq!(ended, ["lost"]);
        let all = events(&watching);
        assert_eq!(all.len(), 2);
        assert_eq!(story(&all)[0], (3, "OLD"));
        assert_eq!(all[1].opportunity.as_ref().unwrap().id, open[1], "the other of the two that are open");
        assert_eq!(all[1].resume_token, "");
    }

    #[test]
    fn what_the_rest_closes_has_not_ended_unseen() {
        let scan = scan("own", LOGGED);
        tick(&scan, "BTC", 101.0);
        let open = ids(&scan);
        tick(&scan, "BTC", 100.0);
        let (watching, ended) = joins(&scan, EventFilter::default(), 1, &open).unwrap();
        assert_eq!((story(&events(&watching)), ended), (vec![(3, "BTC")], vec![]));
    }

    #[test]
    fn what_opened_since_the_log_is_told_once() {
        let scan = scan("own", LOGGED);
        bids(&scan, &[101.0, 102.0]);
        let (watching, ended) = joins(&scan, EventFilter::default(), 0, &[]).unwrap();
        assert_eq!((story(&events(&watching)), ended), (vec![(1, "BTC"), (2, "BTC")], vec![]));
    }

    #[test]
    fn a_filter_holds_for_the_rest_and_for_what_is_open() {
        let scan = scan("own", LOGGED);
        ticks(&scan, &[("BTC", 101.0), ("ETH", 101.0), ("BTC", 102.0)]);
        let wanted = EventFilter::new(vec![], vec!["ETH".to_owned()], None);
        let (watching, _) = joins(&scan, wanted, 2, &[]).unwrap();
        assert_eq!(story(&events(&watching)), [(1, "ETH")]);
    }

    #[test]
    fn a_place_that_memory_has_left_behind_is_read_on_in_the_log() {
        let scan = scan("own", Limits { capacity: 1, ..LOGGED });
        bids(&scan, &[101.0, 102.0, 103.0]);
        assert!(joins(&scan, EventFilter::default(), 1, &[]).is_none());
        assert!(joins(&scan, EventFilter::default(), 2, &[]).is_some());
    }
}
