//! Facts of instruments as messages of facts.proto and aggregator.proto.

use crate::error::WireError;
use crate::opportunities::Time;
use crossbook_market as market;
use crossbook_market::{FactKind, FactState};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct InstrumentFact {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(int32, tag = "2")]
    state: i32,
    #[prost(double, optional, tag = "3")]
    value: Option<f64>,
    #[prost(string, tag = "4")]
    source: String,
    #[prost(message, optional, tag = "5")]
    exchange_time: Option<Time>,
    #[prost(message, optional, tag = "6")]
    receive_time: Option<Time>,
    #[prost(string, tag = "7")]
    reason: String,
}

#[derive(Clone, PartialEq, Message)]
struct InstrumentFacts {
    #[prost(string, tag = "1")]
    venue: String,
    #[prost(string, tag = "2")]
    symbol: String,
    #[prost(string, tag = "3")]
    asset: String,
    #[prost(message, repeated, tag = "4")]
    facts: Vec<InstrumentFact>,
    #[prost(bool, tag = "5")]
    is_gone: bool,
}

#[derive(Clone, PartialEq, Message)]
struct IngestFactsRequest {
    #[prost(string, tag = "1")]
    venue: String,
    #[prost(message, repeated, tag = "2")]
    instruments: Vec<InstrumentFacts>,
}

/// What is new about one instrument: its facts, or that it is gone.
pub type ChangedFacts<'a> = (&'a market::Instrument, &'a [market::InstrumentFact], bool);

/// An IngestFactsRequest of one venue.
pub fn encode_facts<'a>(venue: &str, changes: impl IntoIterator<Item = ChangedFacts<'a>>) -> Vec<u8> {
    let instruments = changes.into_iter().map(|(instrument, facts, is_gone)| InstrumentFacts {
        venue: instrument.venue.clone(),
        symbol: instrument.symbol.clone(),
        asset: instrument.asset.clone(),
        facts: facts.iter().map(InstrumentFact::from).collect(),
        is_gone,
    });
    IngestFactsRequest { venue: venue.to_string(), instruments: instruments.collect() }.encode_to_vec()
}

impl From<&market::InstrumentFact> for InstrumentFact {
    fn from(fact: &market::InstrumentFact) -> Self {
        Self {
            kind: fact.kind as i32,
            state: fact.state as i32,
            value: fact.value,
            source: fact.source.to_string(),
            exchange_time: Time::known(fact.exchange_ns),
            receive_time: Time::known(fact.receive_ns),
            reason: fact.reason.clone(),
        }
    }
}

/// A value that can be used or is the last one known, of one instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadFacts {
    pub venue: String,
    pub symbol: String,
    pub is_gone: bool,
    pub facts: Vec<(FactKind, FactState, Option<f64>, i64)>,
}

/// Reads an InstrumentFacts; kinds and states that are not known here are left out.
pub fn decode_facts(message: &[u8]) -> Result<ReadFacts, WireError> {
    let read = InstrumentFacts::decode(message)?;
    let facts = read.facts.into_iter().filter_map(|fact| {
        let kind = FactKind::from_number(fact.kind as u32)?;
        let state = FactState::from_number(fact.state as u32)?;
        let value = fact.value.filter(|value| value.is_finite());
        let receive_ns =
            fact.receive_time.map_or(0, |time| time.seconds.saturating_mul(1_000_000_000) + i64::from(time.nanos));
        Some((kind, state, value, receive_ns))
    });
    Ok(ReadFacts { venue: read.venue, symbol: read.symbol, is_gone: read.is_gone, facts: facts.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(kind: FactKind, value: Option<f64>, state: FactState) -> market::InstrumentFact {
        let receive_ns = 1_780_000_000_500_000_000;
        market::InstrumentFact {
            kind,
            value,
            state,
            source: "tickers",
            exchange_ns: 0,
            receive_ns,
            reason: String::new(),
        }
    }

    #[test]
    fn facts_are_the_same_behind_the_wire() {
        let instrument =
            market::Instrument { venue: "v".into(), symbol: "A/B:B".into(), ..market::Instrument::default() };
        let facts = [
            fact(FactKind::FundingRate, Some(-0.01), FactState::Known),
            fact(FactKind::MarkPrice, None, FactState::Unknown),
        ];
        let message = encode_facts("v", [(&instrument, facts.as_slice(), false)]);
        let read = IngestFactsRequest::decode(message.as_slice()).unwrap();
        assert_eq!((read.venue.as_str(), read.instruments[0].facts.len()), ("v", 2));
        let read = decode_facts(&read.instruments[0].encode_to_vec()).unwrap();
        assert_eq!((read.symbol.as_str(), read.is_gone), ("A/B:B", false));
        let at = 1_780_000_000_500_000_000;
        let expected = [
            (FactKind::FundingRate, FactState::Known, Some(-0.01), at),
            (FactKind::MarkPrice, FactState::Unknown, None, at),
        ];
        assert_eq!(read.facts, expected);
    }

    #[test]
    fn kinds_that_are_not_known_here_are_left_out_and_garbage_is_refused() {
        let strange = InstrumentFact { kind: 99, state: 1, ..InstrumentFact::default() };
        let message = InstrumentFacts { facts: vec![strange], ..InstrumentFacts::default() }.encode_to_vec();
        assert_eq!(decode_facts(&message).unwrap().facts, []);
        assert!(decode_facts(&[0xff]).is_err());
    }
}
