//! Why bytes are refused.

use crate::limits::{MAX_BATCH_ROWS, MAX_MESSAGE_BYTES, MAX_SYMBOLS};

/// The message cannot be used as a whole; nothing of it has been applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WireError {
    #[error("not a protobuf message of this type: {0}")]
    Malformed(#[from] prost::DecodeError),
    #[error("not a protobuf message of this type: it ends in the middle of a field")]
    Truncated,
    #[error("not a protobuf message of this type: field {field} is not UTF-8")]
    NotText { field: &'static str },
    #[error("a message of {bytes} bytes is over the limit of {MAX_MESSAGE_BYTES}")]
    MessageTooLarge { bytes: usize },
    #[error("a batch of {rows} rows is over the limit of {MAX_BATCH_ROWS}")]
    TooManyRows { rows: usize },
    #[error("the message must hold exactly one {expected}")]
    WrongContent { expected: &'static str },
    #[error("column {column} is {bytes} bytes long, {expected} are needed for the rows of symbol_index")]
    ColumnLength { column: &'static str, bytes: usize, expected: usize },
    #[error("row {row}: state {state} is not a book state")]
    UnknownState { row: usize, state: u8 },
    #[error("row {row}: {column} must be a finite number, zero or more, not {value}")]
    BadNumber { row: usize, column: &'static str, value: f64 },
    #[error("row {row}: {column} {value} is not a time in nanoseconds since the epoch")]
    BadTime { row: usize, column: &'static str, value: i64 },
    #[error("watermark {value} is not a time in nanoseconds since the epoch")]
    BadWatermark { value: i64 },
    #[error("row {row} was received before the row above it")]
    TimeDecreases { row: usize },
    #[error("row {row}: symbol number {index} has not been introduced")]
    UnknownSymbol { row: usize, index: u32 },
    #[error("symbol number {index} leaves or stays and has not been introduced")]
    UnknownListedSymbol { index: u32 },
    #[error("a list of {symbols} symbol numbers is over the limit of {MAX_SYMBOLS}")]
    TooManyListedSymbols { symbols: usize },
    #[error("a batch carries instruments in, or says which have left or which there are, never both")]
    CarriedAndLeft,
    #[error("nobody is said to have listened from {from_ns} until {until_ns}, which is no span of time")]
    BadUnheard { from_ns: i64, until_ns: i64 },
    #[error("row {row}: received at {receive_ns}, not before it takes force at {from_ns}")]
    CarriedTooLate { row: usize, receive_ns: i64, from_ns: i64 },
    #[error("symbol number {index} is over the limit of {MAX_SYMBOLS}")]
    SymbolOutOfRange { index: u32 },
    #[error("symbol number {index}: {problem}")]
    BadInstrument { index: u32, problem: &'static str },
    #[error("depth: column {column} has {found} values, {expected} are needed")]
    DepthLength { column: &'static str, found: usize, expected: usize },
    #[error("row {row} of depth is no book: levels are valid, best first, and bids are below asks")]
    BadDepth { row: usize },
    #[error("an instrument: {problem}")]
    BadLoneInstrument { problem: &'static str },
}
