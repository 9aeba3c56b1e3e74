//! A call that somebody has to decide about, as Python holds it.

use super::feeding::{PyIngestRules, PyIngestStream};
use super::status::{Status, refusal};
use super::thread::Plane;
use crate::errors::without_gil;
use crate::ingest::{PyQuoteHub, PyVenueWindows};
use crate::live::OpportunityWatching;
use crossbook_engine::hub::InstrumentFilter;
use crossbook_plane as plane;
use crossbook_plane::{Following, Form};
use pyo3::exceptions::{PyConnectionError, PyRuntimeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;
use std::time::Duration;

/// One call of a method that the plane serves.
#[pyclass(module = "crossbook._core", frozen)]
pub struct PlaneCall {
    pub(super) inner: Arc<plane::Call>,
    pub(super) plane: Py<Plane>,
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

    #[pyo3(signature = (hub, venues, symbols, assets, *, as_rows, with_depth, interval_seconds))]
    #[allow(clippy::too_many_arguments)] // three of them are one filter
    fn follow(
        &self,
        py: Python<'_>,
        hub: &PyQuoteHub,
        venues: Vec<String>,
        symbols: Vec<String>,
        assets: Vec<String>,
        as_rows: bool,
        with_depth: bool,
        interval_seconds: f64,
    ) {
        let form = match (as_rows, with_depth) {
            (true, _) => Form::Rows,
            (false, true) => Form::DeepBatches,
            (false, false) => Form::Batches,
        };
        let filter = InstrumentFilter::new(venues, symbols, assets);
        let interval = Duration::from_secs_f64(interval_seconds);
        let followed = || Following::new(Arc::clone(&hub.inner), filter, form, interval);
        self.inner.outlet.follow(Box::new(without_gil(py, followed)));
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PlaneCall>()
}
