//! A feed on a bench: one connection, a clock, and short ways to say what comes and to see what goes.

use crate::desk::{Desk, Step};
use crate::error::VenueError;
use crate::feed::{Feed, FeedOptions};
use crate::listing::MarketListing;
use crate::market_data::{Frame, Operation, Topic};
use crate::profile::{Conduct, SECOND_NS, VenueProfile};
use crate::registry::find;
use crate::venue::Venue;
use crossbook_codec::{FrameError, RestRequest};
use crossbook_market::{BookState, Instrument, Quote};
use std::sync::Arc;

/// Whatever is tested happens at this time or later.
pub const START_NS: i64 = 1_000 * SECOND_NS;
/// Number of the first connection.
pub const CONNECTION: u32 = 1;

pub struct Bench {
    pub feed: Feed,
    pub now_ns: i64,
    /// Everything asked for so far.
    pub steps: Vec<Step>,
}

pub fn instrument(venue: &str, native_symbol: &str, contract_size: f64) -> Arc<Instrument> {
    Arc::new(Instrument {
        venue: venue.to_string(),
        symbol: format!("unified:{native_symbol}"),
        native_symbol: native_symbol.to_string(),
        asset: "X".to_string(),
        quote_currency: "USDT".to_string(),
        settle_currency: "USDT".to_string(),
        contract_size,
        ..Instrument::default()
    })
}

impl Bench {
    /// A feed that tracks these instruments, not yet connected.
    pub fn new(venue: &str, native_symbols: &[&str]) -> Self {
        let instruments: Vec<_> = native_symbols.iter().map(|native| instrument(venue, native, 1.0)).collect();
        Self::with(venue, &instruments)
    }

    pub fn with(venue: &str, instruments: &[Arc<Instrument>]) -> Self {
        let mut feed = Feed::new(find(venue).unwrap(), FeedOptions::default()).unwrap();
        let steps = feed.track(instruments, START_NS).unwrap();
        Self { feed, now_ns: START_NS, steps }
    }

    /// The same, connected.
    pub fn open(venue: &str, native_symbols: &[&str]) -> Self {
        let mut bench = Self::new(venue, native_symbols);
        bench.connect();
        bench
    }

    pub fn connect(&mut self) {
        let steps = self.feed.on_open(CONNECTION, self.now_ns);
        self.steps.extend(steps);
    }

    pub fn text(&mut self, text: &str) {
        let steps = self.feed.on_frame(CONNECTION, Frame { payload: text.as_bytes(), is_text: true }, self.now_ns);
        self.steps.extend(steps);
    }

    pub fn binary(&mut self, payload: &[u8]) {
        let steps = self.feed.on_frame(CONNECTION, Frame { payload, is_text: false }, self.now_ns);
        self.steps.extend(steps);
    }

    /// Lets time pass in timer steps.
    pub fn wait(&mut self, duration_ns: i64) {
        let end_ns = self.now_ns + duration_ns;
        while self.now_ns < end_ns {
            self.now_ns = end_ns.min(self.now_ns + SECOND_NS / 10);
            let steps = self.feed.on_timer(self.now_ns);
            self.steps.extend(steps);
        }
    }

    pub fn answer(&mut self, request_id: u64, status: u16, body: &str) {
        let steps = self.feed.on_answer(request_id, status, body.as_bytes(), self.now_ns);
        self.steps.extend(steps);
    }

    pub fn state(&self, native_symbol: &str) -> BookState {
        self.feed.tracked().find(|(instrument, _)| instrument.native_symbol == native_symbol).unwrap().1
    }

    /// What was asked for since the last look.
    pub fn take_steps(&mut self) -> Vec<Step> {
        std::mem::take(&mut self.steps)
    }

    /// The texts among it.
    pub fn take_sent(&mut self) -> Vec<String> {
        let steps = self.take_steps().into_iter();
        steps.filter_map(|step| if let Step::Send { text, .. } = step { Some(text) } else { None }).collect()
    }

    /// The fetches among it.
    pub fn take_fetches(&mut self) -> Vec<(u64, String, u32)> {
        let steps = self.take_steps().into_iter();
        let fetch = |step| match step {
            Step::Fetch { request_id, request } => Some((request_id, request.url, request.weight)),
            _ => None,
        };
        steps.filter_map(fetch).collect()
    }

    /// The names of the reports among it.
    pub fn take_events(&mut self) -> Vec<&'static str> {
        let steps = self.take_steps().into_iter();
        steps.filter_map(|step| if let Step::Report { event, .. } = step { Some(event) } else { None }).collect()
    }

    pub fn take_quotes(&mut self) -> Vec<Quote> {
        self.feed.take_quotes(usize::MAX)
    }

    /// Bid, bid size, ask, ask size of the last quote emitted since the last look.
    pub fn take_top(&mut self) -> Option<(f64, f64, f64, f64)> {
        self.take_quotes().last().map(|quote| (quote.bid, quote.bid_size, quote.ask, quote.ask_size))
    }
}

/// A venue that lists its markets in pages, by POST, and lets nobody in without a ticket.
pub struct Gatekeeper;

const GATEKEEPER: VenueProfile = VenueProfile {
    id: "gatekeeper",
    name: "Gatekeeper",
    websocket_url: "wss://gate.example",
    rest_url: "https://gate.example",
    docs_url: "",
    channels: &[],
    guard_rule: "",
    taker_fee_percent: 0.0,
    maker_fee_percent: 0.0,
    instruments_per_connection: 1,
    connects_per_minute: 1,
    request_weight_per_minute: 1,
    stale_after_ns: SECOND_NS,
    is_gap_visible: true,
    sources: &[],
    certainty: "",
    relays: None,
    unavailable_reason: None,
};

const GATED: Conduct =
    Conduct { socket_path: "/ws/v5/public", handshake_headers: &[("X-Gate", "1")], ..Conduct::USUAL };

impl Venue for Gatekeeper {
    fn profile(&self) -> &'static VenueProfile {
        &GATEKEEPER
    }

    fn conduct(&self) -> &'static Conduct {
        &GATED
    }

    fn market_requests(&self) -> Vec<RestRequest> {
        vec![RestRequest::post("/list", "1")]
    }

    /// An answer is the number of the next page, or nothing.
    fn next_market_request(&self, answers: &[&[u8]]) -> Result<Option<RestRequest>, VenueError> {
        let Some(last) = answers.last() else { return Ok(self.market_requests().pop()) };
        let page = std::str::from_utf8(last).map_err(|error| VenueError::Markets(error.to_string()))?;
        Ok(Some(page).filter(|page| !page.is_empty()).map(|page| RestRequest::post("/list", page)))
    }

    fn parse_markets(&self, _bodies: &[&[u8]], _now_ns: i64) -> Result<MarketListing, VenueError> {
        Ok(MarketListing::default())
    }

    fn ticket_request(&self) -> Option<RestRequest> {
        Some(RestRequest::post("/ticket", ""))
    }

    fn ticketed_url(&self, answer: &[u8], connection_id: &str) -> Result<String, VenueError> {
        let ticket = std::str::from_utf8(answer).map_err(|error| VenueError::Ticket(error.to_string()))?;
        Ok(format!("wss://door.example/?ticket={ticket}&id={connection_id}"))
    }

    fn request(&self, _id: u64, _operation: Operation, _topics: &[Topic<'_>]) -> String {
        String::new()
    }

    fn on_frame(&self, _frame: Frame<'_>, _desk: &mut Desk) -> Result<(), FrameError> {
        Ok(())
    }

    fn culprit<'a>(&self, _payload: &'a [u8]) -> Option<&'a str> {
        None
    }
}
