//! What can be asked of a venue by its id.

use crate::error::VenueError;
use crate::facts::FactBook;
use crate::listing::MarketListing;
use crate::profile::VenueProfile;
use crate::venue::Venue;
use crate::venues::VENUES;
use crossbook_codec::{RestAddress, RestRequest};

/// Answers that a market list may take: more mean that its pages lead in a circle.
const MARKET_ANSWERS: usize = 64;

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

/// What to ask for the venue's market list once these answers to it are there, or None when they are all.
pub fn next_market_request(
    id: &str,
    answers: &[&[u8]],
    rest_url: Option<&str>,
) -> Result<Option<RestRequest>, VenueError> {
    page_behind(find(id)?, answers, rest_url)
}

fn page_behind(
    venue: &dyn Venue,
    answers: &[&[u8]],
    rest_url: Option<&str>,
) -> Result<Option<RestRequest>, VenueError> {
    let next = venue.next_market_request(answers)?;
    if next.is_some() && answers.len() >= MARKET_ANSWERS {
        return Err(VenueError::Markets(format!("it does not end within {MARKET_ANSWERS} answers")));
    }
    let address = RestAddress { own: venue.profile().rest_url, given: rest_url.map(str::to_string) };
    Ok(next.map(|request| request.at(&address)))
}

/// A book of what the venue tells of instruments besides quotes.
pub fn fact_book(id: &str, rest_url: Option<&str>) -> Result<FactBook, VenueError> {
    let venue = find(id)?;
    let rest = RestAddress { own: venue.profile().rest_url, given: rest_url.map(str::to_string) };
    Ok(FactBook::new(venue.fact_polls(), rest))
}

/// What the venue says, in its own words, where this answer means that it is asked too often.
pub fn throttling_words<'a>(id: &str, status: u16, body: &'a [u8]) -> Result<Option<&'a [u8]>, VenueError> {
    Ok(find(id)?.conduct().throttling.words(status, body))
}

/// The markets that those answers list as open now.
pub fn parse_markets(id: &str, bodies: &[&[u8]], now_ns: i64) -> Result<MarketListing, VenueError> {
    find(id)?.parse_markets(bodies, now_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market_data::Channel;
    use crate::testing::Gatekeeper;
    use std::collections::BTreeSet;

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
        assert!(next_market_request("nowhere", &[], None).is_err() && parse_markets("", &[], 0).is_err());
    }

    #[test]
    fn profiles_are_complete() {
        for profile in profiles() {
            assert!(profile.websocket_url.starts_with("wss://") && profile.rest_url.starts_with("https://"));
            assert_eq!(
                profile.channels[0].0,
                Channel::Book,
                "{}: nothing else guards a book, and it takes longest",
                profile.id
            );
            let names: BTreeSet<&str> = profile.channels.iter().map(|(_, name)| *name).collect();
            assert_eq!(names.len(), profile.channels.len(), "{}", profile.id);
            for (channel, name) in profile.channels {
                assert_eq!((profile.channel(*channel), profile.channel_named(name)), (*name, Some(*channel)));
            }
            assert!(profile.relays.is_none_or(|relayed| relayed != profile.id), "{}", profile.id);
            assert!(profile.instruments_per_connection > 0 && profile.stale_after_ns > 0);
            assert!(!profile.guard_rule.is_empty() && !profile.docs_url.is_empty());
            assert!(!profile.sources.is_empty() && !profile.certainty.is_empty(), "{}", profile.id);
        }
    }

    #[test]
    fn market_lists_are_asked_of_the_override_when_there_is_one() {
        let request = next_market_request("okx", &[], Some("http://127.0.0.1:9/okx")).unwrap().unwrap();
        assert_eq!(request.url, "http://127.0.0.1:9/okx/api/v5/public/instruments?instType=SWAP");
        assert_eq!(next_market_request("okx", &[b"{}"], None), Ok(None), "one answer is the whole list");
    }

    #[test]
    fn pages_are_asked_for_until_an_answer_names_no_further_one() {
        let page = |body: &str| Ok(Some(RestRequest::post("https://gate.example/list", body)));
        assert_eq!(page_behind(&Gatekeeper, &[], None), page("1"));
        assert_eq!(page_behind(&Gatekeeper, &[b"2"], None), page("2"));
        assert_eq!(page_behind(&Gatekeeper, &[b"2", b""], None), Ok(None));
        assert!(matches!(page_behind(&Gatekeeper, &[b"\xff"], None), Err(VenueError::Markets(_))));
    }

    #[test]
    fn pages_that_lead_in_a_circle_are_not_followed_for_ever() {
        let answers = [b"2".as_slice(); MARKET_ANSWERS];
        assert!(page_behind(&Gatekeeper, &answers[1..], None).unwrap().is_some());
        assert!(matches!(page_behind(&Gatekeeper, &answers, None), Err(VenueError::Markets(_))));
    }
}
