//! Venues that show another venue's books: both move as one, so that a difference between them is only a delay.

use rustc_hash::FxHashMap;

use super::settings::{ScannerSettingsError, require};

/// Where each relaying venue's books are really from.
#[derive(Debug)]
pub(super) struct Relays(FxHashMap<String, String>);

impl Relays {
    pub(super) fn new(pairs: &[(String, String)]) -> Result<Self, ScannerSettingsError> {
        let sources: FxHashMap<String, String> = pairs.iter().cloned().collect();
        require("relays", sources.len() == pairs.len(), "a venue relays two others")?;
        for venue in sources.keys() {
            let steps = std::iter::successors(sources.get(venue), |source| sources.get(*source));
            require("relays", steps.take(pairs.len() + 1).count() <= pairs.len(), &format!("{venue} relays itself"))?;
        }
        Ok(Self(sources))
    }

    /// The venue at the end of the chain, the venue itself for most.
    pub(super) fn origin<'a>(&'a self, venue: &'a str) -> &'a str {
        std::iter::successors(Some(venue), |venue| self.0.get(*venue).map(String::as_str)).last().unwrap_or(venue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relays(pairs: &[(&str, &str)]) -> Result<Relays, ScannerSettingsError> {
        let pairs: Vec<_> = pairs.iter().map(|(venue, source)| ((*venue).to_owned(), (*source).to_owned())).collect();
        Relays::new(&pairs)
    }

    #[test]
    fn a_relay_of_a_relay_has_the_origin_of_both() {
        let relays = relays(&[("c", "b"), ("b", "a")]).unwrap();
        assert_eq!(["a", "b", "c", "d"].map(|venue| relays.origin(venue)), ["a", "a", "a", "d"]);
    }

    #[test]
    fn a_circle_and_a_second_source_are_refused() {
        let circle = relays(&[("a", "b"), ("b", "a")]).unwrap_err().to_string();
        assert!(circle.ends_with("relays itself"), "{circle}");
        assert_eq!(relays(&[("a", "a")]).unwrap_err().to_string(), "relays: a relays itself");
        assert_eq!(relays(&[("a", "b"), ("a", "c")]).unwrap_err().to_string(), "relays: a venue relays two others");
    }
}
