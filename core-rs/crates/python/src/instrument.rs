//! Instruments and quotes as Python holds them.

use crate::errors::Failure;
use crossbook_engine::windows::CarriedQuote;
use crossbook_market::{AssetClass, BookState, Instrument, Quote};
use pyo3::prelude::*;
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
    #[new]
    #[pyo3(signature = (*, venue, symbol, native_symbol, asset, quote_currency, settle_currency, asset_class=1,
        asset_scale=1.0, contract_size=1.0, tick_size=0.0, lot_size=0.0, taker_fee_percent=None, maker_fee_percent=None))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn new(
        venue: String,
        symbol: String,
        native_symbol: String,
        asset: String,
        quote_currency: String,
        settle_currency: String,
        asset_class: i32,
        asset_scale: f64,
        contract_size: f64,
        tick_size: f64,
        lot_size: f64,
        taker_fee_percent: Option<f64>,
        maker_fee_percent: Option<f64>,
    ) -> Result<Self, Failure> {
        let asset_class = AssetClass::from_number(asset_class)
            .ok_or_else(|| Failure::InvalidSetting(format!("{asset_class} is no asset class")))?;
        Ok(Self::from(Instrument {
            venue,
            symbol,
            native_symbol,
            asset,
            asset_class,
            asset_scale,
            quote_currency,
            settle_currency,
            contract_size,
            tick_size,
            lot_size,
            taker_fee_percent,
            maker_fee_percent,
        }))
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

    #[getter]
    fn asset_scale(&self) -> f64 {
        self.inner.asset_scale
    }

    #[getter]
    fn quote_currency(&self) -> &str {
        &self.inner.quote_currency
    }

    #[getter]
    fn settle_currency(&self) -> &str {
        &self.inner.settle_currency
    }

    #[getter]
    fn contract_size(&self) -> f64 {
        self.inner.contract_size
    }

    #[getter]
    fn tick_size(&self) -> f64 {
        self.inner.tick_size
    }

    #[getter]
    fn lot_size(&self) -> f64 {
        self.inner.lot_size
    }

    #[getter]
    fn taker_fee_percent(&self) -> Option<f64> {
        self.inner.taker_fee_percent
    }

    #[getter]
    fn maker_fee_percent(&self) -> Option<f64> {
        self.inner.maker_fee_percent
    }

    fn __repr__(&self) -> String {
        format!("Instrument({}, {})", self.inner.venue, self.inner.symbol)
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
