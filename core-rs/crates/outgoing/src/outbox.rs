//! Batches that the aggregator has not yet acknowledged, oldest first, bounded by bytes.
//!
//! When it is full the oldest batches are dropped and counted: the newest quotes are worth most, and the aggregator learns from
//! the next hello's oldest_sequence which windows miss some. Nothing here ever waits.

use crate::depth_outlet::DepthOutlet;
use crate::lane::TakenBatch;
use crossbook_market::Depth;
use std::collections::VecDeque;
use std::task::Waker;

/// What a batch costs beside its payload: what holds it.
const BATCH_OVERHEAD_BYTES: usize = 256;

/// Sequences within are contiguous.
#[derive(Debug)]
pub struct Outbox {
    max_bytes: usize,
    batches: VecDeque<TakenBatch>,
    bytes: usize,
    next_sequence: u64,
    /// The latest acknowledgement that nobody has asked for yet.
    acknowledged: Option<u64>,
    dropped_batches: u64,
    dropped_rows: u64,
    /// What is sent beside the batches, by the same connection.
    pub(crate) depth: DepthOutlet,
    /// Of whoever sends, while there is nothing to send.
    sleeper: Option<Waker>,
}

impl Outbox {
    pub fn new(max_bytes: usize, first_sequence: u64) -> Self {
        Self {
            max_bytes,
            batches: VecDeque::new(),
            bytes: 0,
            next_sequence: first_sequence,
            acknowledged: None,
            dropped_batches: 0,
            dropped_rows: 0,
            depth: DepthOutlet::default(),
            sleeper: None,
        }
    }

    pub fn len(&self) -> usize {
        self.batches.len()
    }

    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// What is held, in the terms of the bound.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Of the oldest batch held; the one that comes next when none is.
    pub fn oldest_sequence(&self) -> u64 {
        self.next_sequence - self.batches.len() as u64
    }

    /// Of the batch that comes next.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Lost for want of room, so far.
    pub fn dropped_batches(&self) -> u64 {
        self.dropped_batches
    }

    /// The quotes in them.
    pub fn dropped_rows(&self) -> u64 {
        self.dropped_rows
    }

    /// Takes the next batch, and wakes who sleeps; the newest is kept even if it alone exceeds the bound.
    pub fn append(&mut self, batch: TakenBatch) {
        assert_eq!(batch.sequence, self.next_sequence, "batches follow one another");
        self.bytes += cost(&batch);
        self.batches.push_back(batch);
        self.next_sequence += 1;
        self.drop_beyond(self.max_bytes);
        self.wake();
    }

    /// The newest depth of a book, for a connection that takes it.
    pub(crate) fn put_depth(&mut self, number: u32, depth: &Depth) {
        self.depth.put(number, depth);
        self.wake();
    }

    /// Is woken once, by whatever comes next.
    pub(crate) fn sleep(&mut self, sleeper: &Waker) {
        self.sleeper = Some(sleeper.clone());
    }

    /// There is something to send, or a reason to send nothing more.
    pub(crate) fn wake(&mut self) {
        if let Some(sleeper) = self.sleeper.take() {
            sleeper.wake();
        }
    }

    /// Drops the oldest until a quarter of the room is left.
    ///
    /// A full outbox loses its oldest with every batch that comes: a stream would find the batch gone from which it has just
    /// agreed to resume, again and again.
    pub fn make_room(&mut self) {
        self.drop_beyond(self.max_bytes / 4 * 3);
    }

    /// Forgets every batch up to and including this one.
    pub fn acknowledge(&mut self, sequence: u64) {
        while self.batches.front().is_some_and(|oldest| oldest.sequence <= sequence) {
            self.forget_oldest();
        }
        self.acknowledged = self.acknowledged.max(Some(sequence));
    }

    /// The latest acknowledgement, unless it has been taken already.
    pub fn take_acknowledged(&mut self) -> Option<u64> {
        self.acknowledged.take()
    }

    /// The batch, or None when it is dropped, forgotten or not yet there.
    pub fn get(&self, sequence: u64) -> Option<&TakenBatch> {
        self.batches.get(usize::try_from(sequence.checked_sub(self.oldest_sequence())?).ok()?)
    }

    fn drop_beyond(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes && self.batches.len() > 1 {
            self.dropped_rows += self.forget_oldest() as u64;
            self.dropped_batches += 1;
        }
    }

    /// Returns its rows.
    fn forget_oldest(&mut self) -> usize {
        let batch = self.batches.pop_front().expect("whoever forgets has seen one");
        self.bytes -= cost(&batch);
        batch.rows
    }
}

