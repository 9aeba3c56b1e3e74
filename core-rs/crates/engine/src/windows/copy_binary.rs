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

impl ClosedWindow {
    /// The rows, ready for `COPY snapshots FROM STDIN (FORMAT binary)`, as a shard writes them; without a shard they lack its
    /// column, the last one.
    pub fn copy_binary(&self, shard: Option<&str>) -> Vec<u8> {
        let columns = COLUMNS + i16::from(shard.is_some());
        copied(self, &self.states, |out, instrument, state| {
            out.extend_from_slice(&columns.to_be_bytes());
            put_row(out, self, instrument, state);
            if let Some(shard) = shard {
                put(out, shard.as_bytes());
            }
        })
    }

    /// The minutes that end with the window, ready for `COPY minutes FROM STDIN (FORMAT binary)`, where they are known whole.
    pub fn copy_minutes(&self) -> Option<Vec<u8>> {
        let is_known = !self.minutes.is_empty();
        is_known.then(|| {
            copied(self, &self.minutes, |out, instrument, state| {
                out.extend_from_slice(&MINUTE_COLUMNS.to_be_bytes());
                put_minute(out, self, instrument, state);
            })
        })
    }
}

/// One COPY of all that stands beside the window's instruments. Of one window, or minute, the symbol alone orders the primary
/// key, and an index that is only added to at its end takes a third less work and stays dense.
fn copied<T>(window: &ClosedWindow, beside: &[T], put_one: impl Fn(&mut Vec<u8>, &Instrument, &T)) -> Vec<u8> {
    let mut rows: Vec<_> = window.instruments.iter().zip(beside).collect();
    rows.sort_unstable_by(|(one, _), (other, _)| one.symbol.cmp(&other.symbol));
    let mut out = Vec::with_capacity(32 + rows.len() * (ROW_BYTES + 32));
    out.extend_from_slice(SIGNATURE);
    out.extend_from_slice(&[0; 8]); // flags, and the length of a header extension that is not there
    for (instrument, one) in rows {
        put_one(&mut out, instrument, one);
    }
    out.extend_from_slice(&(-1i16).to_be_bytes());
    out
}

fn put_row(out: &mut Vec<u8>, window: &ClosedWindow, instrument: &Instrument, state: &WindowState) {
    put_key(out, window, instrument, window.start_ns);
    put_figures(out, &state.figures());
    put(out, &(window.end_ns - window.start_ns).to_be_bytes());
    put(out, &[window.is_row_complete(state) as u8]);
    put_last_quote(out, state);
}

fn put_minute(out: &mut Vec<u8>, window: &ClosedWindow, instrument: &Instrument, state: &MinuteState) {
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
