//! REST by the protos as Python sees it: requests in, calls out, and messages as JSON.

use crate::errors::{Failure, without_gil};
use crossbook_transcode::{Body, Call, Refusal, Transcoder};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// One route: verb, template, method, where the body goes, fields of the path.
type RouteRow = (String, String, String, String, Vec<String>);

/// The routes of a descriptor set.
#[pyclass(name = "Transcoder", module = "crossbook._core", frozen)]
pub struct PyTranscoder {
    inner: Transcoder,
}

/// The call that a request means.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct RestCall {
    method: String,
    pattern: String,
    payload: Py<PyBytes>,
}

/// Why it means none: no path, no such verb, or wrong fields.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct RestRefusal {
    verbs: Vec<String>,
    violations: Vec<(String, String)>,
}

#[derive(IntoPyObject)]
enum Answer {
    Call(RestCall),
    Refusal(RestRefusal),
}

#[pymethods]
impl PyTranscoder {
    #[new]
    fn new(py: Python<'_>, descriptor_set: &[u8]) -> PyResult<Self> {
        let inner = without_gil(py, || Transcoder::new(descriptor_set));
        Ok(Self { inner: inner.map_err(|error| Failure::Payload(error.to_string()))? })
    }

    #[getter]
    fn routes(&self) -> Vec<RouteRow> {
        self.inner
            .routes()
            .iter()
            .map(|route| {
                let body = match route.body() {
                    Body::Nowhere => "",
                    Body::Whole => "*",
                    Body::Field(field) => field,
                };
                let (verb, pattern) = (route.verb().to_owned(), route.pattern().to_owned());
                (verb, pattern, route.method_path(), body.to_owned(), route.fields().to_vec())
            })
            .collect()
    }

    fn call(&self, py: Python<'_>, verb: &str, path: &str, query: &str, body: &[u8]) -> Answer {
        match without_gil(py, || self.inner.call(verb, path, query, body)) {
            Ok(Call { method, pattern, payload }) => {
                Answer::Call(RestCall { method, pattern, payload: PyBytes::new(py, &payload).unbind() })
            }
            Err(refusal) => Answer::Refusal(match refusal {
                Refusal::NotFound => RestRefusal { verbs: vec![], violations: vec![] },
                Refusal::Verb(verbs) => RestRefusal { verbs, violations: vec![] },
                Refusal::Fields(violations) => RestRefusal { verbs: vec![], violations },
            }),
        }
    }

    fn to_json<'py>(&self, py: Python<'py>, message: &str, payload: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let text = without_gil(py, || self.inner.to_json(message, payload));
        Ok(PyBytes::new(py, &text.map_err(|error| Failure::Payload(error.to_string()))?))
    }

    fn parse_json<'py>(&self, py: Python<'py>, message: &str, text: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let payload = without_gil(py, || self.inner.parse_json(message, text));
        Ok(PyBytes::new(py, &payload.map_err(|error| Failure::Payload(error.to_string()))?))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyTranscoder>()?;
    module.add_class::<RestCall>()?;
    module.add_class::<RestRefusal>()
}
