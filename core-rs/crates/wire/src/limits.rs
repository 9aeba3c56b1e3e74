//! What a message may hold at most.

/// Largest message that is read, as large as what the gRPC servers take.
pub const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// Most rows of one batch; as many fit into the largest message beside a few thousand symbols.
pub const MAX_BATCH_ROWS: usize = 1 << 18;
/// Symbol numbers stay below it, so that a reader may index an array with them.
pub const MAX_SYMBOLS: u32 = 1 << 20;
/// Times stay below it, the year 2116: two bits of a time are free for its holder.
pub const MAX_TIME_NS: i64 = 1 << 62;
