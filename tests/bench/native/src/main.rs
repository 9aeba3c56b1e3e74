//! The bench's tools that have to be faster or more punctual than Python is. One process each, by its first argument:
//!
//! source UPSTREAM                      stands before a venue's server; plays scripted frames to its clients, open loop
//! records TARGET                       sends records of 200 bytes to an `intake`, open loop
//! intake LIMIT, hop TARGET LIMIT       a floor's hops: bytes from a socket, or from the hop before, onto a gRPC stream;
//!                                      LIMIT records a message, 0: all that wait
//! sink TARGET                          reads the last hop: how old its records are
//! replay TARGET METHOD FILE            sends a file's messages over a call, as fast as they are taken
//! quotes TARGET HELLO                  a tracker of one quote a message, open loop; its hello in hexadecimal
//! watch TARGET METHOD REQUEST          a client of any server stream: what came when; the request in hexadecimal
//!
//! Each prints one JSON line when it is ready (its port, where it has one), then answers every line of its standard
//! input with one of its own, and ends with it. All times are of the system's clock, in nanoseconds.

mod clock;
mod control;
mod frames;
mod grpc;
mod hex;
mod histogram;
mod hops;
mod quotes;
mod records;
mod replay;
mod schedule;
mod script;
mod source;
mod watch;

use std::process::ExitCode;

fn main() -> ExitCode {
    clock::wake_punctually();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["source", upstream] => source::run(upstream),
        ["records", target] => records::run(target),
        ["intake", limit] => hops::run_intake(limit),
        ["hop", target, limit] => hops::run_hop(target, limit),
        ["sink", target] => hops::run_sink(target),
        ["replay", target, method, file] => replay::run(target, method, file),
        ["quotes", target, hello] => quotes::run(target, hello),
        ["watch", target, method, request] => watch::run(target, method, request),
        _ => Err(format!("no such tool: {}", words.join(" ")).into()),
    };
    control::exit_code(outcome)
}
