//! What leaves the scanner, as the messages of arbitrage.proto.

use crossbook_wire as wire;

use crate::edge::SizedEdge;

use super::holding::holding_costs;
use super::leg_facts::LegFactsView;
use super::observation::schema as feature_schema;
use super::outlook::LifeOutlook;
use super::sanity::Sanity;
use super::sized::{DepthView, SizingView};
use super::sizing;
use super::views::{ConversionView, EventKind, LegView, OpportunityEvent, SpreadView};

impl SpreadView {
    /// The pair at a moment, from which the age of its rate counts.
    pub fn to_message(&self, at_ns: i64) -> wire::Opportunity {
        let costs = &self.costs;
        let mut message = wire::Opportunity {
            id: self.opportunity_id.clone(),
            asset: self.asset.clone(),
            buy: Some(self.buy.to_message(at_ns)),
            sell: Some(self.sell.to_message(at_ns)),
            costs: Some(wire::SpreadCosts {
                gross_percent: costs.gross_percent,
                entry_fees_percent: costs.entry_fees_percent,
                exit_fees_percent: costs.exit_fees_percent,
                net_percent: costs.net_percent,
            }),
            executable_size: self.executable_size,
            executable_notional: self.executable_size * self.buy.price,
            open_time: wire::Time::known(self.open_ns),
            peak_net_percent: self.peak_net_percent,
            conversion: self.conversion.as_ref().map(|conversion| conversion.to_message(at_ns)),
            sanity: Some(self.sanity.to_message()),
            life: self.life.as_ref().map(LifeOutlook::to_message),
            is_depegged: self.conversion.as_ref().is_some_and(|conversion| conversion.is_depegged),
            sizing: Some(self.sizing.to_message(at_ns)),
            dislocated_venue: self.dislocated_venue.clone(),
            dislocation_percent: self.dislocation_percent,
            holding: None,
        };
        message.holding = Some(holding_costs(&message, self.horizon, at_ns));
        message
    }
}

impl Sanity {
    fn to_message(self) -> wire::Sanity {
        wire::Sanity {
            score: self.score,
            venues: self.venues as i32,
            buy_outlier_percent: self.buy_outlier_percent,
            sell_outlier_percent: self.sell_outlier_percent,
            gap_percent: self.gap_percent,
            mean_gap_percent: self.mean_gap_percent,
            gap_deviation_percent: self.gap_deviation_percent,
            gap_z: self.gap_z,
        }
    }
}

impl SizingView {
    fn to_message(&self, at_ns: i64) -> wire::Sizing {
        let edge = self.edge.as_ref();
        let requested = edge.into_iter().flat_map(|edge| self.notionals.iter().zip(&edge.at_notionals));
        wire::Sizing {
            unknown_reason: self.unknown_reason.map_or(0, |reason| reason as i32),
            largest: edge.map(|edge| sized(&edge.largest, 0.0)),
            threshold_percent: self.threshold_percent,
            most_profitable: edge.map(|edge| sized(&edge.best, 0.0)),
            requested: requested.map(|(notional, at)| sized(at, *notional)).collect(),
            is_limited_by_depth: edge.is_some_and(|edge| edge.is_limited_by_depth),
            common_lot: edge.and_then(|edge| edge.common_lot).unwrap_or(0.0),
            buy: Some(self.buy.to_message(at_ns)),
            sell: Some(self.sell.to_message(at_ns)),
            unknown_limits: self.unknown_limits.iter().map(|name| (*name).to_owned()).collect(),
            assumed: self.assumed.iter().map(|name| (*name).to_owned()).collect(),
        }
    }
}

impl LifeOutlook {
    fn to_message(&self) -> wire::LifePrediction {
        let horizon = |(after_ns, alive, net_percent): &(i64, f64, f64)| wire::LifeHorizon {
            after: Some(wire::Time::from_ns(*after_ns)),
            alive_probability: *alive,
            net_percent: *net_percent,
            capture_percent: alive * net_percent,
        };
        match self {
            Self::Unknown(reason) => wire::LifePrediction { unknown: reason.clone(), ..Default::default() },
            Self::Known { model, horizons } => wire::LifePrediction {
                model: model.clone(),
                unknown: String::new(),
                horizons: horizons.iter().map(horizon).collect(),
            },
        }
    }
}

