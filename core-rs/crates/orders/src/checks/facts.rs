//! What is known of a plan before it is sent, and what is allowed. A fact that is not known is none, and fails its check.

use crate::breaker::Permission;
use crate::control::Control;
use crossbook_trading::Decimal;

/// Both legs of a deal, or two orders that close one.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Milliseconds since 1970, as are all times here.
    pub now_ms: i64,
    /// Whether it only reduces what is held.
    pub is_reducing: bool,
    /// The highest level that holds for the legs' venues and their asset.
    pub control: Control,
    pub legs: [Leg; 2],
    pub opportunity: Opportunity,
    pub account: Account,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Leg {
    pub venue: String,
    /// Reconciled, with the private feed up.
    pub is_ready: bool,
    pub breaker: Permission,
    pub feed_age_ms: Option<i64>,
    pub clock_offset_ms: Option<i64>,
    /// How much the venue's clock and ours may differ by its rules.
    pub clock_window_ms: i64,
    pub market: Market,
    pub next_settlement_ms: Option<i64>,
    /// Whether the next funding is to be paid, or the venue takes no orders around it.
    pub is_settlement_bad: bool,
    /// None while the book is not live.
    pub book_age_ms: Option<i64>,
    /// Sizes in coins.
    pub size: Decimal,
    pub depth_within_bound: Decimal,
    pub least_size: Decimal,
    pub most_size: Decimal,
    /// Values in the currency of the limits.
    pub value: Decimal,
    pub least_value: Decimal,
    pub price: Decimal,
    /// What the venue takes now; None where it says nothing.
    pub price_limits: Option<(Decimal, Decimal)>,
    /// What would be free after the order, unrealised losses taken off.
    pub free_margin_after: Option<Decimal>,
    pub liquidation_distance_bps: Option<Decimal>,
    /// Whether leverage, margin mode and position mode are as they were set.
    pub is_mode_right: bool,
    /// At the worse end of what may be held.
    pub position_value_after: Decimal,
    pub venue_value_after: Decimal,
    /// Requests that the venue's budgets still take.
    pub requests_left: u32,
    /// Whether the venue lets the account only reduce, or is near to it.
    pub is_locked: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Market {
    Trading,
    /// It will end, or the venue says so.
    ReduceOnly,
    Halted,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Opportunity {
    pub is_open: bool,
    /// When it was told.
    pub told_ms: i64,
    /// Net, reckoned anew from both books with the account's fees.
    pub edge_bps: Decimal,
    /// Price of leg 1 by the price of leg 0.
    pub price_ratio: Decimal,
    /// Whether there is an intent for it already.
    pub is_taken: bool,
    pub pair_cools_until_ms: i64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub open_deals: u32,
    pub orders_last_minute: u32,
    /// At the worse ends, after the plan.
    pub asset_value_after: Decimal,
    pub gross_value_after: Decimal,
    pub unhedged_value_after: Decimal,
    /// Positive where it was lost; None while it is not known.
    pub lost_today: Option<Decimal>,
    pub lost_this_week: Option<Decimal>,
    /// Whether orders of both legs could meet each other.
    pub could_trade_with_itself: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    pub feed_age_ms: i64,
    pub quiet_ms: i64,
    pub opportunity_age_ms: i64,
    pub book_age_ms: i64,
    pub least_edge_bps: Decimal,
    pub most_edge_bps: Decimal,
    /// How far the ratio of prices may be from 1.
    pub ratio_off: Decimal,
    /// The part of the depth that may be taken.
    pub depth_part: Decimal,
    pub margin_buffer: Decimal,
    pub liquidation_distance_bps: Decimal,
    pub position_value: Decimal,
    pub venue_value: Decimal,
    pub asset_value: Decimal,
    pub gross_value: Decimal,
    pub unhedged_value: Decimal,
    pub day_loss: Decimal,
    pub week_loss: Decimal,
    pub open_deals: u32,
    pub orders_per_minute: u32,
    /// For an order and what undoes it.
    pub requests_per_leg: u32,
}
