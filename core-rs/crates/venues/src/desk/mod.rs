//! The harness that every venue shares, without any IO and without knowing any venue: connections within their limits,
//! requests at their pace, books that are whole or say that they are not, and quotes whenever a top or a state changes.
//!
//! | file | what |
//! |---|---|
//! | `state` | everything the feed holds; what a venue's decoder may do with it |
//! | `books` | snapshots, deltas and tops: checked, chained, joined, published |
//! | `rebuilding` | one book's resynchronisation, and when to give a connection up |
//! | `fetching` | books over REST |
//! | `clock` | the venue's clock and delays, from its times |
//! | `watchdog` | quiet or frozen: what silence means |
//! | `sending`, `connection` | sessions, pace, heartbeats, dead sockets |
//! | `slot` | one instrument |
//! | `named_levels` | levels that a venue tells by number |

mod books;
mod clock;
pub(crate) mod connection;
pub(crate) mod fetching;
mod jitter;
mod named_levels;
mod rebuilding;
pub(crate) mod sending;
pub(crate) mod slot;
mod state;
mod step;
pub(crate) mod watchdog;

pub use connection::Wish;
pub use named_levels::NamedLevel;
pub use state::Desk;
pub use step::{FeedStats, Step};
