//! The hub of quotes together with those who sleep until it has news.

use crossbook_engine::hub::{InstrumentFilter, QuoteHub, Subscription};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Shared by the streams that feed it and those that follow it.
#[derive(Default)]
pub struct Hub {
    pub quotes: Arc<QuoteHub>,
    followers: Mutex<Vec<Arc<Follower>>>,
    conflated_by_gone: AtomicU64,
}

/// One that follows.
pub struct Follower {
    pub subscription: Subscription,
    has_news: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Hub {
    /// Starts one; what is known already is news.
    pub fn follow(&self, filter: InstrumentFilter, with_depth: bool) -> Arc<Follower> {
        let subscription = self.quotes.subscribe_to(filter, with_depth);
        let follower = Arc::new(Follower { subscription, has_news: AtomicBool::new(true), waker: Mutex::default() });
        self.lock().push(Arc::clone(&follower));
        follower
    }

    /// It is gone.
    pub fn leave(&self, follower: &Arc<Follower>) {
        let mut followers = self.lock();
        self.conflated_by_gone.fetch_add(follower.subscription.conflated_quotes(), Ordering::Relaxed);
        followers.retain(|other| !Arc::ptr_eq(other, follower));
        follower.subscription.close();
    }

    /// Wakes all that sleep; cheap enough for every batch.
    pub fn notify(&self) {
        for follower in self.lock().iter() {
            follower.notify();
        }
    }

    /// How many follow now.
    pub fn followers(&self) -> usize {
        self.lock().len()
    }

    /// Quotes that newer ones replaced before their follower took them, over all that ever were.
    pub fn conflated_quotes(&self) -> u64 {
        let followers = self.lock(); // while it is held nobody leaves, whose quotes would count twice or not at all
        let now: u64 = followers.iter().map(|follower| follower.subscription.conflated_quotes()).sum();
        self.conflated_by_gone.load(Ordering::Relaxed) + now
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Follower>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Follower {
    /// Whether there is news since the last time; else the waker is woken by the next.
    pub fn take_news(&self, waker: &Waker) -> bool {
        *self.lock() = Some(waker.clone());
        self.has_news.swap(false, Ordering::AcqRel)
    }

    fn notify(&self) {
        if !self.has_news.swap(true, Ordering::AcqRel)
            && let Some(waker) = self.lock().take()
        {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{instrument, quote};
    use std::sync::atomic::AtomicUsize;
    use std::task::Wake;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_known_is_news_and_then_each_sleeper_is_woken_once() {
        let (hub, wakes) = (Hub::default(), Arc::new(Wakes::default()));
        let waker = Waker::from(Arc::clone(&wakes));
        let follower = hub.follow(InstrumentFilter::default(), false);
        assert!(follower.take_news(&waker));
        assert!(!follower.take_news(&waker));
        for _ in 0..3 {
            hub.notify();
        }
        assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
        assert!(follower.take_news(&waker));
        assert!(!follower.take_news(&waker));
    }

    #[test]
    fn what_a_follower_missed_counts_when_it_is_gone() {
        let hub = Hub::default();
        hub.quotes.introduce(&Arc::new(instrument("a", "X/Y")));
        let (one, other) =
            (hub.follow(InstrumentFilter::default(), false), hub.follow(InstrumentFilter::default(), false));
        hub.quotes.publish(&[quote(1), quote(2), quote(3)], 0);
        assert_eq!((hub.followers(), hub.conflated_quotes()), (2, 4));
        hub.leave(&one);
        assert_eq!((hub.followers(), hub.conflated_quotes()), (1, 4));
        hub.quotes.publish(&[quote(4)], 0);
        assert_eq!(hub.conflated_quotes(), 5);
        hub.leave(&other);
        hub.notify();
        assert_eq!((hub.followers(), hub.conflated_quotes()), (0, 5));
    }
}
