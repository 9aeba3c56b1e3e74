//! Lives of opportunities as Python holds them: a row of a table, read, written, and carried on by events.

use crossbook_engine::lives as engine;
use crossbook_engine::lives::{Page, take_page};
use crossbook_wire::{OpportunityEvent, WatchOpportunitiesResponse};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyTuple;

use crate::errors::{Failure, without_gil};
use crate::literals;

/// A row of opportunity_lives; each column is an attribute.
#[pyclass(name = "Life", module = "crossbook._core", frozen, skip_from_py_object)]
#[derive(Clone)]
pub struct PyLife {
    inner: engine::Life,
}

/// A value as Python has it, and as a statement takes it.
trait Column {
    fn python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;

    fn statement<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.python(py)
    }
}

macro_rules! plain_columns {
    ($($kind:ty),*) => {
        $(impl Column for $kind {
            fn python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
                self.clone().into_bound_py_any(py)
            }
        })*
    };
}

plain_columns!(String, i32, i64, f64, bool, Option<i64>);

/// In a statement an array's literal.
impl<T: std::fmt::Debug + Clone + for<'py> IntoPyObject<'py>> Column for Vec<T> {
    fn python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.clone().into_bound_py_any(py)
    }

    fn statement<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        literals::numbers(self).into_bound_py_any(py)
    }
}

macro_rules! columns {
    ($($name:ident: $($field:ident).+),* $(,)?) => {
        const COLUMNS: &[&str] = &[$(stringify!($name)),*];

        fn columns_of(life: &engine::Life) -> Vec<&dyn Column> {
            vec![$(&life.$($field).+),*]
        }

        fn life_of(row: &[Bound<'_, PyAny>]) -> PyResult<engine::Life> {
            let (mut life, mut values) = (engine::Life::default(), row.iter());
            $(if let Some(value) = values.next() {
                life.$($field).+ = value.extract()?;
            })*
            Ok(life)
        }
    };
}

columns! {
    id: id,
    asset: asset,
    buy_venue: buy_venue,
    buy_symbol: buy_symbol,
    sell_venue: sell_venue,
    sell_symbol: sell_symbol,
    quote_currency: quote_currency,
    open_ns: open_ns,
    publish_ns: publish_ns,
    last_ns: last_ns,
    close_ns: close_ns,
    close_reason: close_reason,
    is_censored: is_censored,
    opening_gross_percent: opening_gross_percent,
    opening_net_percent: opening_net_percent,
    peak_net_percent: peak_net_percent,
    peak_ns: peak_ns,
    last_net_percent: last_net_percent,
    opening_size: opening_size,
    opening_notional: opening_notional,
    peak_notional: peak_notional,
    path_us: path.us,
    path_net_percent: path.net_percent,
    path_notional: path.notional,
    events: events,
    feature_schema: feature_schema,
    features: features,
    writer: writer,
}

#[pymethods]
impl PyLife {
    /// Names of the values, in the order of a row.
    #[classattr]
    #[pyo3(name = "COLUMNS")]
    fn columns(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, COLUMNS)
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        match COLUMNS.iter().position(|known| *known == name) {
            Some(place) => columns_of(&self.inner)[place].python(py),
            None => Err(PyAttributeError::new_err(name.to_owned())),
        }
    }

    #[staticmethod]
    fn from_row(row: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        if row.len() != COLUMNS.len() {
            return Err(Failure::InvalidSetting(format!("a row has {} columns", COLUMNS.len())).into());
        }
        Ok(Self { inner: life_of(&row)? })
    }

    fn row<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let values = columns_of(&self.inner).into_iter().map(|value| value.statement(py));
        PyTuple::new(py, values.collect::<PyResult<Vec<_>>>()?)
    }

    /// It is over, or nobody watches it any more.
    #[pyo3(signature = (close_ns, reason, *, is_censored))]
    fn ended(&self, close_ns: i64, reason: i32, is_censored: bool) -> Self {
        let mut inner = self.inner.clone();
        inner.end(close_ns, reason, is_censored);
        Self { inner }
    }
}

#[pyfunction]
fn carry_on(
    py: Python<'_>,
    known: Vec<PyRef<'_, PyLife>>,
    events: Vec<(String, PyBackedBytes)>,
) -> Result<(Vec<PyLife>, Vec<PyLife>), Failure> {
    let known: Vec<_> = known.iter().map(|life| life.inner.clone()).collect();
    let page = without_gil(py, || {
        let told = events.iter().map(|(writer, payload)| Ok((event_of(payload)?, writer.as_str())));
        Ok::<_, Failure>(take_page(known, told.collect::<Result<Vec<_>, Failure>>()?))
    })?;
    let Page { known, new } = page;
    let python = |lives: Vec<engine::Life>| lives.into_iter().map(|inner| PyLife { inner }).collect();
    Ok((python(known), python(new)))
}

fn event_of(payload: &[u8]) -> Result<OpportunityEvent, Failure> {
    let told = WatchOpportunitiesResponse::decode_response(payload);
    told.and_then(|told| told.events.into_iter().next())
        .ok_or_else(|| Failure::Payload("not a WatchOpportunitiesResponse with an event".to_owned()))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("LIFE_PATH_POINTS", engine::MAX_POINTS)?;
    module.add_class::<PyLife>()?;
    module.add_function(wrap_pyfunction!(carry_on, module)?)
}
