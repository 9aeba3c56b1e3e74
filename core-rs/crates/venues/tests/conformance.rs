//! Every venue of the registry against its fixture, `tests/conformance/<venue>.json`: what it lists, and what the feed says,
//! sends and fetches when frames in the venue's exact shape arrive.
//!
//! ```json
//! {
//!   "evidence": {"depth": {"level": "captured", "source": "venue/file.jsonl", "shows": "depthUpdate"}, ...},
//!   "market_list": {
//!     "bodies": [<raw JSON answer>, ...],
//!     "instruments": [{"symbol": "BTC/USDT:USDT", "native_symbol": "BTC-SWAP", "asset": "BTC", "asset_scale": 1, "contract_size": 0.01}],
//!     "quarantined": ["HALTED-SWAP"]
//!   },
//!   "track": ["BTC/USDT:USDT"],
//!   "cases": {"snapshot": [{"frame": <raw JSON>}, {"quotes": [["BTC/USDT:USDT", "LIVE", 99.0, 1.5, 101.0, 2.0]]}], ...}
//! }
//! ```
//!
//! `evidence` says of every channel, of the market list, of the fetched book and of the ticket, where there are such, what its shape
//! rests on: a `captured` frame (a file of the recordings, and what stands in it), the venue's `document`, or nothing: `assumed`.
//! docs/venues.md is made of it.
//!
//! `instruments` and `quarantined` are all that the bodies yield, in their order. Each case starts from a fresh feed that
//! tracks `track`, with connection 1 open; `CASES` are required, others are welcome. A step is one of:
//!
//! | what happens | |
//! |---|---|
//! | `"frame": <JSON>` | a text frame, byte by byte as it is written |
//! | `"text": "pong"`, `"base64": "AAE="` | a text frame that is not JSON, a binary one |
//! | `"answer": {"status": 200, "body": <JSON>}` | to the oldest unanswered fetch |
//! | `"wait_ms": 2000` | time passes, in timer steps of 100 ms |
//! | `"reopen": true` | the connection is lost and open again |
//! | `"note": "..."` | nothing; for what the bytes do not show |
//!
//! | what is expected since the last expectation of its kind | |
//! |---|---|
//! | `"quotes": [[symbol, "LIVE", bid, bid size, ask, ask size], [symbol, "RESYNCING"]]` | all of them; those of opening aside |
//! | `"sent": ["subscribe"]`, `"fetched": ["/depth"]` | all messages and fetches, a part of each |
//! | `"counts": {"gaps": 1}` | by how much these counters of the feed have grown |
//! | `"reconnects": true` | whether the feed gave the connection up |
//! | `"state": ["BTC/USDT:USDT", "RESYNCING"]` | what it is now |
//!
//! A case fails that expects nothing, or that leaves a parse error or a reconnect unmentioned.

#[path = "conformance/play.rs"]
mod play;

