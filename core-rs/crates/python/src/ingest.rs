//! Windows and the hub as Python sees them. Every lock is taken with the GIL released.

use crate::errors::{Failure, without_gil};
use crate::instrument::{PyCarriedQuote, PyInstrument, QuoteRow};
use crossbook_engine::hub::{InstrumentFilter, Subscription};
use crossbook_engine::windows::{self, CarriedQuote, ClosedWindow, Position, VenueWindows};
use crossbook_market::{Instrument, Quote};
use crossbook_plane::{Hub, Windows};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;

/// The latest quote of every instrument and the subscriptions that follow them, conflated.
#[pyclass(name = "QuoteHub", module = "crossbook._core", frozen)]
pub struct PyQuoteHub {
    pub inner: Arc<Hub>,
}

#[pymethods]
impl PyQuoteHub {
    #[new]
    fn new() -> Self {
        Self { inner: Arc::default() }
    }

    #[pyo3(signature = (venues=vec![], symbols=vec![], assets=vec![], *, with_depth=false),
        text_signature = "($self, venues=(), symbols=(), assets=(), *, with_depth=False)")]
    fn subscribe(
        &self,
        py: Python<'_>,
        venues: Vec<String>,
        symbols: Vec<String>,
        assets: Vec<String>,
        with_depth: bool,
    ) -> QuoteSubscription {
        let filter = InstrumentFilter::new(venues, symbols, assets);
        QuoteSubscription { inner: without_gil(py, || self.inner.quotes.subscribe_to(filter, with_depth)) }
    }

    fn notify(&self, py: Python<'_>) {
        without_gil(py, || self.inner.notify());
    }

    #[getter]
    fn followers(&self) -> usize {
        self.inner.followers()
    }

    #[getter]
    fn conflated_quotes(&self, py: Python<'_>) -> u64 {
        without_gil(py, || self.inner.conflated_quotes())
    }

    #[pyo3(signature = (venues=vec![], symbols=vec![], assets=vec![]),
        text_signature = "($self, venues=(), symbols=(), assets=())")]
    fn latest(&self, py: Python<'_>, venues: Vec<String>, symbols: Vec<String>, assets: Vec<String>) -> Vec<QuoteRow> {
        let filter = InstrumentFilter::new(venues, symbols, assets);
        without_gil(py, || rows(self.inner.quotes.latest(&filter)))
    }
}

/// One reader. It starts with everything known; its memory is bounded by the number of instruments.
#[pyclass(module = "crossbook._core", frozen)]
pub struct QuoteSubscription {
    inner: Subscription,
}

#[pymethods]
impl QuoteSubscription {
    #[getter]
    fn pending_rows(&self, py: Python<'_>) -> usize {
        without_gil(py, || self.inner.pending_rows())
    }

    #[getter]
    fn conflated_quotes(&self, py: Python<'_>) -> u64 {
        without_gil(py, || self.inner.conflated_quotes())
    }

    fn take_batch<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        without_gil(py, || self.inner.take_batch()).map(|payload| PyBytes::new(py, &payload))
    }

    fn take_rows(&self, py: Python<'_>, limit: usize) -> Vec<QuoteRow> {
        without_gil(py, || rows(self.inner.take_rows(limit)))
    }

    fn close(&self, py: Python<'_>) {
        without_gil(py, || self.inner.close());
    }
}

/// All instruments of one venue over one window, ready to be committed.
#[pyclass(name = "ClosedWindow", module = "crossbook._core", frozen)]
pub struct PyClosedWindow {
    inner: ClosedWindow,
}

#[pymethods]
impl PyClosedWindow {
    #[getter]
    fn venue(&self) -> &str {
        &self.inner.venue
    }

    #[getter]
    fn start_ns(&self) -> i64 {
        self.inner.start_ns
    }

    #[getter]
    fn end_ns(&self) -> i64 {
        self.inner.end_ns
    }

    #[getter]
    fn rows(&self) -> usize {
        self.inner.states.len()
    }

    #[getter]
    fn incomplete_rows(&self) -> usize {
        self.inner.incomplete_rows()
    }

    #[getter]
    fn stream_id(&self) -> &str {
        &self.inner.position.stream_id
    }

    #[getter]
    fn position(&self) -> u64 {
        self.inner.position.sequence
    }

    #[pyo3(signature = (shard=None))]
    fn copy_binary<'py>(&self, py: Python<'py>, shard: Option<&str>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &without_gil(py, || self.inner.copy_binary(shard)))
    }

    #[getter]
    fn has_minutes(&self) -> bool {
        self.inner.has_minutes()
    }

    fn instruments(&self) -> Vec<PyInstrument> {
        self.inner.instruments.iter().map(|instrument| PyInstrument::from(Arc::clone(instrument))).collect()
    }
}

