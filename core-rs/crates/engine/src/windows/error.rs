//! Why a stream's message is refused.

use crossbook_wire::WireError;

/// Instruments of one venue, those included that are no longer in its stream.
pub(super) const MAX_INSTRUMENTS: usize = 65_536;

/// Sequences are kept in Postgres, as 64-bit integers with a sign.
pub(super) const MAX_SEQUENCE: u64 = i64::MAX as u64 / 2;

/// Nothing of the refused message has been applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum IngestError {
    #[error("window_seconds must divide a minute, {seconds} does not")]
    WindowLength { seconds: i64 },
    #[error("restore comes before the first hello and once")]
    LateRestore,
    #[error("committed_until_ns must be a time in nanoseconds since the epoch, not {committed_until_ns}")]
    BadCommitTime { committed_until_ns: i64 },
    #[error(
        "{symbol}: a carried quote needs a receive time, not {receive_ns}, the state of a book, and non-negative numbers"
    )]
    BadCarriedQuote { symbol: String, receive_ns: i64 },
    #[error("the stream is for venue {found}, not {expected}")]
    HelloVenue { expected: String, found: String },
    #[error(transparent)]
    Wire(#[from] WireError),
    #[error("sequence {sequence} is over the limit of {MAX_SEQUENCE}")]
    SequenceTooLarge { sequence: u64 },
    #[error("the hello has no stream id")]
    NoStreamId,
    #[error("the batch is for venue {found}, not {expected}")]
    BatchVenue { expected: String, found: String },
    #[error("instrument {symbol} is of venue {found}, not {expected}")]
    InstrumentVenue { symbol: String, expected: String, found: String },
    #[error("symbol number {index} stands for {known} and cannot stand for {found} too")]
    SymbolRebound { index: u32, known: String, found: String },
    #[error("a venue has at most {MAX_INSTRUMENTS} instruments, those included that were there before")]
    TooManyInstruments,
    #[error("instruments change hands at {from_ns}, which is not the start of a window of {window_ns} ns")]
    HandOverWithinWindow { from_ns: i64, window_ns: i64 },
    #[error("a row received at {receive_ns} comes after {promised_ns} was promised to be over")]
    BeforeWatermark { receive_ns: i64, promised_ns: i64 },
    #[error("the batch speaks of {time_ns} ns since the epoch, {} s beyond what can be", (time_ns - latest_ns) / 1_000_000_000)]
    AheadOfClock { time_ns: i64, latest_ns: i64 },
    #[error("the batch is of stream {found:?}, the open stream is {expected:?}")]
    OtherStream { expected: String, found: String },
    #[error("batch {found} came where {expected} was expected")]
    MissingBatch { expected: u64, found: u64 },
}
