//! Everything a feed holds, of one venue: its slots, told what came, and what they ask for, carried out.

use super::clock::ClockWatch;
use super::connection::Connection;
use super::fetches::Fetches;
use super::slot::Slot;
use super::step::{FeedStats, Step};
use super::turn::{Counter, Effect, Then, Turn};
use crate::market_data::{Channel, Operation};
use crate::profile::{Channels, Conduct};
use crossbook_market::{BookState, Instrument, OrderBook, Quote};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Frozen instruments for which a connection is given up.
pub(super) const SEVERAL: usize = 3;

/// Books, connections and what is to be done, of one venue.
pub struct Desk {
    pub(super) conduct: &'static Conduct,
    /// Streams that are asked for, of each instrument, in the venue's order.
    pub(super) channels: Vec<Channel>,
    pub(super) stale_after_ns: i64,
    /// Time as it passes here; only differences of it mean anything.
    pub(super) now_ns: i64,
    /// What quotes bear: the latest time that was told.
    pub(super) stamp_ns: i64,
    /// The connection whose frame is being decoded.
    pub(super) connection: u32,
    /// Numbered in order of tracking; a number is never used again.
    pub(super) slots: Vec<Slot>,
    pub(super) by_name: FxHashMap<String, u32>,
    pub(super) connections: BTreeMap<u32, Connection>,
    pub(super) last_connection: u32,
    pub(super) fetches: Fetches,
    /// When the watchdog may look at the next instrument.
    pub(super) next_check_ns: i64,
    pub(super) clock: ClockWatch,
    pub(super) steps: Vec<Step>,
    quotes: Vec<Quote>,
    /// Kept for its room.
    effects: Vec<Effect>,
    /// Whether something may stand in a queue.
    pub(super) is_flush_due: bool,
    pub(super) stats: FeedStats,
    pub(super) last_parse_report_ns: i64,
}

impl Desk {
    pub(crate) fn new(conduct: &'static Conduct, channels: Channels, stale_after_ns: i64) -> Self {
        let is_asked_for = |channel: &Channel| *channel != Channel::Status || !conduct.shares_status;
        Self {
            conduct,
            channels: channels.iter().map(|(channel, _)| *channel).filter(is_asked_for).collect(),
            stale_after_ns,
            now_ns: 0,
            stamp_ns: 0,
            connection: 0,
            slots: Vec::new(),
            by_name: FxHashMap::default(),
            connections: BTreeMap::new(),
            last_connection: 0,
            fetches: Fetches::default(),
            next_check_ns: 0,
            clock: ClockWatch::default(),
            steps: Vec::new(),
            quotes: Vec::new(),
            effects: Vec::new(),
            is_flush_due: false,
            stats: FeedStats::default(),
            last_parse_report_ns: i64::MIN / 2,
        }
    }

    /// Moves the time on; neither ever steps back. The latest time that was told.
    pub(crate) fn advance(&mut self, now_ns: i64, stamp_ns: i64) -> i64 {
        self.now_ns = self.now_ns.max(now_ns);
        self.stamp_ns = self.stamp_ns.max(stamp_ns);
        self.stamp_ns
    }

    /// What time alone brings about; to be called every 100 ms.
    pub(crate) fn tick(&mut self) {
        self.expire_fetches();
        (0..self.slots.len() as u32).for_each(|slot| self.turn(slot, Slot::watch));
        self.watch_connections();
        self.is_flush_due = true;
    }

