//! The book of one instrument, the place of its last change in the venue's numbers, and the best bid and ask that follow.

use super::named_levels::NamedLevels;
use crate::market_data::{Delta, Snapshot, Top};
use crate::profile::SECOND_NS;
use crossbook_market::{Level, OrderBook};
use std::collections::VecDeque;

/// How long a best bid and ask may be ahead of the book: every venue sends the depth at least ten times a second.
const BEHIND_LIMIT_NS: i64 = 5 * SECOND_NS;
/// So many snapshots in a row that are older than the book are no disorder: the venue's counter began anew.
const OUTDATED_LIMIT: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct HeldBook {
    book: OrderBook,
    pub names: NamedLevels,
    /// Of the last change applied to the book.
    sequence: i64,
    /// The same in the numbers that tops come with.
    shared_sequence: i64,
    /// `previous` and `last` of that change, by which a frame sent twice is known.
    link: (i64, i64),
    /// What would be published.
    top: Top,
    /// The last best bid and ask that came by itself, and when.
    ticker: Option<(Top, i64)>,
    /// Sequence of a top that the book has yet to reach, and since when.
    ahead: Option<(i64, i64)>,
    /// Snapshots in a row that were older than the book.
    outdated: u32,
    /// Since when the book is crossed.
    crossed_since_ns: Option<i64>,
}

/// Where a delta stands relative to the last change.
pub(super) enum Place {
    /// It follows; whether it says anything new.
    Next { is_new: bool },
    /// It is the last change once more.
    Repeated,
    /// Something between them is missing.
    Beyond,
}

impl HeldBook {
    pub fn clear(&mut self) {
        self.book.clear();
        self.names.clear();
        (self.sequence, self.shared_sequence) = (0, 0);
        self.link = (0, 0);
        self.top = Top::default();
        self.ticker = None;
        self.ahead = None;
        self.outdated = 0;
        self.crossed_since_ns = None;
    }

    pub fn book(&self) -> &OrderBook {
        &self.book
    }

    pub fn sequence(&self) -> i64 {
        self.sequence
    }

    pub fn shared_sequence(&self) -> i64 {
        self.shared_sequence
    }

    pub fn top(&self) -> Top {
        self.top
    }

    /// How long the book has been crossed; None when it is not. To be asked after each change.
    pub fn crossed_ns(&mut self, now_ns: i64) -> Option<i64> {
        self.crossed_since_ns = self.book.is_crossed().then(|| self.crossed_since_ns.unwrap_or(now_ns));
        self.crossed_since_ns.map(|since_ns| now_ns - since_ns)
    }

    /// Whether a book that was found crossed has been so for longer than it may.
    pub fn stays_crossed(&self, now_ns: i64, limit_ns: i64) -> bool {
        self.crossed_since_ns.is_some_and(|since_ns| now_ns - since_ns >= limit_ns)
    }

    /// Best bid and ask of the book itself.
    pub fn bests(&self) -> (Level, Level) {
        (self.book.best_bid().unwrap_or_default(), self.book.best_ask().unwrap_or_default())
    }

    pub fn place(&self, delta: &Delta) -> Place {
        if delta.previous == self.sequence {
            Place::Next { is_new: delta.last != self.sequence }
        } else if (delta.previous, delta.last) == self.link {
            Place::Repeated
        } else {
            Place::Beyond
        }
    }

    /// Loads a book and the deltas behind it, of which the first is known to join. The time of the last change, or None where
    /// one of them does not follow.
    ///
    /// Neither a book that replaces a whole one nor one that was fetched outruns the best bid and ask that came meanwhile.
    pub fn load(
        &mut self,
        snapshot: &Snapshot,
        deltas: &VecDeque<Delta>,
        depth: Option<usize>,
        now_ns: i64,
    ) -> Option<i64> {
        let (ticker, before, ahead) = (self.ticker, self.shared_sequence, self.ahead);
        self.clear();
        self.book.load(&snapshot.bids, &snapshot.asks, snapshot.depth_limit);
        (self.sequence, self.link) = (snapshot.sequence, (snapshot.sequence, snapshot.sequence));
        self.shared_sequence = snapshot.shared_sequence();
        let mut exchange_ns = snapshot.exchange_ns;
        for (index, delta) in deltas.iter().enumerate() {
            if index > 0 && matches!(self.place(delta), Place::Beyond) {
                return None;
            }
            self.apply(delta, depth);
            exchange_ns = delta.exchange_ns;
        }
        self.top.sequence = self.shared_sequence;
        self.ticker = ticker.filter(|_| self.shared_sequence >= before);
        let is_thin = self.book.is_thin();
        if let Some((top, _)) = self.ticker.filter(|(top, _)| is_thin || top.sequence > self.shared_sequence) {
            (self.top, self.ahead) = (top, ahead);
        }
        self.follow_top(now_ns);
        Some(exchange_ns)
    }

