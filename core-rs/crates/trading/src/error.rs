//! What can be wrong with a call.

/// A request that cannot be made; nothing was sent, and the caller should fix its argument.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum TradingError {
    #[error("no orders can be sent to {0:?}: known are {1}")]
    UnknownVenue(String, String),
    #[error("{0} is missing: this venue's requests cannot be made without it")]
    Missing(&'static str),
    #[error("{0}")]
    Unsendable(&'static str),
}
