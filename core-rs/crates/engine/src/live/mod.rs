//! The live scan: the scanner with all that listens to it, one thing behind one lock, usable from any thread.
//!
//! ```text
//! batches, time, losses, decisions --> scanner --> event log --> watchers (bytes, at their own pace)
//!            \                                        |-------> what is not in Postgres yet
//!             `-> records                             |-------> openings and closings, for log lines
//!                                                     `-------> latencies
//! ```
//!
//! It knows no socket, clock or runtime: it is told the time, and it says that there is news by `std::task::Waker`s, which
//! any runtime, or anything else that can be woken, has. A waker is woken once for however much comes, by whichever thread
//! caused it, and is armed again by whoever finds nothing more:
//!
//! - A watcher calls `Watching::poll_next` with its own waker. What waits is given out; when nothing does, the waker is
//!   kept and woken by the next event that the watcher wants. So one task of tokio per watcher sleeps until there is work
//!   for it: `poll_fn(|context| watching.poll_next(context.waker()))`.
//! - The process arms one for itself by `LiveScan::await_news` and is woken when there are events to write to Postgres,
//!   log lines to write or records to keep. It then takes all of them and arms it again.
//!
//! A waker is called while the lock is held: it may do what wakers do (put a task into a queue, write to an eventfd), but
//! not call the live scan. `token` and `event_log` say where an event is, `watchers` who is told, `beginning` what a call is
//! told first, `unwritten` and `records` what waits for Postgres and for the recorder, `scan` feeds them all, and `readings`
//! is what can be asked and taken.

mod beginning;
mod bounded;
mod event;
mod event_log;
mod readings;
mod records;
mod scan;
#[cfg(test)]
pub(crate) mod testing;
mod token;
mod unwritten;
mod watcher;
mod watchers;
mod watching;

pub use event::LoggedEvent;
pub use event_log::OVERLAP_NS;
pub use records::{Record, RecordKind};
pub use scan::{Limits, LiveScan};
pub use token::{Token, TokenError};
pub use watching::{AfterLog, SharedScan, Watching, lock, subscribe, subscribe_after_log};

/// Events that memory keeps.
pub const CAPACITY: usize = 10_000;
/// Events that wait for one watcher.
pub const QUEUE_LIMIT: usize = 1_000;
/// Events that wait for Postgres.
pub const UNWRITTEN_LIMIT: usize = 100_000;
