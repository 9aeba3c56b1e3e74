//! Order book of one instrument: two sorted sides, fast at the top, bounded in depth.
//!
//! A side keeps at most `MAX_LEVELS` levels (plus a slack, so that pruning is rare). Behind the worst kept level others may
//! stand that are not known any more: its price is the side's horizon. What changes behind the horizon is kept as it comes,
//! but when the best of a side lies there, a better one may be missing: the book is thin, and its top proves nothing until
//! it is loaded again. A snapshot of limited depth starts with a horizon for the same reason.

/// Levels kept on a side after pruning.
pub const MAX_LEVELS: usize = 4096;
/// How far a side may grow beyond `MAX_LEVELS` before it is pruned.
const PRUNE_SLACK: usize = 1024;
/// Largest price or size that is taken for real; a corrupt number is usually far beyond.
const MAX_MAGNITUDE: f64 = 1e18;
/// Levels at the top that are searched one by one before the rest is bisected.
const LINEAR_SEARCH: usize = 8;

/// Total size resting at one price.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    pub price: f64,
    pub size: f64,
}

impl Level {
    /// Whether both numbers can be real; a size of zero means "nothing rests here".
    pub fn is_valid(&self) -> bool {
        self.price > 0.0 && self.price <= MAX_MAGNITUDE && self.size >= 0.0 && self.size <= MAX_MAGNITUDE
    }
}

/// Both sides of a book.
#[derive(Clone, Debug)]
pub struct OrderBook {
    bids: Side,
    asks: Side,
}

impl Default for OrderBook {
    fn default() -> Self {
        Self { bids: Side::new(1.0), asks: Side::new(-1.0) }
    }
}

impl OrderBook {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bids.clear();
        self.asks.clear();
    }

    /// Replaces the book. A side that holds `depth_limit` levels or more was cut off there by the venue.
    pub fn load(&mut self, bids: &[Level], asks: &[Level], depth_limit: Option<usize>) {
        self.bids.load(bids, depth_limit);
        self.asks.load(asks, depth_limit);
    }

    /// Sets absolute sizes; zero removes, and removing what is not there is normal.
    pub fn apply(&mut self, bids: &[Level], asks: &[Level]) {
        bids.iter().for_each(|level| self.bids.set(*level));
        asks.iter().for_each(|level| self.asks.set(*level));
    }

    /// Forgets what stands behind the best `depth` levels of a side.
    pub fn keep(&mut self, depth: usize) {
        self.bids.keep(depth);
        self.asks.keep(depth);
    }

    /// Whether these levels are the book, best first or not.
    pub fn equals(&self, bids: &[Level], asks: &[Level]) -> bool {
        self.bids.equals(bids) && self.asks.equals(asks)
    }

    /// Whether every level that these would remove is there.
    pub fn holds_removed(&self, bids: &[Level], asks: &[Level]) -> bool {
        self.bids.holds_removed(bids) && self.asks.holds_removed(asks)
    }

    pub fn best_bid(&self) -> Option<Level> {
        self.bids.best()
    }

    pub fn best_ask(&self) -> Option<Level> {
        self.asks.best()
    }

    /// Whether somebody would buy at a price at which somebody would sell: impossible in a whole book.
    pub fn is_crossed(&self) -> bool {
        matches!((self.best_bid(), self.best_ask()), (Some(bid), Some(ask)) if bid.price >= ask.price)
    }

    /// Whether the true best of a side may be one that is not known.
    pub fn is_thin(&self) -> bool {
        self.bids.is_thin() || self.asks.is_thin()
    }

    /// Levels that there is memory for.
    pub fn capacity(&self) -> usize {
        self.bids.levels.capacity() + self.asks.levels.capacity()
    }

    pub fn is_empty(&self) -> bool {
        self.bids.levels.is_empty() && self.asks.levels.is_empty()
    }

    /// Best first.
    pub fn bids(&self) -> impl Iterator<Item = Level> + '_ {
        self.bids.iter()
    }

    /// Best first.
    pub fn asks(&self) -> impl Iterator<Item = Level> + '_ {
        self.asks.iter()
    }

    /// Best first, up to the horizon: no level between them is missing.
    pub fn known_bids(&self) -> impl Iterator<Item = Level> + '_ {
        self.bids.known()
    }

    /// Best first, up to the horizon: no level between them is missing.
    pub fn known_asks(&self) -> impl Iterator<Item = Level> + '_ {
        self.asks.known()
    }
}