/// What it counts for in the bound.
fn cost(batch: &TakenBatch) -> usize {
    batch.payload.len() + BATCH_OVERHEAD_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn batch(sequence: u64, size: usize, rows: usize) -> TakenBatch {
        TakenBatch { sequence, rows, payload: vec![0; size].into() }
    }

    fn filled(count: u64, max_bytes: usize) -> Outbox {
        let mut outbox = Outbox::new(max_bytes, 1);
        (1..=count).for_each(|sequence| outbox.append(batch(sequence, 100, sequence as usize)));
        outbox
    }

    fn held(outbox: &Outbox) -> Vec<u64> {
        let sequences = outbox.oldest_sequence()..outbox.next_sequence();
        sequences.map(|sequence| outbox.get(sequence).unwrap().sequence).collect()
    }

    #[test]
    fn an_empty_one_says_that_it_will_give_the_next() {
        let outbox = Outbox::new(1, 5);
        assert_eq!((outbox.oldest_sequence(), outbox.next_sequence(), outbox.get(5)), (5, 5, None));
        assert!(outbox.is_empty());
    }

    #[test]
    fn an_acknowledgement_forgets_all_up_to_it() {
        let mut outbox = filled(5, 1 << 20);
        outbox.acknowledge(3);
        outbox.acknowledge(1);
        assert_eq!((held(&outbox), outbox.get(3), outbox.len()), (vec![4, 5], None, 2));
        outbox.acknowledge(99);
        assert_eq!((outbox.oldest_sequence(), outbox.bytes(), outbox.dropped_batches()), (6, 0, 0));
    }

    #[test]
    fn the_latest_acknowledgement_is_told_once() {
        let mut outbox = filled(5, 1 << 20);
        assert_eq!(outbox.take_acknowledged(), None);
        outbox.acknowledge(3);
        outbox.acknowledge(2);
        assert_eq!((outbox.take_acknowledged(), outbox.take_acknowledged()), (Some(3), None));
    }

    #[test]
    fn a_full_one_drops_the_oldest_and_counts_its_rows() {
        let outbox = filled(5, 3 * (100 + BATCH_OVERHEAD_BYTES));
        assert_eq!((held(&outbox), outbox.dropped_batches(), outbox.dropped_rows()), (vec![3, 4, 5], 2, 3));
    }

    #[test]
    fn a_batch_larger_than_the_bound_is_kept_alone() {
        let mut outbox = Outbox::new(10, 1);
        outbox.append(batch(1, 100, 1));
        outbox.append(batch(2, 5_000, 1));
        assert_eq!(held(&outbox), [2]);
    }

    #[test]
    fn room_is_made_by_dropping_the_oldest_and_only_where_there_is_none() {
        let mut outbox = filled(100, 10_000);
        let dropped = outbox.dropped_batches();
        outbox.make_room();
        assert!(outbox.bytes() <= 7_500 && outbox.bytes() + 2 * (100 + BATCH_OVERHEAD_BYTES) > 7_500);
        assert!(outbox.dropped_batches() > dropped);
        assert_eq!((outbox.oldest_sequence(), outbox.next_sequence()), (outbox.dropped_batches() + 1, 101));
        let dropped = outbox.dropped_batches();
        outbox.make_room();
        assert_eq!(outbox.dropped_batches(), dropped);
    }

    #[test]
    #[should_panic(expected = "batches follow one another")]
    fn a_hole_in_the_sequence_is_a_bug() {
        filled(2, 1 << 20).append(batch(4, 1, 1));
    }

    proptest! {
        /// Whatever is appended (a size) or acknowledged (None: the oldest), what is held is the newest, without holes.
        #[test]
        fn it_always_holds_a_contiguous_tail_within_its_bound(
            operations in prop::collection::vec(prop::option::weighted(0.7, 0..500usize), 0..60)
        ) {
            let (mut outbox, mut sequence, mut gone) = (Outbox::new(2_000, 1), 0, 0);
            for operation in operations {
                match operation {
                    Some(size) => {
                        sequence += 1;
                        outbox.append(batch(sequence, size, 1));
                    }
                    None => {
                        gone += u64::from(!outbox.is_empty());
                        outbox.acknowledge(outbox.oldest_sequence());
                    }
                }
                prop_assert_eq!(held(&outbox), (outbox.oldest_sequence()..=sequence).collect::<Vec<_>>());
                let costs = (outbox.oldest_sequence()..=sequence).map(|one| cost(outbox.get(one).unwrap()));
                prop_assert_eq!(outbox.bytes(), costs.sum::<usize>());
                prop_assert!(outbox.bytes() <= 2_000);
                prop_assert_eq!(outbox.len() as u64 + outbox.dropped_rows() + gone, sequence);
            }
        }
    }
}
