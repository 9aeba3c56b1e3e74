//! What goes out on the sockets: sessions that start, requests at the venue's pace, heartbeats, and dead sockets.

use super::connection::{SocketPhase, Wish};
use super::slot::Slot;
use super::state::Desk;
use super::step::Step;
use crate::market_data::{Channel, Operation, Topic};
use crate::profile::SECOND_NS;

/// A venue that speaks first must do so within this time.
const GREETING_TIMEOUT_NS: i64 = 10 * SECOND_NS;

impl Desk {
    /// The socket is there; nothing of an earlier one counts any more.
    pub(crate) fn open(&mut self, connection: u32) {
        self.lose_connection(connection);
        let (waits, now_ns) = (self.conduct.waits_for_greeting, self.now_ns);
        let Some(held) = self.connections.get_mut(&connection) else { return };
        self.stats.reconnects += u64::from(held.has_been_open);
        held.open(SocketPhase::Greeting, now_ns);
        if !waits {
            self.start_session(connection);
        }
    }

    /// A frame is about to be decoded; whether its connection is one that frames may come from.
    pub(crate) fn begin_frame(&mut self, connection: u32) -> bool {
        self.stats.frames += 1;
        self.stats.last_frame_ns = self.stamp_ns;
        let Some(held) = self.connections.get_mut(&connection) else { return false };
        held.received_ns = self.now_ns;
        self.connection = connection;
        held.phase != SocketPhase::Down
    }

    /// Says what opens a session and queues the connection's subscriptions: a kind after the other in the venue's
    /// order, depth first, so that books join soonest.
    pub(super) fn start_session(&mut self, connection: u32) {
        let slots = self.slots_of(connection);
        if let Some(held) = self.connections.get_mut(&connection) {
            held.phase = SocketPhase::Open;
        }
        self.conduct.opening.iter().for_each(|text| self.send_now(connection, text.to_string()));
        for channel in self.channels.clone() {
            slots.iter().for_each(|slot| self.queue_subscribe(*slot, channel));
        }
    }

    /// Queues one subscription of a slot behind everything else.
    pub(super) fn queue_subscribe(&mut self, slot: u32, channel: Channel) {
        if channel == Channel::Book {
            self.turn(slot, Slot::queue);
        }
        if let Some(held) = self.connections.get_mut(&self.slots[slot as usize].connection()) {
            held.queue_all(Operation::Subscribe, slot, [channel]);
        }
        self.is_flush_due = true;
    }

    /// Queues a request for a book ahead of everything else.
    pub(super) fn ask_for_book(&mut self, operation: Operation, slot: u32) {
        if let Some(held) = self.connections.get_mut(&self.slots[slot as usize].connection()) {
            held.queue.push_front(Wish { operation, slot, channel: Channel::Book });
            self.is_flush_due = true;
        }
    }

    /// Asks once more for what was refused on account of something else in the same message.
    pub fn requeue(&mut self, wishes: &[Wish]) {
        for wish in wishes {
            let held = &mut self.slots[wish.slot as usize];
            if wish.channel == Channel::Book {
                held.queue_again();
            }
            if let Some(connection) = self.connections.get_mut(&held.connection()) {
                connection.queue.push_back(*wish);
            }
        }
        self.is_flush_due = true;
    }

    /// What one message is to ask for next, and on which connection, as far as the pace allows.
    pub(crate) fn next_message(&mut self) -> Option<(u32, Vec<Wish>)> {
        let (conduct, now_ns) = (self.conduct, self.now_ns);
        for (connection, held) in &mut self.connections {
            while !held.queue.is_empty() && held.may_send(conduct.pacing, now_ns) {
                let mut wishes = held.take_wishes(conduct.channels_per_request, conduct.mixes_channels);
                wishes.retain(|wish| self.slots[wish.slot as usize].wants(wish.operation));
                if !wishes.is_empty() {
                    return Some((*connection, wishes));
                }
            }
        }
        None
    }

    /// What these wishes are about, in the venue's terms.
    pub(crate) fn topics(&self, wishes: &[Wish]) -> Vec<Topic<'_>> {
        let native = |slot: u32| self.slots[slot as usize].instrument().native_symbol.as_str();
        wishes.iter().map(|wish| Topic { native_symbol: native(wish.slot), channel: wish.channel }).collect()
    }

    /// Sends the message with this number that asks for these.
    pub(crate) fn send_request(&mut self, connection: u32, id: u64, wishes: Vec<Wish>, text: String) {
        for wish in wishes.iter().filter(|wish| wish.channel == Channel::Book) {
            self.turn(wish.slot, |held, turn| held.sent(wish.operation, turn));
        }
        self.send_now(connection, text);
        let pause_ns = self.now_ns + self.conduct.pacing.gap_ns;
        if let Some(held) = self.connections.get_mut(&connection) {
            held.pause(pause_ns);
            held.remember(id, wishes);
        }
    }

    /// Asks the driver for a new socket and forgets everything that the old one brought.
    pub(super) fn drop_connection(&mut self, connection: u32, reason: &str) {
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
        self.slots_of(connection).into_iter().for_each(|slot| self.turn(slot, Slot::lose_connection));
    }

    pub(super) fn send_now(&mut self, connection: u32, text: String) {
        let (conduct, now_ns) = (self.conduct, self.now_ns);
        if let Some(held) = self.connections.get_mut(&connection) {
            held.count_sent(conduct.pacing, now_ns);
            self.steps.push(Step::Send { connection, text });
        }
    }

    /// What time alone brings about for the sockets.
    pub(super) fn watch_connections(&mut self) {
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
        if let Some(heartbeat) = &self.conduct.heartbeat
            && held.phase == SocketPhase::Open
            && self.now_ns - held.sent_ns >= heartbeat.every_ns
        {
            self.send_now(connection, heartbeat.text.to_string());
        }
    }
}
