//! What an opportunity lacks of an OpportunityFilter, by what is told of its legs, its sizes, its life and its names.

use crossbook_wire::{Leg, LegDepth, LegFacts, Opportunity, OpportunityFilter, SizedEdge, Sizing, Time};

const SECOND_NS: f64 = 1e9;
const BPS: f64 = 1e4;

/// What is asked for, what there is of it, and the least; None where it is not known.
type Figure = (String, Option<f64>, f64);

/// In words; empty when it passes at this moment.
pub fn shortfalls(wanted: &OpportunityFilter, found: &Opportunity, at_ns: i64) -> Vec<String> {
    let (no_leg, no_sizing) = (Leg::default(), Sizing::default());
    let (buy, sell) = (found.buy.as_ref().unwrap_or(&no_leg), found.sell.as_ref().unwrap_or(&no_leg));
    let sizing = found.sizing.as_ref().unwrap_or(&no_sizing);
    let mut lacks = excluded(wanted, found, [&buy.venue, &sell.venue]);
    let lived_ns = found.open_time.map(|opened| at_ns - Time::ns_of(Some(opened)));
    if wanted.min_life.is_some_and(|least| lived_ns.is_none_or(|lived| lived < Time::ns_of(Some(least)))) {
        lacks.push("it has not lived for long enough".to_owned());
    }
    let legs = [(buy, sizing.buy.as_ref(), 1.0), (sell, sizing.sell.as_ref(), -1.0)];
    let of_legs = legs.into_iter().flat_map(|(leg, depth, sign)| {
        of_facts(wanted, leg, at_ns).into_iter().chain(of_depth(wanted, leg, depth, sizing, sign))
    });
    let held = wanted.min_held_net_percent.map(|least| {
        ("the net after funding".to_owned(), found.holding.as_ref().and_then(|held| held.net_percent), least)
    });
    lacks.extend(
        of_sizes(wanted, sizing).into_iter().chain(held).chain(of_legs).filter_map(|figure| lack(wanted, figure)),
    );
    lacks
}

fn excluded(wanted: &OpportunityFilter, found: &Opportunity, venues: [&String; 2]) -> Vec<String> {
    let venues = venues.into_iter().filter(|venue| wanted.excluded_venues.contains(venue));
    let asset = Some(&found.asset).filter(|asset| wanted.excluded_assets.contains(asset));
    venues.chain(asset).map(|name| format!("{name} is excluded")).collect()
}

fn lack(wanted: &OpportunityFilter, (name, had, least): Figure) -> Option<String> {
    match had {
        None => (!wanted.passes_unknown).then(|| format!("{name} is not known")),
        Some(had) => (had < least).then(|| format!("{name} {had:.2} is below {least}")),
    }
}

fn of_sizes(wanted: &OpportunityFilter, sizing: &Sizing) -> Vec<Figure> {
    let money = |sized: Option<SizedEdge>, of: fn(&SizedEdge) -> f64| {
        let sized = sized.filter(|_| sizing.unknown_reason == 0)?;
        Some(if sized.refusal == 0 { of(&sized) } else { 0.0 })
    };
    let orders = wanted
        .min_sized_notional
        .map(|least| ("what can be ordered".to_owned(), money(sizing.largest, |sized| sized.buy_notional), least));
    let profit = wanted
        .min_profit
        .map(|least| ("the highest profit".to_owned(), money(sizing.most_profitable, |sized| sized.profit), least));
    orders.into_iter().chain(profit).collect()
}

fn of_facts(wanted: &OpportunityFilter, leg: &Leg, at_ns: i64) -> Vec<Figure> {
    let (facts, venue) = (leg.facts.unwrap_or_default(), &leg.venue);
    let within = wanted.no_funding_within.map(|within| Time::ns_of(Some(within)) as f64 / SECOND_NS);
    let asked = [
        ("volume of 24 hours", facts.volume_24h, wanted.min_volume_24h),
        ("open interest", facts.open_interest, wanted.min_open_interest),
        ("time to funding", seconds_to_funding(&facts, at_ns), within),
    ];
    asked.into_iter().filter_map(|(name, had, least)| Some((format!("{venue}'s {name}"), had, least?))).collect()
}

fn seconds_to_funding(facts: &LegFacts, at_ns: i64) -> Option<f64> {
    if facts.is_funding_continuous {
        return Some(0.0);
    }
    facts.next_funding_time.map(|next| (Time::ns_of(Some(next)) - at_ns) as f64 / SECOND_NS)
}

/// What a leg's side holds near its best price; `sign` is 1 where prices rise from level to level.
fn of_depth(
    wanted: &OpportunityFilter,
    leg: &Leg,
    depth: Option<&LegDepth>,
    sizing: &Sizing,
    sign: f64,
) -> Option<Figure> {
    let least = wanted.min_depth?;
    let known = depth.filter(|depth| depth.age.is_some() && sizing.unknown_reason == 0);
    let had = known.and_then(|depth| {
        let last = leg.price * (1.0 + sign * wanted.depth_within_bps / BPS);
        let levels = depth.level_prices.iter().zip(&depth.level_sizes);
        let money: f64 =
            levels.filter(|(price, _)| sign * **price <= sign * last).map(|(price, size)| price * size).sum();
        let is_whole = sign * depth.horizon_price >= sign * last;
        (is_whole || money >= least).then_some(money)
    });
    Some((format!("{}'s depth within {} bps", leg.venue, wanted.depth_within_bps), had, least))
}

