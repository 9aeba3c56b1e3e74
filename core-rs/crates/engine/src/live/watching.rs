//! A watcher's own handle, and how one begins: what it is told first is computed in the same moment in which it is
//! registered, so that no event is missed or told twice.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use super::scan::LiveScan;
use super::token::Token;
use super::watcher::{Beginning, Watcher};
use crate::choice::{EventFilter, Selection};

/// The live scan behind its one lock.
pub type SharedScan = Arc<Mutex<LiveScan>>;

/// One call of WatchOpportunities; it ends when it is dropped.
#[derive(Debug)]
pub struct Watching {
    live: SharedScan,
    number: u64,
}

/// Where a watcher goes on that has read the log in Postgres.
#[derive(Clone, Debug, Default)]
pub struct AfterLog {
    /// The last event of this process that the log told for certain.
    pub number: i64,
    /// Opportunities that were told and not told to be closed.
    pub told: Vec<String>,
}

/// A panic while the lock was held ends the process that the plane's thread runs in; whoever is left only reads.
pub fn lock(live: &Mutex<LiveScan>) -> MutexGuard<'_, LiveScan> {
    live.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a watcher that holds at most `limit` events: with what is open, or with what happened after the token. None when
/// that is in Postgres: read its log first, then `subscribe_after_log`.
pub fn subscribe(
    live: &SharedScan,
    wanted: EventFilter,
    token: Option<&Token>,
    limit: usize,
    now_ns: i64,
) -> Option<Watching> {
    let mut scan = lock(live);
    let (beginning, wanted) = scan.beginning(wanted, token, now_ns)?;
    Some(Watching::begin(live, &mut scan, wanted, beginning, limit))
}

/// Starts a watcher where the log in Postgres ends, with what it has let in there. Beside it, which of the opportunities that it was told to be open have
/// ended unseen. None when memory no longer holds all that follows: read on in the log.
pub fn subscribe_after_log(
    live: &SharedScan,
    mut wanted: Selection,
    log: AfterLog,
    limit: usize,
    now_ns: i64,
) -> Option<(Watching, Vec<String>)> {
    let mut scan = lock(live);
    let (beginning, ended) = scan.after_log(&mut wanted, log.number, &log.told, now_ns)?;
    Some((Watching::begin(live, &mut scan, wanted, beginning, limit), ended))
}

impl Watching {
    fn begin(live: &SharedScan, scan: &mut LiveScan, wanted: Selection, beginning: Beginning, limit: usize) -> Self {
        let number = scan.add_watcher(Watcher::new(wanted, beginning, limit));
        Self { live: Arc::clone(live), number }
    }

    /// From 1 on, and of no other watcher.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The next WatchOpportunitiesResponse, with all that waits up to a limit; None at the end. The waker is kept until the
    /// next event, and only the one of the last call.
    pub fn poll_next(&self, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        lock(&self.live).poll_watcher(self.number, waker)
    }

