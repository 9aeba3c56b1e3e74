//! What a venue's file provides.

use crate::error::TradingError;
use crate::event::Event;
use crate::order::{NewOrder, OrderName};
use crate::outcome::{Found, Outcome};
use crate::session::{Environment, Session, SignedRequest};
use crossbook_codec::FrameError;

/// An answer over HTTP. One that never came has none: it is `Outcome::Unknown` for whoever waited.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

/// Where a venue's environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hosts {
    /// Stands before a request's target.
    pub rest: &'static str,
    /// Of private frames.
    pub socket: &'static str,
}

/// A list that is read back.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    OpenOrders {
        native_symbol: String,
    },
    /// Of a symbol, from a time on (milliseconds since 1970).
    Fills {
        native_symbol: String,
        since_ms: i64,
    },
    Positions,
    Balances,
    Funding {
        native_symbol: String,
        since_ms: i64,
    },
}

/// What a list holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub events: Vec<Event>,
    /// Whether that is all; else the venue has more than it says at once, and what is not here proves nothing.
    pub is_whole: bool,
}

/// A venue's orders: requests out, answers and private frames in.
pub trait TradingVenue: Sync {
    /// As in the registry of market data.
    fn id(&self) -> &'static str;

    /// None where the venue has no such environment.
    fn hosts(&self, environment: Environment) -> Option<Hosts>;

    fn place(&self, order: &NewOrder, session: &Session<'_>) -> Result<SignedRequest, TradingError>;

    fn cancel(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError>;

    fn query(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError>;

    fn read(&self, list: &Read, session: &Session<'_>) -> Result<SignedRequest, TradingError>;

    fn placed(&self, answer: Answer<'_>) -> Outcome;

    fn cancelled(&self, answer: Answer<'_>) -> Outcome;

    fn found(&self, answer: Answer<'_>) -> Found;

    /// The rows of a list; an answer that is no such list is an error, and never an empty one.
    fn listed(&self, list: &Read, answer: Answer<'_>) -> Result<Listed, FrameError>;

    /// What to ask before the private socket is opened; None where it opens without.
    fn ticket(&self, _session: &Session<'_>) -> Result<Option<SignedRequest>, TradingError> {
        Ok(None)
    }

    /// Where the private socket is, by the answer to the ticket's request.
    fn socket_url(&self, hosts: &Hosts, _ticket: &[u8]) -> Result<String, FrameError> {
        Ok(hosts.socket.to_string())
    }

    /// What to send once the private socket is open: log in, then subscribe.
    fn opening(&self, session: &Session<'_>) -> Result<Vec<String>, TradingError>;

    /// What to send each 15 seconds so that the private socket stays open; None where the venue does not want to hear it.
    fn ping(&self) -> Option<&'static str>;

    /// What a private frame says.
    fn decode(&self, frame: &[u8]) -> Result<Vec<Event>, FrameError>;
}
