//! Venues as Python sees them: profiles, market lists, and one feed with the streams that leave it.

use crate::errors::Failure;
use crate::instrument::PyInstrument;
use crate::outgoing::{OutgoingBatch, PyOutbox};
use crate::steps::{self, RestRequest, step_to_python};
use crossbook_outgoing::{OutgoingStreams, RouteError, StreamedFeed, encode_stats};
use crossbook_venues::facts::FactPoll;
use crossbook_venues::{Feed, FeedOptions, FeedStats as CoreStats, Frame, Step, VenueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyList};
use std::sync::Arc;

impl From<VenueError> for Failure {
    fn from(error: VenueError) -> Self {
        let message = error.to_string();
        match error {
            VenueError::UnknownVenue(..) => Self::UnknownVenue(message),
            VenueError::UnknownInstrument(_) => Self::UnknownInstrument(message),
            VenueError::InvalidSetting(_) => Self::InvalidSetting(message),
            VenueError::Markets(_) | VenueError::Ticket(_) => Self::Payload(message),
        }
    }
}

impl From<RouteError> for Failure {
    fn from(error: RouteError) -> Self {
        let message = error.to_string();
        match error {
            RouteError::NoShards
            | RouteError::NamedTwice { .. }
            | RouteError::BadName { .. }
            | RouteError::NoFullMinute { .. }
            | RouteError::TooLate { .. }
            | RouteError::UnknownLane { .. }
            | RouteError::LaneListed { .. }
            | RouteError::LaneWaiting { .. } => Self::InvalidSetting(message),
        }
    }
}

/// One row of the venue registry.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct VenueProfile {
    id: &'static str,
    name: &'static str,
    websocket_url: &'static str,
    rest_url: &'static str,
    docs_url: &'static str,
    channels: Vec<&'static str>,
    status_channel: Option<&'static str>,
    guard_rule: &'static str,
    taker_fee_percent: f64,
    maker_fee_percent: f64,
    instruments_per_connection: usize,
    connects_per_minute: u32,
    request_weight_per_minute: u32,
    stale_after_ns: i64,
    is_gap_visible: bool,
    relays: Option<&'static str>,
    sources: Vec<&'static str>,
    certainty: &'static str,
    unavailable_reason: Option<&'static str>,
    /// Answers that hold facts: source, what its shape rests on, kinds by their numbers in facts.proto.
    facts: Vec<(&'static str, &'static str, Vec<u8>)>,
}

impl From<&crossbook_venues::VenueProfile> for VenueProfile {
    fn from(profile: &crossbook_venues::VenueProfile) -> Self {
        Self {
            id: profile.id,
            name: profile.name,
            websocket_url: profile.websocket_url,
            rest_url: profile.rest_url,
            docs_url: profile.docs_url,
            channels: profile.channels.iter().map(|(_, name)| *name).collect(),
            status_channel: profile.status_channel(),
            guard_rule: profile.guard_rule,
            taker_fee_percent: profile.taker_fee_percent,
            maker_fee_percent: profile.maker_fee_percent,
            instruments_per_connection: profile.instruments_per_connection,
            connects_per_minute: profile.connects_per_minute,
            request_weight_per_minute: profile.request_weight_per_minute,
            stale_after_ns: profile.stale_after_ns,
            is_gap_visible: profile.is_gap_visible,
            relays: profile.relays,
            sources: profile.sources.to_vec(),
            certainty: profile.certainty,
            unavailable_reason: profile.unavailable_reason,
            facts: facts_of(profile.id),
        }
    }
}

fn facts_of(id: &str) -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let polls = crossbook_venues::find(id).map_or(&[][..], |venue| venue.fact_polls());
    let kinds = |poll: &FactPoll| {
        let mut kinds: Vec<u8> = poll.fields.iter().map(|field| field.kind as u8).collect();
        kinds.dedup();
        kinds
    };
    polls.iter().map(|poll| (poll.source, poll.certainty.word(), kinds(poll))).collect()
}

#[pyfunction]
fn venue_profiles() -> Vec<VenueProfile> {
    crossbook_venues::profiles().map(VenueProfile::from).collect()
}

/// What a venue lists.
#[pyclass(module = "crossbook._core", frozen)]
pub struct MarketListing {
    instruments: Vec<PyInstrument>,
    quarantined: Vec<(String, String)>,
}

#[pymethods]
impl MarketListing {
    #[getter]
    fn instruments(&self) -> Vec<PyInstrument> {
        self.instruments.clone()
    }

    #[getter]
    fn quarantined(&self) -> Vec<(String, String)> {
        self.quarantined.clone()
    }
}

