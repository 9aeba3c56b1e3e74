//! Where an ordered pair is in its life.

use super::numbers::{Dislocation, PairNumbers};
use super::reason::RefusalReason;
use super::sized::SizingView;

/// Where an ordered pair is.
#[derive(Debug)]
pub(super) enum Phase {
    /// It does not pay.
    Idle,
    /// It pays enough to open, and the gate refuses it.
    Refused(RefusalReason),
    /// It pays and passes, not yet for the minimum life; `quote_ns` is the receive time of the quote that made it so.
    Pending { since_ns: i64, quote_ns: i64 },
    /// It is published.
    Open(Box<OpenOpportunity>),
}

#[derive(Clone, Debug)]
pub(super) struct OpenOpportunity {
    pub id: String,
    /// Since when it has paid and passed.
    pub open_ns: i64,
    pub peak_net_percent: f64,
    /// When it opened.
    pub dislocation: Option<Dislocation>,
    /// What was known when it was told.
    pub features: Vec<f64>,
    pub publish_ns: i64,
    /// Net at the last event.
    pub told_net_percent: f64,
    /// As it last paid.
    pub last: PairNumbers,
    /// As it was told last.
    pub sizing: SizingView,
}
