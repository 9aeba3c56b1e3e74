//! Following a service that breaks off, refuses and comes back; a real server on a port of its own.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use crossbook_client::v1::{OpportunityEvent, WatchOpportunitiesRequest, WatchOpportunitiesResponse};
use crossbook_client::{Connection, Error, Follower, Told};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, http};
use tonic::server::{Grpc, NamedService, ServerStreamingService};
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Request, Response, Status};
use tonic_prost::ProstCodec;

type Answers = tokio_stream::Iter<std::vec::IntoIter<Result<WatchOpportunitiesResponse, Status>>>;

type Part = (Vec<&'static str>, Status); // tokens of events, and how it ends

/// Answers each call with the next of its parts, and keeps what it was asked with.
#[derive(Clone, Default)]
struct Script {
    parts: Arc<Mutex<VecDeque<Part>>>,
    asked: Arc<Mutex<Vec<(String, String)>>>, // resume tokens, and the callers' keys
}

impl NamedService for Script {
    const NAME: &'static str = "crossbook.v1.ArbitrageService";
}

impl Service<http::Request<Body>> for Script {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let script = self.clone();
        let codec = ProstCodec::<WatchOpportunitiesResponse, WatchOpportunitiesRequest>::default();
        Box::pin(async move { Ok(Grpc::new(codec).server_streaming(script, request).await) })
    }
}

impl ServerStreamingService<WatchOpportunitiesRequest> for Script {
    type Response = WatchOpportunitiesResponse;
    type ResponseStream = Answers;
    type Future = std::future::Ready<Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<WatchOpportunitiesRequest>) -> Self::Future {
        let key = request.metadata().get("authorization").map_or("", |key| key.to_str().expect("text"));
        let asked = (request.get_ref().resume_token.clone(), key.to_owned());
        self.asked.lock().expect("whole").push(asked);
        let (tokens, end) = self.parts.lock().expect("whole").pop_front().expect("another call than these");
        let mut answers: Vec<_> = tokens.into_iter().map(|token| Ok(message(token))).collect();
        answers.extend((end.code() != Code::Ok).then_some(Err(end)));
        std::future::ready(Ok(Response::new(tokio_stream::iter(answers))))
    }
}

fn message(token: &str) -> WatchOpportunitiesResponse {
    let event = OpportunityEvent { resume_token: token.into(), ..Default::default() };
    WatchOpportunitiesResponse { events: vec![event], ..Default::default() }
}

/// The tokens told and how often the stream was lost, until the token "end" or a refusal.
async fn followed(parts: Vec<Part>, key: &str) -> (Vec<String>, usize, Option<Error>, Script) {
    let script = Script { parts: Arc::new(Mutex::new(parts.into())), ..Default::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let served = Server::builder().add_service(script.clone()).serve_with_incoming(TcpListenerStream::new(listener));
    let server = tokio::spawn(served);
    let channel = Endpoint::from_shared(format!("http://{address}")).expect("an address").connect_lazy();
    let request = WatchOpportunitiesRequest { resume_token: "start".into(), ..Default::default() };
    let mut follower = Follower::new(Connection::over(channel, key).expect("a key"), request);
    let (mut tokens, mut losses, mut refusal) = (Vec::new(), 0, None);
    while refusal.is_none() && tokens.last().is_none_or(|token| token != "end") {
        match follower.next().await {
            Ok(Told::Message(told)) => tokens.extend(told.events.into_iter().map(|event| event.resume_token)),
            Ok(Told::Lost(_)) => losses += 1,
            Err(error) => refusal = Some(error),
        }
    }
    server.abort();
    (tokens, losses, refusal, script)
}

/// After each loss it asks with the token of the last event that it told; a stream that just ends is lost as well.
#[tokio::test]
async fn it_resumes_behind_what_it_told() {
    let parts = vec![
        (vec!["1", "2"], Status::unavailable("stops")),
        (vec![], Status::internal("a defect")),
        (vec!["3"], Status::ok("")),
        (vec!["end"], Status::ok("")),
    ];
    let (tokens, losses, refusal, script) = followed(parts, "key").await;
    assert_eq!((tokens.join(" ").as_str(), losses), ("1 2 3 end", 3));
    assert!(refusal.is_none());
    let asked = script.asked.lock().expect("whole").clone();
    assert_eq!(asked.iter().map(|(token, _)| token.as_str()).collect::<Vec<_>>(), ["start", "2", "2", "3"]);
    assert!(asked.iter().all(|(_, key)| key == "Bearer key"));
}

/// What can never succeed is told at once and not tried again.
#[tokio::test]
async fn a_refusal_ends_it() {
    let (tokens, losses, refusal, script) = followed(vec![(vec!["1"], Status::invalid_argument("no"))], "key").await;
    assert_eq!((tokens.join(" ").as_str(), losses), ("1", 0));
    assert_eq!(refusal.expect("refused").code, Code::InvalidArgument);
    assert_eq!(script.asked.lock().expect("whole").len(), 1);
}

/// An address and a key that cannot be one are refused before anything is dialled.
#[tokio::test]
async fn what_cannot_be_dialled_is_refused() {
    let refused = Connection::open("no host").expect_err("a blank");
    assert!(refused.to_string().contains("\"no host\" is not host:port"));
    let channel = Endpoint::from_static("http://127.0.0.1:1").connect_lazy();
    Connection::over(channel, "line\nbreak").expect_err("a line break");
}
