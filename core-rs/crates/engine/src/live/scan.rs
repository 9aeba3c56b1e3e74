//! Feeds the scanner and tells what it says to all that listen. Every call is told the time and never waits.

use std::task::Waker;

use crossbook_wire::WireError;
use rustc_hash::FxHashSet;

use super::bounded::Bounded;
use super::event_log::EventLog;
use super::records::{RecordKind, Records};
use super::unwritten::Unwritten;
use super::watchers::Watchers;
use crate::arbitrage::{EventKind, IdentityPair, IdentityState, LifeModelInForce, OpportunityEvent, Scanner};
use crate::latency::LatencyHistogram;

/// Openings and closings that wait for their line in the log; the oldest go, and are counted.
pub(super) const CHANGES_LIMIT: usize = 10_000;

/// What is held for those who listen.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Events in memory.
    pub capacity: usize,
    /// Events that wait for Postgres; None where there is none.
    pub unwritten: Option<usize>,
    /// Bytes that wait for the recorder; 0 where nothing is recorded.
    pub record_bytes: usize,
}

/// The scanner, its event log and its listeners.
#[derive(Debug)]
pub struct LiveScan {
    pub(super) scanner: Scanner,
    pub(super) log: EventLog,
    pub(super) watchers: Watchers,
    pub(super) unwritten: Option<Unwritten>,
    pub(super) records: Records,
    pub(super) changes: Bounded<OpportunityEvent>,
    /// Sources that have sent a batch since they connected.
    told: FxHashSet<u16>,
    /// When the frames were received that caused the events of the last batch.
    unmeasured: Vec<i64>,
    pub(super) frame_to_opportunity: LatencyHistogram,
    pub(super) news: Option<Waker>,
}

/// What the scanner is told. Each call says how many events came of it.
impl LiveScan {
    /// `log_id` is the log's name in resume tokens: one that no other process has, and without a colon.
    pub fn new(scanner: Scanner, log_id: String, limits: Limits) -> Self {
        Self {
            scanner,
            log: EventLog::new(log_id, limits.capacity),
            watchers: Watchers::default(),
            unwritten: limits.unwritten.map(Unwritten::new),
            records: Records::new(limits.record_bytes),
            changes: Bounded::new(CHANGES_LIMIT),
            told: FxHashSet::default(),
            unmeasured: Vec::new(),
            frame_to_opportunity: LatencyHistogram::default(),
            news: None,
        }
    }

    /// Takes a source's SubscribeQuoteBatchesResponse; one that does not decode changes nothing.
    pub fn on_batch(&mut self, payload: &[u8], now_ns: i64, source: u16) -> Result<usize, WireError> {
        self.records.add(RecordKind::Batch, now_ns, source, || payload.to_vec());
        let events = self.scanner.on_batch(payload, now_ns, source).inspect_err(|_| tell_news(&mut self.news))?;
        self.unmeasured.clear();
        if !self.told.insert(source) {
            self.unmeasured.extend(events.iter().map(|event| event.cause_ns));
        } // else it holds what was known before we came
        Ok(self.publish(events))
    }

    /// Takes a WatchInstrumentFactsResponse; one that does not decode changes nothing.
    pub fn on_facts(&mut self, payload: &[u8], now_ns: i64) -> Result<usize, WireError> {
        self.records.add(RecordKind::Facts, now_ns, 0, || payload.to_vec());
        let events = self.scanner.on_facts(payload, now_ns).inspect_err(|_| tell_news(&mut self.news))?;
        Ok(self.publish(events))
    }

    /// To be called every 50 ms.
    pub fn on_timer(&mut self, now_ns: i64) -> usize {
        self.records.add(RecordKind::Timer, now_ns, 0, Vec::new);
        let events = self.scanner.on_timer(now_ns);
        self.publish(events)
    }

