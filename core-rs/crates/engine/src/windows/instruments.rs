//! The instruments of one venue: slots by symbol for as long as the process lives, and by number within a stream.

use super::error::{IngestError, MAX_INSTRUMENTS};
use super::table::WindowTable;
use crate::hub::QuoteHub;
use crossbook_market::Instrument;
use crossbook_wire::SymbolEntry;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;

const UNKNOWN: u32 = u32::MAX;

/// One instrument of the venue.
pub struct Slot {
    pub instrument: Arc<Instrument>,
    pub hub_id: u32,
    /// Whether the present stream knows it.
    pub is_in_stream: bool,
    /// Since when it is none of the venue's any more, as a stream has said; i64::MAX while none has.
    pub gone_from_ns: i64,
}

impl Slot {
    fn join(&mut self) {
        (self.is_in_stream, self.gone_from_ns) = (true, i64::MAX);
    }
}

#[derive(Default)]
pub struct Instruments {
    slots: Vec<Slot>,
    by_symbol: FxHashMap<String, u32>,
    /// Slot of each symbol number of the present stream.
    by_index: Vec<u32>,
}

impl Instruments {
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Whether the present stream has introduced this number.
    pub fn is_known(&self, index: u32) -> bool {
        self.by_index.get(index as usize).is_some_and(|&slot| slot != UNKNOWN)
    }

    /// The number must be known.
    #[inline]
    pub fn slot_of(&self, index: u32) -> u32 {
        self.by_index[index as usize]
    }

    /// The hub's number of this one, which must be known.
    pub fn hub_id(&self, index: u32) -> u32 {
        self.slots[self.slot_of(index) as usize].hub_id
    }

    /// Refuses instruments of another venue and numbers that stand for two symbols.
    pub fn check(&self, venue: &str, entries: &[SymbolEntry], is_same_stream: bool) -> Result<(), IngestError> {
        let mut introduced: FxHashMap<u32, &str> = FxHashMap::default();
        for SymbolEntry { index, instrument } in entries {
            if instrument.venue != venue {
                let (symbol, found) = (instrument.symbol.clone(), instrument.venue.clone());
                return Err(IngestError::InstrumentVenue { symbol, expected: venue.to_owned(), found });
            }
            let before = introduced.insert(*index, &instrument.symbol);
            let known = before.or_else(|| if is_same_stream { self.symbol_of(*index) } else { None });
            if let Some(known) = known.filter(|known| *known != instrument.symbol) {
                let (known, found) = (known.to_owned(), instrument.symbol.clone());
                return Err(IngestError::SymbolRebound { index: *index, known, found });
            }
        }
        self.check_room(entries)
    }

    fn check_room(&self, entries: &[SymbolEntry]) -> Result<(), IngestError> {
        let symbols = entries.iter().map(|entry| entry.instrument.symbol.as_str());
        let new: FxHashSet<&str> = symbols.filter(|symbol| !self.by_symbol.contains_key(*symbol)).collect();
        let has_room = new.is_empty() || self.slots.len() + new.len() <= MAX_INSTRUMENTS;
        if has_room { Ok(()) } else { Err(IngestError::TooManyInstruments) }
    }

    /// Another stream: none of the old one's numbers means anything any more.
    pub fn forget_stream(&mut self) {
        self.by_index.clear();
        self.slots.iter_mut().for_each(|slot| slot.is_in_stream = false);
    }

    /// Takes checked entries of the present stream.
    pub fn introduce(&mut self, entries: Vec<SymbolEntry>, table: &mut WindowTable, hub: &QuoteHub) {
        for SymbolEntry { index, instrument } in entries {
            let slot = self.place(Arc::new(instrument), table, hub);
            if self.by_index.len() <= index as usize {
                self.by_index.resize(index as usize + 1, UNKNOWN);
            }
            // One that is known may have left since.
            if std::mem::replace(&mut self.by_index[index as usize], slot) != slot {
                self.slots[slot as usize].join();
            }
        }
    }

    /// The instrument of this number, which must be known, is the stream's.
    pub fn join(&mut self, index: u32) -> u32 {
        let slot = self.slot_of(index);
        self.slots[slot as usize].join();
        slot
    }

    /// The instrument of this number, which must be known, is none of the stream's any more.
    pub fn leave(&mut self, index: u32) -> u32 {
        let slot = self.slot_of(index);
        self.slots[slot as usize].is_in_stream = false;
        slot
    }

    /// These numbers, which must be known, are all that the stream has.
    pub fn take_roster(&mut self, roster: &[u32], from_ns: i64) {
        self.slots.iter_mut().for_each(|slot| slot.is_in_stream = false);
        for &index in roster {
            self.join(index);
        }
        self.give_up_others(from_ns);
    }

    /// The instrument of this number, which must be known, is another shard's since a moment that is lost.
    pub fn lose(&mut self, index: u32, last_known_ns: i64) {
        let slot = self.leave(index);
        self.slots[slot as usize].gone_from_ns = last_known_ns;
    }

    /// What the stream does not have is gone.
    pub fn give_up_others(&mut self, from_ns: i64) {
        for slot in self.slots.iter_mut().filter(|slot| !slot.is_in_stream) {
            slot.gone_from_ns = slot.gone_from_ns.min(from_ns);
        }
    }

    /// The slot of an instrument, a new one if need be; its description is brought up to date.
    pub fn place(&mut self, instrument: Arc<Instrument>, table: &mut WindowTable, hub: &QuoteHub) -> u32 {
        let hub_id = hub.introduce(&instrument);
        if let Some(&slot) = self.by_symbol.get(&instrument.symbol) {
            self.slots[slot as usize].instrument = instrument;
            return slot;
        }
        let slot = table.add_slot();
        self.by_symbol.insert(instrument.symbol.clone(), slot);
        self.slots.push(Slot { instrument, hub_id, is_in_stream: false, gone_from_ns: i64::MAX });
        slot
    }

    fn symbol_of(&self, index: u32) -> Option<&str> {
        let slot = *self.by_index.get(index as usize)?;
        Some(self.slots.get(slot as usize)?.instrument.symbol.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::instrument;

    fn entries(numbers: std::ops::Range<usize>) -> Vec<SymbolEntry> {
        let entry = |(index, number)| SymbolEntry { index, instrument: instrument("venue", &format!("{number}")) };
        (0..).zip(numbers).map(entry).collect()
    }

    #[test]
    fn a_venue_has_a_bounded_number_of_instruments_whatever_its_streams_say() {
        let (mut known, mut table, hub) = (Instruments::default(), WindowTable::new(1), QuoteHub::default());
        known.introduce(entries(0..MAX_INSTRUMENTS - 1), &mut table, &hub);
        known.forget_stream();
        assert_eq!(known.check("venue", &entries(MAX_INSTRUMENTS..MAX_INSTRUMENTS + 1), false), Ok(()));
        let too_many = entries(MAX_INSTRUMENTS..MAX_INSTRUMENTS + 2);
        assert_eq!(known.check("venue", &too_many, false), Err(IngestError::TooManyInstruments));
        assert_eq!(known.check("venue", &entries(0..100), false), Ok(()), "those of before may come back");
    }
}
