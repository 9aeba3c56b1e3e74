//! The newest quote of every instrument, in columns: what a reader looks through are versions, close together.

use crate::sources::{Held, NOBODY};
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::encode_symbol;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// The owner of a slot that nobody can fill again.
const RETIRED: u32 = NOBODY - 1;
/// Of a description that no quote has followed yet.
const UNTOLD: u64 = u64::MAX;

/// A slot is an instrument's number, for as long as the board lives.
#[derive(Default)]
pub(super) struct Slots {
    /// Of the newest quote; zero when there was none.
    versions: Vec<u64>,
    /// Of the first quote since the instrument was described as it is now.
    described: Vec<u64>,
    quotes: Vec<Quote>,
    sources: Vec<u32>,
    instruments: Vec<Instrument>,
    /// What readers are told of the instruments, encoded.
    symbols: Vec<Arc<[u8]>>,
    /// By venue, then symbol; without those that are retired.
    by_name: FxHashMap<String, FxHashMap<String, u32>>,
}

impl Slots {
    pub(super) fn len(&self) -> usize {
        self.versions.len()
    }

    pub(super) fn find(&self, venue: &str, symbol: &str) -> Option<u32> {
        self.by_name.get(venue)?.get(symbol).copied()
    }

    pub(super) fn instrument(&self, slot: u32) -> &Instrument {
        &self.instruments[slot as usize]
    }

    /// A new one, without a quote.
    pub(super) fn add(&mut self, instrument: &Instrument) -> u32 {
        let slot = self.len() as u32;
        self.versions.push(0);
        self.described.push(UNTOLD);
        self.quotes.push(Quote::without_prices(slot, BookState::Closed, 0));
        self.sources.push(NOBODY);
        self.instruments.push(instrument.clone());
        self.symbols.push(encode_symbol(slot, instrument).into());
        self.by_name.entry(instrument.venue.clone()).or_default().insert(instrument.symbol.clone(), slot);
        slot
    }

    /// The same instrument with other facts, which readers are told with its next quote.
    pub(super) fn describe(&mut self, slot: u32, instrument: &Instrument) {
        self.instruments[slot as usize] = instrument.clone();
        self.symbols[slot as usize] = encode_symbol(slot, instrument).into();
        self.described[slot as usize] = UNTOLD;
    }

    /// It is what it was no more: it closes for ever, and its name is free for another slot.
    pub(super) fn retire(&mut self, slot: u32, now_ns: i64, version: u64) {
        let Instrument { venue, symbol, .. } = &self.instruments[slot as usize];
        if let Some(symbols) = self.by_name.get_mut(venue) {
            symbols.remove(symbol);
        }
        self.close(slot, now_ns, version);
        self.sources[slot as usize] = RETIRED;
    }

    pub(super) fn is_retired(&self, slot: u32) -> bool {
        self.sources[slot as usize] == RETIRED
    }

    #[inline]
    pub(super) fn source(&self, slot: u32) -> u32 {
        self.sources[slot as usize]
    }

    /// As the rules of sources see it.
    pub(super) fn held(&mut self, slot: u32) -> Held<'_> {
        let Quote { receive_ns, state, .. } = self.quotes[slot as usize];
        Held { receive_ns, state, source: &mut self.sources[slot as usize] }
    }

    #[inline]
    pub(super) fn set(&mut self, slot: u32, quote: &Quote, source: u32, version: u64) {
        let index = slot as usize;
        self.quotes[index] = Quote { instrument: slot, ..*quote };
        self.sources[index] = source;
        self.versions[index] = version;
        if self.described[index] == UNTOLD {
            self.described[index] = version;
        }
    }

    /// Nobody tells of it any more.
    pub(super) fn close(&mut self, slot: u32, now_ns: i64, version: u64) {
        if self.is_retired(slot) {
            return;
        }
        self.set(slot, &Quote::without_prices(slot, BookState::Closed, now_ns), NOBODY, version);
    }

    /// Slots whose quote is this source's.
    pub(super) fn of_source(&self, source: u32) -> Vec<u32> {
        (0..self.len() as u32).filter(|slot| self.source(*slot) == source).collect()
    }

    #[inline]
    pub(super) fn is_new(&self, slot: u32, since: u64) -> bool {
        self.versions[slot as usize] > since
    }

    pub(super) fn quote(&self, slot: u32) -> &Quote {
        &self.quotes[slot as usize]
    }

    /// What the instrument is, unless who knows everything up to `since` has been told.
    pub(super) fn symbol(&self, slot: u32, since: u64) -> Option<&Arc<[u8]>> {
        (self.described[slot as usize] > since).then(|| &self.symbols[slot as usize])
    }
}
