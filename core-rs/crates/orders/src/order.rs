//! One order: what is known of it, and what it may still do. Told the same things twice, late or in another order, it comes to
//! the same end.
//!
//! ```text
//! Pending (journalled) -> Open -> Done
//! Pending -> Refused
//! Pending -> Unknown -> Open | Done | Dead
//! ```
//!
//! A cancel is no state: it is asked for, and its effect is seen. An order in doubt is dead by evidence alone, never by time
//! alone: its deadline is over by the venue's clock, two questions a second apart did not find it, and the list of fills
//! reaches behind the deadline.

use crossbook_trading::{ClientId, Decimal, OrderReport, OrderState, Outcome, Refusal, Side, Step};

/// How long after its deadline an order may still turn up, by clocks that differ.
const MARGIN_MS: i64 = 1000;
/// How far apart two questions must be that do not find an order.
const APART_MS: i64 = 1000;

#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    pub client_id: ClientId,
    pub side: Side,
    /// In steps of the venue.
    pub size: i64,
    step: Step,
    /// By the venue's clock, in milliseconds since 1970: it is not taken after that.
    deadline_ms: i64,
    state: State,
    /// So far, in steps; it never falls.
    filled: i64,
    absence: Absence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Journalled; it may have been sent.
    Pending,
    Open,
    /// In doubt: it may stand, or have been filled.
    Unknown,
    Done,
    Refused(Refusal),
    /// Proven never to have been.
    Dead,
}

/// Evidence that the venue has no such order.
#[derive(Clone, Debug, Default, PartialEq)]
struct Absence {
    first_ms: Option<i64>,
    last_ms: Option<i64>,
    fills_until_ms: Option<i64>,
}

/// Who says it: pushes come late and in any order, a read does not go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    Push,
    Read,
}

/// What was odd about something that was said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Oddity {
    /// An old push: dropped.
    Late,
    /// A read says less than was known: the asset is to be frozen.
    Shrunk,
    /// More is filled than was asked for: it is booked as it is.
    Overfilled,
    /// A state of which nothing is known: the order is in doubt.
    UnknownWord(String),
    /// It lives, though it was refused, proven dead, or done.
    Risen,
    /// Refused, though it stands or stood.
    Contradicted,
    /// What is filled is no whole number of steps; the part of one counts as none.
    OffStep,
}

impl Order {
    /// As it is journalled, before a byte is sent.
    pub fn pending(client_id: ClientId, side: Side, size: i64, step: Step, deadline_ms: i64) -> Self {
        let (state, absence) = (State::Pending, Absence::default());
        Self { client_id, side, size, step, deadline_ms, state, filled: 0, absence }
    }

    pub fn state(&self) -> State {
        self.state
    }

    pub fn filled(&self) -> i64 {
        self.filled
    }

    /// The most that is or may still be filled. The venue's own number lies between what is filled and this.
    pub fn reserved(&self) -> i64 {
        if self.is_settled() { self.filled } else { self.size.max(self.filled) }
    }

    /// Whether it can do nothing more.
    pub fn is_settled(&self) -> bool {
        matches!(self.state, State::Done | State::Refused(_) | State::Dead)
    }

