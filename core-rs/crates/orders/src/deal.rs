//! One deal: two legs that should end as a pair, and what to do next so that they do. A pure function of what is known of its
//! orders, of prices and the time: after a restart the same question has the same answer.
//!
//! | leg 0 \ leg 1 | full | part | nothing |
//! |---|---|---|---|
//! | full | done | the difference is completed or unwound | likewise, the whole |
//! | part | mirrored | the smaller part stands, the difference likewise | likewise |
//! | nothing | mirrored | mirrored | nothing happened |
//!
//! A leg with an order that may still do something gets no other. What is missing is completed where that leaves the pair enough and
//! is no worse than to unwind the rest; else the rest is unwound, reduce-only, by the ladder. What is less than either leg's
//! smallest order is dust: it stays and is said.
//!
//! A deal that closes a pair is one too: its orders only reduce, and what one leg lags behind is never undone but made up for, by
//! the ladder.

use crate::exposure::Exposure;
use crate::grain::Grains;
use crate::order::Order;
use crate::price::{Ladder, Top, Unpriced, ticks};
use crossbook_trading::{Decimal, Side, Step};

/// What was decided once, when the deal began.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    pub grains: Grains,
    /// In grains: whole lots.
    pub size: i64,
    /// Of leg 0; leg 1 does the opposite.
    pub side: Side,
    /// The worst prices of the opening orders, in ticks.
    pub bounds: [i64; 2],
    pub ticks: [Step; 2],
    /// Of a fill, as a part of its value.
    pub fees: [Decimal; 2],
    /// Whether it closes a pair that is held, and its orders only reduce.
    pub is_closing: bool,
    /// Whether leg 1 waits for what leg 0 fills.
    pub is_sequential: bool,
    /// What a completed pair must leave, in basis points; it may be negative.
    pub min_complete_bps: Decimal,
    /// Until then what is missing may be completed, in milliseconds since 1970.
    pub complete_until_ms: i64,
    /// Until then the legs should be equal: then a person is called.
    pub even_until_ms: i64,
    pub ladder: Ladder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Open,
    Complete,
    Unwind,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub leg: usize,
    pub purpose: Purpose,
    pub order: Order,
}

/// An order to be journalled and then sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub leg: usize,
    pub purpose: Purpose,
    pub side: Side,
    /// In steps of the leg's venue.
    pub size: i64,
    /// The worst price, in ticks.
    pub price: i64,
    pub is_reduce_only: bool,
}

