//! What is committed of a venue: closed windows, how far its stream is with them, the quotes that stand at their end.

use super::minute::MinuteState;
use super::state::WindowState;
use crossbook_market::{Instrument, Quote};
use std::sync::Arc;

/// How far a stream is committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position {
    pub stream_id: Arc<str>,
    /// Every batch up to it concerns only windows that are committed.
    pub sequence: u64,
}

/// The quote in force at the end of the last committed window of one instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct CarriedQuote {
    pub instrument: Arc<Instrument>,
    /// Its instrument number means nothing.
    pub quote: Quote,
}

/// All instruments of one venue over one window.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedWindow {
    pub venue: Arc<str>,
    pub start_ns: i64,
    pub end_ns: i64,
    /// Whether no quote of it is known to be lost.
    pub is_complete: bool,
    pub position: Position,
    pub instruments: Vec<Arc<Instrument>>,
    /// Beside `instruments`.
    pub states: Vec<WindowState>,
    /// Of the minute that ends with it, beside `instruments`; empty when it ends none, or one that is not known whole.
    pub minutes: Vec<MinuteState>,
}

impl ClosedWindow {
    /// Rows that are known to miss quotes.
    pub fn incomplete_rows(&self) -> usize {
        self.states.iter().filter(|state| !self.is_row_complete(state)).count()
    }

    pub(super) fn is_row_complete(&self, state: &WindowState) -> bool {
        self.is_complete && state.is_whole()
    }
}