/// One side. Levels are keyed by `sign * price` in ascending order, so that the best is always last and cheap to change.
#[derive(Clone, Debug)]
struct Side {
    sign: f64,
    levels: Vec<KeyedSize>,
    /// Key behind which levels may be missing.
    horizon: Option<f64>,
}

#[derive(Clone, Copy, Debug)]
struct KeyedSize {
    key: f64,
    size: f64,
}

impl Side {
    fn new(sign: f64) -> Self {
        Self { sign, levels: Vec::new(), horizon: None }
    }

    fn clear(&mut self) {
        self.levels.clear();
        self.horizon = None;
    }

    fn load(&mut self, levels: &[Level], depth_limit: Option<usize>) {
        self.clear();
        let sign = self.sign;
        self.levels.extend(levels.iter().map(|level| KeyedSize { key: sign * level.price, size: level.size }));
        self.levels.sort_by(|left, right| left.key.total_cmp(&right.key));
        // A price given twice keeps its last size; the sort is stable.
        self.levels.dedup_by(|later, earlier| {
            let is_same = later.key == earlier.key;
            if is_same {
                earlier.size = later.size;
            }
            is_same
        });
        self.levels.retain(|level| level.size > 0.0);
        if depth_limit.is_some_and(|limit| levels.len() >= limit) {
            self.horizon = self.levels.first().map(|worst| worst.key);
        }
        self.prune(0);
    }

    fn set(&mut self, level: Level) {
        let key = self.sign * level.price;
        match self.position(key) {
            Ok(index) if level.size > 0.0 => self.levels[index].size = level.size,
            Ok(index) => {
                self.levels.remove(index);
            }
            Err(index) if level.size > 0.0 => {
                self.levels.insert(index, KeyedSize { key, size: level.size });
                self.prune(PRUNE_SLACK);
            }
            Err(_) => {}
        }
    }

    /// Where a key stands, or where it would be inserted.
    fn position(&self, key: f64) -> Result<usize, usize> {
        let linear_end = self.levels.len().saturating_sub(LINEAR_SEARCH);
        for index in (linear_end..self.levels.len()).rev() {
            let here = self.levels[index].key;
            if here == key {
                return Ok(index);
            }
            if here < key {
                return Err(index + 1);
            }
        }
        self.levels[..linear_end].binary_search_by(|level| level.key.total_cmp(&key))
    }

    fn prune(&mut self, slack: usize) {
        if self.levels.len() > MAX_LEVELS + slack {
            let excess = self.levels.len() - MAX_LEVELS;
            self.levels.drain(..excess);
            let kept = self.levels[0].key;
            self.horizon = Some(self.horizon.map_or(kept, |horizon| horizon.max(kept)));
        }
    }

    fn keep(&mut self, depth: usize) {
        let excess = self.levels.len().saturating_sub(depth);
        self.levels.drain(..excess);
    }

    fn equals(&self, levels: &[Level]) -> bool {
        let standing = levels.iter().filter(|level| level.size > 0.0);
        let is_held = |level: &Level| {
            self.position(self.sign * level.price).is_ok_and(|index| self.levels[index].size == level.size)
        };
        standing.clone().count() == self.levels.len() && standing.clone().all(is_held)
    }

    fn holds_removed(&self, levels: &[Level]) -> bool {
        let mut removed = levels.iter().filter(|level| level.size == 0.0);
        removed.all(|level| self.position(self.sign * level.price).is_ok())
    }

