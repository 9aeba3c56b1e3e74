//! Whether a plan may be sent: every check is made of both legs before either is sent, and each says what it saw and what is
//! allowed, so that a refusal can be explained. What only reduces passes what is there to keep risk from growing.

mod facts;

pub use facts::{Account, Leg, Limits, Market, Opportunity, Plan};

use crate::breaker::Permission;
use crate::control::Control;
use crossbook_trading::Decimal;
use std::fmt::Display;

/// What a check is about; its word is counted and told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    Control,
    NotReady,
    BreakerOpen,
    FeedSilent,
    Clock,
    NotLive,
    QuietTime,
    Identity,
    Gone,
    Stale,
    BookStale,
    Edge,
    TooGood,
    Depth,
    MinSize,
    MaxSize,
    MinNotional,
    PriceLimit,
    Margin,
    Liquidation,
    PositionLimit,
    VenueLimit,
    AssetLimit,
    GrossLimit,
    Unhedged,
    Mode,
    Budget,
    Locked,
    Duplicate,
    CoolDown,
    DayLoss,
    WeekLoss,
    OpenDeals,
    OrderRate,
    SelfTrade,
}

impl Reason {
    pub fn word(self) -> &'static str {
        match self {
            Self::Control => "CONTROL",
            Self::NotReady => "NOT_READY",
            Self::BreakerOpen => "BREAKER_OPEN",
            Self::FeedSilent => "FEED_SILENT",
            Self::Clock => "CLOCK",
            Self::NotLive => "NOT_LIVE",
            Self::QuietTime => "QUIET_TIME",
            Self::Identity => "IDENTITY",
            Self::Gone => "GONE",
            Self::Stale => "STALE",
            Self::BookStale => "BOOK_STALE",
            Self::Edge => "EDGE",
            Self::TooGood => "TOO_GOOD",
            Self::Depth => "DEPTH",
            Self::MinSize => "MIN_SIZE",
            Self::MaxSize => "MAX_SIZE",
            Self::MinNotional => "MIN_NOTIONAL",
            Self::PriceLimit => "PRICE_LIMIT",
            Self::Margin => "MARGIN",
            Self::Liquidation => "LIQUIDATION",
            Self::PositionLimit => "POSITION_LIMIT",
            Self::VenueLimit => "VENUE_LIMIT",
            Self::AssetLimit => "ASSET_LIMIT",
            Self::GrossLimit => "GROSS_LIMIT",
            Self::Unhedged => "UNHEDGED",
            Self::Mode => "MODE",
            Self::Budget => "BUDGET",
            Self::Locked => "LOCKED",
            Self::Duplicate => "DUPLICATE",
            Self::CoolDown => "COOL_DOWN",
            Self::DayLoss => "DAY_LOSS",
            Self::WeekLoss => "WEEK_LOSS",
            Self::OpenDeals => "OPEN_DEALS",
            Self::OrderRate => "ORDER_RATE",
            Self::SelfTrade => "SELF_TRADE",
        }
    }

    /// What keeps risk from growing. An order that only reduces is asked but for what its venue would refuse it for.
    fn is_of_new_risk(self) -> bool {
        !matches!(self, Self::Clock | Self::NotLive | Self::QuietTime | Self::PriceLimit | Self::Mode | Self::Budget)
    }
}

/// One check: what was seen, and what is allowed.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub reason: Reason,
    /// None where it is about both.
    pub leg: Option<usize>,
    pub is_passed: bool,
    pub seen: String,
    pub allowed: String,
}

/// All checks that the plan is subject to, passed or not.
pub fn checked(plan: &Plan, limits: &Limits) -> Vec<Finding> {
    let mut checks = Checks { is_reducing: plan.is_reducing, found: Vec::new() };
    checks.whole(plan, limits);
    checks.account(&plan.account, limits);
    for (index, leg) in plan.legs.iter().enumerate() {
        checks.venue(index, leg, plan, limits);
        checks.size(index, leg, limits);
        checks.margin(index, leg, limits);
    }
    checks.found
}

