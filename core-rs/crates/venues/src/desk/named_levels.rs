//! Levels of a venue that tells them by number: which side and price a number stands for, until the book is forgotten.

use super::slot::Phase;
use super::state::Desk;
use rustc_hash::FxHashMap;

/// Numbers kept for one book; a venue that gives out more has lost its mind, and the book with it.
const MAX_NAMES: usize = 65_536;

/// What a number stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NamedLevel {
    pub is_bid: bool,
    pub price: f64,
}

#[derive(Debug, Default)]
pub(crate) struct NamedLevels(FxHashMap<u64, NamedLevel>);

impl NamedLevels {
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Desk {
    /// Whether the book is whole, so that changes of it mean something.
    pub fn is_whole(&self, slot: u32) -> bool {
        self.slots[slot as usize].phase == Phase::Synced
    }

    /// From now on this number stands for this level; to be called after the snapshot that it came with.
    pub fn name_level(&mut self, slot: u32, number: u64, level: NamedLevel) {
        let names = &mut self.slots[slot as usize].names.0;
        names.insert(number, level);
        if names.len() > MAX_NAMES {
            self.lose(slot, "more levels than a book can have");
        }
    }

    pub fn level_named(&self, slot: u32, number: u64) -> Option<NamedLevel> {
        self.slots[slot as usize].names.0.get(&number).copied()
    }

    /// The number stands for nothing any more; what it stood for.
    pub fn unname_level(&mut self, slot: u32, number: u64) -> Option<NamedLevel> {
        self.slots[slot as usize].names.0.remove(&number)
    }
}
