//! Levels of a venue that tells them by number: which side and price a number stands for, until the book is forgotten.

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
pub(super) struct NamedLevels(FxHashMap<u64, NamedLevel>);

impl NamedLevels {
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// From now on this number stands for this level; whether there is room for it.
    pub fn insert(&mut self, number: u64, level: NamedLevel) -> bool {
        self.0.insert(number, level);
        self.0.len() <= MAX_NAMES
    }

    pub fn get(&self, number: u64) -> Option<NamedLevel> {
        self.0.get(&number).copied()
    }

    pub fn remove(&mut self, number: u64) -> Option<NamedLevel> {
        self.0.remove(&number)
    }
}
