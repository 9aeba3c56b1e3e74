//! A venue's windows as the stream that feeds them and the writer that empties them share them.

use crossbook_engine::windows::{ClosedWindow, VenueWindows};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Behind one lock, held for a batch at most.
pub struct Windows {
    inner: Mutex<VenueWindows>,
    taken: Notify,
}

impl Windows {
    pub fn new(inner: VenueWindows) -> Self {
        Self { inner: Mutex::new(inner), taken: Notify::new() }
    }

    /// Refused messages change nothing, so that there is nothing half done to hide behind a poisoned lock.
    pub fn lock(&self) -> MutexGuard<'_, VenueWindows> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The oldest closed window, for the writer.
    pub fn take_closed(&self) -> Option<ClosedWindow> {
        let closed = self.lock().take_closed();
        self.taken.notify_one();
        closed
    }

    /// Until fewer than `limit` closed windows wait for the writer.
    pub(crate) async fn room(&self, limit: usize) {
        while self.lock().waiting() >= limit {
            self.taken.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{SECOND, START, batch, windows};
    use std::sync::Arc;

    #[tokio::test]
    async fn there_is_room_once_the_writer_has_taken_enough() {
        let windows = Arc::new(windows());
        assert_eq!(windows.lock().on_batch(&batch(1, START)).unwrap(), 0);
        assert_eq!(windows.lock().on_batch(&batch(2, START + 45 * SECOND)).unwrap(), 3);
        let waiting = tokio::spawn({
            let windows = Arc::clone(&windows);
            async move { windows.room(2).await }
        });
        tokio::task::yield_now().await;
        assert!(windows.take_closed().is_some());
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        assert!(windows.take_closed().is_some());
        waiting.await.unwrap();
        windows.room(2).await;
    }
}
