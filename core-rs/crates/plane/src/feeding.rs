//! One stream of batches into a venue's windows, from its resume point to its end.
//!
//! Python opens and ends it; what it says in between goes to the windows at once. Python is woken for what only it can do: closed
//! windows to write, the venue's health to read, an end to answer.

use crate::bells::Bell;
use crate::clock::Wall;
use crate::hub::Hub;
use crate::server::is_too_large;
use crate::windows::Windows;
use bytes::Bytes;
use crossbook_engine::latency::LatencyHistogram;
use crossbook_engine::windows::IngestError;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tonic::Streaming;

/// Of IngestQuotesRequest.health, which only Python reads.
const HEALTH_TAG: u8 = 0x1a;
/// Of IngestQuotesRequest.depth, which stands outside of the sequence as well.
const DEPTH_TAG: u8 = 0x22;
/// Messages of it that wait for Python; the newest are kept, and several, for one that says nothing hides none before it.
const MAX_HEALTH: usize = 4;

/// What holds for every stream of a service.
#[derive(Clone)]
pub struct FeedingRules {
    pub hub: Arc<Hub>,
    /// Closed windows that may wait for the writer; beyond, the stream is not read.
    pub max_waiting: usize,
    /// How far a batch may be ahead of our clock.
    pub max_ahead: Duration,
    pub wall: Wall,
    /// From a batch's leaving its tracker to its arrival.
    pub transit: Arc<Mutex<LatencyHistogram>>,
    /// To decode a batch, update its windows and hand its quotes on.
    pub update: Arc<Mutex<LatencyHistogram>>,
}

/// Why a stream gives no more.
#[derive(Debug)]
pub enum FeedEnd {
    /// Its tracker has sent its last.
    Done,
    /// Its connection broke, or what came is no message.
    Lost(String),
    /// A message was larger than it may be.
    TooLarge(String),
    /// A batch was refused; it has changed nothing.
    Refused(IngestError),
}

/// What Python sees of it.
pub struct Feeding {
    state: Mutex<State>,
    bell: Bell,
    windows: Arc<Windows>,
    rules: FeedingRules,
    is_stopped: AtomicBool,
}

struct State {
    heard_at: Instant,
    is_held_up: bool,
    has_closed: bool,
    health: VecDeque<Bytes>,
    end: Option<FeedEnd>,
    task: Option<AbortHandle>,
}

impl State {
    fn keep_health(&mut self, message: Bytes) {
        if self.health.len() == MAX_HEALTH {
            self.health.pop_front();
        }
        self.health.push_back(message);
    }
}

impl Feeding {
    /// Reads the stream from now on.
    pub fn start(
        messages: Streaming<Bytes>,
        windows: Arc<Windows>,
        rules: FeedingRules,
        bell: Bell,
        runtime: &Handle,
    ) -> Arc<Self> {
        let state = State {
            heard_at: Instant::now(),
            is_held_up: false,
            has_closed: false,
            health: VecDeque::new(),
            end: None,
            task: None,
        };
        let is_stopped = AtomicBool::new(false);
        let feeding = Arc::new(Self { state: Mutex::new(state), bell, windows, rules, is_stopped });
        let task = runtime.spawn(Arc::clone(&feeding).run(messages));
        feeding.lock().task = Some(task.abort_handle());
        feeding
    }

    /// Rung when one of the following has changed.
    pub fn bell(&self) -> u64 {
        self.bell.id()
    }

    /// For how long its tracker has said nothing; none while we do not listen.
    pub fn silent_for(&self) -> Option<Duration> {
        let state = self.lock();
        (!state.is_held_up).then(|| state.heard_at.elapsed())
    }

    /// Whether windows have closed since this was asked.
    pub fn take_closed(&self) -> bool {
        std::mem::take(&mut self.lock().has_closed)
    }

    /// The next message about the venue's health, once.
    pub fn take_health(&self) -> Option<Bytes> {
        self.lock().health.pop_front()
    }

    /// Why there will be no more, once.
    pub fn take_end(&self) -> Option<FeedEnd> {
        self.lock().end.take()
    }

    /// Nothing of it reaches the windows any more: a batch that is in hand is done when this returns.
    pub fn stop(&self) {
        let windows = self.windows.lock();
        self.is_stopped.store(true, Ordering::Release);
        drop(windows);
        if let Some(task) = self.lock().task.take() {
            task.abort();
        }
    }

