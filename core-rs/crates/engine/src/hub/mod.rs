//! The latest quote of every instrument of every venue, and the readers that follow them.
//!
//! A slow reader costs nobody else anything: per instrument the newest quote replaces the one that waits, and what waits
//! is bounded by the number of instruments. Writers and readers may be on different threads.

mod filter;
mod pending;
mod quote_hub;
mod reader;
mod subscription;

pub use filter::InstrumentFilter;
pub use quote_hub::QuoteHub;
pub use subscription::Subscription;

#[cfg(test)]
mod tests;
