//! The hub's side of one subscription.

use super::filter::InstrumentFilter;
use super::pending::Pending;
use crossbook_market::{Instrument, Quote};
use std::collections::VecDeque;

/// What one reader wants, has been told and has waiting. Instruments are the hub's numbers.
pub struct Reader {
    filter: InstrumentFilter,
    wants_depth: bool,
    instruments: Vec<Slot>,
    /// Instruments with something waiting, in the order in which it began to wait.
    dirty: VecDeque<u32>,
    /// The same of depth: the hub has it, so that a mark is all that waits.
    deeper: VecDeque<u32>,
    pub pending_rows: usize,
    pub conflated_quotes: u64,
    pub batches: u64,
}

struct Slot {
    is_wanted: bool,
    is_introduced: bool,
    is_deeper: bool,
    pending: Pending,
}

impl Reader {
    pub fn new(filter: InstrumentFilter, wants_depth: bool) -> Self {
        Self {
            filter,
            wants_depth,
            instruments: Vec::new(),
            dirty: VecDeque::new(),
            deeper: VecDeque::new(),
            pending_rows: 0,
            conflated_quotes: 0,
            batches: 0,
        }
    }

    /// To be called for every instrument, in the order of their numbers.
    pub fn add(&mut self, instrument: &Instrument) {
        let is_wanted = self.filter.matches(instrument);
        self.instruments.push(Slot { is_wanted, is_introduced: false, is_deeper: false, pending: Pending::default() });
    }

    /// The description of an instrument has changed: it is introduced once more with its next quote.
    pub fn describe_again(&mut self, id: u32, instrument: &Instrument) {
        let slot = &mut self.instruments[id as usize];
        slot.is_wanted = self.filter.matches(instrument);
        slot.is_introduced = false;
    }

    pub fn offer(&mut self, quote: &Quote) {
        let slot = &mut self.instruments[quote.instrument as usize];
        if !slot.is_wanted {
            return;
        }
        if slot.pending.len() == 0 {
            self.dirty.push_back(quote.instrument);
        }
        let replaced = slot.pending.push(*quote);
        self.conflated_quotes += replaced as u64;
        self.pending_rows = self.pending_rows + 1 - replaced;
    }

    /// The instrument has another depth.
    pub fn offer_depth(&mut self, id: u32) {
        let slot = &mut self.instruments[id as usize];
        if self.wants_depth && slot.is_wanted && !std::mem::replace(&mut slot.is_deeper, true) {
            self.deeper.push_back(id);
        }
    }

    /// Rows of quotes and of depth that wait.
    pub fn pending(&self) -> usize {
        self.pending_rows + self.deeper.len()
    }

    /// Up to `limit` instruments whose depth is news.
    pub fn take_deeper(&mut self, limit: usize) -> Vec<u32> {
        let taken: Vec<u32> = self.deeper.drain(..limit.min(self.deeper.len())).collect();
        taken.iter().for_each(|id| self.instruments[*id as usize].is_deeper = false);
        taken
    }

    /// Up to `limit` rows, each instrument's together and oldest first.
    pub fn take(&mut self, limit: usize) -> Vec<Quote> {
        let mut quotes = Vec::with_capacity(limit.min(self.pending_rows));
        while quotes.len() < limit {
            let Some(id) = self.dirty.pop_front() else { break };
            let pending = &mut self.instruments[id as usize].pending;
            quotes.extend(pending.drain(limit - quotes.len()));
            if pending.len() > 0 {
                self.dirty.push_front(id);
            }
        }
        self.pending_rows -= quotes.len();
        quotes
    }

    /// Instruments among these that the reader has not been told of, each once.
    pub fn introduce(&mut self, ids: impl Iterator<Item = u32>) -> Vec<u32> {
        ids.filter(|id| !std::mem::replace(&mut self.instruments[*id as usize].is_introduced, true)).collect()
    }
}
