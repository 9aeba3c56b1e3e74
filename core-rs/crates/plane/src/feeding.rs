//! One stream of batches into a venue's windows, from its resume point to its end.
//!
//! Python opens and ends it; what it says in between goes to the windows at once. Python is woken for what only it can do: closed
//! windows to write, the venue's health to read, an end to answer.

use crate::bells::Bell;
use crate::hub::Hub;
use crate::server::is_too_large;
use crate::windows::Windows;
use bytes::Bytes;
use crossbook_engine::latency::LatencyHistogram;
use crossbook_engine::windows::IngestError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tonic::Streaming;

/// Of IngestQuotesRequest.health, which only Python reads.
const HEALTH_TAG: u8 = 0x1a;

/// What holds for every stream of a service.
#[derive(Clone)]
pub struct FeedingRules {
    pub hub: Arc<Hub>,
    /// Closed windows that may wait for the writer; beyond, the stream is not read.
    pub max_waiting: usize,
    /// How far a batch may be ahead of our clock.
    pub max_ahead: Duration,
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
    health: Option<Bytes>,
    end: Option<FeedEnd>,
    task: Option<AbortHandle>,
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
            health: None,
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

    /// The newest message about the venue's health, once.
    pub fn take_health(&self) -> Option<Bytes> {
        self.lock().health.take()
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
            self.tell(|state| state.health = Some(message));
            return Ok(());
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

    fn take(&self, batch: &[u8]) -> Result<usize, IngestError> {
        let (received_ns, began) = (now_ns(), Instant::now());
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

/// The wall clock, which quotes and windows bear; nanoseconds since the epoch.
fn now_ns() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos() as i64)
}