    /// Lets a slot change itself, and carries out what it asks for.
    pub(super) fn turn(&mut self, slot: u32, transition: impl FnOnce(&mut Slot, &mut Turn<'_>)) {
        let mut effects = std::mem::take(&mut self.effects);
        let mut turn = Turn {
            conduct: self.conduct,
            stale_after_ns: self.stale_after_ns,
            now_ns: self.now_ns,
            stamp_ns: self.stamp_ns,
            effects: &mut effects,
        };
        transition(&mut self.slots[slot as usize], &mut turn);
        effects.drain(..).for_each(|effect| self.carry_out(slot, effect));
        self.effects = effects;
    }

    fn carry_out(&mut self, slot: u32, effect: Effect) {
        match effect {
            Effect::Quote(quote) => {
                self.quotes.push(quote);
                self.stats.quotes += 1;
            }
            Effect::Count(counter) => self.count(counter),
            Effect::Report { event, detail } => self.report(event, Some(slot), &detail),
            Effect::AskForBook(operation) => self.ask_for_book(operation, slot),
            Effect::RejoinOthers => self.rejoin_others(slot),
            Effect::Fetch => self.is_flush_due = true,
            Effect::CancelFetches => self.fetches.cancel(slot),
            Effect::GiveConnectionUp { reason } => {
                self.drop_connection(self.slots[slot as usize].connection(), &reason)
            }
            Effect::Frozen { is_again, then } => self.on_frozen(slot, is_again, then),
        }
    }

    fn count(&mut self, counter: Counter) {
        let count = match counter {
            Counter::Gap => &mut self.stats.gaps,
            Counter::Resync => &mut self.stats.resyncs,
            Counter::Confirmed => &mut self.stats.confirmed,
            Counter::Frozen => &mut self.stats.frozen,
        };
        *count += 1;
    }

    /// Gives the connection up when several of its instruments are frozen, or all of them again.
    fn on_frozen(&mut self, slot: u32, is_again: bool, then: Then) {
        let (now_ns, connection) = (self.now_ns, self.slots[slot as usize].connection());
        let mates = self.slots_of(connection);
        let frozen = mates.iter().filter(|mate| self.slots[**mate as usize].is_frozen(now_ns)).count();
        let is_given_up = frozen >= SEVERAL || (is_again && frozen == mates.len());
        if is_given_up {
            mates.iter().for_each(|mate| self.slots[*mate as usize].thaw());
            self.drop_connection(connection, &format!("{frozen} of its instruments are frozen"));
        }
        match then {
            Then::Settle { is_resynced, exchange_ns } => {
                self.turn(slot, |held, turn| held.settle(is_resynced, exchange_ns, turn));
            }
            Then::Resubscribe if !is_given_up => self.turn(slot, Slot::resubscribe),
            Then::Resubscribe => {}
        }
    }

    /// Begins to track an instrument that frames call by this name, on a connection with less than so many. The number of the
    /// connection, where it is a new one that is to be opened.
    pub(crate) fn track(&mut self, name: String, instrument: &Arc<Instrument>, limit: usize) -> Option<u32> {
        let found = self.connections.iter().find(|(_, held)| held.instruments < limit).map(|(number, _)| *number);
        let connection = found.unwrap_or(self.last_connection + 1);
        self.last_connection = self.last_connection.max(connection);
        let held = self.connections.entry(connection).or_insert_with(Connection::new);
        held.instruments += 1;
        let (slot, is_open) = (self.slots.len() as u32, held.is_open());
        self.slots.push(Slot::new(slot, Arc::clone(instrument), connection, self.now_ns));
        self.by_name.insert(name, slot);
        if is_open {
            self.channels.clone().into_iter().for_each(|channel| self.queue_subscribe(slot, channel));
        }
        found.is_none().then_some(connection)
    }

    /// Stops tracking a slot, which frames call by this name; the last of a connection closes it.
    pub(crate) fn untrack(&mut self, slot: u32, name: &str) {
        if !self.slots[slot as usize].is_tracked() {
            return; // named twice in one call
        }
        self.turn(slot, Slot::untrack);
        self.by_name.remove(name);
        let connection = self.slots[slot as usize].connection();
        let Some(held) = self.connections.get_mut(&connection) else { return };
        held.instruments -= 1;
        if held.instruments == 0 {
            self.connections.remove(&connection);
            self.steps.push(Step::Close { connection });
        } else if held.is_open() && self.conduct.unsubscribes_one {
            held.queue_all(Operation::Unsubscribe, slot, self.channels.iter().copied());
            self.is_flush_due = true;
        }
    }

    pub(crate) fn is_tracking(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Numbers given out so far.
    pub(crate) fn given(&self) -> usize {
        self.slots.len()
    }

    /// The instrument behind a number, also after it is no longer tracked.
    pub(crate) fn instrument(&self, slot: u32) -> &Arc<Instrument> {
        self.slots[slot as usize].instrument()
    }

    pub(crate) fn tracked(&self) -> impl Iterator<Item = (&Arc<Instrument>, BookState)> + '_ {
        self.slots.iter().filter(|held| held.is_tracked()).map(|held| (held.instrument(), held.state()))
    }

    /// What is tracked, with its numbers.
    pub(crate) fn roster(&self) -> Vec<(u32, Arc<Instrument>)> {
        let tracked = (0..).zip(&self.slots).filter(|(_, held)| held.is_tracked());
        tracked.map(|(number, held)| (number, Arc::clone(held.instrument()))).collect()
    }

    /// The tracked instrument with this symbol.
    pub(crate) fn find(&self, symbol: &str) -> Option<u32> {
        let found = self.slots.iter().rposition(|held| held.is_tracked() && held.instrument().symbol == symbol);
        found.map(|index| index as u32)
    }

    /// Levels and deltas that slots have room for which are no longer tracked.
    #[cfg(test)]
    pub(crate) fn room_of_gone(&self) -> usize {
        self.slots.iter().filter(|held| !held.is_tracked()).map(Slot::room).sum()
    }

    /// A book with its state and the sequence of its last change.
    pub(crate) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn live_book(&self, slot: u32) -> Option<&OrderBook> {
        self.slots[slot as usize].live_book()
    }

    pub(crate) fn order_book(&self, slot: u32) -> (BookState, i64, &OrderBook) {
        let held = &self.slots[slot as usize];
        (held.state(), held.sequence(), held.book())
    }

    pub(super) fn slots_of(&self, connection: u32) -> Vec<u32> {
        let tracked = self.slots.iter().enumerate();
        let mine = tracked.filter(|(_, held)| held.connection() == connection && held.is_tracked());
        mine.map(|(index, _)| index as u32).collect()
    }

    /// What this connection has sent since it was last heard is not read yet: no quote of it stands until it is.
    pub(crate) fn doubt(&mut self, connection: u32) {
        self.slots_of(connection).into_iter().for_each(|slot| self.turn(slot, Slot::doubt));
    }

    /// The same for every connection; what is not LIVE already is told once more.
    pub(crate) fn doubt_all(&mut self) {
        let is_down = |held: &Slot| held.is_tracked() && held.state() != BookState::Live;
        let down: Vec<u32> = (0..).zip(&self.slots).filter(|(_, held)| is_down(held)).map(|(slot, _)| slot).collect();
        let connections: Vec<u32> = self.connections.keys().copied().collect();
        connections.into_iter().for_each(|connection| self.doubt(connection));
        down.into_iter().for_each(|slot| self.turn(slot, Slot::tell_again));
    }

    /// Everything that this connection had sent has been read.
    pub(crate) fn trust(&mut self, connection: u32) {
        self.slots_of(connection).into_iter().for_each(|slot| self.turn(slot, Slot::trust));
    }

    /// Time as it passes here.
    pub(crate) fn now_ns(&self) -> i64 {
        self.now_ns
    }

    /// The latest time that was told.
    pub(crate) fn latest_ns(&self) -> i64 {
        self.stamp_ns
    }

    /// Emits the quotes of the tracked slots that are wanted once more, as of now.
    pub(crate) fn requote(&mut self, is_wanted: impl Fn(u32) -> bool) {
        for slot in 0..self.slots.len() as u32 {
            if self.slots[slot as usize].is_tracked() && is_wanted(slot) {
                self.turn(slot, Slot::tell_again);
            }
        }
    }

    pub fn report(&mut self, event: &'static str, slot: Option<u32>, detail: &str) {
        let symbol = slot.map(|slot| self.slots[slot as usize].instrument().symbol.clone()).unwrap_or_default();
        self.steps.push(Step::Report { event, symbol, detail: detail.to_string() });
    }

    pub(crate) fn ask(&mut self, step: Step) {
        self.steps.push(step);
    }

    pub(crate) fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// The quotes not yet taken, oldest first.
    pub(crate) fn quotes(&mut self) -> &mut Vec<Quote> {
        &mut self.quotes
    }

    /// Counters, and how many of its parts are well now.
    pub(crate) fn stats(&self) -> FeedStats {
        FeedStats {
            instruments: self.tracked().count(),
            live_instruments: self.tracked().filter(|(_, state)| *state == BookState::Live).count(),
            open_connections: self.connections.values().filter(|held| held.is_open()).count(),
            wanted_connections: self.connections.len(),
            clock_offset_ns: self.clock.offset_ns(self.stamp_ns),
            delay_ns: self.clock.delay_ns(self.stamp_ns),
            ..self.stats
        }
    }

    /// Whether a queue or a fetch may be let out; true once.
    pub(crate) fn take_flush(&mut self) -> bool {
        std::mem::take(&mut self.is_flush_due)
    }

    /// Leaves all streams but the book's, where that can be done, and joins them again.
    fn rejoin_others(&mut self, slot: u32) {
        let Some(held) = self.connections.get_mut(&self.slots[slot as usize].connection()) else { return };
        for channel in self.channels.iter().filter(|channel| **channel != Channel::Book) {
            if self.conduct.unsubscribes_one {
                held.queue_all(Operation::Unsubscribe, slot, [*channel]);
            }
            held.queue_all(Operation::Subscribe, slot, [*channel]);
        }
    }
}
