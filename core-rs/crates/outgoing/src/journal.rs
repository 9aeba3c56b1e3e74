//! An outbox whose batches are kept elsewhere as well: on the disk, where they survive the process.
//!
//! A batch is in the journal before anybody can send it: a kill loses none. The outbox itself is shared with whoever sends; its
//! lock is never held while the journal is at work, which may take the time of a disk, or another lock.

use crate::lane::TakenBatch;
use crate::outbox::Outbox;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Who keeps the batches elsewhere as well.
pub trait Journal {
    type Error;

    /// The next one.
    fn append(&self, batch: &TakenBatch) -> Result<(), Self::Error>;

    /// Those up to this sequence need not be kept.
    fn acknowledge(&self, sequence: u64) -> Result<(), Self::Error>;
}

/// The feed's end of an outbox.
pub struct JournaledOutbox<J> {
    outbox: Arc<Mutex<Outbox>>,
    journal: J,
}

impl<J: Journal> JournaledOutbox<J> {
    pub fn new(outbox: Outbox, journal: J) -> Self {
        Self { outbox: Arc::new(Mutex::new(outbox)), journal }
    }

    /// The sender's end.
    pub fn share(&self) -> Arc<Mutex<Outbox>> {
        Arc::clone(&self.outbox)
    }

    pub fn lock(&self) -> MutexGuard<'_, Outbox> {
        lock(&self.outbox)
    }

    pub fn journal(&self) -> &J {
        &self.journal
    }

    /// Takes the next batch, whatever becomes of the journal.
    pub fn append(&self, batch: TakenBatch) -> Result<(), J::Error> {
        let written = self.journal.append(&batch);
        self.lock().append(batch);
        written
    }

    /// Tells the journal what has been acknowledged. To be called now and then; nothing is lost by being late.
    pub fn settle(&self) -> Result<(), J::Error> {
        let acknowledged = self.lock().take_acknowledged();
        acknowledged.map_or(Ok(()), |sequence| self.journal.acknowledge(sequence))
    }
}

/// What an outbox refuses changes nothing in it: whoever panics at that ends with its feed, and not with all who send.
pub(crate) fn lock(outbox: &Mutex<Outbox>) -> MutexGuard<'_, Outbox> {
    outbox.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    /// Notes what it is told, and what could have been sent by then.
    #[derive(Default)]
    struct Notes {
        outbox: RefCell<Option<Arc<Mutex<Outbox>>>>,
        told: RefCell<Vec<(&'static str, u64, u64)>>,
        is_broken: bool,
    }

    impl Notes {
        fn note(&self, what: &'static str, sequence: u64) -> Result<(), &'static str> {
            let next = self.outbox.borrow().as_ref().unwrap().try_lock().expect("it is not locked").next_sequence();
            self.told.borrow_mut().push((what, sequence, next));
            if self.is_broken { Err("the disk is full") } else { Ok(()) }
        }
    }

    impl Journal for Notes {
        type Error = &'static str;

        fn append(&self, batch: &TakenBatch) -> Result<(), Self::Error> {
            self.note("append", batch.sequence)
        }

        fn acknowledge(&self, sequence: u64) -> Result<(), Self::Error> {
            self.note("acknowledge", sequence)
        }
    }

    fn outbox(notes: Notes) -> JournaledOutbox<Notes> {
        let outbox = JournaledOutbox::new(Outbox::new(1 << 20, 1), notes);
        outbox.journal().outbox.replace(Some(outbox.share()));
        outbox
    }

    fn batch(sequence: u64) -> TakenBatch {
        TakenBatch { sequence, rows: 1, payload: vec![1].into() }
    }

    #[test]
    fn a_batch_is_in_the_journal_before_it_can_be_sent_and_nobody_waits_for_the_disk() {
        let outbox = outbox(Notes::default());
        (1..=2).for_each(|sequence| outbox.append(batch(sequence)).unwrap());
        assert_eq!(*outbox.journal().told.borrow(), [("append", 1, 1), ("append", 2, 2)]);
        assert_eq!(outbox.lock().next_sequence(), 3);
    }

    #[test]
    fn the_journal_hears_of_acknowledgements_once() {
        let outbox = outbox(Notes::default());
        outbox.append(batch(1)).unwrap();
        outbox.settle().unwrap();
        outbox.share().lock().unwrap().acknowledge(1);
        outbox.settle().unwrap();
        outbox.settle().unwrap();
        assert_eq!(*outbox.journal().told.borrow(), [("append", 1, 1), ("acknowledge", 1, 2)]);
    }

    #[test]
    fn a_journal_that_fails_costs_itself_alone() {
        let outbox = outbox(Notes { is_broken: true, ..Notes::default() });
        assert_eq!(outbox.append(batch(1)), Err("the disk is full"));
        assert_eq!(outbox.lock().get(1), Some(&batch(1)));
    }
}
