//! gRPC around bytes that nobody here looks into: the codec, a server of one stream, and a client of any.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::uri::PathAndQuery;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, StreamExt};
use tonic::body::Body;
use tonic::client::Grpc as Client;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc as Service, NamedService, ServerStreamingService};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status, Streaming};

use crate::control::Outcome;

pub const WATCH: &str = "/bench.Relay/Watch";

#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// What waits for the one reader of a hop; pulled when its connection can write.
pub struct Gathered {
    limit: usize, // most bytes of a message; 0: all that wait
    inner: Mutex<(BytesMut, Option<Waker>)>,
}

impl Gathered {
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, inner: Mutex::default() })
    }

    pub fn add(&self, data: &[u8]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.0.extend_from_slice(data);
        if let Some(waker) = inner.1.take() {
            waker.wake();
        }
    }

    fn poll_take(&self, context: &Context<'_>) -> Poll<Bytes> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.0.is_empty() {
            inner.1 = Some(context.waker().clone());
            return Poll::Pending;
        }
        let size = if self.limit == 0 { inner.0.len() } else { inner.0.len().min(self.limit) };
        Poll::Ready(inner.0.split_to(size).freeze())
    }
}

/// The stream of a reader.
pub struct Pulled(Arc<Gathered>);

impl Stream for Pulled {
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_take(context).map(|message| Some(Ok(message)))
    }
}

#[derive(Clone)]
struct Relay(Arc<Gathered>);

impl NamedService for Relay {
    const NAME: &'static str = "bench.Relay";
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl ServerStreamingService<Bytes> for Relay {
    type Response = Bytes;
    type ResponseStream = Pulled;
    type Future = Boxed<Result<Response<Pulled>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let pulled = Pulled(self.0.clone());
        Box::pin(async move { Ok(Response::new(pulled)) })
    }
}

impl tower::Service<http::Request<Body>> for Relay {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Boxed<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let relay = self.clone();
        Box::pin(async move { Ok(Service::new(Raw).server_streaming(relay, request).await) })
    }
}

/// Serves what is gathered at WATCH, until it fails.
pub async fn serve_watch(listener: TcpListener, gathered: Arc<Gathered>) -> Outcome {
    // The builder's own setting of this is not for sockets that are brought to it.
    let incoming = TcpListenerStream::new(listener).map(|accepted| {
        let socket = accepted?;
        socket.set_nodelay(true).map(|()| socket)
    });
    Ok(Server::builder().add_service(Relay(gathered)).serve_with_incoming(incoming).await?)
}

/// A port of our own, and its number.
pub async fn listen() -> Outcome<(TcpListener, u16)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// The messages of a method of a server that answers with a stream.
pub async fn follow(target: &str, method: &str, request: Bytes) -> Outcome<Streaming<Bytes>> {
    let path = PathAndQuery::try_from(method)?;
    Ok(connect(target).await?.server_streaming(Request::new(request), path, Raw).await?.into_inner())
}

/// What a method answers that takes a stream, too.
pub async fn exchange(
    target: &str,
    method: &str,
    messages: impl Stream<Item = Bytes> + Send + 'static,
) -> Outcome<Streaming<Bytes>> {
    let path = PathAndQuery::try_from(method)?;
    Ok(connect(target).await?.streaming(Request::new(messages), path, Raw).await?.into_inner())
}

async fn connect(target: &str) -> Outcome<Client<Channel>> {
    let channel = Endpoint::from_shared(format!("http://{target}"))?.tcp_nodelay(true).connect().await?;
    let mut client = Client::new(channel);
    client.ready().await?;
    Ok(client)
}
