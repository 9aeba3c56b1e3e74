//! Instruments and quotes as Python holds them.

use crate::errors::Failure;
use crossbook_engine::windows::CarriedQuote;
use crossbook_market::{BookState, Fact, Instrument, Quote, WrongFact};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};
use std::sync::Arc;

/// See message Instrument in market.proto.
#[pyclass(name = "Instrument", module = "crossbook._core", frozen, eq, skip_from_py_object)]
#[derive(Clone, PartialEq)]
pub struct PyInstrument {
    pub inner: Arc<Instrument>,
}

impl From<Instrument> for PyInstrument {
    fn from(inner: Instrument) -> Self {
        Self { inner: Arc::new(inner) }
    }
}

impl From<Arc<Instrument>> for PyInstrument {
    fn from(inner: Arc<Instrument>) -> Self {
        Self { inner }
    }
}

#[pymethods]
impl PyInstrument {
    /// Names of the facts, in the order of a row.
    #[classattr]
    #[pyo3(name = "COLUMNS")]
    fn columns(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
        PyTuple::new(py, Instrument::NAMES)
    }

    #[new]
    #[pyo3(signature = (**facts))]
    fn new(facts: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let mut made = Instrument::default().facts();
        let mut is_given = [false; Instrument::FACTS];
        for (name, value) in facts.into_iter().flatten() {
            let name: String = name.extract()?;
            let place = Instrument::NAMES.iter().position(|known| *known == name);
            let place = place.ok_or_else(|| PyTypeError::new_err(format!("an instrument has no {name}")))?;
            (made[place], is_given[place]) = (fact_of(&value, &made[place])?, true);
        }
        let missing = (0..Instrument::FACTS).find(|&place| matches!(made[place], Fact::Text(_)) && !is_given[place]);
        match missing {
            Some(place) => Err(PyTypeError::new_err(format!("an instrument needs its {}", Instrument::NAMES[place]))),
            None => Ok(Self::of_facts(made)?),
        }
    }

    #[getter]
    fn venue(&self) -> &str {
        &self.inner.venue
    }

    #[getter]
    fn symbol(&self) -> &str {
        &self.inner.symbol
    }

    #[getter]
    fn native_symbol(&self) -> &str {
        &self.inner.native_symbol
    }

    #[getter]
    fn asset(&self) -> &str {
        &self.inner.asset
    }

    /// As in market.proto.
    #[getter]
    fn asset_class(&self) -> i32 {
        self.inner.asset_class as i32
    }

    /// Any other fact, by its name. The five above have ways of their own, for whole market lists are searched by them.
    fn __getattr__<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        let fact = self.inner.fact(name).ok_or_else(|| PyAttributeError::new_err(name.to_owned()))?;
        fact_to_python(py, fact)
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &crossbook_wire::encode_instrument(&self.inner))
    }

    #[staticmethod]
    fn decode(message: &[u8]) -> Result<Self, Failure> {
        Ok(Self::from(crossbook_wire::decode_instrument(message)?))
    }

    fn row<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let facts = self.inner.facts().into_iter().map(|fact| fact_to_python(py, fact));
        PyTuple::new(py, facts.collect::<PyResult<Vec<_>>>()?)
    }

    #[staticmethod]
    fn from_row(row: Vec<Bound<'_, PyAny>>) -> PyResult<Self> {
        let mut facts = Instrument::empty().facts();
        if row.len() != facts.len() {
            return Err(Failure::InvalidSetting(format!("a row has {} columns", facts.len())).into());
        }
        for (fact, value) in facts.iter_mut().zip(&row) {
            *fact = fact_of(value, fact)?;
        }
        Ok(Self::of_facts(facts)?)
    }

    fn __repr__(&self) -> String {
        format!("Instrument({}, {})", self.inner.venue, self.inner.symbol)
    }
}

impl PyInstrument {
    fn of_facts(facts: [Fact; Instrument::FACTS]) -> Result<Self, Failure> {
        let refused = |WrongFact { name }| Failure::InvalidSetting(format!("there is no such {name}"));
        Instrument::from_facts(facts).map(Self::from).map_err(refused)
    }
}

/// What Python holds, as a fact of the same kind as another.
fn fact_of(value: &Bound<'_, PyAny>, like: &Fact) -> PyResult<Fact> {
    Ok(match like {
        Fact::Text(_) => Fact::Text(value.extract()?),
        Fact::Number(_) => Fact::Number(value.extract()?),
        Fact::Optional(_) => Fact::Optional(value.extract()?),
        Fact::Choice(_) => Fact::Choice(value.extract()?),
    })
}

fn fact_to_python(py: Python<'_>, fact: Fact) -> PyResult<Bound<'_, PyAny>> {
    match fact {
        Fact::Text(text) => text.into_bound_py_any(py),
        Fact::Number(number) => number.into_bound_py_any(py),
        Fact::Optional(number) => number.into_bound_py_any(py),
        Fact::Choice(number) => number.into_bound_py_any(py),
    }
}

/// One quote with the names of its instrument.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct QuoteRow {
    venue: String,
    symbol: String,
    asset: String,
    asset_class: i32,
    bid: f64,
    bid_size: f64,
    ask: f64,
    ask_size: f64,
    state: u8,
    exchange_ns: i64,
    receive_ns: i64,
}

impl QuoteRow {
    pub fn new(instrument: &Instrument, quote: &Quote) -> Self {
        Self {
            venue: instrument.venue.clone(),
            symbol: instrument.symbol.clone(),
            asset: instrument.asset.clone(),
            asset_class: instrument.asset_class as i32,
            bid: quote.bid,
            bid_size: quote.bid_size,
            ask: quote.ask,
            ask_size: quote.ask_size,
            state: quote.state as u8,
            exchange_ns: quote.exchange_ns,
            receive_ns: quote.receive_ns,
        }
    }
}

/// The quote in force at the end of the last committed window of one instrument.
#[pyclass(name = "CarriedQuote", module = "crossbook._core", frozen)]
pub struct PyCarriedQuote {
    pub inner: CarriedQuote,
}

#[pymethods]
impl PyCarriedQuote {
    #[new]
    #[pyo3(signature = (*, instrument, bid, bid_size, ask, ask_size, state, exchange_ns, receive_ns))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn new(
        instrument: &PyInstrument,
        bid: f64,
        bid_size: f64,
        ask: f64,
        ask_size: f64,
        state: u8,
        exchange_ns: i64,
        receive_ns: i64,
    ) -> Result<Self, Failure> {
        let state = BookState::from_number(state)
            .ok_or_else(|| Failure::InvalidSetting(format!("state {state} is not a book state")))?;
        let quote = Quote { instrument: 0, state, receive_ns, exchange_ns, bid, bid_size, ask, ask_size };
        Ok(Self { inner: CarriedQuote { instrument: Arc::clone(&instrument.inner), quote } })
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("LIVE", BookState::Live as u8)?;
    module.add("RESYNCING", BookState::Resyncing as u8)?;
    module.add("STALE", BookState::Stale as u8)?;
    module.add("CLOSED", BookState::Closed as u8)?;
    module.add("MOVED", BookState::Moved as u8)?;
    module.add_class::<PyInstrument>()?;
    module.add_class::<QuoteRow>()?;
    module.add_class::<PyCarriedQuote>()
}
