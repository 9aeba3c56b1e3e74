//! Venues as pure state machines: told the time and every frame, they return what to send, fetch and publish.
//!
//! | file | what |
//! |---|---|
//! | `venues/` | one file a venue |
//! | `registry` | the venues there are |
//! | `venue`, `profile`, `listing` | what a venue's file provides |
//! | `facts/` | what answers tell of instruments besides quotes, by each venue's tables |
//! | `market_data` | the values that it hands to the desk |
//! | `desk/` | books, sequences and connections, of whatever venue |
//! | `feed` | the two together, as the driver sees them |

mod desk;
mod error;
pub mod facts;
pub mod feed;
mod listing;
mod market_data;
mod profile;
mod registry;
#[cfg(test)]
mod testing;
mod throttling;
mod venue;
mod venues;

pub use crossbook_codec::{FrameError, RestRequest};
pub use desk::{FeedStats, Step};
pub use error::VenueError;
pub use feed::{Feed, FeedOptions};
pub use listing::MarketListing;
pub use market_data::Frame;
pub use profile::VenueProfile;
pub use registry::{fact_book, find, next_market_request, parse_markets, profiles, throttling_words};
pub use venue::Venue;
