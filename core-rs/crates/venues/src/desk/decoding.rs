//! What a venue's decoder may do with the desk: find the instrument, hand over what a frame says, answer the venue.

use super::connection::{Connection, SocketPhase, Wish};
use super::slot::NamedLevel;
use super::state::Desk;
use crate::market_data::{Channel, Delta, Operation, Snapshot, Top};
use crate::profile::{SECOND_NS, SnapshotSource};
use crossbook_market::Level;

/// At most one report a second about frames that do not parse.
const PARSE_REPORT_INTERVAL_NS: i64 = SECOND_NS;

impl Desk {
    /// The slot of an instrument by its name in frames, if the frame's connection carries it.
    pub fn slot(&self, name: &str) -> Option<u32> {
        let slot = *self.by_name.get(name)?;
        (self.slots[slot as usize].connection() == self.connection).then_some(slot)
    }

    /// The slot whose name a message text mentions; the longest, where one is part of another.
    pub fn slot_mentioned(&self, text: &str) -> Option<u32> {
        let mentioned = self.by_name.iter().filter(|(name, _)| mentions(text, name));
        mentioned.max_by_key(|(name, _)| name.len()).and_then(|(name, _)| self.slot(name))
    }

    pub fn sequence(&self, slot: u32) -> i64 {
        self.slots[slot as usize].sequence()
    }

    pub fn is_book_empty(&self, slot: u32) -> bool {
        self.slots[slot as usize].book().is_empty()
    }

    /// Whether the book is whole, so that changes of it mean something.
    pub fn is_whole(&self, slot: u32) -> bool {
        self.slots[slot as usize].is_whole()
    }

    /// A whole book.
    pub fn snapshot(&mut self, slot: u32, snapshot: Snapshot) {
        if !is_sound(&snapshot.bids, &snapshot.asks) {
            return self.spoilt(Some(slot), "a snapshot holds impossible numbers");
        }
        self.turn(slot, |held, turn| held.take_snapshot(snapshot, turn));
    }

    /// Changed levels.
    pub fn delta(&mut self, slot: u32, delta: Delta) {
        if !is_sound(&delta.bids, &delta.asks) {
            return self.spoilt(Some(slot), "a delta holds impossible numbers");
        }
        self.clock.add(self.stamp_ns, delta.exchange_ns);
        self.turn(slot, |held, turn| held.take_delta(delta, turn));
    }

    /// Best bid and ask. A side of which nothing rests is empty, and one of impossible numbers costs only itself.
    pub fn top(&mut self, slot: u32, mut top: Top) {
        for side in [&mut top.bid, &mut top.ask] {
            if side.size == 0.0 {
                *side = Level::default();
            }
        }
        if !is_side(top.bid) || !is_side(top.ask) {
            return self.unreadable(Some(slot), "a best bid and ask holds impossible numbers");
        }
        if self.is_whole(slot) {
            self.clock.add(self.stamp_ns, top.exchange_ns);
        }
        self.turn(slot, |held, turn| held.take_top(top, turn));
    }

    /// From now on this number stands for this level; to be called after the snapshot that it came with.
    pub fn name_level(&mut self, slot: u32, number: u64, level: NamedLevel) {
        self.turn(slot, |held, turn| held.name_level(number, level, turn));
    }

    pub fn level_named(&self, slot: u32, number: u64) -> Option<NamedLevel> {
        self.slots[slot as usize].level_named(number)
    }

    /// The number stands for nothing any more; what it stood for.
    pub fn unname_level(&mut self, slot: u32, number: u64) -> Option<NamedLevel> {
        self.slots[slot as usize].unname_level(number)
    }

    /// The venue has spoken: subscribing may begin.
    pub fn greeted(&mut self) {
        let connection = self.connection;
        if self.connections.get(&connection).is_some_and(|held| held.phase == SocketPhase::Greeting) {
            self.start_session(connection);
        }
    }

    /// Answers at once, ahead of the queue.
    pub fn send(&mut self, text: &str) {
        self.send_now(self.connection, text.to_string());
    }

    /// The venue wants less: nothing is sent for a while.
    pub fn pause(&mut self, duration_ns: i64) {
        let until_ns = self.now_ns + duration_ns;
        if let Some(connection) = self.connections.get_mut(&self.connection) {
            connection.pause(until_ns);
        }
    }

    /// Gives the frame's connection up.
    pub fn reconnect(&mut self, reason: &str) {
        self.drop_connection(self.connection, reason);
    }

    /// What the answer with this id was asked for; empty when that is not known.
    pub fn answered(&mut self, id: u64) -> Vec<Wish> {
        self.connections.get_mut(&self.connection).and_then(|held| held.answered(id)).unwrap_or_default()
    }

