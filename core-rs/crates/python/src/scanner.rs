//! The arbitrage scanner as Python holds it.

use crossbook_engine::arbitrage as engine;
use pyo3::prelude::*;

use crate::errors::{Failure, without_gil};
use crate::identity::{IdentityFinding, IdentityPair, identity_state};
use crate::opportunities::{OpportunityEvent, SpreadView};

/// One asset across venues.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct AssetView {
    asset: String,
    best_bid: f64,
    best_bid_venue: String,
    best_ask: f64,
    best_ask_venue: String,
    venues: Vec<String>,
    widest_gross_percent: f64,
}

impl From<engine::AssetView> for AssetView {
    fn from(view: engine::AssetView) -> Self {
        Self {
            asset: view.asset,
            best_bid: view.best_bid,
            best_bid_venue: view.best_bid_venue,
            best_ask: view.best_ask,
            best_ask_venue: view.best_ask_venue,
            venues: view.venues,
            widest_gross_percent: view.widest_gross_percent,
        }
    }
}

/// Counters of a scanner.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct ScannerStats {
    opened: u64,
    closed: u64,
    open_now: u64,
    quotes: u64,
    refusals: Vec<(u8, u64)>,
}

/// Incremental all-pairs scan, publish gate and opportunity lifecycle.
#[pyclass(module = "crossbook._core")]
pub struct Scanner {
    inner: engine::Scanner,
}

#[pymethods]
impl Scanner {
    #[new]
    #[pyo3(signature = (*, open_net_percent, close_net_percent, update_step_percent, min_life_ns, max_age_ns, max_skew_ns,
        min_notional, max_mid_difference_percent, suspect_after_ns, dollar_currencies, equal_currencies, max_rate_age_ns,
        max_depeg_percent, allow_depegged, relays))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn new(
        open_net_percent: f64,
        close_net_percent: f64,
        update_step_percent: f64,
        min_life_ns: i64,
        max_age_ns: i64,
        max_skew_ns: i64,
        min_notional: f64,
        max_mid_difference_percent: f64,
        suspect_after_ns: i64,
        dollar_currencies: Vec<String>,
        equal_currencies: Vec<Vec<String>>,
        max_rate_age_ns: i64,
        max_depeg_percent: f64,
        allow_depegged: bool,
        relays: Vec<[String; 2]>,
    ) -> Result<Self, Failure> {
        let settings = engine::ScannerSettings {
            open_net_percent,
            close_net_percent,
            update_step_percent,
            min_life_ns,
            max_age_ns,
            max_skew_ns,
            min_notional,
            max_mid_difference_percent,
            suspect_after_ns,
            dollar_currencies,
            equal_currencies,
            max_rate_age_ns,
            max_depeg_percent,
            allow_depegged,
            relays: relays.into_iter().map(|[venue, source]| (venue, source)).collect(),
        };
        let inner = engine::Scanner::new(settings).map_err(|error| Failure::InvalidSetting(error.to_string()))?;
        Ok(Self { inner })
    }

    #[pyo3(signature = (payload, now_ns, source=0))]
    fn on_batch(
        &mut self,
        py: Python<'_>,
        payload: &[u8],
        now_ns: i64,
        source: u16,
    ) -> Result<Vec<OpportunityEvent>, Failure> {
        let events = without_gil(py, || self.inner.on_batch(payload, now_ns, source));
        events.map(all_into).map_err(|error| Failure::Payload(error.to_string()))
    }

    fn on_timer(&mut self, py: Python<'_>, now_ns: i64) -> Vec<OpportunityEvent> {
        all_into(without_gil(py, || self.inner.on_timer(now_ns)))
    }

    #[pyo3(signature = (now_ns, source=0))]
    fn on_disconnected(&mut self, py: Python<'_>, now_ns: i64, source: u16) -> Vec<OpportunityEvent> {
        all_into(without_gil(py, || self.inner.on_disconnected(now_ns, source)))
    }

    #[pyo3(signature = (source=0))]
    fn open_legs(&self, source: u16) -> usize {
        self.inner.open_legs(source)
    }

    fn set_identities(
        &mut self,
        py: Python<'_>,
        identities: Vec<(PyRef<'_, IdentityPair>, u8)>,
        now_ns: i64,
    ) -> Result<Vec<OpportunityEvent>, Failure> {
        let known: Result<Vec<_>, Failure> =
            identities.iter().map(|(pair, state)| Ok((pair.inner.clone(), identity_state(*state)?))).collect();
        let known = known?;
        Ok(all_into(without_gil(py, || self.inner.set_identities(known, now_ns))))
    }

    fn take_findings(&mut self) -> Vec<IdentityFinding> {
        all_into(self.inner.take_findings())
    }

    fn open_opportunities(&self, py: Python<'_>) -> Vec<SpreadView> {
        all_into(without_gil(py, || self.inner.open_opportunities()))
    }

    #[pyo3(signature = (now_ns, *, venues=vec![], symbols=vec![], assets=vec![], min_gross_percent=None,
        min_net_percent=None, limit=100),
        text_signature = "($self, now_ns, *, venues=(), symbols=(), assets=(), min_gross_percent=None, \
            min_net_percent=None, limit=100)")]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn list_spreads(
        &self,
        py: Python<'_>,
        now_ns: i64,
        venues: Vec<String>,
        symbols: Vec<String>,
        assets: Vec<String>,
        min_gross_percent: Option<f64>,
        min_net_percent: Option<f64>,
        limit: usize,
    ) -> Vec<SpreadView> {
        let filter = engine::SpreadFilter { venues, symbols, assets, min_gross_percent, min_net_percent };
        all_into(without_gil(py, || self.inner.list_spreads(now_ns, &filter, limit)))
    }

    fn explain(
        &self,
        py: Python<'_>,
        asset: &str,
        buy_venue: &str,
        sell_venue: &str,
        now_ns: i64,
    ) -> Option<SpreadView> {
        without_gil(py, || self.inner.explain(asset, buy_venue, sell_venue, now_ns)).map(SpreadView::from)
    }

    fn overview(&self, py: Python<'_>, assets: Vec<String>) -> Vec<AssetView> {
        all_into(without_gil(py, || self.inner.overview(&assets)))
    }

    fn stats(&self) -> ScannerStats {
        let engine::ScannerStats { opened, closed, open_now, quotes, refusals } = self.inner.stats();
        ScannerStats { opened, closed, open_now, quotes, refusals }
    }
}

fn all_into<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<AssetView>()?;
    module.add_class::<ScannerStats>()?;
    module.add_class::<Scanner>()
}