#[cfg(test)]
mod tests {
    use super::super::selection::testing::{NOW_NS, found};
    use super::*;

    fn passes(wanted: &OpportunityFilter) -> bool {
        shortfalls(wanted, &found(), NOW_NS).is_empty()
    }

    fn seconds(seconds: i64) -> Option<Time> {
        Some(Time { seconds, nanos: 0 })
    }

    #[test]
    fn every_condition_at_its_limit() {
        let filter = OpportunityFilter::default;
        let limits: [(OpportunityFilter, OpportunityFilter); 8] = [
            (
                OpportunityFilter { min_held_net_percent: Some(-0.5), ..filter() },
                OpportunityFilter { min_held_net_percent: Some(-0.4), ..filter() },
            ),
            (
                OpportunityFilter { min_volume_24h: Some(1e6), ..filter() },
                OpportunityFilter { min_volume_24h: Some(1e6 + 1.0), ..filter() },
            ),
            (
                OpportunityFilter { min_open_interest: Some(5e5), ..filter() },
                OpportunityFilter { min_open_interest: Some(5e5 + 1.0), ..filter() },
            ),
            (
                OpportunityFilter { min_life: seconds(5), ..filter() },
                OpportunityFilter { min_life: seconds(6), ..filter() },
            ),
            (
                OpportunityFilter { no_funding_within: seconds(600), ..filter() },
                OpportunityFilter { no_funding_within: seconds(601), ..filter() },
            ),
            (
                OpportunityFilter { min_sized_notional: Some(2000.0), ..filter() },
                OpportunityFilter { min_sized_notional: Some(2000.5), ..filter() },
            ),
            (
                OpportunityFilter { min_profit: Some(7.0), ..filter() },
                OpportunityFilter { min_profit: Some(7.5), ..filter() },
            ),
            (
                OpportunityFilter { excluded_venues: vec!["mexc".to_owned()], ..filter() },
                OpportunityFilter { excluded_venues: vec!["dear".to_owned()], ..filter() },
            ),
        ];
        for (at, beyond) in limits {
            assert!(passes(&at) && !passes(&beyond), "{at:?} {beyond:?}");
        }
        assert!(!passes(&OpportunityFilter { excluded_assets: vec!["BTC".to_owned()], ..filter() }));
    }

    #[test]
    fn depth_counts_the_levels_within_and_more_than_is_known_of_is_not_known() {
        let within = |bps, least| OpportunityFilter {
            min_depth: Some(least),
            depth_within_bps: bps,
            ..OpportunityFilter::default()
        };
        // Asks 100 x 10, 100.1 x 20; bids 102 x 10, 101.9 x 20. Ten basis points of 100 are 0.1.
        assert!(passes(&within(10.0, 3000.0)) && passes(&within(9.0, 1000.0)));
        let told = |wanted: &OpportunityFilter| shortfalls(wanted, &found(), NOW_NS);
        assert!(told(&within(9.0, 1001.0))[0].contains("cheap's depth within 9 bps 1000.00 is below 1001"));
        assert_eq!(told(&within(20.0, 3003.0))[0], "cheap's depth within 20 bps is not known");
        let may = OpportunityFilter { passes_unknown: true, ..within(20.0, 9e9) };
        assert!(passes(&may) && !passes(&OpportunityFilter { depth_within_bps: 9.0, ..may }));
    }

    #[test]
    fn what_is_not_told_passes_only_where_it_may() {
        let bare = Opportunity { asset: "BTC".to_owned(), ..Opportunity::default() };
        let all = OpportunityFilter {
            min_volume_24h: Some(0.0),
            min_open_interest: Some(0.0),
            no_funding_within: seconds(0),
            min_sized_notional: Some(0.0),
            min_profit: Some(0.0),
            min_depth: Some(0.0),
            min_held_net_percent: Some(0.0),
            depth_within_bps: 1.0,
            ..OpportunityFilter::default()
        };
        let lacks = shortfalls(&all, &bare, NOW_NS);
        assert_eq!((lacks.len(), lacks.iter().all(|lack| lack.ends_with("is not known"))), (11, true), "{lacks:?}");
        assert!(shortfalls(&OpportunityFilter { passes_unknown: true, ..all }, &bare, NOW_NS).is_empty());
        let lived = OpportunityFilter { min_life: seconds(0), passes_unknown: true, ..OpportunityFilter::default() };
        assert_eq!(shortfalls(&lived, &bare, NOW_NS).len(), 1, "what no lifecycle follows has no life");
    }

    #[test]
    fn funding_that_accrues_is_paid_now_and_a_size_that_is_refused_is_none() {
        let mut one = found();
        one.buy.as_mut().unwrap().facts.as_mut().unwrap().is_funding_continuous = true;
        one.sizing.as_mut().unwrap().largest.as_mut().unwrap().refusal = 16;
        let wanted = OpportunityFilter {
            no_funding_within: seconds(1),
            min_sized_notional: Some(1.0),
            ..OpportunityFilter::default()
        };
        let lacks = shortfalls(&wanted, &one, NOW_NS);
        assert_eq!(lacks, ["what can be ordered 0.00 is below 1", "cheap's time to funding 0.00 is below 1"]);
    }
}
