//! A book on its way over REST, and the deltas that wait for it.

use crate::market_data::{Delta, Snapshot};
use crate::profile::Joining;
use std::collections::VecDeque;

/// Buffered deltas while a book is fetched; the oldest go first, and then the snapshot turns out too old.
const BUFFERED_DELTAS: usize = 4096;
/// Books in a row that are older than the first delta kept, before the deltas are not believed: no lag lasts so long.
const TOO_OLD_LIMIT: u32 = 5;

/// When to fetch a book.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Fetching {
    #[default]
    No,
    Due(i64),
    Outstanding,
}

#[derive(Debug, Default)]
pub(super) struct Pending {
    fetching: Fetching,
    fetched: Option<Snapshot>,
    buffered: VecDeque<Delta>,
    /// Since when deltas come that the fetched book claims to hold already.
    outrun_ns: Option<i64>,
    /// Fetched books in a row that were too old.
    too_old: u32,
}

/// Whether the fetched book and the deltas meet.
pub(super) enum Meeting {
    /// One of the two is yet to come.
    Waits,
    /// They do; the first delta is known to join.
    Joins(Snapshot, VecDeque<Delta>),
    /// Something between them is missing; the book is dropped.
    TooOld,
}

impl Pending {
    pub fn clear(&mut self) {
        self.cancel();
        (self.fetched, self.outrun_ns, self.too_old) = (None, None, 0);
        self.buffered.clear();
    }

    /// No answer is wanted any more.
    pub fn cancel(&mut self) {
        self.fetching = Fetching::No;
    }

    pub fn ask(&mut self, due_ns: i64) {
        self.fetching = Fetching::Due(due_ns);
    }

    pub fn is_due(&self, now_ns: i64) -> bool {
        matches!(self.fetching, Fetching::Due(due_ns) if due_ns <= now_ns)
    }

    pub fn asked(&mut self) {
        self.fetching = Fetching::Outstanding;
    }

    /// Whether a fetched book is on its way or waits for the delta that joins it: deltas are kept for it.
    pub fn is_under_way(&self) -> bool {
        self.fetching != Fetching::No || self.fetched.is_some()
    }

    /// A delta came to a fetched book that waited for it already, and waits still.
    pub fn note_outrun(&mut self, now_ns: i64) {
        if self.is_fetched() {
            self.outrun_ns.get_or_insert(now_ns);
        }
    }

    /// Whether no delta has reached the fetched book for so long, though they came: its number is out of this world.
    pub fn is_outrun_for(&self, now_ns: i64, patience_ns: i64) -> bool {
        self.outrun_ns.is_some_and(|since_ns| now_ns - since_ns >= patience_ns)
    }

    pub fn is_fetched(&self) -> bool {
        self.fetched.is_some()
    }

    #[cfg(test)]
    pub fn room(&self) -> usize {
        self.buffered.capacity()
    }

    pub fn keep(&mut self, delta: Delta) {
        if self.buffered.len() == BUFFERED_DELTAS {
            self.buffered.pop_front();
        }
        self.buffered.push_back(delta);
    }

    /// Forgets what was kept: the book that is asked for now will hold it.
    pub fn keep_afresh(&mut self) {
        self.buffered.clear();
    }

    pub fn arrive(&mut self, snapshot: Snapshot) {
        self.fetching = Fetching::No;
        (self.fetched, self.outrun_ns) = (Some(snapshot), None);
    }

    /// Joins the buffered deltas to the fetched book by the venue's rule, once there are both.
    pub fn meet(&mut self, joining: fn(i64, &Delta) -> Joining) -> Meeting {
        let Some(sequence) = self.fetched.as_ref().map(|snapshot| snapshot.sequence) else { return Meeting::Waits };
        while self.buffered.front().is_some_and(|delta| joining(sequence, delta) == Joining::Old) {
            self.buffered.pop_front();
        }
        match self.buffered.front().map(|delta| joining(sequence, delta)) {
            None => Meeting::Waits,
            Some(Joining::Joins) => {
                let deltas = std::mem::take(&mut self.buffered);
                Meeting::Joins(self.fetched.take().unwrap_or_default(), deltas)
            }
            Some(_) => {
                self.fetched = None;
                self.too_old += 1;
                if self.too_old >= TOO_OLD_LIMIT {
                    self.too_old = 0;
                    self.buffered.clear();
                }
                Meeting::TooOld
            }
        }
    }
}
