//! The minute of the closed windows, all instruments of one venue side by side.
//!
//! Only an instrument whose windows were all closed here is known whole: then nobody else can have rows of its minute, for a
//! row's key is its instrument and its window. Of any other one a row may lie in the database that was never seen here.

use super::closed::ClosedWindow;
use super::minute::{MINUTE_NS, MinuteState};

/// All instruments of one venue over the minute of the window that was closed last, by slot.
#[derive(Default)]
pub struct MinuteTable {
    start_ns: i64,
    states: Vec<MinuteState>,
}

impl MinuteTable {
    /// The next window, whose rows are of these slots. At the minute's end it gives what each of them rolls up to; nothing
    /// before, and nothing when any instrument of the minute has not all its windows here.
    pub fn add(&mut self, window: &ClosedWindow, slots: &[u32]) -> Vec<MinuteState> {
        let window_ns = window.end_ns - window.start_ns;
        self.begin(window.start_ns - window.start_ns.rem_euclid(MINUTE_NS));
        for (&slot, state) in slots.iter().zip(&window.states) {
            if slot as usize >= self.states.len() {
                self.states.resize(slot as usize + 1, MinuteState::default());
            }
            self.states[slot as usize].add(&state.figures(), window_ns, window.is_row_complete(state));
        }
        let is_over = window.end_ns == self.start_ns + MINUTE_NS;
        if is_over && self.is_whole(slots.len()) {
            slots.iter().map(|&slot| self.states[slot as usize]).collect()
        } else {
            Vec::new()
        }
    }

    fn begin(&mut self, start_ns: i64) {
        if start_ns != self.start_ns {
            self.start_ns = start_ns;
            self.states.fill(MinuteState::default());
        }
    }

    /// Every instrument that has a row in the minute has all, and so is one of the `rows` of its last window.
    fn is_whole(&self, rows: usize) -> bool {
        let mut seen = self.states.iter().filter(|state| state.windows > 0);
        seen.clone().count() == rows && seen.all(|state| state.window_ns == MINUTE_NS)
    }
}
