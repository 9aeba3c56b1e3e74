//! Streams that are followed: a call of one request whose answers go to a taker, message by message.
//!
//! Python dials, again and again; a stream that it leaves gives nothing any more once [`Followed::stop`] has returned.

use crate::bells::Bell;
use crate::codec::Raw;
use bytes::Bytes;
use http::uri::PathAndQuery;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};

/// What the other side may send before it is read: little, so that what waits there is the newest.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How a connection is kept.
#[derive(Clone, Copy, Debug)]
pub struct DialRules {
    pub connect_timeout: Duration,
    /// A peer that says nothing is asked after so long, and must answer within the second.
    pub keepalive: Duration,
    pub keepalive_timeout: Duration,
    pub max_message_bytes: usize,
}

/// Gets what a stream says, in the plane's thread.
pub trait Taker: Send {
    /// The next message, or why it is none.
    fn take(&mut self, message: Bytes) -> Result<(), String>;
    /// The stream, which had answered, is gone.
    fn lost(&mut self);
}

/// Why a stream is over.
#[derive(Clone, Debug)]
pub enum End {
    /// The other side has ended it.
    Ended,
    /// With a status, or because it could not be reached.
    Failed { code: i32, message: String },
    /// What it said was no message.
    Refused(String),
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
        let end = match self.open(&target, path, request, rules).await {
            Ok(messages) => self.read(messages).await,
            Err(status) => failed(&status),
        };
        self.finish(end);
    }

    async fn open(
        &self,
        target: &str,
        path: &'static str,
        request: Bytes,
        rules: DialRules,
    ) -> Result<Streaming<Bytes>, Status> {
        let channel = dial(target, rules).await?;
        let mut grpc = Grpc::new(channel).max_decoding_message_size(rules.max_message_bytes);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let answer = grpc.server_streaming(Request::new(request), PathAndQuery::from_static(path), Raw).await?;
        self.lock().is_open = true;
        self.bell.ring();
        Ok(answer.into_inner())
    }

    async fn read(&self, mut messages: Streaming<Bytes>) -> End {
        loop {
            match messages.message().await {
                Ok(None) => return End::Ended,
                Err(status) => return failed(&status),
                Ok(Some(message)) => {
                    let taken = self.lock().taker.as_mut().map(|taker| taker.take(message));
                    match taken {
                        Some(Ok(())) => {}
                        Some(Err(reason)) => return End::Refused(reason),
                        None => return End::Ended,
                    }
                }
            }
        }
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

/// A connection of its own: a stream at its flow limit holds up no other.
pub(crate) async fn dial(target: &str, rules: DialRules) -> Result<Channel, Status> {
    let uri = match target.strip_prefix("unix:") {
        Some(path) => format!("unix://{path}"),
        None => format!("http://{target}"),
    };
    let endpoint = Endpoint::from_shared(uri).map_err(|error| Status::invalid_argument(text(&error)))?;
    let endpoint = endpoint
        .connect_timeout(rules.connect_timeout)
        .http2_keep_alive_interval(rules.keepalive)
        .keep_alive_timeout(rules.keepalive_timeout)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .tcp_nodelay(true);
    endpoint.connect().await.map_err(|error| Status::unavailable(text(&error)))
}

fn failed(status: &Status) -> End {
    End::Failed { code: status.code() as i32, message: text(status) }
}

/// What went wrong, down to its cause.
fn text(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let text = match error.downcast_ref::<Status>() {
            Some(status) => status.message().to_owned(),
            None => error.to_string(),
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
        cause = error.source();
    }
    texts.join(": ")
}
