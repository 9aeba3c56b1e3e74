//! What can be wrong with a call or with a frame. Neither ever ends a session.

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

/// A frame or answer that cannot be used: counted, reported, dropped.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    #[error("not the expected JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cut short: {needed} bytes needed at {offset}, the frame has {length}")]
    Truncated { offset: usize, needed: usize, length: usize },
    #[error("schema {0} is not known")]
    UnknownSchema(u16),
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not usable")]
    Invalid(&'static str),
}
