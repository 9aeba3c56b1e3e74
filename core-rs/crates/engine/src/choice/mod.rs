//! Which opportunities somebody wants: one matcher for lists, streams, sockets and alert rules.
//!
//! `conditions` looks at one opportunity as it was told. `filter` joins them with names, and with the net at opening, which hold
//! for a whole life. `selection` is what one reader of events wants: the conditions move, so it keeps what it has let in.

mod conditions;
mod filter;
mod selection;

pub use conditions::shortfalls;
pub use filter::EventFilter;
pub use selection::{Candidate, Selection};