/// Why the plan may not be sent; empty where it may.
pub fn refusals(plan: &Plan, limits: &Limits) -> Vec<Finding> {
    checked(plan, limits).into_iter().filter(|finding| !finding.is_passed).collect()
}

struct Checks {
    is_reducing: bool,
    found: Vec<Finding>,
}

impl Checks {
    fn need(&mut self, reason: Reason, leg: Option<usize>, is_passed: bool, seen: impl Display, allowed: impl Display) {
        if self.is_reducing && reason.is_of_new_risk() {
            return;
        }
        self.found.push(Finding { reason, leg, is_passed, seen: seen.to_string(), allowed: allowed.to_string() });
    }

    fn most<T: Display + PartialOrd>(&mut self, reason: Reason, leg: Option<usize>, seen: T, allowed: T) {
        self.need(reason, leg, seen <= allowed, &seen, format!("at most {allowed}"));
    }

    fn least<T: Display + PartialOrd>(&mut self, reason: Reason, leg: Option<usize>, seen: T, allowed: T) {
        self.need(reason, leg, seen >= allowed, &seen, format!("at least {allowed}"));
    }

    /// What is not known is not allowed.
    fn known_most<T: Display + PartialOrd>(&mut self, reason: Reason, leg: Option<usize>, seen: Option<T>, allowed: T) {
        match seen {
            Some(seen) => self.most(reason, leg, seen, allowed),
            None => self.need(reason, leg, false, "unknown", format!("at most {allowed}")),
        }
    }

    fn known_least<T: Display + PartialOrd>(
        &mut self,
        reason: Reason,
        leg: Option<usize>,
        seen: Option<T>,
        allowed: T,
    ) {
        match seen {
            Some(seen) => self.least(reason, leg, seen, allowed),
            None => self.need(reason, leg, false, "unknown", format!("at least {allowed}")),
        }
    }

    fn whole(&mut self, plan: &Plan, limits: &Limits) {
        let Plan { now_ms, control, legs, opportunity, .. } = plan;
        self.need(Reason::Control, None, *control == Control::Run, format!("{control:?}"), "Run");
        let off = opportunity.price_ratio.checked_sub(Decimal::ONE).map(|off| off.abs());
        self.known_most(Reason::Identity, None, off, limits.ratio_off);
        self.need(Reason::Gone, None, opportunity.is_open, "ended", "open");
        self.most(Reason::Stale, None, now_ms - opportunity.told_ms, limits.opportunity_age_ms);
        self.least(Reason::Edge, None, opportunity.edge_bps, limits.least_edge_bps);
        self.most(Reason::TooGood, None, opportunity.edge_bps, limits.most_edge_bps);
        self.need(Reason::Duplicate, None, !opportunity.is_taken, "an intent is there", "none");
        self.most(Reason::CoolDown, None, opportunity.pair_cools_until_ms, *now_ms);
        let could_meet = plan.account.could_trade_with_itself || legs[0].venue == legs[1].venue;
        self.need(Reason::SelfTrade, None, !could_meet, "both legs could meet", "they cannot");
    }

    fn account(&mut self, account: &Account, limits: &Limits) {
        self.most(Reason::AssetLimit, None, account.asset_value_after, limits.asset_value);
        self.most(Reason::GrossLimit, None, account.gross_value_after, limits.gross_value);
        self.most(Reason::Unhedged, None, account.unhedged_value_after, limits.unhedged_value);
        self.known_most(Reason::DayLoss, None, account.lost_today, limits.day_loss);
        self.known_most(Reason::WeekLoss, None, account.lost_this_week, limits.week_loss);
        self.need(
            Reason::OpenDeals,
            None,
            account.open_deals < limits.open_deals,
            account.open_deals,
            format!("less than {}", limits.open_deals),
        );
        self.most(Reason::OrderRate, None, account.orders_last_minute.saturating_add(2), limits.orders_per_minute);
    }

