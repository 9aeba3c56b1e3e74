//! What goes out on the sockets: sessions that start, requests at the venue's pace, heartbeats, and dead sockets.

use super::connection::{SocketPhase, Wish};
use super::slot::Phase;
use super::state::Desk;
use super::step::Step;
use crate::market_data::{Channel, Operation};
use crate::profile::SECOND_NS;
use crossbook_market::BookState;

/// A venue that speaks first must do so within this time.
const GREETING_TIMEOUT_NS: i64 = 10 * SECOND_NS;

impl Desk {
    /// Says what opens a session and queues the connection's subscriptions: a kind after the other in the venue's
    /// order, depth first, so that books join soonest.
    pub(crate) fn start_session(&mut self, connection: u32) {
        let slots = self.slots_of(connection);
        if let Some(held) = self.connections.get_mut(&connection) {
            held.phase = SocketPhase::Open;
        }
        self.conduct.opening.iter().for_each(|text| self.send_now(connection, text.to_string()));
        for (channel, _) in self.channels {
            slots.iter().for_each(|slot| self.queue_subscribe(*slot, *channel));
        }
    }

    /// Queues one subscription of a slot behind everything else.
    pub(crate) fn queue_subscribe(&mut self, slot: u32, channel: Channel) {
        let held = &mut self.slots[slot as usize];
        if channel == Channel::Book {
            (held.phase, held.attempts, held.vain_tries) = (Phase::Queued, 0, 0);
        }
        if let Some(connection) = self.connections.get_mut(&held.connection) {
            connection.queue.push_back(Wish { operation: Operation::Subscribe, slot, channel });
        }
        self.is_flush_due = true;
        self.set_state(slot, BookState::Resyncing);
    }

    /// Asks once more for what was refused on account of something else in the same message.
    pub fn requeue(&mut self, wishes: &[Wish]) {
        for wish in wishes {
            let held = &mut self.slots[wish.slot as usize];
            if wish.channel == Channel::Book && matches!(held.phase, Phase::Waiting { .. }) {
                held.phase = Phase::Queued;
            }
            if let Some(connection) = self.connections.get_mut(&held.connection) {
                connection.queue.push_back(*wish);
            }
        }
        self.is_flush_due = true;
    }

    pub(crate) fn send_now(&mut self, connection: u32, text: String) {
        let (conduct, now_ns) = (self.conduct, self.now_ns);
        if let Some(held) = self.connections.get_mut(&connection) {
            held.count_sent(conduct.pacing, now_ns);
            self.steps.push(Step::Send { connection, text });
        }
    }

    /// What time alone brings about for the sockets.
    pub(crate) fn watch_connections(&mut self) {
        let (conduct, now_ns) = (self.conduct, self.now_ns);
        let numbers: Vec<u32> = self.connections.keys().copied().collect();
        for connection in numbers {
            let held = &self.connections[&connection];
            let age_ns = now_ns - held.opened_ns;
            match held.phase {
                SocketPhase::Down => {}
                SocketPhase::Greeting if age_ns >= GREETING_TIMEOUT_NS => {
                    self.drop_connection(connection, "the venue did not speak");
                }
                _ if now_ns - held.received_ns >= conduct.silence_limit_ns => {
                    self.drop_connection(connection, "nothing was received");
                }
                _ if conduct.max_age_ns.is_some_and(|limit_ns| age_ns >= limit_ns) => {
                    self.drop_connection(connection, "the venue's limit of age is near");
                }
                _ => self.beat(connection),
            }
        }
    }

    fn beat(&mut self, connection: u32) {
        let held = &self.connections[&connection];
        if let Some(heartbeat) = &self.conduct.heartbeat {
            if held.phase == SocketPhase::Open && self.now_ns - held.sent_ns >= heartbeat.every_ns {
                self.send_now(connection, heartbeat.text.to_string());
            }
        }
    }
}

/// Whether a queued request still makes sense.
pub(crate) fn is_wanted(phase: Phase, operation: Operation) -> bool {
    operation == Operation::Unsubscribe || !matches!(phase, Phase::Gone | Phase::Refused)
}

pub(crate) fn after_sending(phase: Phase, operation: Operation, since_ns: i64, is_answered: bool) -> Phase {
    match (phase, operation) {
        (Phase::Gone, _) => Phase::Gone,
        (_, Operation::Subscribe) => Phase::Waiting { since_ns, is_acknowledged: !is_answered },
        (_, Operation::Unsubscribe) if is_answered => Phase::Leaving { since_ns },
        (_, Operation::Unsubscribe) => Phase::Queued,
    }
}
