//! An arbitrage scanner of one's own, as Python holds it.

use std::sync::{Arc, Mutex};

use crossbook_engine::arbitrage as engine;
use crossbook_engine::life::HORIZONS;
use pyo3::prelude::*;

use crate::answers::{Asked, ScannerAnswers, all_into, lock};
use crate::errors::{Failure, without_gil};
use crate::identity::{IdentityFinding, IdentityPair, known_pairs};
use crate::life::{LifeModel, in_force};
use crate::opportunities::OpportunityEvent;

/// Incremental all-pairs scan, publish gate and opportunity lifecycle.
#[pyclass(module = "crossbook._core", extends = ScannerAnswers, frozen)]
pub struct Scanner {
    inner: Arc<Mutex<engine::Scanner>>,
}

impl Scanner {
    /// What it was made with.
    pub fn settings(&self) -> engine::ScannerSettings {
        lock(&self.inner).settings().clone()
    }
}

#[pymethods]
impl Scanner {
    #[new]
    #[pyo3(signature = (*, open_net_percent, close_net_percent, update_step_percent, min_life_ns, max_age_ns, max_skew_ns, max_depth_age_ns,
        min_notional, max_mid_difference_percent, suspect_after_ns, dollar_currencies, equal_currencies, max_rate_age_ns,
        max_depeg_percent, allow_depegged, relays, max_net_percent=f64::INFINITY, assume_no_limits=true,
        holding_horizon_ns=28_800_000_000_000, assume_no_funding=false))]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn new(
        open_net_percent: f64,
        close_net_percent: f64,
        update_step_percent: f64,
        min_life_ns: i64,
        max_age_ns: i64,
        max_skew_ns: i64,
        max_depth_age_ns: i64,
        min_notional: f64,
        max_mid_difference_percent: f64,
        suspect_after_ns: i64,
        dollar_currencies: Vec<String>,
        equal_currencies: Vec<Vec<String>>,
        max_rate_age_ns: i64,
        max_depeg_percent: f64,
        allow_depegged: bool,
        relays: Vec<[String; 2]>,
        max_net_percent: f64,
        assume_no_limits: bool,
        holding_horizon_ns: i64,
        assume_no_funding: bool,
    ) -> Result<PyClassInitializer<Self>, Failure> {
        let settings = engine::ScannerSettings {
            open_net_percent,
            close_net_percent,
            update_step_percent,
            min_life_ns,
            max_age_ns,
            max_skew_ns,
            max_depth_age_ns,
            min_notional,
            max_mid_difference_percent,
            suspect_after_ns,
            dollar_currencies,
            equal_currencies,
            max_rate_age_ns,
            max_depeg_percent,
            allow_depegged,
            max_net_percent,
            assume_no_limits,
            holding_horizon_ns,
            assume_no_funding,
            relays: relays.into_iter().map(|[venue, source]| (venue, source)).collect(),
        };
        let inner = engine::Scanner::new(settings).map_err(|error| Failure::InvalidSetting(error.to_string()))?;
        let inner = Arc::new(Mutex::new(inner));
        let answers = ScannerAnswers { asked: Asked::Own(Arc::clone(&inner)) };
        Ok(PyClassInitializer::from(answers).add_subclass(Self { inner }))
    }

    #[pyo3(signature = (payload, now_ns, source=0))]
    fn on_batch(
        &self,
        py: Python<'_>,
        payload: &[u8],
        now_ns: i64,
        source: u16,
    ) -> Result<Vec<OpportunityEvent>, Failure> {
        let events = without_gil(py, || lock(&self.inner).on_batch(payload, now_ns, source));
        events.map(all_into).map_err(|error| Failure::Payload(error.to_string()))
    }

    fn on_facts(&self, py: Python<'_>, payload: &[u8], now_ns: i64) -> Result<Vec<OpportunityEvent>, Failure> {
        let events = without_gil(py, || lock(&self.inner).on_facts(payload, now_ns));
        events.map(all_into).map_err(|error| Failure::Payload(error.to_string()))
    }

    fn on_timer(&self, py: Python<'_>, now_ns: i64) -> Vec<OpportunityEvent> {
        all_into(without_gil(py, || lock(&self.inner).on_timer(now_ns)))
    }

    #[pyo3(signature = (now_ns, source=0))]
    fn on_disconnected(&self, py: Python<'_>, now_ns: i64, source: u16) -> Vec<OpportunityEvent> {
        all_into(without_gil(py, || lock(&self.inner).on_disconnected(now_ns, source)))
    }

    fn set_identities(
        &self,
        py: Python<'_>,
        identities: Vec<(PyRef<'_, IdentityPair>, u8)>,
        now_ns: i64,
    ) -> Result<Vec<OpportunityEvent>, Failure> {
        let known = known_pairs(&identities)?;
        Ok(all_into(without_gil(py, || lock(&self.inner).set_identities(known, now_ns))))
    }

    #[pyo3(signature = (model, *, name="", used=[false; HORIZONS], reason=""),
        text_signature = "($self, model, *, name='', used=(), reason='')")]
    fn set_life_model(
        &self,
        py: Python<'_>,
        model: Option<&LifeModel>,
        name: &str,
        used: [bool; HORIZONS],
        reason: &str,
    ) {
        let life = in_force(model, name, used, reason);
        without_gil(py, || lock(&self.inner).set_life_model(life));
    }

    fn take_findings(&self, py: Python<'_>) -> Vec<IdentityFinding> {
        all_into(without_gil(py, || lock(&self.inner).take_findings()))
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Scanner>()
}
