//! The wire of protos/crossbook/v1: quotes into columns and back, every value checked on the way in; opportunities into bytes.
//!
//! Columns are packed fixed-width fields, that is contiguous little-endian bytes; they are written and read as such.
//! Everything else goes through prost.

mod columns;
mod decode;
mod depth;
mod encode;
mod error;
mod facts;
mod ingest_answer;
mod instrument;
mod limits;
mod messages;
mod opportunities;
mod quotes;

pub use columns::Columns;
pub use decode::{
    Batch, Hello, IngestMessage, SubscriptionBatch, SymbolEntry, decode_ingest_request, decode_subscription_response,
};
pub use depth::{DepthRow, decode_ingest_depth, encode_ingest_depth};
pub use encode::{
    append_subscription_depth, encode_batch, encode_carried_batch, encode_hello, encode_left_batch, encode_roster,
    encode_shared_response, encode_subscription_response, encode_symbol, encode_unheard_batch,
};
pub use error::WireError;
pub use facts::{ChangedFacts, ReadFact, ReadFacts, decode_facts, encode_facts, encode_read_facts};
pub use ingest_answer::{IngestAnswer, decode_ingest_answer, encode_ingest_answer};
pub use instrument::{decode_instrument, encode_instrument};
pub use limits::{MAX_BATCH_ROWS, MAX_MESSAGE_BYTES, MAX_SYMBOLS, MAX_TIME_NS};
pub use opportunities::{
    Conversion, HoldingCosts, Leg, LegDepth, LegFacts, LifeFeatures, LifeHorizon, LifePrediction, Opportunity,
    OpportunityEvent, OpportunityFilter, Sanity, SizedEdge, Sizing, SpreadCosts, Time, WatchOpportunitiesResponse,
};
pub use quotes::encode_quote_response;
