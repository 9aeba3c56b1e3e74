//! Venues as pure state machines: told the time and every frame, they return what to send, fetch and publish. One file per
//! venue; everything that venues share is in `feed`.

mod decimal;
mod error;
pub mod feed;
mod json;
mod listing;
mod plain_json;
mod profile;
mod registry;
mod request;
mod sbe;
#[cfg(test)]
mod testing;
mod urls;
mod venue;

mod binance;
mod bitget;
mod bitmex;
mod bybit;
mod coindcx;
mod deribit;
mod gateio;
mod hyperliquid;
mod krakenfutures;
mod kucoin;
mod lighter;
mod mexc;
mod okx;
mod paradex;
mod phemex;

pub use error::{FrameError, VenueError};
pub use feed::{Feed, FeedOptions, FeedStats, Step};
pub use listing::MarketListing;
pub use profile::VenueProfile;
pub use registry::{find, next_market_request, parse_markets, profiles};
pub use request::RestRequest;
pub use venue::{Frame, Venue};
