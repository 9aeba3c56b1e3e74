//! Which instruments a reader of the board wants: those that a filter matches, or some by name.

use crate::hub::InstrumentFilter;
use crossbook_market::Instrument;
use std::collections::{BTreeMap, BTreeSet};

/// Readers of equal selections share what is made for them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    Matching(InstrumentFilter),
    /// Symbols by venue; those that are not known yet count from when they come.
    Named(BTreeMap<String, BTreeSet<String>>),
}

impl Selection {
    /// By (venue, symbol).
    pub fn named(instruments: Vec<(String, String)>) -> Self {
        let mut named = BTreeMap::<String, BTreeSet<String>>::new();
        for (venue, symbol) in instruments {
            named.entry(venue).or_default().insert(symbol);
        }
        Self::Named(named)
    }

    pub(super) fn matches(&self, instrument: &Instrument) -> bool {
        match self {
            Self::Matching(filter) => filter.matches(instrument),
            Self::Named(named) => {
                named.get(&instrument.venue).is_some_and(|symbols| symbols.contains(&instrument.symbol))
            }
        }
    }
}
