//! Frames and answers of each venue's shape with each value made absent, null, of another type, endless or nonsense, and bytes of
//! no shape at all: nothing panics, and what spoils the word for success is never taken for success.

use crossbook_trading::{Answer, Outcome, Read, TradingVenue};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// Written by us in the venue's shape: `tests/frames/<venue>.json`.
#[derive(Deserialize)]
struct Frames {
    /// Where an answer to an order says that it was taken, in words or numbers.
    words: Vec<String>,
    /// What else has to be there.
    needed: Vec<String>,
    placed: Vec<Value>,
    found: Vec<Value>,
    frames: Vec<Value>,
}

fn venues() -> impl Iterator<Item = (&'static dyn TradingVenue, Frames)> {
    crossbook_trading::venues().map(|id| {
        let path = format!("{}/tests/frames/{id}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        (crossbook_trading::find(id).unwrap(), serde_json::from_str(&text).unwrap())
    })
}

fn replacements() -> Vec<Value> {
    let endless = "9".repeat(60);
    vec![
        Value::Null,
        json!(""),
        json!("nonsense"),
        json!("\"\\\u{7f}é"),
        json!(-1),
        json!(1.5e300),
        json!("-79228162514264337593543950335"),
        json!("79228162514264337593543950335"),
        json!(endless),
        json!("0.0000000000000000000000000000001"),
        json!(true),
        json!([]),
        json!({}),
        json!([[], {}]),
    ]
}

/// Pointers to everything in it.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_string());
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found))
        }
        _ => {}
    }
}

/// With one place changed, in every way.
fn spoilt(value: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    places(value, "", &mut all);
    let changed = |place: &String| {
        let with = |replacement: Value| {
            let mut other = value.clone();
            *other.pointer_mut(place).unwrap() = replacement;
            (place.clone(), other)
        };
        replacements().into_iter().map(with).chain(removed(value, place)).collect::<Vec<_>>()
    };
    all.iter().flat_map(changed).collect()
}

fn removed(value: &Value, place: &str) -> Option<(String, Value)> {
    let (parent, name) = place.rsplit_once('/')?;
    let mut other = value.clone();
    other.pointer_mut(parent)?.as_object_mut()?.remove(name)?;
    Some((place.to_string(), other))
}

fn lists() -> [Read; 5] {
    let native_symbol = || "A".to_string();
    [
        Read::OpenOrders { native_symbol: native_symbol() },
        Read::Fills { native_symbol: native_symbol(), since_ms: 0 },
        Read::Positions,
        Read::Balances,
        Read::Funding { native_symbol: native_symbol(), since_ms: 0 },
    ]
}

/// Everything that takes bytes.
fn hear(venue: &dyn TradingVenue, bytes: &[u8]) -> Outcome {
    let _ = venue.decode(bytes);
    let answer = Answer { status: 200, body: bytes };
    let _ = (venue.found(answer), venue.cancelled(answer), venue.placed(Answer { status: 503, ..answer }));
    lists().iter().for_each(|list| {
        let _ = venue.listed(list, answer);
    });
    if let Some(hosts) = venue.hosts(crossbook_trading::Environment::Live) {
        let _ = venue.socket_url(&hosts, bytes);
    }
    venue.placed(answer)
}

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}

#[test]
fn spoilt_words_for_success_are_none_and_nothing_panics() {
    for (venue, frames) in venues() {
        for answer in &frames.placed {
            assert!(is_accepted(&hear(venue, answer.to_string().as_bytes())), "{}: {answer}", venue.id());
            for (place, value) in spoilt(answer) {
                let is_accepted = is_accepted(&hear(venue, value.to_string().as_bytes()));
                let is_nothing = value.pointer(&place).is_none_or(is_nothing);
                let is_nonsense = value.pointer(&place) == Some(&json!("nonsense"));
                let is_spoilt = frames.needed.contains(&place) && is_nothing
                    || frames.words.contains(&place) && (is_nothing || is_nonsense);
                assert!(!(is_spoilt && is_accepted), "{} {place}: {value}", venue.id());
            }
        }
        let places = frames.words.iter().chain(&frames.needed);
        places.for_each(|place| assert!(frames.placed[0].pointer(place).is_some(), "{}: {place}", venue.id()));
    }
}

fn is_nothing(value: &Value) -> bool {
    [json!(null), json!(""), json!([]), json!({})].contains(value)
}

#[test]
fn spoilt_frames_and_reports_panic_nowhere() {
    for (venue, frames) in venues() {
        for frame in frames.frames.iter().chain(&frames.found) {
            assert!(
                venue.decode(frame.to_string().as_bytes()).is_ok() || frames.found.contains(frame),
                "{}: {frame}",
                venue.id()
            );
            for (_, value) in spoilt(frame) {
                let text = value.to_string();
                hear(venue, text.as_bytes());
                hear(venue, &text.as_bytes()[..text.len() / 2]);
            }
        }
    }
}

proptest! {
    #[test]
    fn bytes_of_no_shape_are_no_success(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[\\[\\]{}:,\"a-z0-9.\\-]{0,80}") {
        for id in crossbook_trading::venues() {
            let venue = crossbook_trading::find(id).unwrap();
            for payload in [bytes.as_slice(), text.as_bytes()] {
                prop_assert!(!is_accepted(&hear(venue, payload)), "{}: {:?}", id, payload);
            }
        }
    }
}
