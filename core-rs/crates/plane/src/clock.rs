//! The wall clock, which quotes and windows bear.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// One process's: the system's, as tests have set it for all who hold it.
#[derive(Clone, Default)]
pub struct Wall {
    ahead_ns: Arc<AtomicI64>,
}

impl Wall {
    /// Nanoseconds since the epoch.
    pub fn now_ns(&self) -> i64 {
        let system_ns = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos() as i64);
        system_ns + self.ahead_ns.load(Ordering::Relaxed)
    }

    /// As if somebody had set the system's.
    pub fn turn(&self, by_ns: i64) {
        self.ahead_ns.fetch_add(by_ns, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_holds_it_sees_it_turned() {
        let wall = Wall::default();
        let other = wall.clone();
        let before_ns = other.now_ns();
        wall.turn(-3_600_000_000_000);
        assert!(other.now_ns() < before_ns - 3_000_000_000_000);
    }
}
