//! The plane's thread, as Python holds it.

use super::dialed::{DialRules, FollowedStream, SentStream};
use crate::board::QuoteTaker;
use crate::errors::without_gil;
use crate::live::SharedScan;
use crate::outgoing::UplinkState;
use crate::wall::WallClock;
use crossbook_plane as plane;
use pyo3::prelude::*;
use std::sync::Arc;

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

    fn follow_quotes(
        &self,
        target: &str,
        request: &[u8],
        into: QuoteTaker<'_>,
        source: u16,
        wall: &WallClock,
        rules: &DialRules,
    ) -> FollowedStream {
        let taker = into.of(source, wall);
        let (bell, request) = (self.bell(), request.to_vec().into());
        let runtime = self.inner.handle();
        FollowedStream {
            inner: plane::Followed::start(target, QUOTES, request, rules.inner.clone(), taker, bell, runtime),
        }
    }

    fn send_quotes(&self, target: &str, hello: &[u8], uplink: &UplinkState, rules: &DialRules) -> SentStream {
        let (bell, hello) = (self.bell(), hello.to_vec().into());
        let (uplink, runtime) = (Arc::clone(&uplink.inner), self.inner.handle());
        SentStream { inner: plane::Sending::start(target, hello, uplink, rules.inner.clone(), bell, runtime) }
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
