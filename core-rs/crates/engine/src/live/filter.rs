//! Which opportunities a watcher wants.

use std::collections::HashSet;

use super::event::LoggedEvent;

/// As in WatchOpportunitiesRequest: empty lists do not restrict. It holds for the whole life of an opportunity. Names are
/// hashed with a secret, for clients choose them.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    venues: HashSet<String>,
    assets: HashSet<String>,
    min_net_percent: Option<f64>,
}

impl EventFilter {
    /// Both legs of these venues, of these assets, and with at least that net when it opened.
    pub fn new(venues: Vec<String>, assets: Vec<String>, min_net_percent: Option<f64>) -> Self {
        Self { venues: venues.into_iter().collect(), assets: assets.into_iter().collect(), min_net_percent }
    }

    /// Whether an opportunity with these facts is wanted.
    pub fn matches(&self, asset: &str, buy_venue: &str, sell_venue: &str, opening_net_percent: f64) -> bool {
        let allows = |names: &HashSet<String>, name: &str| names.is_empty() || names.contains(name);
        allows(&self.assets, asset)
            && allows(&self.venues, buy_venue)
            && allows(&self.venues, sell_venue)
            && self.min_net_percent.is_none_or(|least| opening_net_percent >= least)
    }

    pub(super) fn wants(&self, event: &LoggedEvent) -> bool {
        self.matches(&event.asset, &event.buy_venue, &event.sell_venue, event.opening_net_percent)
    }
}

#[cfg(test)]
mod tests {
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
}