    /// The same for an answer that only says to what kind of request it is: venues answer in the order of asking.
    pub fn answered_next(&mut self, operation: Operation, channel: Channel) -> Vec<Wish> {
        self.answered_where(|wish| (wish.operation, wish.channel) == (operation, channel))
    }

    /// The same for an answer that only says to which instrument.
    pub fn answered_about(&mut self, slot: u32) -> Vec<Wish> {
        self.answered_where(|wish| wish.slot == slot)
    }

    fn answered_where(&mut self, is_meant: impl Fn(&Wish) -> bool) -> Vec<Wish> {
        let connection = self.connections.get_mut(&self.connection);
        connection.and_then(|held| held.answered_where(is_meant)).unwrap_or_default()
    }

    /// The same for an answer whose id says nothing.
    pub fn answered_alone(&mut self) -> Vec<Wish> {
        self.connections.get_mut(&self.connection).and_then(Connection::answered_alone).unwrap_or_default()
    }

    /// A request was granted.
    pub fn acknowledge(&mut self, operation: Operation, slot: u32, channel: Channel) {
        if channel == Channel::Book {
            self.turn(slot, |held, turn| held.acknowledged(operation, turn));
        }
    }

    /// The same for all that one message asked for.
    pub fn grant(&mut self, wishes: &[Wish]) {
        wishes.iter().for_each(|wish| self.acknowledge(wish.operation, wish.slot, wish.channel));
    }

    /// A request failed: an unsubscribe that fails has nothing to leave, a subscribe is tried again later. Where the book
    /// does not come with it, the time-out of its answer sees to that.
    pub fn decline(&mut self, wish: Wish, detail: &str) {
        match (wish.operation, wish.channel) {
            (Operation::Unsubscribe, _) => self.acknowledge(wish.operation, wish.slot, wish.channel),
            (Operation::Subscribe, Channel::Book) if self.conduct.snapshot_source != SnapshotSource::Rest => {
                self.turn(wish.slot, |held, turn| held.rebuild("subscribe_refused", detail, turn));
            }
            (Operation::Subscribe, _) => self.report("subscribe_refused", Some(wish.slot), detail),
        }
    }

    /// The venue does not have this instrument: it is left alone until the next connection.
    pub fn refuse(&mut self, slot: u32, detail: &str) {
        self.turn(slot, |held, turn| held.refuse(detail, turn));
    }

    /// The venue says that there is no market in this instrument now: closed until it has a book again.
    pub fn close(&mut self, slot: u32, detail: &str) {
        self.turn(slot, |held, turn| held.close(detail, turn));
    }

    /// The venue says whether its market trades, and why not: while it does not, nothing that its book shows can be traded.
    pub fn set_trading(&mut self, slot: u32, halted: Option<&str>) {
        self.turn(slot, |held, turn| held.set_trading(halted, turn));
    }

    /// Something of this instrument went missing, by the venue's own rule: its book is not whole any more.
    pub fn lose(&mut self, slot: u32, detail: &str) {
        self.turn(slot, |held, turn| held.lose(detail, turn));
    }

    /// The same for whatever the frame's connection carries: a frame is lost that may have been about any of it.
    pub fn lose_all(&mut self, detail: &str) {
        self.slots_of(self.connection).into_iter().for_each(|slot| self.lose(slot, detail));
    }

    /// A frame could not be used, and nothing else hangs on it: a best bid and ask, behind which the book stands.
    pub(crate) fn unreadable(&mut self, slot: Option<u32>, detail: &str) {
        self.stats.parse_errors += 1;
        if self.now_ns - self.last_parse_report_ns >= PARSE_REPORT_INTERVAL_NS {
            self.last_parse_report_ns = self.now_ns;
            self.report("parse_error", slot, detail);
        }
    }

    /// A frame could not be used. Its instrument, if known, cannot be trusted any more.
    pub(crate) fn spoilt(&mut self, slot: Option<u32>, detail: &str) {
        self.unreadable(slot, detail);
        if let Some(slot) = slot {
            self.turn(slot, |held, turn| held.spoil(turn));
        }
    }
}

/// Whether a text holds this name by itself, not as a part of a longer one.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    text.match_indices(name)
        .any(|(start, _)| !text[..start].ends_with(is_part) && !text[start + name.len()..].starts_with(is_part))
}

pub(super) fn is_sound(bids: &[Level], asks: &[Level]) -> bool {
    bids.iter().chain(asks).all(Level::is_valid)
}

fn is_side(level: Level) -> bool {
    level == Level::default() || (level.is_valid() && level.size > 0.0)
}
