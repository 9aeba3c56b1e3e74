//! One call of a method that is served here, from its opening: who calls, what it says first, and the decision about it.

use super::outlet::{Answers, Outlet};
use crate::bells::Bell;
use crate::codec::Raw;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tonic::body::Body;
use tonic::server::{Grpc, StreamingService};
use tonic::{Code, Status, Streaming};

/// What a client has said first.
#[derive(Clone, Debug)]
pub enum First {
    /// Nothing yet.
    Waiting,
    Message(Bytes),
    /// It has left, or said that it would say nothing.
    Nothing,
    /// A message that is larger than it may be.
    TooLarge(String),
    /// What it said is no message.
    Broken(String),
}

/// Whether a message was refused for its size alone: tonic says so in these words.
pub fn is_too_large(status: &Status) -> bool {
    status.code() == Code::OutOfRange
}

/// Waits for a decision: [`Call::accept`] or [`Call::refuse`].
pub struct Call {
    /// Its number among the methods of the server.
    pub method: usize,
    pub peer: SocketAddr,
    /// What the client sent beside its messages: names and values that are text.
    pub metadata: Vec<(String, String)>,
    /// What it is sent.
    pub outlet: Arc<Outlet>,
    state: Mutex<State>,
}

struct State {
    first: First,
    messages: Option<Streaming<Bytes>>,
    decide: Option<oneshot::Sender<Result<(), Status>>>,
}

impl Call {
    /// What it said first; the outlet's bell rings when that is known.
    pub fn first(&self) -> First {
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

    fn decide(&self, decision: Result<(), Status>) {
        if let Some(decide) = self.lock().decide.take() {
            let _ = decide.send(decision); // nobody waits for it any more
        }
    }

    async fn hear_first(self: Arc<Self>, mut messages: Streaming<Bytes>) {
        let first = match messages.message().await {
            Ok(Some(message)) => First::Message(message),
            Ok(None) => First::Nothing,
            Err(status) if is_too_large(&status) => First::TooLarge(status.message().to_owned()),
            Err(status) => First::Broken(status.message().to_owned()),
        };
        let mut state = self.lock();
        (state.first, state.messages) = (first, Some(messages));
        drop(state);
        self.outlet.ring();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a call before its service is.
pub struct Opening {
    pub method: usize,
    pub peer: SocketAddr,
    pub place: OwnedSemaphorePermit,
    pub limit: usize,
    pub bell: Bell,
}

/// Until the client is answered; `open` hands the call to those who decide.
pub async fn serve(request: Request<Incoming>, opening: Opening, open: impl Fn(Arc<Call>) + Send) -> Response<Body> {
    let mut grpc = Grpc::new(Raw).max_decoding_message_size(opening.limit).max_encoding_message_size(opening.limit);
    grpc.streaming(Service { opening: Some(opening), open }, request).await
}

struct Service<O> {
    opening: Option<Opening>,
    open: O,
}

type Answer = Result<tonic::Response<Held>, Status>;

impl<O: Fn(Arc<Call>) + Send> StreamingService<Bytes> for Service<O> {
    type Response = Bytes;
    type ResponseStream = Held;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        let Some(opening) = self.opening.take() else { unreachable!("a request is one call") };
        let (call, held, decided) = begin(opening, request);
        (self.open)(call);
        Box::pin(async move {
            decided.await.unwrap_or_else(|_| Err(Status::unavailable("the service is stopping")))?;
            Ok(tonic::Response::new(held))
        })
    }
}

/// The answers with the place that the call has: both end together.
pub struct Held {
    answers: Answers,
    _place: OwnedSemaphorePermit,
}

impl tokio_stream::Stream for Held {
    type Item = Result<Bytes, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        Pin::new(&mut self.answers).poll_next(context)
    }
}

fn begin(
    opening: Opening,
    request: tonic::Request<Streaming<Bytes>>,
) -> (Arc<Call>, Held, oneshot::Receiver<Result<(), Status>>) {
    let outlet = Arc::new(Outlet::new(opening.bell));
    let (decide, decided) = oneshot::channel();
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    let metadata = request.metadata().as_ref().iter().filter_map(text).collect();
    let call = Arc::new(Call {
        method: opening.method,
        peer: opening.peer,
        metadata,
        outlet: Arc::clone(&outlet),
        state: Mutex::new(State { first: First::Waiting, messages: None, decide: Some(decide) }),
    });
    tokio::spawn(Arc::clone(&call).hear_first(request.into_inner()));
    (call, Held { answers: Answers(outlet), _place: opening.place }, decided)
}