    /// The source is gone.
    pub fn on_disconnected(&mut self, now_ns: i64, source: u16) -> usize {
        self.told.remove(&source);
        self.records.add(RecordKind::Disconnected, now_ns, source, Vec::new);
        let events = self.scanner.on_disconnected(now_ns, source);
        self.publish(events)
    }

    /// What is known of pairs, all of it; `record` is how the recording tells it.
    pub fn set_identities(&mut self, known: Vec<(IdentityPair, IdentityState)>, record: Vec<u8>, now_ns: i64) -> usize {
        self.records.add(RecordKind::Identities, now_ns, 0, || record);
        let events = self.scanner.set_identities(known, now_ns);
        self.publish(events)
    }

    /// What predicts lives from now on, or why nothing does; `record` is how the recording tells it.
    pub fn set_life_model(&mut self, life: Result<LifeModelInForce, String>, record: Vec<u8>, now_ns: i64) {
        self.records.add(RecordKind::LifeModel, now_ns, 0, || record);
        self.scanner.set_life_model(life);
    }

    /// The events of the last batch have gone out: measures from the receipt of their frames to here. What time caused, and
    /// what a source's first batch caused, has no frame and is not measured.
    pub fn on_published(&mut self, now_ns: i64) {
        for cause_ns in self.unmeasured.drain(..) {
            self.frame_to_opportunity.add((now_ns - cause_ns) as f64 / 1000.0);
        }
    }

    fn publish(&mut self, events: Vec<OpportunityEvent>) -> usize {
        let count = events.len();
        for event in events {
            let logged = self.log.append(&event);
            self.watchers.publish(&logged);
            if let Some(unwritten) = &mut self.unwritten {
                unwritten.put(logged);
            }
            let answer = || event.to_message(String::new()).encode();
            self.records.add(RecordKind::Answer, event.event_ns, 0, answer);
            if event.kind != EventKind::Updated {
                self.changes.push(event);
            }
        }
        if count > 0 || self.records.len() > 0 {
            tell_news(&mut self.news);
        }
        count
    }
}

