//! What a call's client is sent: messages that were written for it, then what its source gives whenever the client can take it,
//! then how it ends.

use crate::bells::Bell;
use bytes::Bytes;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio_stream::Stream;
use tonic::Status;

/// Gives messages when they are asked for, so that what is not asked for can be conflated.
pub trait Source: Send {
    /// The next message; none when there never will be one.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>>;
}

/// One call's, on the side of those who send.
pub struct Outlet {
    state: Mutex<State>,
    bell: Bell,
}

#[derive(Default)]
struct State {
    written: VecDeque<Bytes>,
    source: Option<Box<dyn Source>>,
    end: Option<Result<(), Status>>,
    is_gone: bool,
    waker: Option<Waker>,
}

impl Outlet {
    /// The bell rings when everything written has been taken, and when the client is gone.
    pub fn new(bell: Bell) -> Self {
        Self { state: Mutex::default(), bell }
    }

    pub fn bell(&self) -> u64 {
        self.bell.id()
    }

    /// One more message. Whoever writes many waits until those before are taken.
    pub fn write(&self, message: Bytes) {
        self.change(|state| state.written.push_back(message));
    }

    /// Messages that the client has not taken.
    pub fn waiting(&self) -> usize {
        self.lock().written.len()
    }

    /// Follows what was written, until the call ends.
    pub fn follow(&self, source: Box<dyn Source>) {
        self.change(|state| state.source = Some(source));
    }

    /// Ends the call after what was written, at once otherwise; the first end counts.
    pub fn end(&self, end: Result<(), Status>) {
        self.change(|state| {
            state.end.get_or_insert(end);
        });
    }

    /// Whether nobody takes anything any more.
    pub fn is_gone(&self) -> bool {
        self.lock().is_gone
    }

    pub(super) fn leave(&self) {
        let mut state = self.lock();
        (state.is_gone, state.source) = (true, None);
        state.written.clear();
        drop(state);
        self.bell.ring();
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if !state.is_gone {
            change(&mut state);
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Status>>> {
        let mut state = self.lock();
        if let Some(message) = state.written.pop_front() {
            if state.written.is_empty() {
                self.bell.ring();
            }
            return Poll::Ready(Some(Ok(message)));
        }
        match state.end.take() {
            Some(Ok(())) => return Poll::Ready(None),
            Some(Err(status)) => return Poll::Ready(Some(Err(status))),
            None => {}
        }
        state.waker = Some(context.waker().clone());
        match state.source.as_mut().map(|source| source.poll_next(context)) {
            Some(Poll::Ready(message)) => Poll::Ready(message.map(Ok)),
            Some(Poll::Pending) | None => Poll::Pending,
        }
    }
}

/// The same on the side of the connection, which pulls; dropped when the call is over, whoever ended it.
pub struct Answers(pub Arc<Outlet>);

impl Stream for Answers {
    type Item = Result<Bytes, Status>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll(context)
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.0.leave();
    }
}
