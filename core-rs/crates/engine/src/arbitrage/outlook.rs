//! What the model in force says of an open opportunity, or why nothing is said.

use super::phase::OpenOpportunity;
use crate::life::{HORIZONS, HORIZONS_NS, LifeModel};

/// A model that may speak, of the horizons of which enough is known.
#[derive(Clone, Debug)]
pub struct LifeModelInForce {
    /// As answers name it.
    pub name: String,
    pub model: LifeModel,
    pub used: [bool; HORIZONS],
}

/// (horizon from now in ns, probability to live then, net percent to be expected then if it does).
#[derive(Clone, Debug, PartialEq)]
pub enum LifeOutlook {
    Unknown(String),
    Known { model: String, horizons: Vec<(i64, f64, f64)> },
}

/// `in_force` is a model, or why there is none.
pub(super) fn outlook(
    in_force: &Result<LifeModelInForce, String>,
    opportunity: &OpenOpportunity,
    now_ns: i64,
) -> LifeOutlook {
    let of = match in_force {
        Ok(of) => of,
        Err(reason) => return LifeOutlook::Unknown(reason.clone()),
    };
    let net_percent = opportunity.last.costs.net_percent;
    let ahead = of.model.outlook(&opportunity.features, now_ns.saturating_sub(opportunity.publish_ns));
    let horizons = (0..HORIZONS).filter(|at| of.used[*at]).map(|at| {
        let (alive, kept) = ahead[at];
        (HORIZONS_NS[at], alive, net_percent * kept)
    });
    LifeOutlook::Known { model: of.name.clone(), horizons: horizons.collect() }
}