#[pyfunction]
#[pyo3(signature = (venue, answers, rest_url=None))]
fn next_market_request(
    py: Python<'_>,
    venue: &str,
    answers: Vec<PyBackedBytes>,
    rest_url: Option<&str>,
) -> Result<Option<RestRequest>, Failure> {
    let next = crate::errors::without_gil(py, || {
        let answers: Vec<&[u8]> = answers.iter().map(AsRef::as_ref).collect();
        crossbook_venues::next_market_request(venue, &answers, rest_url)
    })?;
    Ok(next.map(RestRequest::from))
}

#[pyfunction]
fn throttling_words(venue: &str, status: u16, body: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    Ok(crossbook_venues::throttling_words(venue, status, body)?.map(<[u8]>::to_vec))
}

#[pyfunction]
fn parse_markets(
    py: Python<'_>,
    venue: &str,
    bodies: Vec<PyBackedBytes>,
    now_ns: i64,
) -> Result<MarketListing, Failure> {
    let listing = crate::errors::without_gil(py, || {
        let bodies: Vec<&[u8]> = bodies.iter().map(AsRef::as_ref).collect();
        crossbook_venues::parse_markets(venue, &bodies, now_ns)
    })?;
    let instruments = listing.instruments.into_iter().map(PyInstrument::from).collect();
    Ok(MarketListing { instruments, quarantined: listing.quarantined })
}

/// How a feed is doing: what its driver goes by, and all of it as a message.
#[pyclass(module = "crossbook._core", frozen)]
pub struct FeedStats {
    inner: CoreStats,
}

#[pymethods]
impl FeedStats {
    #[getter]
    fn instruments(&self) -> usize {
        self.inner.instruments
    }

    #[getter]
    fn live_instruments(&self) -> usize {
        self.inner.live_instruments
    }

    #[getter]
    fn open_connections(&self) -> usize {
        self.inner.open_connections
    }

    #[getter]
    fn wanted_connections(&self) -> usize {
        self.inner.wanted_connections
    }

    #[getter]
    fn confirmed(&self) -> u64 {
        self.inner.confirmed
    }

    #[getter]
    fn clock_offset_ns(&self) -> Option<i64> {
        self.inner.clock_offset_ns
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &encode_stats(&self.inner))
    }
}

/// The top of one book.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct BookView {
    state: u8,
    bids: Vec<(f64, f64)>,
    asks: Vec<(f64, f64)>,
    sequence: i64,
}

/// Connections and books of one venue and the streams that leave it, without any IO.
#[pyclass(module = "crossbook._core")]
pub struct VenueFeed {
    inner: StreamedFeed,
}

