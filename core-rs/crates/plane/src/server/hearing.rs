//! What a call says, weighed as it comes: words that are not finished yet wait in memory, of many calls at a time.

use super::call::Call;
use super::places::Places;
use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};

/// Is told of every part.
#[derive(Clone, Default)]
pub struct Listener(Arc<OnceLock<(Weak<Call>, Arc<Places>)>>);

impl Listener {
    /// From now on, for this call.
    pub fn begin(&self, call: &Arc<Call>, places: &Arc<Places>) {
        let _ = self.0.set((Arc::downgrade(call), Arc::clone(places)));
    }

    fn hear(&self, bytes: usize) {
        if let Some((call, places)) = self.0.get()
            && let Some(call) = call.upgrade()
        {
            places.weigh(&call, bytes);
        }
    }
}

/// A request's body.
pub struct Hearing {
    body: Incoming,
    listener: Listener,
}

impl Hearing {
    pub fn new(body: Incoming, listener: Listener) -> Self {
        Self { body, listener }
    }
}

impl Body for Hearing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(Some(data))) = frame.as_ref().map(|frame| frame.as_ref().map(Frame::data_ref)) {
            self.listener.hear(data.len());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
