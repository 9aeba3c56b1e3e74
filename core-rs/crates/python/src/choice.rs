//! Which opportunities somebody wants, as Python asks for it.

use std::cell::OnceCell;
use std::sync::Mutex;

use crossbook_engine::arbitrage::{EventKind, Horizon, holding_costs as costs_of};
use crossbook_engine::choice as engine;
use crossbook_wire::{Opportunity, OpportunityFilter};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::answers::lock;
use crate::errors::Failure;

/// Which opportunities a watcher wants.
#[pyclass(module = "crossbook._core", frozen)]
pub struct EventFilter {
    pub filter: engine::EventFilter,
}

#[pymethods]
impl EventFilter {
    #[new]
    #[pyo3(signature = (venues=vec![], assets=vec![], min_net_percent=None, symbols=vec![], conditions=vec![]),
        text_signature = "(venues=(), assets=(), min_net_percent=None, symbols=(), conditions=b'')")]
    fn new(
        venues: Vec<String>,
        assets: Vec<String>,
        min_net_percent: Option<f64>,
        symbols: Vec<String>,
        conditions: Vec<u8>,
    ) -> Result<Self, Failure> {
        let filter = engine::EventFilter::new(venues, assets, min_net_percent).with(symbols, read(&conditions)?);
        Ok(Self { filter })
    }
}

/// What one reader of events wants, event after event.
#[pyclass(module = "crossbook._core", frozen)]
pub struct EventSelection {
    selection: Mutex<engine::Selection>,
}

impl EventSelection {
    /// With what it has let in up to now.
    pub fn copy(&self) -> engine::Selection {
        lock(&self.selection).clone()
    }
}

#[pymethods]
impl EventSelection {
    #[new]
    #[pyo3(signature = (filter, *, is_resumed), text_signature = "(filter, *, is_resumed)")]
    fn new(filter: &EventFilter, is_resumed: bool) -> Self {
        let filter = filter.filter.clone();
        let selection = if is_resumed { engine::Selection::resumed(filter) } else { engine::Selection::new(filter) };
        Self { selection: Mutex::new(selection) }
    }

    #[allow(clippy::too_many_arguments)] // an event's head, as its row has it
    fn wants(
        &self,
        kind: u8,
        opportunity_id: &str,
        asset: &str,
        buy_venue: &str,
        sell_venue: &str,
        opening_net_percent: f64,
        event_ns: i64,
        payload: &[u8],
    ) -> bool {
        let kind = match kind {
            1 => EventKind::Opened,
            2 => EventKind::Updated,
            _ => EventKind::Closed,
        };
        let id = opportunity_id;
        let read = OnceCell::new();
        lock(&self.selection).wants(&engine::Candidate {
            kind,
            id,
            asset,
            buy_venue,
            sell_venue,
            opening_net_percent,
            event_ns,
            payload,
            read,
        })
    }
}

/// What an opportunity lacks of a filter, in words; both as messages.
#[pyfunction]
fn filter_shortfalls(conditions: &[u8], opportunity: &[u8], at_ns: i64) -> Result<Vec<String>, Failure> {
    let found = Opportunity::read(opportunity).ok_or_else(|| Failure::Payload("no Opportunity".to_owned()))?;
    Ok(engine::shortfalls(&read(conditions)?, &found, at_ns))
}

/// HoldingCosts of an Opportunity, both as messages.
#[pyfunction]
fn holding_costs<'py>(
    py: Python<'py>,
    opportunity: &[u8],
    horizon_ns: i64,
    at_ns: i64,
    assumes_no_funding: bool,
) -> Result<Bound<'py, PyBytes>, Failure> {
    let found = Opportunity::read(opportunity).ok_or_else(|| Failure::Payload("no Opportunity".to_owned()))?;
    let costs = costs_of(&found, Horizon { ns: horizon_ns, assumes_no_funding }, at_ns);
    Ok(PyBytes::new(py, &costs.encode()))
}

fn read(conditions: &[u8]) -> Result<OpportunityFilter, Failure> {
    OpportunityFilter::read(conditions).ok_or_else(|| Failure::Payload("no OpportunityFilter".to_owned()))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<EventFilter>()?;
    module.add_class::<EventSelection>()?;
    module.add_function(wrap_pyfunction!(holding_costs, module)?)?;
    module.add_function(wrap_pyfunction!(filter_shortfalls, module)?)
}
