//! What a position costs to hold: funding until a horizon, by payments that are really crossed.
//!
//! A rate times a time would be wrong on both sides of a payment: who leaves a minute before it pays nothing, who leaves a
//! minute after it pays all of it. Where funding accrues all the time, the time is what counts. What is not known is named, never
//! guessed; it counts as none only by a setting, and is then named as assumed.

use crossbook_wire::{HoldingCosts, LegFacts, Opportunity, Time};

/// Until when a position is held, from now on, and whether what is not known counts as none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    pub ns: i64,
    pub assumes_no_funding: bool,
}

/// Of a long position, in percent of its notional; negative when it is paid. No payments where it accrues all the time.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Funding {
    percent: f64,
    payments: u32,
}

/// Of being long on one venue and short on the other, by what is told of the legs.
pub fn holding_costs(found: &Opportunity, horizon: Horizon, at_ns: i64) -> HoldingCosts {
    let mut costs = HoldingCosts { horizon: Some(Time::from_ns(horizon.ns)), ..HoldingCosts::default() };
    let price = |leg: &Option<crossbook_wire::Leg>| leg.as_ref().map_or(0.0, |leg| leg.price);
    let (ask, bid) = (price(&found.buy), price(&found.sell));
    let rate = found.conversion.as_ref().map_or(1.0, |conversion| conversion.rate);
    let ratio = if ask > 0.0 && rate > 0.0 { bid * rate / ask } else { 1.0 };
    let held = [&found.buy, &found.sell].map(|leg| {
        let (venue, facts) = leg.as_ref().map_or(("", None), |leg| (leg.venue.as_str(), leg.facts));
        let held = funding_until(&facts.unwrap_or_default(), at_ns, horizon.ns);
        held.map_err(|name| costs.unknown.push(format!("{venue} {name}"))).ok()
    });
    if let Some(buy) = held[0] {
        (costs.buy_funding_percent, costs.buy_payments) = (Some(buy.percent), buy.payments);
    }
    if let Some(sell) = held[1] {
        (costs.sell_funding_percent, costs.sell_payments) = (Some(-sell.percent * ratio), sell.payments);
    }
    if horizon.assumes_no_funding {
        costs.assumed.clone_from(&costs.unknown);
    }
    if horizon.assumes_no_funding || costs.unknown.is_empty() {
        let funding = costs.buy_funding_percent.unwrap_or(0.0) + costs.sell_funding_percent.unwrap_or(0.0);
        costs.net_percent = Some(found.costs.map_or(0.0, |costs| costs.net_percent) - funding);
    }
    costs
}

/// What a long position held from now on pays, or the name of what is not known.
fn funding_until(facts: &LegFacts, at_ns: i64, horizon_ns: i64) -> Result<Funding, &'static str> {
    let rate = facts.funding_rate_percent.ok_or("funding rate")?;
    let interval_ns = Time::ns_of(facts.funding_interval);
    if interval_ns <= 0 {
        return Err("funding interval");
    }
    if facts.is_funding_continuous {
        return Ok(Funding { percent: rate * (horizon_ns as f64 / interval_ns as f64), payments: 0 });
    }
    let mut next_ns = Time::ns_of(Some(facts.next_funding_time.ok_or("time of the next funding")?));
    if next_ns <= at_ns {
        next_ns += ((at_ns - next_ns) / interval_ns + 1) * interval_ns; // that payment is made
    }
    let end_ns = at_ns + horizon_ns;
    let payments = if next_ns <= end_ns { (end_ns - next_ns) / interval_ns + 1 } else { 0 };
    let later = facts.predicted_funding_rate_percent.unwrap_or(rate);
    let percent = rate * payments.min(1) as f64 + later * (payments - 1).max(0) as f64;
    Ok(Funding { percent, payments: payments as u32 })
}

#[cfg(test)]
mod tests {
    use crossbook_wire::{Leg, SpreadCosts};

    use super::*;

    const SECOND_NS: i64 = 1_000_000_000;
    const HOUR_NS: i64 = 3_600 * SECOND_NS;
    const NOW_NS: i64 = 1_800_000_000 * SECOND_NS;

    fn facts(rate: f64, next_in_ns: i64, interval_hours: i64) -> LegFacts {
        LegFacts {
            funding_rate_percent: Some(rate),
            funding_interval: Some(Time::from_ns(interval_hours * HOUR_NS)),
            next_funding_time: Some(Time::from_ns(NOW_NS + next_in_ns)),
            ..LegFacts::default()
        }
    }

