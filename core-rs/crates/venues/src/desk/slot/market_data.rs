//! Snapshots, deltas and tops as they come: chained, joined, published. A quote leaves only from a whole book.

use super::held_book::Place;
use super::pending::Meeting;
use super::{Phase, Slot};
use crate::desk::turn::{Counter, Effect, Then, Turn};
use crate::market_data::{Delta, Snapshot, Top};
use crossbook_market::{BookState, ContractWorth, Level};
use std::collections::VecDeque;

impl Slot {
    /// A whole book from the socket.
    pub fn take_snapshot(&mut self, mut snapshot: Snapshot, turn: &mut Turn<'_>) {
        if turn.is_every_frame() && self.held.is_outdated(snapshot.sequence, self.is_whole()) {
            return;
        }
        self.vigil.hear(turn.now_ns);
        if turn.is_every_frame() {
            self.vigil.hear_change(turn.now_ns);
        }
        self.to_base_units(&mut snapshot.bids, &mut snapshot.asks);
        match self.phase {
            Phase::Synced if turn.conduct.snapshot_limit_ns.is_some() => self.compare(snapshot, turn),
            Phase::Waiting { .. } | Phase::Joining | Phase::Broken { .. } | Phase::Synced => {
                self.become_whole(&snapshot, &VecDeque::new(), turn);
            }
            _ => {}
        }
    }

    /// Changed levels from the socket.
    pub fn take_delta(&mut self, mut delta: Delta, turn: &mut Turn<'_>) {
        self.vigil.hear_change(turn.now_ns);
        self.to_base_units(&mut delta.bids, &mut delta.asks);
        match self.phase {
            Phase::Synced => self.chain(delta, turn),
            Phase::Joining => {
                // After a venue's reset the numbers start lower: those of the book under way say nothing any more.
                if delta.last < delta.previous {
                    self.start_joining(turn);
                }
                self.keep(delta, turn);
            }
            Phase::Waiting { .. } if turn.conduct.snapshot_source.is_joined() => {
                self.start_joining(turn);
                self.keep(delta, turn);
            }
            _ => {}
        }
    }

    /// Best bid and ask from the socket; published while the book is whole, unless something as fresh was.
    pub fn take_top(&mut self, mut top: Top, turn: &mut Turn<'_>) {
        let is_crossed = top.bid.price > 0.0 && top.ask.price > 0.0 && top.bid.price >= top.ask.price;
        [&mut top.bid, &mut top.ask].into_iter().for_each(|level| self.worth.to_base_units(level));
        match self.phase {
            Phase::Joining if !is_crossed => self.held.keep_ticker(top, turn.now_ns),
            Phase::Synced => self.follow_ticker(top, is_crossed, turn),
            _ => {}
        }
    }

    fn follow_ticker(&mut self, top: Top, is_crossed: bool, turn: &mut Turn<'_>) {
        self.vigil.hear_change(turn.now_ns);
        if self.held.is_fresh(&top) {
            if is_crossed {
                return self.take_crossed(i64::MAX, turn); // the venue itself says so
            }
            self.held.take_ticker(top, turn.now_ns);
        }
        if self.held.is_top_current() {
            self.set_state(BookState::Live, turn);
        }
    }

    /// A fetched book.
    pub fn take_fetched(&mut self, mut snapshot: Snapshot, turn: &mut Turn<'_>) {
        self.to_base_units(&mut snapshot.bids, &mut snapshot.asks);
        self.pending.arrive(snapshot);
        self.try_join(turn);
    }

    /// Begins to buffer deltas and asks for the book.
    pub(super) fn start_joining(&mut self, turn: &mut Turn<'_>) {
        self.cancel_fetch(turn);
        self.forget_book();
        self.phase = Phase::Joining;
        self.vigil.hear(turn.now_ns);
        self.fetch_from(turn.now_ns, turn);
    }

    /// Publishes the book that has come, unless the slot has lost it since.
    pub fn settle(&mut self, is_resynced: bool, exchange_ns: i64, turn: &mut Turn<'_>) {
        if is_resynced {
            turn.count(Counter::Resync);
            turn.report("book_resynced", "");
        }
        if self.is_whole() {
            self.publish_if_sound(exchange_ns, None, turn);
        }
    }

    /// Checks the book held against the venue's own, which then takes its place.
    fn compare(&mut self, snapshot: Snapshot, turn: &mut Turn<'_>) {
        if snapshot.sequence < self.held.sequence() {
            return self.lose("a snapshot is older than the book held", turn);
        }
        if snapshot.sequence == self.held.sequence() && !self.held.book().equals(&snapshot.bids, &snapshot.asks) {
            turn.count(Counter::Gap);
            turn.report("book_differed", "from the venue's own of the same sequence, which replaces it");
        }
        self.become_whole(&snapshot, &VecDeque::new(), turn);
    }

