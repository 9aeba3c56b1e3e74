//! The columns of a batch as the bytes they came in: checked once, column by column, then read row by row.

use crate::error::WireError;
use crate::limits::{MAX_BATCH_ROWS, MAX_TIME_NS};
use crate::messages::QuoteBatchColumns;
use crossbook_market::{BookState, Quote};
use prost::Message;
use std::borrow::Cow;

type Column<'a> = Cow<'a, [u8]>;

/// Names of fields 6 to 12 of QuoteBatch, in order.
const NAMES: [&str; 7] = ["symbol_index", "receive_ns", "exchange_ns", "bid", "bid_size", "ask", "ask_size"];
const RECEIVE_NS: usize = 1;
const EXCHANGE_NS: usize = 2;

/// Rows in columns; row i is element i of every column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns<'a> {
    /// Fields 6 to 12: symbol number, receive and exchange time, bid, bid size, ask, ask size.
    pub(crate) fixed: [Column<'a>; 7],
    pub(crate) state: Column<'a>,
}

impl Columns<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.state.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.state.is_empty()
    }

    /// Symbol number of each row.
    pub fn symbol_indexes(&self) -> impl Iterator<Item = u32> {
        self.fixed[0].chunks_exact(4).map(|bytes| u32::from_le_bytes(array(bytes)))
    }

    /// Every row; the instrument of a quote is its symbol number.
    pub fn rows(&self) -> impl Iterator<Item = Quote> {
        let [_, receive_ns, exchange_ns, bid, bid_size, ask, ask_size] = self.fixed.each_ref();
        let times = integers(receive_ns).zip(integers(exchange_ns));
        let bids = floats(bid).zip(floats(bid_size));
        let asks = floats(ask).zip(floats(ask_size));
        let states = self.state.iter().map(|&state| BookState::from_number(state).unwrap_or(BookState::Closed));
        self.symbol_indexes().zip(states).zip(times).zip(bids).zip(asks).map(
            |((((instrument, state), (receive_ns, exchange_ns)), (bid, bid_size)), (ask, ask_size))| Quote {
                instrument,
                state,
                receive_ns,
                exchange_ns,
                bid,
                bid_size,
                ask,
                ask_size,
            },
        )
    }

    /// Receive times of the first and the last row.
    pub fn time_range_ns(&self) -> Option<(i64, i64)> {
        let mut times = integers(&self.fixed[RECEIVE_NS]);
        let first = times.next()?;
        Some((first, times.next_back().unwrap_or(first)))
    }

    /// Reads columns that were split or not packed, from the whole batch.
    pub(crate) fn decode_unusual(batch: &[u8], state: Column<'_>) -> Result<Columns<'static>, WireError> {
        let columns = QuoteBatchColumns::decode(batch)?;
        let fixed = [
            columns.symbol_index.iter().flat_map(|value| value.to_le_bytes()).collect(),
            columns.receive_ns.iter().flat_map(|value| value.to_le_bytes()).collect(),
            columns.exchange_ns.iter().flat_map(|value| value.to_le_bytes()).collect(),
            columns.bid.iter().flat_map(|value| value.to_le_bytes()).collect(),
            columns.bid_size.iter().flat_map(|value| value.to_le_bytes()).collect(),
            columns.ask.iter().flat_map(|value| value.to_le_bytes()).collect(),
            columns.ask_size.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>(),
        ];
        Ok(Columns { fixed: fixed.map(Cow::Owned), state: Cow::Owned(state.into_owned()) })
    }

    /// Everything but the symbol numbers and the order; `last_state` is the highest number that may occur.
    pub(crate) fn check(&self, last_state: BookState) -> Result<(), WireError> {
        self.check_lengths()?;
        self.check_states(last_state)?;
        for column in RECEIVE_NS..=EXCHANGE_NS {
            self.check_times(column)?;
        }
        for column in EXCHANGE_NS + 1..NAMES.len() {
            self.check_numbers(column)?;
        }
        Ok(())
    }

    fn check_lengths(&self) -> Result<(), WireError> {
        let rows = self.fixed[0].len() / 4;
        if rows > MAX_BATCH_ROWS {
            return Err(WireError::TooManyRows { rows });
        }
        let widths = [4, 8, 8, 8, 8, 8, 8];
        for ((column, width), name) in self.fixed.iter().zip(widths).zip(NAMES) {
            check_length(name, column.len(), rows * width)?;
        }
        check_length("state", self.state.len(), rows)
    }

    fn check_states(&self, last_state: BookState) -> Result<(), WireError> {
        let is_good = |state: u8| (BookState::Live as u8..=last_state as u8).contains(&state);
        match self.state.iter().position(|&state| !is_good(state)) {
            Some(row) => Err(WireError::UnknownState { row, state: self.state[row] }),
            None => Ok(()),
        }
    }

    fn check_times(&self, column: usize) -> Result<(), WireError> {
        // A row without a receive time cannot be placed; the venue's own time may be missing.
        let earliest = if column == RECEIVE_NS { 1 } else { 0 };
        let is_good = |value: i64| (earliest..MAX_TIME_NS).contains(&value);
        let values = || integers(&self.fixed[column]);
        if values().fold(true, |all, value| all & is_good(value)) {
            return Ok(());
        }
        let found = values().enumerate().find(|&(_, value)| !is_good(value));
        found.map_or(Ok(()), |(row, value)| Err(WireError::BadTime { row, column: NAMES[column], value }))
    }

    fn check_numbers(&self, column: usize) -> Result<(), WireError> {
        let is_good = |value: f64| (0.0..f64::INFINITY).contains(&value);
        let values = || floats(&self.fixed[column]);
        // Without an early exit the compiler checks several rows per instruction.
        if values().fold(true, |all, value| all & is_good(value)) {
            return Ok(());
        }
        let found = values().enumerate().find(|&(_, value)| !is_good(value));
        found.map_or(Ok(()), |(row, value)| Err(WireError::BadNumber { row, column: NAMES[column], value }))
    }

    /// Rows of one stream are in the order of receipt; carried ones, and those that mix venues, are not.
    pub(crate) fn check_order(&self) -> Result<(), WireError> {
        let times = || integers(&self.fixed[RECEIVE_NS]);
        match times().zip(times().skip(1)).position(|(above, row)| row < above) {
            Some(above) => Err(WireError::TimeDecreases { row: above + 1 }),
            None => Ok(()),
        }
    }

    pub(crate) fn check_received_before(&self, from_ns: i64) -> Result<(), WireError> {
        match integers(&self.fixed[RECEIVE_NS]).enumerate().find(|&(_, receive_ns)| receive_ns >= from_ns) {
            Some((row, receive_ns)) => Err(WireError::CarriedTooLate { row, receive_ns, from_ns }),
            None => Ok(()),
        }
    }
}

fn check_length(column: &'static str, bytes: usize, expected: usize) -> Result<(), WireError> {
    if bytes == expected { Ok(()) } else { Err(WireError::ColumnLength { column, bytes, expected }) }
}

fn integers(column: &[u8]) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator {
    column.chunks_exact(8).map(|bytes| i64::from_le_bytes(array(bytes)))
}

fn floats(column: &[u8]) -> impl ExactSizeIterator<Item = f64> {
    column.chunks_exact(8).map(|bytes| f64::from_le_bytes(array(bytes)))
}

/// `chunks_exact` gives slices of exactly N bytes; the compiler knows it too and copies without a check.
fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}
