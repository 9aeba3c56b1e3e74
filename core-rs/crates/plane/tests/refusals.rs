//! A refusal is heard by a native client that still writes when its call is ended.

use bytes::{Buf, BufMut, Bytes};
use crossbook_plane::{Method, Plane, Refusal, Server, ServerSettings, Silence};
use http::uri::PathAndQuery;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Endpoint;
use tonic::{Code, Request, Status};

const PATH: &str = "/test.Test/Stream";
const CALLS: usize = 200;
const LIMIT: usize = 1024 * 1024;
const REASON: &str = "it is ahead of the clock";

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

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        let length = bytes.remaining();
        Ok(Some(bytes.copy_to_bytes(length)))
    }
}

fn refusal(code: Code, message: &str) -> Refusal {
    Refusal { code: code as i32, message: message.into(), details: vec![] }
}

fn server(plane: &Plane, places: usize) -> Server {
    let silence = Silence {
        places: 8,
        when_oldest: refusal(Code::ResourceExhausted, "oldest"),
        patience: Duration::from_secs(10),
        when_late: refusal(Code::InvalidArgument, "late"),
    };
    let when_full = refusal(Code::ResourceExhausted, "full");
    let method = Method { path: PATH.into(), places, when_full, max_message_bytes: LIMIT, silence };
    let settings = ServerSettings {
        host: "127.0.0.1".into(),
        port: 0,
        backend: PathBuf::from("/nonexistent"),
        max_connections: 8,
        max_calls_of_connection: 64,
        patience: Duration::from_secs(10),
        keepalive: Duration::from_secs(5),
        keepalive_timeout: Duration::from_secs(2),
        max_header_bytes: 16_384,
        tls: None,
    };
    Server::start(settings, vec![method], &plane.bells, plane.handle()).unwrap()
}

/// How so many calls end whose client writes without end.
async fn ends(port: u16, first: usize, next: usize) -> HashMap<(i32, String), usize> {
    let channel = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap().connect().await.unwrap();
    let mut ends = HashMap::new();
    for _ in 0..CALLS {
        let first = tokio_stream::once(Bytes::from(vec![0; first]));
        let rest = tokio_stream::iter(std::iter::repeat_with(move || Bytes::from(vec![0; next])));
        let mut grpc = Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let messages = tokio_stream::StreamExt::chain(first, rest);
        let answer = grpc.streaming(Request::new(messages), PathAndQuery::from_static(PATH), Raw).await;
        let status = match answer {
            Err(status) => status,
            Ok(answer) => {
                let mut answers = answer.into_inner();
                loop {
                    match answers.message().await {
                        Ok(Some(_)) => {}
                        Ok(None) => break Status::ok(""),
                        Err(status) => break status,
                    }
                }
            }
        };
        *ends.entry((status.code() as i32, status.message().to_owned())).or_default() += 1;
    }
    ends
}

fn deciding(server: &Arc<Server>, is_begun: bool) -> Arc<AtomicBool> {
    let (server, is_over) = (Arc::clone(server), Arc::new(AtomicBool::new(false)));
    let over = Arc::clone(&is_over);
    std::thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            for call in server.take_opened() {
                if is_begun {
                    call.outlet.write(Bytes::from_static(b"welcome"));
                    call.accept();
                }
                call.refuse(Status::unavailable(REASON));
            }
            std::thread::sleep(Duration::from_micros(100));
        }
    });
    is_over
}

fn all(code: Code, message: &str) -> HashMap<(i32, String), usize> {
    HashMap::from([((code as i32, message.to_owned()), CALLS)])
}

#[tokio::test]
async fn a_client_that_writes_on_hears_why_its_call_was_ended() {
    let plane = Plane::start().unwrap();
    for is_begun in [false, true] {
        let server = Arc::new(server(&plane, 1_000));
        let is_over = deciding(&server, is_begun);
        assert_eq!(ends(server.port, 5, 20_000).await, all(Code::Unavailable, REASON));
        is_over.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_client_that_writes_on_hears_that_all_places_are_taken() {
    let plane = Plane::start().unwrap();
    let server = server(&plane, 0);
    assert_eq!(ends(server.port, 20_000, 20_000).await, all(Code::ResourceExhausted, "full"));
}

#[tokio::test]
async fn a_client_hears_that_its_message_is_too_large_while_it_still_sends_it() {
    let plane = Plane::start().unwrap();
    let server = server(&plane, 10);
    let ends = ends(server.port, LIMIT + 1, 20_000).await;
    assert!(
        ends.keys().all(|(code, text)| *code == Code::ResourceExhausted as i32 && text.contains("too large")),
        "{ends:?}"
    );
}
