//! What a slot is told with every call, and what it asks of the desk in return.

use crate::market_data::Operation;
use crate::profile::{Conduct, SnapshotSource};
use crossbook_market::Quote;

/// One call: the venue's ways, the time, and a place for what follows from it.
pub(super) struct Turn<'a> {
    pub conduct: &'static Conduct,
    pub stale_after_ns: i64,
    /// Time as it passes here; only differences of it mean anything.
    pub now_ns: i64,
    /// What quotes bear: the latest time that was told.
    pub stamp_ns: i64,
    /// In the order in which they are to be carried out.
    pub effects: &'a mut Vec<Effect>,
}

/// What a transition brings about outside of its slot.
#[derive(Debug)]
pub(super) enum Effect {
    Quote(Quote),
    Count(Counter),
    Report {
        event: &'static str,
        detail: String,
    },
    /// Asks for the stream of the book ahead of everything else.
    AskForBook(Operation),
    /// Leaves the other streams, where that can be done, and joins them again.
    RejoinOthers,
    /// A book is to be fetched.
    Fetch,
    /// No answer to a fetch is wanted any more.
    CancelFetches,
    /// Its connection is no good.
    GiveConnectionUp {
        reason: String,
    },
    /// It is frozen, again or for the first time: so may be its connection.
    Frozen {
        is_again: bool,
        then: Then,
    },
}

/// How a frozen slot goes on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Then {
    /// By subscribing again, unless its connection is given up.
    Resubscribe,
    /// By publishing the book that has come.
    Settle { is_resynced: bool, exchange_ns: i64 },
}

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Counter {
    Gap,
    Resync,
    Confirmed,
    Frozen,
}

impl Turn<'_> {
    /// Whether books are fetched, and never come on the socket.
    pub fn is_rest(&self) -> bool {
        self.conduct.snapshot_source == SnapshotSource::Rest
    }

    /// Whether every frame is a book.
    pub fn is_every_frame(&self) -> bool {
        self.conduct.snapshot_source == SnapshotSource::EveryFrame
    }

    pub fn ask(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn count(&mut self, counter: Counter) {
        self.ask(Effect::Count(counter));
    }

    pub fn report(&mut self, event: &'static str, detail: &str) {
        self.ask(Effect::Report { event, detail: detail.to_string() });
    }
}
