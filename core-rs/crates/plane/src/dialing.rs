//! A connection to another service: dialled once, and gone with whoever dialled.

use crate::tls::DialTls;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

/// What the other side may send before it is read: little, so that what waits there is the newest.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// How a connection is kept.
#[derive(Clone, Debug)]
pub struct DialRules {
    pub connect_timeout: Duration,
    /// A peer that says nothing is asked after so long, and must answer in time.
    pub keepalive: Duration,
    pub keepalive_timeout: Duration,
    /// Of each, either way.
    pub max_message_bytes: usize,
    /// What the other side is shown of who we are; none where nobody has to know.
    pub authorization: Option<Authorization>,
    /// Without it what is said is read by whoever stands between. A unix socket has none.
    pub tls: Option<DialTls>,
}

/// The value of the header of that name; it is not printed.
pub type Authorization = MetadataValue<Ascii>;

/// Why a stream is over.
#[derive(Clone, Debug)]
pub enum End {
    /// The other side has ended it, or we have left it.
    Ended,
    /// With a status, or because it could not be reached.
    Failed { code: i32, message: String },
    /// What it said, or was to be told, makes no sense.
    Refused(String),
}

impl From<Status> for End {
    fn from(status: Status) -> Self {
        Self::Failed { code: code(&status) as i32, message: text(&status) }
    }
}

/// A connection of one stream: at its flow limit it holds up no other. Dropped, it is closed at once, whatever is under way.
pub struct Line {
    /// For calls.
    pub grpc: Grpc<Channel>,
    tasks: Tasks,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.tasks.lock().abort_all();
    }
}

/// Dials `target`: "host:port", or "unix:path".
pub async fn dial(target: &str, rules: &DialRules) -> Result<Line, Status> {
    let tls = rules.tls.as_ref().filter(|_| !target.starts_with("unix:"));
    let uri = match target.strip_prefix("unix:") {
        Some(path) => format!("unix://{path}"),
        None => format!("{}://{target}", if tls.is_some() { "https" } else { "http" }),
    };
    let tasks = Tasks::default();
    let endpoint = Endpoint::from_shared(uri).map_err(|error| Status::invalid_argument(text(&error)))?;
    let endpoint = match tls {
        Some(tls) => endpoint.tls_config(tls.config(host(target))),
        None => Ok(endpoint),
    };
    let endpoint = endpoint
        .map_err(|error| Status::invalid_argument(text(&error)))?
        .connect_timeout(rules.connect_timeout)
        .http2_keep_alive_interval(rules.keepalive)
        .keep_alive_timeout(rules.keepalive_timeout)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .tcp_nodelay(true)
        .executor(tasks.clone());
    // As a whole, for a peer that accepts may say nothing.
    let connected = tokio::time::timeout(rules.connect_timeout, endpoint.connect()).await;
    let connected = connected.map_err(|_| Status::unavailable("the handshake takes too long"))?;
    let channel = connected.map_err(|error| Status::unavailable(text(&error)))?;
    let bytes = rules.max_message_bytes;
    let mut grpc = Grpc::new(channel).max_decoding_message_size(bytes).max_encoding_message_size(bytes);
    grpc.ready().await.map_err(|error| Status::unavailable(text(&error)))?;
    Ok(Line { grpc, tasks })
}

/// Of "host:port"; an address of version 6 stands in brackets there.
fn host(target: &str) -> &str {
    target.rsplit_once(':').map_or(target, |(host, _)| host).trim_matches(['[', ']'])
}

/// A call's first word, with who we are.
pub fn asked<T>(message: T, rules: &DialRules) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(shown) = &rules.authorization {
        request.metadata_mut().insert("authorization", shown.clone());
    }
    request
}

/// Those that keep a connection: they know each other, so that somebody has to end them.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    fn lock(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl hyper::rt::Executor<Pin<Box<dyn Future<Output = ()> + Send>>> for Tasks {
    fn execute(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.lock().spawn(task);
    }
}

/// As grpcio says it: a connection that breaks is no status of the other side's, and what is too large is not out of range.
fn code(status: &Status) -> Code {
    let is_ours = std::error::Error::source(status).is_some();
    match status.code() {
        Code::Unknown if is_ours => Code::Unavailable,
        Code::OutOfRange => Code::ResourceExhausted,
        code => code,
    }
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