    fn venue(&mut self, index: usize, leg: &Leg, plan: &Plan, limits: &Limits) {
        let on = Some(index);
        self.need(Reason::NotReady, on, leg.is_ready, "not ready", "ready");
        self.need(
            Reason::BreakerOpen,
            on,
            leg.breaker != Permission::Nothing,
            format!("{:?}", leg.breaker),
            "Any or Smallest",
        );
        self.known_most(Reason::FeedSilent, on, leg.feed_age_ms, limits.feed_age_ms);
        self.known_most(Reason::Clock, on, leg.clock_offset_ms.map(i64::abs), leg.clock_window_ms / 2);
        let trades = leg.market == Market::Trading || (plan.is_reducing && leg.market == Market::ReduceOnly);
        self.need(Reason::NotLive, on, trades, format!("{:?}", leg.market), "Trading");
        let wait_ms = leg.next_settlement_ms.map_or(i64::MAX, |at_ms| (at_ms - plan.now_ms).abs());
        self.need(
            Reason::QuietTime,
            on,
            !leg.is_settlement_bad || wait_ms > limits.quiet_ms,
            wait_ms,
            format!("more than {}", limits.quiet_ms),
        );
        self.known_most(Reason::BookStale, on, leg.book_age_ms, limits.book_age_ms);
        self.need(Reason::Mode, on, leg.is_mode_right, "otherwise", "as it was set");
        self.least(Reason::Budget, on, leg.requests_left, limits.requests_per_leg);
        self.need(Reason::Locked, on, !leg.is_locked, "only reduces", "free");
    }

    fn size(&mut self, index: usize, leg: &Leg, limits: &Limits) {
        let on = Some(index);
        self.known_most(
            Reason::Depth,
            on,
            Some(leg.size),
            leg.depth_within_bound.checked_mul(limits.depth_part).unwrap_or_default(),
        );
        self.least(Reason::MinSize, on, leg.size, leg.least_size);
        self.most(Reason::MaxSize, on, leg.size, leg.most_size);
        self.least(Reason::MinNotional, on, leg.value, leg.least_value);
        if let Some((low, high)) = leg.price_limits {
            self.need(Reason::PriceLimit, on, (low..=high).contains(&leg.price), leg.price, format!("{low} to {high}"));
        }
    }

