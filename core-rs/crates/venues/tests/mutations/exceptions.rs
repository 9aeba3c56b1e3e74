//! What of a venue's own makes a change lawful that is none elsewhere: the `mutations` of its fixture, each with its reason.

use serde::Deserialize;
use std::path::PathBuf;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exceptions {
    /// For whoever reads the fixture.
    why: String,
    /// Sizes below zero are sent, and mean something.
    sends_negatives: bool,
    /// Names in these objects are data: prices as the keys of a table.
    data_within: Vec<String>,
    /// Fields that are no data of a frame: an envelope that is peeled off by its bytes.
    envelope: Vec<String>,
    /// The word by which a coin is known was never seen, so that a class that is absent cannot be told from a coin's.
    is_class_unknown: bool,
    /// Fields of a class in which the empty word is a coin's own.
    empty_is_coin: Vec<String>,
}

#[derive(Deserialize)]
struct Fixture {
    #[serde(default)]
    mutations: Exceptions,
}

impl Exceptions {
    pub fn of(venue: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/conformance/{venue}.json"));
        let fixture: Fixture = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        fixture.mutations
    }

    pub fn sends_negatives(&self) -> bool {
        self.sends_negatives
    }

    pub fn is_class_unknown(&self) -> bool {
        self.is_class_unknown
    }

    pub fn is_coin_where_empty(&self, field: &str) -> bool {
        self.empty_is_coin.iter().any(|name| name == field)
    }

    /// Whether a name is no field's.
    pub fn is_data(&self, path: &str) -> bool {
        self.data_within.iter().any(|within| path.contains(within)) || self.envelope.iter().any(|field| path == field)
    }
}
