//! Everything a feed holds, and what a venue's decoder may do with it.

use super::connection::{Connection, SocketPhase, Wish};
use super::slot::{Phase, Slot};
use super::step::{FeedStats, Step};
use crate::market_data::{Channel, Operation};
use crate::profile::{Channels, Conduct, SECOND_NS, SnapshotSource};
use crossbook_market::{BookState, Quote};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// At most one report a second about frames that do not parse.
const PARSE_REPORT_INTERVAL_NS: i64 = SECOND_NS;

/// Books, connections and what is to be done, of one venue.
pub struct Desk {
    pub(crate) conduct: &'static Conduct,
    /// Streams of an instrument that the venue has.
    pub(crate) channels: Channels,
    pub(crate) stale_after_ns: i64,
    /// Time as it passes here; only differences of it mean anything.
    pub(crate) now_ns: i64,
    /// What quotes bear: the latest time that was told.
    pub(crate) stamp_ns: i64,
    /// The connection whose frame is being decoded.
    pub(crate) connection: u32,
    /// Numbered in order of tracking; a number is never used again.
    pub(crate) slots: Vec<Slot>,
    pub(crate) by_name: FxHashMap<String, u32>,
    pub(crate) connections: BTreeMap<u32, Connection>,
    pub(crate) fetches: super::fetching::Fetches,
    /// When the watchdog may look at the next instrument.
    pub(crate) next_check_ns: i64,
    pub(crate) clock: super::clock::ClockWatch,
    pub(crate) steps: Vec<Step>,
    pub(crate) quotes: Vec<Quote>,
    /// Whether something may stand in a queue.
    pub(crate) is_flush_due: bool,
    pub(crate) stats: FeedStats,
    last_parse_report_ns: i64,
}

impl Desk {
    pub(crate) fn new(conduct: &'static Conduct, channels: Channels, stale_after_ns: i64) -> Self {
        Self {
            conduct,
            channels,
            stale_after_ns,
            now_ns: 0,
            stamp_ns: 0,
            connection: 0,
            slots: Vec::new(),
            by_name: FxHashMap::default(),
            connections: BTreeMap::new(),
            fetches: super::fetching::Fetches::default(),
            next_check_ns: 0,
            clock: super::clock::ClockWatch::default(),
            steps: Vec::new(),
            quotes: Vec::new(),
            is_flush_due: false,
            stats: FeedStats::default(),
            last_parse_report_ns: i64::MIN / 2,
        }
    }

    /// The slot of an instrument by its name in frames, if the frame's connection carries it.
    pub fn slot(&self, name: &str) -> Option<u32> {
        let slot = *self.by_name.get(name)?;
        (self.slots[slot as usize].connection == self.connection).then_some(slot)
    }

    /// The slot whose name a message text mentions; the longest, where one is part of another.
    pub fn slot_mentioned(&self, text: &str) -> Option<u32> {
        let mentioned = self.by_name.iter().filter(|(name, _)| mentions(text, name));
        mentioned.max_by_key(|(name, _)| name.len()).and_then(|(name, _)| self.slot(name))
    }

    pub fn sequence(&self, slot: u32) -> i64 {
        self.slots[slot as usize].sequence
    }

    pub fn is_book_empty(&self, slot: u32) -> bool {
        self.slots[slot as usize].book.is_empty()
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
        if channel != Channel::Book {
            return; // nothing waits for it
        }
        let since_ns = self.now_ns;
        match (operation, self.slots[slot as usize].phase) {
            (Operation::Subscribe, Phase::Waiting { .. }) if self.conduct.snapshot_source == SnapshotSource::Rest => {
                self.start_joining(slot);
            }
            (Operation::Subscribe, Phase::Waiting { .. }) => {
                self.slots[slot as usize].phase = Phase::Waiting { since_ns, is_acknowledged: true };
            }
            (Operation::Unsubscribe, Phase::Leaving { .. }) => self.ask_first(Operation::Subscribe, slot),
            _ => {}
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
                self.rebuild(wish.slot, "subscribe_refused", detail);
            }
            (Operation::Subscribe, _) => self.report("subscribe_refused", Some(wish.slot), detail),
        }
    }

    /// The venue does not have this instrument: it is left alone until the next connection.
    pub fn refuse(&mut self, slot: u32, detail: &str) {
        self.report("subscribe_refused", Some(slot), detail);
        self.cancel_fetch(slot);
        self.slots[slot as usize].forget_book();
        self.slots[slot as usize].phase = Phase::Refused;
        self.set_state(slot, BookState::Closed);
    }

    /// The venue says that there is no market in this instrument now: closed until it has a book again.
    pub fn close(&mut self, slot: u32, detail: &str) {
        let (since_ns, is_news) = (self.now_ns, self.slots[slot as usize].state != BookState::Closed);
        if is_news {
            self.report("market_closed", Some(slot), detail);
        }
        self.cancel_fetch(slot);
        self.slots[slot as usize].forget_book();
        self.slots[slot as usize].phase = Phase::Waiting { since_ns, is_acknowledged: true };
        self.set_state(slot, BookState::Closed);
    }

    /// Something of this instrument went missing, by the venue's own rule: its book is not whole any more.
    pub fn lose(&mut self, slot: u32, detail: &str) {
        if self.slots[slot as usize].phase == Phase::Synced {
            self.stats.gaps += 1;
            self.rebuild(slot, "sequence_gap", detail);
        }
    }

    /// The same for whatever the frame's connection carries: a frame is lost that may have been about any of it.
    pub fn lose_all(&mut self, detail: &str) {
        self.slots_of(self.connection).into_iter().for_each(|slot| self.lose(slot, detail));
    }

    pub fn report(&mut self, event: &'static str, slot: Option<u32>, detail: &str) {
        let symbol = slot.map(|slot| self.slots[slot as usize].instrument.symbol.clone()).unwrap_or_default();
        self.steps.push(Step::Report { event, symbol, detail: detail.to_string() });
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
        if let Some(slot) = slot.filter(|slot| self.slots[*slot as usize].phase == Phase::Synced) {
            self.rebuild(slot, "book_spoilt", "a frame of it did not parse");
        }
    }
}

/// Whether a text holds this name by itself, not as a part of a longer one.
fn mentions(text: &str, name: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
    text.match_indices(name)
        .any(|(start, _)| !text[..start].ends_with(is_part) && !text[start + name.len()..].starts_with(is_part))
}
