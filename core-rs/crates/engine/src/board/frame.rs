//! What is new to a cursor: looked up while the board is held, encoded afterwards.

use super::slots::Slots;
use super::views::View;
use crossbook_market::Quote;
use crossbook_wire::encode_shared_response;
use std::sync::Arc;

/// Most rows of one frame, about a megabyte and its symbols; the rest is the next frame.
pub(super) const MAX_ROWS: usize = 16_384;

/// How far a reader has been told. Between the parts of a long frame `next` is where the following part begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Cursor {
    /// Everything up to this version is told.
    since: u64,
    /// What `since` becomes with the last part.
    until: u64,
    next: usize,
}

/// One frame before it is encoded.
#[derive(Default)]
pub(super) struct Gathered {
    symbols: Vec<Arc<[u8]>>,
    quotes: Vec<Quote>,
}

impl Cursor {
    /// Instruments of the view whose newest quote it does not know.
    pub(super) fn waiting(&self, view: &View, slots: &Slots) -> usize {
        let (passed, to_come) = view.slots.split_at(self.next);
        let passed = passed.iter().filter(|slot| slots.is_new(**slot, self.until)).count();
        passed + to_come.iter().filter(|slot| slots.is_new(**slot, self.since)).count()
    }

    /// What the view has that it does not know, and where it is then. Empty only where nothing is new.
    pub(super) fn gather(&self, view: &View, slots: &Slots, version: u64, most: usize) -> (Gathered, Self) {
        let until = if self.next == 0 { version } else { self.until };
        let (mut gathered, mut next) = (Gathered::default(), self.next);
        while next < view.slots.len() && gathered.quotes.len() < most {
            let slot = view.slots[next];
            if slots.is_new(slot, self.since) {
                gathered.put(slot, slots, self.since);
            }
            next += 1;
        }
        if next < view.slots.len() {
            return (gathered, Self { until, next, ..*self });
        }
        let after = Self { since: until, until, next: 0 };
        if gathered.is_empty() && until < version {
            return after.gather(view, slots, version, most); // what came while the parts were told
        }
        (gathered, after)
    }
}

impl Gathered {
    pub(super) fn is_empty(&self) -> bool {
        self.quotes.is_empty()
    }

    /// Its sequence is zero: who sends it on counts by itself, as the same bytes are for several.
    pub(super) fn encode(&self, stream_id: &str, watermark_ns: i64) -> Vec<u8> {
        encode_shared_response(stream_id, watermark_ns, self.symbols.iter().map(|symbol| &**symbol), &self.quotes)
    }

    fn put(&mut self, slot: u32, slots: &Slots, since: u64) {
        self.symbols.extend(slots.symbol(slot, since).cloned());
        self.quotes.push(*slots.quote(slot));
    }
}
