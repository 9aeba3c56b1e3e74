//! How often a book was tried to be rebuilt, and when the next try is due.

use crate::desk::jitter;
use crate::profile::SECOND_NS;

/// Longest wait between two tries to rebuild a book.
const BACKOFF_CAP_NS: i64 = 10 * SECOND_NS;
/// Wait before the second try; it doubles from there. The first try is immediate.
const BACKOFF_BASE_NS: i64 = SECOND_NS / 5;
/// Tries in vain on one connection before it is given up.
const TRIES_BEFORE_RECONNECT: u32 = 4;

#[derive(Debug, Default)]
pub(super) struct Tries {
    /// Since the book was last whole for a while: they set the pace.
    attempts: u32,
    /// Since it was last whole at all: they show that its connection is no good.
    in_vain: u32,
    /// Whether its connection was dropped on its account since it was last whole.
    has_escalated: bool,
}

impl Tries {
    /// A new session begins.
    pub fn begin(&mut self) {
        (self.attempts, self.in_vain) = (0, 0);
    }

    /// The book is whole.
    pub fn succeed(&mut self) {
        (self.has_escalated, self.in_vain) = (false, 0);
    }

    /// Something was tried that brought nothing, apart from the tries to rebuild.
    pub fn fail(&mut self) {
        self.attempts += 1;
    }

    /// The book has been whole for a while: the pace starts anew.
    pub fn forgive(&mut self) {
        self.attempts = 0;
    }

    /// When the next try is due; counts it. Waits are spread over their second half.
    pub fn next_ns(&mut self, now_ns: i64, slot: u32) -> i64 {
        let delay_ns = match self.attempts {
            0 => 0,
            tries => BACKOFF_CAP_NS.min(BACKOFF_BASE_NS << (tries - 1).min(16)),
        };
        self.attempts += 1;
        self.in_vain += 1;
        now_ns + delay_ns - jitter::below(delay_ns / 2, [u64::from(slot), u64::from(self.in_vain)])
    }

    /// Whether so many were in vain that the connection is to blame.
    pub fn are_too_many(&self) -> bool {
        self.in_vain > TRIES_BEFORE_RECONNECT
    }

    /// Takes the one chance to give the connection up, if it is left.
    pub fn escalate(&mut self) -> bool {
        !std::mem::replace(&mut self.has_escalated, true)
    }
}
