//! Snapshots, deltas and tops as they come: checked, chained, joined, published. A quote leaves only from a whole book.

use super::fetching::{Outstanding, Purpose};
use super::slot::{Fetching, Phase, Slot};
use super::state::Desk;
use crate::market_data::{Delta, Snapshot, Top};
use crate::profile::{Joining, SnapshotSource};
use crossbook_market::{BookState, ContractWorth, Level};
use std::collections::VecDeque;

/// Books in a row that are older than the first change kept, before the changes are not believed.
const TRIES_BEFORE_CHANGES_GO: u32 = 5;

impl Desk {
    /// A whole book from the socket.
    pub fn snapshot(&mut self, slot: u32, mut snapshot: Snapshot) {
        if !is_sound(&snapshot.bids, &snapshot.asks) {
            return self.spoilt(Some(slot), "a snapshot holds impossible numbers");
        }
        let (source, is_repeated) = (self.conduct.snapshot_source, self.conduct.snapshot_limit_ns.is_some());
        if source == SnapshotSource::EveryFrame && self.slots[slot as usize].is_outdated(snapshot.sequence) {
            return;
        }
        let now_ns = self.now_ns;
        let held = self.touch(slot);
        if source == SnapshotSource::EveryFrame {
            held.vigil.hear_change(now_ns);
        }
        to_base_units(held, &mut snapshot.bids, &mut snapshot.asks);
        if held.phase == Phase::Synced && is_repeated {
            self.compare(slot, snapshot);
        } else if matches!(held.phase, Phase::Waiting { .. } | Phase::Joining | Phase::Broken { .. } | Phase::Synced) {
            self.become_whole(slot, snapshot, VecDeque::new());
        }
    }

    /// Checks the book held against the venue's own, which then takes its place.
    fn compare(&mut self, slot: u32, snapshot: Snapshot) {
        let held = &self.slots[slot as usize];
        if snapshot.sequence < held.sequence {
            return self.lose(slot, "a snapshot is older than the book held");
        }
        if snapshot.sequence == held.sequence && !held.book.equals(&snapshot.bids, &snapshot.asks) {
            self.stats.gaps += 1;
            self.report("book_differed", Some(slot), "from the venue's own of the same sequence, which replaces it");
        }
        self.become_whole(slot, snapshot, VecDeque::new());
    }

    /// Changed levels from the socket.
    pub fn delta(&mut self, slot: u32, mut delta: Delta) {
        if !is_sound(&delta.bids, &delta.asks) {
            return self.spoilt(Some(slot), "a delta holds impossible numbers");
        }
        let source = self.conduct.snapshot_source;
        self.clock.add(self.stamp_ns, delta.exchange_ns);
        let now_ns = self.now_ns;
        let held = self.touch(slot);
        held.vigil.hear_change(now_ns);
        to_base_units(held, &mut delta.bids, &mut delta.asks);
        match held.phase {
            Phase::Synced => self.chain(slot, delta),
            Phase::Joining => {
                // After a venue's reset the numbers start lower: those of the book under way say nothing any more.
                if delta.last < delta.previous {
                    self.start_joining(slot);
                }
                self.buffer(slot, delta);
            }
            Phase::Waiting { .. } if source.is_joined() => {
                self.start_joining(slot);
                self.buffer(slot, delta);
            }
            _ => {}
        }
    }

