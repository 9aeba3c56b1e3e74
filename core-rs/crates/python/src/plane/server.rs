//! The port as Python holds it, and its rules in the form in which Python gives them.

use super::calls::PlaneCall;
use super::status::{Status, refusal};
use super::thread::Plane;
use crate::errors::{Failure, without_gil};
use crossbook_plane as plane;
use crossbook_plane::Silence;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::time::Duration;

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

/// What a port shows, and whom it lets in.
#[pyclass(module = "crossbook._core", frozen)]
pub struct ServerTls {
    inner: plane::ServerTls,
}

#[pymethods]
impl ServerTls {
    #[new]
    #[pyo3(signature = (certificate, key, client_ca=None))]
    fn new(certificate: &[u8], key: &[u8], client_ca: Option<&[u8]>) -> PyResult<Self> {
        let made = plane::ServerTls::new(certificate, key, client_ca);
        Ok(Self { inner: made.map_err(Failure::InvalidSetting)? })
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
        patience_seconds, keepalive_seconds, keepalive_timeout_seconds, max_header_bytes, tls=None))]
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
        tls: Option<&ServerTls>,
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
            tls: tls.map(|tls| tls.inner.clone()),
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

    fn take_tls(&self, tls: &ServerTls) {
        self.inner.take_tls(tls.inner.clone());
    }

    fn stop(&self) {
        self.inner.stop();
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ServerTls>()?;
    module.add_class::<PlaneServer>()
}
