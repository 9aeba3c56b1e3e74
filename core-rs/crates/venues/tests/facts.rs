//! A table of answers, `facts/<venue>.json`, in the shapes that were captured or are documented, and the facts that they tell.

use crossbook_market::{FactKind, FactState, Instrument, InstrumentFact};
use crossbook_venues::facts::{Asked, read};
use crossbook_venues::{fact_book, find, profiles};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// 2026-05-28 20:26:40 UTC.
const NOW_NS: i64 = 1_780_000_000_000_000_000;

#[derive(Deserialize)]
struct Vector {
    source: String,
    native_symbol: String,
    symbol: String,
    contract_size: f64,
    exchange_ms: i64,
    /// Everything that the answer tells.
    expect: BTreeMap<String, f64>,
    untold: Vec<String>,
    refused: Vec<String>,
    body: Value,
}

fn vectors(venue: &str) -> Vec<Vector> {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/facts/{venue}.json"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn instrument(venue: &str, vector: &Vector) -> Arc<Instrument> {
    let (pair, settle) = vector.symbol.split_once(':').unwrap();
    let (base, quote) = pair.split_once('/').unwrap();
    Arc::new(Instrument {
        venue: venue.to_string(),
        symbol: vector.symbol.clone(),
        native_symbol: vector.native_symbol.clone(),
        asset: base.to_string(),
        quote_currency: quote.to_string(),
        settle_currency: settle.to_string(),
        contract_size: vector.contract_size,
        ..Instrument::default()
    })
}

/// The facts of the answer's source, and what else is said of the instrument.
fn facts(venue: &str, vector: &Vector, body: &[u8]) -> Vec<InstrumentFact> {
    let venue_of = find(venue).unwrap();
    let poll =
        venue_of.fact_polls().iter().position(|poll| poll.source == vector.source).expect("a source of the venue");
    let mut book = fact_book(venue, None).unwrap();
    book.track(&[instrument(venue, vector)], NOW_NS - 1);
    book.take_changes(NOW_NS - 1);
    let told = read(&venue_of.fact_polls()[poll], body, &vector.native_symbol, NOW_NS).unwrap();
    book.take(poll, told, NOW_NS);
    book.take_changes(NOW_NS).into_iter().flat_map(|change| change.facts).collect()
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-12 * right.abs()
}

#[test]
fn every_answer_of_the_table_tells_its_facts_and_no_others() {
    for profile in profiles() {
        for vector in vectors(profile.id) {
            let name = format!("{} {}: {}", profile.id, vector.source, vector.body);
            let told = facts(profile.id, &vector, vector.body.to_string().as_bytes());
            let known: BTreeMap<String, f64> =
                told.iter().filter_map(|fact| Some((format!("{:?}", fact.kind), fact.value?))).collect();
            assert_eq!(known.keys().collect::<Vec<_>>(), vector.expect.keys().collect::<Vec<_>>(), "{name}");
            for (kind, value) in &vector.expect {
                assert!(close(known[kind], *value), "{name}: {kind} is {} and not {value}", known[kind]);
            }
            for fact in told.iter().filter(|fact| fact.value.is_some()) {
                assert_eq!((fact.source, fact.receive_ns), (vector.source.as_str(), NOW_NS), "{name}");
                let off_ns = fact.exchange_ns - vector.exchange_ms * 1_000_000;
                assert!(off_ns.abs() < 1_000_000 || vector.exchange_ms == 0, "{name}: {off_ns} ns off");
            }
            let of = |state: FactState| {
                told.iter().filter(move |fact| fact.state == state).map(|fact| format!("{:?}", fact.kind))
            };
            let refused: BTreeSet<String> = of(FactState::Refused).collect();
            assert_eq!(refused, vector.refused.iter().cloned().collect(), "{name}");
            let known_or_refused = |kind: &String| known.contains_key(kind) || refused.contains(kind);
            assert!(!vector.untold.iter().any(known_or_refused), "{name}");
        }
    }
}

#[test]
fn every_source_of_every_venue_has_an_answer_in_the_table() {
    for profile in profiles() {
        let sources: BTreeSet<String> = vectors(profile.id).into_iter().map(|vector| vector.source).collect();
        let polls = find(profile.id).unwrap().fact_polls();
        let expected: BTreeSet<String> = polls.iter().map(|poll| poll.source.to_string()).collect();
        assert_eq!(sources, expected, "{}", profile.id);
    }
}

#[test]
fn every_venue_tells_funding_mark_and_status_and_no_kind_from_two_sources() {
    for profile in profiles() {
        let polls = find(profile.id).unwrap().fact_polls();
        let of = |kind: FactKind| {
            polls.iter().filter(move |poll| poll.fields.iter().any(|field| field.kind == kind)).count()
        };
        for kind in FactKind::ALL {
            assert!(of(kind) <= 1, "{}: {kind:?} has two sources", profile.id);
        }
        use FactKind::*;
        for kind in [FundingRate, FundingInterval, FundingAccrual, MarkPrice, TradingStatus, MinSize] {
            assert_eq!(of(kind), 1, "{}: {kind:?}", profile.id);
        }
    }
}

#[test]
fn what_is_asked_for_facts_is_a_small_share_of_the_request_budget() {
    for profile in profiles() {
        let per_minute = |asked: Asked| match asked {
            Asked::Every { seconds, weight, paths, .. } => weight * paths.len() as u32 * 60 / seconds,
            Asked::Each { seconds, weight, .. } => weight * 60 / seconds,
            Asked::WithMarkets => 0,
        };
        let spent: u32 = find(profile.id).unwrap().fact_polls().iter().map(|poll| per_minute(poll.asked)).sum();
        let share = f64::from(spent) / f64::from(profile.request_weight_per_minute);
        assert!(share <= 0.15, "{}: {spent} of {}", profile.id, profile.request_weight_per_minute);
    }
}

#[test]
fn no_answer_however_cut_or_twisted_breaks_the_reading() {
    for profile in profiles() {
        for vector in vectors(profile.id) {
            let body = vector.body.to_string();
            let polls = find(profile.id).unwrap().fact_polls();
            let poll = polls.iter().find(|poll| poll.source == vector.source).unwrap();
            for end in 0..body.len() {
                let _ = read(poll, &body.as_bytes()[..end], &vector.native_symbol, NOW_NS);
            }
            for (from, to) in [("\"", ""), ("1", "null"), (":", ":[]"), ("{", "["), ("0", "1e999")] {
                let _ = read(poll, body.replace(from, to).as_bytes(), &vector.native_symbol, NOW_NS);
            }
        }
    }
}
