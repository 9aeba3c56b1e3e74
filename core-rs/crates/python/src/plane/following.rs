//! A stream that the plane follows, as Python holds it.

use crate::errors::{Failure, without_gil};
use crossbook_plane as plane;
use pyo3::prelude::*;
use std::sync::Arc;

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

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FollowedStream>()
}
