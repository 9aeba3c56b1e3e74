//! Times the engine alone, without sockets or Python; `make bench` reads the lines `<row> <figure>`.

use crossbook_engine::arbitrage::{Scanner, ScannerSettings, SpreadFilter};
use crossbook_engine::edge::{Asked, LegBook, Lot, edge};
use crossbook_engine::hub::{InstrumentFilter, QuoteHub};
use crossbook_engine::windows::{WindowState, WindowTable};
use crossbook_market::{BookState, Depth, Instrument, Level, Quote};
use crossbook_wire::{append_subscription_depth, encode_subscription_response};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const START_NS: i64 = 1_800_000_000_000_000_000;
const WINDOW_NS: i64 = 15_000_000_000;
const INSTRUMENTS: u32 = 1_000;
const UPDATES: u32 = 4_000_000;
const VENUES: u32 = 13;
const ASSETS: u32 = 500;
const ROWS_PER_BATCH: usize = 256;
/// Each figure is the best of so many rounds: what the machine can do when nobody disturbs it.
const ROUNDS: usize = 5;
type Measure = fn() -> f64;

const ROWS: [(&str, Measure); 10] = [
    ("window_update_uniform_ns", || window_update_ns(INSTRUMENTS)),
    ("window_update_hot_ns", || window_update_ns(1)),
    ("window_state_bytes_per_instrument", || size_of::<WindowState>() as f64),
    ("scan_incremental_ns", scan_incremental_ns),
    ("scan_full_ns", scan_full_ns),
    ("scan_deep_incremental_ns", scan_deep_incremental_ns),
    ("depth_walks_per_1k_quotes", depth_walks_per_1k_quotes),
    ("depth_walk_ns", depth_walk_ns),
    ("depth_row_bytes", || depth_fanout().0),
    ("depth_fanout_4000_us", || depth_fanout().1),
];

/// Runs the rows that are named on the command line, all when none is.
fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    for (row, measure) in ROWS {
        if named.is_empty() || named.iter().any(|name| name == row) {
            println!("{row} {:.3}", measure());
        }
    }
}

/// The quotes are made on the way, as a decoded batch hands them over: from memory that is in the cache.
fn window_update_ns(instruments: u32) -> f64 {
    let prices: Vec<Quote> = (0..1_024).map(|step| quote(0, step)).collect();
    best(|| {
        let mut table = WindowTable::new(WINDOW_NS);
        (0..instruments).for_each(|_| {
            table.add_slot();
        });
        table.open_at(START_NS);
        let started = Instant::now();
        let mut slot = 0;
        for step in 0..UPDATES {
            let receive_ns = START_NS + i64::from(step);
            table.take(slot, &Quote { receive_ns, ..prices[step as usize % prices.len()] });
            slot = if slot + 1 == instruments { 0 } else { slot + 1 };
        }
        let elapsed_ns = started.elapsed().as_nanos() as f64;
        black_box(table.states());
        elapsed_ns / f64::from(UPDATES)
    })
}

/// Decoding included: what one quote costs in a batch of the size that a busy stream has.
fn scan_incremental_ns() -> f64 {
    let batches = scan_batches();
    best(|| {
        let mut scanner = scanner();
        take(&mut scanner, &batches[..1]);
        let started = Instant::now();
        take(&mut scanner, &batches[1..]);
        started.elapsed().as_nanos() as f64 / ((batches.len() - 1) * ROWS_PER_BATCH) as f64
    })
}

/// The same where the levels behind every top are known, and do not change.
fn scan_deep_incremental_ns() -> f64 {
    let mut batches = scan_batches();
    batches[0] = with_depth(&batches[0]);
    best(|| {
        let mut scanner = scanner();
        take(&mut scanner, &batches[..1]);
        let started = Instant::now();
        take(&mut scanner, &batches[1..]);
        started.elapsed().as_nanos() as f64 / ((batches.len() - 1) * ROWS_PER_BATCH) as f64
    })
}

/// One quote of a thousand pays, and the next of its instrument does not: books walked for a thousand quotes.
fn depth_walks_per_1k_quotes() -> f64 {
    let (mut scanner, mut batches) = (scanner(), scan_batches());
    batches[0] = with_depth(&batches[0]);
    take(&mut scanner, &batches[..1]);
    for (sequence, step) in (2..).zip((0..100_000).step_by(ROWS_PER_BATCH)) {
        let pays = |step: u32| if step.is_multiple_of(1_000) { 2.0 } else { 0.0 };
        let rows = (step..step + ROWS_PER_BATCH as u32).map(|step| {
            let calm = quote(step.wrapping_mul(2_654_435_761) % (VENUES * ASSETS), step);
            Quote { bid: calm.bid + pays(step), ask: calm.ask + pays(step), ..calm }
        });
        let rows: Vec<Quote> = rows.collect();
        let payload = encode_subscription_response("bench", sequence, START_NS, &[], &rows, 0);
        take(&mut scanner, &[payload]);
    }
    let stats = scanner.stats();
    stats.walks as f64 / stats.quotes as f64 * 1_000.0
}

/// Two books of ten levels, which pay down to their fifth.
fn depth_walk_ns() -> f64 {
    let (buy, sell) = (depth(100.0), depth(100.5));
    let leg = |levels| LegBook {
        levels,
        fee_percent: 0.05,
        lot: Lot::of(&[0.001]),
        min_notional: Some(5.0),
        min_size: None,
        max_size: None,
        price_limit: None,
    };
    let asked = Asked { rate: 1.0, net_percent: 0.1, notionals: &[] };
    best(|| {
        let started = Instant::now();
        for _ in 0..10_000 {
            black_box(edge(&leg(black_box(&buy.asks)), &leg(black_box(&sell.bids)), &asked).expect("there are levels"));
        }
        started.elapsed().as_nanos() as f64 / 10_000.0
    })
}

