//! What a source plays: for each topic of a client, frames of several states of a book, with holes for what must differ
//! each time. `tests/bench/script.py` writes it, from what the simulated venues say.

use serde::Deserialize;

const SIZES: usize = 2; // states in a row with one price and different sizes

#[derive(Deserialize)]
pub struct Script {
    pub topics: Vec<Topic>,
}

/// One topic of one client: who is known by the port from which its connection goes on to the venue's server.
#[derive(Deserialize)]
pub struct Topic {
    pub port: u16,
    sequence: u64,
    states: Vec<State>,
    #[serde(skip)]
    at: usize,
}

/// A frame's text in pieces, and between two of them a number.
#[derive(Deserialize)]
struct State {
    pieces: Vec<String>,
    holes: Vec<Hole>,
}

/// The clock in units, plus `offset`; the sequence where `unit_ns` is 0.
#[derive(Deserialize)]
struct Hole {
    unit_ns: u64,
    offset: i64,
}

impl Topic {
    /// Another price, or the same at another size; which state it is.
    pub fn turn(&mut self, is_move: bool) -> usize {
        self.at = if is_move { (self.at + SIZES) % self.states.len() } else { self.at ^ 1 };
        self.at
    }

    /// The text of its state at that moment.
    pub fn fill(&self, out: &mut Vec<u8>, now_ns: u64) {
        let State { pieces, holes } = &self.states[self.at];
        out.clear();
        for (place, piece) in pieces.iter().enumerate() {
            out.extend_from_slice(piece.as_bytes());
            if let Some(hole) = holes.get(place) {
                let number = now_ns
                    .checked_div(hole.unit_ns)
                    .map_or(self.sequence, |time| time.wrapping_add_signed(hole.offset));
                out.extend_from_slice(number.to_string().as_bytes());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"topics": [{"port": 7, "sequence": 42, "states": [
        {"pieces": ["{a", "b", "}"], "holes": [{"unit_ns": 1000000, "offset": -4}, {"unit_ns": 0, "offset": 0}]},
        {"pieces": ["second"], "holes": []}, {"pieces": ["third"], "holes": []}, {"pieces": ["fourth"], "holes": []}]}]}"#;

    fn topic() -> Topic {
        serde_json::from_str::<Script>(TEXT).unwrap().topics.remove(0)
    }

    fn said(topic: &Topic) -> String {
        let mut out = b"rest".to_vec();
        topic.fill(&mut out, 1_800_000_000_123_456_789);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn holes_are_the_time_in_units_and_the_sequence() {
        assert_eq!(said(&topic()), "{a1800000000119b42}");
    }

    #[test]
    fn a_move_goes_to_the_next_price_and_others_change_the_size() {
        let mut topic = topic();
        let states: Vec<usize> = [false, false, true, false, true].map(|is_move| topic.turn(is_move)).to_vec();
        assert_eq!(states, [1, 0, 2, 3, 1]);
        assert_eq!(said(&topic), "second");
    }
}