    /// Sets the book to `delta`, whose place in the chain was checked, and forgets levels behind `depth`.
    fn apply(&mut self, delta: &Delta, depth: Option<usize>) {
        self.book.apply(&delta.bids, &delta.asks);
        if let Some(depth) = depth {
            self.book.keep(depth);
        }
        // After a venue's reset the numbers start lower: the top must not wait for the old ones.
        let shared_sequence = delta.shared_sequence();
        if shared_sequence < self.shared_sequence {
            self.top.sequence = shared_sequence;
            self.ticker = None;
        }
        (self.sequence, self.shared_sequence) = (delta.last, shared_sequence);
        self.link = (delta.previous, delta.last);
    }

    /// The same, for a book that is published.
    pub fn follow(&mut self, delta: &Delta, depth: Option<usize>, now_ns: i64) {
        self.apply(delta, depth);
        self.follow_top(now_ns);
    }

    /// Whether a snapshot is older than the book, which is whole, and to be dropped; counts those in a row.
    pub fn is_outdated(&mut self, sequence: i64, is_whole: bool) -> bool {
        let is_older = is_whole && sequence < self.sequence;
        self.outdated = if is_older { self.outdated + 1 } else { 0 };
        is_older && self.outdated < OUTDATED_LIMIT
    }

    /// Whether a best bid and ask is as fresh as all that is known.
    pub fn is_fresh(&self, top: &Top) -> bool {
        top.sequence >= self.top.sequence.max(self.shared_sequence)
    }

    /// Whether the top that would be published is not behind the book.
    pub fn is_top_current(&self) -> bool {
        self.top.sequence >= self.shared_sequence
    }

    /// Takes a best bid and ask that came by itself and is fresher than what is known.
    pub fn take_ticker(&mut self, top: Top, now_ns: i64) {
        // There and back between two deltas: the book has nothing to follow until now.
        if self.is_top_of_book() {
            self.ahead = None;
        }
        (self.top, self.ticker) = (top, Some((top, now_ns)));
        self.follow_top(now_ns);
    }

    /// Keeps a best bid and ask that comes while the book is fetched: it may be ahead of the changes that join.
    pub fn keep_ticker(&mut self, top: Top, now_ns: i64) {
        if self.ticker.is_none_or(|(last, _)| top.sequence >= last.sequence) {
            self.ticker = Some((top, now_ns));
        }
    }

    /// Whether a best bid and ask has come by itself within this time.
    pub fn has_ticker_since(&self, since_ns: i64) -> bool {
        self.ticker.is_some_and(|(_, told_ns)| told_ns >= since_ns)
    }

    /// Whether the top still holds over a book that ends before it: one that an earlier change outdated does not rise again by
    /// a change that says nothing of it. `change` is what was applied last, and to which sequence.
    pub fn top_stands(&mut self, change: Option<(i64, &Delta)>) -> bool {
        let stands = self.is_top_current()
            || change.is_some_and(|(before, change)| self.top.sequence >= before && !change.outdates(&self.top));
        if stands {
            self.top.sequence = self.top.sequence.max(self.shared_sequence);
        }
        stands
    }

    /// Takes the top from the book unless a fresher one is known.
    pub fn refresh_top(&mut self, exchange_ns: i64) {
        if self.shared_sequence >= self.top.sequence {
            let (bid, ask) = self.bests();
            self.top = Top { sequence: self.shared_sequence, exchange_ns, bid, ask };
        }
    }

    /// Whether the book has been behind the top for long, and says something else.
    pub fn is_behind(&self, now_ns: i64) -> bool {
        let is_late = self.ahead.is_some_and(|(_, since_ns)| now_ns - since_ns >= BEHIND_LIMIT_NS);
        is_late && !self.is_top_of_book()
    }

    /// Whether the top that would be published is the book's own.
    fn is_top_of_book(&self) -> bool {
        self.bests() == (self.top.bid, self.top.ask)
    }

    /// Notes whether the book has reached the top that was told by itself.
    fn follow_top(&mut self, now_ns: i64) {
        if self.top.sequence <= self.shared_sequence {
            self.ahead = None;
        } else if self.ahead.is_none_or(|(sequence, _)| sequence <= self.shared_sequence) {
            self.ahead = Some((self.top.sequence, now_ns));
        }
    }
}
