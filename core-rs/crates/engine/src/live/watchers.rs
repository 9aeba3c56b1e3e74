//! All watchers: every event is offered to each, and none of them is waited for.

use std::sync::Arc;
use std::task::{Poll, Waker};

use rustc_hash::FxHashMap;

use super::event::LoggedEvent;
use super::watcher::Watcher;

#[derive(Debug, Default)]
pub(super) struct Watchers {
    by_number: FxHashMap<u64, Watcher>,
    last_number: u64,
    is_closed: bool,
    /// Events that slow watchers lost, over all that ever were.
    pub dropped: u64,
}

impl Watchers {
    /// Its number, from 1 on.
    pub(super) fn add(&mut self, watcher: Watcher) -> u64 {
        self.last_number += 1;
        self.by_number.insert(self.last_number, watcher);
        self.last_number
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.by_number.remove(&number);
    }

    pub(super) fn len(&self) -> usize {
        self.by_number.len()
    }

    pub(super) fn publish(&mut self, event: &Arc<LoggedEvent>) {
        let candidate = event.candidate();
        for watcher in self.by_number.values_mut() {
            self.dropped += u64::from(watcher.offer(event, &candidate));
        }
    }

    /// Ends every watcher once it has read what it holds, also those that are yet to come.
    pub(super) fn close(&mut self) {
        self.is_closed = true;
        self.by_number.values_mut().for_each(Watcher::wake);
    }

    /// None at its end, also of one that is gone.
    pub(super) fn poll_next(&mut self, number: u64, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        match self.by_number.get_mut(&number) {
            Some(watcher) => watcher.poll_next(self.is_closed, waker),
            None => Poll::Ready(None),
        }
    }
}