    /// It gets no more, and is not counted any more.
    pub fn close(&self) {
        lock(&self.live).remove_watcher(self.number);
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::super::watcher::EVENTS_AT_A_TIME;
    use super::*;

    fn filtered(scan: &SharedScan, wanted: EventFilter, limit: usize) -> Watching {
        let watching = subscribe(scan, wanted, None, limit, NOW_NS).unwrap();
        assert!(next(&watching).unwrap().is_caught_up);
        watching
    }

    #[test]
    fn it_says_once_that_the_beginning_is_told_before_what_happens() {
        for is_resuming in [false, true] {
            let scan = scan("own", BARE);
            let token = Token::decode(&lock(&scan).log.token()).unwrap();
            tick(&scan, "BTC", 101.0);
            let watching = watch(&scan, is_resuming.then_some(&token));
            let mut came = messages(&watching);
            tick(&scan, "BTC", 100.0);
            came.extend(messages(&watching));
            let shape: Vec<_> = came.iter().map(|message| (message.events.len(), message.is_caught_up)).collect();
            assert_eq!(shape, [(1, false), (0, true), (1, false)]);
        }
    }

    #[test]
    fn what_happens_while_the_beginning_is_read_follows_it() {
        let scan = scan("own", BARE);
        tick(&scan, "BTC", 101.0);
        let watching = watch(&scan, None);
        tick(&scan, "BTC", 100.0);
        assert_eq!(story(&events(&watching)), [(1, "BTC"), (3, "BTC")]);
    }

    #[test]
    fn a_filter_holds_for_the_whole_life() {
        let scan = scan("own", BARE);
        let both = vec!["cheap".to_owned(), "dear".to_owned()];
        let watching = filtered(&scan, EventFilter::new(both, vec![], Some(1.5)), 10);
        ticks(&scan, &[("BTC", 101.0), ("BTC", 105.0), ("ETH", 102.0), ("ETH", 101.0)]);
        assert_eq!(story(&events(&watching)), [(1, "ETH"), (2, "ETH")]);
    }

    #[test]
    fn a_slow_one_loses_the_oldest_that_it_wants_and_is_told_how_many() {
        let scan = scan("own", BARE);
        let slow = filtered(&scan, EventFilter::new(vec![], vec!["BTC".to_owned()], None), 2);
        let quick = filtered(&scan, EventFilter::default(), 100);
        for bid in [101.0, 102.0, 103.0, 104.0, 105.0] {
            tick(&scan, "BTC", bid);
            tick(&scan, "ETH", bid);
        }
        let message = next(&slow).unwrap();
        let bids = message.events.iter().map(|event| event.opportunity.as_ref().unwrap().sell.as_ref().unwrap().price);
        assert_eq!((bids.collect::<Vec<_>>(), message.dropped_events), (vec![104.0, 105.0], 3));
        assert_eq!(events(&quick).len(), 10);
        assert_eq!(lock(&scan).watching(), (2, 3));
    }

    #[test]
    fn what_waits_comes_in_one_message_up_to_a_limit_and_in_order() {
        let scan = scan("own", BARE);
        let watching = filtered(&scan, EventFilter::default(), 1000);
        (0..EVENTS_AT_A_TIME + 2).for_each(|step| tick(&scan, "BTC", 101.0 + (step % 2) as f64));
        let came = messages(&watching);
        assert_eq!(came.iter().map(|message| message.events.len()).collect::<Vec<_>>(), [EVENTS_AT_A_TIME, 2]);
        let numbers = came
            .iter()
            .flat_map(|message| &message.events)
            .map(|event| Token::decode(&event.resume_token).unwrap().number);
        assert!(numbers.eq(1..=EVENTS_AT_A_TIME as i64 + 2));
    }

    #[test]
    fn a_waker_is_woken_once_for_however_much_comes_and_only_for_what_is_wanted() {
        let scan = scan("own", BARE);
        let watching = filtered(&scan, EventFilter::new(vec![], vec!["BTC".to_owned()], None), 100);
        let bell = Arc::new(Bell::default());
        let waker = Waker::from(Arc::clone(&bell));
        assert!(watching.poll_next(&waker).is_pending());
        tick(&scan, "ETH", 101.0);
        assert_eq!(bell.rings(), 0);
        bids(&scan, &[101.0, 102.0, 103.0]);
        assert_eq!(bell.rings(), 1);
        assert!(watching.poll_next(&waker).is_ready());
        tick(&scan, "BTC", 104.0);
        assert_eq!(bell.rings(), 1, "it has not found nothing since");
        assert!(watching.poll_next(&waker).is_ready() && watching.poll_next(&waker).is_pending());
        tick(&scan, "BTC", 105.0);
        assert_eq!(bell.rings(), 2);
    }

    #[test]
    fn closing_ends_each_once_it_has_read_what_it_holds_and_those_that_come_later() {
        let scan = scan("own", BARE);
        let (early, bell) = (filtered(&scan, EventFilter::default(), 100), Arc::new(Bell::default()));
        let waker = Waker::from(Arc::clone(&bell));
        assert!(early.poll_next(&waker).is_pending());
        lock(&scan).close();
        assert_eq!(bell.rings(), 1);
        tick(&scan, "BTC", 101.0);
        assert_eq!(story(&events(&early)), [(1, "BTC")]);
        assert_eq!(early.poll_next(&waker), Poll::Ready(None));
        let late = watch(&scan, None);
        assert_eq!(story(&events(&late)), [(1, "BTC")]);
        assert_eq!(late.poll_next(&waker), Poll::Ready(None));
    }

    #[test]
    fn one_that_is_dropped_or_closed_is_gone() {
        let scan = scan("own", BARE);
        let (dropped, closed) = (watch(&scan, None), watch(&scan, None));
        assert_ne!(dropped.number(), closed.number());
        drop(dropped);
        closed.close();
        assert_eq!(lock(&scan).watching().0, 0);
        assert_eq!(closed.poll_next(Waker::noop()), Poll::Ready(None));
    }

    #[test]
    fn watchers_in_other_threads_miss_nothing_and_hear_nothing_twice() {
        const TICKS: i64 = 400;
        let scan = scan("own", BARE);
        let feeder = {
            let scan = Arc::clone(&scan);
            std::thread::spawn(move || (0..TICKS).for_each(|step| tick(&scan, "BTC", 101.0 + (step % 2) as f64)))
        };
        let beginning = Token { log_id: "own".to_owned(), number: 0, event_ns: 0 };
        let readers = [0; 3].map(|_| {
            let (scan, beginning) = (Arc::clone(&scan), beginning.clone());
            std::thread::spawn(move || read_until(&watch(&scan, Some(&beginning)), TICKS))
        });
        feeder.join().unwrap();
        for reader in readers {
            assert!(reader.join().unwrap().into_iter().eq(1..=TICKS));
        }
    }

    /// The numbers of all events up to that one.
    fn read_until(watching: &Watching, last: i64) -> Vec<i64> {
        let mut numbers = vec![];
        while numbers.last() != Some(&last) {
            let came = events(watching);
            numbers.extend(came.iter().map(|event| Token::decode(&event.resume_token).unwrap().number));
            std::thread::yield_now();
        }
        numbers
    }
}
