//! Facts of instruments as messages of facts.proto and aggregator.proto.

use crate::error::WireError;
use crate::opportunities::Time;
use crossbook_market as market;
use crossbook_market::{FactKind, FactState, NO_LIMIT};
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

#[derive(Clone, PartialEq, Message)]
struct WatchInstrumentFactsResponse {
    #[prost(message, repeated, tag = "1")]
    instruments: Vec<InstrumentFacts>,
}

/// What was told of one instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadFacts {
    pub venue: String,
    pub symbol: String,
    pub is_gone: bool,
    pub facts: Vec<ReadFact>,
}

/// A value that can be used or is the last one known, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadFact {
    pub kind: FactKind,
    pub state: FactState,
    pub value: Option<f64>,
    /// Whether the venue says that there is no such limit.
    pub is_no_limit: bool,
    pub receive_ns: i64,
}

/// Reads a WatchInstrumentFactsResponse; kinds and states that are not known here are left out.
pub fn decode_facts(message: &[u8]) -> Result<Vec<ReadFacts>, WireError> {
    let read = WatchInstrumentFactsResponse::decode(message)?;
    Ok(read.instruments.into_iter().map(ReadFacts::from).collect())
}

/// The reverse, for tests and tools.
pub fn encode_read_facts(told: &[ReadFacts]) -> Vec<u8> {
    let fact = |fact: &ReadFact| InstrumentFact {
        kind: fact.kind as i32,
        state: fact.state as i32,
        value: fact.value,
        receive_time: Time::known(fact.receive_ns),
        reason: if fact.is_no_limit { NO_LIMIT.to_string() } else { String::new() },
        ..InstrumentFact::default()
    };
    let instruments = told.iter().map(|told| InstrumentFacts {
        venue: told.venue.clone(),
        symbol: told.symbol.clone(),
        asset: String::new(),
        facts: told.facts.iter().map(fact).collect(),
        is_gone: told.is_gone,
    });
    WatchInstrumentFactsResponse { instruments: instruments.collect() }.encode_to_vec()
}

impl From<InstrumentFacts> for ReadFacts {
    fn from(told: InstrumentFacts) -> Self {
        let facts = told.facts.into_iter().filter_map(|fact| {
            Some(ReadFact {
                kind: FactKind::from_number(fact.kind as u32)?,
                state: FactState::from_number(fact.state as u32)?,
                value: fact.value.filter(|value| value.is_finite()),
                is_no_limit: fact.reason == NO_LIMIT,
                receive_ns: Time::ns_of(fact.receive_time),
            })
        });
        Self { facts: facts.collect(), venue: told.venue, symbol: told.symbol, is_gone: told.is_gone }
    }
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
            market::InstrumentFact { reason: NO_LIMIT.into(), ..fact(FactKind::MaxSize, None, FactState::Unknown) },
        ];
        let message = encode_facts("v", [(&instrument, facts.as_slice(), false)]);
        let read = IngestFactsRequest::decode(message.as_slice()).unwrap();
        assert_eq!((read.venue.as_str(), read.instruments[0].facts.len()), ("v", 2));
        let told = WatchInstrumentFactsResponse { instruments: read.instruments };
        let read = decode_facts(&told.encode_to_vec()).unwrap().pop().unwrap();
        assert_eq!((read.symbol.as_str(), read.is_gone), ("A/B:B", false));
        let fact = |kind, state, value| {
            let (receive_ns, is_no_limit) = (1_780_000_000_500_000_000, state == FactState::Unknown);
            ReadFact { kind, state, value, is_no_limit, receive_ns }
        };
        let expected = [
            fact(FactKind::FundingRate, FactState::Known, Some(-0.01)),
            fact(FactKind::MaxSize, FactState::Unknown, None),
        ];
        assert_eq!(read.facts, expected);
    }

    #[test]
    fn kinds_that_are_not_known_here_are_left_out_and_garbage_is_refused() {
        let strange = InstrumentFact { kind: 99, state: 1, ..InstrumentFact::default() };
        let told = InstrumentFacts { facts: vec![strange], ..InstrumentFacts::default() };
        let message = WatchInstrumentFactsResponse { instruments: vec![told] }.encode_to_vec();
        assert_eq!(decode_facts(&message).unwrap()[0].facts, []);
        assert!(decode_facts(&[0xff]).is_err());
    }
}
