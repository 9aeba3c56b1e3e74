//! A lane's stream to its shard: hello, resume point, what is not yet acknowledged, then what is new.
//!
//! Whoever has the connection drives it; whatever ends a connection, it begins again on the next one:
//! 1. `begin` gives the oldest sequence that can be sent, for the hello; the answer to the hello is the resume point.
//! 2. `poll_message` gives what is to be sent: the venue's health if it is news to the shard, then batches in order, then depth
//!    that waits, where the shard takes it. Where there is nothing, it wakes the caller once there is.
//! 3. `on_answer` takes acknowledgements, at any time in between.
//! 4. Every error ends the connection. `on_closed` says that it is over.

use crate::journal::lock;
use crate::outbox::Outbox;
use crossbook_wire::{IngestAnswer, WireError, decode_ingest_answer};
use prost::bytes::Bytes;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// The connection is of no more use: open another.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum UplinkError {
    #[error("the aggregator answered the hello with no resume point")]
    NoResumePoint,
    #[error("the aggregator wants {wanted}, but the next is {next}")]
    BeyondEnd { wanted: u64, next: u64 },
    #[error("batch {sequence} was dropped before it could be sent")]
    Dropped { sequence: u64 },
    #[error("the aggregator's answer does not read: {0}")]
    Unreadable(#[from] WireError),
}

/// The aggregator has answered the hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// What is sent first.
    pub next_sequence: u64,
    /// As the hello had it.
    pub oldest_sequence: u64,
    /// Some are lost for good: the feed is to tell its current quotes once more.
    pub are_quotes_missing: bool,
}

/// Sends what the outbox holds.
#[derive(Debug)]
pub struct Uplink {
    outbox: Arc<Mutex<Outbox>>,
    /// The oldest sequence that a hello has named which is not answered yet.
    offered: Option<u64>,
    next_sequence: u64,
    /// Batches that the outbox had dropped when the last hello was made.
    dropped_before: u64,
    health: Bytes,
    is_health_told: bool,
    is_connected: bool,
    is_finishing: bool,
    connects: u64,
    problem: String,
}

impl Uplink {
    pub fn new(outbox: Arc<Mutex<Outbox>>) -> Self {
        Self {
            outbox,
            offered: None,
            next_sequence: 1,
            dropped_before: 0,
            health: Bytes::new(),
            is_health_told: true,
            is_connected: false,
            is_finishing: false,
            connects: 0,
            problem: String::new(),
        }
    }

    /// Whether the aggregator has answered the hello of a connection that is not over.
    pub fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// Hellos answered so far.
    pub fn connects(&self) -> u64 {
        self.connects
    }

    /// Why the stream was lost, until it is back.
    pub fn problem(&self) -> &str {
        &self.problem
    }

    /// A connection is there: the oldest sequence that can be sent, which the hello is to name.
    pub fn begin(&mut self) -> u64 {
        let mut outbox = lock(&self.outbox);
        if outbox.dropped_batches() > self.dropped_before {
            outbox.make_room();
        }
        self.dropped_before = outbox.dropped_batches();
        let oldest = outbox.oldest_sequence();
        drop(outbox);
        self.is_connected = false;
        self.offered = Some(oldest);
        oldest
    }

    /// What the aggregator says: to a hello, where to go on.
    pub fn on_answer(&mut self, payload: &[u8]) -> Result<Option<Resumed>, UplinkError> {
        let answer = decode_ingest_answer(payload)?;
        if let Some(oldest) = self.offered.take() {
            return self.resume(oldest, answer).map(Some);
        }
        if let Some(IngestAnswer::Acknowledgement { committed_sequence }) = answer {
            lock(&self.outbox).acknowledge(committed_sequence);
        }
        Ok(None)
    }

