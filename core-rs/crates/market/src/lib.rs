//! The vocabulary of the core: instruments, quotes, book states, books. Every other crate builds on it.

mod asset;
mod book;
mod instrument;
mod quote;

pub use asset::asset_of;
pub use book::{Level, MAX_LEVELS, OrderBook};
pub use instrument::{Instrument, is_name};
pub use quote::{BookState, Quote};
