//! Net edge at size: how much of an opportunity there is, from the levels that two books are known to hold.
//!
//! What holds:
//! 1. Nothing is bought or sold that a book is not known to hold: behind a side's last level nothing is assumed.
//! 2. Sizes are whole numbers of the common lot of both legs, the least common multiple of their lots, rounded down. They are
//!    counted in whole atto-coins (10^-18), so that no rounding takes or gives a lot (`exact`).
//! 3. A float means the decimal that it was read from. Sums of money have 106 bits (`wide`), and two that differ by less than
//!    can be told apart are equal: an edge that is exactly the threshold pays.
//! 4. Bought at one level and sold at another, a coin pays less the deeper it is. So profit has one maximum, net edge falls
//!    with size, and the largest size whose net edge reaches a threshold is found by one walk (`curve`).
//! 5. A size is refused, with the reason, below a lot, below either leg's smallest order and least notional, above either's largest order, and
//!    beyond what the books are known to hold (`sizes`).
//! 6. A level whose price a leg's venue takes no order at is not traded on, nor what lies behind it.
//!
//! Costs are those of `arbitrage::Costs`: a taker fill on each leg to open, and one to close.

mod curve;
mod exact;
mod sizes;
mod wide;

#[cfg(test)]
mod oracle;

pub use exact::Lot;
pub use sizes::{Asked, Edge, LegBook, NoEdge, SizeRefusal, SizedEdge, edge};
