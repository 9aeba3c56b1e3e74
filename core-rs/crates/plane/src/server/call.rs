//! One call of a method that is served here: who calls, what it said first, and the decision about it.

use super::deadline::Deadline;
use super::outlet::{Answers, Outlet};
use crate::bells::Bell;
use bytes::Bytes;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_stream::Stream;
use tonic::{Status, Streaming};

/// Has said something, and waits for a decision: [`Call::accept`] or [`Call::refuse`].
pub struct Call {
    /// Its number among the methods of the server.
    pub method: usize,
    pub peer: SocketAddr,
    /// What the client sent beside its messages: names and values that are text.
    pub metadata: Vec<(String, String)>,
    /// What the client is sent.
    pub outlet: Arc<Outlet>,
    /// Bytes of its first word, as far as it has come.
    pub(super) said: AtomicUsize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    first: Bytes,
    messages: Option<Streaming<Bytes>>,
    decide: Option<oneshot::Sender<Result<(), Status>>>,
    place: Option<OwnedSemaphorePermit>,
}

impl Call {
    /// With what its client is told once it is decided.
    pub(super) fn new(
        method: usize,
        peer: SocketAddr,
        metadata: &http::HeaderMap,
        bell: Bell,
    ) -> (Arc<Self>, oneshot::Receiver<Result<(), Status>>) {
        let (decide, decided) = oneshot::channel();
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let call = Self {
            method,
            peer,
            metadata: metadata.iter().filter_map(text).collect(),
            outlet: Arc::new(Outlet::new(bell)),
            said: AtomicUsize::new(0),
            state: Mutex::new(State { decide: Some(decide), ..State::default() }),
        };
        (Arc::new(call), decided)
    }

    /// What it said first.
    pub fn first(&self) -> Bytes {
        self.lock().first.clone()
    }

    /// What comes after the first message; once.
    pub fn messages(&self) -> Option<Streaming<Bytes>> {
        self.lock().messages.take()
    }

    /// Its client is told that it is served, and what the outlet holds.
    pub fn accept(&self) {
        self.decide(Ok(()));
    }

    /// The call ends with this, begun or not.
    pub fn refuse(&self, status: Status) {
        self.outlet.end(Err(status.clone()));
        self.decide(Err(status));
    }

    /// The client has no more time: nothing is kept for it but this, and its place is free, whether or not it reads.
    pub(super) fn expire(&self, status: &Status) {
        self.outlet.expire(status.clone());
        self.let_go();
        self.decide(Err(status.clone()));
    }

    /// It has spoken, and has a place among those that run.
    pub(super) fn begin(&self, first: Bytes, messages: Streaming<Bytes>, place: OwnedSemaphorePermit) {
        let mut state = self.lock();
        state.first = first;
        (state.messages, state.place) = (Some(messages), Some(place));
    }

    fn let_go(&self) {
        let mut state = self.lock();
        (state.messages, state.place) = (None, None);
    }

    fn decide(&self, decision: Result<(), Status>) {
        if let Some(decide) = self.lock().decide.take() {
            let _ = decide.send(decision); // nobody waits for it any more
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the connection pulls; when it is dropped the call is over, and its place free.
pub struct Held {
    call: Arc<Call>,
    answers: Answers,
    _deadline: Option<Deadline>,
}

impl Held {
    pub fn new(call: Arc<Call>, deadline: Option<Deadline>) -> Self {
        let answers = Answers(Arc::clone(&call.outlet));
        Self { call, answers, _deadline: deadline }
    }
}

impl Stream for Held {
    type Item = Result<Bytes, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.answers).poll_next(context)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.call.outlet.leave(); // first: whoever finds no messages finds that the client is gone
        self.call.let_go();
    }
}
