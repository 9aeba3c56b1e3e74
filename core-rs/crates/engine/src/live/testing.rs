//! Events and a live scan for tests to start from.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Wake, Waker};

use crossbook_market::BookState;
use crossbook_wire::{OpportunityEvent as Told, WatchOpportunitiesResponse};

use super::event::LoggedEvent;
use super::scan::{Limits, LiveScan};
use super::token::Token;
use super::watching::{SharedScan, Watching, lock, subscribe};
use super::{CAPACITY, QUEUE_LIMIT};
use crate::arbitrage::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
use crate::arbitrage::{EventKind, LegFactsView, LegView, OpportunityEvent, SpreadView};
use crate::choice::EventFilter;

pub const NOW_NS: i64 = 1_750_000_000 * SECOND_NS;

/// An event of one opportunity.
pub fn event(kind: EventKind, id: &str, net_percent: f64, event_ns: i64) -> OpportunityEvent {
    let spread = SpreadView {
        asset: "BTC".to_owned(),
        buy: leg("cheap"),
        sell: leg("dear"),
        conversion: None,
        mid_difference_percent: 0.0,
        mids_apart_since_ns: 0,
        costs: crate::arbitrage::Costs {
            gross_percent: 0.0,
            entry_fees_percent: 0.0,
            exit_fees_percent: 0.0,
            net_percent,
        },
        executable_size: 1.0,
        reason: None,
        sizing: Default::default(),
        opportunity_id: id.to_owned(),
        open_ns: 0,
        peak_net_percent: net_percent,
        dislocated_venue: String::new(),
        dislocation_percent: 0.0,
        sanity: crate::arbitrage::Sanity::default(),
        life: None,
        horizon: settings().horizon(),
    };
    OpportunityEvent {
        kind,
        spread,
        close_reason: None,
        duration_ns: 0,
        event_ns,
        cause_ns: event_ns,
        features: vec![],
    }
}

fn leg(venue: &str) -> LegView {
    LegView {
        venue: venue.to_owned(),
        symbol: "BTC/USDT:USDT".to_owned(),
        price: 100.0,
        size: 1.0,
        taker_fee_percent: None,
        quote_currency: "USDT".to_owned(),
        receive_ns: 0,
        state: BookState::Live,
        facts: LegFactsView::default(),
    }
}

/// One of that number.
pub fn logged(number: i64) -> Arc<LoggedEvent> {
    Arc::new(LoggedEvent {
        number,
        kind: EventKind::Updated,
        opportunity_id: number.to_string(),
        asset: "BTC".to_owned(),
        buy_venue: "cheap".to_owned(),
        sell_venue: "dear".to_owned(),
        opening_net_percent: 1.0,
        event_ns: number,
        cause_ns: number,
        payload: vec![],
    })
}

/// A live scan of a process of that name, with no opportunity yet.
pub fn scan(log_id: &str, limits: Limits) -> SharedScan {
    Arc::new(Mutex::new(LiveScan::new(scanner(settings()), log_id.to_owned(), limits)))
}

/// Without Postgres and recorder.
pub const BARE: Limits = Limits { capacity: CAPACITY, unwritten: None, record_bytes: 0 };

/// `cheap` asks 100, `dear` bids.
pub fn tick(scan: &SharedScan, asset: &str, bid: f64) {
    lock(scan).on_batch(&prices(asset, bid, NOW_NS), NOW_NS, 0).expect("it decodes");
}

/// One after the other: asset and bid.
pub fn ticks(scan: &SharedScan, ticks: &[(&str, f64)]) {
    ticks.iter().for_each(|(asset, bid)| tick(scan, asset, *bid));
}

/// Of one asset.
pub fn bids(scan: &SharedScan, bids: &[f64]) {
    bids.iter().for_each(|bid| tick(scan, "BTC", *bid));
}

pub fn prices(asset: &str, bid: f64, now_ns: i64) -> Vec<u8> {
    let quotes = [live(0, 99.9, 100.0, 10.0, now_ns), live(1, bid, bid + 0.1, 10.0, now_ns)];
    payload(&[instrument("cheap", asset), instrument("dear", asset)], &quotes)
}

/// A watcher of everything, or of what follows a token.
pub fn watch(scan: &SharedScan, token: Option<&Token>) -> Watching {
    subscribe(scan, EventFilter::default(), token, QUEUE_LIMIT, NOW_NS).expect("memory answers")
}

/// The next message; None when nothing waits.
pub fn next(watching: &Watching) -> Option<WatchOpportunitiesResponse> {
    match watching.poll_next(Waker::noop()) {
        Poll::Ready(Some(message)) => Some(WatchOpportunitiesResponse::decode_response(&message).expect("it decodes")),
        _ => None,
    }
}

/// All messages that wait.
pub fn messages(watching: &Watching) -> Vec<WatchOpportunitiesResponse> {
    std::iter::from_fn(|| next(watching)).collect()
}

/// All events that wait.
pub fn events(watching: &Watching) -> Vec<Told> {
    messages(watching).into_iter().flat_map(|message| message.events).collect()
}

/// (kind, asset) of each.
pub fn story(events: &[Told]) -> Vec<(i32, &str)> {
    events.iter().map(|event| (event.kind, event.opportunity.as_ref().map_or("", |told| &told.asset))).collect()
}

/// Counts how often it is woken.
#[derive(Default)]
pub struct Bell(AtomicUsize);

impl Bell {
    pub fn rings(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
