//! Names, the net at opening, and conditions: what a watcher asks for.

use std::collections::HashSet;

use crossbook_wire::{Opportunity, OpportunityFilter};

use super::conditions::shortfalls;

/// As in WatchOpportunitiesRequest: empty lists do not restrict. Names are hashed with a secret, for clients choose them.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    venues: HashSet<String>,
    assets: HashSet<String>,
    symbols: HashSet<String>,
    min_net_percent: Option<f64>,
    conditions: OpportunityFilter,
}

impl EventFilter {
    /// Both legs of these venues, of these assets, and with at least that net when it opened.
    pub fn new(venues: Vec<String>, assets: Vec<String>, min_net_percent: Option<f64>) -> Self {
        Self {
            venues: venues.into_iter().collect(),
            assets: assets.into_iter().collect(),
            min_net_percent,
            ..Self::default()
        }
    }

    /// The same, with a leg of these symbols, and beside that by these conditions.
    pub fn with(self, symbols: Vec<String>, conditions: OpportunityFilter) -> Self {
        Self { symbols: symbols.into_iter().collect(), conditions, ..self }
    }

    /// What holds for the whole life of an opportunity and is known without reading it.
    pub fn matches(&self, asset: &str, buy_venue: &str, sell_venue: &str, opening_net_percent: f64) -> bool {
        let allows = |names: &HashSet<String>, name: &str| names.is_empty() || names.contains(name);
        allows(&self.assets, asset)
            && allows(&self.venues, buy_venue)
            && allows(&self.venues, sell_venue)
            && self.min_net_percent.is_none_or(|least| opening_net_percent >= least)
    }

    /// Whether no more is asked for than `matches` looks at.
    pub fn is_plain(&self) -> bool {
        self.symbols.is_empty() && self.conditions == OpportunityFilter::default()
    }

    /// What `matches` does not look at.
    pub fn passes(&self, found: &Opportunity, at_ns: i64) -> bool {
        let mut symbols = [&found.buy, &found.sell].into_iter().flatten().map(|leg| &leg.symbol);
        (self.symbols.is_empty() || symbols.any(|symbol| self.symbols.contains(symbol)))
            && shortfalls(&self.conditions, found, at_ns).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::selection::testing::{NOW_NS, found};
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn both_legs_the_asset_and_the_net_at_opening_count() {
        let matches = |filter: &EventFilter| filter.matches("BTC", "cheap", "dear", 1.5);
        let by_venues = |venues: &[&str]| EventFilter::new(names(venues), vec![], None);
        assert!(matches(&EventFilter::default()));
        assert!(
            matches(&by_venues(&["cheap", "dear"]))
                && !matches(&by_venues(&["cheap"]))
                && !matches(&by_venues(&["dear"]))
        );
        let by_assets = |assets: &[&str]| EventFilter::new(vec![], names(assets), None);
        assert!(matches(&by_assets(&["ETH", "BTC"])) && !matches(&by_assets(&["ETH"])));
        let by_net = |least| EventFilter::new(vec![], vec![], Some(least));
        assert!(matches(&by_net(1.5)) && !matches(&by_net(1.6)) && !matches(&by_net(f64::NAN)));
    }

    #[test]
    fn either_legs_symbol_and_the_conditions_count() {
        let by = |symbols: &[&str], least| {
            let conditions = OpportunityFilter { min_profit: least, ..OpportunityFilter::default() };
            EventFilter::default().with(names(symbols), conditions)
        };
        let passes = |filter: &EventFilter| filter.passes(&found(), NOW_NS);
        assert!(passes(&by(&["BTC/USD:USD", "x"], None)) && !passes(&by(&["x"], None)));
        assert!(passes(&by(&[], Some(7.0))) && !passes(&by(&[], Some(8.0))));
        assert!(EventFilter::default().is_plain() && !by(&["x"], None).is_plain() && !by(&[], Some(0.0)).is_plain());
    }
}
