//! The way back to a whole book, without touching other instruments, and when its connection is to blame.

use super::{Phase, Slot};
use crate::desk::turn::{Counter, Effect, Turn};
use crate::market_data::Operation;
use crate::profile::{SECOND_NS, SnapshotSource};
use crossbook_market::BookState;

/// An answer to a subscribe that takes longer is not believed in any more.
const SUBSCRIBE_TIMEOUT_NS: i64 = 10 * SECOND_NS;
/// The same for an unsubscribe.
const UNSUBSCRIBE_TIMEOUT_NS: i64 = 5 * SECOND_NS;
/// A book that was whole for so long starts its tries from anew.
const SETTLED_NS: i64 = 10 * SECOND_NS;
/// Pause between tries to deepen a book that is whole.
const DEEPEN_INTERVAL_NS: i64 = 10 * SECOND_NS;

impl Slot {
    /// Something went missing, by the venue's own rule: the book is not whole any more.
    pub fn lose(&mut self, detail: &str, turn: &mut Turn<'_>) {
        if self.is_whole() {
            turn.count(Counter::Gap);
            self.rebuild("sequence_gap", detail, turn);
        }
    }

    /// A frame of it could not be used: the book cannot be trusted any more.
    pub fn spoil(&mut self, turn: &mut Turn<'_>) {
        if self.is_whole() {
            self.rebuild("book_spoilt", "a frame of it did not parse", turn);
        }
    }

    /// The book is lost: nothing but its state is published until it is whole again.
    pub fn rebuild(&mut self, event: &'static str, detail: &str, turn: &mut Turn<'_>) {
        self.lose_book(event, detail, turn);
        if turn.is_every_frame() {
            self.wait(turn);
        } else {
            self.rebuild_in_time(turn);
        }
    }

    fn lose_book(&mut self, event: &'static str, detail: &str, turn: &mut Turn<'_>) {
        turn.report(event, detail);
        self.cancel_fetch(turn);
        self.forget_book();
        self.set_state(BookState::Resyncing, turn);
    }

    /// Tries at once, or later when there have been tries before or the venue wants time between them.
    fn rebuild_in_time(&mut self, turn: &mut Turn<'_>) {
        let due_ns = self.next_try_ns(turn.now_ns).max(self.asked_ns + turn.conduct.subscribe_gap_ns);
        self.phase = Phase::Broken { due_ns };
        if due_ns <= turn.now_ns {
            self.try_rebuild(turn);
        }
    }

    fn next_try_ns(&mut self, now_ns: i64) -> i64 {
        if self.is_whole() && now_ns - self.loaded_ns >= SETTLED_NS {
            self.tries.forgive();
        }
        self.tries.next_ns(now_ns, self.number())
    }

    fn try_rebuild(&mut self, turn: &mut Turn<'_>) {
        if turn.is_rest() {
            self.start_joining(turn);
        } else if !self.tries.are_too_many() || !self.escalate("its book cannot be rebuilt", turn) {
            self.ask_again(turn);
        }
    }

    /// Gives the connection up for this one instrument's sake: once, and only for one that has been whole before. Whether it
    /// did.
    fn escalate(&mut self, reason: &str, turn: &mut Turn<'_>) -> bool {
        let is_given_up = self.has_been_whole && self.tries.escalate();
        if is_given_up {
            turn.ask(Effect::GiveConnectionUp { reason: format!("{}: {reason}", self.instrument.symbol) });
        }
        is_given_up
    }

    /// What time alone brings about.
    pub fn watch(&mut self, turn: &mut Turn<'_>) {
        match self.phase {
            Phase::Synced => self.watch_whole(turn),
            Phase::Joining if self.waits_in_vain(turn) => self.join_anew(turn),
            Phase::Broken { due_ns } if due_ns <= turn.now_ns => self.try_rebuild(turn),
            Phase::Waiting { since_ns, is_acknowledged } => {
                self.watch_waiting(turn.now_ns - since_ns, is_acknowledged, turn);
            }
            Phase::Leaving { since_ns } if turn.now_ns - since_ns >= UNSUBSCRIBE_TIMEOUT_NS => self.stop_leaving(turn),
            _ => {}
        }
    }

    fn watch_whole(&mut self, turn: &mut Turn<'_>) {
        let age_ns = turn.now_ns - self.loaded_ns;
        if !self.is_halted && self.held.stays_crossed(turn.now_ns, turn.conduct.crossed_limit_ns) {
            self.rebuild("crossed_book", "best bid at or above best ask, and nothing ends it", turn);
        } else if self.held.is_behind(turn.now_ns) {
            // Also where every frame is a book: none has come for so long that the next would not either.
            self.lose_book("book_behind", "the best bid and ask is ahead of the book and differs", turn);
            self.rebuild_in_time(turn);
        } else if turn.conduct.snapshot_limit_ns.is_some_and(|limit_ns| age_ns > limit_ns) {
            self.rebuild("snapshot_overdue", "the venue has not repeated it within its time", turn);
        } else {
            self.watch_silence(turn);
        }
    }

    fn watch_waiting(&mut self, waited_ns: i64, is_acknowledged: bool, turn: &mut Turn<'_>) {
        match turn.conduct.snapshot_source {
            SnapshotSource::SocketElseRest { wait_ns } if is_acknowledged && waited_ns >= wait_ns => {
                self.start_joining(turn);
            }
            _ if waited_ns < SUBSCRIBE_TIMEOUT_NS => {}
            SnapshotSource::Rest => {
                turn.report("subscribe_unanswered", "asking again");
                self.ask_first(Operation::Subscribe, turn);
            }
            _ => {
                turn.report("subscribe_unanswered", "no book came");
                self.rebuild_in_time(turn);
            }
        }
    }

    /// Unsubscribing was not answered. Perhaps there was nothing to leave: venues differ in whether they say so.
    fn stop_leaving(&mut self, turn: &mut Turn<'_>) {
        if !self.vigil.is_renewing {
            self.tries.fail();
            if self.escalate("unsubscribing is not answered", turn) {
                return;
            }
        }
        self.ask_first(Operation::Subscribe, turn);
    }

    /// Asks for a book whose stream is subscribed: unsubscribes first where that can be done, and subscribes when it is
    /// answered, or at once where it never is.
    pub(super) fn ask_again(&mut self, turn: &mut Turn<'_>) {
        let conduct = turn.conduct;
        if !conduct.unsubscribes_one || !conduct.answers_requests {
            self.ask_first(Operation::Subscribe, turn);
        }
        if conduct.unsubscribes_one {
            self.ask_first(Operation::Unsubscribe, turn);
        }
    }

    /// Whether a book is to be fetched now.
    pub fn is_fetch_due(&self, now_ns: i64) -> bool {
        self.pending.is_due(now_ns)
    }

    /// Whether nothing is published until its book is fetched.
    pub fn is_down(&self) -> bool {
        self.phase == Phase::Joining
    }

    pub fn fetch_begins(&mut self) {
        self.pending.asked();
    }

    /// Tries again later; without haste when it is only to make a whole book deeper.
    pub fn fetch_again(&mut self, detail: &str, turn: &mut Turn<'_>) {
        let due_ns = match self.phase {
            Phase::Joining => self.next_try_ns(turn.now_ns),
            Phase::Synced => turn.now_ns + DEEPEN_INTERVAL_NS,
            _ => return,
        };
        self.fetch_from(due_ns, turn);
        turn.report("snapshot_failed", detail);
    }
}
