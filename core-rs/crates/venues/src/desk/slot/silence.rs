//! Tells the instrument that is quiet from the one that the venue has silently stopped sending.
//!
//! 1. An instrument that has been quiet for most of its limit is checked before it is STALE: the venue is asked for its book
//!    over REST, and its top is compared with the one that is published.
//! 2. Equal: the quote is told again, as of now. It is vouched for by the venue.
//! 3. Different: the prices are withdrawn. If nothing comes on the socket shortly after, the instrument is frozen.
//! 4. A frozen instrument is subscribed again, alone; its connection is given up when several of its instruments are frozen.
//! 5. Where there is no such book (or it fails again and again), the subscription itself is renewed once the instrument is
//!    STALE for a moment; it was frozen if the new book differs from the old one.
//!
//! Who is looked at when, and what that may cost, is the desk's: `desk/watchdog.rs`.

use super::Slot;
use crate::desk::turn::{Counter, Effect, Then, Turn};
use crate::market_data::Snapshot;
use crate::profile::SECOND_NS;
use crossbook_market::{BookState, Level};

/// After a check that showed another top: what the socket has yet to deliver would have come by then.
pub(in crate::desk) const DOUBT_NS: i64 = 2 * SECOND_NS;
/// Difference of two sizes that is rounding: contracts are converted to base units.
const ROUNDING: f64 = 1e-9;

impl Slot {
    /// What silence brings about while the book is whole.
    pub(super) fn watch_silence(&mut self, turn: &mut Turn<'_>) {
        if self.vigil.is_doubted_for(turn.now_ns, DOUBT_NS) {
            self.freeze(Then::Resubscribe, turn);
        } else if self.state == BookState::Live && self.vigil.quiet_ns(turn.now_ns) > turn.stale_after_ns {
            self.set_state(BookState::Stale, turn);
        }
    }

    /// Whether a book that was fetched waits in vain for the change that joins it: the subscription sends none, or none that the
    /// book, by its number, does not hold already.
    pub(super) fn waits_in_vain(&self, turn: &Turn<'_>) -> bool {
        let patience_ns = self.vigil.patience_ns(self.number(), turn.stale_after_ns).max(turn.stale_after_ns);
        let is_outrun = self.pending.is_outrun_for(turn.now_ns, turn.stale_after_ns);
        self.pending.is_fetched() && (is_outrun || self.vigil.quiet_ns(turn.now_ns) >= patience_ns)
    }

    pub(super) fn join_anew(&mut self, turn: &mut Turn<'_>) {
        self.vigil.lose_patience();
        self.resubscribe(turn);
    }

    /// How long it has been quiet, if it is to be looked at now.
    pub fn due_look_ns(&self, now_ns: i64, stale_after_ns: i64) -> Option<i64> {
        let is_told = self.is_whole() && matches!(self.state, BookState::Live | BookState::Stale);
        (is_told && self.vigil.is_due(self.number(), now_ns, stale_after_ns)).then(|| self.vigil.quiet_ns(now_ns))
    }

    pub fn believes_checks(&self) -> bool {
        self.vigil.believes_checks()
    }

    pub fn check_begins(&mut self, request_id: u64) {
        self.vigil.begin_check(request_id);
    }

    /// Whether it has been STALE for so long that its subscription is to be renewed.
    pub fn is_renewal_due(&self, now_ns: i64, stale_after_ns: i64) -> bool {
        self.vigil.is_overdue(self.number(), now_ns, stale_after_ns)
    }

    /// Subscribes again, and remembers what was published.
    pub fn renew(&mut self, turn: &mut Turn<'_>) {
        let top = self.held.top();
        self.resubscribe(turn);
        self.vigil.renew((top.bid, top.ask));
    }

    /// The venue's answer to a check. Data that came meanwhile has answered already.
    pub fn checked(&mut self, request_id: u64, mut snapshot: Snapshot, turn: &mut Turn<'_>) {
        if !self.vigil.awaits(request_id) {
            return;
        }
        self.to_base_units(&mut snapshot.bids, &mut snapshot.asks);
        if snapshot.shared_sequence() != 0 && snapshot.shared_sequence() < self.held.shared_sequence() {
            return self.check_failed(request_id, "the fetched book is older than the one held", turn);
        }
        self.vigil.end_check();
        let top = self.held.top();
        if is_same_top((top.bid, top.ask), best(&snapshot)) {
            return self.confirm(turn);
        }
        self.vigil.doubt(turn.now_ns);
        self.set_state(BookState::Stale, turn);
    }

    pub fn check_failed(&mut self, request_id: u64, detail: &str, turn: &mut Turn<'_>) {
        if self.vigil.awaits(request_id) {
            self.vigil.fail_check(self.number(), turn.now_ns);
            turn.report("check_failed", detail);
        }
    }

    /// Quiet and well: what is published is what the venue shows.
    fn confirm(&mut self, turn: &mut Turn<'_>) {
        turn.count(Counter::Confirmed);
        self.vigil.hear_change(turn.now_ns);
        if self.is_doubted {
            return self.set_state(BookState::Live, turn); // once what its connection has sent has been read
        }
        self.state = BookState::Live;
        self.tell_again(turn);
    }

    /// Counts it as frozen, with whatever that means for its connection, and goes on.
    pub(super) fn freeze(&mut self, then: Then, turn: &mut Turn<'_>) {
        turn.count(Counter::Frozen);
        turn.report("instrument_frozen", "the venue shows another top and sends nothing");
        let is_again = self.vigil.freeze(turn.now_ns);
        turn.ask(Effect::Frozen { is_again, then });
    }

    /// Whether it counts towards giving its connection up.
    pub fn is_frozen(&self, now_ns: i64) -> bool {
        self.vigil.is_frozen(now_ns)
    }

    /// Its connection was given up for it.
    pub fn thaw(&mut self) {
        self.vigil.thaw();
    }

    /// Leaves the streams of an instrument and joins them again.
    pub fn resubscribe(&mut self, turn: &mut Turn<'_>) {
        self.cancel_fetch(turn);
        self.forget_book();
        self.set_state(BookState::Resyncing, turn);
        self.vigil.is_renewing = true;
        self.ask_again(turn);
        turn.ask(Effect::RejoinOthers);
    }

    /// Whether the book of a renewed subscription shows that it had been well all the time.
    pub(super) fn was_well(&mut self, before: (Level, Level), turn: &mut Turn<'_>) -> bool {
        let was_well = is_same_top(before, self.held.bests());
        if was_well {
            self.vigil.absolve();
            turn.count(Counter::Confirmed);
        }
        was_well
    }
}

fn is_same_top(held: (Level, Level), told: (Level, Level)) -> bool {
    let is_same = |a: Level, b: Level| a.price == b.price && (a.size - b.size).abs() <= ROUNDING * a.size.max(b.size);
    is_same(held.0, told.0) && is_same(held.1, told.1)
}

fn best(snapshot: &Snapshot) -> (Level, Level) {
    let resting = |side: &[Level]| side.iter().filter(|level| level.size > 0.0).copied().collect::<Vec<_>>();
    let bid = resting(&snapshot.bids).into_iter().max_by(|a, b| a.price.total_cmp(&b.price));
    let ask = resting(&snapshot.asks).into_iter().min_by(|a, b| a.price.total_cmp(&b.price));
    (bid.unwrap_or_default(), ask.unwrap_or_default())
}
