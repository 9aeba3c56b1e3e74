//! How bytes are read and requests are written, whatever is said in them: for every part that speaks with a venue.
//!
//! | file | what |
//! |---|---|
//! | `json` | the values that frames are made of: numbers in texts, levels, sides |
//! | `plain_json` | the reader behind `json::parse`: what is null is absent |
//! | `decimal` | the nearest f64 of a decimal text |
//! | `sbe` | binary frames |
//! | `request`, `urls` | REST requests and where they go |

pub mod decimal;
mod error;
pub mod json;
mod plain_json;
mod request;
pub mod sbe;
pub mod urls;

pub use error::FrameError;
pub use request::{RestAddress, RestRequest};
