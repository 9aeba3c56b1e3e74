//! Arbitrage's two kinds of streams: a shard's quotes into the live scan, and the scan's events to those who watch.

use crate::bells::Bell;
use crate::client::Taker;
use crate::clock::Wall;
use crate::server::Source;
use bytes::Bytes;
use crossbook_engine::live::{SharedScan, Watching, lock};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Feeds the scan with one shard's batches.
pub struct ShardQuotes {
    pub scan: SharedScan,
    /// The shard's number at the scan.
    pub source: u16,
    pub wall: Wall,
}

impl Taker for ShardQuotes {
    fn take(&mut self, batch: Bytes) -> Result<(), String> {
        let mut scan = lock(&self.scan);
        scan.on_batch(&batch, self.wall.now_ns(), self.source).map_err(|error| error.to_string())?;
        scan.on_published(self.wall.now_ns());
        Ok(())
    }

    fn lost(&mut self) {
        lock(&self.scan).on_disconnected(self.wall.now_ns(), self.source);
    }
}

/// What one watcher is told, whenever its connection can take it.
pub struct Events(pub Arc<Watching>);

impl Source for Events {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_next(context.waker()).map(|message| message.map(Bytes::from))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.0.close();
    }
}

struct Ringing(Bell);

impl Wake for Ringing {
    fn wake(self: Arc<Self>) {
        self.0.ring();
    }
}

/// Rings whenever it is woken.
pub fn waker_of(bell: Bell) -> Waker {
    Waker::from(Arc::new(Ringing(bell)))
}