    fn margin(&mut self, index: usize, leg: &Leg, limits: &Limits) {
        let on = Some(index);
        self.known_least(Reason::Margin, on, leg.free_margin_after, limits.margin_buffer);
        self.known_least(Reason::Liquidation, on, leg.liquidation_distance_bps, limits.liquidation_distance_bps);
        self.most(Reason::PositionLimit, on, leg.position_value_after, limits.position_value);
        self.most(Reason::VenueLimit, on, leg.venue_value_after, limits.venue_value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i64) -> Decimal {
        Decimal::from(value)
    }

    fn leg(venue: &str) -> Leg {
        Leg {
            venue: venue.to_string(),
            is_ready: true,
            breaker: Permission::Any,
            feed_age_ms: Some(100),
            clock_offset_ms: Some(-20),
            clock_window_ms: 5000,
            market: Market::Trading,
            next_settlement_ms: None,
            is_settlement_bad: false,
            book_age_ms: Some(50),
            size: number(1),
            depth_within_bound: number(2),
            least_size: number(1),
            most_size: number(100),
            value: number(100),
            least_value: number(10),
            price: number(100),
            price_limits: Some((number(90), number(110))),
            free_margin_after: Some(number(50)),
            liquidation_distance_bps: Some(number(3000)),
            is_mode_right: true,
            position_value_after: number(100),
            venue_value_after: number(100),
            requests_left: 4,
            is_locked: false,
        }
    }

    fn plan() -> Plan {
        Plan {
            now_ms: 10_000,
            is_reducing: false,
            control: Control::Run,
            legs: [leg("here"), leg("there")],
            opportunity: Opportunity {
                is_open: true,
                told_ms: 9_900,
                edge_bps: number(10),
                price_ratio: Decimal::new(1001, 3),
                is_taken: false,
                pair_cools_until_ms: 0,
            },
            account: Account {
                open_deals: 2,
                orders_last_minute: 8,
                asset_value_after: number(200),
                gross_value_after: number(200),
                unhedged_value_after: number(100),
                lost_today: Some(number(-5)),
                lost_this_week: Some(number(5)),
                could_trade_with_itself: false,
            },
        }
    }

    fn limits() -> Limits {
        Limits {
            feed_age_ms: 5000,
            quiet_ms: 15_000,
            opportunity_age_ms: 500,
            book_age_ms: 500,
            least_edge_bps: number(5),
            most_edge_bps: number(300),
            ratio_off: Decimal::new(5, 2),
            depth_part: Decimal::new(5, 1),
            margin_buffer: number(20),
            liquidation_distance_bps: number(1000),
            position_value: number(500),
            venue_value: number(500),
            asset_value: number(500),
            gross_value: number(500),
            unhedged_value: number(200),
            day_loss: number(50),
            week_loss: number(100),
            open_deals: 3,
            orders_per_minute: 10,
            requests_per_leg: 2,
        }
    }

    /// A change of the plan, and the one refusal that must come of it.
    type Case = (Reason, Option<usize>, fn(&mut Plan));

    const CASES: &[Case] = &[
        (Reason::Control, None, |plan| plan.control = Control::Pause),
        (Reason::Identity, None, |plan| plan.opportunity.price_ratio = Decimal::from(10)),
        (Reason::Gone, None, |plan| plan.opportunity.is_open = false),
        (Reason::Stale, None, |plan| plan.opportunity.told_ms = 9_200),
        (Reason::Edge, None, |plan| plan.opportunity.edge_bps = Decimal::from(4)),
        (Reason::TooGood, None, |plan| plan.opportunity.edge_bps = Decimal::from(900)),
        (Reason::Duplicate, None, |plan| plan.opportunity.is_taken = true),
        (Reason::CoolDown, None, |plan| plan.opportunity.pair_cools_until_ms = 10_001),
        (Reason::SelfTrade, None, |plan| plan.account.could_trade_with_itself = true),
        (Reason::SelfTrade, None, |plan| plan.legs[1].venue = "here".to_string()),
        (Reason::AssetLimit, None, |plan| plan.account.asset_value_after = Decimal::from(501)),
        (Reason::GrossLimit, None, |plan| plan.account.gross_value_after = Decimal::from(501)),
        (Reason::Unhedged, None, |plan| plan.account.unhedged_value_after = Decimal::from(201)),
        (Reason::DayLoss, None, |plan| plan.account.lost_today = None),
        (Reason::DayLoss, None, |plan| plan.account.lost_today = Some(Decimal::from(51))),
        (Reason::WeekLoss, None, |plan| plan.account.lost_this_week = Some(Decimal::from(101))),
        (Reason::OpenDeals, None, |plan| plan.account.open_deals = 3),
        (Reason::OrderRate, None, |plan| plan.account.orders_last_minute = 9),
        (Reason::NotReady, Some(1), |plan| plan.legs[1].is_ready = false),
        (Reason::BreakerOpen, Some(1), |plan| plan.legs[1].breaker = Permission::Nothing),
        (Reason::FeedSilent, Some(0), |plan| plan.legs[0].feed_age_ms = None),
        (Reason::Clock, Some(1), |plan| plan.legs[1].clock_offset_ms = Some(-2501)),
        (Reason::NotLive, Some(0), |plan| plan.legs[0].market = Market::ReduceOnly),
        (Reason::QuietTime, Some(1), |plan| {
            plan.legs[1].is_settlement_bad = true;
            plan.legs[1].next_settlement_ms = Some(20_000);
        }),
        (Reason::BookStale, Some(1), |plan| plan.legs[1].book_age_ms = None),
        (Reason::Depth, Some(1), |plan| plan.legs[1].depth_within_bound = Decimal::ONE),
        (Reason::MinSize, Some(1), |plan| plan.legs[1].least_size = Decimal::TWO),
        (Reason::MaxSize, Some(0), |plan| plan.legs[0].most_size = Decimal::ZERO),
        (Reason::MinNotional, Some(1), |plan| plan.legs[1].value = Decimal::from(8)),
        (Reason::PriceLimit, Some(0), |plan| plan.legs[0].price = Decimal::from(111)),
        (Reason::Margin, Some(1), |plan| plan.legs[1].free_margin_after = Some(Decimal::from(19))),
        (Reason::Liquidation, Some(1), |plan| plan.legs[1].liquidation_distance_bps = None),
        (Reason::PositionLimit, Some(0), |plan| plan.legs[0].position_value_after = Decimal::from(501)),
        (Reason::VenueLimit, Some(0), |plan| plan.legs[0].venue_value_after = Decimal::from(501)),
        (Reason::Mode, Some(0), |plan| plan.legs[0].is_mode_right = false),
        (Reason::Budget, Some(1), |plan| plan.legs[1].requests_left = 1),
        (Reason::Locked, Some(1), |plan| plan.legs[1].is_locked = true),
    ];

    #[test]
    fn a_plan_within_all_limits_passes_every_check_and_each_says_what_it_saw() {
        let found = checked(&plan(), &limits());
        assert!(found.iter().all(|finding| finding.is_passed), "{:?}", refusals(&plan(), &limits()));
        assert!(found.iter().all(|finding| !finding.seen.is_empty() && !finding.allowed.is_empty()));
    }

    #[test]
    fn each_limit_refuses_by_its_own_reason_and_names_the_leg() {
        for (reason, leg, change) in CASES {
            let mut plan = plan();
            change(&mut plan);
            let refused: Vec<_> =
                refusals(&plan, &limits()).into_iter().map(|found| (found.reason, found.leg)).collect();
            assert_eq!(refused, [(*reason, *leg)], "{}", reason.word());
        }
    }

    #[test]
    fn every_check_that_is_made_is_tried_above() {
        for finding in checked(&plan(), &limits()) {
            assert!(CASES.iter().any(|(reason, ..)| *reason == finding.reason), "{}", finding.reason.word());
        }
        let words: std::collections::HashSet<_> = CASES.iter().map(|(reason, ..)| reason.word()).collect();
        let reasons: std::collections::HashSet<_> = CASES.iter().map(|(reason, ..)| reason).collect();
        assert_eq!(words.len(), reasons.len(), "no two have one word");
    }

    #[test]
    fn what_reduces_passes_whatever_keeps_risk_from_growing() {
        let mut plan = plan();
        plan.is_reducing = true;
        for (reason, _, change) in
            CASES.iter().filter(|(reason, ..)| reason.is_of_new_risk() || *reason == Reason::NotLive)
        {
            change(&mut plan);
            assert_eq!(refusals(&plan, &limits()), [], "{}", reason.word());
        }
        plan.legs[0].market = Market::Halted;
        assert_eq!(refusals(&plan, &limits())[0].reason, Reason::NotLive);
    }

    #[test]
    fn funding_that_is_received_and_far_off_quiets_nothing() {
        let mut plan = plan();
        plan.legs[0].next_settlement_ms = Some(10_001);
        plan.legs[1].is_settlement_bad = true;
        plan.legs[1].next_settlement_ms = Some(25_001);
        assert_eq!(refusals(&plan, &limits()), []);
    }
}
