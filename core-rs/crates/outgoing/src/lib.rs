//! A venue's quotes on their way out: which shard has which instrument, one stream for each shard, and the hand-over when the
//! list of shards changes.
//!
//! What holds:
//! 1. An instrument belongs to the shard that weighs most for it (rendezvous hash): every tracker and every restart finds the
//!    same one, and a shard that comes or goes moves only its own instruments.
//! 2. A new list comes into force at a full minute, a boundary of every window and of every roll-up: a quote received before
//!    it goes by the old list, later ones by the new.
//! 3. At that moment the old lane says which instruments have left it, and the new one which quotes of theirs are in force. Both
//!    say it with that moment as the watermark, and no lane's watermark passes it before.
//! 4. A lane says what it has as soon as that changes, and again at a hand-over and to a reader that has lost some: only so does
//!    its aggregator know that an instrument is gone and not merely silent.
//! 5. A lane's sequence and symbol numbers go on for as long as the feed lives, also when the lane was dropped in between: its
//!    aggregator knows where the stream stands.
//!
//! Beside the quotes goes depth, conflated and outside of the sequence: `depth_sweep` says which book is told when, `depth_outlet`
//! holds what waits for a connection.
//!
//! On its way out a batch passes `batcher`, which says when it is taken, with `pace` and `latency`; `journal`, which writes it
//! down before it can be sent; `outbox`, until it is acknowledged; and `uplink`, which sends it on whatever connection there is.

mod batcher;
mod depth_outlet;
mod depth_sweep;
mod error;
mod journal;
mod lane;
mod latency;
mod outbox;
mod pace;
mod rendezvous;
mod stats;
mod streamed_feed;
mod streams;
mod uplink;

pub use batcher::Batcher;
pub use error::RouteError;
pub use journal::{Journal, JournaledOutbox};
pub use lane::TakenBatch;
pub use latency::{FrameLatency, p50_us};
pub use outbox::Outbox;
pub use pace::{Hold, Pace};
pub use stats::encode_stats;
pub use streamed_feed::StreamedFeed;
pub use streams::OutgoingStreams;
pub use uplink::{Resumed, Uplink, UplinkError};

#[cfg(test)]
mod tests;
