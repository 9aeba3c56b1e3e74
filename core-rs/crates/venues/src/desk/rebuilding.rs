//! Rebuilding one instrument's book without touching the others, and giving a connection up when that does not help.

use super::connection::{SocketPhase, Wish};
use super::slot::Phase;
use super::state::Desk;
use super::step::Step;
use crate::market_data::{Channel, Operation};
use crate::profile::{SECOND_NS, SnapshotSource};
use crossbook_market::BookState;

/// An answer to a subscribe that takes longer is not believed in any more.
const SUBSCRIBE_TIMEOUT_NS: i64 = 10 * SECOND_NS;
/// The same for an unsubscribe.
const UNSUBSCRIBE_TIMEOUT_NS: i64 = 5 * SECOND_NS;
/// Tries in vain on one connection before it is given up.
const TRIES_BEFORE_RECONNECT: u32 = 4;

impl Desk {
    /// The book is lost: nothing but its state is published until it is whole again.
    pub(crate) fn rebuild(&mut self, slot: u32, event: &'static str, detail: &str) {
        self.lose_book(slot, event, detail);
        if self.conduct.snapshot_source == SnapshotSource::EveryFrame {
            let since_ns = self.now_ns;
            self.slots[slot as usize].phase = Phase::Waiting { since_ns, is_acknowledged: true };
        } else {
            self.rebuild_in_time(slot);
        }
    }

    fn lose_book(&mut self, slot: u32, event: &'static str, detail: &str) {
        self.report(event, Some(slot), detail);
        self.cancel_fetch(slot);
        self.slots[slot as usize].forget_book();
        self.set_state(slot, BookState::Resyncing);
    }

    /// Tries at once, or later when there have been tries before.
    fn rebuild_in_time(&mut self, slot: u32) {
        let now_ns = self.now_ns;
        let held = &mut self.slots[slot as usize];
        let due_ns = held.next_try_ns(now_ns);
        held.phase = Phase::Broken { due_ns };
        if due_ns <= now_ns {
            self.try_rebuild(slot);
        }
    }

    fn try_rebuild(&mut self, slot: u32) {
        let held = &mut self.slots[slot as usize];
        if self.conduct.snapshot_source == SnapshotSource::Rest {
            self.start_joining(slot);
        } else if held.vain_tries > TRIES_BEFORE_RECONNECT {
            self.escalate(slot, "its book cannot be rebuilt", Self::ask_again);
        } else {
            self.ask_again(slot);
        }
    }

    /// Drops the connection for one instrument's sake: once, and only for one that has been whole before. Else goes on.
    fn escalate(&mut self, slot: u32, reason: &str, go_on: fn(&mut Self, u32)) {
        let held = &mut self.slots[slot as usize];
        if held.has_been_whole && !held.has_escalated {
            held.has_escalated = true;
            let reason = format!("{}: {reason}", held.instrument.symbol);
            let connection = held.connection;
            self.drop_connection(connection, &reason);
        } else {
            go_on(self, slot);
        }
    }

    /// What time alone brings about for one instrument.
    pub(crate) fn watch(&mut self, slot: u32) {
        let now_ns = self.now_ns;
        let source = self.conduct.snapshot_source;
        let held = &self.slots[slot as usize];
        match held.phase {
            Phase::Synced if held.is_behind(now_ns) => {
                // Also where every frame is a book: none has come for so long that the next would not either.
                self.lose_book(slot, "book_behind", "the best bid and ask is ahead of the book and differs");
                self.rebuild_in_time(slot);
            }
            Phase::Synced
                if self.conduct.snapshot_limit_ns.is_some_and(|limit_ns| now_ns - held.snapshot_ns > limit_ns) =>
            {
                self.rebuild(slot, "snapshot_overdue", "the venue has not repeated it within its time");
            }
            Phase::Synced => self.watch_silence(slot),
            Phase::Joining if self.waits_in_vain(slot) => self.join_anew(slot),
            Phase::Broken { due_ns } if due_ns <= now_ns => self.try_rebuild(slot),
            Phase::Waiting { since_ns, is_acknowledged } => match source {
                SnapshotSource::SocketElseRest { wait_ns } if is_acknowledged && now_ns - since_ns >= wait_ns => {
                    self.start_joining(slot);
                }
                _ if now_ns - since_ns >= SUBSCRIBE_TIMEOUT_NS => self.give_up_waiting(slot),
                _ => {}
            },
            Phase::Leaving { since_ns } if held.vigil.is_renewing && now_ns - since_ns >= UNSUBSCRIBE_TIMEOUT_NS => {
                self.ask_first(Operation::Subscribe, slot);
            }
            Phase::Leaving { since_ns } if now_ns - since_ns >= UNSUBSCRIBE_TIMEOUT_NS => {
                self.slots[slot as usize].attempts += 1;
                // Perhaps there was nothing to leave: venues differ in whether they say so.
                self.escalate(slot, "unsubscribing is not answered", |desk, slot| {
                    desk.ask_first(Operation::Subscribe, slot);
                });
            }
            _ => {}
        }
    }

    fn give_up_waiting(&mut self, slot: u32) {
        if self.conduct.snapshot_source == SnapshotSource::Rest {
            self.report("subscribe_unanswered", Some(slot), "asking again");
            self.ask_first(Operation::Subscribe, slot);
        } else {
            self.report("subscribe_unanswered", Some(slot), "no book came");
            self.rebuild_in_time(slot);
        }
    }

    /// Asks for a book whose stream is subscribed: unsubscribes first where that can be done, and subscribes when it is
    /// answered, or at once where it never is.
    pub(crate) fn ask_again(&mut self, slot: u32) {
        let conduct = self.conduct;
        if !conduct.unsubscribes_one || !conduct.answers_requests {
            self.ask_first(Operation::Subscribe, slot);
        }
        if conduct.unsubscribes_one {
            self.ask_first(Operation::Unsubscribe, slot);
        }
    }

    /// Queues a request for a book ahead of everything else.
    pub(crate) fn ask_first(&mut self, operation: Operation, slot: u32) {
        self.slots[slot as usize].phase = Phase::Queued;
        let connection = self.slots[slot as usize].connection;
        if let Some(held) = self.connections.get_mut(&connection) {
            held.queue.push_front(Wish { operation, slot, channel: Channel::Book });
            self.is_flush_due = true;
        }
    }

    /// Asks the driver for a new socket and forgets everything that the old one brought.
    pub(crate) fn drop_connection(&mut self, connection: u32, reason: &str) {
        if self.connections.get(&connection).is_some_and(|held| held.phase != SocketPhase::Down) {
            self.steps.push(Step::Reconnect { connection, reason: reason.to_string() });
            self.lose_connection(connection);
        }
    }

    /// The socket is gone: its instruments are closed until it is back.
    pub(crate) fn lose_connection(&mut self, connection: u32) {
        if let Some(held) = self.connections.get_mut(&connection) {
            held.close();
        }
        for slot in self.slots_of(connection) {
            self.cancel_fetch(slot);
            self.slots[slot as usize].forget_book();
            self.slots[slot as usize].phase = Phase::Idle;
            self.slots[slot as usize].vigil.is_renewing = false;
            self.slots[slot as usize].is_doubted = false;
            self.set_state(slot, BookState::Closed);
        }
    }

    pub(crate) fn slots_of(&self, connection: u32) -> Vec<u32> {
        let tracked = self.slots.iter().enumerate();
        let mine = tracked.filter(|(_, held)| held.connection == connection && held.is_tracked());
        mine.map(|(index, _)| index as u32).collect()
    }
}
