//! Crossbook from Rust: a connection that notices a dead peer, errors as values with their details, and opportunities
//! that are followed through restarts of either side. Messages and clients are [`v1`], made from the protos.

mod connection;
mod error;
mod follow;

pub use connection::{Authorized, Connection, InvalidAddress};
pub use error::{Error, Violation};
pub use follow::{Follower, Told};

/// What the protos say, as prost and tonic write it.
#[allow(missing_docs, clippy::all, rustdoc::all)]
pub mod v1 {
    tonic::include_proto!("crossbook.v1");
}
