//! Postgres' COPY BINARY format, for the columns of tables snapshots and minutes in the order of their migration.
//!
//! <https://www.postgresql.org/docs/current/sql-copy.html>, "Binary Format": a signature, then per row a field count and
//! per field a length (-1 for null) and its bytes, big-endian; a count of -1 ends it.

use super::closed::ClosedWindow;
use super::minute::{MINUTE_NS, MinuteState};
use super::state::{WindowFigures, WindowState};
use crossbook_market::Instrument;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const COLUMNS: i16 = 23;
const MINUTE_COLUMNS: i16 = 17;
/// Bytes of a row whose names are empty and whose figures all stand.
const ROW_BYTES: usize = 2 + 23 * 4 + 19 * 8 + 1 + 2;
/// Postgres counts microseconds from 2000-01-01.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// Of each window in turn so many rows, where several are written by one COPY. Postgres gathers a thousand rows before it writes
/// them to their tables, and for each that it holds of one table it searches all the others: a thousand of one take a
/// millisecond, and blocks of many tables next to nothing.
const BLOCK_ROWS: usize = 50;

impl ClosedWindow {
    /// The rows, ready for `COPY snapshots FROM STDIN (FORMAT binary)`, as a shard writes them; without a shard they lack its
    /// column, the last one.
    pub fn copy_binary(&self, shard: Option<&str>) -> Vec<u8> {
        copied(&[(self, &self.states)], |out, window, instrument, state| put_row(out, window, instrument, state, shard))
    }

    /// Whether it ends a minute all of whose rows were closed here, so that what they roll up to is known.
    pub fn has_minutes(&self) -> bool {
        !self.minutes.is_empty()
    }
}

/// The rows of windows of several venues, for one `COPY snapshots FROM STDIN (FORMAT binary)`.
pub fn copy_windows(windows: &[&ClosedWindow], shard: &str) -> Vec<u8> {
    let parts: Vec<_> = windows.iter().map(|window| (*window, &window.states[..])).collect();
    copied(&parts, |out, window, instrument, state| put_row(out, window, instrument, state, Some(shard)))
}

/// The minutes that end with these windows, where they are known, for one `COPY minutes FROM STDIN (FORMAT binary)`.
pub fn copy_minutes(windows: &[&ClosedWindow]) -> Vec<u8> {
    let parts: Vec<_> = windows.iter().map(|window| (*window, &window.minutes[..])).collect();
    copied(&parts, put_minute)
}

/// One COPY of what stands beside the instruments of each window.
fn copied<T>(
    windows: &[(&ClosedWindow, &[T])],
    put_one: impl Fn(&mut Vec<u8>, &ClosedWindow, &Instrument, &T),
) -> Vec<u8> {
    let sorted: Vec<_> = windows.iter().map(|(window, beside)| in_order_of_key(window, beside)).collect();
    let mut blocks: Vec<_> = sorted.iter().map(|rows| rows.chunks(BLOCK_ROWS)).collect();
    let rows: usize = sorted.iter().map(Vec::len).sum();
    let mut out = Vec::with_capacity(32 + rows * (ROW_BYTES + 32));
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&[0; 8]); // flags, and the length of a header extension that is not there
    for _ in 0..sorted.iter().map(|rows| rows.len().div_ceil(BLOCK_ROWS)).max().unwrap_or(0) {
        for ((window, _), blocks) in windows.iter().zip(&mut blocks) {
            for (instrument, one) in blocks.next().unwrap_or(&[]) {
                put_one(&mut out, window, instrument, one);
            }
        }
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}

/// Of one window, or minute, the symbol alone orders the primary key, and an index that is only added to at its end takes a
/// third less work and stays dense.
fn in_order_of_key<'a, T>(window: &'a ClosedWindow, beside: &'a [T]) -> Vec<(&'a Instrument, &'a T)> {
    let mut rows: Vec<_> = window.instruments.iter().map(AsRef::as_ref).zip(beside).collect();
    rows.sort_unstable_by(|(one, _), (other, _): &(&Instrument, &T)| one.symbol.cmp(&other.symbol));
    rows
}

fn put_row(
    out: &mut Vec<u8>,
    window: &ClosedWindow,
    instrument: &Instrument,
    state: &WindowState,
    shard: Option<&str>,
) {
    out.extend_from_slice(&(COLUMNS + i16::from(shard.is_some())).to_be_bytes());
    put_key(out, window, instrument, window.start_ns);
    put_figures(out, &state.figures());
    put(out, &(window.end_ns - window.start_ns).to_be_bytes());
    put(out, &[window.is_row_complete(state) as u8]);
    put_last_quote(out, state);
    if let Some(shard) = shard {
        put(out, shard.as_bytes());
    }
}

fn put_minute(out: &mut Vec<u8>, window: &ClosedWindow, instrument: &Instrument, state: &MinuteState) {
    out.extend_from_slice(&MINUTE_COLUMNS.to_be_bytes());
    put_key(out, window, instrument, window.end_ns - MINUTE_NS);
    put_figures(out, &state.figures());
    put(out, &MINUTE_NS.to_be_bytes());
    put(out, &[state.is_complete() as u8]);
    put(out, &state.windows.to_be_bytes());
}

fn put_key(out: &mut Vec<u8>, window: &ClosedWindow, instrument: &Instrument, start_ns: i64) {
    put(out, window.venue.as_bytes());
    put(out, instrument.symbol.as_bytes());
    put(out, &(start_ns / 1000 - POSTGRES_EPOCH_US).to_be_bytes());
}

fn put_figures(out: &mut Vec<u8>, figures: &WindowFigures) {
    let means = figures.tick_means.map(|means| {
        let (bid, ask) = ([means.avg_bid, means.min_bid, means.max_bid], [means.avg_ask, means.min_ask, means.max_ask]);
        [bid[0], bid[1], bid[2], ask[0], ask[1], ask[2], means.avg_spread]
    });
    put_floats(out, means);
    put_floats(out, figures.time_weighted.map(|(bid, ask)| [bid, ask]));
    put(out, &figures.tick_count.to_be_bytes());
    put(out, &figures.live_ns.to_be_bytes());
}

fn put_last_quote(out: &mut Vec<u8>, state: &WindowState) {
    let quote = state.quote(0);
    put_floats(out, Some([quote.bid, quote.bid_size, quote.ask, quote.ask_size]));
    put(out, &(quote.state as i16).to_be_bytes());
    put(out, &quote.exchange_ns.to_be_bytes());
    put(out, &quote.receive_ns.to_be_bytes());
}

fn put_floats<const N: usize>(out: &mut Vec<u8>, values: Option<[f64; N]>) {
    match values {
        Some(values) => values.iter().for_each(|value| put(out, &value.to_be_bytes())),
        None => (0..N).for_each(|_| out.extend_from_slice(&(-1i32).to_be_bytes())),
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as i32).to_be_bytes());
    out.extend_from_slice(bytes);
}
