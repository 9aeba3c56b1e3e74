//! What happens to quotes once they are received: windows, fan-out, arbitrage, and who listens to it. Told everything, clock included.

pub mod arbitrage;
pub mod board;
pub mod choice;
pub mod edge;
pub mod hub;
pub mod latency;
pub mod life;
pub mod live;
pub mod lives;
mod sources;
#[cfg(test)]
pub(crate) mod testing;
pub mod windows;