    fn payments(next_in_ns: i64, interval_hours: i64, horizon_ns: i64) -> u32 {
        funding_until(&facts(1.0, next_in_ns, interval_hours), NOW_NS, horizon_ns).unwrap().payments
    }

    #[test]
    fn payments_are_counted_that_are_really_crossed() {
        let hours = |hours: f64| (hours * HOUR_NS as f64) as i64;
        for (next, horizon, expected) in [
            (1.0, 0.9, 0),
            (1.0, 1.0, 1),
            (1.0, 8.9, 1),
            (1.0, 9.0, 2),
            (8.0, 24.0, 3),
            (0.0, 1.0, 0),
            (-1.0, 6.9, 0),
            (-1.0, 7.0, 1),
        ] {
            assert_eq!(payments(hours(next), 8, hours(horizon)), expected, "{next} {horizon}");
        }
    }

    #[test]
    fn the_count_is_that_of_a_clock_that_is_stepped() {
        let mut seed = 7_u64;
        let mut draw = |below: i64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as i64 % below
        };
        for _ in 0..1_000 {
            let (hours, first, horizon) = ([1, 2, 4, 8][draw(4) as usize], 1 + draw(28_799), 1 + draw(200_000));
            let crossed = (1..=horizon).filter(|now| *now >= first && (now - first) % (hours * 3_600) == 0).count();
            let counted = payments(first * SECOND_NS, hours, horizon * SECOND_NS);
            assert_eq!(counted as usize, crossed, "{hours} {first} {horizon}");
        }
    }

    #[test]
    fn what_accrues_is_paid_by_the_time_and_later_payments_are_at_the_prediction() {
        let accrues = LegFacts { is_funding_continuous: true, next_funding_time: None, ..facts(-0.08, 0, 8) };
        assert_eq!(funding_until(&accrues, NOW_NS, HOUR_NS), Ok(Funding { percent: -0.01, payments: 0 }));
        let predicted = LegFacts { predicted_funding_rate_percent: Some(0.5), ..facts(0.25, HOUR_NS, 8) };
        let held = funding_until(&predicted, NOW_NS, 20 * HOUR_NS);
        assert_eq!(held, Ok(Funding { percent: 1.25, payments: 3 }));
    }

    fn pair(buy: Option<LegFacts>, sell: Option<LegFacts>) -> Opportunity {
        let leg = |venue: &str, price, facts| Leg { venue: venue.to_owned(), price, facts, ..Leg::default() };
        let costs =
            SpreadCosts { gross_percent: 1.0, entry_fees_percent: 0.0, exit_fees_percent: 0.0, net_percent: 1.0 };
        Opportunity {
            buy: Some(leg("cheap", 100.0, buy)),
            sell: Some(leg("dear", 200.0, sell)),
            costs: Some(costs),
            ..Opportunity::default()
        }
    }

    fn held(pair: &Opportunity, assumes_no_funding: bool) -> HoldingCosts {
        holding_costs(pair, Horizon { ns: 8 * HOUR_NS, assumes_no_funding }, NOW_NS)
    }

    #[test]
    fn the_long_pays_what_the_short_is_paid_of_its_own_notional() {
        let costs = held(&pair(Some(facts(0.25, HOUR_NS, 8)), Some(facts(0.5, HOUR_NS, 8))), false);
        assert_eq!((costs.buy_funding_percent, costs.sell_funding_percent), (Some(0.25), Some(-1.0)));
        assert_eq!((costs.buy_payments, costs.sell_payments, costs.net_percent), (1, 1, Some(1.75)));
    }

    #[test]
    fn what_is_unknown_is_named_and_there_is_no_net_unless_it_is_assumed() {
        let half = pair(Some(facts(0.25, HOUR_NS, 8)), None);
        let costs = held(&half, false);
        assert_eq!((costs.unknown.as_slice(), costs.net_percent), (&["dear funding rate".to_owned()][..], None));
        let costs = held(&half, true);
        assert_eq!((&costs.assumed, costs.net_percent), (&costs.unknown, Some(0.75)));
        let names = |facts| held(&pair(Some(facts), None), false).unknown.remove(0);
        assert_eq!(names(facts(0.25, HOUR_NS, 0)), "cheap funding interval");
        let timeless = LegFacts { next_funding_time: None, ..facts(0.25, 0, 8) };
        assert_eq!(names(timeless), "cheap time of the next funding");
    }
}
