//! One tracked instrument: its book, how far its synchronisation is, and what was last said about it.

use super::jitter;
use super::named_levels::NamedLevels;
use super::watchdog::{Check, Vigil};
use crate::market_data::{Delta, Snapshot, Top};
use crate::profile::SECOND_NS;
use crossbook_market::{BookState, ContractWorth, Instrument, OrderBook, Quote};
use std::collections::VecDeque;
use std::sync::Arc;

/// Buffered deltas while a book is fetched; the oldest go first, and then the snapshot turns out too old.
const BUFFERED_DELTAS: usize = 4096;
/// Longest wait between two tries to rebuild a book.
const BACKOFF_CAP_NS: i64 = 10 * SECOND_NS;
/// Wait before the second try; it doubles from there. The first try is immediate.
const BACKOFF_BASE_NS: i64 = SECOND_NS / 5;
/// How long a best bid and ask may be ahead of the book: every venue sends the depth at least ten times a second.
const BEHIND_LIMIT_NS: i64 = 5 * SECOND_NS;
/// So many snapshots in a row that are older than the book are no disorder: the venue's counter began anew.
const OUTDATED_LIMIT: u32 = 3;
/// A book that was whole for so long starts its tries from anew.
const SETTLED_NS: i64 = 10 * SECOND_NS;

/// Times that the wire carries; a venue's time outside of it is as good as none.
const TIMES_NS: std::ops::Range<i64> = 0..1 << 62;

/// How far an instrument is on its way to a whole book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    /// No connection, or not yet asked for.
    Idle,
    /// Its request stands in the outgoing queue.
    Queued,
    /// Subscribed; the ack or the snapshot is to come.
    Waiting { since_ns: i64, is_acknowledged: bool },
    /// Unsubscribed in order to subscribe again; the ack is to come.
    Leaving { since_ns: i64 },
    /// Deltas are buffered while the book is fetched.
    Joining,
    /// The book is whole.
    Synced,
    /// The book is lost; the next try is due then.
    Broken { due_ns: i64 },
    /// The venue will not have it: left alone until the next connection.
    Refused,
    /// No longer tracked.
    Gone,
}

/// When to fetch a book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fetching {
    No,
    Due(i64),
    Outstanding,
}

#[derive(Debug)]
pub(crate) struct Slot {
    pub instrument: Arc<Instrument>,
    pub worth: ContractWorth,
    pub connection: u32,
    pub phase: Phase,
    pub state: BookState,
    pub book: OrderBook,
    pub names: NamedLevels,
    /// Of the last change applied to the book.
    pub sequence: i64,
    /// The same in the numbers that tops come with.
    pub shared_sequence: i64,
    /// `previous` and `last` of that change, by which a frame sent twice is known.
    pub link: (i64, i64),
    /// What would be published.
    pub top: Top,
    /// The last best bid and ask that came by itself, and when.
    pub ticker: Option<(Top, i64)>,
    /// Sequence of a top that the book has yet to reach, and since when.
    pub ahead: Option<(i64, i64)>,
    pub emitted: Quote,
    pub vigil: Vigil,
    pub whole_since_ns: i64,
    /// When the book was last loaded whole.
    pub snapshot_ns: i64,
    pub has_been_whole: bool,
    /// Snapshots in a row that were older than the book.
    pub outdated: u32,
    /// Tries to rebuild since the book was last whole for a while: they set the pace.
    pub attempts: u32,
    /// Tries since it was last whole at all: they show that its connection is no good.
    pub vain_tries: u32,
    /// Whether its connection was dropped on its account since it was last whole.
    pub has_escalated: bool,
    /// Whether nobody knows what its connection still has to say: until that is read, the quote is not LIVE.
    pub is_doubted: bool,
    pub fetching: Fetching,
    pub fetched: Option<Snapshot>,
    /// Since when changes come that the fetched book claims to hold already.
    pub outrun_ns: Option<i64>,
    pub buffered: VecDeque<Delta>,
}

impl Slot {
    pub fn new(index: u32, instrument: Arc<Instrument>, connection: u32, now_ns: i64) -> Self {
        Self {
            worth: ContractWorth::of(&instrument),
            instrument,
            connection,
            phase: Phase::Idle,
            state: BookState::Closed,
            book: OrderBook::default(),
            names: NamedLevels::default(),
            sequence: 0,
            shared_sequence: 0,
            link: (0, 0),
            top: Top::default(),
            ticker: None,
            ahead: None,
            emitted: Quote::without_prices(index, BookState::Closed, now_ns),
            vigil: Vigil::new(now_ns),
            whole_since_ns: now_ns,
            snapshot_ns: now_ns,
            has_been_whole: false,
            outdated: 0,
            attempts: 0,
            vain_tries: 0,
            has_escalated: false,
            is_doubted: false,
            fetching: Fetching::No,
            fetched: None,
            outrun_ns: None,
            buffered: VecDeque::new(),
        }
    }

