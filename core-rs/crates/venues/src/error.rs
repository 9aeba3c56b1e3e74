//! What can be wrong with a call.

/// A call that cannot be carried out; the caller should fix its argument.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum VenueError {
    #[error("unknown venue {0:?}: known are {1}")]
    UnknownVenue(String, String),
    #[error("{0:?} is not tracked here")]
    UnknownInstrument(String),
    #[error("{0}")]
    InvalidSetting(String),
    #[error("not a market list: {0}")]
    Markets(String),
    #[error("not a ticket for a connection: {0}")]
    Ticket(String),
}
