//! Pairs and events of the scanner as Python holds them, and as the bytes that are told to clients.

use crossbook_engine::arbitrage as engine;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// One side of a pair.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct LegView {
    venue: String,
    symbol: String,
    price: f64,
    size: f64,
    taker_fee_percent: Option<f64>,
    quote_currency: String,
    receive_ns: i64,
    state: u8,
}

impl From<engine::LegView> for LegView {
    fn from(leg: engine::LegView) -> Self {
        Self {
            venue: leg.venue,
            symbol: leg.symbol,
            price: leg.price,
            size: leg.size,
            taker_fee_percent: leg.taker_fee_percent,
            quote_currency: leg.quote_currency,
            receive_ns: leg.receive_ns,
            state: leg.state as u8,
        }
    }
}

/// How the sell leg's prices were turned into the buy leg's currency.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct ConversionView {
    from_currency: String,
    to_currency: String,
    is_known: bool,
    rate: f64,
    quote_ns: i64,
    is_assumed: bool,
    is_depegged: bool,
}

impl From<engine::ConversionView> for ConversionView {
    fn from(view: engine::ConversionView) -> Self {
        Self {
            from_currency: view.from_currency,
            to_currency: view.to_currency,
            is_known: view.is_known,
            rate: view.rate,
            quote_ns: view.quote_ns,
            is_assumed: view.is_assumed,
            is_depegged: view.is_depegged,
        }
    }
}

/// One asset, bought on one venue and sold on another.
#[pyclass(module = "crossbook._core", frozen)]
pub struct SpreadView {
    view: engine::SpreadView,
}

impl From<engine::SpreadView> for SpreadView {
    fn from(view: engine::SpreadView) -> Self {
        Self { view }
    }
}

#[pymethods]
impl SpreadView {
    #[getter]
    fn asset(&self) -> &str {
        &self.view.asset
    }

    #[getter]
    fn buy(&self) -> LegView {
        self.view.buy.clone().into()
    }

    #[getter]
    fn sell(&self) -> LegView {
        self.view.sell.clone().into()
    }

    #[getter]
    fn conversion(&self) -> Option<ConversionView> {
        self.view.conversion.clone().map(ConversionView::from)
    }

    #[getter]
    fn mid_difference_percent(&self) -> f64 {
        self.view.mid_difference_percent
    }

    #[getter]
    fn mids_apart_since_ns(&self) -> i64 {
        self.view.mids_apart_since_ns
    }

    #[getter]
    fn gross_percent(&self) -> f64 {
        self.view.costs.gross_percent
    }

    #[getter]
    fn entry_fees_percent(&self) -> f64 {
        self.view.costs.entry_fees_percent
    }

    #[getter]
    fn exit_fees_percent(&self) -> f64 {
        self.view.costs.exit_fees_percent
    }

    #[getter]
    fn net_percent(&self) -> f64 {
        self.view.costs.net_percent
    }

    #[getter]
    fn executable_size(&self) -> f64 {
        self.view.executable_size
    }

    #[getter]
    fn reason(&self) -> u8 {
        number(self.view.reason)
    }

    #[getter]
    fn opportunity_id(&self) -> &str {
        &self.view.opportunity_id
    }

    #[getter]
    fn open_ns(&self) -> i64 {
        self.view.open_ns
    }

    #[getter]
    fn peak_net_percent(&self) -> f64 {
        self.view.peak_net_percent
    }

    fn encode<'py>(&self, py: Python<'py>, at_ns: i64) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.view.to_message(at_ns).encode())
    }
}

/// One step in an opportunity's life.
#[pyclass(module = "crossbook._core", frozen)]
pub struct OpportunityEvent {
    event: engine::OpportunityEvent,
}

impl From<engine::OpportunityEvent> for OpportunityEvent {
    fn from(event: engine::OpportunityEvent) -> Self {
        Self { event }
    }
}

/// What every event is asked for has a getter here: `spread` copies all of it.
#[pymethods]
impl OpportunityEvent {
    #[getter]
    fn kind(&self) -> u8 {
        self.event.kind as u8
    }

    #[getter]
    fn spread(&self) -> SpreadView {
        self.event.spread.clone().into()
    }

    #[getter]
    fn opportunity_id(&self) -> &str {
        &self.event.spread.opportunity_id
    }

    #[getter]
    fn asset(&self) -> &str {
        &self.event.spread.asset
    }

    #[getter]
    fn buy_venue(&self) -> &str {
        &self.event.spread.buy.venue
    }

    #[getter]
    fn sell_venue(&self) -> &str {
        &self.event.spread.sell.venue
    }

    #[getter]
    fn net_percent(&self) -> f64 {
        self.event.spread.costs.net_percent
    }

    #[getter]
    fn close_reason(&self) -> u8 {
        number(self.event.close_reason)
    }

    #[getter]
    fn duration_ns(&self) -> i64 {
        self.event.duration_ns
    }

    #[getter]
    fn event_ns(&self) -> i64 {
        self.event.event_ns
    }

    #[getter]
    fn cause_ns(&self) -> i64 {
        self.event.cause_ns
    }

    fn encode<'py>(&self, py: Python<'py>, resume_token: String) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.event.to_message(resume_token).encode_response())
    }
}

fn number(reason: Option<engine::RefusalReason>) -> u8 {
    reason.map_or(0, |reason| reason as u8)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<LegView>()?;
    module.add_class::<ConversionView>()?;
    module.add_class::<SpreadView>()?;
    module.add_class::<OpportunityEvent>()
}
