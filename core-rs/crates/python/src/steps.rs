//! What a feed asks of its driver, one class each.

use crossbook_venues::Step;
use pyo3::prelude::*;

/// A GET, or a POST of JSON where there is a body; weight counts against the venue's request budget.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct RestRequest {
    url: String,
    body: Option<String>,
    weight: u32,
    is_urgent: bool,
}

#[pymethods]
impl RestRequest {
    #[new]
    #[pyo3(signature = (url, *, body=None, weight=1, is_urgent=true))]
    fn new(url: String, body: Option<String>, weight: u32, is_urgent: bool) -> Self {
        Self { url, body, weight, is_urgent }
    }
}

impl From<crossbook_venues::RestRequest> for RestRequest {
    fn from(request: crossbook_venues::RestRequest) -> Self {
        Self { url: request.url, body: request.body, weight: request.weight, is_urgent: request.is_urgent }
    }
}

/// Dial a connection; after a loss dial it again, with backoff, until Close.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct Open {
    connection: u32,
    url: String,
    ticket: Option<Py<RestRequest>>,
    headers: Vec<(&'static str, &'static str)>,
}

/// Hang up for good.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct Close {
    connection: u32,
}

/// Drop the socket and dial again.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct Reconnect {
    connection: u32,
    reason: String,
}

/// Send a text frame.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct Send {
    connection: u32,
    text: String,
}

/// Ask this and hand the answer to on_answer.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct Fetch {
    request_id: u64,
    request: Py<RestRequest>,
}

/// Something an operator should see in the log.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct Report {
    event: &'static str,
    symbol: String,
    detail: String,
}

pub fn step_to_python(py: Python<'_>, step: Step) -> PyResult<Bound<'_, PyAny>> {
    Ok(match step {
        Step::Open { connection, url, ticket, headers } => {
            let ticket = ticket.map(|request| Py::new(py, RestRequest::from(request))).transpose()?;
            Bound::new(py, Open { connection, url, ticket, headers: headers.to_vec() })?.into_any()
        }
        Step::Close { connection } => Bound::new(py, Close { connection })?.into_any(),
        Step::Reconnect { connection, reason } => Bound::new(py, Reconnect { connection, reason })?.into_any(),
        Step::Send { connection, text } => Bound::new(py, Send { connection, text })?.into_any(),
        Step::Fetch { request_id, request } => {
            let request = Py::new(py, RestRequest::from(request))?;
            Bound::new(py, Fetch { request_id, request })?.into_any()
        }
        Step::Report { event, symbol, detail } => Bound::new(py, Report { event, symbol, detail })?.into_any(),
    })
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<RestRequest>()?;
    module.add_class::<Open>()?;
    module.add_class::<Close>()?;
    module.add_class::<Reconnect>()?;
    module.add_class::<Send>()?;
    module.add_class::<Fetch>()?;
    module.add_class::<Report>()?;
    let names = ["Close", "Reconnect", "Send", "Fetch", "Report"];
    let union = names.iter().try_fold(module.getattr("Open")?, |union, name| union.bitor(module.getattr(name)?))?;
    module.add("Step", union)
}
