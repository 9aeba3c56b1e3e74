//! Stands between the clients of a venue and its server: passes everything on, and between two frames of the server puts
//! in those of a script, each when it is due, in an open loop. It waits for no client: what one does not take, lies here.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

use crate::clock::{now_ns, sleep_until};
use crate::control::{Outcome, answer_orders, say, serve};
use crate::frames::{Whole, push_text};
use crate::grpc::listen;
use crate::histogram::Histogram;
use crate::schedule::{Pace, Schedule, is_chosen};
use crate::script::{Script, Topic};

const READ_BYTES: usize = 64 * 1024;
const LEAD_NS: u64 = 5_000_000; // from an order to its first frame

/// What is to be played; `moves` of the frames a second show another price.
#[derive(Deserialize)]
struct Order {
    script: String,
    moves: f64,
    #[serde(flatten)]
    pace: Pace,
}

/// What was played. `late_p99_ns`: from a frame's being due to its being handed to the socket.
#[derive(Serialize)]
struct Played {
    frames: u64,
    late_p99_ns: u64,
    counted_from_ns: u64,
    waiting_bytes: usize,            // of clients that have not kept up
    moves: Vec<(u64, usize, usize)>, // due when, topic, its state
}

type Clients = Arc<Mutex<HashMap<u16, Arc<Outlet>>>>;

/// Says its port.
pub fn run(upstream: &str) -> Outcome {
    let (clients, upstream) = (Clients::default(), upstream.to_owned());
    let connected = clients.clone();
    serve(async move { accept(&upstream, &connected).await });
    answer_orders(|order: Order| {
        let script: Script = serde_json::from_str(&fs::read_to_string(&order.script)?)?;
        play(script.topics, &order, &held(&clients))
    })
}

fn play(mut topics: Vec<Topic>, order: &Order, clients: &HashMap<u16, Arc<Outlet>>) -> Outcome<Played> {
    let schedule = Schedule::new(&order.pace, now_ns() + LEAD_NS);
    let (mut chunks, mut text) = (HashMap::<u16, Vec<u8>>::new(), Vec::new());
    let (mut item, mut late, mut moves) = (0, Histogram::default(), Vec::new());
    while item < schedule.total() {
        sleep_until(schedule.due_ns(item));
        let at_ns = now_ns();
        while item < schedule.total() && schedule.due_ns(item) <= at_ns {
            let (due_ns, number) = (schedule.due_ns(item), item as usize % topics.len());
            let (topic, is_move) = (&mut topics[number], is_chosen(item, order.moves / order.pace.rate));
            let state = topic.turn(is_move);
            if is_move {
                moves.push((due_ns, number, state));
            }
            topic.fill(&mut text, at_ns);
            push_text(chunks.entry(topic.port).or_default(), &text);
            late.add(at_ns - due_ns);
            item += 1;
        }
        for (port, chunk) in chunks.iter_mut().filter(|(_, chunk)| !chunk.is_empty()) {
            clients.get(port).ok_or("a client of the script is gone")?.send(chunk)?;
            chunk.clear();
        }
    }
    let waiting_bytes = clients.values().map(|outlet| held(&outlet.waiting).len()).sum();
    let counted_from_ns = schedule.counted_from_ns();
    Ok(Played { frames: item, late_p99_ns: late.quantile(0.99), counted_from_ns, waiting_bytes, moves })
}

async fn accept(upstream: &str, clients: &Clients) -> Outcome {
    let (listener, port) = listen().await?;
    say(&port)?;
    loop {
        let (client, _) = listener.accept().await?;
        client.set_nodelay(true)?;
        let server = TcpStream::connect(upstream).await?;
        tokio::spawn(pass(client, server, clients.clone()));
    }
}

/// One connection until either side ends it.
async fn pass(client: TcpStream, server: TcpStream, clients: Clients) -> Outcome {
    let port = server.local_addr()?.port();
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let outlet = Arc::new(Outlet { socket: to_client, waiting: Mutex::default(), is_waiting: Notify::new() });
    held(&clients).insert(port, outlet.clone());
    tokio::select! {
        _ = tokio::io::copy(&mut from_client, &mut to_server) => (),
        _ = pass_whole(from_server, &outlet) => (),
        _ = outlet.write_rests() => (),
    }
    held(&clients).remove(&port);
    Ok(to_server.shutdown().await?)
}

async fn pass_whole(mut server: OwnedReadHalf, outlet: &Outlet) -> Outcome {
    let (mut whole, mut read) = (Whole::new(), vec![0; READ_BYTES]);
    loop {
        match server.read(&mut read).await? {
            0 => break,
            size => outlet.send(&whole.take(&read[..size]))?,
        }
    }
    while !outlet.write_waiting()? {
        outlet.socket.writable().await?;
    }
    Ok(())
}

/// The way to one client.
struct Outlet {
    socket: OwnedWriteHalf,
    waiting: Mutex<Vec<u8>>,
    is_waiting: Notify,
}

impl Outlet {
    /// Writes what the socket takes now; the rest goes when it can.
    fn send(&self, data: &[u8]) -> Outcome {
        held(&self.waiting).extend_from_slice(data);
        if !self.write_waiting()? {
            self.is_waiting.notify_one();
        }
        Ok(())
    }

    /// Whether nothing is left.
    fn write_waiting(&self) -> Outcome<bool> {
        let mut waiting = held(&self.waiting);
        while !waiting.is_empty() {
            match self.socket.try_write(&waiting) {
                Ok(size) => drop(waiting.drain(..size)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(true)
    }

    async fn write_rests(&self) -> Outcome {
        loop {
            self.is_waiting.notified().await;
            while !self.write_waiting()? {
                self.socket.writable().await?;
            }
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
