//! The messages of arbitrage.proto that leave in streams, field for field.

use prost::Message;

/// google.protobuf.Timestamp and google.protobuf.Duration, which look the same on the wire.
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Time {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

impl Time {
    /// A moment after the epoch, or a span that is not negative.
    pub fn from_ns(time_ns: i64) -> Self {
        const SECOND_NS: i64 = 1_000_000_000;
        Self { seconds: time_ns.div_euclid(SECOND_NS), nanos: time_ns.rem_euclid(SECOND_NS) as i32 }
    }

    /// In nanoseconds; one that is not told is 0.
    pub fn ns_of(told: Option<Self>) -> i64 {
        told.map_or(0, |time| time.seconds.saturating_mul(1_000_000_000).saturating_add(time.nanos.into()))
    }

    /// Absent where 0 stands for "none".
    pub fn known(time_ns: i64) -> Option<Self> {
        (time_ns != 0).then(|| Self::from_ns(time_ns))
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct Leg {
    #[prost(string, tag = "1")]
    pub venue: String,
    #[prost(string, tag = "2")]
    pub symbol: String,
    #[prost(double, tag = "3")]
    pub price: f64,
    #[prost(double, tag = "4")]
    pub size: f64,
    #[prost(double, tag = "5")]
    pub taker_fee_percent: f64,
    #[prost(string, tag = "6")]
    pub quote_currency: String,
    #[prost(message, optional, tag = "7")]
    pub receive_time: Option<Time>,
    #[prost(message, optional, tag = "8")]
    pub facts: Option<LegFacts>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct LegFacts {
    #[prost(int32, tag = "1")]
    pub status: i32,
    #[prost(double, optional, tag = "2")]
    pub min_size: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub max_size: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub min_notional: Option<f64>,
    #[prost(double, optional, tag = "5")]
    pub volume_24h: Option<f64>,
    #[prost(double, optional, tag = "6")]
    pub open_interest: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub funding_rate_percent: Option<f64>,
    #[prost(message, optional, tag = "8")]
    pub funding_interval: Option<Time>,
    #[prost(message, optional, tag = "9")]
    pub next_funding_time: Option<Time>,
    #[prost(bool, tag = "10")]
    pub is_funding_continuous: bool,
    #[prost(message, optional, tag = "11")]
    pub age: Option<Time>,
    #[prost(double, optional, tag = "12")]
    pub max_buy_price: Option<f64>,
    #[prost(double, optional, tag = "13")]
    pub min_sell_price: Option<f64>,
    #[prost(double, optional, tag = "14")]
    pub predicted_funding_rate_percent: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct SpreadCosts {
    #[prost(double, tag = "1")]
    pub gross_percent: f64,
    #[prost(double, tag = "2")]
    pub entry_fees_percent: f64,
    #[prost(double, tag = "3")]
    pub exit_fees_percent: f64,
    #[prost(double, tag = "4")]
    pub net_percent: f64,
}

#[derive(Clone, PartialEq, Message)]
pub struct Conversion {
    #[prost(string, tag = "1")]
    pub from_currency: String,
    #[prost(string, tag = "2")]
    pub to_currency: String,
    #[prost(double, tag = "3")]
    pub rate: f64,
    #[prost(message, optional, tag = "4")]
    pub age: Option<Time>,
    #[prost(bool, tag = "5")]
    pub is_assumed: bool,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct Sanity {
    #[prost(double, tag = "1")]
    pub score: f64,
    #[prost(int32, tag = "2")]
    pub venues: i32,
    #[prost(double, optional, tag = "3")]
    pub buy_outlier_percent: Option<f64>,
    #[prost(double, optional, tag = "4")]
    pub sell_outlier_percent: Option<f64>,
    #[prost(double, tag = "5")]
    pub gap_percent: f64,
    #[prost(double, optional, tag = "6")]
    pub mean_gap_percent: Option<f64>,
    #[prost(double, optional, tag = "7")]
    pub gap_deviation_percent: Option<f64>,
    #[prost(double, optional, tag = "8")]
    pub gap_z: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct LifePrediction {
    #[prost(string, tag = "1")]
    pub model: String,
    #[prost(string, tag = "2")]
    pub unknown: String,
    #[prost(message, repeated, tag = "3")]
    pub horizons: Vec<LifeHorizon>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct LifeHorizon {
    #[prost(message, optional, tag = "1")]
    pub after: Option<Time>,
    #[prost(double, tag = "2")]
    pub alive_probability: f64,
    #[prost(double, tag = "3")]
    pub net_percent: f64,
    #[prost(double, tag = "4")]
    pub capture_percent: f64,
}

#[derive(Clone, PartialEq, Message)]
pub struct LifeFeatures {
    #[prost(fixed64, tag = "1")]
    pub schema: u64,
    #[prost(double, repeated, tag = "2")]
    pub values: Vec<f64>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct SizedEdge {
    #[prost(double, tag = "1")]
    pub size: f64,
    #[prost(double, tag = "2")]
    pub buy_notional: f64,
    #[prost(double, tag = "3")]
    pub sell_notional: f64,
    #[prost(double, tag = "4")]
    pub net_percent: f64,
    #[prost(double, tag = "5")]
    pub profit: f64,
    #[prost(int32, tag = "6")]
    pub refusal: i32,
    #[prost(double, tag = "7")]
    pub requested_notional: f64,
}

#[derive(Clone, PartialEq, Message)]
pub struct LegDepth {
    #[prost(message, optional, tag = "1")]
    pub age: Option<Time>,
    #[prost(uint32, tag = "2")]
    pub levels: u32,
    #[prost(double, tag = "3")]
    pub horizon_price: f64,
    #[prost(double, tag = "4")]
    pub known_size: f64,
    #[prost(double, repeated, tag = "5")]
    pub level_prices: Vec<f64>,
    #[prost(double, repeated, tag = "6")]
    pub level_sizes: Vec<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Sizing {
    #[prost(int32, tag = "1")]
    pub unknown_reason: i32,
    #[prost(message, optional, tag = "2")]
    pub largest: Option<SizedEdge>,
    #[prost(double, tag = "3")]
    pub threshold_percent: f64,
    #[prost(message, optional, tag = "4")]
    pub most_profitable: Option<SizedEdge>,
    #[prost(message, repeated, tag = "5")]
    pub requested: Vec<SizedEdge>,
    #[prost(bool, tag = "6")]
    pub is_limited_by_depth: bool,
    #[prost(double, tag = "7")]
    pub common_lot: f64,
    #[prost(message, optional, tag = "8")]
    pub buy: Option<LegDepth>,
    #[prost(message, optional, tag = "9")]
    pub sell: Option<LegDepth>,
    #[prost(string, repeated, tag = "10")]
    pub unknown_limits: Vec<String>,
    #[prost(string, repeated, tag = "11")]
    pub assumed: Vec<String>,
}

/// Without the cooldown: the scanner knows none.
#[derive(Clone, PartialEq, Message)]
pub struct Opportunity {
    #[prost(string, tag = "1")]
    pub id: String,
    #[prost(string, tag = "2")]
    pub asset: String,
    #[prost(message, optional, tag = "3")]
    pub buy: Option<Leg>,
    #[prost(message, optional, tag = "4")]
    pub sell: Option<Leg>,
    #[prost(message, optional, tag = "5")]
    pub costs: Option<SpreadCosts>,
    #[prost(double, tag = "6")]
    pub executable_size: f64,
    #[prost(double, tag = "7")]
    pub executable_notional: f64,
    #[prost(message, optional, tag = "8")]
    pub open_time: Option<Time>,
    #[prost(double, tag = "9")]
    pub peak_net_percent: f64,
    #[prost(message, optional, tag = "11")]
    pub conversion: Option<Conversion>,
    #[prost(bool, tag = "12")]
    pub is_depegged: bool,
    #[prost(message, optional, tag = "13")]
    pub sizing: Option<Sizing>,
    #[prost(string, tag = "14")]
    pub dislocated_venue: String,
    #[prost(double, tag = "15")]
    pub dislocation_percent: f64,
    #[prost(message, optional, tag = "40")]
    pub sanity: Option<Sanity>,
    #[prost(message, optional, tag = "41")]
    pub life: Option<LifePrediction>,
    #[prost(message, optional, tag = "60")]
    pub holding: Option<HoldingCosts>,
}

#[derive(Clone, PartialEq, Message)]
pub struct HoldingCosts {
    #[prost(message, optional, tag = "1")]
    pub horizon: Option<Time>,
    #[prost(double, optional, tag = "2")]
    pub buy_funding_percent: Option<f64>,
    #[prost(double, optional, tag = "3")]
    pub sell_funding_percent: Option<f64>,
    #[prost(uint32, tag = "4")]
    pub buy_payments: u32,
    #[prost(uint32, tag = "5")]
    pub sell_payments: u32,
    #[prost(double, optional, tag = "6")]
    pub net_percent: Option<f64>,
    #[prost(string, repeated, tag = "7")]
    pub unknown: Vec<String>,
    #[prost(string, repeated, tag = "8")]
    pub assumed: Vec<String>,
}

impl HoldingCosts {
    pub fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }
}

impl Opportunity {
    pub fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// None for bytes that are none.
    pub fn read(message: &[u8]) -> Option<Self> {
        Self::decode(message).ok()
    }
}

/// What an opportunity must be beside what it pays.
#[derive(Clone, PartialEq, Message)]
pub struct OpportunityFilter {
    #[prost(double, optional, tag = "1")]
    pub min_volume_24h: Option<f64>,
    #[prost(double, optional, tag = "2")]
    pub min_open_interest: Option<f64>,
    #[prost(message, optional, tag = "3")]
    pub min_life: Option<Time>,
    #[prost(message, optional, tag = "4")]
    pub no_funding_within: Option<Time>,
    #[prost(string, repeated, tag = "5")]
    pub excluded_venues: Vec<String>,
    #[prost(string, repeated, tag = "6")]
    pub excluded_assets: Vec<String>,
    #[prost(bool, tag = "7")]
    pub passes_unknown: bool,
    #[prost(double, optional, tag = "8")]
    pub min_sized_notional: Option<f64>,
    #[prost(double, optional, tag = "9")]
    pub min_profit: Option<f64>,
    #[prost(double, optional, tag = "10")]
    pub min_depth: Option<f64>,
    #[prost(double, tag = "11")]
    pub depth_within_bps: f64,
    #[prost(double, optional, tag = "12")]
    pub min_held_net_percent: Option<f64>,
}

impl OpportunityFilter {
    /// None for bytes that are none.
    pub fn read(message: &[u8]) -> Option<Self> {
        Self::decode(message).ok()
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct OpportunityEvent {
    #[prost(int32, tag = "1")]
    pub kind: i32,
    #[prost(message, optional, tag = "2")]
    pub opportunity: Option<Opportunity>,
    #[prost(int32, tag = "3")]
    pub close_reason: i32,
    #[prost(message, optional, tag = "4")]
    pub duration: Option<Time>,
    #[prost(message, optional, tag = "5")]
    pub event_time: Option<Time>,
    #[prost(message, optional, tag = "6")]
    pub cause_time: Option<Time>,
    #[prost(string, tag = "7")]
    pub resume_token: String,
    #[prost(message, optional, tag = "40")]
    pub life_features: Option<LifeFeatures>,
}

impl OpportunityEvent {
    /// The event as it stands in a recording.
    pub fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// A WatchOpportunitiesResponse with this event alone. Those of several events, one after the other, are one response
    /// with all of them: that is what protobuf says of repeated fields.
    pub fn encode_response(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len() + 4);
        prost::encoding::message::encode(1, self, &mut out);
        out
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct WatchOpportunitiesResponse {
    #[prost(message, repeated, tag = "1")]
    pub events: Vec<OpportunityEvent>,
    #[prost(uint64, tag = "2")]
    pub dropped_events: u64,
    #[prost(bool, tag = "3")]
    pub is_caught_up: bool,
}

impl WatchOpportunitiesResponse {
    pub fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    /// What a reader makes of the bytes; None for what is none.
    pub fn decode_response(message: &[u8]) -> Option<Self> {
        Self::decode(message).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_split_into_whole_seconds_and_a_rest_that_is_not_negative() {
        assert_eq!(Time::from_ns(1_500_000_001), Time { seconds: 1, nanos: 500_000_001 });
        assert_eq!(Time::from_ns(-1), Time { seconds: -1, nanos: 999_999_999 });
        assert_eq!((Time::known(0), Time::known(7)), (None, Some(Time { seconds: 0, nanos: 7 })));
    }

    #[test]
    fn what_is_written_is_read_and_other_bytes_are_not() {
        let told = Opportunity { asset: "BTC".to_owned(), ..Default::default() };
        assert_eq!((Opportunity::read(&told.encode()), Opportunity::read(b"\xff")), (Some(told), None));
        let wanted = OpportunityFilter { min_profit: Some(2.0), depth_within_bps: 5.0, ..Default::default() };
        let read = OpportunityFilter::read(&wanted.encode_to_vec());
        assert_eq!((read, OpportunityFilter::read(b"\xff")), (Some(wanted), None));
    }

    #[test]
    fn responses_in_a_row_are_one_response_with_all_their_events() {
        let events = [1, 2].map(|kind| OpportunityEvent { kind, resume_token: "x".to_owned(), ..Default::default() });
        let bytes: Vec<u8> = events.iter().flat_map(OpportunityEvent::encode_response).collect();
        assert_eq!(WatchOpportunitiesResponse::decode(bytes.as_slice()).unwrap().events, events);
    }
}
