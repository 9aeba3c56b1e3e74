//! The streams that the plane dials, as Python holds them: one that it follows, one that it fills.

use crate::errors::{Failure, without_gil};
use crate::outgoing::PyResumed;
use crossbook_plane as plane;
use crossbook_plane::End;
use pyo3::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// How a connection is kept.
#[pyclass(module = "crossbook._core", frozen)]
pub struct DialRules {
    pub(super) inner: plane::DialRules,
}

#[pymethods]
impl DialRules {
    #[new]
    #[pyo3(signature = (*, connect_timeout_seconds, keepalive_seconds, keepalive_timeout_seconds, max_message_bytes, authorization=None,
        ca=None, identity=None))]
    fn new(
        connect_timeout_seconds: f64,
        keepalive_seconds: f64,
        keepalive_timeout_seconds: f64,
        max_message_bytes: usize,
        authorization: Option<&str>,
        ca: Option<Vec<u8>>,
        identity: Option<(Vec<u8>, Vec<u8>)>,
    ) -> PyResult<Self> {
        let inner = plane::DialRules {
            connect_timeout: Duration::from_secs_f64(connect_timeout_seconds),
            keepalive: Duration::from_secs_f64(keepalive_seconds),
            keepalive_timeout: Duration::from_secs_f64(keepalive_timeout_seconds),
            max_message_bytes,
            authorization: authorization.map(shown).transpose()?,
            tls: ca.map(|ca| plane::DialTls { ca, identity }),
        };
        Ok(Self { inner })
    }
}

/// As a header; it is told by nobody what it was, if it is none.
fn shown(text: &str) -> PyResult<plane::Authorization> {
    let no_header = |_| Failure::InvalidSetting("authorization is no header's value".to_owned());
    let mut value = plane::Authorization::try_from(text).map_err(no_header)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Its status, if it is over.
fn status(end: Option<End>, refused: fn(String) -> Failure) -> PyResult<Option<(i32, String)>> {
    match end {
        None => Ok(None),
        Some(End::Ended) => Ok(Some((0, String::new()))),
        Some(End::Failed { code, message }) => Ok(Some((code, message))),
        Some(End::Refused(reason)) => Err(refused(reason).into()),
    }
}

/// A stream that the plane follows.
#[pyclass(module = "crossbook._core", frozen)]
pub struct FollowedStream {
    pub(super) inner: Arc<plane::Followed>,
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
        status(self.inner.end(), Failure::Payload)
    }

    fn stop(&self, py: Python<'_>) {
        without_gil(py, || self.inner.stop());
    }
}

/// A lane's stream that the plane fills.
#[pyclass(module = "crossbook._core", frozen)]
pub struct SentStream {
    pub(super) inner: Arc<plane::Sending>,
}

#[pymethods]
impl SentStream {
    #[getter]
    fn bell(&self) -> u64 {
        self.inner.bell()
    }

    fn take_resumed(&self) -> Option<PyResumed> {
        self.inner.take_resumed().map(PyResumed::from)
    }

    #[getter]
    fn end(&self) -> PyResult<Option<(i32, String)>> {
        status(self.inner.end(), Failure::Sequence)
    }

    fn stop(&self, py: Python<'_>) {
        without_gil(py, || self.inner.stop());
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<DialRules>()?;
    module.add_class::<FollowedStream>()?;
    module.add_class::<SentStream>()
}
