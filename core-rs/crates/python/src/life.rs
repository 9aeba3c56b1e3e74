//! Models of lives as Python holds them: fitted to arrays, judged, kept as bytes.

use crossbook_engine::arbitrage::{LifeModelInForce, feature_schema};
use crossbook_engine::life as engine;
use crossbook_engine::life::{HORIZONS, HORIZONS_NS};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{Failure, without_gil};

/// What the scanner is given: a model that may speak, or why none may.
pub fn in_force(
    model: Option<&LifeModel>,
    name: &str,
    used: [bool; HORIZONS],
    reason: &str,
) -> Result<LifeModelInForce, String> {
    let model = model.ok_or_else(|| reason.to_owned())?.model.clone();
    Ok(LifeModelInForce { name: name.to_owned(), model, used })
}

/// Lives in the order of their publication.
#[pyclass(module = "crossbook._core", frozen)]
pub struct EndedLives {
    lives: Vec<engine::Life>,
}

type Row = (Vec<f64>, i64, i64, bool, u32, u32, f64, [f64; HORIZONS]);

#[pymethods]
impl EndedLives {
    #[new]
    fn new(rows: Vec<Row>) -> Result<Self, Failure> {
        let width = rows.first().map_or(0, |row| row.0.len());
        if rows.iter().any(|row| row.0.len() != width) {
            return Err(Failure::InvalidSetting("rows: every life needs equally many features".to_owned()));
        }
        if !rows.is_sorted_by_key(|row| row.1) {
            return Err(Failure::InvalidSetting("rows: must be in the order of their publication".to_owned()));
        }
        let life = |(features, publish_ns, end_ns, is_censored, pair, asset, edge, edges): Row| engine::Life {
            features,
            publish_ns,
            end_ns,
            is_censored,
            pair,
            asset,
            edge,
            edges,
        };
        Ok(Self { lives: rows.into_iter().map(life).collect() })
    }

    fn __len__(&self) -> usize {
        self.lives.len()
    }

    #[pyo3(signature = (*, block, window, least, embargo_ns, ridge))]
    fn walk_forward(
        &self,
        py: Python<'_>,
        block: usize,
        window: usize,
        least: usize,
        embargo_ns: i64,
        ridge: f64,
    ) -> LifeEvaluations {
        let walk = engine::WalkForward { block, window, least, embargo_ns, ridge };
        LifeEvaluations { evaluations: without_gil(py, || engine::walk_forward(&self.lives, &walk)) }
    }

    fn score(&self, py: Python<'_>, evaluations: &LifeEvaluations) -> Vec<LifeScore> {
        let scores = without_gil(py, || engine::score(&self.lives, &evaluations.evaluations));
        scores.into_iter().map(LifeScore::from).collect()
    }

    fn judge(&self, py: Python<'_>, evaluations: &LifeEvaluations) -> LifeVerdict {
        without_gil(py, || engine::judge(&self.lives, &evaluations.evaluations)).into()
    }

    /// Of each feature, between all but the newest `recent` and these.
    fn drift(&self, py: Python<'_>, recent: usize) -> Vec<f64> {
        without_gil(py, || {
            let (before, now) = self.lives.split_at(self.lives.len().saturating_sub(recent));
            let width = self.lives.first().map_or(0, |life| life.features.len());
            let column =
                |lives: &[engine::Life], at: usize| lives.iter().map(|life| life.features[at]).collect::<Vec<_>>();
            (0..width).map(|at| engine::stability_index(&column(before, at), &column(now, at))).collect()
        })
    }
}

/// What a walk predicted of each life that it could.
#[pyclass(module = "crossbook._core", frozen)]
pub struct LifeEvaluations {
    evaluations: Vec<engine::Evaluation>,
}

#[pymethods]
impl LifeEvaluations {
    fn __len__(&self) -> usize {
        self.evaluations.len()
    }

    #[getter]
    fn lives(&self) -> Vec<usize> {
        self.evaluations.iter().map(|one| one.life).collect()
    }

    #[getter]
    fn model(&self) -> Vec<[f64; HORIZONS]> {
        self.evaluations.iter().map(|one| one.model).collect()
    }

    #[getter]
    fn pool(&self) -> Vec<[f64; HORIZONS]> {
        self.evaluations.iter().map(|one| one.pool).collect()
    }

