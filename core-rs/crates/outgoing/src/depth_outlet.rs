//! Depth that waits for one lane's connection: the newest of each book, those that have waited longest first. What is not sent
//! conflates, so that it never holds more than a row for each instrument; it is kept nowhere and sent once.

use crossbook_market::Depth;
use crossbook_wire::encode_ingest_depth;
use prost::bytes::Bytes;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// Most rows of one message, some 20 kB: quotes that come meanwhile wait behind it.
const MAX_ROWS: usize = 64;

/// By the feed's numbers.
#[derive(Debug, Default)]
pub(crate) struct DepthOutlet {
    is_wanted: bool,
    rows: FxHashMap<u32, Depth>,
    /// Each number of `rows` once; and those that were dropped since, which mean nothing.
    order: VecDeque<u32>,
}

impl DepthOutlet {
    /// Whether the other side takes depth now.
    pub fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// A connection has begun, or ended: what waited was for the one before.
    pub fn want(&mut self, is_wanted: bool) {
        *self = Self { is_wanted, ..Self::default() };
    }

    /// The newest of a book.
    pub fn put(&mut self, number: u32, depth: &Depth) {
        if !self.is_wanted {
            return;
        }
        if self.rows.insert(number, depth.clone()).is_none() && !self.order.contains(&number) {
            self.order.push_back(number);
        }
    }

    /// Nothing is known of the book any more.
    pub fn drop_row(&mut self, number: u32) {
        self.rows.remove(&number);
    }

    /// An IngestQuotesRequest; None when nothing waits.
    pub fn take(&mut self) -> Option<Bytes> {
        let mut taken = Vec::new();
        while taken.len() < MAX_ROWS
            && let Some(number) = self.order.pop_front()
        {
            taken.extend(self.rows.remove(&number).map(|depth| (number, depth)));
        }
        let rows = taken.iter().map(|(number, depth)| (*number, depth));
        (!taken.is_empty()).then(|| encode_ingest_depth(rows).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossbook_wire::decode_ingest_depth;

    fn depth(read_ns: i64) -> Depth {
        Depth { read_ns, ..Depth::default() }
    }

    fn wanted() -> DepthOutlet {
        let mut outlet = DepthOutlet::default();
        outlet.want(true);
        outlet
    }

    fn taken(outlet: &mut DepthOutlet) -> Vec<(u32, i64)> {
        let rows = outlet.take().map_or(vec![], |message| decode_ingest_depth(&message).unwrap());
        rows.into_iter().map(|row| (row.symbol, row.depth.read_ns)).collect()
    }

    #[test]
    fn the_newest_of_each_book_waits_once_in_the_order_of_its_first() {
        let mut outlet = wanted();
        for (number, read_ns) in [(1, 10), (2, 11), (1, 12), (3, 13)] {
            outlet.put(number, &depth(read_ns));
        }
        outlet.drop_row(2);
        assert_eq!(taken(&mut outlet), [(1, 12), (3, 13)]);
        assert_eq!(taken(&mut outlet), []);
    }

    #[test]
    fn a_book_that_is_dropped_and_comes_back_is_sent_once() {
        let mut outlet = wanted();
        outlet.put(1, &depth(10));
        outlet.drop_row(1);
        outlet.put(1, &depth(11));
        assert_eq!((taken(&mut outlet), outlet.order.len()), (vec![(1, 11)], 0));
    }

    #[test]
    fn a_message_is_bounded_and_the_rest_comes_next() {
        let mut outlet = wanted();
        (0..100).for_each(|number| outlet.put(number, &depth(1)));
        assert_eq!((taken(&mut outlet).len(), taken(&mut outlet).len()), (MAX_ROWS, 100 - MAX_ROWS));
    }

    #[test]
    fn who_takes_no_depth_has_none_waiting_and_a_new_connection_begins_with_none() {
        let mut outlet = DepthOutlet::default();
        outlet.put(1, &depth(10));
        assert!(outlet.rows.is_empty());
        outlet.want(true);
        outlet.put(1, &depth(10));
        outlet.want(true);
        assert_eq!(taken(&mut outlet), []);
    }
}