    /// Best bid and ask from the socket; published while the book is whole, unless something as fresh was. A side of which
    /// nothing rests is empty, and one of impossible numbers costs only itself.
    pub fn top(&mut self, slot: u32, mut top: Top) {
        for side in [&mut top.bid, &mut top.ask] {
            if side.size == 0.0 {
                *side = Level::default();
            }
        }
        if !is_side(top.bid) || !is_side(top.ask) {
            return self.unreadable(Some(slot), "a best bid and ask holds impossible numbers");
        }
        let now_ns = self.now_ns;
        let is_crossed = top.bid.price > 0.0 && top.ask.price > 0.0 && top.bid.price >= top.ask.price;
        let held = &mut self.slots[slot as usize];
        if held.phase == Phase::Joining && !is_crossed {
            held.worth.to_base_units(&mut top.bid);
            held.worth.to_base_units(&mut top.ask);
            held.keep_ticker(top, now_ns);
        }
        if held.phase != Phase::Synced {
            return;
        }
        self.clock.add(self.stamp_ns, top.exchange_ns);
        let held = self.touch(slot);
        held.vigil.hear_change(now_ns);
        if top.sequence >= held.top.sequence.max(held.shared_sequence) {
            if is_crossed {
                return self.rebuild(slot, "crossed_book", "best bid at or above best ask");
            }
            held.worth.to_base_units(&mut top.bid);
            held.worth.to_base_units(&mut top.ask);
            held.take_ticker(top, now_ns);
        }
        if held.top.sequence >= held.shared_sequence {
            self.set_state(slot, BookState::Live);
        }
    }

    /// A fetched book.
    pub(crate) fn fetched(&mut self, fetch: &Outstanding, mut snapshot: Snapshot) {
        let slot = fetch.slot;
        if !is_sound(&snapshot.bids, &snapshot.asks) {
            self.spoilt(Some(slot), "a fetched book holds impossible numbers");
            return self.fetch_failed(fetch, "impossible numbers");
        }
        snapshot.depth_limit = Some(fetch.depth_limit);
        let held = &mut self.slots[slot as usize];
        to_base_units(held, &mut snapshot.bids, &mut snapshot.asks);
        if fetch.purpose == Purpose::Check {
            return self.checked(fetch, &snapshot);
        }
        held.fetching = Fetching::No;
        (held.fetched, held.outrun_ns) = (Some(snapshot), None);
        self.try_join(slot);
    }

    /// Begins to buffer deltas and asks for the book.
    pub(crate) fn start_joining(&mut self, slot: u32) {
        let due_ns = self.now_ns;
        self.cancel_fetch(slot);
        let held = &mut self.slots[slot as usize];
        held.forget_book();
        held.phase = Phase::Joining;
        held.vigil.hear(due_ns);
        held.fetching = Fetching::Due(due_ns);
        self.is_flush_due = true;
    }

