//! The public port: HTTP/2 connections, bounded in number, whose requests are served here or forwarded.

mod call;
mod deadline;
mod forward;
mod hearing;
mod opening;
mod outlet;
mod places;
mod turns;

pub use call::Call;
pub(crate) use opening::is_too_large;
pub use outlet::{Outlet, Source};
pub use places::{Method, Refusal, Silence};

use crate::bells::{Bell, Bells};
use crate::tls::ServerTls;
use forward::Backend;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use opening::Opening;
use places::Places;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io::{Cursor, Error, ErrorKind, Result};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use turns::{InTurns, Turns};

/// Of one connection's requests: what a stream may send before it is read, and all streams together.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What is written to a stream whose client does not read.
const SEND_BUFFER: usize = 128 * 1024;
/// What every client says first.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// After a failed accept: most often there are no descriptors left, and there will be none at once.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where a server listens and how much it holds.
pub struct ServerSettings {
    /// A name or an address; every address of a name is listened on.
    pub host: String,
    /// 0 lets the system choose.
    pub port: u16,
    /// The unix socket of the grpcio server behind.
    pub backend: PathBuf,
    /// Connections beyond are closed at once.
    pub max_connections: usize,
    /// Of one connection; more wait at the client.
    pub max_calls_of_connection: u32,
    /// A connection that has not said that it speaks HTTP/2 is closed after so long.
    pub patience: Duration,
    /// A peer that says nothing is asked after so long, and must answer within the second.
    pub keepalive: Duration,
    pub keepalive_timeout: Duration,
    /// Of all headers of a request together.
    pub max_header_bytes: u32,
    /// Without it what is said is read by whoever stands between.
    pub tls: Option<ServerTls>,
}

/// A listening server; it closes when it is dropped.
pub struct Server {
    /// Where it listens.
    pub port: u16,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
}

/// What all connections share.
struct Shared {
    settings: ServerSettings,
    places: Arc<Places>,
    opened: Mutex<Vec<Arc<Call>>>,
    bells: Arc<Bells>,
    bell: Arc<Bell>,
    tls: Mutex<Option<ServerTls>>,
}

impl Server {
    /// Listens from now on. Fails when the port is taken or the host is none of ours.
    pub fn start(
        mut settings: ServerSettings,
        methods: Vec<Method>,
        bells: &Arc<Bells>,
        runtime: &Handle,
    ) -> Result<Self> {
        let listeners = listen(&settings.host, settings.port)?;
        let port = listeners[0].local_addr()?.port();
        let bell = Arc::new(bells.bell());
        let places = Arc::new(Places::new(methods, Arc::clone(&bell)));
        let connections = Arc::new(Semaphore::new(settings.max_connections));
        let tls = Mutex::new(settings.tls.take());
        let (opened, bells) = (Mutex::default(), Arc::clone(bells));
        let shared = Arc::new(Shared { settings, places, opened, bells, bell, tls });
        let (stop, stopped) = watch::channel(false);
        let _inside = runtime.enter();
        for listener in listeners {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            runtime.spawn(accept(listener, Arc::clone(&shared), Arc::clone(&connections), stopped.clone()));
        }
        Ok(Self { port, shared, stop })
    }

    /// Rung when calls have been opened, or refused for want of a place.
    pub fn bell(&self) -> u64 {
        self.shared.bell.id()
    }