    fn resume(&mut self, oldest: u64, answer: Option<IngestAnswer>) -> Result<Resumed, UplinkError> {
        let Some(IngestAnswer::Resume { next_sequence: wanted, are_quotes_missing, takes_depth }) = answer else {
            return Err(UplinkError::NoResumePoint);
        };
        let next = lock(&self.outbox).next_sequence();
        if wanted > next {
            return Err(UplinkError::BeyondEnd { wanted, next });
        }
        self.next_sequence = wanted.max(oldest);
        self.is_health_told = self.health.is_empty();
        self.is_connected = true;
        self.connects += 1;
        self.problem.clear();
        let mut outbox = lock(&self.outbox);
        outbox.depth.want(takes_depth);
        outbox.wake();
        Ok(Resumed { next_sequence: self.next_sequence, oldest_sequence: oldest, are_quotes_missing })
    }

    /// What is to be sent next, None at the end. While there is nothing, `waker` is woken by what comes.
    pub fn poll_message(&mut self, waker: &Waker) -> Poll<Result<Option<Bytes>, UplinkError>> {
        let mut outbox = lock(&self.outbox);
        if !self.is_connected {
            outbox.sleep(waker);
            return Poll::Pending;
        }
        if !self.is_health_told {
            self.is_health_told = true;
            return Poll::Ready(Ok(Some(self.health.clone())));
        }
        if let Some(batch) = outbox.get(self.next_sequence) {
            self.next_sequence += 1;
            return Poll::Ready(Ok(Some(batch.payload.clone())));
        }
        if self.next_sequence < outbox.oldest_sequence() {
            return Poll::Ready(Err(UplinkError::Dropped { sequence: self.next_sequence }));
        }
        if self.is_finishing {
            return Poll::Ready(Ok(None));
        }
        if let Some(depth) = outbox.depth.take() {
            return Poll::Ready(Ok(Some(depth)));
        }
        outbox.sleep(waker);
        Poll::Pending
    }

    /// The venue's health, to be sent now and at the beginning of every later stream; the newest one wins. Returns whether
    /// there is something to send by it.
    pub fn tell_health(&mut self, payload: &[u8]) -> bool {
        let is_news = self.health != payload;
        if is_news {
            self.health = Bytes::copy_from_slice(payload);
            self.is_health_told = false;
            lock(&self.outbox).wake();
        }
        is_news
    }

    /// Nothing is appended any more: once everything is sent, the stream is to be ended.
    pub fn finish(&mut self) {
        self.is_finishing = true;
        lock(&self.outbox).wake();
    }

    pub fn is_finishing(&self) -> bool {
        self.is_finishing
    }

