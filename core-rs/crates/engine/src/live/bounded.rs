//! A queue that never grows past its limit: the oldest makes room, and that is counted.

use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Bounded<T> {
    waiting: VecDeque<T>,
    limit: usize,
    /// How many had to go.
    pub dropped: u64,
}

impl<T> Bounded<T> {
    pub(super) fn new(limit: usize) -> Self {
        Self { waiting: VecDeque::new(), limit, dropped: 0 }
    }

    /// Whether an older one had to go for it.
    pub(super) fn push(&mut self, item: T) -> bool {
        let is_full = self.waiting.len() >= self.limit;
        if is_full {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(item);
        is_full
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.waiting.iter()
    }

    /// The oldest, when it is one of those.
    pub(super) fn pop_if(&mut self, is_one: impl FnOnce(&T) -> bool) -> Option<T> {
        if self.waiting.front().is_some_and(is_one) { self.waiting.pop_front() } else { None }
    }

    /// The oldest, at most so many.
    pub(super) fn take(&mut self, limit: usize) -> impl Iterator<Item = T> + '_ {
        let count = limit.min(self.waiting.len());
        self.waiting.drain(..count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_is_counted() {
        let mut queue = Bounded::new(2);
        let had_to_go: Vec<bool> = (1..=4).map(|item| queue.push(item)).collect();
        assert_eq!((had_to_go, queue.dropped, queue.len()), (vec![false, false, true, true], 2, 2));
        assert_eq!(queue.pop_if(|item| *item == 4), None);
        assert_eq!(queue.pop_if(|item| *item == 3), Some(3));
        assert_eq!(queue.take(9).collect::<Vec<_>>(), [4]);
    }
}
