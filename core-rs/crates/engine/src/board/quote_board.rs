//! The board itself: shards write, readers pull, each under one short lock.

use super::frame::{Cursor, Gathered, MAX_ROWS};
use super::selection::Selection;
use super::slots::Slots;
use super::views::Views;
use crate::sources::Sources;
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::{MAX_SYMBOLS, SymbolEntry, WireError, decode_subscription_response};
use rustc_hash::FxHashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A reader, until it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReaderId(u64);

/// What readers that asked together are told.
#[derive(Debug, Default)]
pub struct Frames {
    /// SubscribeQuoteBatchesResponses, each once.
    pub frames: Vec<Vec<u8>>,
    /// Which of them each reader gets, in the order in which they were named; none where nothing is new.
    pub of_reader: Vec<Option<usize>>,
}

/// Writers and readers may be on any threads.
pub struct QuoteBoard {
    /// Of the frames; of no other board.
    stream_id: String,
    most_rows: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    version: u64,
    watermark_ns: i64,
    slots: Slots,
    sources: Sources<u32>,
    views: Views,
    readers: FxHashMap<u64, Reader>,
    last_reader: u64,
}

#[derive(Clone, Copy)]
struct Reader {
    view: u64,
    cursor: Cursor,
}

impl QuoteBoard {
    /// `stream_id`: of no other board.
    pub fn new(stream_id: String) -> Self {
        Self { stream_id, most_rows: MAX_ROWS, state: Mutex::default() }
    }

    #[cfg(test)]
    pub(super) fn with_most_rows(most_rows: usize) -> Self {
        Self { most_rows, ..Self::new("board".into()) }
    }

    /// Takes a source's SubscribeQuoteBatchesResponse; one that does not decode changes nothing.
    pub fn on_batch(&self, payload: &[u8], now_ns: i64, source: u16) -> Result<(), WireError> {
        let batch = decode_subscription_response(payload)?.batch;
        let mut guard = self.lock();
        let state = &mut *guard;
        state.sources.stream(source).check(&batch)?;
        state.check_room(batch.symbols.len())?;
        state.version += 1;
        state.watermark_ns = state.watermark_ns.max(batch.watermark_ns);
        state.sources.stream(source).go_on_with(batch.stream_id);
        for SymbolEntry { index, instrument } in &batch.symbols {
            let slot = state.slot(instrument, now_ns);
            state.sources.stream(source).set_place(*index, slot);
        }
        let places = std::mem::take(&mut state.sources.stream(source).places);
        for quote in batch.columns.rows() {
            if let Some(slot) = places.get(quote.instrument as usize).copied().flatten() {
                state.take(slot, &quote, source.into(), now_ns);
            }
        }
        state.sources.stream(source).places = places;
        Ok(())
    }

