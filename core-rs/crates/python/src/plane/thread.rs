//! The plane's thread, as Python holds it.

use super::following::FollowedStream;
use crate::board::QuoteTaker;
use crate::errors::without_gil;
use crate::live::SharedScan;
use crate::wall::WallClock;
use crossbook_plane as plane;
use pyo3::prelude::*;
use std::time::Duration;

/// The thread that carries streams. One for each process.
#[pyclass(module = "crossbook._core", frozen)]
pub struct Plane {
    pub(super) inner: plane::Plane,
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

    #[pyo3(signature = (target, request, into, source, wall, *, connect_timeout_seconds, keepalive_seconds,
        keepalive_timeout_seconds, max_message_bytes))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn follow_quotes(
        &self,
        target: &str,
        request: &[u8],
        into: QuoteTaker<'_>,
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
        let (bell, request) = (self.bell(), request.to_vec().into());
        let taker = into.of(source, wall);
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

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Plane>()
}
