//! What is done with orders, as pure functions of events and the time: no sockets, no clock, no database.
//!
//! | file | what |
//! |---|---|
//! | `grain` | sizes of two venues in one whole number |
//! | `order` | one order: what is known of it, and what it may still do |
//! | `exposure` | what is held, from the least to the most that it may be |
//! | `price` | how far a price may go, and the ladder by which a rest is unwound |
//! | `deal` | two legs that should end as a pair, and what to do next |
//! | `ledger` | profit and loss, of linear and inverse contracts |
//! | `checks/` | whether a plan may be sent, check by check |
//! | `breaker` | when a venue, a pair or an instrument gets no new risk |
//! | `control` | the kill switch |
//! | `cooling` | pairs that cool down after unwinding, and instruments that refuse the same thing again and again |
//! | `paper` | fills against the depth that is shown |

pub mod breaker;
pub mod checks;
pub mod control;
pub mod cooling;
pub mod deal;
pub mod exposure;
pub mod grain;
pub mod ledger;
pub mod order;
pub mod paper;
pub mod price;
#[cfg(test)]
mod testing;
