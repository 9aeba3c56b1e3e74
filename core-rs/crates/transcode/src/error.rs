//! What is not taken, and why.

/// A descriptor set, or a message, that is none.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TranscodeError(pub String);

/// Why a request means none.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No route has the path.
    NotFound,
    /// The path has these verbs alone.
    Verb(Vec<String>),
    /// Fields, and what is wrong with each.
    Fields(Vec<(String, String)>),
}
