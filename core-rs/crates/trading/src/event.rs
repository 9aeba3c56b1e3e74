//! The things that are said in an answer or a private frame.

use crate::outcome::Outcome;
use crate::report::{Balance, Fill, Funding, OrderReport, Position};
use crate::word::words;

/// One thing that was said, in an answer or a private frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Order(OrderReport),
    Fill(Fill),
    Position(Position),
    Balance(Balance),
    Funding(Funding),
    Notice(Notice),
    /// To a request that was sent over the socket.
    Answered(Answered),
}

/// What came of a place or a cancel over the socket, by the id that the request bore.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub request_id: String,
    pub outcome: Outcome,
}

impl Event {
    pub(crate) fn unrecognised(frame: &[u8]) -> Self {
        Self::Notice(Notice::Unrecognised { text: words(frame) })
    }
}

/// What a session says of itself.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Logged in, subscribed, alive.
    Fine,
    /// The connection or its key ends: log in anew.
    Ending { text: String },
    /// Something was refused, by this code.
    Error { code: String, text: String },
    /// Somebody changed a setting of the account: read it back.
    SettingsChanged { text: String },
    /// The venue warns of a margin call or a liquidation.
    MarginWarning { text: String },
    /// Funding was settled; what it came to stands in the list.
    FundingSettled { text: String },
    /// Of an order that waits for a trigger: none of ours.
    Conditional { text: String },
    /// Nothing that is known: kept and told, never dropped.
    Unrecognised { text: String },
}
