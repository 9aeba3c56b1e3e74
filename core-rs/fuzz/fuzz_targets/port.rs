//! Any bytes and frames of HTTP/2 to the plane's port: no panic (it would end the process), and the connection ends.
//!
//! A piece is a frame of any kind, the opening of a call, a message in one, or bytes that are nothing. Calls that speak are fed
//! into windows or refused, as their first byte says.

#![no_main]

use bytes::Bytes;
use crossbook_engine::windows::VenueWindows;
use crossbook_fuzz::stream::VENUE;
use crossbook_fuzz::{Piece, pieces};
use crossbook_plane::{
    Call, Feeding, FeedingRules, Hub, Method, Plane, Refusal, Server, ServerSettings, Silence, Wall, Windows,
};
use libfuzzer_sys::fuzz_target;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tonic::{Code, Status};

const PATH: &str = "/a/A";
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const HEADERS: u8 = 1;
const END_HEADERS: u8 = 4;
/// Longer than any connection takes to end.
const PATIENCE: Duration = Duration::from_secs(20);

struct Port {
    plane: Plane,
    server: Server,
    rules: FeedingRules,
}

static PORT: LazyLock<Port> = LazyLock::new(|| {
    let plane = Plane::start().expect("a thread");
    let server = Server::start(settings(), vec![method()], &plane.bells, plane.handle()).expect("a port");
    let rules = FeedingRules {
        hub: Arc::<Hub>::default(),
        wall: Wall::default(),
        max_waiting: 960,
        max_ahead: Duration::from_secs(60),
        transit: Arc::default(),
        update: Arc::default(),
    };
    Port { plane, server, rules }
});

fuzz_target!(|data: &[u8]| {
    let port = &*PORT;
    let said: Vec<u8> = PREFACE.iter().copied().chain(pieces(data).flat_map(frame)).collect();
    let mut socket = TcpStream::connect(("127.0.0.1", port.server.port)).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_millis(1))).expect("it is open");
    let _ = socket.write_all(&said); // it may have hung up
    let _ = socket.shutdown(Shutdown::Write);
    let mut feedings = Vec::new();
    let mut heard = [0; 4096];
    let began = std::time::Instant::now();
    loop {
        for call in port.server.take_opened() {
            feedings.extend(decide(port, &call));
        }
        match socket.read(&mut heard) {
            Ok(0) => break,
            Err(error) if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
            _ => assert!(began.elapsed() < PATIENCE, "the connection does not end"),
        }
    }
    port.plane.bells.take();
    feedings.iter().for_each(|feeding: &Arc<Feeding>| feeding.stop());
});

fn decide(port: &Port, call: &Call) -> Option<Arc<Feeding>> {
    if call.first().first().is_some_and(|first| first % 4 == 0) {
        call.refuse(Status::unavailable("not now"));
        return None;
    }
    let mut windows = VenueWindows::new(VENUE, 15, Arc::clone(&port.rules.hub.quotes)).expect("four a minute");
    let _ = windows.on_hello(&call.first());
    call.outlet.write(Bytes::from_static(b"welcome"));
    call.accept();
    let (bell, runtime) = (port.plane.bells.bell(), port.plane.handle());
    Some(Feeding::start(call.messages()?, Arc::new(Windows::new(windows)), port.rules.clone(), bell, runtime))
}

/// As it goes over the wire.
fn frame(piece: Piece<'_>) -> Vec<u8> {
    let (stream, rest) = piece.bytes.split_first().map_or((0, piece.bytes), |(first, rest)| (*first, rest));
    match piece.kind {
        kind @ 0..=15 => framed(kind, rest.first().copied().unwrap_or_default(), stream, rest.get(1..).unwrap_or(&[])),
        16..=79 => framed(HEADERS, END_HEADERS, stream, &opening(rest)),
        80..=199 => {
            let length = (rest.len() as u32).to_be_bytes();
            framed(0, 0, stream, &[&[piece.kind & 1], &length[..], rest].concat())
        }
        _ => piece.bytes.to_vec(),
    }
}

fn framed(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// A call, whose deadline is what the input says.
fn opening(timeout: &[u8]) -> Vec<u8> {
    let fields: [(&str, &[u8]); 6] = [
        (":method", b"POST"),
        (":scheme", b"http"),
        (":path", PATH.as_bytes()),
        ("content-type", b"application/grpc"),
        ("grpc-encoding", b"gzip"),
        ("grpc-timeout", &timeout[..timeout.len().min(100)]),
    ];
    let given = if timeout.is_empty() { 5 } else { 6 };
    let field =
        |(name, value): &(&str, &[u8])| [&[0, name.len() as u8], name.as_bytes(), &[value.len() as u8], value].concat();
    fields[..given].iter().flat_map(field).collect()
}

fn settings() -> ServerSettings {
    ServerSettings {
        host: "127.0.0.1".into(),
        port: 0,
        backend: PathBuf::from("/nonexistent"),
        max_connections: 64,
        max_calls_of_connection: 64,
        patience: Duration::from_secs(1),
        keepalive: Duration::from_secs(5),
        keepalive_timeout: Duration::from_secs(2),
        max_header_bytes: 16 * 1024,
        tls: None,
    }
}

fn method() -> Method {
    let refusal = |code: Code| Refusal { code: code as i32, message: "no".into(), details: vec![] };
    let silence = Silence {
        places: 8,
        when_oldest: refusal(Code::ResourceExhausted),
        patience: Duration::from_millis(20),
        when_late: refusal(Code::InvalidArgument),
    };
    let (places, max_message_bytes) = (4, 1024 * 1024);
    Method { path: PATH.into(), places, when_full: refusal(Code::ResourceExhausted), max_message_bytes, silence }
}
