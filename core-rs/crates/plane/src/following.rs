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
    /// The same with depth.
    DeepBatches,
    /// WatchQuotesResponses.
    Rows,
}

/// A source that never ends.
pub struct Following {
    hub: Arc<Hub>,
    follower: Arc<Follower>,
    form: Form,
    waiting: VecDeque<Bytes>,
    is_behind: bool,
    interval: Duration,
    hold: Option<Pin<Box<Sleep>>>,
}

impl Following {
    /// Everything known that matches, then what is news, at least `interval` after what was sent before. To be polled within
    /// the runtime.
    pub fn new(hub: Arc<Hub>, filter: InstrumentFilter, form: Form, interval: Duration) -> Self {
        let follower = hub.follow(filter, form == Form::DeepBatches);
        Self { hub, follower, form, waiting: VecDeque::new(), is_behind: false, interval, hold: None }
    }

    fn take(&mut self) -> Option<Bytes> {
        let subscription = &self.follower.subscription;
        if self.form != Form::Rows {
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

    /// What is taken together may be several messages, with no hold between them.
    fn has_more(&self) -> bool {
        !self.waiting.is_empty() || self.follower.subscription.pending_rows() > 0
    }
}

impl Source for Following {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(hold) = &mut self.hold {
                ready!(hold.as_mut().poll(context));
                self.hold = None;
            }
            if !self.is_behind && !self.follower.take_news(context.waker()) {
                return Poll::Pending;
            }
            let message = self.take();
            self.is_behind = message.is_some() && self.has_more();
            if let Some(message) = message {
                if !self.is_behind && !self.interval.is_zero() {
                    self.hold = Some(Box::pin(tokio::time::sleep(self.interval)));
                }
                return Poll::Ready(Some(message));
            }
        }
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.hub.leave(&self.follower);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{instrument, quote};
    use crossbook_market::Quote;
    use crossbook_wire::decode_subscription_response;
    use std::task::Waker;

    /// Longer than any test.
    const LONG: Duration = Duration::from_secs(3_600);

    fn hub() -> Arc<Hub> {
        let hub = Arc::new(Hub::default());
        hub.quotes.introduce(&Arc::new(instrument("a", "X/Y")));
        hub
    }

    fn publish(hub: &Hub, receive_ns: i64) {
        hub.quotes.publish(&[quote(receive_ns)], 0);
        hub.notify();
    }

    fn follow(hub: &Arc<Hub>, form: Form, interval: Duration) -> Following {
        Following::new(Arc::clone(hub), InstrumentFilter::default(), form, interval)
    }

    fn next(following: &mut Following) -> Option<Bytes> {
        match following.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(message) => Some(message.expect("it never ends")),
            Poll::Pending => None,
        }
    }

    fn rows(message: Option<Bytes>) -> Vec<Quote> {
        decode_subscription_response(&message.unwrap()).unwrap().batch.columns.rows().collect()
    }

    #[tokio::test]
    async fn what_is_known_comes_first_and_then_each_news() {
        let hub = hub();
        publish(&hub, 1);
        let mut following = follow(&hub, Form::Batches, Duration::ZERO);
        for receive_ns in 1..4 {
            assert_eq!(rows(next(&mut following)), [quote(receive_ns)]);
            assert_eq!(next(&mut following), None);
            publish(&hub, receive_ns + 1);
        }
    }

    #[tokio::test]
    async fn what_is_not_pulled_conflates() {
        let hub = hub();
        let mut following = follow(&hub, Form::Batches, Duration::ZERO);
        (1..=100).for_each(|receive_ns| publish(&hub, receive_ns));
        assert_eq!(rows(next(&mut following)), [quote(100)]);
        assert_eq!((next(&mut following), hub.conflated_quotes()), (None, 99));
    }

    #[tokio::test]
    async fn after_a_message_there_is_none_before_its_time_however_often_one_asks() {
        for form in [Form::Batches, Form::Rows] {
            let hub = hub();
            publish(&hub, 1);
            let mut following = follow(&hub, form, LONG);
            assert!(next(&mut following).is_some());
            assert_eq!(next(&mut following), None);
            publish(&hub, 2);
            publish(&hub, 3);
            assert_eq!((next(&mut following), next(&mut following)), (None, None));
            assert_eq!(hub.conflated_quotes(), 1);
        }
    }

    #[tokio::test]
    async fn the_hold_begins_with_a_message_and_not_with_news_that_was_none_of_ours() {
        let hub = hub();
        let mut following = follow(&hub, Form::Batches, LONG);
        assert_eq!(next(&mut following), None);
        hub.notify();
        assert_eq!(next(&mut following), None);
        publish(&hub, 1);
        assert_eq!(rows(next(&mut following)), [quote(1)]);
    }

    #[tokio::test]
    async fn when_the_hold_is_over_the_newest_comes_by_itself() {
        let hub = hub();
        publish(&hub, 1);
        let mut following = follow(&hub, Form::Batches, Duration::from_millis(1));
        assert_eq!(rows(next(&mut following)), [quote(1)]);
        publish(&hub, 2);
        publish(&hub, 3);
        let message = std::future::poll_fn(|context| following.poll_next(context)).await;
        assert_eq!(rows(message), [quote(3)]);
    }

    #[tokio::test]
    async fn rows_that_are_taken_together_are_not_held_apart() {
        let hub = Arc::new(Hub::default());
        let quotes: Vec<_> = (0..1_000).map(|number| Quote { instrument: number, ..quote(1) }).collect();
        for number in &quotes {
            hub.quotes.introduce(&Arc::new(instrument("a", &format!("X{}/Y", number.instrument))));
        }
        hub.quotes.publish(&quotes, 0);
        let mut following = follow(&hub, Form::Rows, LONG);
        assert!((0..1_000).all(|_| next(&mut following).is_some()));
        assert_eq!(next(&mut following), None);
    }

    #[tokio::test]
    async fn who_leaves_follows_no_more() {
        let hub = hub();
        drop(follow(&hub, Form::Batches, LONG));
        assert_eq!(hub.followers(), 0);
    }
}
