//! The venues there are: one row each, in alphabetical order. Adding a venue is a file and a row.

use crate::error::VenueError;
use crate::listing::MarketListing;
use crate::profile::VenueProfile;
use crate::urls;
use crate::venue::Venue;
use crate::{binance::Binance, lighter::Lighter, okx::Okx, paradex::Paradex};

static VENUES: [&dyn Venue; 4] = [&Binance, &Lighter, &Okx, &Paradex];

/// The venue with this id.
pub fn find(id: &str) -> Result<&'static dyn Venue, VenueError> {
    let found = VENUES.iter().find(|venue| venue.profile().id == id).copied();
    found.ok_or_else(|| {
        let known: Vec<&str> = VENUES.iter().map(|venue| venue.profile().id).collect();
        VenueError::UnknownVenue(id.to_string(), known.join(", "))
    })
}

pub fn profiles() -> impl Iterator<Item = &'static VenueProfile> {
    VENUES.iter().map(|venue| venue.profile())
}

/// URLs whose answers together list the venue's markets.
pub fn market_requests(id: &str, rest_url: Option<&str>) -> Result<Vec<String>, VenueError> {
    let venue = find(id)?;
    let base = rest_url.unwrap_or(venue.profile().rest_url);
    Ok(venue.market_paths().iter().map(|path| urls::join(base, path)).collect())
}

/// The markets that those answers list as open now.
pub fn parse_markets(id: &str, bodies: &[&[u8]], now_ns: i64) -> Result<MarketListing, VenueError> {
    find(id)?.parse_markets(bodies, now_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found_by_its_id_and_no_id_comes_twice() {
        let ids: Vec<&str> = profiles().map(|profile| profile.id).collect();
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(ids, sorted);
        ids.iter().for_each(|id| assert_eq!(find(id).unwrap().profile().id, *id));
    }

    #[test]
    fn an_unknown_id_is_refused_with_the_known_ones() {
        let error = find("nowhere").err().unwrap();
        assert!(error.to_string().contains("\"nowhere\"") && error.to_string().contains("paradex"), "{error}");
        assert!(market_requests("nowhere", None).is_err() && parse_markets("", &[], 0).is_err());
    }

    #[test]
    fn profiles_are_complete() {
        for profile in profiles() {
            assert!(profile.websocket_url.starts_with("wss://") && profile.rest_url.starts_with("https://"));
            assert!(matches!(profile.channels.len(), 1 | 2), "{}", profile.id);
            assert!(profile.relays.is_none_or(|relayed| relayed != profile.id), "{}", profile.id);
            assert!(profile.instruments_per_connection > 0 && profile.stale_after_ns > 0);
            assert!(!profile.guard_rule.is_empty() && !profile.docs_url.is_empty());
            assert!(!profile.sources.is_empty() && !profile.certainty.is_empty(), "{}", profile.id);
        }
    }

    #[test]
    fn market_lists_are_asked_of_the_override_when_there_is_one() {
        let url = &market_requests("okx", Some("http://127.0.0.1:9/okx")).unwrap()[0];
        assert_eq!(url, "http://127.0.0.1:9/okx/api/v5/public/instruments?instType=SWAP");
    }
}
