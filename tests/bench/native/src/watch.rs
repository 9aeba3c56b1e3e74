//! A native client of a server's stream: notes when each message came, and looks into none.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::clock::now_ns;
use crate::control::{Outcome, answer_orders, say, serve};
use crate::grpc::follow;
use crate::hex::{from_hex, to_hex};

type Arrived = Arc<Mutex<Vec<(u64, Bytes)>>>;

/// Says `null` when it is subscribed. Any order (`null`) takes what came since the last: times, and messages in
/// hexadecimal.
pub fn run(target: &str, method: &str, request: &str) -> Outcome {
    let arrived = Arrived::default();
    let taken = arrived.clone();
    let (target, method, request) = (target.to_owned(), method.to_owned(), from_hex(request)?);
    serve(async move {
        let mut messages = follow(&target, &method, request).await?;
        say(&())?;
        while let Some(message) = messages.message().await? {
            let at_ns = now_ns();
            arrived.lock().unwrap_or_else(PoisonError::into_inner).push((at_ns, message));
        }
        Err("the server ended the stream".into())
    });
    answer_orders(|_: ()| {
        let arrived = std::mem::take(&mut *taken.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(arrived.iter().map(|(at_ns, message)| (*at_ns, to_hex(message))).collect::<Vec<_>>())
    })
}
