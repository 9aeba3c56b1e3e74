//! Quotes for one client, pulled when its connection can take them: what is not pulled conflates.

use crate::hub::{Follower, Hub};
use crate::server::Source;
use bytes::Bytes;
use crossbook_engine::hub::InstrumentFilter;
use crossbook_wire::encode_quote_response;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

const ROWS_AT_A_TIME: usize = 256;

/// In which form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// SubscribeQuoteBatchesResponses.
    Batches,
    /// WatchQuotesResponses.
    Rows,
}

/// A source that never ends.
pub struct Following {
    hub: Arc<Hub>,
    follower: Arc<Follower>,
    form: Form,
    waiting: VecDeque<Bytes>,
    interval: Duration,
    hold: Option<Pin<Box<Sleep>>>,
}

impl Following {
    /// Everything known that matches, then what is news, at least `interval` after what was news before. To be called within
    /// the runtime.
    pub fn new(hub: Arc<Hub>, filter: InstrumentFilter, form: Form, interval: Duration) -> Self {
        let follower = hub.follow(filter);
        Self { hub, follower, form, waiting: VecDeque::new(), interval, hold: None }
    }

    fn take(&mut self) -> Option<Bytes> {
        let subscription = &self.follower.subscription;
        if self.form == Form::Batches {
            return subscription.take_batch().map(Bytes::from);
        }
        if self.waiting.is_empty() {
            let conflated = subscription.conflated_quotes();
            let rows = subscription.take_rows(ROWS_AT_A_TIME);
            for (instrument, quote) in &rows {
                self.waiting.push_back(encode_quote_response(instrument, quote, conflated).into());
            }
        }
        self.waiting.pop_front()
    }
}

impl Source for Following {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(message) = self.take() {
                return Poll::Ready(Some(message));
            }
            if let Some(hold) = &mut self.hold {
                ready!(hold.as_mut().poll(context));
                self.hold = None;
            }
            if !self.follower.take_news(context.waker()) {
                return Poll::Pending;
            }
            if !self.interval.is_zero() {
                self.hold = Some(Box::pin(tokio::time::sleep(self.interval)));
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.hub.leave(&self.follower);
    }
}
