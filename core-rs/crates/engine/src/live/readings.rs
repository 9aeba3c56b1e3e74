//! What can be asked of the live scan, and what waits in it for the process that it runs in.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::event::LoggedEvent;
use super::records::Record;
use super::scan::{CHANGES_LIMIT, LiveScan};
use super::watcher::Watcher;
use crate::arbitrage::{IdentityFinding, OpportunityEvent, Scanner};

impl LiveScan {
    /// For answers on demand.
    pub fn scanner(&self) -> &Scanner {
        &self.scanner
    }

    /// Pairs that became suspect since the last call.
    pub fn take_findings(&mut self) -> Vec<IdentityFinding> {
        self.scanner.take_findings()
    }

    /// Wakes once, when there is something to take. To be armed before it is taken: what comes meanwhile wakes again.
    pub fn await_news(&mut self, waker: Waker) {
        self.news = Some(waker);
    }

    /// OPENED and CLOSED since the last call, for log lines; and how many ever were lost because nobody took them.
    pub fn take_changes(&mut self) -> (Vec<OpportunityEvent>, u64) {
        (self.changes.take(CHANGES_LIMIT).collect(), self.changes.dropped)
    }

    /// Records since the last call; and whether what followed did not fit, so that they are the recording's last.
    pub fn take_records(&mut self) -> (Vec<Record>, bool) {
        (self.records.take(), self.records.is_cut)
    }

    /// Nothing is recorded from now on.
    pub fn stop_recording(&mut self) {
        self.records.stop();
    }

    /// The oldest events that are not in Postgres yet; they wait on. None ever where there is no Postgres.
    pub fn unwritten(&self, limit: usize) -> Vec<Arc<LoggedEvent>> {
        self.unwritten.as_ref().map_or_else(Vec::new, |unwritten| unwritten.oldest(limit))
    }

    /// Everything up to this number is in Postgres.
    pub fn on_written(&mut self, number: i64) {
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.on_written(number);
        }
    }

    /// How many are not in Postgres yet, how many never will be, and up to which number none is missing but those.
    pub fn writing(&self) -> (usize, u64, i64) {
        self.unwritten
            .as_ref()
            .map_or((0, 0, 0), |unwritten| (unwritten.len(), unwritten.dropped(), unwritten.safe_number))
    }

    /// The log's name in tokens.
    pub fn log_id(&self) -> &str {
        self.log.log_id()
    }

    /// Of the time from the receipt of a frame to the publishing of what it caused; 0 before the first. Microseconds.
    pub fn frame_to_opportunity_us(&self, share: f64) -> f64 {
        self.frame_to_opportunity.quantile_us(share)
    }

    /// How many were measured.
    pub fn measured(&self) -> u64 {
        self.frame_to_opportunity.count
    }

    /// Watchers, and the events that slow ones lost, over all that ever were.
    pub fn watching(&self) -> (usize, u64) {
        (self.watchers.len(), self.watchers.dropped)
    }

    /// Ends every watcher once it has read what it holds, so that streams end before the server stops.
    pub fn close(&mut self) {
        self.watchers.close();
    }

    pub(super) fn add_watcher(&mut self, watcher: Watcher) -> u64 {
        self.watchers.add(watcher)
    }

    pub(super) fn remove_watcher(&mut self, number: u64) {
        self.watchers.remove(number);
    }

    pub(super) fn poll_watcher(&mut self, number: u64, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        self.watchers.poll_next(number, waker)
    }
}