fn tell_news(news: &mut Option<Waker>) {
    if let Some(waker) = news.take() {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crossbook_wire::WireError;

    use super::super::testing::*;
    use super::super::watching::lock;
    use super::*;

    const RECORDED: Limits = Limits { record_bytes: 1_000_000, ..BARE };

    #[test]
    fn what_was_known_before_a_source_came_is_not_measured_nor_what_time_caused() {
        let scan = scan("own", BARE);
        for expected in [1, 2] {
            tick(&scan, "BTC", 101.0);
            lock(&scan).on_published(NOW_NS + 5_000);
            tick(&scan, "BTC", 104.0);
            lock(&scan).on_published(NOW_NS + 5_000);
            lock(&scan).on_disconnected(NOW_NS, 0);
            lock(&scan).on_published(NOW_NS + 5_000);
            assert_eq!(lock(&scan).measured(), expected);
        }
        assert!((lock(&scan).frame_to_opportunity_us(0.5) / 5.0 - 1.0).abs() < 0.02);
    }

    #[test]
    fn everything_the_scanner_is_told_is_recorded_in_order_with_what_it_answers() {
        let scan = scan("own", RECORDED);
        tick(&scan, "BTC", 101.0);
        let broken = lock(&scan).on_batch(b"\xff", NOW_NS + 1, 3);
        assert!(matches!(broken, Err(WireError::Malformed(_) | WireError::Truncated)));
        lock(&scan).on_timer(NOW_NS + 2);
        lock(&scan).set_identities(vec![], b"[]".to_vec(), NOW_NS + 3);
        lock(&scan).on_disconnected(NOW_NS + 4, 0);
        let (records, is_cut) = lock(&scan).take_records();
        let (batch, timer, lost, identities, answer) = (
            RecordKind::Batch,
            RecordKind::Timer,
            RecordKind::Disconnected,
            RecordKind::Identities,
            RecordKind::Answer,
        );
        let heads: Vec<_> = records.iter().map(|one| (one.kind, one.time_ns - NOW_NS, one.source)).collect();
        assert_eq!(
            heads,
            [
                (batch, 0, 0),
                (answer, 0, 0),
                (batch, 1, 3),
                (timer, 2, 0),
                (identities, 3, 0),
                (lost, 4, 0),
                (answer, 4, 0)
            ]
        );
        assert_eq!(
            (&records[0].payload, &*records[2].payload, &*records[4].payload, is_cut),
            (&prices("BTC", 101.0, NOW_NS), &b"\xff"[..], &b"[]"[..], false)
        );
    }

    #[test]
    fn an_answer_is_the_event_without_its_token() {
        let scan = scan("own", RECORDED);
        let watching = watch(&scan, None);
        tick(&scan, "BTC", 101.0);
        let mut told = events(&watching).remove(0);
        assert!(!std::mem::take(&mut told.resume_token).is_empty());
        assert_eq!(lock(&scan).take_records().0[1].payload, told.encode());
    }

    #[test]
    fn openings_and_closings_wait_for_their_line_and_updates_do_not() {
        let scan = scan("own", BARE);
        bids(&scan, &[101.0, 102.0, 100.0]);
        let (changes, lost) = lock(&scan).take_changes();
        assert_eq!(changes.iter().map(|event| event.kind).collect::<Vec<_>>(), [EventKind::Opened, EventKind::Closed]);
        assert_eq!((lost, lock(&scan).take_changes().0.len()), (0, 0));
    }

    #[test]
    fn events_wait_for_postgres_where_there_is_one() {
        let (bare, logged) = (scan("own", BARE), scan("own", Limits { unwritten: Some(2), ..BARE }));
        for scan in [&bare, &logged] {
            bids(scan, &[101.0, 102.0, 100.0]);
        }
        assert_eq!(lock(&bare).unwritten(9), []);
        assert_eq!(lock(&bare).writing(), (0, 0, 0));
        assert_eq!(lock(&logged).writing(), (2, 1, 0));
        lock(&logged).on_written(2);
        assert_eq!(lock(&logged).unwritten(9).iter().map(|event| event.number).collect::<Vec<_>>(), [3]);
        assert_eq!(lock(&logged).writing(), (1, 1, 2));
    }

    #[test]
    fn the_process_is_woken_once_for_however_much_there_is_to_take() {
        let (bell, scan) = (Arc::new(Bell::default()), scan("own", BARE));
        let arm = || lock(&scan).await_news(Waker::from(Arc::clone(&bell)));
        arm();
        lock(&scan).on_timer(NOW_NS);
        assert_eq!(bell.rings(), 0, "nothing came of it");
        bids(&scan, &[101.0, 102.0, 100.0]);
        assert_eq!(bell.rings(), 1);
        arm();
        tick(&scan, "BTC", 101.0);
        assert_eq!(bell.rings(), 2);
    }

    #[test]
    fn where_everything_is_recorded_everything_is_news() {
        let (bell, scan) = (Arc::new(Bell::default()), scan("own", RECORDED));
        for (rings, payload) in [(1, &prices("BTC", 100.0, NOW_NS)[..]), (2, b"\xff")] {
            lock(&scan).await_news(Waker::from(Arc::clone(&bell)));
            let told = lock(&scan).on_batch(payload, NOW_NS, 0);
            assert!(matches!(told, Ok(0) | Err(_)));
            assert_eq!(bell.rings(), rings);
        }
    }

    #[test]
    fn a_full_log_takes_less_than_a_kilobyte_an_event() {
        let scan = scan("own", Limits { capacity: 1000, ..BARE });
        (0..2000).for_each(|step| tick(&scan, "BTC", 101.0 + f64::from(step % 2)));
        let scan = lock(&scan);
        let events: Vec<_> = scan.log.after_number(1000).unwrap().collect();
        assert!(scan.log.after_number(999).is_none());
        assert!(events.iter().map(|event| event.payload.len()).sum::<usize>() < 1000 * 1024);
    }
}
