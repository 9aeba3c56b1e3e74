//! What is known of one book near its top.

use crate::book::{Level, OrderBook};

/// Most levels of a side that are told.
pub const MAX_DEPTH_LEVELS: usize = 10;
/// Levels further from the best than this are not told.
const BAND_PERCENT: f64 = 1.0;

/// The best levels of both sides, best first. Every level up to a side's last one is known; behind it others may stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Depth {
    /// When they were read from the book; nanoseconds since the epoch, UTC.
    pub read_ns: i64,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

impl Depth {
    /// Takes what `book` is known to hold now, in place of what it was; true when any level differs.
    pub fn read(&mut self, book: &OrderBook, now_ns: i64) -> bool {
        self.read_ns = now_ns;
        let is_new = [take(&mut self.bids, book.known_bids()), take(&mut self.asks, book.known_asks())];
        is_new.contains(&true)
    }

    pub fn is_empty(&self) -> bool {
        self.bids.is_empty() && self.asks.is_empty()
    }
}

/// Those of `levels` that are near the first; true when they are others than before.
fn take(held: &mut Vec<Level>, levels: impl Iterator<Item = Level>) -> bool {
    let (before, mut is_new, mut best) = (held.len(), false, None);
    let is_near = |level: &Level, best: f64| (level.price - best).abs() <= best * BAND_PERCENT / 100.0;
    let near = levels.take_while(|level| is_near(level, *best.get_or_insert(level.price)));
    let mut count = 0;
    for level in near.take(MAX_DEPTH_LEVELS) {
        match held.get_mut(count) {
            Some(old) => is_new |= std::mem::replace(old, level) != level,
            None => held.push(level),
        }
        count += 1;
    }
    held.truncate(count);
    is_new || count != before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(pairs: &[(f64, f64)]) -> Vec<Level> {
        pairs.iter().map(|&(price, size)| Level { price, size }).collect()
    }

    fn read(book: &OrderBook) -> Depth {
        let mut depth = Depth::default();
        depth.read(book, 7);
        depth
    }

    #[test]
    fn levels_within_the_band_and_the_limit_are_read_best_first() {
        let mut book = OrderBook::default();
        let asks: Vec<_> = (0..30).map(|step| (100.0 + f64::from(step) / 100.0, 1.0)).collect();
        book.load(&levels(&[(98.9, 4.0), (99.0, 3.0), (99.99, 2.0)]), &levels(&asks), None);
        let depth = read(&book);
        assert_eq!((depth.read_ns, &depth.bids), (7, &levels(&[(99.99, 2.0), (99.0, 3.0)])));
        assert_eq!(depth.asks, levels(&asks[..MAX_DEPTH_LEVELS]));
    }

    #[test]
    fn behind_the_horizon_of_a_cut_snapshot_nothing_is_known() {
        let mut book = OrderBook::default();
        book.load(&levels(&[(100.0, 1.0), (99.9, 1.0)]), &levels(&[(100.1, 1.0), (100.2, 1.0)]), Some(2));
        book.apply(&levels(&[(99.8, 5.0)]), &levels(&[(100.3, 5.0)]));
        let depth = read(&book);
        assert_eq!(
            (depth.bids, depth.asks),
            (levels(&[(100.0, 1.0), (99.9, 1.0)]), levels(&[(100.1, 1.0), (100.2, 1.0)]))
        );
        book.apply(&levels(&[(100.0, 0.0), (99.9, 0.0)]), &[]);
        assert!(book.is_thin() && read(&book).bids.is_empty());
    }

    #[test]
    fn only_another_level_is_news() {
        let mut book = OrderBook::default();
        book.load(&levels(&[(100.0, 1.0)]), &levels(&[(100.1, 1.0)]), None);
        let mut depth = read(&book);
        assert!(!depth.read(&book, 8));
        assert_eq!(depth.read_ns, 8);
        book.apply(&levels(&[(100.0, 2.0)]), &[]);
        assert!(depth.read(&book, 9));
        book.apply(&[], &levels(&[(100.1, 0.0)]));
        assert!(depth.read(&book, 10) && depth.asks.is_empty() && !depth.is_empty());
    }
}
