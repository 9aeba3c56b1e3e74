//! One connection of a lane to its shard: the hello, then what the uplink has, as fast as the shard takes it.
//!
//! Python dials, again and again, with the hello that its feed gives; a stream that it leaves neither takes from the uplink nor
//! tells it anything once [`Sending::stop`] has returned. Python is woken for what only it can do: a stream that is open, or over,
//! and batches that are acknowledged.

use crate::bells::Bell;
use crate::codec::Raw;
use crate::dialing::{DialRules, End, asked, dial};
use bytes::Bytes;
use crossbook_outgoing::{Resumed, Uplink};
use http::uri::PathAndQuery;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio_stream::Stream;

const PATH: &str = "/crossbook.v1.AggregatorService/IngestQuotes";

/// What Python sees of it.
pub struct Sending {
    state: Mutex<State>,
    uplink: Arc<Mutex<Uplink>>,
    bell: Bell,
}

struct State {
    resumed: Option<Resumed>,
    end: Option<End>,
    task: Option<AbortHandle>,
}

impl Sending {
    /// Dials `target` ("host:port", or "unix:path"). The uplink has begun, and `hello` says so.
    pub fn start(
        target: &str,
        hello: Bytes,
        uplink: Arc<Mutex<Uplink>>,
        rules: DialRules,
        bell: Bell,
        runtime: &Handle,
    ) -> Arc<Self> {
        let state = State { resumed: None, end: None, task: None };
        let sending = Arc::new(Self { state: Mutex::new(state), uplink, bell });
        let task = runtime.spawn(Arc::clone(&sending).run(target.to_owned(), hello, rules));
        sending.lock().task = Some(task.abort_handle());
        sending
    }

    /// Rung when the shard has answered, and when it is over.
    pub fn bell(&self) -> u64 {
        self.bell.id()
    }

    /// Where the stream goes on, once, when the hello is answered.
    pub fn take_resumed(&self) -> Option<Resumed> {
        self.lock().resumed.take()
    }

    /// Why it is over; none while it is not, and before it is taken where it had gone on.
    pub fn end(&self) -> Option<End> {
        let state = self.lock();
        if state.resumed.is_some() { None } else { state.end.clone() }
    }

    /// Leaves it; the connection is closed.
    pub fn stop(&self) {
        self.finish(End::Ended);
    }

    async fn run(self: Arc<Self>, target: String, hello: Bytes, rules: DialRules) {
        let end = self.carry(&target, hello, &rules).await.err().unwrap_or(End::Ended);
        self.finish(end);
    }

    async fn carry(self: &Arc<Self>, target: &str, hello: Bytes, rules: &DialRules) -> Result<(), End> {
        let mut line = dial(target, rules).await?;
        let messages = asked(Messages { hello: Some(hello), sending: Arc::clone(self) }, rules);
        let answer = line.grpc.streaming(messages, PathAndQuery::from_static(PATH), Raw).await?;
        let mut answers = answer.into_inner();
        while let Some(answer) = answers.message().await? {
            self.hear(&answer)?;
        }
        Ok(())
    }

    fn hear(&self, answer: &[u8]) -> Result<(), End> {
        let mut state = self.lock();
        if state.end.is_some() {
            return Err(End::Ended);
        }
        let resumed = uplink(&self.uplink).on_answer(answer).map_err(|error| End::Refused(error.to_string()))?;
        state.resumed = resumed.or(state.resumed);
        drop(state);
        self.bell.ring();
        Ok(())
    }

