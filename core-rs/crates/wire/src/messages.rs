//! The messages of market.proto and aggregator.proto that the core speaks, field for field.

use crate::instrument::Instrument;

#[derive(Clone, PartialEq, prost::Message)]
pub struct SymbolEntry {
    #[prost(uint32, tag = "1")]
    pub index: u32,
    #[prost(message, optional, tag = "2")]
    pub instrument: Option<Instrument>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct IngestHello {
    #[prost(string, tag = "1")]
    pub venue: String,
    #[prost(string, tag = "2")]
    pub stream_id: String,
    #[prost(uint64, tag = "3")]
    pub oldest_sequence: u64,
    #[prost(message, repeated, tag = "4")]
    pub symbols: Vec<SymbolEntry>,
    #[prost(uint64, tag = "5")]
    pub next_sequence: u64,
    #[prost(string, tag = "6")]
    pub shard: String,
    #[prost(uint32, repeated, tag = "7")]
    pub left_symbols: Vec<u32>,
    #[prost(uint64, tag = "8")]
    pub roster_sequence: u64,
    #[prost(int64, tag = "9")]
    pub roster_ns: i64,
}

/// Fields 1 to 5 and 14 to 18 of QuoteBatch: all that is not a column.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QuoteBatchHeader {
    #[prost(string, tag = "1")]
    pub venue: String,
    #[prost(string, tag = "2")]
    pub stream_id: String,
    #[prost(uint64, tag = "3")]
    pub sequence: u64,
    #[prost(int64, tag = "4")]
    pub watermark_ns: i64,
    #[prost(message, repeated, tag = "5")]
    pub symbols: Vec<SymbolEntry>,
    #[prost(bool, tag = "14")]
    pub is_carried: bool,
    #[prost(uint32, repeated, tag = "15")]
    pub left_symbols: Vec<u32>,
    #[prost(bool, tag = "16")]
    pub is_roster: bool,
    #[prost(uint32, repeated, tag = "17")]
    pub roster_symbols: Vec<u32>,
    #[prost(int64, tag = "18")]
    pub unheard_from_ns: i64,
}

/// Fields 6 to 12 of QuoteBatch, for the rare writer that splits or does not pack its columns.
#[derive(Clone, PartialEq, prost::Message)]
pub struct QuoteBatchColumns {
    #[prost(fixed32, repeated, tag = "6")]
    pub symbol_index: Vec<u32>,
    #[prost(sfixed64, repeated, tag = "7")]
    pub receive_ns: Vec<i64>,
    #[prost(sfixed64, repeated, tag = "8")]
    pub exchange_ns: Vec<i64>,
    #[prost(double, repeated, tag = "9")]
    pub bid: Vec<f64>,
    #[prost(double, repeated, tag = "10")]
    pub bid_size: Vec<f64>,
    #[prost(double, repeated, tag = "11")]
    pub ask: Vec<f64>,
    #[prost(double, repeated, tag = "12")]
    pub ask_size: Vec<f64>,
}
