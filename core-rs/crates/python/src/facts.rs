//! A book of facts as Python holds it.

use crate::errors::{Failure, without_gil};
use crate::instrument::PyInstrument;
use crate::steps::RestRequest;
use crossbook_venues::facts::{FactBook as CoreBook, read};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One thing to ask for.
#[pyclass(module = "crossbook._core", frozen)]
pub struct FactAsk {
    poll: usize,
    native_symbol: String,
    #[pyo3(get)]
    request: Py<RestRequest>,
}

/// What is known of one venue's instruments besides quotes.
#[pyclass(module = "crossbook._core", frozen)]
pub struct FactBook {
    venue: String,
    inner: Mutex<CoreBook>,
}

#[pymethods]
impl FactBook {
    #[new]
    #[pyo3(signature = (venue, *, rest_url=None))]
    fn new(venue: &str, rest_url: Option<&str>) -> Result<Self, Failure> {
        let inner = Mutex::new(crossbook_venues::fact_book(venue, rest_url)?);
        Ok(Self { venue: venue.to_string(), inner })
    }

    fn track(&self, instruments: Vec<PyRef<'_, PyInstrument>>, now_ns: i64) {
        let instruments: Vec<_> = instruments.iter().map(|instrument| Arc::clone(&instrument.inner)).collect();
        self.held().track(&instruments, now_ns);
    }

    fn next_ask(&self, py: Python<'_>, now_ns: i64) -> PyResult<Option<FactAsk>> {
        let Some(ask) = self.held().next_ask(now_ns) else { return Ok(None) };
        let request = Py::new(py, RestRequest::from(ask.request))?;
        Ok(Some(FactAsk { poll: ask.poll, native_symbol: ask.native_symbol, request }))
    }

    fn read(
        &self,
        py: Python<'_>,
        ask: &FactAsk,
        status: u16,
        body: PyBackedBytes,
        now_ns: i64,
    ) -> Result<(), Failure> {
        let venue = crossbook_venues::find(&self.venue)?;
        without_gil(py, || {
            let poll = &venue.fact_polls()[ask.poll];
            let told = if status == 200 { read(poll, &body, &ask.native_symbol, now_ns).ok() } else { None };
            match told {
                Some(told) => self.held().take(ask.poll, told, now_ns),
                None => self.held().failed(ask.poll, now_ns),
            }
        });
        Ok(())
    }

    fn read_markets(&self, py: Python<'_>, answers: Vec<PyBackedBytes>, now_ns: i64) -> Result<(), Failure> {
        let venue = crossbook_venues::find(&self.venue)?;
        without_gil(py, || {
            let polls: Vec<usize> = self.held().listed_polls().collect();
            for (poll, answer) in polls.into_iter().flat_map(|poll| answers.iter().map(move |answer| (poll, answer))) {
                match read(&venue.fact_polls()[poll], answer, "", now_ns) {
                    Ok(told) => self.held().take(poll, told, now_ns),
                    Err(_) => self.held().failed(poll, now_ns),
                }
            }
        });
        Ok(())
    }

    fn take_changes<'py>(&self, py: Python<'py>, now_ns: i64) -> Bound<'py, PyBytes> {
        let changes = self.held().take_changes(now_ns);
        if changes.is_empty() {
            return PyBytes::new(py, b"");
        }
        let rows = changes.iter().map(|one| (one.instrument.as_ref(), one.facts.as_slice(), one.is_gone));
        PyBytes::new(py, &crossbook_wire::encode_facts(&self.venue, rows))
    }

    fn tell_all(&self) {
        self.held().tell_all();
    }

    /// Answers, failures, refused values.
    fn counts(&self) -> (u64, u64, u64) {
        let stats = self.held().stats();
        (stats.answers, stats.failures, stats.refused)
    }
}

impl FactBook {
    fn held(&self) -> MutexGuard<'_, CoreBook> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FactAsk>()?;
    module.add_class::<FactBook>()
}