    pub fn is_tracked(&self) -> bool {
        self.phase != Phase::Gone
    }

    /// Forgets the book and everything on its way to it.
    pub fn forget_book(&mut self) {
        self.book.clear();
        self.names.clear();
        (self.sequence, self.shared_sequence) = (0, 0);
        self.link = (0, 0);
        self.top = Top::default();
        self.ticker = None;
        self.ahead = None;
        self.outdated = 0;
        self.fetching = Fetching::No;
        self.fetched = None;
        self.outrun_ns = None;
        self.buffered.clear();
        (self.vigil.check, self.vigil.renewed) = (Check::No, None);
    }

    /// To be called after `forget_book` when nothing will come any more: what is cleared keeps its room otherwise.
    pub fn release_memory(&mut self) {
        self.book = OrderBook::default();
        self.names = NamedLevels::default();
        self.buffered = VecDeque::new();
    }

    pub fn buffer(&mut self, delta: Delta) {
        if self.buffered.len() == BUFFERED_DELTAS {
            self.buffered.pop_front();
        }
        self.buffered.push_back(delta);
    }

    /// Sets the book to `delta`, whose place in the chain was checked, and forgets levels behind `depth`.
    pub fn apply(&mut self, delta: &Delta, depth: Option<usize>) {
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

    /// Whether a snapshot is older than the book and to be dropped; counts those in a row.
    pub fn is_outdated(&mut self, sequence: i64) -> bool {
        let is_older = self.phase == Phase::Synced && sequence < self.sequence;
        self.outdated = if is_older { self.outdated + 1 } else { 0 };
        is_older && self.outdated < OUTDATED_LIMIT
    }

    /// Whether a fetched book is on its way or waits for the delta that joins it: deltas are kept for it.
    pub fn is_fetching(&self) -> bool {
        self.fetching != Fetching::No || self.fetched.is_some()
    }

    /// Whether the top that would be published is the book's own.
    fn is_top_of_book(&self) -> bool {
        let bests = (self.book.best_bid().unwrap_or_default(), self.book.best_ask().unwrap_or_default());
        bests == (self.top.bid, self.top.ask)
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

    /// Notes whether the book has reached the top that was told by itself.
    pub fn follow_top(&mut self, now_ns: i64) {
        if self.top.sequence <= self.shared_sequence {
            self.ahead = None;
        } else if self.ahead.is_none_or(|(sequence, _)| sequence <= self.shared_sequence) {
            self.ahead = Some((self.top.sequence, now_ns));
        }
    }

    /// Whether the book has been behind the top for long, and says something else.
    pub fn is_behind(&self, now_ns: i64) -> bool {
        let is_late = self.ahead.is_some_and(|(_, since_ns)| now_ns - since_ns >= BEHIND_LIMIT_NS);
        is_late && !self.is_top_of_book()
    }

    /// Takes the top from the book unless a fresher one is known.
    pub fn refresh_top(&mut self, exchange_ns: i64) {
        if self.shared_sequence >= self.top.sequence {
            self.top = Top {
                sequence: self.shared_sequence,
                exchange_ns,
                bid: self.book.best_bid().unwrap_or_default(),
                ask: self.book.best_ask().unwrap_or_default(),
            };
        }
    }

    pub fn quote(&self, index: u32, receive_ns: i64) -> Quote {
        if self.state != BookState::Live {
            return Quote::without_prices(index, self.state, receive_ns);
        }
        Quote {
            instrument: index,
            state: self.state,
            receive_ns,
            exchange_ns: Some(self.top.exchange_ns).filter(|time_ns| TIMES_NS.contains(time_ns)).unwrap_or(0),
            bid: self.top.bid.price,
            bid_size: self.top.bid.size,
            ask: self.top.ask.price,
            ask_size: self.top.ask.size,
        }
    }

    /// When the next try to rebuild is due; counts the try. Waits are spread over their second half.
    pub fn next_try_ns(&mut self, now_ns: i64) -> i64 {
        if self.phase == Phase::Synced && now_ns - self.whole_since_ns >= SETTLED_NS {
            self.attempts = 0;
        }
        let delay_ns = match self.attempts {
            0 => 0,
            tries => BACKOFF_CAP_NS.min(BACKOFF_BASE_NS << (tries - 1).min(16)),
        };
        self.attempts += 1;
        self.vain_tries += 1;
        let seed = [u64::from(self.emitted.instrument), u64::from(self.vain_tries)];
        now_ns + delay_ns - jitter::below(delay_ns / 2, seed)
    }
}
