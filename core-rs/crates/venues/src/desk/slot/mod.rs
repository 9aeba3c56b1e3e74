//! One tracked instrument as a state machine: it is told what came and how late it is, changes itself, and asks the desk for
//! what has to happen outside of it (`Effect`). Nobody else writes its fields.
//!
//! | file | what |
//! |---|---|
//! | `market_data` | snapshots, deltas and tops: checked, chained, joined, published |
//! | `rebuilding` | the way back to a whole book, and when to give a connection up |
//! | `silence` | quiet or frozen |
//! | `halting` | a market that does not trade |
//! | `held_book`, `named_levels` | the book and its place in the venue's numbers |
//! | `pending` | a book on its way over REST |
//! | `tries`, `vigil` | what was tried, and what was heard |
//!
//! ```text
//!  Idle ─▶ Queued ─▶ Waiting ─▶ Joining ─▶ Synced ─▶ Broken ─▶ Joining, Leaving ─▶ Queued, ...
//! ```
//! Any of them ends at Idle with its connection, at Refused when the venue will not have it, and at Gone when it is no longer
//! tracked. A venue that sends its books on the socket goes from Waiting to Synced.

mod halting;
mod held_book;
mod market_data;
mod named_levels;
mod pending;
mod rebuilding;
mod silence;
mod tries;
mod vigil;

pub use named_levels::NamedLevel;
#[cfg(test)]
pub(super) use {
    silence::DOUBT_NS,
    vigil::{FAILED_CHECKS, LONGEST_PATIENCE_NS},
};

use super::turn::{Effect, Turn};
use crate::market_data::Operation;
use crossbook_market::{BookState, ContractWorth, Instrument, OrderBook, Quote};
use held_book::HeldBook;
use pending::Pending;
use std::sync::Arc;
use tries::Tries;
use vigil::Vigil;

/// Times that the wire carries; a venue's time outside of it is as good as none.
const TIMES_NS: std::ops::Range<i64> = 0..1 << 62;

/// How far an instrument is on its way to a whole book.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
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

#[derive(Debug)]
pub(super) struct Slot {
    instrument: Arc<Instrument>,
    worth: ContractWorth,
    connection: u32,
    phase: Phase,
    state: BookState,
    held: HeldBook,
    pending: Pending,
    tries: Tries,
    vigil: Vigil,
    /// The last quote, whose number is the slot's.
    emitted: Quote,
    /// When the book was last asked for on the socket, and when it was last loaded whole.
    asked_ns: i64,
    loaded_ns: i64,
    has_been_whole: bool,
    /// Whether nobody knows what its connection still has to say: until that is read, the quote is not LIVE.
    is_doubted: bool,
    /// Whether its market does not trade, as the venue has said on this connection: it is CLOSED, whatever its book shows.
    is_halted: bool,
}

impl Slot {
    pub fn new(number: u32, instrument: Arc<Instrument>, connection: u32, now_ns: i64) -> Self {
        Self {
            worth: ContractWorth::of(&instrument),
            instrument,
            connection,
            phase: Phase::Idle,
            state: BookState::Closed,
            held: HeldBook::default(),
            pending: Pending::default(),
            tries: Tries::default(),
            vigil: Vigil::new(now_ns),
            emitted: Quote::without_prices(number, BookState::Closed, now_ns),
            asked_ns: i64::MIN / 2,
            loaded_ns: now_ns,
            has_been_whole: false,
            is_doubted: false,
            is_halted: false,
        }
    }

    pub fn instrument(&self) -> &Arc<Instrument> {
        &self.instrument
    }

    pub fn connection(&self) -> u32 {
        self.connection
    }

    pub fn state(&self) -> BookState {
        self.state
    }

    pub fn book(&self) -> &OrderBook {
        self.held.book()
    }

    /// The book, where its levels may be traded on: whole, and LIVE.
    pub fn live_book(&self) -> Option<&OrderBook> {
        (self.is_whole() && self.state == BookState::Live).then(|| self.held.book())
    }

