//! One watcher: what it is told first, then what happens, at its own pace, and how it is woken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Poll, Waker};

use crossbook_wire::WatchOpportunitiesResponse;

use super::bounded::Bounded;
use super::event::LoggedEvent;
use crate::choice::{Candidate, Selection};

/// In one message, about 100 kB.
pub(super) const EVENTS_AT_A_TIME: usize = 256;

/// What a call begins with. Messages are joined when the client is ready for them: all at once they would be as large as
/// the log.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    /// What the client missed and wants.
    pub missed: VecDeque<Arc<LoggedEvent>>,
    /// Messages that tell what is open.
    pub open: VecDeque<Vec<u8>>,
}

/// It only holds what it wants. Too slow for that, it loses the oldest that wait, and is told how many.
#[derive(Debug)]
pub(super) struct Watcher {
    wanted: Selection,
    beginning: Beginning,
    is_caught_up: bool,
    waiting: Bounded<Arc<LoggedEvent>>,
    waker: Option<Waker>,
}

impl Watcher {
    pub(super) fn new(wanted: Selection, beginning: Beginning, limit: usize) -> Self {
        Self { wanted, beginning, is_caught_up: false, waiting: Bounded::new(limit), waker: None }
    }

    /// Whether an older event had to go for it.
    pub(super) fn offer(&mut self, event: &Arc<LoggedEvent>, candidate: &Candidate<'_>) -> bool {
        if !self.wanted.wants(candidate) {
            return false;
        }
        let is_full = self.waiting.push(Arc::clone(event));
        self.wake();
        is_full
    }

    /// Once, until it finds nothing again.
    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// The next message. With nothing to say it ends where `is_closed`, else keeps the waker for when there is.
    pub(super) fn poll_next(&mut self, is_closed: bool, waker: &Waker) -> Poll<Option<Vec<u8>>> {
        let message = self.next_message();
        if message.is_some() || is_closed {
            return Poll::Ready(message);
        }
        self.waker = Some(waker.clone());
        Poll::Pending
    }

    fn next_message(&mut self) -> Option<Vec<u8>> {
        if !self.beginning.missed.is_empty() {
            let count = EVENTS_AT_A_TIME.min(self.beginning.missed.len());
            return Some(joined(self.beginning.missed.drain(..count)));
        }
        if let Some(message) = self.beginning.open.pop_front() {
            return Some(message);
        }
        if !std::mem::replace(&mut self.is_caught_up, true) {
            return Some(WatchOpportunitiesResponse { is_caught_up: true, ..Default::default() }.encode());
        }
        (self.waiting.len() > 0).then(|| self.next_live())
    }

    /// All that waits, up to a limit.
    fn next_live(&mut self) -> Vec<u8> {
        let mut message = joined(self.waiting.take(EVENTS_AT_A_TIME));
        let dropped_events = self.waiting.dropped;
        message.extend(WatchOpportunitiesResponse { dropped_events, ..Default::default() }.encode());
        message
    }
}

/// Responses in a row are one response with all their events.
fn joined(events: impl Iterator<Item = Arc<LoggedEvent>>) -> Vec<u8> {
    let events: Vec<_> = events.collect();
    let mut message = Vec::with_capacity(events.iter().map(|event| event.payload.len()).sum::<usize>() + 12);
    events.iter().for_each(|event| message.extend_from_slice(&event.payload));
    message
}