    async fn run(self: Arc<Self>, mut messages: Streaming<Bytes>) {
        let end = loop {
            match messages.message().await {
                Ok(Some(message)) => {
                    if let Err(error) = self.hear(message).await {
                        break FeedEnd::Refused(error);
                    }
                }
                Ok(None) => break FeedEnd::Done,
                Err(status) if is_too_large(&status) => break FeedEnd::TooLarge(status.message().to_owned()),
                Err(status) => break FeedEnd::Lost(status.message().to_owned()),
            }
        };
        self.tell(|state| state.end = Some(end));
    }

    async fn hear(&self, message: Bytes) -> Result<(), IngestError> {
        self.lock().heard_at = Instant::now();
        if message.first() == Some(&HEALTH_TAG) {
            self.tell(|state| state.keep_health(message));
            return Ok(());
        }
        if message.first() == Some(&DEPTH_TAG) {
            return self.take_depth(&message);
        }
        let waiting = self.take(&message)?;
        if waiting > 0 {
            self.tell(|state| state.has_closed = true);
        }
        if waiting >= self.rules.max_waiting {
            self.lock().is_held_up = true;
            self.windows.room(self.rules.max_waiting).await;
            let mut state = self.lock();
            (state.heard_at, state.is_held_up) = (Instant::now(), false);
        }
        Ok(())
    }

    fn take_depth(&self, message: &[u8]) -> Result<(), IngestError> {
        let windows = self.windows.lock();
        if !self.is_stopped.load(Ordering::Acquire) {
            windows.on_depth(message)?;
        }
        drop(windows);
        self.rules.hub.notify();
        Ok(())
    }

