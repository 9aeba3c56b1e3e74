//! Market lists with one field changed: a market is as it was, or is left out, or the list is refused whole.

use crate::exceptions::Exceptions;
use crate::mutants::{self, Kind};
use crate::sampled;
use crate::support::fixture::START_NS;
use crossbook_market::Instrument;
use crossbook_venues::MarketListing;
use std::collections::BTreeMap;
use std::panic::catch_unwind;

const OF_A_LIST: usize = 1_200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Unchanged,
    /// Some market is quarantined, or of a kind that is not looked at.
    LeftOut,
    /// A step, a fee or a size that the venue tells is another, or a name.
    AsTold,
    /// Without the field that keeps it out, nothing keeps it out: a flag that is absent is not set.
    FlagGone,
    RefusedWhole,
}

pub fn judge(venue: &str, bodies: &[Vec<u8>], complaints: &mut Vec<String>) -> BTreeMap<Outcome, usize> {
    let views: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    let clean = crossbook_venues::parse_markets(venue, &views, START_NS).unwrap();
    let exceptions = Exceptions::of(venue);
    let mut counts = BTreeMap::new();
    for (index, body) in bodies.iter().enumerate() {
        for mutant in sampled(mutants::of_text(&String::from_utf8_lossy(body)), OF_A_LIST, venue) {
            let mut views = views.clone();
            views[index] = &mutant.bytes;
            let told = catch_unwind(|| crossbook_venues::parse_markets(venue, &views, START_NS));
            let outcome = match told {
                Err(_) => Err("it panics".to_string()),
                Ok(Err(_)) => Ok(Outcome::RefusedWhole),
                Ok(Ok(_)) if is_silent(&exceptions, body, &mutant.path, mutant.kind) => Ok(Outcome::FlagGone),
                Ok(Ok(listing)) => compare(&clean, &listing, mutant.kind),
            };
            match outcome {
                Ok(outcome) => *counts.entry(outcome).or_default() += 1,
                Err(what) => complaints.push(format!("{venue} {} {:?}: {what}", mutant.path, mutant.kind)),
            }
        }
    }
    counts
}

/// Where a market's class cannot be told from a coin's: the field stands in no other row, as in a list of before there was one;
/// or it is emptied where that is a coin's own word; or what coins bear there was never seen.
fn is_silent(exceptions: &Exceptions, body: &[u8], path: &str, kind: Kind) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    let is_alone = String::from_utf8_lossy(body).matches(&format!("\"{name}\":")).count() == 1;
    let is_class =
        matches!(name, "symbolType" | "assetClass" | "instCategory" | "strategy_index" | "contract_type" | "type");
    match kind {
        Kind::Null | Kind::Absent => is_class && (is_alone || exceptions.is_class_unknown()),
        Kind::Empty => exceptions.is_coin_where_empty(name),
        _ => false,
    }
}

/// What quotes and comparisons depend on.
fn identity(one: &Instrument) -> (&str, &str, u8, f64, &str, &str, f64) {
    let class = one.asset_class as u8;
    (&one.symbol, &one.asset, class, one.asset_scale, &one.quote_currency, &one.settle_currency, one.contract_size)
}

fn compare(clean: &MarketListing, changed: &MarketListing, kind: Kind) -> Result<Outcome, String> {
    if clean == changed {
        return Ok(Outcome::Unchanged);
    }
    let is_value = matches!(kind, Kind::Huge | Kind::Unknown | Kind::Duplicated);
    let mut outcome = Outcome::LeftOut;
    for one in &changed.instruments {
        match clean.instruments.iter().find(|held| held.native_symbol == one.native_symbol) {
            Some(held) if held == one => {}
            Some(held) if identity(held) == identity(one) || is_value => outcome = Outcome::AsTold,
            Some(held) => return Err(format!("{:?} became {:?}", identity(held), identity(one))),
            None if clean.quarantined.iter().any(|(name, _)| *name == one.native_symbol) => outcome = Outcome::FlagGone,
            None if is_value => outcome = Outcome::AsTold,
            None => return Err(format!("{} is new", one.native_symbol)),
        }
    }
    Ok(outcome)
}
