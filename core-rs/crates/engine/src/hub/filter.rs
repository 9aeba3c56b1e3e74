//! Which instruments a reader wants.

use crossbook_market::Instrument;
use std::collections::BTreeSet;

/// As InstrumentFilter in aggregator.proto: empty lists do not restrict, lists are combined with and.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct InstrumentFilter {
    venues: BTreeSet<String>,
    symbols: BTreeSet<String>,
    assets: BTreeSet<String>,
}

impl InstrumentFilter {
    pub fn new(venues: Vec<String>, symbols: Vec<String>, assets: Vec<String>) -> Self {
        let set = |names: Vec<String>| names.into_iter().collect();
        Self { venues: set(venues), symbols: set(symbols), assets: set(assets) }
    }

    pub fn matches(&self, instrument: &Instrument) -> bool {
        let allows = |names: &BTreeSet<String>, name: &str| names.is_empty() || names.contains(name);
        allows(&self.venues, &instrument.venue)
            && allows(&self.symbols, &instrument.symbol)
            && allows(&self.assets, &instrument.asset)
    }
}
