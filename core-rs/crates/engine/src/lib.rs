//! What happens to quotes once they are received: windows, fan-out, arbitrage. Told everything, clock included.

pub mod arbitrage;
pub mod hub;
#[cfg(test)]
pub(crate) mod testing;
pub mod windows;