    pub fn sequence(&self) -> i64 {
        self.held.sequence()
    }

    pub fn is_tracked(&self) -> bool {
        self.phase != Phase::Gone
    }

    pub fn is_whole(&self) -> bool {
        self.phase == Phase::Synced
    }

    /// Whether a request for its book, of this kind, still makes sense.
    pub fn wants(&self, operation: Operation) -> bool {
        operation == Operation::Unsubscribe || !matches!(self.phase, Phase::Gone | Phase::Refused)
    }

    /// Its connection has begun to ask for books.
    pub fn queue(&mut self, turn: &mut Turn<'_>) {
        self.phase = Phase::Queued;
        self.tries.begin();
        self.set_state(BookState::Resyncing, turn);
    }

    /// What was asked for stands in the queue once more.
    pub fn queue_again(&mut self) {
        if matches!(self.phase, Phase::Waiting { .. }) {
            self.phase = Phase::Queued;
        }
    }

    /// A request for its book was sent.
    pub fn sent(&mut self, operation: Operation, turn: &Turn<'_>) {
        let (since_ns, is_answered) = (turn.now_ns, turn.conduct.answers_requests);
        if operation == Operation::Subscribe {
            self.asked_ns = turn.now_ns;
        }
        self.phase = match (self.phase, operation) {
            (Phase::Gone, _) => Phase::Gone,
            (_, Operation::Subscribe) => Phase::Waiting { since_ns, is_acknowledged: !is_answered },
            (_, Operation::Unsubscribe) if is_answered => Phase::Leaving { since_ns },
            (_, Operation::Unsubscribe) => Phase::Queued,
        };
    }

    /// A request for its book was granted.
    pub fn acknowledged(&mut self, operation: Operation, turn: &mut Turn<'_>) {
        match (operation, self.phase) {
            (Operation::Subscribe, Phase::Waiting { .. }) if turn.is_rest() => self.start_joining(turn),
            (Operation::Subscribe, Phase::Waiting { .. }) => self.wait(turn),
            (Operation::Unsubscribe, Phase::Leaving { .. }) => self.ask_first(Operation::Subscribe, turn),
            _ => {}
        }
    }

    /// The venue does not have this instrument: it is left alone until the next connection.
    pub fn refuse(&mut self, detail: &str, turn: &mut Turn<'_>) {
        turn.report("subscribe_refused", detail);
        self.empty(Phase::Refused, turn);
    }

    /// The venue says that there is no market now: closed until there is a book again.
    pub fn close(&mut self, detail: &str, turn: &mut Turn<'_>) {
        if self.state != BookState::Closed {
            turn.report("market_closed", detail);
        }
        self.empty(Phase::Waiting { since_ns: turn.now_ns, is_acknowledged: true }, turn);
    }

    /// The socket is gone.
    pub fn lose_connection(&mut self, turn: &mut Turn<'_>) {
        (self.vigil.is_renewing, self.is_doubted, self.is_halted) = (false, false, false);
        self.empty(Phase::Idle, turn);
    }

    /// Nothing will come any more: what is cleared would keep its room otherwise.
    pub fn untrack(&mut self, turn: &mut Turn<'_>) {
        self.empty(Phase::Gone, turn);
        (self.held, self.pending) = (HeldBook::default(), Pending::default());
    }

    /// From now on this number stands for this level of the book.
    pub fn name_level(&mut self, number: u64, level: NamedLevel, turn: &mut Turn<'_>) {
        if !self.held.names.insert(number, level) {
            self.lose("more levels than a book can have", turn);
        }
    }

    pub fn level_named(&self, number: u64) -> Option<NamedLevel> {
        self.held.names.get(number)
    }

    pub fn unname_level(&mut self, number: u64) -> Option<NamedLevel> {
        self.held.names.remove(number)
    }

