//! Events that are not in Postgres yet: the writer looks at the oldest, and says up to where they are safe.

use std::sync::Arc;

use super::bounded::Bounded;
use super::event::LoggedEvent;

#[derive(Debug)]
pub(super) struct Unwritten {
    waiting: Bounded<Arc<LoggedEvent>>,
    /// What was told up to here is in Postgres, or was dropped.
    pub safe_number: i64,
}

impl Unwritten {
    pub(super) fn new(limit: usize) -> Self {
        Self { waiting: Bounded::new(limit), safe_number: 0 }
    }

    pub(super) fn put(&mut self, event: Arc<LoggedEvent>) {
        self.waiting.push(event);
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn dropped(&self) -> u64 {
        self.waiting.dropped
    }

    /// The oldest; they wait on.
    pub(super) fn oldest(&self, limit: usize) -> Vec<Arc<LoggedEvent>> {
        self.waiting.iter().take(limit).map(Arc::clone).collect()
    }

    /// Everything up to this number is in Postgres. What made room meanwhile is gone, and takes no other with it.
    pub(super) fn on_written(&mut self, number: i64) {
        while self.waiting.pop_if(|event| event.number <= number).is_some() {}
        self.safe_number = number;
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::logged;
    use super::*;

    fn numbers(unwritten: &Unwritten) -> Vec<i64> {
        unwritten.oldest(9).iter().map(|event| event.number).collect()
    }

    #[test]
    fn what_is_dropped_while_a_statement_is_under_way_takes_no_other_with_it() {
        let mut unwritten = Unwritten::new(3);
        (1..=3).for_each(|number| unwritten.put(logged(number)));
        assert_eq!(unwritten.oldest(2).len(), 2);
        unwritten.put(logged(4));
        assert_eq!((unwritten.dropped(), numbers(&unwritten)), (1, vec![2, 3, 4]));
        unwritten.on_written(3);
        assert_eq!((unwritten.safe_number, numbers(&unwritten)), (3, vec![4]));
    }
}
