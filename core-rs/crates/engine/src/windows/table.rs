//! The open window of one venue, all instruments side by side.

use super::state::WindowState;
use crossbook_market::{BookState, Quote};

/// After a silence of more windows than these the empty ones in between are not written: an hour at 15 s.
pub const MAX_SILENT_WINDOWS: i64 = 240;

/// Slots are given out by the caller and never taken back.
pub struct WindowTable {
    window_ns: i64,
    states: Vec<WindowState>,
    start_ns: i64,
    /// Zero until the first row opens a window.
    end_ns: i64,
    /// No time before it counts: the window's start, or later when another stream took over within the window.
    origin_ns: i64,
    is_touched: bool,
}

impl WindowTable {
    pub fn new(window_ns: i64) -> Self {
        Self { window_ns, states: Vec::new(), start_ns: 0, end_ns: 0, origin_ns: 0, is_touched: false }
    }

    pub fn window_ns(&self) -> i64 {
        self.window_ns
    }

    pub fn start_ns(&self) -> i64 {
        self.start_ns
    }

    /// Zero while no window is open.
    pub fn end_ns(&self) -> i64 {
        self.end_ns
    }

    pub fn states(&self) -> &[WindowState] {
        &self.states
    }

    pub fn add_slot(&mut self) -> u32 {
        self.states.push(WindowState::ABSENT);
        (self.states.len() - 1) as u32
    }

    /// The row must belong to the open window.
    #[inline]
    pub fn take(&mut self, slot: u32, quote: &Quote) {
        self.is_touched = true;
        self.states[slot as usize].take(quote, self.origin_ns);
    }

    /// A quote from before the origin takes force, without counting for anything that has been counted already.
    pub fn take_late(&mut self, slot: u32, quote: &Quote) {
        self.states[slot as usize].carry(quote);
    }

    /// The instrument is gone, with whatever it did in the open window; returns whether it had appeared.
    pub fn forget(&mut self, slot: u32) -> bool {
        std::mem::replace(&mut self.states[slot as usize], WindowState::ABSENT).is_present()
    }

    /// An instrument that has not appeared is there without a quote from `moment_ns` on, which lies in the open window.
    pub fn appear(&mut self, slot: u32, moment_ns: i64) {
        let state = &mut self.states[slot as usize];
        if self.end_ns > 0 && !state.is_present() {
            state.carry(&Quote::without_prices(0, BookState::Closed, moment_ns.max(self.origin_ns)));
        }
    }

    /// Opens the window that holds `time_ns`.
    pub fn open_at(&mut self, time_ns: i64) {
        self.start_ns = time_ns - time_ns.rem_euclid(self.window_ns);
        self.end_ns = self.start_ns + self.window_ns;
        self.origin_ns = self.start_ns;
        self.is_touched = false;
    }

    /// Whether the open window is the empty beginning of a silence too long to be written out.
    pub fn is_silent_until(&self, time_ns: i64) -> bool {
        !self.is_touched && (time_ns - self.start_ns) / self.window_ns > MAX_SILENT_WINDOWS
    }

    /// Quotes lose their force: nobody knows what happened after `moment_ns`, which lies in the open window.
    pub fn break_off(&mut self, moment_ns: i64) {
        if self.end_ns == 0 {
            return;
        }
        let moment_ns = moment_ns.max(self.origin_ns);
        self.is_touched |= moment_ns > self.start_ns;
        let has_force = |state: &&mut WindowState| state.is_present() && state.book_state() != BookState::Closed;
        for state in self.states.iter_mut().filter(has_force) {
            state.integrate(moment_ns, self.origin_ns);
            state.carry(&Quote::without_prices(0, BookState::Closed, moment_ns));
        }
        self.origin_ns = moment_ns;
    }

    /// Ends the open window, opens the next one and returns the rows. An instrument that was gone before the window began, by
    /// `gone_from_ns`, gets no row and is forgotten.
    pub fn close(&mut self, gone_from_ns: impl Fn(u32) -> i64) -> Vec<(u32, WindowState)> {
        let mut rows = Vec::with_capacity(self.states.len());
        for (slot, state) in (0..).zip(&mut self.states) {
            if gone_from_ns(slot) < self.start_ns {
                *state = WindowState::ABSENT;
            }
            if state.is_present() {
                state.integrate(self.end_ns, self.origin_ns);
                rows.push((slot, *state));
                *state = state.next();
            }
        }
        self.open_at(self.end_ns);
        rows
    }
}
