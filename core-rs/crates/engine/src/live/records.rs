//! What a recording is made of, in the order in which the scanner was told it, until the recorder takes it.
//!
//! Bounded in bytes. A recording with a hole replays to something else, so what does not fit ends it there: what was taken
//! or waits is whole, its beginning is what a replay needs, and whoever takes it is told that it has ended.

/// The numbers are those of arbitrage/recorder.py.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    /// A SubscribeQuoteBatchesResponse, also one that does not decode.
    Batch = 2,
    Timer = 3,
    Disconnected = 4,
    /// What is known of pairs, as its teller writes it.
    Identities = 5,
    /// The life model in force, or why there is none, as its teller writes it.
    LifeModel = 6,
    /// A WatchInstrumentFactsResponse, also one that does not decode.
    Facts = 7,
    /// An OpportunityEvent without a token: what the scanner said to what is before.
    Answer = 100,
}

/// One of them; the source is 0 where there is none.
#[derive(Debug, PartialEq)]
pub struct Record {
    pub kind: RecordKind,
    pub time_ns: i64,
    pub source: u16,
    pub payload: Vec<u8>,
}

/// What a record costs beside its payload.
const RECORD_BYTES: usize = size_of::<Record>();

#[derive(Debug, Default)]
pub(super) struct Records {
    waiting: Vec<Record>,
    bytes: usize,
    limit_bytes: usize,
    /// Whether something did not fit.
    pub is_cut: bool,
}

impl Records {
    /// None are kept where the limit is 0.
    pub(super) fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, ..Self::default() }
    }

    pub(super) fn is_on(&self) -> bool {
        self.limit_bytes > 0
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The payload is made only when it is kept.
    pub(super) fn add(&mut self, kind: RecordKind, time_ns: i64, source: u16, payload: impl FnOnce() -> Vec<u8>) {
        if !self.is_on() {
            return;
        }
        let payload = payload();
        self.bytes += payload.len() + RECORD_BYTES;
        if self.bytes > self.limit_bytes {
            (self.is_cut, self.limit_bytes) = (true, 0);
        } else {
            self.waiting.push(Record { kind, time_ns, source, payload });
        }
    }

    pub(super) fn take(&mut self) -> Vec<Record> {
        self.bytes = 0;
        std::mem::take(&mut self.waiting)
    }

    /// Keeps none from now on, and forgets those that wait.
    pub(super) fn stop(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(records: &mut Records, payload_bytes: usize) {
        records.add(RecordKind::Batch, 1, 2, || vec![0; payload_bytes]);
    }

    #[test]
    fn what_does_not_fit_ends_the_recording_and_leaves_its_beginning() {
        let mut records = Records::new(1000);
        add(&mut records, 600);
        assert!(!records.is_cut);
        add(&mut records, 600);
        add(&mut records, 1);
        assert!(records.is_cut);
        assert_eq!(records.take().iter().map(|record| record.payload.len()).collect::<Vec<_>>(), [600]);
        add(&mut records, 1);
        assert_eq!(records.take(), [], "there is a hole before it");
    }

    #[test]
    fn what_was_taken_makes_room() {
        let mut records = Records::new(1000);
        for _ in 0..5 {
            add(&mut records, 600);
            assert_eq!(records.take().len(), 1);
        }
        records.stop();
        records.add(RecordKind::Timer, 1, 0, || panic!("made for nobody"));
        assert_eq!((records.is_cut, records.len()), (false, 0));
    }
}
