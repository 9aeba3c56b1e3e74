//! What is not served here goes on to the grpcio server behind, byte for byte, over a unix socket.
//!
//! Each client's connection has one of its own there, opened with its first such request and closed with it: so the one server
//! sees the connections that the other has, its flow control is theirs, and no slow reader is in another's way.

use http::{HeaderName, HeaderValue, Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::SocketAddr;
use std::path::PathBuf;
use tokio::net::UnixStream;
use tokio::sync::Mutex;
use tonic::Status;
use tonic::body::Body;

/// Who the client is: behind, all connections come from here.
const PEER: HeaderName = HeaderName::from_static("crossbook-peer");
const WINDOW: u32 = 1024 * 1024;

pub struct Backend {
    path: PathBuf,
    peer: SocketAddr,
    sender: Mutex<Option<SendRequest<Incoming>>>,
}

impl Backend {
    pub fn new(path: PathBuf, peer: SocketAddr) -> Self {
        Self { path, peer, sender: Mutex::default() }
    }

    pub async fn forward(&self, request: Request<Incoming>) -> Response<Body> {
        match self.send(request).await {
            Ok(response) => response.map(Body::new),
            Err(reason) => {
                Status::unavailable(format!("the server behind this port does not answer: {reason}")).into_http()
            }
        }
    }

    async fn send(&self, request: Request<Incoming>) -> Result<Response<Incoming>, String> {
        let mut sender = self.sender().await?;
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = Uri::builder().scheme("http").authority("localhost").path_and_query(path).build().map_err(text)?;
        head.headers.insert(PEER, HeaderValue::from_str(&self.peer.to_string()).map_err(text)?);
        sender.send_request(Request::from_parts(head, body)).await.map_err(text)
    }

    async fn sender(&self) -> Result<SendRequest<Incoming>, String> {
        let mut sender = self.sender.lock().await;
        if let Some(open) = sender.as_ref().filter(|open| !open.is_closed()) {
            return Ok(open.clone());
        }
        let socket = UnixStream::connect(&self.path).await.map_err(text)?;
        let mut builder = Builder::new(TokioExecutor::new());
        builder.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
        let (opened, connection) = builder.handshake(TokioIo::new(socket)).await.map_err(text)?;
        tokio::spawn(connection); // until the last sender is dropped
        Ok(sender.insert(opened).clone())
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