    /// What its connection has sent since it was last heard is not read yet: the quote does not stand until it is.
    pub fn doubt(&mut self, turn: &mut Turn<'_>) {
        self.is_doubted = true;
        if self.state == BookState::Live {
            self.set_state(BookState::Resyncing, turn);
        }
    }

    /// Everything that its connection had sent has been read: what a whole book says is in force.
    pub fn trust(&mut self, turn: &mut Turn<'_>) {
        let was_doubted = std::mem::replace(&mut self.is_doubted, false);
        if was_doubted && self.is_whole() && self.state == BookState::Resyncing {
            self.publish_if_sound(self.held.top().exchange_ns, None, turn);
        }
    }

    /// Emits the quote once more, as of now.
    pub fn tell_again(&mut self, turn: &mut Turn<'_>) {
        self.emitted = self.quote(turn.stamp_ns);
        turn.ask(Effect::Quote(self.emitted));
    }

    /// Without a book, and CLOSED.
    fn empty(&mut self, phase: Phase, turn: &mut Turn<'_>) {
        self.cancel_fetch(turn);
        self.forget_book();
        self.phase = phase;
        self.set_state(BookState::Closed, turn);
    }

    /// Subscribed, with nothing left to answer.
    fn wait(&mut self, turn: &Turn<'_>) {
        self.phase = Phase::Waiting { since_ns: turn.now_ns, is_acknowledged: true };
    }

    /// Forgets the book and everything on its way to it.
    fn forget_book(&mut self) {
        self.held.clear();
        self.pending.clear();
        self.vigil.forget();
    }

    fn cancel_fetch(&mut self, turn: &mut Turn<'_>) {
        turn.ask(Effect::CancelFetches);
        self.pending.cancel();
        self.vigil.cancel();
    }

    /// Asks for the stream of its book ahead of everything else.
    fn ask_first(&mut self, operation: Operation, turn: &mut Turn<'_>) {
        self.phase = Phase::Queued;
        turn.ask(Effect::AskForBook(operation));
    }

    /// Emits what is new, if anything is.
    fn set_state(&mut self, state: BookState, turn: &mut Turn<'_>) {
        self.state = match state {
            _ if self.is_halted => BookState::Closed,
            BookState::Live if self.is_doubted => BookState::Resyncing,
            state => state,
        };
        let (quote, last) = (self.quote(turn.stamp_ns), &self.emitted);
        let is_same_top = (quote.bid, quote.bid_size, quote.ask, quote.ask_size)
            == (last.bid, last.bid_size, last.ask, last.ask_size);
        if quote.state != last.state || !is_same_top {
            self.emitted = quote;
            turn.ask(Effect::Quote(quote));
        }
    }

    fn quote(&self, receive_ns: i64) -> Quote {
        let (number, top) = (self.number(), self.held.top());
        if self.state != BookState::Live {
            return Quote::without_prices(number, self.state, receive_ns);
        }
        Quote {
            instrument: number,
            state: self.state,
            receive_ns,
            exchange_ns: Some(top.exchange_ns).filter(|time_ns| TIMES_NS.contains(time_ns)).unwrap_or(0),
            bid: top.bid.price,
            bid_size: top.bid.size,
            ask: top.ask.price,
            ask_size: top.ask.size,
        }
    }

    fn number(&self) -> u32 {
        self.emitted.instrument
    }
}

#[cfg(test)]
impl Slot {
    /// As if its book were whole, or on its way, and to be fetched then, if ever.
    pub fn put(&mut self, is_whole: bool, due_ns: Option<i64>) {
        (self.phase, self.state) = (if is_whole { Phase::Synced } else { Phase::Joining }, BookState::Live);
        due_ns.into_iter().for_each(|due_ns| self.pending.ask(due_ns));
    }

    pub fn is_being_checked(&self) -> bool {
        self.vigil.is_being_checked()
    }

    /// Levels and deltas that it has room for.
    pub fn room(&self) -> usize {
        self.held.book().capacity() + self.pending.room()
    }
}
