//! How the plane's thread wakes Python's event loop: a byte in a socket pair, and a list of what has news.
//!
//! A bell that has been rung stays so until it is taken, however often it is rung: what Python finds then is the newest state. So
//! a thousand changes between two turns of its loop are one wake-up, and nothing waits for the GIL.

use std::io::{ErrorKind, Read, Result, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All bells of one event loop.
pub struct Bells {
    ours: UnixStream,
    theirs: UnixStream,
    rung: Mutex<Vec<Arc<Striker>>>,
    last_id: AtomicU64,
}

struct Striker {
    id: u64,
    is_rung: AtomicBool,
}

impl Bells {
    /// Fails when the system has no more descriptors.
    pub fn new() -> Result<Arc<Self>> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        theirs.set_nonblocking(true)?;
        Ok(Arc::new(Self { ours, theirs, rung: Mutex::default(), last_id: AtomicU64::new(0) }))
    }

    /// Readable while there is something to take.
    pub fn fileno(&self) -> RawFd {
        self.theirs.as_raw_fd()
    }

    /// A bell of its own number.
    pub fn bell(self: &Arc<Self>) -> Bell {
        let id = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        Bell { bells: Arc::clone(self), striker: Arc::new(Striker { id, is_rung: AtomicBool::new(false) }) }
    }

    /// Numbers of those that were rung since the last time.
    pub fn take(&self) -> Vec<u64> {
        let mut bytes = [0; 64];
        while matches!((&self.theirs).read(&mut bytes), Ok(count) if count == bytes.len()) {}
        let rung = std::mem::take(&mut *self.lock());
        let number = |striker: Arc<Striker>| {
            striker.is_rung.store(false, Ordering::Release);
            striker.id
        };
        rung.into_iter().map(number).collect()
    }

    fn put(&self, striker: &Arc<Striker>) {
        let mut rung = self.lock();
        rung.push(Arc::clone(striker));
        if rung.len() > 1 {
            return; // whoever put the first one has woken the loop
        }
        drop(rung);
        match (&self.ours).write(&[0]) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => panic!("nobody hears the bells: {error}"),
            _ => {} // a full socket wakes as well
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Striker>>> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that something has news.
pub struct Bell {
    bells: Arc<Bells>,
    striker: Arc<Striker>,
}

impl Bell {
    /// As [`Bells::take`] names it.
    pub fn id(&self) -> u64 {
        self.striker.id
    }

    /// Never waits.
    pub fn ring(&self) {
        if !self.striker.is_rung.swap(true, Ordering::AcqRel) {
            self.bells.put(&self.striker);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_that_rings_often_is_taken_once_and_can_ring_again() {
        let bells = Bells::new().unwrap();
        let (one, other) = (bells.bell(), bells.bell());
        for _ in 0..1_000 {
            one.ring();
        }
        other.ring();
        assert_eq!(bells.take(), [one.id(), other.id()]);
        assert!(bells.take().is_empty());
        one.ring();
        assert_eq!(bells.take(), [one.id()]);
    }

    #[test]
    fn many_bells_write_one_byte_until_they_are_taken() {
        let bells = Bells::new().unwrap();
        let many: Vec<_> = (0..1_000).map(|_| bells.bell()).collect();
        many.iter().for_each(Bell::ring);
        assert_eq!((&bells.theirs).read(&mut [0; 8]).unwrap(), 1);
        assert_eq!(bells.take().len(), 1_000);
    }
}
