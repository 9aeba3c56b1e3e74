//! What can be wrong with a frame.

/// A frame or answer that cannot be used: counted, reported, dropped. It never ends a session.
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