    fn take(&self, batch: &[u8]) -> Result<usize, IngestError> {
        let (received_ns, began) = (self.rules.wall.now_ns(), Instant::now());
        let latest_ns = received_ns + self.rules.max_ahead.as_nanos() as i64;
        let mut windows = self.windows.lock();
        if self.is_stopped.load(Ordering::Acquire) {
            return Ok(0);
        }
        let waiting = windows.on_batch_until(batch, latest_ns)?;
        let watermark_ns = windows.watermark_ns();
        drop(windows);
        self.rules.hub.notify();
        count(&self.rules.transit, (received_ns - watermark_ns) as f64 / 1e3);
        count(&self.rules.update, began.elapsed().as_secs_f64() * 1e6);
        Ok(waiting)
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.bell.ring();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(histogram: &Mutex<LatencyHistogram>, duration_us: f64) {
    histogram.lock().unwrap_or_else(PoisonError::into_inner).add(duration_us);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bells::Bells;
    use crate::codec::Raw;
    use crate::testing::{SECOND, START, batch, windows};
    use http_body::Frame;
    use http_body_util::StreamBody;
    use std::sync::Arc;
    use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
    use tokio_stream::StreamExt;
    use tokio_stream::wrappers::UnboundedReceiverStream;
    use tonic::Status;

    const LIMIT: usize = 1_000;

    struct Fed {
        send: UnboundedSender<Result<Bytes, Status>>,
        feeding: Arc<Feeding>,
        windows: Arc<Windows>,
        bells: Arc<Bells>,
    }

    fn feed(max_waiting: usize) -> Fed {
        let (send, received) = unbounded_channel();
        let body = StreamBody::new(
            UnboundedReceiverStream::new(received).map(|bytes: Result<Bytes, Status>| bytes.map(Frame::data)),
        );
        let messages = Streaming::new_request(Raw, body, None, Some(LIMIT));
        let rules = FeedingRules {
            hub: Arc::default(),
            max_waiting,
            max_ahead: Duration::ZERO,
            wall: Wall::default(),
            transit: Arc::default(),
            update: Arc::default(),
        };
        let (windows, bells) = (Arc::new(windows()), Bells::new().unwrap());
        let feeding = Feeding::start(messages, Arc::clone(&windows), rules, bells.bell(), &Handle::current());
        Fed { send, feeding, windows, bells }
    }

    impl Fed {
        fn say(&self, message: &[u8]) {
            let length = (message.len() as u32).to_be_bytes();
            self.send.send(Ok([&[0], &length[..], message].concat().into())).unwrap();
        }

        /// Until all that was said is heard, as far as it is listened to.
        async fn settle(&self) {
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }

        fn received(&self) -> u64 {
            self.windows.lock().received_sequence()
        }
    }

    #[tokio::test]
    async fn batches_go_to_the_windows_and_the_bell_rings_for_what_closes() {
        let fed = feed(10);
        fed.say(&batch(1, START));
        fed.settle().await;
        assert_eq!((fed.received(), fed.bells.take(), fed.feeding.take_closed()), (1, vec![], false));
        fed.say(&batch(2, START + 15 * SECOND));
        fed.settle().await;
        assert_eq!((fed.received(), fed.bells.take()), (2, vec![fed.feeding.bell()]));
        assert_eq!((fed.feeding.take_closed(), fed.feeding.take_closed()), (true, false));
    }

    #[tokio::test]
    async fn health_is_kept_for_python_in_its_order_the_newest_of_many() {
        let fed = feed(10);
        for last in 0..=MAX_HEALTH as u8 {
            fed.say(&[HEALTH_TAG, 0, last]);
        }
        fed.settle().await;
        assert_eq!(fed.bells.take(), [fed.feeding.bell()]);
        let kept: Vec<u8> = std::iter::from_fn(|| fed.feeding.take_health()).map(|message| message[2]).collect();
        assert_eq!(kept, (1..=MAX_HEALTH as u8).collect::<Vec<_>>());
        assert!(fed.feeding.take_end().is_none());
    }

    #[tokio::test]
    async fn while_too_many_windows_wait_nothing_is_read_and_the_silence_is_ours() {
        let fed = feed(2);
        for number in 1..6 {
            fed.say(&batch(number, START + 15 * SECOND * number as i64));
        }
        fed.settle().await;
        assert_eq!((fed.received(), fed.feeding.silent_for()), (3, None));
        for received in [4, 5] {
            assert!(fed.windows.take_closed().is_some());
            fed.settle().await;
            assert_eq!(fed.received(), received);
        }
        assert!(fed.windows.take_closed().is_some());
        fed.settle().await;
        assert!(fed.feeding.silent_for().is_some());
    }

    #[tokio::test]
    async fn an_end_is_told_by_its_kind_once() {
        type Act = fn(&Fed);
        type Is = fn(&FeedEnd) -> bool;
        let cases: [(Act, Is); 4] = [
            (|fed| fed.say(&batch(9, START)), |end| matches!(end, FeedEnd::Refused(_))),
            (|fed| fed.say(&[0; LIMIT + 1]), |end| matches!(end, FeedEnd::TooLarge(_))),
            (|fed| fed.send.send(Err(Status::unknown("reset"))).unwrap(), |end| matches!(end, FeedEnd::Lost(_))),
            (|fed| fed.send.send(Ok(Bytes::from_static(&[7]))).unwrap(), |end| matches!(end, FeedEnd::Lost(_))),
        ];
        for (act, is) in cases {
            let Fed { send, feeding, windows, bells } = feed(10);
            let fed = Fed { send, feeding, windows, bells };
            act(&fed);
            let Fed { send, feeding, bells, .. } = fed;
            drop(send);
            while bells.take().is_empty() {
                tokio::task::yield_now().await;
            }
            assert!(feeding.take_end().is_some_and(|end| is(&end)));
            assert!(feeding.take_end().is_none());
        }
    }

    #[tokio::test]
    async fn a_tracker_that_has_sent_its_last_is_done() {
        let Fed { send, feeding, bells, .. } = feed(10);
        drop(send);
        while bells.take().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(matches!(feeding.take_end(), Some(FeedEnd::Done)));
    }

    #[tokio::test]
    async fn a_batch_from_after_our_clock_changes_nothing() {
        let fed = feed(10);
        fed.say(&batch(1, Wall::default().now_ns() + 3_600 * SECOND));
        fed.settle().await;
        assert!(matches!(fed.feeding.take_end(), Some(FeedEnd::Refused(IngestError::AheadOfClock { .. }))));
        assert_eq!(fed.received(), 0);
    }

    #[tokio::test]
    async fn once_stopped_nothing_reaches_the_windows() {
        let fed = feed(10);
        fed.say(&batch(1, START));
        fed.settle().await;
        fed.feeding.stop();
        assert_eq!(fed.feeding.take(&batch(2, START)).unwrap(), 0);
        assert_eq!(fed.received(), 1);
    }
}