fn sized(edge: &SizedEdge, requested_notional: f64) -> wire::SizedEdge {
    wire::SizedEdge {
        size: edge.size,
        buy_notional: edge.buy_notional,
        sell_notional: edge.sell_notional,
        net_percent: edge.net_percent,
        profit: edge.profit,
        refusal: edge.refusal.map_or(0, |refusal| sizing::reason(refusal) as i32),
        requested_notional,
    }
}

impl DepthView {
    fn to_message(&self, at_ns: i64) -> wire::LegDepth {
        wire::LegDepth {
            age: (self.read_ns != 0).then(|| wire::Time::from_ns((at_ns - self.read_ns).max(0))),
            levels: self.levels.len() as u32,
            horizon_price: self.horizon_price(),
            known_size: self.known_size(),
            level_prices: self.levels.iter().map(|level| level.price).collect(),
            level_sizes: self.levels.iter().map(|level| level.size).collect(),
        }
    }
}

impl LegFactsView {
    /// None where nothing is known.
    fn to_message(&self, at_ns: i64) -> Option<wire::LegFacts> {
        let is_continuous = self.next_funding_ns == Some(0);
        (*self != Self::default()).then(|| wire::LegFacts {
            status: self.status.map_or(0, |status| status as i32),
            min_size: self.min_size,
            max_size: self.max_size,
            min_notional: self.min_notional,
            max_buy_price: self.max_price,
            min_sell_price: self.min_price,
            volume_24h: self.volume_24h,
            open_interest: self.open_interest,
            funding_rate_percent: self.funding_rate_percent,
            predicted_funding_rate_percent: self.predicted_funding_rate_percent,
            funding_interval: self.funding_interval_ns.map(wire::Time::from_ns),
            next_funding_time: self.next_funding_ns.and_then(wire::Time::known),
            is_funding_continuous: is_continuous,
            age: (self.oldest_ns != 0).then(|| wire::Time::from_ns((at_ns - self.oldest_ns).max(0))),
        })
    }
}

impl LegView {
    fn to_message(&self, at_ns: i64) -> wire::Leg {
        wire::Leg {
            venue: self.venue.clone(),
            symbol: self.symbol.clone(),
            price: self.price,
            size: self.size,
            taker_fee_percent: self.taker_fee_percent.unwrap_or(0.0),
            quote_currency: self.quote_currency.clone(),
            receive_time: wire::Time::known(self.receive_ns),
            facts: self.facts.to_message(at_ns),
        }
    }
}

impl ConversionView {
    fn to_message(&self, at_ns: i64) -> wire::Conversion {
        wire::Conversion {
            from_currency: self.from_currency.clone(),
            to_currency: self.to_currency.clone(),
            rate: if self.is_known { self.rate } else { 0.0 },
            age: (self.quote_ns != 0).then(|| wire::Time::from_ns((at_ns - self.quote_ns).max(0))),
            is_assumed: self.is_assumed,
        }
    }
}

impl OpportunityEvent {
    /// The event in the place that its log has given it.
    pub fn to_message(&self, resume_token: String) -> wire::OpportunityEvent {
        wire::OpportunityEvent {
            kind: self.kind as i32,
            opportunity: Some(self.spread.to_message(self.event_ns)),
            close_reason: self.close_reason.map_or(0, |reason| reason as i32),
            duration: (self.kind == EventKind::Closed).then(|| wire::Time::from_ns(self.duration_ns)),
            event_time: Some(wire::Time::from_ns(self.event_ns)),
            cause_time: Some(wire::Time::from_ns(self.cause_ns)),
            resume_token,
            life_features: (!self.features.is_empty())
                .then(|| wire::LifeFeatures { schema: feature_schema(), values: self.features.clone() }),
        }
    }
}
