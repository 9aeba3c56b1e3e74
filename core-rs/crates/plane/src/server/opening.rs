//! From a request to a call that has spoken: those that say nothing have few places of their own, and not for long.

use super::call::{Call, Held};
use super::deadline::{self, Deadline};
use super::hearing::{Hearing, Listener};
use super::places::Places;
use crate::bells::Bell;
use crate::codec::Raw;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::server::{Grpc, StreamingService};
use tonic::{Code, Status, Streaming};

/// What is known of a call when its request comes, and who is told of it once it has spoken.
pub struct Opening<O> {
    pub method: usize,
    pub peer: SocketAddr,
    pub places: Arc<Places>,
    pub bell: Bell,
    pub tell: O,
}

/// Until the client is answered.
pub async fn serve<O: Fn(Arc<Call>) + Send + Sync + 'static>(
    request: Request<Incoming>,
    opening: Opening<O>,
) -> Response<Body> {
    let patience = match deadline::of(request.headers()) {
        Ok(patience) => patience,
        Err(status) => return status.into_http(),
    };
    let limit = opening.places.max_message_bytes(opening.method);
    let mut grpc = Grpc::new(Raw)
        .max_decoding_message_size(limit)
        .max_encoding_message_size(limit)
        .accept_compressed(CompressionEncoding::Deflate)
        .accept_compressed(CompressionEncoding::Gzip);
    let listener = Listener::default();
    let request = request.map(|body| Hearing::new(body, listener.clone()));
    grpc.streaming(Service { opening: Some(opening), patience, listener }, request).await
}

/// Whether a message was refused for its size alone, as it came or once it was decompressed: tonic says so in these words.
pub fn is_too_large(status: &Status) -> bool {
    matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted)
}

struct Service<O> {
    opening: Option<Opening<O>>,
    /// The client's.
    patience: Option<Duration>,
    listener: Listener,
}

type Answer = Result<tonic::Response<Held>, Status>;

impl<O: Fn(Arc<Call>) + Send + Sync + 'static> StreamingService<Bytes> for Service<O> {
    type Response = Bytes;
    type ResponseStream = Held;
    type Future = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn call(&mut self, request: tonic::Request<Streaming<Bytes>>) -> Self::Future {
        let (opening, patience, listener) = (self.opening.take(), self.patience, self.listener.clone());
        Box::pin(async move {
            let Some(Opening { method, peer, places, bell, tell }) = opening else {
                unreachable!("one call a request")
            };
            let (call, mut decided) = Call::new(method, peer, request.metadata().as_ref(), bell);
            listener.begin(&call, &places);
            let deadline = patience.map(|patience| {
                let call = Arc::clone(&call);
                Deadline::set(patience, move |status| call.expire(status))
            });
            let held = Held::new(Arc::clone(&call), deadline);
            let decision = tokio::select! {
                decision = &mut decided => decision, // before it has spoken: nobody listens to it any more
                _ = hear(&call, request.into_inner(), &places, &tell) => decided.await,
            };
            decision.unwrap_or_else(|_| Err(Status::unavailable("the service is stopping")))?;
            Ok(tonic::Response::new(held))
        })
    }
}

async fn hear<O: Fn(Arc<Call>)>(call: &Arc<Call>, mut messages: Streaming<Bytes>, places: &Places, tell: &O) {
    let rules = places.silence(call.method);
    let silent = places.fall_silent(call);
    let first = tokio::time::timeout(rules.patience, messages.message()).await;
    drop(silent);
    let taken = match first {
        Err(_) => Err(rules.when_late.clone().into()),
        Ok(Err(status)) if is_too_large(&status) => Err(Status::resource_exhausted(status.message())),
        Ok(Err(status)) => Err(status),
        Ok(Ok(None)) => {
            call.outlet.end(Ok(())); // it has left without a word
            return call.accept();
        }
        Ok(Ok(Some(message))) => places.take(call.method).map(|place| (message, place)),
    };
    match taken {
        Ok((message, place)) => {
            call.begin(message, messages, place);
            tell(Arc::clone(call));
        }
        Err(status) => call.refuse(status),
    }
}
