//! The time, and waking up at it.

use std::fs;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds since the epoch, as the services stamp them.
pub fn now_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_nanos() as u64)
}

/// Sleeps until then, or not at all.
pub fn sleep_until(due_ns: u64) {
    if let Some(left) = due_ns.checked_sub(now_ns()).filter(|&left| left > 0) {
        thread::sleep(Duration::from_nanos(left));
    }
}

/// Of this thread and those it starts: Linux lets a sleep end 50 us late by default. Elsewhere it stays as it is, and
/// what is late by it counts in every age.
pub fn wake_punctually() {
    let _ = fs::write("/proc/self/timerslack_ns", "1");
}
