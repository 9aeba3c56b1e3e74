//! Pairs of instruments that may not be one asset, as Python holds them.

use crossbook_engine::arbitrage as engine;
use pyo3::prelude::*;

use crate::errors::Failure;

/// Two instruments of one asset; whichever is named first, the same pair.
#[pyclass(module = "crossbook._core", frozen, eq, hash, skip_from_py_object)]
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IdentityPair {
    pub inner: engine::IdentityPair,
}

#[pymethods]
impl IdentityPair {
    #[new]
    fn new(asset: String, first: (String, String), second: (String, String)) -> Self {
        let [one, other] = [first, second].map(|(venue, symbol)| engine::MarketName { venue, symbol });
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        Self { inner: engine::IdentityPair { asset, first, second } }
    }

    #[getter]
    fn asset(&self) -> &str {
        &self.inner.asset
    }

    #[getter]
    fn first(&self) -> (&str, &str) {
        (&self.inner.first.venue, &self.inner.first.symbol)
    }

    #[getter]
    fn second(&self) -> (&str, &str) {
        (&self.inner.second.venue, &self.inner.second.symbol)
    }

    fn __repr__(&self) -> String {
        let engine::IdentityPair { asset, first, second } = &self.inner;
        format!("IdentityPair({asset}, {} {}, {} {})", first.venue, first.symbol, second.venue, second.symbol)
    }
}

/// A pair that has become suspect.
#[pyclass(module = "crossbook._core", frozen, get_all)]
pub struct IdentityFinding {
    pair: IdentityPair,
    first_mid: f64,
    second_mid: f64,
    difference_percent: f64,
    since_ns: i64,
    found_ns: i64,
}

impl From<engine::IdentityFinding> for IdentityFinding {
    fn from(finding: engine::IdentityFinding) -> Self {
        Self {
            pair: IdentityPair { inner: finding.pair },
            first_mid: finding.first_mid,
            second_mid: finding.second_mid,
            difference_percent: finding.difference_percent,
            since_ns: finding.since_ns,
            found_ns: finding.found_ns,
        }
    }
}

/// Pairs and what is known of each, as the scanner takes them.
pub fn known_pairs(
    identities: &[(PyRef<'_, IdentityPair>, u8)],
) -> Result<Vec<(engine::IdentityPair, engine::IdentityState)>, Failure> {
    identities.iter().map(|(pair, state)| Ok((pair.inner.clone(), identity_state(*state)?))).collect()
}

fn identity_state(number: u8) -> Result<engine::IdentityState, Failure> {
    engine::IdentityState::from_number(number)
        .ok_or_else(|| Failure::InvalidSetting(format!("{number} is not the state of an identity")))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<IdentityPair>()?;
    module.add_class::<IdentityFinding>()
}
