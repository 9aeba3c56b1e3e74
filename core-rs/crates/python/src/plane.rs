//! The data plane as Python holds it: the thread, a port, and the calls that somebody has to decide about.

use crate::errors::{Failure, without_gil};
use crate::ingest::{PyQuoteHub, PyVenueWindows};
use crate::live::{OpportunityWatching, SharedScan};
use crate::wall::WallClock;
use crossbook_engine::hub::InstrumentFilter;
use crossbook_engine::latency::LatencyHistogram;
use crossbook_plane as plane;
use crossbook_plane::{Following, Form, Refusal, Silence};
use pyo3::exceptions::{PyConnectionError, PyOverflowError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A google.rpc.Status in its parts: its code, its message, and the whole, encoded.
type Status = (i32, String, Vec<u8>);

/// Path, calls at a time, what those beyond are told, bytes of a message; silent calls at a time, what the oldest beyond is told,
/// seconds of silence, what is told after them.
type MethodRow = (String, usize, Status, usize, usize, Status, f64, Status);

fn method(row: MethodRow) -> plane::Method {
    let (path, places, when_full, max_message_bytes, silent, when_oldest, patience_seconds, when_late) = row;
    let silence = Silence {
        places: silent,
        when_oldest: refusal(when_oldest),
        patience: Duration::from_secs_f64(patience_seconds),
        when_late: refusal(when_late),
    };
    plane::Method { path, places, when_full: refusal(when_full), max_message_bytes, silence }
}

fn refusal((code, message, details): Status) -> Refusal {
    Refusal { code, message, details }
}

/// The thread that carries streams. One for each process.
#[pyclass(module = "crossbook._core", frozen)]
pub struct Plane {
    inner: plane::Plane,
}

#[pymethods]
impl Plane {
    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self { inner: plane::Plane::start()? })
    }

    fn fileno(&self) -> i32 {
        self.inner.bells.fileno()
    }

    fn take_bells(&self) -> Vec<u64> {
        self.inner.bells.take()
    }

    fn close(&self, py: Python<'_>) {
        without_gil(py, || self.inner.close());
    }

    fn ring_news(&self, scan: &Bound<'_, SharedScan>) -> u64 {
        scan.get().ring(|| {
            let bell = self.bell();
            (bell.id(), plane::waker_of(bell))
        })
    }

    #[pyo3(signature = (target, request, scan, source, wall, *, connect_timeout_seconds, keepalive_seconds,
        keepalive_timeout_seconds, max_message_bytes))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn follow_quotes(
        &self,
        target: &str,
        request: &[u8],
        scan: &Bound<'_, SharedScan>,
        source: u16,
        wall: &WallClock,
        connect_timeout_seconds: f64,
        keepalive_seconds: f64,
        keepalive_timeout_seconds: f64,
        max_message_bytes: usize,
    ) -> FollowedStream {
        let rules = plane::DialRules {
            connect_timeout: Duration::from_secs_f64(connect_timeout_seconds),
            keepalive: Duration::from_secs_f64(keepalive_seconds),
            keepalive_timeout: Duration::from_secs_f64(keepalive_timeout_seconds),
            max_message_bytes,
        };
        let taker =
            Box::new(plane::ShardQuotes { scan: Arc::clone(&scan.get().live), source, wall: wall.inner.clone() });
        let (bell, request) = (self.bell(), request.to_vec().into());
        FollowedStream {
            inner: plane::Followed::start(target, QUOTES, request, rules, taker, bell, self.inner.handle()),
        }
    }
}

impl Plane {
    pub fn bell(&self) -> plane::Bell {
        self.inner.bells.bell()
    }
}

const QUOTES: &str = "/crossbook.v1.AggregatorService/SubscribeQuoteBatches";

/// A stream that the plane follows.
#[pyclass(module = "crossbook._core", frozen)]
pub struct FollowedStream {
    inner: Arc<plane::Followed>,
}

#[pymethods]
impl FollowedStream {
    #[getter]
    fn bell(&self) -> u64 {
        self.inner.bell()
    }

    #[getter]
    fn is_open(&self) -> bool {
        self.inner.is_open()
    }

