//! What a call ends with, in the form in which Python gives it.

use crossbook_plane::Refusal;

/// A google.rpc.Status in its parts: its code, its message, and the whole, encoded.
pub type Status = (i32, String, Vec<u8>);

pub fn refusal((code, message, details): Status) -> Refusal {
    Refusal { code, message, details }
}
