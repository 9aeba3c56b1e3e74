//! A reader's own handle.

use super::filter::InstrumentFilter;
use super::quote_hub::{HubState, QuoteHub};
use super::reader::Reader;
use crossbook_market::{Depth, Instrument, Quote};
use crossbook_wire::{append_subscription_depth, encode_subscription_response};
use std::sync::Arc;

/// Most rows of one batch, about a megabyte; the rest waits for the next.
const MAX_ROWS: usize = 16_384;
/// Most rows of depth beside them, some 350 bytes each.
const MAX_DEPTH_ROWS: usize = 512;

/// One reader of a hub; it ends when it is closed or dropped.
pub struct Subscription {
    hub: Arc<QuoteHub>,
    reader: u64,
}

/// What an encoded batch is made of, so that the lock is not held while it is encoded.
struct Taken {
    sequence: u64,
    watermark_ns: i64,
    conflated_quotes: u64,
    new_symbols: Vec<(u32, Arc<Instrument>)>,
    quotes: Vec<Quote>,
    depth: Vec<(u32, Arc<Depth>)>,
}

impl QuoteHub {
    /// Starts a reader of quotes, with everything that is known waiting for it.
    pub fn subscribe(self: &Arc<Self>, filter: InstrumentFilter) -> Subscription {
        self.subscribe_to(filter, false)
    }

    /// The same, of depth as well where it is wanted.
    pub fn subscribe_to(self: &Arc<Self>, filter: InstrumentFilter, with_depth: bool) -> Subscription {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut reader = Reader::new(filter, with_depth);
        for (id, followed) in (0..).zip(&state.instruments) {
            reader.add(&followed.instrument);
            followed.latest.iter().for_each(|quote| reader.offer(quote));
            followed.depth.iter().for_each(|_| reader.offer_depth(id));
        }
        state.last_reader += 1;
        state.readers.insert(state.last_reader, reader);
        Subscription { hub: Arc::clone(self), reader: state.last_reader }
    }
}

impl Subscription {
    /// Rows that wait, of depth as well.
    pub fn pending_rows(&self) -> usize {
        self.read(Reader::pending)
    }

    /// Quotes that newer ones replaced before they were taken.
    pub fn conflated_quotes(&self) -> u64 {
        self.read(|reader| reader.conflated_quotes)
    }

    /// A SubscribeQuoteBatchesResponse, or none when nothing waits. New symbols come with their first row.
    pub fn take_batch(&self) -> Option<Vec<u8>> {
        let taken = take(&mut self.hub.lock(), self.reader)?;
        let new_symbols: Vec<_> = taken.new_symbols.iter().map(|(id, instrument)| (*id, &**instrument)).collect();
        let stream_id = format!("subscription-{}", self.reader);
        let mut response = encode_subscription_response(
            &stream_id,
            taken.sequence,
            taken.watermark_ns,
            &new_symbols,
            &taken.quotes,
            taken.conflated_quotes,
        );
        if !taken.depth.is_empty() {
            append_subscription_depth(&mut response, taken.depth.iter().map(|(id, depth)| (*id, &**depth)));
        }
        Some(response)
    }

    /// Up to `limit` rows with their instruments.
    pub fn take_rows(&self, limit: usize) -> Vec<(Arc<Instrument>, Quote)> {
        let mut guard = self.hub.lock();
        let HubState { readers, instruments, .. } = &mut *guard;
        let quotes = readers.get_mut(&self.reader).map(|reader| reader.take(limit)).unwrap_or_default();
        let with_instrument = |quote: Quote| (Arc::clone(&instruments[quote.instrument as usize].instrument), quote);
        quotes.into_iter().map(with_instrument).collect()
    }

    /// Nothing waits any more, now or later.
    pub fn close(&self) {
        self.hub.lock().readers.remove(&self.reader);
    }

    fn read<T: Default>(&self, look: impl FnOnce(&Reader) -> T) -> T {
        self.hub.lock().readers.get(&self.reader).map(look).unwrap_or_default()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.close();
    }
}

fn take(state: &mut HubState, reader: u64) -> Option<Taken> {
    let reader = state.readers.get_mut(&reader).filter(|reader| reader.pending() > 0)?;
    let quotes = reader.take(MAX_ROWS);
    let deeper = reader.take_deeper(MAX_DEPTH_ROWS).into_iter();
    let depth_of = |id: u32| Some((id, Arc::clone(state.instruments[id as usize].depth.as_ref()?)));
    let depth: Vec<_> = deeper.filter_map(depth_of).collect();
    let ids = quotes.iter().map(|quote| quote.instrument).chain(depth.iter().map(|(id, _)| *id));
    let introduced = reader.introduce(ids);
    reader.batches += 1;
    let described = |id: u32| (id, Arc::clone(&state.instruments[id as usize].instrument));
    Some(Taken {
        sequence: reader.batches,
        watermark_ns: state.watermark_ns,
        conflated_quotes: reader.conflated_quotes,
        new_symbols: introduced.into_iter().map(described).collect(),
        quotes,
        depth,
    })
}
