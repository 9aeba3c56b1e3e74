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

impl State {
    fn forget(&mut self) {
        (self.is_gone, self.source) = (true, None);
        self.written.clear();
    }
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
        self.change(State::forget);
        self.bell.ring();
    }

    /// As if the client had left, but that it is told this.
    pub(super) fn expire(&self, status: Status) {
        self.change(|state| {
            state.forget();
            state.end = Some(Err(status));
        });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bells::Bells;

    type Next = Poll<Option<Result<Bytes, i32>>>;

    struct Given(VecDeque<Bytes>);

    impl Source for Given {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
            self.0.pop_front().map_or(Poll::Pending, |message| Poll::Ready(Some(message)))
        }
    }

    fn outlet() -> (Arc<Bells>, Arc<Outlet>) {
        let bells = Bells::new().unwrap();
        let outlet = Arc::new(Outlet::new(bells.bell()));
        (bells, outlet)
    }

    fn next(outlet: &Outlet) -> Next {
        let polled = outlet.poll(&mut Context::from_waker(Waker::noop()));
        polled.map(|next| next.map(|message| message.map_err(|status| status.code() as i32)))
    }

    fn message(text: &'static str) -> Next {
        Poll::Ready(Some(Ok(Bytes::from_static(text.as_bytes()))))
    }

    #[test]
    fn what_was_written_comes_before_the_source_and_the_end_before_what_the_source_has_left() {
        let (_bells, outlet) = outlet();
        outlet.follow(Box::new(Given(["a", "b"].map(Bytes::from).into())));
        outlet.write("one".into());
        outlet.write("two".into());
        assert_eq!([next(&outlet), next(&outlet), next(&outlet)], [message("one"), message("two"), message("a")]);
        outlet.write("three".into());
        outlet.end(Err(Status::aborted("")));
        outlet.end(Ok(())); // the first counts
        assert_eq!(next(&outlet), message("three"));
        assert_eq!(next(&outlet), Poll::Ready(Some(Err(10))));
    }

    #[test]
    fn the_bell_rings_when_all_is_taken_and_when_the_client_goes() {
        let (bells, outlet) = outlet();
        outlet.write("one".into());
        outlet.write("two".into());
        let _ = next(&outlet);
        assert_eq!((bells.take(), outlet.waiting()), (vec![], 1));
        let _ = next(&outlet);
        assert_eq!((bells.take(), outlet.waiting()), (vec![outlet.bell()], 0));
        drop(Answers(Arc::clone(&outlet)));
        assert_eq!((bells.take(), outlet.is_gone()), (vec![outlet.bell()], true));
    }

    #[test]
    fn nothing_is_kept_for_a_client_that_is_gone() {
        struct Counted {
            _held: Arc<()>,
        }
        impl Source for Counted {
            fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Bytes>> {
                Poll::Pending
            }
        }
        let (_bells, outlet) = outlet();
        let alive = Arc::new(());
        outlet.follow(Box::new(Counted { _held: Arc::clone(&alive) }));
        outlet.write("before".into());
        drop(Answers(Arc::clone(&outlet)));
        outlet.follow(Box::new(Counted { _held: Arc::clone(&alive) }));
        outlet.write("after".into());
        assert_eq!((Arc::strong_count(&alive), outlet.waiting()), (1, 0));
    }

    #[test]
    fn who_has_no_more_time_is_told_so_before_anything_that_waits() {
        let (bells, outlet) = outlet();
        outlet.write("one".into());
        outlet.expire(Status::deadline_exceeded(""));
        outlet.end(Ok(()));
        outlet.write("two".into());
        assert_eq!((bells.take(), outlet.is_gone(), outlet.waiting()), (vec![outlet.bell()], true, 0));
        assert_eq!(next(&outlet), Poll::Ready(Some(Err(4))));
    }

    #[test]
    fn whoever_waits_is_woken_by_whatever_is_new() {
        struct Woken(std::sync::atomic::AtomicBool);
        impl std::task::Wake for Woken {
            fn wake(self: Arc<Self>) {
                self.0.store(true, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let changes: [fn(&Outlet); 4] = [
            |outlet| outlet.write("news".into()),
            |outlet| outlet.follow(Box::new(Given(VecDeque::new()))),
            |outlet| outlet.end(Ok(())),
            |outlet| outlet.expire(Status::deadline_exceeded("")),
        ];
        for change in changes {
            let (_bells, outlet) = outlet();
            let woken = Arc::new(Woken(false.into()));
            let waker = Waker::from(Arc::clone(&woken));
            assert!(outlet.poll(&mut Context::from_waker(&waker)).is_pending());
            change(&outlet);
            assert!(woken.0.load(std::sync::atomic::Ordering::Relaxed));
        }
    }
}
