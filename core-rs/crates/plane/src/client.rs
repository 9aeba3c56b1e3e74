//! Streams that are followed: a call of one request whose answers go to a taker, message by message.
//!
//! Python dials, again and again; a stream that it leaves gives nothing any more once [`Followed::stop`] has returned.

use crate::bells::Bell;
use crate::codec::Raw;
use crate::dialing::{DialRules, End, asked, dial};
use bytes::Bytes;
use http::uri::PathAndQuery;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

/// Gets what a stream says, in the plane's thread.
pub trait Taker: Send {
    /// The next message, or why it is none.
    fn take(&mut self, message: Bytes) -> Result<(), String>;
    /// The stream, which had answered, is gone.
    fn lost(&mut self);
}

/// One stream, as Python sees it.
pub struct Followed {
    state: Mutex<State>,
    bell: Bell,
}

struct State {
    is_open: bool,
    end: Option<End>,
    taker: Option<Box<dyn Taker>>,
    task: Option<AbortHandle>,
}

impl Followed {
    /// Dials `target` ("host:port", or "unix:path") and follows the method at `path`.
    pub fn start(
        target: &str,
        path: &'static str,
        request: Bytes,
        rules: DialRules,
        taker: Box<dyn Taker>,
        bell: Bell,
        runtime: &Handle,
    ) -> Arc<Self> {
        let state = State { is_open: false, end: None, taker: Some(taker), task: None };
        let followed = Arc::new(Self { state: Mutex::new(state), bell });
        let task = runtime.spawn(Arc::clone(&followed).run(target.to_owned(), path, request, rules));
        followed.lock().task = Some(task.abort_handle());
        followed
    }

    /// Rung when it is open and when it is over.
    pub fn bell(&self) -> u64 {
        self.bell.id()
    }

    /// Whether the other side has answered, and the stream is not over.
    pub fn is_open(&self) -> bool {
        self.lock().is_open
    }

    /// Why it is over; none while it is not.
    pub fn end(&self) -> Option<End> {
        self.lock().end.clone()
    }

    /// Leaves it.
    pub fn stop(&self) {
        self.finish(End::Ended);
        if let Some(task) = self.lock().task.take() {
            task.abort();
        }
    }

    async fn run(self: Arc<Self>, target: String, path: &'static str, request: Bytes, rules: DialRules) {
        let end = self.follow(&target, path, request, &rules).await.err().unwrap_or(End::Ended);
        self.finish(end);
    }

    async fn follow(&self, target: &str, path: &'static str, request: Bytes, rules: &DialRules) -> Result<(), End> {
        let mut line = dial(target, rules).await?;
        let answer = line.grpc.server_streaming(asked(request, rules), PathAndQuery::from_static(path), Raw).await?;
        self.lock().is_open = true;
        self.bell.ring();
        let mut messages = answer.into_inner();
        while let Some(message) = messages.message().await? {
            self.take(message)?;
        }
        Ok(())
    }

    fn take(&self, message: Bytes) -> Result<(), End> {
        let mut state = self.lock();
        let taker = state.taker.as_mut().ok_or(End::Ended)?;
        taker.take(message).map_err(End::Refused)
    }

    fn finish(&self, end: End) {
        let mut state = self.lock();
        let taker = state.taker.take();
        if let Some(mut taker) = taker {
            state.end = Some(end);
            if std::mem::take(&mut state.is_open) {
                taker.lost();
            }
        }
        drop(state);
        self.bell.ring();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
