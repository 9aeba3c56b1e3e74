//! Orders at venues, without IO: a request is built and signed, an answer and a private frame are read and classified. The
//! caller has the sockets, the clock and the keys.
//!
//! | file | what |
//! |---|---|
//! | `exact`, `word` | decimals and the words of a frame, of which none is ever a float |
//! | `client_id` | the names that orders bear |
//! | `order` | what is asked for, in whole steps of the venue |
//! | `session`, `signing` | keys, and requests signed by them |
//! | `outcome` | whether a venue took a request: accepted, refused, or unknown |
//! | `report`, `event` | what a venue says of orders, fills, positions, balances, funding, and of the session |
//! | `venue`, `registry` | what a venue's file provides, and the venues there are |
//! | `venues/` | one file a venue |

mod client_id;
mod error;
mod event;
mod exact;
mod order;
mod outcome;
mod registry;
mod report;
mod session;
pub mod signing;
mod venue;
mod venues;
mod word;

pub use client_id::{ClientId, ClientIdParts};
pub use crossbook_codec::FrameError;
pub use error::TradingError;
pub use event::{Answered, Event, Notice};
pub use exact::{Decimal, Step, read};
pub use order::{MarginMode, NewOrder, OrderName, Side, TimeInForce};
pub use outcome::{Found, Outcome, Refusal};
pub use registry::{find, venues};
pub use report::{Balance, Fee, Fill, Funding, OrderReport, OrderState, Origin, Position};
pub use session::{Credentials, Environment, Method, Session, SignedRequest};
pub use venue::{Answer, Hosts, Listed, Read, TradingVenue};
