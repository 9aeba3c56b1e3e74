//! One opportunity's life.

use crossbook_wire::{OpportunityEvent, Time};

use super::path::Path;
use crate::arbitrage::{EventKind, RefusalReason};

/// What ends the opportunity itself; all else ends the watch.
const ENDS: [RefusalReason; 3] = [RefusalReason::BelowThreshold, RefusalReason::TooSmall, RefusalReason::EmptySide];

/// A row of opportunity_lives; times in ns since the epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Life {
    pub id: String,
    pub asset: String,
    pub buy_venue: String,
    pub buy_symbol: String,
    pub sell_venue: String,
    pub sell_symbol: String,
    pub quote_currency: String,
    pub open_ns: i64,
    pub publish_ns: i64,
    pub last_ns: i64,
    pub close_ns: Option<i64>,
    /// A RefusalReason's number; 0 while it is open.
    pub close_reason: i32,
    pub is_censored: bool,
    pub opening_gross_percent: f64,
    pub opening_net_percent: f64,
    pub peak_net_percent: f64,
    pub peak_ns: i64,
    pub last_net_percent: f64,
    pub opening_size: f64,
    pub opening_notional: f64,
    pub peak_notional: f64,
    pub path: Path,
    pub events: i32,
    /// The 64 bits as Postgres' bigint holds them.
    pub feature_schema: i64,
    pub features: Vec<f64>,
    pub writer: String,
}

impl Life {
    /// The life that begins with the event: its OPENED, or, when that is no longer known, the first that is.
    pub fn begun(event: &OpportunityEvent, writer: &str) -> Self {
        let found = event.opportunity.clone().unwrap_or_default();
        let (buy, sell) = (found.buy.unwrap_or_default(), found.sell.unwrap_or_default());
        let (costs, event_ns) = (found.costs.unwrap_or_default(), Time::ns_of(event.event_time));
        let mut life = Self {
            id: found.id,
            asset: found.asset,
            buy_venue: buy.venue,
            buy_symbol: buy.symbol,
            sell_venue: sell.venue,
            sell_symbol: sell.symbol,
            quote_currency: buy.quote_currency,
            open_ns: Time::ns_of(found.open_time),
            publish_ns: event_ns,
            last_ns: event_ns,
            opening_gross_percent: costs.gross_percent,
            opening_net_percent: costs.net_percent,
            peak_net_percent: costs.net_percent,
            peak_ns: event_ns,
            last_net_percent: costs.net_percent,
            opening_size: found.executable_size,
            opening_notional: found.executable_notional,
            peak_notional: found.executable_notional,
            writer: writer.to_owned(),
            ..Self::default()
        };
        life.take(event, writer);
        life
    }

    /// The next event of it, or one that another replica told earlier or later than ours.
    pub fn take(&mut self, event: &OpportunityEvent, writer: &str) {
        let Some(found) = &event.opportunity else { return };
        let (event_ns, net_percent) = (Time::ns_of(event.event_time), found.costs.unwrap_or_default().net_percent);
        let is_newest = event_ns >= self.last_ns;
        self.events += 1;
        if found.peak_net_percent > self.peak_net_percent {
            (self.peak_net_percent, self.peak_ns) = (found.peak_net_percent, event_ns);
        }
        self.peak_notional = self.peak_notional.max(found.executable_notional);
        if is_newest {
            (self.last_ns, self.last_net_percent, self.writer) = (event_ns, net_percent, writer.to_owned());
        }
        if event.kind == EventKind::Closed as i32 {
            if is_newest {
                self.end(event_ns, event.close_reason, !ENDS.iter().any(|&end| end as i32 == event.close_reason));
            }
            return;
        }
        if let Some(features) = &event.life_features {
            (self.feature_schema, self.features) = (features.schema.cast_signed(), features.values.clone());
        }
        self.path.step((event_ns - self.publish_ns).max(0) / 1000, net_percent, found.executable_notional);
        if is_newest {
            // whoever was taken for gone, or a replica that goes on, still sees it open
            (self.close_ns, self.close_reason, self.is_censored) = (None, 0, false);
        }
    }

    /// It is over, or nobody watches it any more.
    pub fn end(&mut self, close_ns: i64, reason: i32, is_censored: bool) {
        (self.close_ns, self.close_reason, self.is_censored) = (Some(close_ns.max(self.open_ns)), reason, is_censored);
    }
}