/// Takes one venue's stream: checks sequences, feeds the hub, keeps the open window, closes it by watermark.
#[pyclass(name = "VenueWindows", module = "crossbook._core", frozen)]
pub struct PyVenueWindows {
    pub inner: Arc<Windows>,
}

impl PyVenueWindows {
    fn with<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut VenueWindows) -> T + Send) -> T {
        without_gil(py, || work(&mut self.inner.lock()))
    }
}

#[pymethods]
impl PyVenueWindows {
    #[new]
    fn new(venue: &str, window_seconds: i64, hub: &PyQuoteHub) -> Result<Self, Failure> {
        let inner = VenueWindows::new(venue, window_seconds, Arc::clone(&hub.inner.quotes))?;
        Ok(Self { inner: Arc::new(Windows::new(inner)) })
    }

    fn restore(
        &self,
        py: Python<'_>,
        stream_id: &str,
        position: u64,
        committed_until_ns: i64,
        carried: Vec<PyRef<'_, PyCarriedQuote>>,
    ) -> Result<(), Failure> {
        let carried: Vec<CarriedQuote> = carried.iter().map(|carried| carried.inner.clone()).collect();
        let position = Position { stream_id: Arc::from(stream_id), sequence: position };
        Ok(self.with(py, |windows| windows.restore(position, committed_until_ns, &carried))?)
    }

    fn on_hello(&self, py: Python<'_>, payload: &[u8]) -> Result<u64, Failure> {
        Ok(self.with(py, |windows| windows.on_hello(payload))?)
    }

    #[pyo3(signature = (payload, latest_ns=None))]
    fn on_batch(&self, py: Python<'_>, payload: &[u8], latest_ns: Option<i64>) -> Result<usize, Failure> {
        Ok(self.with(py, |windows| windows.on_batch_until(payload, latest_ns.unwrap_or(i64::MAX)))?)
    }

    fn on_disconnected(&self, py: Python<'_>, now_ns: i64) {
        self.with(py, |windows| windows.on_disconnected(now_ns));
    }

    #[getter]
    fn are_quotes_missing(&self, py: Python<'_>) -> bool {
        self.with(py, |windows| windows.are_quotes_missing())
    }

    fn take_closed(&self, py: Python<'_>) -> Option<PyClosedWindow> {
        without_gil(py, || self.inner.take_closed()).map(|inner| PyClosedWindow { inner })
    }

    #[getter]
    fn waiting(&self, py: Python<'_>) -> usize {
        self.with(py, |windows| windows.waiting())
    }

    #[getter]
    fn stream_id(&self, py: Python<'_>) -> String {
        self.with(py, |windows| windows.stream_id().to_owned())
    }

    #[getter]
    fn received_sequence(&self, py: Python<'_>) -> u64 {
        self.with(py, |windows| windows.received_sequence())
    }

    #[getter]
    fn watermark_ns(&self, py: Python<'_>) -> i64 {
        self.with(py, |windows| windows.watermark_ns())
    }

    #[getter]
    fn quotes(&self, py: Python<'_>) -> u64 {
        self.with(py, |windows| windows.quotes())
    }

    #[getter]
    fn duplicate_batches(&self, py: Python<'_>) -> u64 {
        self.with(py, |windows| windows.duplicate_batches())
    }

    #[getter]
    fn instruments(&self, py: Python<'_>) -> usize {
        self.with(py, |windows| windows.instruments())
    }

    #[getter]
    fn live_instruments(&self, py: Python<'_>) -> usize {
        self.with(py, |windows| windows.live_instruments())
    }
}

#[pyfunction]
fn copy_windows<'py>(py: Python<'py>, windows: Vec<Bound<'py, PyClosedWindow>>, shard: &str) -> Bound<'py, PyBytes> {
    let closed: Vec<_> = windows.iter().map(|window| &window.get().inner).collect();
    PyBytes::new(py, &without_gil(py, || windows::copy_windows(&closed, shard)))
}

#[pyfunction]
fn copy_minutes<'py>(py: Python<'py>, windows: Vec<Bound<'py, PyClosedWindow>>) -> Bound<'py, PyBytes> {
    let closed: Vec<_> = windows.iter().map(|window| &window.get().inner).collect();
    PyBytes::new(py, &without_gil(py, || windows::copy_minutes(&closed)))
}

fn rows(quotes: Vec<(Arc<Instrument>, Quote)>) -> Vec<QuoteRow> {
    quotes.iter().map(|(instrument, quote)| QuoteRow::new(instrument, quote)).collect()
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyQuoteHub>()?;
    module.add_class::<QuoteSubscription>()?;
    module.add_class::<PyClosedWindow>()?;
    module.add_function(wrap_pyfunction!(copy_windows, module)?)?;
    module.add_function(wrap_pyfunction!(copy_minutes, module)?)?;
    module.add_class::<PyVenueWindows>()
}
