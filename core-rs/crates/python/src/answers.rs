//! What a scanner answers on demand, whether it is one of its own or the live one; every lock is taken without the GIL.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbook_engine::arbitrage as engine;
use crossbook_engine::live::SharedScan;
use pyo3::prelude::*;

use crate::errors::without_gil;
use crate::opportunities::SpreadView;

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
    walks: u64,
    refusals: Vec<(u8, u64)>,
}

/// The scanner that is asked.
pub enum Asked {
    Own(Arc<Mutex<engine::Scanner>>),
    Live(SharedScan),
}

/// Answers from the latest quotes; nothing here changes the scanner.
#[pyclass(module = "crossbook._core", subclass, frozen)]
pub struct ScannerAnswers {
    pub asked: Asked,
}

impl ScannerAnswers {
    fn ask<T: Send>(&self, py: Python<'_>, question: impl FnOnce(&engine::Scanner) -> T + Send) -> T {
        without_gil(py, || match &self.asked {
            Asked::Own(scanner) => question(&lock(scanner)),
            Asked::Live(live) => question(crossbook_engine::live::lock(live).scanner()),
        })
    }
}

#[pymethods]
impl ScannerAnswers {
    #[pyo3(signature = (source=0))]
    fn open_legs(&self, py: Python<'_>, source: u16) -> usize {
        self.ask(py, |scanner| scanner.open_legs(source))
    }

    fn open_opportunities(&self, py: Python<'_>) -> Vec<SpreadView> {
        all_into(self.ask(py, engine::Scanner::open_opportunities))
    }

    #[pyo3(signature = (now_ns, *, venues=vec![], symbols=vec![], assets=vec![], min_gross_percent=None,
        min_net_percent=None, limit=100, notionals=vec![]),
        text_signature = "($self, now_ns, *, venues=(), symbols=(), assets=(), min_gross_percent=None, \
            min_net_percent=None, limit=100, notionals=())")]
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
        notionals: Vec<f64>,
    ) -> Vec<SpreadView> {
        let filter = engine::SpreadFilter { venues, symbols, assets, min_gross_percent, min_net_percent, notionals };
        all_into(self.ask(py, |scanner| scanner.list_spreads(now_ns, &filter, limit)))
    }

    #[pyo3(signature = (asset, buy_venue, sell_venue, now_ns, *, notionals=vec![]),
        text_signature = "($self, asset, buy_venue, sell_venue, now_ns, *, notionals=())")]
    fn explain(
        &self,
        py: Python<'_>,
        asset: &str,
        buy_venue: &str,
        sell_venue: &str,
        now_ns: i64,
        notionals: Vec<f64>,
    ) -> Option<SpreadView> {
        let found = self.ask(py, |scanner| scanner.explain(asset, buy_venue, sell_venue, now_ns, &notionals));
        found.map(SpreadView::from)
    }

    fn overview(&self, py: Python<'_>, assets: Vec<String>) -> Vec<AssetView> {
        all_into(self.ask(py, |scanner| scanner.overview(&assets)))
    }

    fn stats(&self, py: Python<'_>) -> ScannerStats {
        let engine::ScannerStats { opened, closed, open_now, quotes, walks, refusals } =
            self.ask(py, engine::Scanner::stats);
        ScannerStats { opened, closed, open_now, quotes, walks, refusals }
    }
}

/// A panic while the lock was held has ended the call that it came of; what is left can be read.
pub fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

pub fn all_into<T, U: From<T>>(items: Vec<T>) -> Vec<U> {
    items.into_iter().map(U::from).collect()
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<AssetView>()?;
    module.add_class::<ScannerStats>()?;
    module.add_class::<ScannerAnswers>()
}