    #[getter]
    fn pair(&self) -> Vec<[f64; HORIZONS]> {
        self.evaluations.iter().map(|one| one.pair).collect()
    }

    /// Of the lives numbered below `end`, whatever came after.
    fn before(&self, end: usize) -> Self {
        Self { evaluations: self.evaluations.iter().filter(|one| one.life < end).cloned().collect() }
    }
}

/// At one horizon.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct LifeScore {
    count: usize,
    ended: usize,
    brier: f64,
    brier_pool: f64,
    brier_pair: f64,
    log_loss: f64,
    calibration_error: f64,
    slope: f64,
    intercept: f64,
}

impl From<engine::HorizonScore> for LifeScore {
    fn from(score: engine::HorizonScore) -> Self {
        let engine::HorizonScore {
            count,
            ended,
            brier,
            brier_pool,
            brier_pair,
            log_loss,
            calibration_error,
            slope,
            intercept,
        } = score;
        Self { count, ended, brier, brier_pool, brier_pair, log_loss, calibration_error, slope, intercept }
    }
}

/// Whether a model may speak.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct LifeVerdict {
    reason: String,
    used: [bool; HORIZONS],
    lives: usize,
    judged: usize,
    skill: f64,
    skill_low: f64,
    skill_high: f64,
    slope: f64,
}

impl From<engine::Verdict> for LifeVerdict {
    fn from(verdict: engine::Verdict) -> Self {
        let engine::Verdict { reason, used, lives, judged, skill, skill_low, skill_high, slope } = verdict;
        Self { reason, used, lives, judged, skill, skill_low, skill_high, slope }
    }
}

/// A pooled discrete-time hazard logistic.
#[pyclass(module = "crossbook._core", frozen)]
pub struct LifeModel {
    model: engine::LifeModel,
}

#[pymethods]
impl LifeModel {
    /// To the newest `window` of the lives.
    #[staticmethod]
    fn fit(py: Python<'_>, lives: &EndedLives, window: usize, ridge: f64, schema: u64) -> Self {
        let fit = || {
            let newest = &lives.lives[lives.lives.len().saturating_sub(window)..];
            engine::LifeModel::fit(&newest.iter().collect::<Vec<_>>(), schema, ridge)
        };
        Self { model: without_gil(py, fit) }
    }

    #[staticmethod]
    fn decode(encoded: &[u8]) -> Result<Self, Failure> {
        let model = engine::LifeModel::decode(encoded).map_err(|error| Failure::Payload(error.to_string()))?;
        Ok(Self { model })
    }

    fn encode<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.model.encode())
    }

    #[getter]
    fn schema(&self) -> u64 {
        self.model.schema
    }

    #[getter]
    fn features(&self) -> usize {
        self.model.features()
    }

    fn survival(&self, features: Vec<f64>) -> [f64; HORIZONS] {
        self.model.survival(&features)
    }

    fn outlook(&self, features: Vec<f64>, age_ns: i64) -> [(f64, f64); HORIZONS] {
        self.model.outlook(&features, age_ns)
    }
}

/// The coefficients of the pooled regression: for each interval, then for each column.
#[pyfunction]
fn fit_hazard(
    py: Python<'_>,
    rows: Vec<Vec<f64>>,
    endings: Vec<(usize, bool)>,
    intervals: usize,
    ridge: f64,
) -> Result<Vec<f64>, Failure> {
    let width = rows.first().map_or(0, Vec::len);
    if rows.len() != endings.len() || rows.iter().any(|row| row.len() != width) {
        return Err(Failure::InvalidSetting("rows: must be as many as endings, and of one length".to_owned()));
    }
    let endings: Vec<_> = endings.into_iter().map(|(survived, died)| engine::Ending { survived, died }).collect();
    Ok(without_gil(py, || engine::fit_hazard(&rows.concat(), width, &endings, intervals, ridge)))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("LIFE_HORIZONS_NS", HORIZONS_NS.to_vec())?;
    module.add("LIFE_FEATURE_SCHEMA", feature_schema())?;
    module.add_class::<EndedLives>()?;
    module.add_class::<LifeEvaluations>()?;
    module.add_class::<LifeScore>()?;
    module.add_class::<LifeVerdict>()?;
    module.add_class::<LifeModel>()?;
    module.add_function(wrap_pyfunction!(fit_hazard, module)?)
}
