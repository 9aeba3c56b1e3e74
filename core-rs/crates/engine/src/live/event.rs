//! An event in its place in the log.

use std::cell::OnceCell;

use crate::arbitrage::EventKind;
use crate::choice::Candidate;

/// What an event can be chosen by, and the bytes that every reader is told: a WatchOpportunitiesResponse with it alone.
#[derive(Debug, PartialEq)]
pub struct LoggedEvent {
    pub number: i64,
    pub kind: EventKind,
    pub opportunity_id: String,
    pub asset: String,
    pub buy_venue: String,
    pub sell_venue: String,
    /// Of the opportunity when it opened.
    pub opening_net_percent: f64,
    pub event_ns: i64,
    pub cause_ns: i64,
    pub payload: Vec<u8>,
}

impl LoggedEvent {
    /// What a reader may want.
    pub(super) fn candidate(&self) -> Candidate<'_> {
        Candidate {
            kind: self.kind,
            id: &self.opportunity_id,
            asset: &self.asset,
            buy_venue: &self.buy_venue,
            sell_venue: &self.sell_venue,
            opening_net_percent: self.opening_net_percent,
            event_ns: self.event_ns,
            payload: &self.payload,
            read: OnceCell::new(),
        }
    }
}