/// 4,000 books told to the hub and taken by one reader: bytes of a book, and microseconds of all.
fn depth_fanout() -> (f64, f64) {
    const BOOKS: u32 = 4_000;
    let hub = Arc::new(QuoteHub::default());
    (0..BOOKS).for_each(|number| _ = hub.introduce(&Arc::new(instrument(number))));
    let quotes: Vec<Quote> = (0..BOOKS).map(|number| quote(number, number)).collect();
    hub.publish(&quotes, START_NS);
    let reader = hub.subscribe_to(InstrumentFilter::default(), true);
    while reader.take_batch().is_some() {}
    let mut bytes = 0;
    let taken_us = best(|| {
        let told: Vec<(u32, Depth)> = (0..BOOKS).map(|number| (number, depth(100.0))).collect();
        let started = Instant::now();
        hub.publish_depth(told);
        bytes = std::iter::from_fn(|| reader.take_batch()).map(|batch| batch.len()).sum();
        started.elapsed().as_nanos() as f64 / 1e3
    });
    (bytes as f64 / f64::from(BOOKS), taken_us)
}

/// Ten levels a side around a price.
fn depth(middle: f64) -> Depth {
    let level = |sign: f64| {
        move |step: u32| Level { price: middle + sign * f64::from(1 + step) * 0.05, size: 0.125 + f64::from(step) }
    };
    Depth { read_ns: START_NS, bids: (0..10).map(level(-1.0)).collect(), asks: (0..10).map(level(1.0)).collect() }
}

fn with_depth(batch: &[u8]) -> Vec<u8> {
    let (mut batch, depth) = (batch.to_vec(), depth(100.0));
    append_subscription_depth(&mut batch, (0..VENUES * ASSETS).map(|number| (number, &depth)));
    batch
}

/// Every pair of every asset, from the quotes that are there.
fn scan_full_ns() -> f64 {
    let mut scanner = scanner();
    take(&mut scanner, &scan_batches());
    let filter = SpreadFilter { min_net_percent: Some(50.0), ..SpreadFilter::default() };
    best(|| {
        let started = Instant::now();
        black_box(scanner.list_spreads(START_NS, &filter, 100));
        started.elapsed().as_nanos() as f64
    })
}

fn take(scanner: &mut Scanner, batches: &[Vec<u8>]) {
    for payload in batches {
        black_box(scanner.on_batch(payload, START_NS, 0).expect("the bench's own batch decodes"));
    }
}

fn scanner() -> Scanner {
    Scanner::new(ScannerSettings {
        open_net_percent: 0.1,
        close_net_percent: 0.02,
        update_step_percent: 0.05,
        min_life_ns: 0,
        max_age_ns: 10_000_000_000,
        max_depth_age_ns: 5_000_000_000,
        max_skew_ns: 5_000_000_000,
        min_notional: 0.0,
        max_mid_difference_percent: 30.0,
        suspect_after_ns: 60_000_000_000,
        dollar_currencies: vec![],
        equal_currencies: vec![],
        max_rate_age_ns: 30_000_000_000,
        max_depeg_percent: 1.0,
        allow_depegged: false,
        max_net_percent: 5.0,
        assume_no_limits: true,
        holding_horizon_ns: 28_800_000_000_000,
        assume_no_funding: false,
        relays: vec![],
    })
    .expect("the bench's own settings hold")
}

/// A first batch with a quote of every instrument, then a thousand of the size that is timed.
fn scan_batches() -> Vec<Vec<u8>> {
    let instruments: Vec<Instrument> = (0..VENUES * ASSETS).map(instrument).collect();
    let entries: Vec<(u32, &Instrument)> = (0..).zip(&instruments).collect();
    let all: Vec<Quote> = (0..VENUES * ASSETS).map(|number| quote(number, number)).collect();
    let mut batches = vec![encode_subscription_response("bench", 1, START_NS, &entries, &all, 0)];
    for sequence in 2..1_002 {
        let rows = (0..ROWS_PER_BATCH as u32).map(|row| {
            let step = sequence as u32 * ROWS_PER_BATCH as u32 + row;
            quote(step.wrapping_mul(2_654_435_761) % (VENUES * ASSETS), step)
        });
        let rows: Vec<Quote> = rows.collect();
        batches.push(encode_subscription_response("bench", sequence, START_NS, &[], &rows, 0));
    }
    batches
}

fn instrument(number: u32) -> Instrument {
    let asset = format!("A{}", number / VENUES);
    Instrument {
        venue: format!("venue{}", number % VENUES),
        symbol: format!("{asset}/USDT:USDT"),
        native_symbol: format!("{asset}USDT"),
        asset,
        quote_currency: "USDT".to_owned(),
        settle_currency: "USDT".to_owned(),
        taker_fee_percent: Some(0.05),
        maker_fee_percent: Some(0.02),
        ..Instrument::default()
    }
}

/// Prices move by less than the spread, as between venues where nothing is to be earned.
fn quote(instrument: u32, step: u32) -> Quote {
    let bid = 100.0 + f64::from(step % 7) * 0.001;
    Quote {
        instrument,
        state: BookState::Live,
        receive_ns: START_NS + i64::from(step % 1_000_000),
        exchange_ns: 0,
        bid,
        bid_size: 1.0,
        ask: bid + 0.05,
        ask_size: 1.0,
    }
}

fn best(mut round: impl FnMut() -> f64) -> f64 {
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}