    /// Calls that were opened since the last time, for somebody to decide about.
    pub fn take_opened(&self) -> Vec<Arc<Call>> {
        std::mem::take(&mut *self.shared.opened.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Calls that were refused since it began, because too many of the method ran; in the order of the methods.
    pub fn refused(&self) -> Vec<u64> {
        self.shared.places.refused()
    }

    /// Of a port that speaks TLS: what it shows from the next handshake on.
    pub fn take_tls(&self, tls: ServerTls) {
        let mut own = self.shared.tls.lock().unwrap_or_else(PoisonError::into_inner);
        *own = own.take().map(|_| tls); // a port that does not speak it does not begin to
    }

    /// No new connection, and the old ones end when their calls have.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

fn listen(host: &str, port: u16) -> Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for mut address in (host, port).to_socket_addrs()? {
        if let (0, Some(first)) = (port, listeners.first()) {
            address.set_port(first.local_addr()?.port());
        }
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        listeners.push(listener);
    }
    if listeners.is_empty() {
        return Err(Error::new(ErrorKind::AddrNotAvailable, format!("{host} has no address")));
    }
    Ok(listeners)
}

async fn accept(
    listener: tokio::net::TcpListener,
    shared: Arc<Shared>,
    connections: Arc<Semaphore>,
    mut stopped: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => return,
        };
        match accepted {
            Ok((socket, peer)) => {
                let Ok(place) = Arc::clone(&connections).try_acquire_owned() else { continue };
                let (shared, stopped) = (Arc::clone(&shared), stopped.clone());
                tokio::spawn(async move {
                    serve(socket, peer, shared, stopped).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve(socket: TcpStream, peer: SocketAddr, shared: Arc<Shared>, stopped: watch::Receiver<bool>) {
    let _ = socket.set_nodelay(true);
    let tls = shared.tls.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(ServerTls::config);
    let turns = Arc::<Turns>::default();
    let patience = shared.settings.patience;
    match tls {
        None => {
            let greeted = timeout(patience, greeted(socket.into_split(), &turns)).await;
            if let Ok(Some(socket)) = greeted {
                converse(socket, peer, shared, turns, stopped).await;
            }
        }
        Some(tls) => {
            let greeted = timeout(patience, async {
                let socket = TlsAcceptor::from(tls).accept(socket).await.ok()?;
                greeted(tokio::io::split(socket), &turns).await
            });
            if let Ok(Some(socket)) = greeted.await {
                converse(socket, peer, shared, turns, stopped).await;
            }
        }
    }
}

/// Requests and answers, until either side has enough.
async fn converse(
    socket: impl AsyncRead + AsyncWrite + Unpin,
    peer: SocketAddr,
    shared: Arc<Shared>,
    turns: Arc<Turns>,
    mut stopped: watch::Receiver<bool>,
) {
    let settings = &shared.settings;
    let backend = Arc::new(Backend::new(settings.backend.clone(), peer));
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(settings.keepalive)
        .keep_alive_timeout(settings.keepalive_timeout)
        .max_concurrent_streams(settings.max_calls_of_connection)
        .max_header_list_size(settings.max_header_bytes)
        .max_send_buf_size(SEND_BUFFER)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let service = service_fn(|request| {
        turns.count();
        answer(request, peer, Arc::clone(&shared), Arc::clone(&backend))
    });
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(socket), service));
    let mut is_stopping = *stopped.borrow();
    if is_stopping {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        let turn = poll_fn(|context| {
            turns.begin();
            connection.as_mut().poll(context)
        });
        tokio::select! {
            _ = turn => return, // a connection that breaks is its client's business
            _ = stopped.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// The connection of a client that speaks HTTP/2; hyper would wait for the others without end, and they would hold their places.
async fn greeted<R: AsyncRead + Unpin, W: AsyncWrite + Unpin>(
    (mut reader, writer): (R, W),
    turns: &Arc<Turns>,
) -> Option<impl AsyncRead + AsyncWrite + Unpin + use<R, W>> {
    let mut said = [0; PREFACE.len()];
    reader.read_exact(&mut said).await.ok()?;
    let reader = InTurns::new(Cursor::new(said).chain(reader), Arc::clone(turns));
    (said == *PREFACE).then(|| tokio::io::join(reader, writer))
}

async fn answer(
    request: Request<Incoming>,
    peer: SocketAddr,
    shared: Arc<Shared>,
    backend: Arc<Backend>,
) -> std::result::Result<http::Response<tonic::body::Body>, Infallible> {
    let Some(method) = shared.places.find(request.uri().path()) else {
        return Ok(backend.forward(request).await);
    };
    let tell = {
        let shared = Arc::clone(&shared);
        move |call| {
            shared.opened.lock().unwrap_or_else(PoisonError::into_inner).push(call);
            shared.bell.ring();
        }
    };
    let (places, bell) = (Arc::clone(&shared.places), shared.bells.bell());
    Ok(opening::serve(request, Opening { method, peer, places, bell, tell }).await)
}
