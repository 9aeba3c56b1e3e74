//! One thread serves all connections, turn by turn: how much of one it reads in a turn, so that no other waits long for its own.
//!
//! A request of few bytes is work of many microseconds. Of a connection that brings many of them less is read in the next turn:
//! what thousands of requests have to wait then, they wait unread.

use std::io::Result;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf, Take};

/// What is read in a turn: large batches fit.
const LONG: u64 = 64 * 1024;
/// After a turn of many requests: some fifty of the shortest.
const SHORT: u64 = 1024;
const MANY_REQUESTS: usize = 32;

/// One connection's.
#[derive(Default)]
pub struct Turns {
    allowance: AtomicU64,
    requests: AtomicUsize,
}

impl Turns {
    pub fn begin(&self) {
        let requests = self.requests.swap(0, Relaxed);
        self.allowance.store(if requests > MANY_REQUESTS { SHORT } else { LONG }, Relaxed);
    }

    /// Another request has been read.
    pub fn count(&self) {
        self.requests.fetch_add(1, Relaxed);
    }
}

/// Gives what there is room for in the turn, and the rest in the next one.
pub struct InTurns<R> {
    reader: Take<R>,
    turns: Arc<Turns>,
}

impl<R: AsyncRead> InTurns<R> {
    pub fn new(reader: R, turns: Arc<Turns>) -> Self {
        Self { reader: reader.take(0), turns }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for InTurns<R> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<Result<()>> {
        let allowance = self.turns.allowance.swap(0, Relaxed);
        if allowance > 0 {
            self.reader.set_limit(allowance);
        }
        if self.reader.limit() == 0 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Pin::new(&mut self.reader).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    /// How much is given in the turn, and whether there is more then.
    fn turn(reader: &mut InTurns<&[u8]>) -> usize {
        reader.turns.begin();
        let mut bytes = vec![0; 2 * LONG as usize];
        let mut buffer = ReadBuf::new(&mut bytes);
        while Pin::new(&mut *reader).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer).is_ready() {}
        buffer.filled().len()
    }

    #[test]
    fn after_many_requests_turns_are_short_and_then_long_again() {
        let (bytes, turns) = (vec![0; 10 * LONG as usize], Arc::new(Turns::default()));
        let mut reader = InTurns::new(&bytes[..], Arc::clone(&turns));
        assert_eq!(turn(&mut reader), LONG as usize);
        (0..=MANY_REQUESTS).for_each(|_| turns.count());
        assert_eq!(turn(&mut reader), SHORT as usize);
        (0..MANY_REQUESTS).for_each(|_| turns.count());
        assert_eq!(turn(&mut reader), LONG as usize);
    }
}