    /// A source is gone: what only it has told is CLOSED.
    pub fn on_disconnected(&self, now_ns: i64, source: u16) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.version += 1;
        for slot in state.slots.of_source(source.into()) {
            let held = state.slots.held(slot);
            match state.sources.take_heir(slot, &held) {
                Some(heir) => *held.source = heir,
                None => state.slots.close(slot, now_ns, state.version),
            }
        }
        state.sources.forget(source);
    }

    /// A reader that knows nothing yet.
    pub fn join(&self, selection: Selection) -> ReaderId {
        let mut guard = self.lock();
        let state = &mut *guard;
        let view = state.views.join(selection, &state.slots);
        state.last_reader += 1;
        state.readers.insert(state.last_reader, Reader { view, cursor: Cursor::default() });
        ReaderId(state.last_reader)
    }

    /// Nothing is new to it any more.
    pub fn leave(&self, reader: ReaderId) {
        let mut state = self.lock();
        if let Some(gone) = state.readers.remove(&reader.0) {
            state.views.leave(gone.view);
        }
    }

    /// What is new to each, all at this moment. A frame of MAX_ROWS rows may not be all of it.
    pub fn deltas(&self, readers: &[ReaderId], now_ns: i64) -> Frames {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.close_orphans(now_ns);
        let watermark_ns = state.watermark_ns;
        let (mut gathered, mut shared) = (Vec::new(), FxHashMap::default());
        let of_reader =
            readers.iter().map(|id| state.gather(*id, self.most_rows, &mut gathered, &mut shared)).collect();
        drop(guard);
        let encode = |frame: &Gathered| frame.encode(&self.stream_id, watermark_ns);
        Frames { frames: gathered.iter().map(encode).collect(), of_reader }
    }

    /// The reader forgets all; a frame with everything that it wants, or the first MAX_ROWS of it. It may have no rows.
    pub fn snapshot(&self, reader: ReaderId, now_ns: i64) -> Vec<u8> {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.close_orphans(now_ns);
        let (version, watermark_ns) = (state.version, state.watermark_ns);
        let frame = state.readers.get_mut(&reader.0).map(|known| {
            let view = state.views.get(known.view);
            let (frame, cursor) = Cursor::default().gather(view, &state.slots, version, self.most_rows);
            known.cursor = cursor;
            frame
        });
        drop(guard);
        frame.unwrap_or_default().encode(&self.stream_id, watermark_ns)
    }

    /// Instruments whose news the reader has not been told.
    pub fn lag(&self, reader: ReaderId, now_ns: i64) -> usize {
        let mut state = self.lock();
        state.close_orphans(now_ns);
        let waiting = |known: &Reader| known.cursor.waiting(state.views.get(known.view), &state.slots);
        state.readers.get(&reader.0).map_or(0, waiting)
    }

    /// How many read.
    pub fn readers(&self) -> usize {
        self.lock().readers.len()
    }

    /// How many different selections they have.
    pub fn views(&self) -> usize {
        self.lock().views.len()
    }

    /// How many instruments were ever told.
    pub fn instruments(&self) -> usize {
        self.lock().slots.len()
    }

    /// A panic while the lock was held leaves whole quotes behind, nothing that must not be read.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Frames can name no more instruments than a stream.
    fn check_room(&self, more: usize) -> Result<(), WireError> {
        let index = (self.slots.len() + more) as u32;
        if more > 0 && index > MAX_SYMBOLS { Err(WireError::SymbolOutOfRange { index }) } else { Ok(()) }
    }

    /// Where the instrument is. One that changes its asset may not be what its readers want any more: it begins anew.
    fn slot(&mut self, instrument: &Instrument, now_ns: i64) -> u32 {
        if let Some(slot) = self.slots.find(&instrument.venue, &instrument.symbol) {
            let known = self.slots.instrument(slot);
            if known == instrument {
                return slot;
            }
            if known.asset == instrument.asset {
                self.slots.describe(slot, instrument);
                return slot;
            }
            self.slots.retire(slot, now_ns, self.version);
        }
        let slot = self.slots.add(instrument);
        self.views.add(slot, instrument);
        slot
    }

    #[inline]
    fn take(&mut self, slot: u32, quote: &Quote, source: u32, now_ns: i64) {
        let is_plain = self.slots.source(slot) == source && quote.state != BookState::Moved;
        if is_plain || self.admits(slot, quote, source, now_ns) {
            self.slots.set(slot, quote, source, self.version);
        }
    }

    #[cold]
    fn admits(&mut self, slot: u32, quote: &Quote, source: u32, now_ns: i64) -> bool {
        !self.slots.is_retired(slot) && self.sources.admits(slot, self.slots.held(slot), quote, source, now_ns)
    }

    /// Nobody sees the board but readers that ask, so that what has expired may wait until one does.
    fn close_orphans(&mut self, now_ns: i64) {
        let orphans = self.sources.take_orphans(now_ns);
        if orphans.is_empty() {
            return;
        }
        self.version += 1;
        for slot in orphans {
            self.slots.close(slot, now_ns, self.version);
        }
    }

    /// The number of the reader's frame. Only readers that share a view are looked for in `shared`.
    fn gather(
        &mut self,
        id: ReaderId,
        most_rows: usize,
        gathered: &mut Vec<Gathered>,
        shared: &mut FxHashMap<(u64, Cursor), (Option<usize>, Cursor)>,
    ) -> Option<usize> {
        let Reader { view: number, cursor } = *self.readers.get(&id.0)?;
        let view = self.views.get(number);
        let known = if view.readers > 1 { shared.get(&(number, cursor)).copied() } else { None };
        let (frame, after) = known.unwrap_or_else(|| {
            let (frame, after) = cursor.gather(view, &self.slots, self.version, most_rows);
            let index = (!frame.is_empty()).then_some(gathered.len());
            gathered.extend(index.map(|_| frame));
            shared.extend((view.readers > 1).then_some(((number, cursor), (index, after))));
            (index, after)
        });
        self.readers.insert(id.0, Reader { view: number, cursor: after });
        frame
    }
}