    /// The one rule of every chain: a delta follows the last change, or the book is lost. The very same delta once more
    /// is harmless.
    fn chain(&mut self, delta: Delta, turn: &mut Turn<'_>) {
        match self.held.place(&delta) {
            Place::Next { is_new } => self.follow(delta, is_new, turn),
            Place::Repeated => {}
            Place::Beyond => {
                let detail = format!("{} follows {}, have {}", delta.last, delta.previous, self.held.sequence());
                turn.count(Counter::Gap);
                self.rebuild("sequence_gap", &detail, turn);
                if self.pending.is_under_way() {
                    self.pending.keep(delta);
                }
            }
        }
    }

    fn follow(&mut self, delta: Delta, is_new: bool, turn: &mut Turn<'_>) {
        let conduct = turn.conduct;
        let is_told = || self.held.book().holds_removed(&delta.bids, &delta.asks);
        if conduct.removes_only_what_is_there && is_new && !is_told() {
            return self.lose("a level is removed that was never told", turn);
        }
        let before = self.held.shared_sequence();
        self.held.follow(&delta, conduct.book_depth, turn.now_ns);
        self.publish_if_sound(delta.exchange_ns, Some((before, &delta)), turn);
        if self.pending.is_under_way() {
            self.keep(delta, turn);
        }
    }

    fn keep(&mut self, delta: Delta, turn: &mut Turn<'_>) {
        let waits = self.pending.is_fetched();
        self.pending.keep(delta);
        self.try_join(turn);
        if waits {
            self.pending.note_outrun(turn.now_ns);
        }
    }

    fn try_join(&mut self, turn: &mut Turn<'_>) {
        match self.pending.meet(turn.conduct.joining) {
            Meeting::Waits => {}
            Meeting::Joins(snapshot, deltas) => self.become_whole(&snapshot, &deltas, turn),
            Meeting::TooOld => self.fetch_again("the fetched book is older than the first change kept", turn),
        }
    }

    /// Loads a book and the deltas behind it, of which the first is known to join.
    fn become_whole(&mut self, snapshot: &Snapshot, deltas: &VecDeque<Delta>, turn: &mut Turn<'_>) {
        self.cancel_fetch(turn);
        let is_rebuilt = std::mem::replace(&mut self.has_been_whole, true) && !self.is_whole();
        let renewed = self.vigil.take_renewed();
        self.pending.clear();
        let Some(exchange_ns) = self.held.load(snapshot, deltas, turn.conduct.book_depth, turn.now_ns) else {
            turn.count(Counter::Gap);
            return self.rebuild("sequence_gap", "in the deltas kept while the book was fetched", turn);
        };
        (self.phase, self.loaded_ns) = (Phase::Synced, turn.now_ns);
        self.tries.succeed();
        match renewed {
            Some(before) if self.was_well(before, turn) => self.settle(false, exchange_ns, turn),
            Some(_) => self.freeze(Then::Settle { is_resynced: is_rebuilt, exchange_ns }, turn),
            None => self.settle(is_rebuilt, exchange_ns, turn),
        }
    }

    /// `change` is what was applied last and to which sequence, where it is known by itself.
    pub(super) fn publish_if_sound(&mut self, exchange_ns: i64, change: Option<(i64, &Delta)>, turn: &mut Turn<'_>) {
        if let Some(crossed_ns) = self.held.crossed_ns(turn.now_ns) {
            self.take_crossed(crossed_ns, turn);
        } else if self.held.book().is_thin() {
            self.publish_thin(change, turn);
        } else {
            self.held.refresh_top(exchange_ns);
            self.set_state(BookState::Live, turn);
        }
    }

    /// Bids at or above asks: something was missed, unless nothing trades and orders are only collected. Where no engine keeps a book
    /// from it, it is withdrawn, and lost once it has stood so for longer than it may.
    fn take_crossed(&mut self, crossed_ns: i64, turn: &mut Turn<'_>) {
        if self.is_halted {
            return;
        }
        if crossed_ns >= turn.conduct.crossed_limit_ns {
            self.rebuild("crossed_book", "best bid at or above best ask", turn);
        } else {
            self.set_state(BookState::Resyncing, turn);
        }
    }

    /// The market moved beyond the levels that were known: only best bids and asks that come by themselves still move the
    /// top, and the book is fetched again behind them. When a later change shows that the last one is over, nothing is
    /// published until the next; when none comes at all, the book is rebuilt.
    fn publish_thin(&mut self, change: Option<(i64, &Delta)>, turn: &mut Turn<'_>) {
        if !self.held.has_ticker_since(turn.now_ns - turn.stale_after_ns) || !turn.is_rest() {
            return self.rebuild("book_thin", "the market moved beyond the levels that were known", turn);
        }
        let stands = self.held.top_stands(change);
        if !self.pending.is_under_way() {
            self.pending.keep_afresh();
            self.fetch_from(turn.now_ns, turn);
        }
        self.set_state(if stands { BookState::Live } else { BookState::Resyncing }, turn);
    }

    pub(super) fn fetch_from(&mut self, due_ns: i64, turn: &mut Turn<'_>) {
        self.pending.ask(due_ns);
        turn.ask(Effect::Fetch);
    }

    pub(super) fn to_base_units(&self, bids: &mut [Level], asks: &mut [Level]) {
        if self.worth != ContractWorth::BaseUnits(1.0) {
            bids.iter_mut().chain(asks).for_each(|level| self.worth.to_base_units(level));
        }
    }
}