    #[getter]
    fn end(&self) -> PyResult<Option<(i32, String)>> {
        match self.inner.end() {
            None => Ok(None),
            Some(plane::End::Ended) => Ok(Some((0, String::new()))),
            Some(plane::End::Failed { code, message }) => Ok(Some((code, message))),
            Some(plane::End::Refused(reason)) => Err(Failure::Payload(reason).into()),
        }
    }

    fn stop(&self, py: Python<'_>) {
        without_gil(py, || self.inner.stop());
    }
}

/// A port: some methods are served by the plane, all others by the server behind.
#[pyclass(module = "crossbook._core", frozen)]
pub struct PlaneServer {
    inner: plane::Server,
    plane: Py<Plane>,
}

#[pymethods]
impl PlaneServer {
    #[new]
    #[pyo3(signature = (plane, host, port, backend, *, methods, max_connections, max_calls_of_connection,
        patience_seconds, keepalive_seconds, keepalive_timeout_seconds, max_header_bytes))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn new(
        py: Python<'_>,
        plane: Py<Plane>,
        host: String,
        port: u16,
        backend: PathBuf,
        methods: Vec<MethodRow>,
        max_connections: usize,
        max_calls_of_connection: u32,
        patience_seconds: f64,
        keepalive_seconds: f64,
        keepalive_timeout_seconds: f64,
        max_header_bytes: u32,
    ) -> PyResult<Self> {
        let settings = plane::ServerSettings {
            host,
            port,
            backend,
            max_connections,
            max_calls_of_connection,
            patience: Duration::from_secs_f64(patience_seconds),
            keepalive: Duration::from_secs_f64(keepalive_seconds),
            keepalive_timeout: Duration::from_secs_f64(keepalive_timeout_seconds),
            max_header_bytes,
        };
        let of = &plane.get().inner;
        let methods = methods.into_iter().map(method).collect();
        let inner = without_gil(py, || plane::Server::start(settings, methods, &of.bells, of.handle()))?;
        Ok(Self { inner, plane })
    }

    #[getter]
    fn port(&self) -> u16 {
        self.inner.port
    }

    #[getter]
    fn bell(&self) -> u64 {
        self.inner.bell()
    }

    #[getter]
    fn refused_calls(&self) -> Vec<u64> {
        self.inner.refused()
    }

    fn take_opened(&self, py: Python<'_>) -> Vec<PlaneCall> {
        let own = |inner| PlaneCall { inner, plane: self.plane.clone_ref(py) };
        self.inner.take_opened().into_iter().map(own).collect()
    }

    fn stop(&self) {
        self.inner.stop();
    }
}

/// One call of a method that the plane serves.
#[pyclass(module = "crossbook._core", frozen)]
pub struct PlaneCall {
    inner: Arc<plane::Call>,
    plane: Py<Plane>,
}

#[pymethods]
impl PlaneCall {
    #[getter]
    fn method(&self) -> usize {
        self.inner.method
    }

    #[getter]
    fn peer(&self) -> String {
        self.inner.peer.to_string()
    }

    #[getter]
    fn metadata(&self) -> Vec<(String, String)> {
        self.inner.metadata.clone()
    }

    #[getter]
    fn bell(&self) -> u64 {
        self.inner.outlet.bell()
    }

    #[getter]
    fn is_gone(&self) -> bool {
        self.inner.outlet.is_gone()
    }

    #[getter]
    fn waiting(&self) -> usize {
        self.inner.outlet.waiting()
    }

