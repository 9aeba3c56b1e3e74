//! The harness that every venue shares, without any IO and without knowing any venue: connections within their limits,
//! requests at their pace, books that are whole or say that they are not, and quotes whenever a top or a state changes.
//!
//! | file | what |
//! |---|---|
//! | `slot/` | one instrument, a state machine: told what came, it says what follows |
//! | `turn` | what it is told, and what it may ask for |
//! | `state` | everything the feed holds; carries out what slots ask for |
//! | `decoding` | what a venue's decoder may do |
//! | `sending`, `connection` | sessions, pace, heartbeats, dead sockets |
//! | `fetching`, `fetches` | books over REST |
//! | `watchdog` | which quiet instrument is looked at |
//! | `clock` | the venue's clock and delays, from its times |

mod clock;
mod connection;
mod decoding;
mod fetches;
mod fetching;
mod jitter;
mod sending;
mod slot;
mod state;
mod step;
mod turn;
mod watchdog;

pub use connection::Wish;
pub use slot::NamedLevel;
pub use state::Desk;
pub use step::{FeedStats, Step};
