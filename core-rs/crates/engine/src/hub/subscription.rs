//! A reader's own handle.

use super::filter::InstrumentFilter;
use super::quote_hub::{HubState, QuoteHub};
use super::reader::Reader;
use crossbook_market::{Instrument, Quote};
use crossbook_wire::encode_subscription_response;
use std::sync::Arc;

/// Most rows of one batch, about a megabyte; the rest waits for the next.
const MAX_ROWS: usize = 16_384;

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
}

impl QuoteHub {
    /// Starts a reader, with everything that is known waiting for it.
    pub fn subscribe(self: &Arc<Self>, filter: InstrumentFilter) -> Subscription {
        let mut guard = self.lock();
        let state = &mut *guard;
        let mut reader = Reader::new(filter);
        for followed in &state.instruments {
            reader.add(&followed.instrument);
            followed.latest.iter().for_each(|quote| reader.offer(quote));
        }
        state.last_reader += 1;
        state.readers.insert(state.last_reader, reader);
        Subscription { hub: Arc::clone(self), reader: state.last_reader }
    }
}

impl Subscription {
    /// Rows that wait.
    pub fn pending_rows(&self) -> usize {
        self.read(|reader| reader.pending_rows)
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
        Some(encode_subscription_response(
            &stream_id,
            taken.sequence,
            taken.watermark_ns,
            &new_symbols,
            &taken.quotes,
            taken.conflated_quotes,
        ))
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
    let reader = state.readers.get_mut(&reader).filter(|reader| reader.pending_rows > 0)?;
    let quotes = reader.take(MAX_ROWS);
    reader.batches += 1;
    let described = |id: u32| (id, Arc::clone(&state.instruments[id as usize].instrument));
    Some(Taken {
        sequence: reader.batches,
        watermark_ns: state.watermark_ns,
        conflated_quotes: reader.conflated_quotes,
        new_symbols: reader.introduce(&quotes).into_iter().map(described).collect(),
        quotes,
    })
}
