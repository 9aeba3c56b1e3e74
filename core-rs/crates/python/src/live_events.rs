//! Events in their place in the log, and resume tokens, as Python holds them.

use std::sync::Arc;

use crossbook_engine::live as engine;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{Failure, without_gil};
use crate::literals::{bytes, numbers, texts};

/// An event as it stands in the log.
#[pyclass(module = "crossbook._core", frozen)]
pub struct LoggedEvent {
    event: Arc<engine::LoggedEvent>,
}

impl From<Arc<engine::LoggedEvent>> for LoggedEvent {
    fn from(event: Arc<engine::LoggedEvent>) -> Self {
        Self { event }
    }
}

#[pymethods]
impl LoggedEvent {
    #[getter]
    fn number(&self) -> i64 {
        self.event.number
    }

    #[getter]
    fn kind(&self) -> u8 {
        self.event.kind as u8
    }

    #[getter]
    fn opportunity_id(&self) -> &str {
        &self.event.opportunity_id
    }

    #[getter]
    fn asset(&self) -> &str {
        &self.event.asset
    }

    #[getter]
    fn buy_venue(&self) -> &str {
        &self.event.buy_venue
    }

    #[getter]
    fn sell_venue(&self) -> &str {
        &self.event.sell_venue
    }

    #[getter]
    fn opening_net_percent(&self) -> f64 {
        self.event.opening_net_percent
    }

    #[getter]
    fn event_ns(&self) -> i64 {
        self.event.event_ns
    }

    #[getter]
    fn cause_ns(&self) -> i64 {
        self.event.cause_ns
    }

    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.event.payload)
    }
}

/// A statement's arrays: of each value, that of every event.
#[pyfunction]
fn event_columns(py: Python<'_>, events: Vec<PyRef<'_, LoggedEvent>>) -> [String; 10] {
    let events: Vec<_> = events.iter().map(|one| one.event.clone()).collect();
    without_gil(py, || {
        let told = || events.iter();
        [
            texts(told().map(|event| event.opportunity_id.as_str())),
            numbers(told().map(|event| event.kind as u8)),
            numbers(told().map(|event| event.cause_ns)),
            numbers(told().map(|event| event.event_ns)),
            texts(told().map(|event| event.asset.as_str())),
            texts(told().map(|event| event.buy_venue.as_str())),
            texts(told().map(|event| event.sell_venue.as_str())),
            numbers(told().map(|event| event.opening_net_percent)),
            numbers(told().map(|event| event.number)),
            bytes(told().map(|event| event.payload.as_slice())),
        ]
    })
}

/// A resume token in its parts.
#[pyclass(module = "crossbook._core", frozen)]
pub struct ResumeToken {
    pub token: engine::Token,
}

#[pymethods]
impl ResumeToken {
    #[new]
    fn new(log_id: String, number: i64, event_ns: i64) -> Self {
        Self { token: engine::Token { log_id, number, event_ns } }
    }

    #[staticmethod]
    fn decode(token: &str) -> Result<Self, Failure> {
        Ok(Self { token: engine::Token::decode(token)? })
    }

    fn encode(&self) -> String {
        self.token.encode()
    }

    #[getter]
    fn log_id(&self) -> &str {
        &self.token.log_id
    }

    #[getter]
    fn number(&self) -> i64 {
        self.token.number
    }

    #[getter]
    fn event_ns(&self) -> i64 {
        self.token.event_ns
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<LoggedEvent>()?;
    module.add_class::<ResumeToken>()?;
    module.add_function(wrap_pyfunction!(event_columns, module)?)
}
