//! The wire of protos/crossbook/v1: quotes into columns and back, every value checked on the way in; opportunities into bytes.
//!
//! Columns are packed fixed-width fields, that is contiguous little-endian bytes; they are written and read as such.
//! Everything else goes through prost.

mod columns;
mod decode;
mod encode;
mod error;
mod messages;
mod opportunities;

pub use columns::Columns;
pub use decode::{
    Batch, Hello, IngestMessage, SubscriptionBatch, SymbolEntry, decode_ingest_request, decode_subscription_response,
};
pub use encode::{
    encode_batch, encode_carried_batch, encode_hello, encode_left_batch, encode_roster, encode_subscription_response,
    encode_unheard_batch,
};
pub use error::WireError;
pub use opportunities::{Conversion, Leg, Opportunity, OpportunityEvent, SpreadCosts, Time};

/// Largest message that is read, as large as what the gRPC servers take.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// Most rows of one batch; as many fit into the largest message beside a few thousand symbols.
pub const MAX_BATCH_ROWS: usize = 1 << 18;
/// Symbol numbers stay below it, so that a reader may index an array with them.
pub const MAX_SYMBOLS: u32 = 1 << 20;
/// Times stay below it, the year 2116: two bits of a time are free for its holder.
pub const MAX_TIME_NS: i64 = 1 << 62;