    fn best(&self) -> Option<Level> {
        self.levels.last().map(|level| Level { price: self.sign * level.key, size: level.size })
    }

    fn is_thin(&self) -> bool {
        self.horizon.is_some_and(|horizon| self.levels.last().is_none_or(|best| best.key < horizon))
    }

    fn known(&self) -> impl Iterator<Item = Level> + '_ {
        let horizon = self.horizon.unwrap_or(f64::NEG_INFINITY);
        self.iter().take_while(move |level| self.sign * level.price >= horizon)
    }

    fn iter(&self) -> impl Iterator<Item = Level> + '_ {
        self.levels.iter().rev().map(|level| Level { price: self.sign * level.key, size: level.size })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(pairs: &[(f64, f64)]) -> Vec<Level> {
        pairs.iter().map(|&(price, size)| Level { price, size }).collect()
    }

    fn book(bids: &[(f64, f64)], asks: &[(f64, f64)]) -> OrderBook {
        let mut book = OrderBook::default();
        book.load(&levels(bids), &levels(asks), None);
        book
    }

    #[test]
    fn best_levels_are_the_highest_bid_and_the_lowest_ask_whatever_the_order_given() {
        let book = book(&[(9.0, 1.0), (10.0, 2.0), (8.0, 3.0)], &[(12.0, 1.0), (11.0, 4.0)]);
        assert_eq!(book.best_bid(), Some(Level { price: 10.0, size: 2.0 }));
        assert_eq!(book.best_ask(), Some(Level { price: 11.0, size: 4.0 }));
        assert_eq!(book.bids().map(|level| level.price).collect::<Vec<_>>(), [10.0, 9.0, 8.0]);
        assert!(!book.is_crossed());
    }

    #[test]
    fn zero_removes_and_removing_the_absent_is_harmless() {
        let mut book = book(&[(10.0, 2.0), (9.0, 1.0)], &[(11.0, 4.0)]);
        book.apply(&levels(&[(10.0, 0.0), (7.0, 0.0)]), &levels(&[(11.0, 0.0)]));
        assert_eq!(book.best_bid(), Some(Level { price: 9.0, size: 1.0 }));
        assert_eq!(book.best_ask(), None);
        assert!(!book.is_empty() && !book.is_thin());
    }

    #[test]
    fn equal_decimals_in_any_spelling_are_one_level() {
        let mut book = OrderBook::default();
        for spelling in ["84492.0", "84492.00", "8.4492e4", "84492", "0084492.000000000000000000000"] {
            let price = spelling.parse().unwrap();
            book.apply(&[Level { price, size: 1.0 }], &[]);
        }
        assert_eq!(book.bids().count(), 1);
    }

    #[test]
    fn a_price_given_twice_in_a_snapshot_keeps_its_last_size() {
        let book = book(&[(10.0, 2.0), (10.0, 5.0)], &[]);
        assert_eq!(book.bids().collect::<Vec<_>>(), levels(&[(10.0, 5.0)]));
    }

    #[test]
    fn touching_or_overlapping_sides_are_crossed() {
        assert!(book(&[(10.0, 1.0)], &[(10.0, 1.0)]).is_crossed());
        assert!(book(&[(11.0, 1.0)], &[(10.0, 1.0)]).is_crossed());
        assert!(!book(&[(11.0, 1.0)], &[]).is_crossed());
    }

    #[test]
    fn a_cut_snapshot_is_thin_when_all_that_it_knew_is_gone() {
        let mut book = OrderBook::default();
        book.load(&levels(&[(10.0, 1.0), (9.0, 1.0)]), &levels(&[(11.0, 1.0)]), Some(2));
        book.apply(&levels(&[(8.0, 5.0)]), &levels(&[(11.0, 0.0)]));
        assert!(!book.is_thin(), "the asks were whole: an empty side is the truth");
        book.apply(&levels(&[(10.0, 0.0)]), &[]);
        assert!(!book.is_thin(), "the worst level of the snapshot is known");
        book.apply(&levels(&[(9.0, 0.0)]), &[]);
        assert!(book.is_thin(), "between 9 and 8 there may be others");
        book.clear();
        assert!(!book.is_thin());
    }

    #[test]
    fn depth_is_bounded_and_pruned_from_the_far_end() {
        let mut book = OrderBook::default();
        for price in 1..=(MAX_LEVELS + PRUNE_SLACK + 1) {
            book.apply(&[Level { price: price as f64, size: 1.0 }], &[]);
        }
        assert_eq!(book.bids().count(), MAX_LEVELS);
        assert_eq!(book.best_bid().unwrap().price, (MAX_LEVELS + PRUNE_SLACK + 1) as f64);
        assert!(!book.is_thin());
        let gone: Vec<Level> = book.bids().map(|level| Level { size: 0.0, ..level }).collect();
        book.apply(&gone, &[]);
        assert!(book.is_thin());
    }

    #[test]
    fn levels_behind_the_depth_kept_are_forgotten() {
        let mut book = book(&[(10.0, 2.0), (9.0, 1.0), (8.0, 3.0)], &[(12.0, 1.0)]);
        book.keep(2);
        assert_eq!(book.bids().collect::<Vec<_>>(), levels(&[(10.0, 2.0), (9.0, 1.0)]));
        assert_eq!(book.asks().count(), 1);
        assert!(!book.is_thin(), "the venue tells levels anew that come back");
    }

    #[test]
    fn a_book_equals_its_own_levels_and_no_others() {
        let book = book(&[(10.0, 2.0), (9.0, 1.0)], &[(12.0, 1.0)]);
        let (bids, asks) = (levels(&[(9.0, 1.0), (10.0, 2.0), (7.0, 0.0)]), levels(&[(12.0, 1.0)]));
        assert!(book.equals(&bids, &asks));
        for (other_bids, other_asks) in
            [(&bids[..1], &asks[..]), (&bids[..], &[]), (&levels(&[(9.0, 1.0), (10.0, 3.0)]), &asks)]
        {
            assert!(!book.equals(other_bids, other_asks));
        }
    }

    #[test]
    fn removals_of_what_is_not_there_are_noticed() {
        let book = book(&[(10.0, 2.0), (9.0, 1.0)], &[(12.0, 1.0)]);
        assert!(book.holds_removed(&levels(&[(10.0, 0.0), (7.0, 5.0)]), &levels(&[(12.0, 0.0)])));
        assert!(!book.holds_removed(&levels(&[(10.0, 0.0), (8.0, 0.0)]), &[]));
        assert!(!book.holds_removed(&[], &levels(&[(10.0, 0.0)])));
    }

    #[test]
    fn every_depth_agrees_with_a_sorted_map() {
        let mut book = OrderBook::default();
        let mut oracle = std::collections::BTreeMap::new();
        let mut seed = 1_u64;
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (price, size) = ((seed >> 33) % 200 + 1, (seed >> 50) % 4);
            book.apply(&[], &[Level { price: price as f64, size: size as f64 }]);
            if size == 0 {
                oracle.remove(&price)
            } else {
                oracle.insert(price, size)
            };
        }
        let expected: Vec<_> = oracle.iter().map(|(p, s)| Level { price: *p as f64, size: *s as f64 }).collect();
        assert_eq!(book.asks().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn impossible_numbers_are_not_valid_levels() {
        for (price, size) in [(f64::NAN, 1.0), (1.0, f64::NAN), (-1.0, 1.0), (0.0, 1.0), (1.0, -1.0), (1e300, 1.0)] {
            assert!(!Level { price, size }.is_valid(), "{price} {size}");
        }
        assert!(!Level { price: f64::INFINITY, size: 1.0 }.is_valid());
        assert!(Level { price: 1e-9, size: 0.0 }.is_valid());
    }
}