    /// The connection is over. `problem` says why, empty when all is well; None leaves it at what it was.
    pub fn on_closed(&mut self, problem: Option<&str>) {
        self.offered = None;
        self.is_connected = false;
        lock(&self.outbox).depth.want(false);
        if let Some(problem) = problem {
            self.problem = problem.to_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::TakenBatch;
    use crossbook_market::Depth;
    use crossbook_wire::encode_ingest_answer;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// An uplink and the outbox that it empties.
    struct Line {
        outbox: Arc<Mutex<Outbox>>,
        uplink: Uplink,
    }

    impl Line {
        fn new(max_bytes: usize) -> Self {
            let outbox = Arc::new(Mutex::new(Outbox::new(max_bytes, 1)));
            Self { uplink: Uplink::new(Arc::clone(&outbox)), outbox }
        }

        fn emit(&self, count: u64) {
            let mut outbox = lock(&self.outbox);
            for _ in 0..count {
                let sequence = outbox.next_sequence();
                outbox.append(TakenBatch { sequence, rows: 1, payload: payload(sequence) });
            }
        }

        fn resume(&mut self, next_sequence: u64) -> Result<Option<Resumed>, UplinkError> {
            self.uplink.begin();
            let answer = IngestAnswer::Resume { next_sequence, are_quotes_missing: false, takes_depth: false };
            self.uplink.on_answer(&encode_ingest_answer(&answer))
        }

        fn acknowledge(&mut self, committed_sequence: u64) {
            let answer = IngestAnswer::Acknowledgement { committed_sequence };
            assert_eq!(self.uplink.on_answer(&encode_ingest_answer(&answer)), Ok(None));
        }

        fn send(&mut self) -> Vec<Bytes> {
            std::iter::from_fn(|| next(&mut self.uplink).unwrap()).collect()
        }
    }

    /// None at the end, and while there is nothing.
    fn next(uplink: &mut Uplink) -> Result<Option<Bytes>, UplinkError> {
        match uplink.poll_message(Waker::noop()) {
            Poll::Ready(message) => message,
            Poll::Pending => Ok(None),
        }
    }

    fn payload(sequence: u64) -> Bytes {
        sequence.to_string().into_bytes().into()
    }

    fn payloads(sequences: impl IntoIterator<Item = u64>) -> Vec<Bytes> {
        sequences.into_iter().map(payload).collect()
    }

    #[test]
    fn batches_are_sent_in_order_and_let_go_when_they_are_acknowledged() {
        let mut line = Line::new(1 << 20);
        line.emit(2);
        assert_eq!(line.uplink.begin(), 1);
        assert_eq!(line.send(), payloads([]), "not before the hello is answered");
        line.resume(1).unwrap();
        assert_eq!(line.send(), payloads([1, 2]));
        line.emit(1);
        assert_eq!(line.send(), payloads([3]));
        line.acknowledge(2);
        assert_eq!(lock(&line.outbox).len(), 1);
    }

    #[test]
    fn a_stream_goes_on_where_the_aggregator_says() {
        let mut line = Line::new(1 << 20);
        line.emit(5);
        line.resume(1).unwrap();
        line.acknowledge(2);
        line.uplink.on_closed(Some("cut"));
        assert_eq!((line.uplink.is_connected(), line.uplink.problem()), (false, "cut"));
        assert_eq!(line.uplink.begin(), 3);
        let resumed = Resumed { next_sequence: 4, oldest_sequence: 3, are_quotes_missing: false };
        assert_eq!(line.resume(4), Ok(Some(resumed)));
        assert_eq!((line.uplink.is_connected(), line.uplink.problem(), line.uplink.connects()), (true, "", 2));
        assert_eq!(line.send(), payloads([4, 5]));
        assert_eq!(line.resume(1).unwrap().unwrap().next_sequence, 3, "what is acknowledged is gone");
        assert_eq!(line.send(), payloads([3, 4, 5]));
    }

    #[test]
    fn an_aggregator_that_has_lost_some_is_told_so_by_the_feed() {
        let mut line = Line::new(1 << 20);
        line.uplink.begin();
        let answer = IngestAnswer::Resume { next_sequence: 1, are_quotes_missing: true, takes_depth: false };
        let resumed = line.uplink.on_answer(&encode_ingest_answer(&answer)).unwrap().unwrap();
        assert!(resumed.are_quotes_missing);
    }

    #[test]
    fn depth_follows_the_batches_where_the_shard_takes_it_and_is_sent_once() {
        for takes_depth in [true, false] {
            let mut line = Line::new(1 << 20);
            line.uplink.begin();
            let answer = IngestAnswer::Resume { next_sequence: 1, are_quotes_missing: false, takes_depth };
            line.uplink.on_answer(&encode_ingest_answer(&answer)).unwrap();
            let depth = Depth { read_ns: 7, ..Depth::default() };
            lock(&line.outbox).put_depth(3, &depth);
            line.emit(1);
            let sent = line.send();
            assert_eq!(sent[0], payload(1));
            assert_eq!(sent.len(), if takes_depth { 2 } else { 1 });
            lock(&line.outbox).put_depth(3, &depth);
            line.uplink.on_closed(None);
            line.resume(2).unwrap();
            assert_eq!(line.send(), payloads([]), "it was for the connection before");
        }
    }

    #[test]
    fn an_answer_that_makes_no_sense_ends_the_connection() {
        let mut line = Line::new(1 << 20);
        line.emit(2);
        assert_eq!(line.resume(4), Err(UplinkError::BeyondEnd { wanted: 4, next: 3 }));
        assert!(!line.uplink.is_connected());
        let acknowledgement = encode_ingest_answer(&IngestAnswer::Acknowledgement { committed_sequence: 2 });
        for answer in [acknowledgement.as_slice(), b""] {
            line.uplink.begin();
            assert_eq!(line.uplink.on_answer(answer), Err(UplinkError::NoResumePoint));
        }
        assert_eq!(lock(&line.outbox).len(), 2);
        assert!(matches!(line.uplink.on_answer(b"\xff"), Err(UplinkError::Unreadable(_))));
    }

    #[test]
    fn an_answer_to_a_connection_that_is_over_opens_no_other() {
        let mut line = Line::new(1 << 20);
        line.uplink.begin();
        line.uplink.on_closed(None);
        let answer = IngestAnswer::Resume { next_sequence: 1, are_quotes_missing: false, takes_depth: false };
        assert_eq!(line.uplink.on_answer(&encode_ingest_answer(&answer)), Ok(None));
        assert!(!line.uplink.is_connected());
    }

    #[test]
    fn a_batch_that_is_dropped_before_it_could_be_sent_makes_no_silent_hole() {
        let mut line = Line::new(1_000);
        line.resume(1).unwrap();
        line.emit(9);
        assert_eq!(next(&mut line.uplink), Err(UplinkError::Dropped { sequence: 1 }));
        assert_eq!(line.uplink.begin(), 8, "the next hello says so, and there is room");
        line.emit(1);
        assert_eq!(line.resume(8).unwrap().unwrap().oldest_sequence, 8);
        assert_eq!(line.send(), payloads([8, 9, 10]));
    }

    #[test]
    fn room_is_made_once_for_a_loss() {
        let mut line = Line::new(1_000);
        line.emit(9);
        line.uplink.begin();
        line.emit(1);
        let dropped = lock(&line.outbox).dropped_batches();
        line.uplink.begin();
        assert_eq!(lock(&line.outbox).dropped_batches(), dropped);
    }

    #[test]
    fn health_goes_first_and_the_newest_one_wins() {
        let mut line = Line::new(1 << 20);
        line.emit(1);
        assert!(line.uplink.tell_health(b"old") && line.uplink.tell_health(b"new") && !line.uplink.tell_health(b"new"));
        line.resume(1).unwrap();
        assert_eq!(line.send(), [Bytes::from("new"), payload(1)]);
        assert_eq!(line.send(), payloads([]));
        line.uplink.tell_health(b"newer");
        assert_eq!(line.send(), [Bytes::from("newer")]);
        line.resume(2).unwrap();
        assert_eq!(line.send(), [Bytes::from("newer")], "and again at the beginning of every stream");
    }

    #[test]
    fn a_venue_of_which_nothing_is_known_sends_no_health() {
        let mut line = Line::new(1 << 20);
        line.resume(1).unwrap();
        assert_eq!(line.send(), payloads([]));
    }

    #[test]
    fn who_finishes_sends_what_is_left() {
        let mut line = Line::new(1 << 20);
        line.emit(2);
        line.uplink.finish();
        line.resume(1).unwrap();
        assert_eq!((line.send(), line.uplink.is_finishing()), (payloads([1, 2]), true));
        assert_eq!(line.uplink.poll_message(Waker::noop()), Poll::Ready(Ok(None)));
    }

    #[test]
    fn who_has_nothing_to_send_is_woken_by_whatever_comes() {
        let wakes = Arc::new(Wakes::default());
        let waker = Waker::from(Arc::clone(&wakes));
        let mut line = Line::new(1 << 20);
        let mut expected = 0;
        let acts: [fn(&mut Line); 4] = [
            |line| drop(line.resume(1)),
            |line| line.emit(1),
            |line| assert!(line.uplink.tell_health(b"health")),
            |line| line.uplink.finish(),
        ];
        for act in acts {
            assert_eq!(line.uplink.poll_message(&waker), Poll::Pending);
            act(&mut line);
            expected += 1;
            assert_eq!(wakes.0.load(Ordering::Relaxed), expected);
            line.send();
        }
    }

    #[test]
    fn another_thread_may_send_while_batches_come() {
        let mut line = Line::new(1 << 20);
        line.resume(1).unwrap();
        let mut uplink = line.uplink;
        let sender = std::thread::spawn(move || {
            let mut sent = Vec::new();
            while sent.len() < 1_000 {
                sent.extend(next(&mut uplink).unwrap());
            }
            sent
        });
        let line = Line { uplink: Uplink::new(Arc::clone(&line.outbox)), outbox: line.outbox };
        (0..1_000).for_each(|_| line.emit(1));
        assert_eq!(sender.join().unwrap(), payloads(1..=1_000));
    }
}
