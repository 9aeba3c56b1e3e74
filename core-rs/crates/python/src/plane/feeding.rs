//! A stream of batches into a venue's windows, as Python holds it.

use crate::errors::{Failure, without_gil};
use crate::ingest::PyQuoteHub;
use crate::wall::WallClock;
use crossbook_engine::latency::LatencyHistogram;
use crossbook_plane as plane;
use pyo3::exceptions::{PyConnectionError, PyOverflowError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What holds for every stream that feeds windows, and how long its batches take.
#[pyclass(name = "IngestRules", module = "crossbook._core", frozen)]
pub struct PyIngestRules {
    pub(super) inner: plane::FeedingRules,
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
    pub(super) inner: Arc<Mutex<LatencyHistogram>>,
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
    pub(super) inner: Arc<plane::Feeding>,
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
    module.add_class::<PyIngestRules>()?;
    module.add_class::<Histogram>()?;
    module.add_class::<PyIngestStream>()
}