#[pymethods]
impl VenueFeed {
    #[new]
    #[pyo3(signature = (venue, stream_id, *, websocket_url=None, rest_url=None, stale_after_ns=None,
        shards=vec!["main".to_owned()]))]
    fn new(
        venue: &str,
        stream_id: &str,
        websocket_url: Option<String>,
        rest_url: Option<String>,
        stale_after_ns: Option<i64>,
        shards: Vec<String>,
    ) -> Result<Self, Failure> {
        let options = FeedOptions { websocket_url, rest_url, stale_after_ns };
        let feed = Feed::new(crossbook_venues::find(venue)?, options)?;
        Ok(Self { inner: StreamedFeed::new(feed, OutgoingStreams::new(venue, stream_id, &shards)?) })
    }

    fn route(&mut self, shards: Vec<String>, from_ns: i64) -> Result<(), Failure> {
        Ok(self.inner.streams().route(&shards, from_ns)?)
    }

    fn shards(&self) -> Vec<String> {
        self.inner.streams_so_far().shards().map(str::to_owned).collect()
    }

    fn drop_lane(&mut self, shard: &str) -> Result<(), Failure> {
        Ok(self.inner.streams().drop_lane(shard)?)
    }

    fn carry_depth(&mut self, shard: &str, outbox: &PyOutbox) -> Result<(), Failure> {
        Ok(self.inner.streams().carry_depth(shard, outbox.share())?)
    }

    fn pending_rows(&mut self, shard: &str) -> Result<usize, Failure> {
        Ok(self.inner.streams().pending_rows(shard)?)
    }

    fn next_sequence(&self, shard: &str) -> Result<u64, Failure> {
        Ok(self.inner.streams_so_far().next_sequence(shard)?)
    }

    fn track<'py>(
        &mut self,
        py: Python<'py>,
        instruments: Vec<PyRef<'py, PyInstrument>>,
        now_ns: i64,
    ) -> PyResult<Bound<'py, PyList>> {
        let instruments: Vec<_> = instruments.iter().map(|instrument| Arc::clone(&instrument.inner)).collect();
        steps_to_python(py, self.inner.track(&instruments, now_ns).map_err(Failure::from)?)
    }

    fn untrack<'py>(&mut self, py: Python<'py>, symbols: Vec<String>, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.untrack(&symbols, now_ns).map_err(Failure::from)?)
    }

    fn tracked(&self) -> Vec<PyInstrument> {
        self.inner.feed.tracked().map(|(instrument, _)| PyInstrument::from(Arc::clone(instrument))).collect()
    }

    fn on_open<'py>(&mut self, py: Python<'py>, connection: u32, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.feed.on_open(connection, now_ns))
    }

    fn ticketed_url(&self, connection: u32, answer: &[u8], now_ns: i64) -> Result<String, Failure> {
        Ok(self.inner.feed.ticketed_url(connection, answer, now_ns)?)
    }

    /// The GIL is kept: a frame takes less time than giving it away and taking it back under load.
    fn on_frame<'py>(
        &mut self,
        py: Python<'py>,
        connection: u32,
        payload: &[u8],
        is_text: bool,
        now_ns: i64,
    ) -> PyResult<Option<Bound<'py, PyList>>> {
        let steps = self.inner.feed.on_frame(connection, Frame { payload, is_text }, now_ns);
        if steps.is_empty() { Ok(None) } else { steps_to_python(py, steps).map(Some) }
    }

    fn on_closed<'py>(&mut self, py: Python<'py>, connection: u32, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.feed.on_closed(connection, now_ns))
    }

    fn on_answer<'py>(
        &mut self,
        py: Python<'py>,
        request_id: u64,
        status: u16,
        body: &[u8],
        now_ns: i64,
    ) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.feed.on_answer(request_id, status, body, now_ns))
    }

    fn on_timer<'py>(&mut self, py: Python<'py>, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.feed.on_timer(now_ns))
    }

    fn on_hole<'py>(&mut self, py: Python<'py>, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.on_hole(now_ns))
    }

    fn on_silence<'py>(&mut self, py: Python<'py>, connection: u32, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.feed.on_silence(connection, now_ns))
    }

    fn on_proof<'py>(&mut self, py: Python<'py>, connection: u32, now_ns: i64) -> PyResult<Bound<'py, PyList>> {
        steps_to_python(py, self.inner.feed.on_proof(connection, now_ns))
    }

    fn requote(&mut self, shard: &str, now_ns: i64) -> Result<(), Failure> {
        Ok(self.inner.requote(shard, now_ns)?)
    }

    fn take_batch(&mut self, shard: &str, now_ns: i64) -> Result<OutgoingBatch, Failure> {
        Ok(OutgoingBatch { inner: self.inner.take_batch(shard, now_ns)? })
    }

    fn hello<'py>(&self, py: Python<'py>, shard: &str, oldest_sequence: u64) -> Result<Bound<'py, PyBytes>, Failure> {
        Ok(PyBytes::new(py, &self.inner.streams_so_far().hello(shard, oldest_sequence)?))
    }

    fn order_book(&self, symbol: &str, depth: usize) -> Result<BookView, Failure> {
        let (state, sequence, book) = self.inner.feed.order_book(symbol)?;
        let pair = |level: crossbook_market::Level| (level.price, level.size);
        Ok(BookView {
            state: state as u8,
            bids: book.bids().take(depth).map(pair).collect(),
            asks: book.asks().take(depth).map(pair).collect(),
            sequence,
        })
    }

    fn states(&self) -> Vec<(String, u8)> {
        self.inner.feed.tracked().map(|(instrument, state)| (instrument.symbol.clone(), state as u8)).collect()
    }

    fn stats(&self) -> FeedStats {
        FeedStats { inner: self.inner.feed.stats() }
    }
}

fn steps_to_python(py: Python<'_>, steps: Vec<Step>) -> PyResult<Bound<'_, PyList>> {
    let list = PyList::empty(py);
    for step in steps {
        list.append(step_to_python(py, step)?)?;
    }
    Ok(list)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<VenueProfile>()?;
    module.add_class::<MarketListing>()?;
    module.add_class::<FeedStats>()?;
    module.add_class::<BookView>()?;
    module.add_class::<VenueFeed>()?;
    module.add_function(wrap_pyfunction!(venue_profiles, module)?)?;
    module.add_function(wrap_pyfunction!(next_market_request, module)?)?;
    module.add_function(wrap_pyfunction!(throttling_words, module)?)?;
    module.add_function(wrap_pyfunction!(parse_markets, module)?)?;
    steps::register(module)
}