/// What the legs look like now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    pub tops: [Option<Top>; 2],
    /// What was paid for each leg on the average, where something is filled.
    pub entries: [Option<Decimal>; 2],
    pub now_ms: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    Place(Vec<Wanted>),
    /// Something is under way or in doubt, or no price can be named.
    Wait(Waiting),
    /// The legs are equal, but for dust; grains of the pair, and what is left over of leg 0 (positive) or leg 1 (negative).
    Done {
        pair: i64,
        dust: i64,
    },
    /// The ladder is spent or the time over, and the legs differ: a person is needed. Asked again it goes on trying where it can.
    Call {
        uneven: Exposure,
        wanted: Option<Wanted>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    Orders,
    Price(Unpriced),
    /// The rest is too small to be unwound, and nothing good enough is there to complete it with.
    Completion,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Deal {
    pub terms: Terms,
    /// All of them, in the order in which they were journalled.
    pub placed: Vec<Placed>,
}

impl Deal {
    pub fn new(terms: Terms) -> Self {
        Self { terms, placed: Vec::new() }
    }

    /// The side of a leg's opening orders.
    pub fn side(&self, leg: usize) -> Side {
        if leg == 0 { self.terms.side } else { self.terms.side.opposite() }
    }

    /// How much of the pair a leg holds, in grains: positive in its own direction.
    pub fn held(&self, leg: usize) -> Exposure {
        let own = self.side(leg);
        let of = |placed: &Placed| {
            let exposure = Exposure::of(&placed.order, leg, &self.terms.grains);
            if own == Side::Buy { exposure } else { Exposure { low: -exposure.high, high: -exposure.low } }
        };
        self.placed.iter().filter(|placed| placed.leg == leg).map(of).sum()
    }

    /// What is held of leg 0 beyond leg 1: exposed to the price.
    pub fn uneven(&self) -> Exposure {
        let (first, second) = (self.held(0), self.held(1));
        Exposure { low: first.low - second.high, high: first.high - second.low }
    }

    pub fn next(&self, view: &View) -> Next {
        if self.placed.is_empty() {
            return self.open();
        }
        if let Some(hedge) = self.hedge() {
            return Next::Place(vec![hedge]);
        }
        let is_late = view.now_ms >= self.terms.even_until_ms;
        if !(0..2).all(|leg| self.is_settled(leg)) {
            let uneven = self.uneven();
            return if is_late { Next::Call { uneven, wanted: None } } else { Next::Wait(Waiting::Orders) };
        }
        self.even_out(view, is_late)
    }

    fn open(&self) -> Next {
        let legs = if self.terms.is_sequential { 0..1 } else { 0..2 };
        Next::Place(legs.map(|leg| self.opening(leg, self.terms.size)).collect())
    }

    fn opening(&self, leg: usize, grains: i64) -> Wanted {
        let Terms { grains: measure, bounds, .. } = &self.terms;
        let size = measure.steps(leg, grains);
        let is_reduce_only = self.terms.is_closing;
        Wanted { leg, purpose: Purpose::Open, side: self.side(leg), size, price: bounds[leg], is_reduce_only }
    }

    /// Leg 1 behind what leg 0 has surely filled: once for each growth of it, and never more than it.
    fn hedge(&self) -> Option<Wanted> {
        let is_opening = self.placed.iter().all(|placed| placed.purpose == Purpose::Open);
        if !self.terms.is_sequential || !is_opening || !self.is_settled(1) {
            return None;
        }
        let asked: i64 = self.of(1).map(|placed| self.terms.grains.grains(1, placed.order.size)).sum();
        let missing = self.held(0).low - asked.max(self.held(1).high);
        self.terms.grains.is_enough(1, missing).then(|| self.opening(1, missing))
    }

    fn of(&self, leg: usize) -> impl Iterator<Item = &Placed> {
        self.placed.iter().filter(move |placed| placed.leg == leg)
    }

    fn is_settled(&self, leg: usize) -> bool {
        self.of(leg).all(|placed| placed.order.is_settled())
    }

    /// All orders are settled, so that both legs are exact.
    fn even_out(&self, view: &View, is_late: bool) -> Next {
        let uneven = self.uneven();
        let (more, less) = if uneven.low > 0 { (0, 1) } else { (1, 0) };
        let rest = uneven.worst();
        let measure = &self.terms.grains;
        if !measure.is_enough(more, rest) && !measure.is_enough(less, rest) {
            return self.done(less);
        }
        if self.terms.is_closing {
            return self.catch_up(less, rest, view, is_late);
        }
        let unwinding = measure.is_enough(more, rest).then(|| self.unwinding(more, rest, view));
        let completing = self.completing(more, less, rest, view);
        let wanted = match (completing, unwinding) {
            (Some((gain, wanted)), Some(Ok((loss, _)))) if gain >= loss => Ok(wanted),
            (Some((_, wanted)), Some(Err(_)) | None) => Ok(wanted),
            (_, Some(unwinding)) => unwinding.map(|(_, wanted)| wanted).map_err(Waiting::Price),
            (None, None) if view.now_ms < self.terms.complete_until_ms => Err(Waiting::Completion),
            (None, None) => return self.done(less),
        };
        self.try_again(wanted, is_late, self.tries(Purpose::Unwind))
    }

    fn try_again(&self, wanted: Result<Wanted, Waiting>, is_late: bool, tries: usize) -> Next {
        match wanted {
            wanted if is_late || self.terms.ladder.is_spent(tries) => {
                Next::Call { uneven: self.uneven(), wanted: wanted.ok() }
            }
            Ok(wanted) => Next::Place(vec![wanted]),
            Err(why) => Next::Wait(why),
        }
    }

    /// The leg of a closing pair that did less goes on, at any price of the ladder.
    fn catch_up(&self, less: usize, rest: i64, view: &View, is_late: bool) -> Next {
        let (terms, tries) = (&self.terms, self.tries(Purpose::Complete));
        if !terms.grains.is_enough(less, rest) {
            return self.done(less);
        }
        let (side, tick) = (self.side(less), terms.ticks[less]);
        let price = terms
            .ladder
            .sane(view.tops[less], view.now_ms)
            .and_then(|top| terms.ladder.bound(side, tries, top, tick).ok_or(Unpriced::Wide));
        let size = terms.grains.steps(less, rest);
        let wanted = |price| Wanted { leg: less, purpose: Purpose::Complete, side, size, price, is_reduce_only: true };
        self.try_again(price.map(wanted).map_err(Waiting::Price), is_late, tries)
    }

    fn done(&self, less: usize) -> Next {
        Next::Done { pair: self.held(less).low, dust: self.uneven().low }
    }

    fn tries(&self, purpose: Purpose) -> usize {
        self.placed.iter().filter(|placed| placed.purpose == purpose).count()
    }

    /// What the pair would keep, in basis points, and the order; None where it may not be.
    fn completing(&self, more: usize, less: usize, rest: i64, view: &View) -> Option<(Decimal, Wanted)> {
        let terms = &self.terms;
        if view.now_ms >= terms.complete_until_ms || !terms.grains.is_enough(less, rest) {
            return None;
        }
        let top = terms.ladder.sane(view.tops[less], view.now_ms).ok()?;
        let side = self.side(less);
        let price = if side == Side::Buy { top.ask } else { top.bid };
        let gain = self.gain_bps([(more, self.side(more), view.entries[more]?), (less, side, price)])?;
        let price = ticks(side, price, terms.ticks[less])?;
        let size = terms.grains.steps(less, rest);
        let wanted = Wanted { leg: less, purpose: Purpose::Complete, side, size, price, is_reduce_only: false };
        (gain >= terms.min_complete_bps).then_some((gain, wanted))
    }

    /// What going back would leave of the rest, in basis points, and the order.
    fn unwinding(&self, more: usize, rest: i64, view: &View) -> Result<(Decimal, Wanted), Unpriced> {
        let terms = &self.terms;
        let top = terms.ladder.sane(view.tops[more], view.now_ms)?;
        let side = self.side(more).opposite();
        let price =
            terms.ladder.bound(side, self.tries(Purpose::Unwind), top, terms.ticks[more]).ok_or(Unpriced::Wide)?;
        let at = if side == Side::Buy { top.ask } else { top.bid };
        let entry = view.entries[more].unwrap_or(at);
        let loss = self.gain_bps([(more, self.side(more), entry), (more, side, at)]).ok_or(Unpriced::Wide)?;
        let size = terms.grains.steps(more, rest);
        Ok((loss, Wanted { leg: more, purpose: Purpose::Unwind, side, size, price, is_reduce_only: true }))
    }

    /// What buying at one price and selling at another keeps of what is paid, after fees, in basis points.
    fn gain_bps(&self, trades: [(usize, Side, Decimal); 2]) -> Option<Decimal> {
        let fee = |leg: usize| self.terms.fees[leg];
        let (mut paid, mut got) = (Decimal::ZERO, Decimal::ZERO);
        for (leg, side, price) in trades {
            match side {
                Side::Buy => paid = price.checked_mul(Decimal::ONE + fee(leg))?,
                Side::Sell => got = price.checked_mul(Decimal::ONE - fee(leg))?,
            }
        }
        (got - paid).checked_div(paid)?.checked_mul(Decimal::from(10_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Witness;
    use crate::testing::{client_id, decimal, leg_steps, report, step};
    use crossbook_trading::{OrderState, Outcome, Refusal};
    use proptest::prelude::*;

    fn terms(is_sequential: bool) -> Terms {
        Terms {
            grains: Grains::of([leg_steps("1", "1"), leg_steps("1", "1")]).unwrap(),
            size: 10,
            side: Side::Buy,
            bounds: [1002, 1008],
            ticks: [step("0.1"), step("0.1")],
            fees: [Decimal::ZERO, Decimal::ZERO],
            is_closing: false,
            is_sequential,
            min_complete_bps: Decimal::ZERO,
            complete_until_ms: 2000,
            even_until_ms: 10_000,
            ladder: Ladder { max_age_ms: i64::MAX, ..Ladder::default() },
        }
    }

    /// Leg 0 at 100, leg 1 at 101.
    fn view(now_ms: i64) -> View {
        let top = |bid: &str, ask: &str| Some(Top { bid: decimal(bid), ask: decimal(ask), at_ms: 0 });
        let tops = [top("99.9", "100.1"), top("100.9", "101.1")];
        View { tops, entries: [Some(decimal("100.1")), Some(decimal("100.9"))], now_ms }
    }

    /// Takes down what is wanted and says what came of it.
    fn play(deal: &mut Deal, filled: &[i64]) {
        let Next::Place(wanted) = deal.next(&view(0)) else { panic!("{:?}", deal.next(&view(0))) };
        assert_eq!(wanted.len(), filled.len());
        for (wanted, filled) in wanted.into_iter().zip(filled) {
            journal(deal, &wanted);
            let order = &mut deal.placed.last_mut().unwrap().order;
            order.told(&report(OrderState::Cancelled, &filled.to_string()), Witness::Push);
        }
    }

    fn journal(deal: &mut Deal, wanted: &Wanted) {
        let Wanted { leg, purpose, side, size, .. } = *wanted;
        let order = Order::pending(client_id(deal.placed.len() as u32), side, size, step("1"), 0);
        deal.placed.push(Placed { leg, purpose, order });
    }

    fn played(is_sequential: bool, filled: &[&[i64]]) -> Deal {
        let mut deal = Deal::new(terms(is_sequential));
        filled.iter().for_each(|filled| play(&mut deal, filled));
        deal
    }

    fn wanted(next: Next) -> Wanted {
        let Next::Place(mut all) = next else { panic!("{next:?}") };
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn both_legs_are_asked_for_at_once_and_what_is_equal_is_done() {
        let deal = Deal::new(terms(false));
        let Next::Place(both) = deal.next(&view(0)) else { panic!() };
        let sides: Vec<_> = both.iter().map(|wanted| (wanted.leg, wanted.side, wanted.size, wanted.price)).collect();
        assert_eq!(sides, [(0, Side::Buy, 10, 1002), (1, Side::Sell, 10, 1008)]);
        assert_eq!(played(false, &[&[10, 10]]).next(&view(0)), Next::Done { pair: 10, dust: 0 });
        assert_eq!(played(false, &[&[4, 4]]).next(&view(0)), Next::Done { pair: 4, dust: 0 });
        assert_eq!(played(false, &[&[0, 0]]).next(&view(0)), Next::Done { pair: 0, dust: 0 });
    }

    #[test]
    fn the_difference_is_completed_while_that_pays_and_then_unwound() {
        let deal = played(false, &[&[5, 4]]);
        let missing = wanted(deal.next(&view(0)));
        assert_eq!((missing.leg, missing.purpose, missing.side, missing.size), (1, Purpose::Complete, Side::Sell, 1));
        assert_eq!(missing.price, 1009, "at the best bid of now");
        let rest = wanted(deal.next(&view(2000)));
        assert_eq!((rest.leg, rest.purpose, rest.side, rest.size), (0, Purpose::Unwind, Side::Sell, 1));
        assert_eq!(rest.price, 998, "20 basis points below the middle");
        let mut gone = view(0);
        gone.tops[1] = Some(Top { bid: decimal("99"), ask: decimal("99.2"), at_ms: 0 });
        assert_eq!(wanted(deal.next(&gone)).purpose, Purpose::Unwind, "to complete would lose");
    }

    #[test]
    fn a_leg_that_found_nothing_has_the_other_unwound_whole_from_either_side() {
        let first = wanted(played(false, &[&[10, 0]]).next(&view(2000)));
        assert_eq!((first.leg, first.side, first.size), (0, Side::Sell, 10));
        let second = wanted(played(false, &[&[0, 7]]).next(&view(2000)));
        assert_eq!((second.leg, second.side, second.size, second.price), (1, Side::Buy, 7, 1012));
    }

    #[test]
    fn a_deal_in_sequence_hedges_what_is_surely_filled_and_no_more() {
        let mut deal = Deal::new(terms(true));
        let first = wanted(deal.next(&view(0)));
        journal(&mut deal, &first);
        assert_eq!(deal.next(&view(0)), Next::Wait(Waiting::Orders));
        deal.placed[0].order.told(&report(OrderState::Open, "3"), Witness::Push);
        let hedge = wanted(deal.next(&view(0)));
        assert_eq!((hedge.leg, hedge.purpose, hedge.size), (1, Purpose::Open, 3));
        journal(&mut deal, &hedge);
        assert_eq!(deal.next(&view(0)), Next::Wait(Waiting::Orders), "it is in doubt");
        deal.placed[1].order.told(&report(OrderState::Filled, "3"), Witness::Push);
        deal.placed[0].order.told(&report(OrderState::Cancelled, "5"), Witness::Push);
        assert_eq!(wanted(deal.next(&view(0))).size, 2);
    }

    #[test]
    fn a_leg_that_lags_behind_while_a_pair_is_closed_catches_up_and_nothing_is_undone() {
        let mut deal = Deal::new(Terms { is_closing: true, ..terms(false) });
        play(&mut deal, &[10, 4]);
        let again = wanted(deal.next(&view(2000)));
        assert_eq!((again.leg, again.side, again.size, again.price), (1, Side::Sell, 6, 1008));
        assert!(again.is_reduce_only);
        for _ in 0..4 {
            let again = wanted(deal.next(&view(2000)));
            journal(&mut deal, &again);
            deal.placed.last_mut().unwrap().order.told(&report(OrderState::Cancelled, "1"), Witness::Push);
        }
        let Next::Call { uneven, wanted: Some(last) } = deal.next(&view(2000)) else { panic!() };
        assert_eq!((uneven, last.leg, last.size), (Exposure::exactly(2), 1, 2));
    }

    #[test]
    fn only_what_goes_back_or_closes_is_reduce_only() {
        let deal = played(false, &[&[5, 4]]);
        assert!(!wanted(deal.next(&view(0))).is_reduce_only && wanted(deal.next(&view(2000))).is_reduce_only);
    }

    #[test]
    fn dust_is_said_and_kept() {
        let mut terms = terms(false);
        let least = |leg: &str, least| crate::grain::LegSteps { least, ..leg_steps(leg, "1") };
        terms.grains = Grains::of([least("1", 3), least("1", 2)]).unwrap();
        let mut deal = Deal::new(terms);
        play(&mut deal, &[10, 9]);
        assert_eq!(deal.next(&view(0)), Next::Done { pair: 9, dust: 1 });
        let mut deal = Deal::new(deal.terms);
        play(&mut deal, &[7, 9]);
        assert_eq!(wanted(deal.next(&view(2000))).purpose, Purpose::Unwind, "leg 1 takes two");
        let mut deal = Deal::new(deal.terms);
        play(&mut deal, &[9, 7]);
        assert_eq!(
            wanted(deal.next(&view(0))).purpose,
            Purpose::Complete,
            "and completes two, though leg 0 cannot unwind them"
        );
        let mut poor = view(0);
        poor.tops[1] = None;
        assert_eq!(deal.next(&poor), Next::Wait(Waiting::Completion));
        assert_eq!(deal.next(&view(2000)), Next::Done { pair: 7, dust: 2 });
    }

    #[test]
    fn without_a_sane_book_it_waits_and_when_the_ladder_is_spent_it_calls() {
        let deal = played(false, &[&[10, 0]]);
        let mut blind = view(2000);
        blind.tops[0] = None;
        assert_eq!(deal.next(&blind), Next::Wait(Waiting::Price(Unpriced::Missing)));
        let Next::Call { uneven, wanted: Some(_) } = deal.next(&view(10_000)) else { panic!() };
        assert_eq!(uneven, Exposure::exactly(10));
        let mut deal = deal;
        for _ in 0..4 {
            let rest = wanted(deal.next(&view(2000)));
            journal(&mut deal, &rest);
            deal.placed.last_mut().unwrap().order.told(&report(OrderState::Cancelled, "1"), Witness::Push);
        }
        let Next::Call { uneven, wanted: Some(last) } = deal.next(&view(2000)) else { panic!() };
        assert_eq!((uneven, last.size), (Exposure::exactly(6), 6));
    }

    #[test]
    fn a_leg_in_doubt_past_the_time_calls_and_asks_for_nothing() {
        let mut deal = Deal::new(terms(false));
        let Next::Place(both) = deal.next(&view(0)) else { panic!() };
        both.iter().for_each(|wanted| journal(&mut deal, wanted));
        deal.placed[0].order.told(&report(OrderState::Filled, "10"), Witness::Push);
        let uneven = Exposure { low: 0, high: 10 };
        assert_eq!(deal.next(&view(10_000)), Next::Call { uneven, wanted: None });
    }

    /// What a venue makes of an order: how much it fills, and how that is heard.
    fn outcomes() -> impl Strategy<Value = Vec<(i64, u8)>> {
        proptest::collection::vec((0_i64..=12, 0_u8..4), 1..30)
    }

    proptest! {
        #[test]
        fn whatever_venues_do_the_truth_is_within_the_bounds_and_a_deal_ends_even(
            is_sequential: bool,
            is_closing: bool,
            outcomes in outcomes(),
        ) {
            let mut deal = Deal::new(Terms { is_closing, ..terms(is_sequential) });
            let (mut truths, mut outcomes, mut now_ms) = (Vec::<i64>::new(), outcomes.into_iter(), 0);
            let is_even = loop {
                now_ms += 100;
                prop_assert!(now_ms < 100_000, "it does not end: {deal:?}");
                let wanted = match deal.next(&view(now_ms)) {
                    Next::Done { dust, .. } => break dust == 0,
                    Next::Place(wanted) => wanted,
                    Next::Call { wanted: Some(wanted), .. } => vec![wanted],
                    Next::Wait(_) | Next::Call { wanted: None, .. } => {
                        settle(&mut deal, &truths);
                        continue;
                    }
                };
                for wanted in &wanted {
                    prop_assert!(wanted.size > 0);
                    prop_assert!(!is_closing || wanted.is_reduce_only && wanted.purpose != Purpose::Unwind);
                    journal(&mut deal, wanted);
                    let (filled, way) = outcomes.next().unwrap_or((i64::MAX, 0));
                    truths.push(hear(&mut deal, filled.min(wanted.size), way));
                }
                within_bounds(&deal, &truths, is_sequential)?;
            };
            prop_assert!(is_even);
            within_bounds(&deal, &truths, is_sequential)?;
        }
    }

    /// What was truly filled of the order that was journalled last.
    fn hear(deal: &mut Deal, filled: i64, way: u8) -> i64 {
        let order = &mut deal.placed.last_mut().unwrap().order;
        match way {
            0 => {
                order.told(&report(OrderState::Cancelled, &filled.to_string()), Witness::Push);
            }
            1 => {
                order.answered(&Outcome::Unknown { text: String::new() });
            }
            2 => {
                let outcome = Outcome::Refused { reason: Refusal::Price, code: String::new(), text: String::new() };
                order.answered(&outcome);
                return 0;
            }
            _ => {
                order.answered(&Outcome::Accepted { venue_order_id: String::new(), report: None });
                order.fills_sum_to(Decimal::from(filled / 2));
            }
        }
        filled
    }

    /// All that is in doubt is found out.
    fn settle(deal: &mut Deal, truths: &[i64]) {
        for (placed, truth) in deal.placed.iter_mut().zip(truths) {
            if placed.order.is_settled() {
                continue;
            }
            if *truth == 0 && placed.order.is_in_doubt() {
                placed.order.fills_known_until(10_000);
                placed.order.not_found(10_000);
                placed.order.not_found(11_000);
            } else {
                placed.order.told(&report(OrderState::Cancelled, &truth.to_string()), Witness::Read);
            }
        }
    }

    fn within_bounds(deal: &Deal, truths: &[i64], is_sequential: bool) -> Result<(), TestCaseError> {
        let mut held = [0, 0];
        for (placed, truth) in deal.placed.iter().zip(truths) {
            prop_assert!((placed.order.filled()..=placed.order.reserved()).contains(truth));
            held[placed.leg] += if placed.order.side == deal.side(placed.leg) { *truth } else { -truth };
        }
        prop_assert!(deal.uneven().holds(held[0] - held[1]), "{deal:?}");
        prop_assert!(!is_sequential || deal.held(1).high <= deal.held(0).low, "hedged beyond the first leg");
        let names: std::collections::HashSet<_> = deal.placed.iter().map(|placed| placed.order.client_id).collect();
        prop_assert_eq!(names.len(), deal.placed.len());
        Ok(())
    }
}