    /// Whether it may be there without being known to be.
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.state, State::Pending | State::Unknown)
    }

    /// The answer to placing it. One that never came is `Outcome::Unknown`.
    pub fn answered(&mut self, outcome: &Outcome) -> Option<Oddity> {
        match outcome {
            Outcome::Accepted { report: Some(report), .. } => self.told(report, Witness::Read),
            Outcome::Accepted { report: None, .. } => self.stands(),
            Outcome::Refused { reason, .. } => match self.state {
                State::Pending | State::Unknown => {
                    self.state = State::Refused(*reason);
                    None
                }
                State::Refused(_) | State::Dead => None,
                State::Open | State::Done => Some(Oddity::Contradicted),
            },
            Outcome::Unknown { .. } => {
                if self.state == State::Pending {
                    self.state = State::Unknown;
                }
                None
            }
        }
    }

    /// A report of it, pushed or asked for.
    pub fn told(&mut self, report: &OrderReport, witness: Witness) -> Option<Oddity> {
        if let OrderState::Unknown(word) = &report.state {
            let _ = self.grows(report.filled);
            if !self.is_settled() {
                self.state = State::Unknown;
            }
            return Some(Oddity::UnknownWord(word.clone()));
        }
        let (had, was_done) = (self.filled, self.state == State::Done);
        let odd = self.grows(report.filled);
        let is_nothing = report.state.is_done() && self.filled == 0;
        let risen = if is_nothing { None } else { self.rises() };
        self.state = match self.state {
            ended @ (State::Done | State::Refused(_) | State::Dead) => ended,
            _ if report.state.is_done() => State::Done,
            State::Pending | State::Unknown | State::Open => State::Open,
        };
        if self.steps_of(report.filled) < had {
            return Some(if witness == Witness::Read { Oddity::Shrunk } else { Oddity::Late });
        }
        if was_done && self.filled > had {
            return Some(Oddity::Risen);
        }
        risen.or(odd)
    }

    /// All different fills of it so far, together: a lower bound of what is filled.
    pub fn fills_sum_to(&mut self, total: Decimal) -> Option<Oddity> {
        let odd = self.grows(total);
        if self.filled == 0 {
            return odd;
        }
        let risen = self.rises();
        if matches!(self.state, State::Pending) {
            self.state = State::Open;
        }
        risen.or(odd)
    }

    /// A question at this time, by the venue's clock, did not find it.
    pub fn not_found(&mut self, at_ms: i64) {
        if at_ms >= self.deadline_ms + MARGIN_MS {
            self.absence.first_ms.get_or_insert(at_ms);
            self.absence.last_ms = self.absence.last_ms.max(Some(at_ms));
        }
        self.bury();
    }

    /// All fills until this time, by the venue's clock, are known, and are told.
    pub fn fills_known_until(&mut self, until_ms: i64) {
        self.absence.fills_until_ms = self.absence.fills_until_ms.max(Some(until_ms));
        self.bury();
    }

    fn bury(&mut self) {
        let Absence { first_ms: Some(first), last_ms: Some(last), fills_until_ms: Some(fills) } = self.absence else {
            return;
        };
        let is_proven = last - first >= APART_MS && fills >= self.deadline_ms + MARGIN_MS;
        if is_proven && self.is_in_doubt() && self.filled == 0 {
            self.state = State::Dead;
        }
    }

    /// The venue has it.
    fn stands(&mut self) -> Option<Oddity> {
        let risen = self.rises();
        if matches!(self.state, State::Pending | State::Unknown) {
            self.state = State::Open;
        }
        risen
    }

    /// Evidence of life undoes what spoke for its end.
    fn rises(&mut self) -> Option<Oddity> {
        self.absence.first_ms = None;
        self.absence.last_ms = None;
        let was_buried = matches!(self.state, State::Refused(_) | State::Dead);
        if was_buried {
            self.state = State::Open;
        }
        was_buried.then_some(Oddity::Risen)
    }

    fn grows(&mut self, filled: Decimal) -> Option<Oddity> {
        let steps = self.steps_of(filled);
        self.filled = self.filled.max(steps);
        if steps > self.size {
            return Some(Oddity::Overfilled);
        }
        (self.step.times(steps) != Some(filled.normalize())).then_some(Oddity::OffStep)
    }

    fn steps_of(&self, filled: Decimal) -> i64 {
        self.step.floor(filled).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{client_id, decimal, report, step};
    use proptest::prelude::*;

    const DEADLINE_MS: i64 = 10_000;

    fn order() -> Order {
        Order::pending(client_id(0), Side::Buy, 10, step("0.1"), DEADLINE_MS)
    }

    fn accepted() -> Outcome {
        Outcome::Accepted { venue_order_id: "7".to_string(), report: None }
    }

    fn unknown() -> Outcome {
        Outcome::Unknown { text: "504".to_string() }
    }

    #[test]
    fn what_is_in_doubt_counts_whole_and_what_is_done_as_it_is() {
        let mut order = order();
        assert_eq!((order.filled(), order.reserved()), (0, 10));
        order.answered(&unknown());
        assert_eq!((order.state(), order.reserved()), (State::Unknown, 10));
        order.told(&report(OrderState::Open, "0.4"), Witness::Push);
        assert_eq!((order.state(), order.filled(), order.reserved()), (State::Open, 4, 10));
        order.told(&report(OrderState::Cancelled, "0.6"), Witness::Push);
        assert_eq!((order.state(), order.filled(), order.reserved()), (State::Done, 6, 6));
        assert_eq!(order.answered(&accepted()), None, "the answer comes last");
        assert_eq!(order.state(), State::Done);
    }

    #[test]
    fn a_refusal_settles_only_what_was_in_doubt() {
        let refused = Outcome::Refused { reason: Refusal::Funds, code: "1".into(), text: String::new() };
        let mut order = order();
        assert_eq!((order.answered(&refused), order.reserved()), (None, 0));
        assert_eq!(order.told(&report(OrderState::Refused, "0"), Witness::Push), None, "a push says it too");
        assert_eq!(order.state(), State::Refused(Refusal::Funds));
        let mut standing = self::order();
        standing.answered(&accepted());
        assert_eq!((standing.answered(&refused), standing.state()), (Some(Oddity::Contradicted), State::Open));
    }

    #[test]
    fn an_order_is_dead_by_evidence_and_not_by_time() {
        let mut order = order();
        order.answered(&unknown());
        order.not_found(DEADLINE_MS);
        order.not_found(DEADLINE_MS + 60_000);
        assert_eq!(order.state(), State::Unknown, "the fills are not known");
        order.fills_known_until(DEADLINE_MS + 999);
        assert_eq!(order.state(), State::Unknown, "not behind the deadline");
        order.fills_known_until(DEADLINE_MS + 1000);
        assert_eq!(order.state(), State::Unknown, "the first question came too early to count");
        order.not_found(DEADLINE_MS + 61_000);
        assert_eq!((order.state(), order.reserved()), (State::Dead, 0));
        assert_eq!(order.told(&report(OrderState::Open, "0.3"), Witness::Push), Some(Oddity::Risen));
        assert_eq!((order.state(), order.filled(), order.reserved()), (State::Open, 3, 10));
    }

    #[test]
    fn what_is_filled_is_not_dead_and_what_stands_is_not_in_doubt() {
        let mut filled = order();
        filled.answered(&unknown());
        filled.fills_sum_to(decimal("0.2"));
        for at_ms in [20_000, 30_000] {
            filled.not_found(at_ms);
        }
        filled.fills_known_until(30_000);
        assert_eq!((filled.state(), filled.reserved()), (State::Unknown, 10));
        let mut standing = order();
        standing.answered(&accepted());
        standing.fills_known_until(30_000);
        for at_ms in [20_000, 30_000] {
            standing.not_found(at_ms);
        }
        assert_eq!(standing.state(), State::Open, "a venue that forgets proves nothing");
    }

    #[test]
    fn a_push_may_go_back_and_a_read_may_not() {
        let mut order = order();
        order.told(&report(OrderState::Open, "0.5"), Witness::Push);
        assert_eq!(order.told(&report(OrderState::Open, "0.2"), Witness::Push), Some(Oddity::Late));
        assert_eq!(order.told(&report(OrderState::Open, "0.2"), Witness::Read), Some(Oddity::Shrunk));
        assert_eq!(order.filled(), 5);
        order.told(&report(OrderState::Filled, "1"), Witness::Push);
        assert_eq!(order.told(&report(OrderState::Open, "0.5"), Witness::Push), Some(Oddity::Late));
        assert_eq!((order.state(), order.filled()), (State::Done, 10));
    }

    #[test]
    fn what_is_odd_is_said_and_booked() {
        let mut order = order();
        assert_eq!(order.told(&report(OrderState::Open, "0.55"), Witness::Push), Some(Oddity::OffStep));
        assert_eq!(order.filled(), 5);
        let strange = report(OrderState::Unknown("paused".into()), "0.6");
        assert_eq!(order.told(&strange, Witness::Read), Some(Oddity::UnknownWord("paused".into())));
        assert_eq!((order.state(), order.filled(), order.reserved()), (State::Unknown, 6, 10));
        assert_eq!(order.told(&report(OrderState::Filled, "1.2"), Witness::Push), Some(Oddity::Overfilled));
        assert_eq!((order.filled(), order.reserved()), (12, 12));
        assert_eq!(order.told(&report(OrderState::Filled, "1.3"), Witness::Push), Some(Oddity::Risen));
    }

    proptest! {
        /// A venue that fills an order in parts and ends it, and whose words come in any order, repeated, or not at all.
        #[test]
        fn the_venue_s_number_lies_between_filled_and_reserved(
            parts in proptest::collection::vec(0_i64..4, 1..4),
            heard in proptest::collection::vec((0_usize..5, any::<bool>()), 0..12),
            answer in 0..3,
        ) {
            let mut order = order();
            let mut sums = Vec::new();
            for part in &parts {
                sums.push(sums.last().unwrap_or(&0) + part);
            }
            let truth = *sums.last().unwrap();
            match answer {
                0 => { order.answered(&accepted()); }
                1 => { order.answered(&unknown()); }
                _ => {}
            }
            for (index, is_push) in heard {
                let witness = if is_push { Witness::Push } else { Witness::Read };
                let (state, filled) = match sums.get(index) {
                    Some(sum) => (OrderState::Open, *sum),
                    None => (OrderState::Cancelled, truth),
                };
                let before = order.filled();
                order.told(&report(state, &Decimal::new(filled, 1).to_string()), witness);
                prop_assert!(order.filled() >= before);
                prop_assert!((order.filled()..=order.reserved()).contains(&truth));
            }
        }
    }
}
