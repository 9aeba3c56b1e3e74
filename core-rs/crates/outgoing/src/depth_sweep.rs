//! When which book is looked at for its depth: all in turn, a part with every read of a socket, so that neither a frame nor a top
//! pays for it. A book is told when its levels near the top are others than were told, and once more after a while.
//!
//! It bounds the wire twice: no book more often than each `INTERVAL_NS`, and no feed more rows than `ROWS_PER_SECOND`; then all
//! are told less often, none at the cost of another.

use crossbook_market::{Depth, OrderBook};

/// Each book is looked at so often.
const INTERVAL_NS: i64 = 250_000_000;
/// What is as it was is told again, so that its reader knows that it stands.
const REFRESH_NS: i64 = 2_000_000_000;
/// Not more often than this is any book looked at.
const STEP_NS: i64 = 10_000_000;
/// Rows of a feed, some 350 bytes each.
const ROWS_PER_SECOND: i64 = 4_000;
/// What an idle feed may say at once.
const BURST: i64 = 400;
const SECOND_NS: i64 = 1_000_000_000;

#[derive(Debug, Default)]
pub(crate) struct DepthSweep {
    /// Looked at next.
    next: usize,
    swept_ns: i64,
    /// Rows that may be told, in parts of `SECOND_NS`.
    allowance: i64,
    /// By the feed's number, and when it was told; 0 when what was told is void.
    told: Vec<(Depth, i64)>,
}

impl DepthSweep {
    /// How many of `books` are to be looked at now.
    pub fn due(&mut self, books: usize, now_ns: i64) -> usize {
        let passed_ns = now_ns.saturating_sub(self.swept_ns);
        if passed_ns < STEP_NS || books == 0 {
            return 0;
        }
        self.swept_ns = now_ns;
        let passed_ns = passed_ns.min(INTERVAL_NS);
        self.allowance = (self.allowance + passed_ns * ROWS_PER_SECOND).min(BURST * SECOND_NS);
        ((books as i64 * passed_ns + INTERVAL_NS - 1) / INTERVAL_NS) as usize
    }

    /// The next book's number; None when no more rows may be told now.
    pub fn step(&mut self, books: usize) -> Option<u32> {
        if self.allowance < SECOND_NS {
            return None;
        }
        let number = self.next % books;
        self.next = number + 1;
        Some(number as u32)
    }

    /// Looks at a book that is known; what is to be told of it.
    pub fn look(&mut self, number: u32, book: &OrderBook, now_ns: i64) -> Option<&Depth> {
        let index = number as usize;
        if self.told.len() <= index {
            self.told.resize_with(index + 1, Default::default);
        }
        let (depth, told_ns) = &mut self.told[index];
        let is_new = depth.read(book, now_ns) || *told_ns == 0;
        if !is_new && now_ns - *told_ns < REFRESH_NS {
            return None;
        }
        *told_ns = now_ns;
        self.allowance -= SECOND_NS;
        Some(depth)
    }

    /// What was told of the book is void.
    pub fn forget(&mut self, number: u32) {
        if let Some((_, told_ns)) = self.told.get_mut(number as usize) {
            *told_ns = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbook_market::Level;

    const MS: i64 = 1_000_000;

    fn book(size: f64) -> OrderBook {
        let mut book = OrderBook::default();
        book.load(&[Level { price: 9.0, size }], &[Level { price: 10.0, size }], None);
        book
    }

    /// Numbers looked at in a call, of books that change each time.
    fn swept(sweep: &mut DepthSweep, books: usize, now_ns: i64) -> Vec<u32> {
        let mut numbers = Vec::new();
        for _ in 0..sweep.due(books, now_ns) {
            let Some(number) = sweep.step(books) else { break };
            sweep.look(number, &book(now_ns as f64), now_ns);
            numbers.push(number);
        }
        numbers
    }

    #[test]
    fn every_book_is_looked_at_once_an_interval_in_turn() {
        let mut sweep = DepthSweep::default();
        swept(&mut sweep, 100, SECOND_NS);
        let looked: Vec<u32> = (1..=25).flat_map(|step| swept(&mut sweep, 100, SECOND_NS + step * 10 * MS)).collect();
        assert_eq!(looked, (0..100).collect::<Vec<_>>());
        assert!(swept(&mut sweep, 100, SECOND_NS + 255 * MS).is_empty(), "it is too soon");
    }

    #[test]
    fn rows_are_bounded_and_all_books_have_their_turn_all_the_same() {
        let (mut sweep, mut times) = (DepthSweep::default(), vec![0; 4_000]);
        for step in 0..400 {
            for number in swept(&mut sweep, 4_000, SECOND_NS + step * 10 * MS) {
                times[number as usize] += 1;
            }
        }
        assert!(times.iter().sum::<i64>() <= BURST + 4 * ROWS_PER_SECOND);
        assert!(times.iter().all(|count| (3..=5).contains(count)), "{times:?}");
    }

    #[test]
    fn what_has_not_changed_is_told_again_after_a_while_and_at_once_when_it_was_void() {
        let mut sweep = DepthSweep::default();
        let is_told = |sweep: &mut DepthSweep, size: f64, now_ns: i64| sweep.look(2, &book(size), now_ns).is_some();
        assert!(is_told(&mut sweep, 1.0, SECOND_NS));
        assert!(!is_told(&mut sweep, 1.0, SECOND_NS + REFRESH_NS - 1));
        assert!(is_told(&mut sweep, 1.0, SECOND_NS + REFRESH_NS));
        assert!(is_told(&mut sweep, 2.0, SECOND_NS + REFRESH_NS + 1));
        sweep.forget(2);
        assert!(is_told(&mut sweep, 2.0, SECOND_NS + REFRESH_NS + 2));
    }
}