    #[getter]
    fn first<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.first())
    }

    fn accept(&self) {
        self.inner.accept();
    }

    fn watch(&self, watching: &OpportunityWatching) {
        self.inner.outlet.follow(Box::new(plane::Events(Arc::clone(&watching.watching))));
    }

    fn write(&self, message: &[u8]) {
        self.inner.outlet.write(message.to_vec().into());
    }

    fn end(&self) {
        self.inner.outlet.end(Ok(()));
        self.inner.accept();
    }

    fn refuse(&self, status: Status) {
        self.inner.refuse(refusal(status).into());
    }

    fn feed(&self, windows: &PyVenueWindows, rules: &PyIngestRules) -> PyResult<PyIngestStream> {
        let messages = self.inner.messages().ok_or_else(|| match self.inner.outlet.is_gone() {
            true => PyConnectionError::new_err("the client is gone"),
            false => PyRuntimeError::new_err("the call is fed already"),
        })?;
        let of = &self.plane.get().inner;
        let (windows, rules) = (Arc::clone(&windows.inner), rules.inner.clone());
        Ok(PyIngestStream { inner: plane::Feeding::start(messages, windows, rules, of.bells.bell(), of.handle()) })
    }

    #[pyo3(signature = (hub, venues, symbols, assets, *, as_rows, interval_seconds))]
    #[allow(clippy::too_many_arguments)] // three of them are one filter
    fn follow(
        &self,
        py: Python<'_>,
        hub: &PyQuoteHub,
        venues: Vec<String>,
        symbols: Vec<String>,
        assets: Vec<String>,
        as_rows: bool,
        interval_seconds: f64,
    ) {
        let form = if as_rows { Form::Rows } else { Form::Batches };
        let filter = InstrumentFilter::new(venues, symbols, assets);
        let interval = Duration::from_secs_f64(interval_seconds);
        let followed = || Following::new(Arc::clone(&hub.inner), filter, form, interval);
        self.inner.outlet.follow(Box::new(without_gil(py, followed)));
    }
}

/// What holds for every stream that feeds windows, and how long its batches take.
#[pyclass(name = "IngestRules", module = "crossbook._core", frozen)]
pub struct PyIngestRules {
    inner: plane::FeedingRules,
}

#[pymethods]
impl PyIngestRules {
    #[new]
    #[pyo3(signature = (hub, wall, *, max_waiting_windows, max_ahead_seconds))]
    fn new(hub: &PyQuoteHub, wall: &WallClock, max_waiting_windows: usize, max_ahead_seconds: f64) -> Self {
        Self {
            inner: plane::FeedingRules {
                hub: Arc::clone(&hub.inner),
                max_waiting: max_waiting_windows,
                max_ahead: Duration::from_secs_f64(max_ahead_seconds),
                wall: wall.inner.clone(),
                transit: Arc::default(),
                update: Arc::default(),
            },
        }
    }

    #[getter]
    fn transit(&self) -> Histogram {
        Histogram { inner: Arc::clone(&self.inner.transit) }
    }

    #[getter]
    fn update(&self) -> Histogram {
        Histogram { inner: Arc::clone(&self.inner.update) }
    }
}

/// Durations that the core has measured.
#[pyclass(module = "crossbook._core", frozen)]
pub struct Histogram {
    inner: Arc<Mutex<LatencyHistogram>>,
}

#[pymethods]
impl Histogram {
    fn quantile_us(&self, share: f64) -> f64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).quantile_us(share)
    }
}

/// A stream of batches into a venue's windows.
#[pyclass(name = "IngestStream", module = "crossbook._core", frozen)]
pub struct PyIngestStream {
    inner: Arc<plane::Feeding>,
}

#[pymethods]
impl PyIngestStream {
    #[getter]
    fn bell(&self) -> u64 {
        self.inner.bell()
    }

    #[getter]
    fn silent_seconds(&self) -> Option<f64> {
        self.inner.silent_for().map(|silent| silent.as_secs_f64())
    }

    fn take_closed(&self) -> bool {
        self.inner.take_closed()
    }

    fn take_health<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.inner.take_health().map(|payload| PyBytes::new(py, &payload))
    }

    fn is_over(&self) -> PyResult<bool> {
        match self.inner.take_end() {
            None => Ok(false),
            Some(plane::FeedEnd::Done) => Ok(true),
            Some(plane::FeedEnd::TooLarge(reason)) => Err(PyOverflowError::new_err(reason)),
            Some(plane::FeedEnd::Lost(reason)) => Err(PyConnectionError::new_err(reason)),
            Some(plane::FeedEnd::Refused(error)) => Err(Failure::from(error).into()),
        }
    }

    fn stop(&self, py: Python<'_>) {
        without_gil(py, || self.inner.stop());
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Plane>()?;
    module.add_class::<FollowedStream>()?;
    module.add_class::<PlaneServer>()?;
    module.add_class::<PlaneCall>()?;
    module.add_class::<PyIngestRules>()?;
    module.add_class::<Histogram>()?;
    module.add_class::<PyIngestStream>()
}