use crossbook_market::Instrument;
use crossbook_venues::MarketListing;
use play::{Play, START_NS, Step};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// What every fixture must show.
const CASES: [&str; 9] = ["ack", "error", "snapshot", "delta", "gap", "resync", "heartbeat", "empty_side", "zero_size"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fixture {
    evidence: BTreeMap<String, Evidence>,
    /// For the mutation suite: `mutations/exceptions.rs`.
    #[serde(default, rename = "mutations")]
    _mutations: Option<IgnoredAny>,
    market_list: MarketList,
    track: Vec<String>,
    cases: BTreeMap<String, Vec<Step>>,
}

/// What the shape of a channel or an answer rests on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Evidence {
    level: Level,
    /// A file of the recordings, or a document in words.
    source: String,
    /// What stands in the file.
    shows: Option<String>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Level {
    Captured,
    Document,
    Assumed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MarketList {
    bodies: Vec<Box<RawValue>>,
    instruments: Vec<Listed>,
    quarantined: Vec<String>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Listed {
    symbol: String,
    native_symbol: String,
    asset: String,
    asset_scale: f64,
    contract_size: f64,
}

fn read(venue: &str) -> Result<Fixture, String> {
    let text = std::fs::read_to_string(folder().join(format!("{venue}.json")));
    let text = text.map_err(|error| format!("{error}: write it, with a market list and the cases {CASES:?}"))?;
    serde_json::from_str(&text)
        .map_err(|error| format!("does not read: {error}; the format is at the head of tests/conformance.rs"))
}

/// Everything that is wrong between a venue and its fixture.
fn complaints(venue: &str, fixture: &Fixture) -> Vec<String> {
    let bodies: Vec<&[u8]> = fixture.market_list.bodies.iter().map(|raw| raw.get().as_bytes()).collect();
    let listing = match crossbook_venues::parse_markets(venue, &bodies, START_NS) {
        Ok(listing) => listing,
        Err(error) => return vec![format!("market_list: {error}")],
    };
    let mut complaints = listing_complaints(&fixture.market_list, &listing);
    complaints.extend(evidence_complaints(venue, &fixture.evidence));
    let tracked = |symbol: &String| listing.instruments.iter().find(|one| one.symbol == *symbol);
    let instruments: Vec<_> = fixture.track.iter().filter_map(tracked).cloned().map(Arc::new).collect();
    if instruments.is_empty() || instruments.len() < fixture.track.len() {
        complaints.push("track: name instruments of the market list".to_string());
        return complaints;
    }
    for missing in CASES.iter().filter(|case| !fixture.cases.contains_key(**case)) {
        complaints.push(format!("there is no case {missing:?}: write its frames, and what must come of them"));
    }
    for (case, steps) in &fixture.cases {
        complaints.extend(case_complaint(venue, &instruments, steps).map(|complaint| format!("{case}: {complaint}")));
    }
    complaints
}

/// What a venue's file decodes.
fn facts(id: &str) -> BTreeSet<String> {
    let venue = crossbook_venues::find(id).unwrap();
    let mut facts: BTreeSet<String> = venue.profile().channels.iter().map(|(_, name)| (*name).to_string()).collect();
    facts.insert("market list".to_string());
    if venue.check_request("X").is_some() {
        facts.insert("book over REST".to_string());
    }
    if venue.ticket_request().is_some() {
        facts.insert("ticket".to_string());
    }
    facts
}

fn evidence_complaints(venue: &str, evidence: &BTreeMap<String, Evidence>) -> Vec<String> {
    let mut complaints = Vec::new();
    let named: BTreeSet<String> = evidence.keys().cloned().collect();
    if named != facts(venue) {
        complaints.push(format!("evidence: expected for {:?}, is for {named:?}", facts(venue)));
    }
    for (fact, evidence) in evidence {
        let is_file = evidence.source.starts_with(&format!("{venue}/"));
        if (evidence.level == Level::Captured) != (is_file && evidence.shows.is_some()) || evidence.source.is_empty() {
            complaints.push(format!(
                "evidence of {fact}: a captured one names its file and what that shows, others say in words"
            ));
        }
    }
    complaints
}

fn listing_complaints(expected: &MarketList, listing: &MarketListing) -> Vec<String> {
    let listed = listing.instruments.iter().map(|one| Listed {
        symbol: one.symbol.clone(),
        native_symbol: one.native_symbol.clone(),
        asset: one.asset.clone(),
        asset_scale: one.asset_scale,
        contract_size: one.contract_size,
    });
    let (listed, mut complaints) = (listed.collect::<Vec<_>>(), Vec::new());
    if listed != expected.instruments || listed.is_empty() {
        complaints.push(format!("market_list: expected {:#?}, listed {listed:#?}", expected.instruments));
    }
    let quarantined: Vec<_> = listing.quarantined.iter().map(|(native, _)| native.clone()).collect();
    if quarantined != expected.quarantined || quarantined.is_empty() {
        complaints.push(format!(
            "market_list: expected quarantined {:?} and at least one, got {:?}",
            expected.quarantined, listing.quarantined
        ));
    }
    complaints
}

fn case_complaint(venue: &str, instruments: &[Arc<Instrument>], steps: &[Step]) -> Option<String> {
    if !steps.iter().any(Step::is_expectation) {
        return Some("expects nothing: say what must come of it".to_string());
    }
    let mut play = Play::new(venue, instruments);
    for (index, step) in steps.iter().enumerate() {
        if let Err(difference) = play.step(step) {
            return Some(format!("step {}: {difference}", index + 1));
        }
    }
    play.end().err()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

#[test]
fn every_venue_conforms_to_its_fixture() {
    let mut all = Vec::new();
    for profile in crossbook_venues::profiles() {
        let found = read(profile.id).map_or_else(|error| vec![error], |fixture| complaints(profile.id, &fixture));
        all.extend(found.iter().map(|complaint| format!("tests/conformance/{}.json: {complaint}", profile.id)));
    }
    assert!(all.is_empty(), "\n{}", all.join("\n"));
}

#[test]
fn every_fixture_belongs_to_a_venue() {
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    let named: BTreeSet<String> = files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(named, crossbook_venues::profiles().map(|profile| profile.id.to_string()).collect());
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn what_is_said_to_be_captured_stands_in_a_recording() {
    let recordings = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/recordings");
    for profile in crossbook_venues::profiles() {
        let fixture = read(profile.id).unwrap();
        for (fact, evidence) in fixture.evidence.iter().filter(|(_, evidence)| evidence.level == Level::Captured) {
            let bytes = std::fs::read(recordings.join(&evidence.source)).unwrap_or_default();
            let shows = evidence.shows.clone().unwrap_or_default();
            let stands = String::from_utf8_lossy(&bytes).contains(&shows) && !shows.is_empty();
            assert!(stands, "{} {fact}: {} does not show {shows:?}", profile.id, evidence.source);
        }
    }
}

/// The first venue's fixture, changed; a runner that finds nothing there would find nothing anywhere.
fn complaints_after(change: impl Fn(&mut Fixture)) -> Vec<String> {
    let venue = crossbook_venues::profiles().next().unwrap().id;
    let mut fixture = read(venue).unwrap();
    change(&mut fixture);
    complaints(venue, &fixture)
}

fn case(steps: &str) -> Vec<Step> {
    serde_json::from_str(steps).unwrap()
}

#[test]
fn a_fixture_that_proves_less_than_it_must_is_refused() {
    assert_eq!(complaints_after(|_| {}), [""; 0]);
    let missing = complaints_after(|fixture| drop(fixture.cases.remove("gap")));
    assert!(missing.len() == 1 && missing[0].contains("no case \"gap\""), "{missing:?}");
    let idle = complaints_after(|fixture| drop(fixture.cases.insert("gap".into(), case(r#"[{"wait_ms": 1}]"#))));
    assert!(idle.len() == 1 && idle[0].contains("expects nothing"), "{idle:?}");
    let listed = complaints_after(|fixture| fixture.market_list.quarantined = vec!["OTHER".into()]);
    assert!(listed.len() == 1 && listed[0].contains("expected quarantined"), "{listed:?}");
    let unlisted = complaints_after(|fixture| fixture.track.push("OTHER".into()));
    assert!(unlisted.len() == 1 && unlisted[0].contains("track"), "{unlisted:?}");
    let unproven = complaints_after(|fixture| drop(fixture.evidence.pop_first()));
    assert!(unproven.len() == 1 && unproven[0].contains("evidence"), "{unproven:?}");
    let vague = complaints_after(|fixture| fixture.evidence.values_mut().for_each(|one| one.shows = None));
    assert!(!vague.is_empty() && vague.iter().all(|one| one.contains("what that shows")), "{vague:?}");
    assert!(read("nowhere").is_err_and(|error| error.contains("write it")));
}

#[test]
fn every_kind_of_expectation_can_fail_and_so_does_what_is_left_unmentioned() {
    for (steps, at) in [
        (r#"[{"quotes": [["X", "LIVE", 1, 1, 2, 1]]}]"#, "step 1"),
        (r#"[{"quotes": [["X", "RESYNCING"]]}]"#, "step 1"),
        (r#"[{"state": ["X", "LIVE"]}]"#, "step 1"),
        (r#"[{"sent": []}]"#, "step 1"),
        (r#"[{"fetched": ["X"]}]"#, "step 1"),
        (r#"[{"counts": {"frames": 7}}]"#, "step 1"),
        (r#"[{"counts": {"apples": 0}}]"#, "step 1"),
        (r#"[{"reconnects": true}]"#, "step 1"),
        (r#"[{"answer": {"status": 200}}, {"quotes": []}]"#, "step 1"),
        (r#"[{"text": "{{"}, {"counts": {"gaps": 0}}]"#, "step 2"),
        (r#"[{"text": "{{"}, {"quotes": []}]"#, "did not parse"),
        (r#"[{"wait_ms": 600000}, {"counts": {"gaps": 0}}]"#, "gave the connection up"),
    ] {
        let found = complaints_after(|fixture| drop(fixture.cases.insert("own".into(), case(steps))));
        assert!(found.len() == 1 && found[0].starts_with("own: ") && found[0].contains(at), "{steps}: {found:?}");
    }
}
