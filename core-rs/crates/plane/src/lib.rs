//! The data plane: the streams that carry quotes and opportunities, served and followed by one thread that never asks Python.
//!
//! This crate is the only one that knows sockets, clocks and an async runtime (tokio, hyper, tonic); what streams say is the
//! business of the crates beneath. What holds:
//! 1. Python decides, the plane carries: whether a call may begin, and why it ends, is asked of Python once; messages are not.
//! 2. Python hears by one wake-up for many ([`Bells`]), and looks for itself what has changed.
//! 3. One port serves all: methods that are not served here are forwarded, byte for byte, to the grpcio server behind.
//! 4. Whatever waits is bounded: connections, calls of a method, messages by their size, what is not yet read by its reader.
//! 5. A panic of the thread ends the process: a service whose streams are dead must not look alive.
//!
//! A child of `fork` has no plane: its thread stayed with the parent. Crossbook never forks without exec.

mod bells;
mod board;
mod client;
mod clock;
mod codec;
mod dialing;
mod feeding;
mod following;
mod hub;
mod runtime;
mod scanning;
mod sending;
mod server;
#[cfg(test)]
mod testing;
mod tls;
mod windows;

pub use bells::{Bell, Bells};
pub use board::{Board, BoardReader, ShardBoard};
pub use client::{Followed, Taker};
pub use clock::Wall;
pub use dialing::{Authorization, DialRules, End};
pub use feeding::{FeedEnd, Feeding, FeedingRules};
pub use following::{Following, Form};
pub use hub::Hub;
pub use runtime::Plane;
pub use scanning::{Events, ShardQuotes, waker_of};
pub use sending::Sending;
pub use server::{Call, Method, Outlet, Refusal, Server, ServerSettings, Silence, Source};
pub use tls::{DialTls, ServerTls};
pub use windows::Windows;