    /// Emits what is new about a slot, if anything is.
    pub(crate) fn set_state(&mut self, slot: u32, state: BookState) {
        let stamp_ns = self.stamp_ns;
        let held = &mut self.slots[slot as usize];
        held.state = if held.is_doubted && state == BookState::Live { BookState::Resyncing } else { state };
        let quote = held.quote(slot, stamp_ns);
        let last = &held.emitted;
        let is_same_top = (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
            == (last.bid, last.bid_size, last.ask, last.ask_size);
        if quote.state != last.state || !is_same_top {
            held.emitted = quote;
            self.quotes.push(quote);
            self.stats.quotes += 1;
        }
    }

    /// Emits the quote once more, as of now.
    pub(crate) fn tell_again(&mut self, slot: u32) {
        let stamp_ns = self.stamp_ns;
        let held = &mut self.slots[slot as usize];
        held.emitted = held.quote(slot, stamp_ns);
        self.quotes.push(held.emitted);
        self.stats.quotes += 1;
    }

    /// What this connection has sent since it was last heard is not read yet: no quote of it stands until it is.
    pub(crate) fn doubt(&mut self, connection: u32) {
        for slot in self.slots_of(connection) {
            self.slots[slot as usize].is_doubted = true;
            if self.slots[slot as usize].state == BookState::Live {
                self.set_state(slot, BookState::Resyncing);
            }
        }
    }

    /// Everything that this connection had sent has been read: what its whole books say is in force.
    pub(crate) fn trust(&mut self, connection: u32) {
        for slot in self.slots_of(connection) {
            let held = &mut self.slots[slot as usize];
            let was_doubted = std::mem::replace(&mut held.is_doubted, false);
            if was_doubted && held.phase == Phase::Synced && held.state == BookState::Resyncing {
                let exchange_ns = held.top.exchange_ns;
                self.publish_if_sound(slot, exchange_ns, None);
            }
        }
    }

    fn touch(&mut self, slot: u32) -> &mut Slot {
        let held = &mut self.slots[slot as usize];
        held.vigil.hear(self.now_ns);
        held
    }

    /// The one rule of every chain: a delta follows the last change, or the book is lost. The very same delta once more
    /// is harmless.
    fn chain(&mut self, slot: u32, delta: Delta) {
        let (now_ns, conduct) = (self.now_ns, self.conduct);
        let held = &mut self.slots[slot as usize];
        if delta.previous == held.sequence {
            let is_new = delta.last != held.sequence;
            if conduct.removes_only_what_is_there && is_new && !held.book.holds_removed(&delta.bids, &delta.asks) {
                return self.lose(slot, "a level is removed that was never told");
            }
            let before = held.shared_sequence;
            held.apply(&delta, conduct.book_depth);
            held.follow_top(now_ns);
            self.publish_if_sound(slot, delta.exchange_ns, Some((before, &delta)));
            if self.slots[slot as usize].is_fetching() {
                self.buffer(slot, delta);
            }
        } else if (delta.previous, delta.last) != held.link {
            let detail = format!("{} follows {}, have {}", delta.last, delta.previous, held.sequence);
            self.stats.gaps += 1;
            self.rebuild(slot, "sequence_gap", &detail);
            if self.slots[slot as usize].is_fetching() {
                self.slots[slot as usize].buffer(delta);
            }
        }
    }

    fn buffer(&mut self, slot: u32, delta: Delta) {
        let now_ns = self.now_ns;
        let held = &mut self.slots[slot as usize];
        let waits = held.fetched.is_some();
        held.buffer(delta);
        self.try_join(slot);
        let held = &mut self.slots[slot as usize];
        if waits && held.fetched.is_some() {
            held.outrun_ns.get_or_insert(now_ns);
        }
    }

    /// Joins the buffered deltas to the fetched book by the venue's rule, once there are both.
    fn try_join(&mut self, slot: u32) {
        let joining = self.conduct.joining;
        let held = &mut self.slots[slot as usize];
        let Some(sequence) = held.fetched.as_ref().map(|snapshot| snapshot.sequence) else { return };
        while held.buffered.front().is_some_and(|delta| joining(sequence, delta) == Joining::Old) {
            held.buffered.pop_front();
        }
        match held.buffered.front().map(|delta| joining(sequence, delta)) {
            None => {}
            Some(Joining::Joins) => {
                let deltas = std::mem::take(&mut held.buffered);
                let snapshot = held.fetched.take().unwrap_or_default();
                self.become_whole(slot, snapshot, deltas);
            }
            Some(_) => {
                held.fetched = None;
                // No lag lasts so long: it is the number of the change that is out of this world.
                if held.vain_tries >= TRIES_BEFORE_CHANGES_GO {
                    held.buffered.clear();
                }
                self.fetch_again(slot, "the fetched book is older than the first change kept");
            }
        }
    }

    /// Loads a book and the deltas behind it, of which the first is known to join.
    fn become_whole(&mut self, slot: u32, snapshot: Snapshot, deltas: VecDeque<Delta>) {
        let (now_ns, depth) = (self.now_ns, self.conduct.book_depth);
        self.cancel_fetch(slot);
        let held = &mut self.slots[slot as usize];
        let is_rebuilt = std::mem::replace(&mut held.has_been_whole, true) && held.phase != Phase::Synced;
        let renewed = held.vigil.renewed.take();
        held.vigil.is_renewing = false;
        // Neither a book that replaces a whole one nor one that was fetched outruns the best bid and ask that came
        // meanwhile.
        let (ticker, before, ahead) = (held.ticker, held.shared_sequence, held.ahead);
        held.forget_book();
        held.book.load(&snapshot.bids, &snapshot.asks, snapshot.depth_limit);
        (held.sequence, held.link) = (snapshot.sequence, (snapshot.sequence, snapshot.sequence));
        held.shared_sequence = snapshot.shared_sequence();
        let mut exchange_ns = snapshot.exchange_ns;
        for (index, delta) in deltas.iter().enumerate() {
            if index > 0 && delta.previous != held.sequence && (delta.previous, delta.last) != held.link {
                self.stats.gaps += 1;
                return self.rebuild(slot, "sequence_gap", "in the deltas kept while the book was fetched");
            }
            held.apply(delta, depth);
            exchange_ns = delta.exchange_ns;
        }
        held.top.sequence = held.shared_sequence;
        held.ticker = ticker.filter(|_| held.shared_sequence >= before);
        let is_thin = held.book.is_thin();
        if let Some((top, _)) = held.ticker.filter(|(top, _)| is_thin || top.sequence > held.shared_sequence) {
            (held.top, held.ahead) = (top, ahead);
        }
        held.follow_top(now_ns);
        (held.phase, held.whole_since_ns, held.snapshot_ns) = (Phase::Synced, now_ns, now_ns);
        (held.has_escalated, held.vain_tries) = (false, 0);
        let was_well = renewed.is_some_and(|before| self.settle_renewal(slot, before));
        if is_rebuilt && !was_well {
            self.stats.resyncs += 1;
            self.report("book_resynced", Some(slot), "");
        }
        if self.slots[slot as usize].phase == Phase::Synced {
            self.publish_if_sound(slot, exchange_ns, None);
        }
    }

    /// `change` is what was applied last and to which sequence, where it is known by itself.
    fn publish_if_sound(&mut self, slot: u32, exchange_ns: i64, change: Option<(i64, &Delta)>) {
        let held = &mut self.slots[slot as usize];
        if held.book.is_crossed() {
            self.rebuild(slot, "crossed_book", "best bid at or above best ask");
        } else if held.book.is_thin() {
            self.publish_thin(slot, change);
        } else {
            held.refresh_top(exchange_ns);
            self.set_state(slot, BookState::Live);
        }
    }

    /// The market moved beyond the levels that were known: only best bids and asks that come by themselves still move the
    /// top, and the book is fetched again behind them. When a later change shows that the last one is over, nothing is
    /// published until the next; when none comes at all, the book is rebuilt.
    fn publish_thin(&mut self, slot: u32, change: Option<(i64, &Delta)>) {
        let (now_ns, stale_after_ns) = (self.now_ns, self.stale_after_ns);
        let held = &mut self.slots[slot as usize];
        let is_told = held.ticker.is_some_and(|(_, told_ns)| now_ns - told_ns <= stale_after_ns);
        // One that an earlier change outdated does not rise again by a change that says nothing of it.
        let stands = held.top.sequence >= held.shared_sequence
            || change.is_some_and(|(before, change)| held.top.sequence >= before && !change.outdates(&held.top));
        if !is_told || self.conduct.snapshot_source != SnapshotSource::Rest {
            return self.rebuild(slot, "book_thin", "the market moved beyond the levels that were known");
        }
        if stands {
            held.top.sequence = held.top.sequence.max(held.shared_sequence);
        }
        if !held.is_fetching() {
            held.buffered.clear();
            held.fetching = Fetching::Due(now_ns);
            self.is_flush_due = true;
        }
        self.set_state(slot, if stands { BookState::Live } else { BookState::Resyncing });
    }
}

fn is_sound(bids: &[Level], asks: &[Level]) -> bool {
    bids.iter().chain(asks).all(Level::is_valid)
}

fn is_side(level: Level) -> bool {
    level == Level::default() || (level.is_valid() && level.size > 0.0)
}

fn to_base_units(held: &Slot, bids: &mut [Level], asks: &mut [Level]) {
    if held.worth != ContractWorth::BaseUnits(1.0) {
        bids.iter_mut().chain(asks).for_each(|level| held.worth.to_base_units(level));
    }
}
