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
    pub fn follow(&self, filter: InstrumentFilter) -> Arc<Follower> {
        let subscription = self.quotes.subscribe(filter);
        let follower = Arc::new(Follower { subscription, has_news: AtomicBool::new(true), waker: Mutex::default() });
        self.lock().push(Arc::clone(&follower));
        follower
    }

    /// It is gone.
    pub fn leave(&self, follower: &Arc<Follower>) {
        self.conflated_by_gone.fetch_add(follower.subscription.conflated_quotes(), Ordering::Relaxed);
        self.lock().retain(|other| !Arc::ptr_eq(other, follower));
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
        let followers = self.lock().clone();
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
