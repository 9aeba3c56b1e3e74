//! The venues to which orders can be sent.

use crate::error::TradingError;
use crate::venue::TradingVenue;
use crate::venues::VENUES;

/// The venue with this id.
pub fn find(id: &str) -> Result<&'static dyn TradingVenue, TradingError> {
    let found = VENUES.iter().find(|venue| venue.id() == id).copied();
    found.ok_or_else(|| TradingError::UnknownVenue(id.to_string(), venues().collect::<Vec<_>>().join(", ")))
}

/// Their ids.
pub fn venues() -> impl Iterator<Item = &'static str> {
    VENUES.iter().map(|venue| venue.id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_venue_is_found_by_its_id_and_no_other() {
        venues().for_each(|id| assert_eq!(find(id).map(|venue| venue.id()), Ok(id)));
        let error = find("nowhere").err().unwrap().to_string();
        assert!(error.contains("\"nowhere\"") && venues().all(|id| error.contains(id)), "{error}");
    }
}
