//! Closes the windows of one venue in order and keeps them until they are taken: each with whether it is whole, and with the
//! position from which a restart finds all that is later.

use super::closed::ClosedWindow;
use super::instruments::Instruments;
use super::minute_table::MinuteTable;
use super::stream::Stream;
use super::table::WindowTable;
use std::collections::VecDeque;
use std::sync::Arc;

/// The closed windows, and what is known of the one that is open.
pub struct Closing {
    venue: Arc<str>,
    is_open_complete: bool,
    /// The first roster of the open window: until its end what is gone is there.
    roster_sequence: Option<u64>,
    /// Its reader stops feeding batches while too many wait.
    closed: VecDeque<ClosedWindow>,
    minute: MinuteTable,
}

impl Closing {
    pub fn new(venue: Arc<str>) -> Self {
        Self {
            venue,
            is_open_complete: true,
            roster_sequence: None,
            closed: VecDeque::new(),
            minute: MinuteTable::default(),
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.closed.len()
    }

    /// The oldest.
    pub fn take(&mut self) -> Option<ClosedWindow> {
        self.closed.pop_front()
    }

    /// The open window misses quotes.
    pub fn lose(&mut self) {
        self.is_open_complete = false;
    }

    /// Batch `sequence` says what the stream has: whoever restarts before the open window's end is told again.
    pub fn keep_for_roster(&mut self, sequence: u64) {
        self.roster_sequence.get_or_insert(sequence);
    }

    /// Another stream: sequences of the old one mean nothing any more.
    pub fn forget_roster(&mut self) {
        self.roster_sequence = None;
    }

    /// Closes every window that ends at `time_ns` or before; `next` is the first batch that concerns later ones.
    pub fn close_until(
        &mut self,
        time_ns: i64,
        next: u64,
        table: &mut WindowTable,
        instruments: &Instruments,
        stream: &Stream,
    ) {
        while time_ns >= table.end_ns() {
            if table.end_ns() == 0 || table.is_silent_until(time_ns) {
                table.open_at(time_ns);
            } else {
                self.close(next, table, instruments, stream);
            }
        }
    }

    fn close(&mut self, next: u64, table: &mut WindowTable, instruments: &Instruments, stream: &Stream) {
        let (start_ns, end_ns) = (table.start_ns(), table.end_ns());
        let slots = instruments.slots();
        let (rows, states): (Vec<_>, Vec<_>) =
            table.close(|slot| slots[slot as usize].gone_from_ns).into_iter().unzip();
        let mut window = ClosedWindow {
            venue: Arc::clone(&self.venue),
            start_ns,
            end_ns,
            is_complete: self.is_open_complete,
            position: stream.position_before(self.roster_sequence.take().unwrap_or(next).min(next)),
            instruments: rows.iter().map(|&slot| Arc::clone(&slots[slot as usize].instrument)).collect(),
            states,
            minutes: Vec::new(),
        };
        window.minutes = self.minute.add(&window, &rows);
        self.closed.push_back(window);
        self.is_open_complete = !stream.is_missing_quotes();
    }
}