    /// What is over is pending for good: its connection is about to be closed.
    fn poll_message(&self, waker: &Waker) -> Poll<Option<Bytes>> {
        let state = self.lock();
        if state.end.is_some() {
            return Poll::Pending;
        }
        let message = uplink(&self.uplink).poll_message(waker);
        drop(state);
        match message {
            Poll::Ready(Ok(message)) => Poll::Ready(message),
            Poll::Ready(Err(error)) => {
                self.finish(End::Refused(error.to_string()));
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn finish(&self, end: End) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.end = Some(end);
            uplink(&self.uplink).on_closed(None);
        }
        if let Some(task) = state.task.take() {
            task.abort();
        }
        drop(state);
        self.bell.ring();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the shard is told.
struct Messages {
    hello: Option<Bytes>,
    sending: Arc<Sending>,
}

impl Stream for Messages {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self.hello.take() {
            Some(hello) => Poll::Ready(Some(hello)),
            None => self.sending.poll_message(context.waker()),
        }
    }
}

fn uplink(uplink: &Mutex<Uplink>) -> MutexGuard<'_, Uplink> {
    uplink.lock().expect("nobody has panicked with an uplink")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bells::Bells;
    use crossbook_outgoing::{Outbox, TakenBatch};
    use crossbook_wire::{IngestAnswer, encode_ingest_answer};
    use std::time::Duration;

    const RULES: DialRules = DialRules {
        connect_timeout: Duration::from_secs(3_600),
        keepalive: Duration::from_secs(3_600),
        keepalive_timeout: Duration::from_secs(3_600),
        max_message_bytes: 1 << 20,
        authorization: None,
        tls: None,
    };

    /// A stream that has not come to dialling, what it sends, and its bells.
    struct Line {
        outbox: Arc<Mutex<Outbox>>,
        uplink: Arc<Mutex<Uplink>>,
        sending: Arc<Sending>,
        bells: Arc<Bells>,
    }

    impl Line {
        fn new(max_bytes: usize) -> Self {
            let outbox = Arc::new(Mutex::new(Outbox::new(max_bytes, 1)));
            let uplink = Arc::new(Mutex::new(Uplink::new(Arc::clone(&outbox))));
            let bells = Bells::new().unwrap();
            let (bell, runtime) = (bells.bell(), Handle::current());
            let sending = Sending::start("nowhere:1", Bytes::new(), Arc::clone(&uplink), RULES, bell, &runtime);
            let line = Self { outbox, uplink, sending, bells };
            line.begin();
            line
        }

        fn begin(&self) {
            uplink(&self.uplink).begin();
        }

        fn append(&self, sequence: u64) {
            let payload = sequence.to_string().into_bytes().into();
            self.outbox.lock().unwrap().append(TakenBatch { sequence, rows: 1, payload });
        }

        fn poll(&self) -> Poll<Option<Bytes>> {
            self.sending.poll_message(Waker::noop())
        }
    }

    fn resume() -> Vec<u8> {
        encode_ingest_answer(&IngestAnswer::Resume { next_sequence: 1, are_quotes_missing: true, takes_depth: false })
    }

    #[tokio::test]
    async fn what_is_left_neither_takes_from_the_uplink_nor_tells_it_anything() {
        let line = Line::new(1 << 20);
        line.sending.stop();
        line.begin();
        uplink(&line.uplink).on_answer(&resume()).unwrap();
        line.append(1);
        assert_eq!(line.poll(), Poll::Pending);
        let answer = encode_ingest_answer(&IngestAnswer::Acknowledgement { committed_sequence: 1 });
        assert!(line.sending.hear(&answer).is_err());
        assert_eq!(line.outbox.lock().unwrap().len(), 1);
        assert!(uplink(&line.uplink).is_connected());
    }

    #[tokio::test]
    async fn where_it_goes_on_is_told_before_its_end() {
        let line = Line::new(1 << 20);
        line.sending.hear(&resume()).unwrap();
        line.sending.finish(End::Refused("no".into()));
        assert_eq!(line.bells.take(), [line.sending.bell()]);
        assert!(line.sending.end().is_none());
        assert!(line.sending.take_resumed().unwrap().are_quotes_missing);
        assert!(matches!(line.sending.end(), Some(End::Refused(_))));
        assert!(!uplink(&line.uplink).is_connected());
    }

    #[tokio::test]
    async fn a_batch_that_was_dropped_before_its_turn_ends_the_stream() {
        let line = Line::new(1);
        line.sending.hear(&resume()).unwrap();
        line.append(1);
        assert_eq!(line.poll(), Poll::Ready(Some(Bytes::from("1"))));
        (2..4).for_each(|sequence| line.append(sequence));
        assert_eq!(line.poll(), Poll::Pending);
        line.sending.take_resumed();
        assert!(matches!(line.sending.end(), Some(End::Refused(reason)) if reason.contains("batch 2 was dropped")));
    }
}
