//! Streams to test windows with.

mod disorder;
mod exactness;
mod hand_over;
mod minutes;
mod roster;
mod rules;
mod unheard;

use super::*;
use crate::hub::{InstrumentFilter, QuoteHub};
use crate::testing::instrument;
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::{
    Hello, SymbolEntry, WireError, encode_batch, encode_carried_batch, encode_hello, encode_left_batch,
};
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;
/// Some window's start.
const START: i64 = 1_700_000_100 * SECOND;
const SYMBOLS: [&str; 4] = ["A/USDT", "B/USDT", "C/USDT", "D/USDT"];

fn windows(window_seconds: i64) -> VenueWindows {
    VenueWindows::new("venue", window_seconds, Arc::new(QuoteHub::default())).unwrap()
}

fn instruments() -> Vec<Instrument> {
    SYMBOLS.iter().map(|symbol| instrument("venue", symbol)).collect()
}

fn hello(stream_id: &str, oldest_sequence: u64, known: &[u32]) -> Vec<u8> {
    hello_before(stream_id, oldest_sequence, 0, known)
}

fn hello_before(stream_id: &str, oldest_sequence: u64, next_sequence: u64, known: &[u32]) -> Vec<u8> {
    let all = instruments();
    let entry = |&index: &u32| SymbolEntry { index, instrument: all[index as usize].clone() };
    let symbols = known.iter().map(entry).collect();
    let (venue, stream_id) = ("venue".into(), stream_id.into());
    encode_hello(&Hello { venue, stream_id, oldest_sequence, next_sequence, symbols, ..Hello::default() })
}

/// A batch that introduces whatever it uses.
fn batch(stream_id: &str, sequence: u64, watermark_ns: i64, quotes: &[Quote]) -> Vec<u8> {
    let all = instruments();
    let mut used: Vec<u32> = quotes.iter().map(|quote| quote.instrument).collect();
    used.sort();
    used.dedup();
    let symbols: Vec<_> = used.iter().map(|&index| (index, &all[index as usize])).collect();
    encode_batch("venue", stream_id, sequence, watermark_ns, &symbols, quotes)
}

/// A quote of instrument `instrument`, `offset` seconds after START.
fn live(instrument: u32, offset: f64, bid: f64) -> Quote {
    let receive_ns = START + (offset * 1e9) as i64;
    let state = BookState::Live;
    Quote { instrument, state, receive_ns, exchange_ns: 1, bid, bid_size: 1.0, ask: bid + 1.0, ask_size: 2.0 }
}

fn at(offset: f64) -> i64 {
    START + (offset * 1e9) as i64
}

fn take_all(windows: &mut VenueWindows) -> Vec<ClosedWindow> {
    std::iter::from_fn(|| windows.take_closed()).collect()
}

/// Whoever continues within a minute does not know it whole; its rows are the same.
fn without_minutes(closed: Vec<ClosedWindow>) -> Vec<ClosedWindow> {
    closed.into_iter().map(|window| ClosedWindow { minutes: Vec::new(), ..window }).collect()
}

fn row<'a>(window: &'a ClosedWindow, symbol: &str) -> Option<&'a WindowState> {
    let mut rows = window.instruments.iter().zip(&window.states);
    rows.find(|(instrument, _)| instrument.symbol == symbol).map(|(_, state)| state)
}

fn carried(window: &ClosedWindow) -> Vec<CarriedQuote> {
    let rows = window.instruments.iter().zip(&window.states);
    rows.map(|(instrument, state)| CarriedQuote { instrument: Arc::clone(instrument), quote: state.quote(0) }).collect()
}

/// A second process that continues after what was committed last.
fn restored_after(window: &ClosedWindow, window_seconds: i64) -> VenueWindows {
    let mut windows = windows(window_seconds);
    windows.restore(window.position.clone(), window.end_ns, &carried(window)).unwrap();
    windows
}
