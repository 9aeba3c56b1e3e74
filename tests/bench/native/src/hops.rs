//! The floor under three services: what tonic takes to carry the same bytes over as many hops, with nothing in between.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use serde::Serialize;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use crate::clock::now_ns;
use crate::control::{Outcome, answer_orders, say, serve};
use crate::grpc::{Gathered, WATCH, follow, listen, serve_watch};
use crate::histogram::Histogram;
use crate::records::{RECORD_BYTES, counted_due_ns};

const PATIENCE_NS: u64 = 2_000_000_000;
const LOOK_AGAIN: Duration = Duration::from_millis(1);
const READ_BYTES: usize = 64 * 1024;

/// The first hop: takes records from a socket. Says two ports, of its stream and of the socket.
pub fn run_intake(limit: &str) -> Outcome {
    let gathered = gathered(limit)?;
    serve(async move {
        let ((stream, stream_port), (socket, socket_port)) = (listen().await?, listen().await?);
        say(&(stream_port, socket_port))?;
        tokio::try_join!(serve_watch(stream, gathered.clone()), take_records(socket, &gathered)).map(|_| ())
    });
    idle()
}

/// A hop between two others.
pub fn run_hop(target: &str, limit: &str) -> Outcome {
    let (gathered, target) = (gathered(limit)?, target.to_owned());
    serve(async move {
        let (stream, port) = listen().await?;
        say(&port)?;
        tokio::try_join!(serve_watch(stream, gathered.clone()), pass_on(&target, &gathered)).map(|_| ())
    });
    idle()
}

/// What the last reader has seen since the last order. Ages of the counted records in nanoseconds.
#[derive(Serialize)]
struct Seen {
    counted: u64,
    p50_ns: u64,
    p99_ns: u64,
}

/// Behind the last hop. An order is how many counted records to wait for; it takes what was seen, if that is less.
pub fn run_sink(target: &str) -> Outcome {
    let (ages, target) = (Arc::new(Mutex::new(Histogram::default())), target.to_owned());
    let taken = ages.clone();
    serve(async move { note_ages(&target, &ages).await });
    answer_orders(|expected: u64| {
        let until_ns = now_ns() + PATIENCE_NS;
        while count(&taken) < expected && now_ns() < until_ns {
            thread::sleep(LOOK_AGAIN);
        }
        let ages = std::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Seen { counted: ages.count(), p50_ns: ages.quantile(0.5), p99_ns: ages.quantile(0.99) })
    })
}

fn count(ages: &Mutex<Histogram>) -> u64 {
    ages.lock().unwrap_or_else(PoisonError::into_inner).count()
}

fn gathered(limit: &str) -> Outcome<Arc<Gathered>> {
    Ok(Gathered::new(limit.parse::<usize>()? * RECORD_BYTES))
}

fn idle() -> Outcome {
    answer_orders(|_: ()| Ok(()))
}

async fn take_records(listener: TcpListener, gathered: &Gathered) -> Outcome {
    let (mut socket, _) = listener.accept().await?;
    let mut held = BytesMut::with_capacity(READ_BYTES);
    while socket.read_buf(&mut held).await? > 0 {
        let whole = held.len() / RECORD_BYTES * RECORD_BYTES;
        gathered.add(&held.split_to(whole));
        held.reserve(READ_BYTES);
    }
    std::future::pending().await // a source that has ended sends no more
}

async fn pass_on(target: &str, gathered: &Gathered) -> Outcome {
    let mut messages = follow(target, WATCH, Bytes::new()).await?;
    while let Some(message) = messages.message().await? {
        gathered.add(&message);
    }
    Err("the hop before ended".into())
}

async fn note_ages(target: &str, ages: &Mutex<Histogram>) -> Outcome {
    let mut messages = follow(target, WATCH, Bytes::new()).await?;
    say(&())?;
    while let Some(message) = messages.message().await? {
        let at_ns = now_ns();
        let mut ages = ages.lock().unwrap_or_else(PoisonError::into_inner);
        for due_ns in message.chunks_exact(RECORD_BYTES).filter_map(counted_due_ns) {
            ages.add(at_ns.saturating_sub(due_ns));
        }
    }
    Err("the last hop ended".into())
}
