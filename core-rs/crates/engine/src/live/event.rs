//! An event in its place in the log.

use crate::arbitrage::EventKind;

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
