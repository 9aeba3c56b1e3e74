//! The fan-out itself: what is known of every instrument, and who follows it.

use super::filter::InstrumentFilter;
use super::reader::Reader;
use crossbook_market::{BookState, Depth, Instrument, Quote};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The one fan-out of quotes.
#[derive(Default)]
pub struct QuoteHub {
    state: Mutex<HubState>,
}

#[derive(Default)]
pub(super) struct HubState {
    pub instruments: Vec<Followed>,
    /// By venue, then symbol.
    ids: FxHashMap<Arc<str>, FxHashMap<String, u32>>,
    pub readers: FxHashMap<u64, Reader>,
    pub last_reader: u64,
    pub watermark_ns: i64,
}

pub(super) struct Followed {
    pub instrument: Arc<Instrument>,
    pub latest: Option<Quote>,
    /// Of a LIVE book; none once a quote has said that it is not.
    pub depth: Option<Arc<Depth>>,
}

impl QuoteHub {
    /// Makes an instrument known, or its description newer, and returns the number under which it is published.
    pub fn introduce(&self, instrument: &Arc<Instrument>) -> u32 {
        let mut state = self.lock();
        if let Some(id) = state.find(instrument) {
            if state.instruments[id as usize].instrument != *instrument {
                state.instruments[id as usize].instrument = Arc::clone(instrument);
                state.readers.values_mut().for_each(|reader| reader.describe_again(id, instrument));
            }
            return id;
        }
        state.add(instrument)
    }

    /// Takes quotes in order; the instrument of each is the number that `introduce` gave.
    pub fn publish(&self, quotes: &[Quote], watermark_ns: i64) {
        let mut guard = self.lock();
        let state = &mut *guard;
        state.watermark_ns = state.watermark_ns.max(watermark_ns);
        for quote in quotes {
            let followed = &mut state.instruments[quote.instrument as usize];
            followed.latest = Some(*quote);
            if quote.state != BookState::Live {
                followed.depth = None;
            }
        }
        for reader in state.readers.values_mut() {
            quotes.iter().for_each(|quote| reader.offer(quote));
        }
    }

    /// Takes depth by the numbers that `introduce` gave; that of a book whose latest quote is not LIVE means nothing.
    pub fn publish_depth(&self, rows: impl IntoIterator<Item = (u32, Depth)>) {
        let mut guard = self.lock();
        let state = &mut *guard;
        for (id, depth) in rows {
            let followed = &mut state.instruments[id as usize];
            if followed.latest.is_some_and(|quote| quote.state == BookState::Live) {
                followed.depth = Some(Arc::new(depth));
                state.readers.values_mut().for_each(|reader| reader.offer_depth(id));
            }
        }
    }

    /// Another shard has these instruments from `from_ns` on: each reader is told once, and no latest quote of theirs is left.
    pub fn move_away(&self, instruments: &[u32], from_ns: i64) {
        if instruments.is_empty() {
            return;
        }
        let mut guard = self.lock();
        let state = &mut *guard;
        for &id in instruments {
            (state.instruments[id as usize].latest, state.instruments[id as usize].depth) = (None, None);
            let moved = Quote::without_prices(id, BookState::Moved, from_ns);
            state.readers.values_mut().for_each(|reader| reader.offer(&moved));
        }
    }

    /// The latest quotes that match, ordered by venue and symbol.
    pub fn latest(&self, filter: &InstrumentFilter) -> Vec<(Arc<Instrument>, Quote)> {
        let state = self.lock();
        let matching = state.instruments.iter().filter(|followed| filter.matches(&followed.instrument));
        let mut quotes: Vec<_> =
            matching.filter_map(|followed| Some((Arc::clone(&followed.instrument), followed.latest?))).collect();
        drop(state);
        quotes.sort_by(|(a, _), (b, _)| (&a.venue, &a.symbol).cmp(&(&b.venue, &b.symbol)));
        quotes
    }

    /// A panic while the lock was held leaves whole quotes behind, nothing that must not be read.
    pub(super) fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HubState {
    fn find(&self, instrument: &Instrument) -> Option<u32> {
        self.ids.get(instrument.venue.as_str())?.get(&instrument.symbol).copied()
    }

    fn add(&mut self, instrument: &Arc<Instrument>) -> u32 {
        let id = self.instruments.len() as u32;
        let symbols = self.ids.entry(Arc::from(instrument.venue.as_str())).or_default();
        symbols.insert(instrument.symbol.clone(), id);
        self.instruments.push(Followed { instrument: Arc::clone(instrument), latest: None, depth: None });
        self.readers.values_mut().for_each(|reader| reader.add(instrument));
        id
    }
}
