//! A venue's feed and the streams that leave it, as one: whatever the feed tells reaches the streams before anything is asked
//! of them, and what it tracks is told as soon as it changes.

use crate::depth_sweep::DepthSweep;
use crate::error::RouteError;
use crate::lane::TakenBatch;
use crate::streams::OutgoingStreams;
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_venues::{Feed, Step, VenueError};
use std::sync::Arc;

/// Frames and times go to `feed` itself.
pub struct StreamedFeed {
    pub feed: Feed,
    streams: OutgoingStreams,
    /// On their way from the one to the other; empty between calls, kept for its room.
    passing: Vec<Quote>,
    depth: DepthSweep,
}

impl StreamedFeed {
    pub fn new(feed: Feed, streams: OutgoingStreams) -> Self {
        Self { feed, streams, passing: Vec::new(), depth: DepthSweep::default() }
    }

    /// See `Feed::track`.
    pub fn track(&mut self, instruments: &[Arc<Instrument>], now_ns: i64) -> Result<Vec<Step>, VenueError> {
        let steps = self.feed.track(instruments, now_ns)?;
        self.tell_roster(now_ns);
        Ok(steps)
    }

    /// See `Feed::untrack`.
    pub fn untrack(&mut self, symbols: &[String], now_ns: i64) -> Result<Vec<Step>, VenueError> {
        let steps = self.feed.untrack(symbols, now_ns)?;
        self.tell_roster(now_ns);
        Ok(steps)
    }

    /// See `Feed::on_hole`; every lane says so.
    pub fn on_hole(&mut self, now_ns: i64) -> Vec<Step> {
        let from_ns = self.feed.latest_ns();
        self.streams().break_off(from_ns, now_ns);
        self.feed.on_hole(now_ns)
    }

    /// The streams, with all that the feed has told.
    pub fn streams(&mut self) -> &mut OutgoingStreams {
        self.feed.move_quotes(&mut self.passing);
        for lost in self.passing.iter().filter(|quote| quote.state != BookState::Live) {
            self.depth.forget(lost.instrument);
        }
        self.streams.take_in(&mut self.passing, |slot| Arc::clone(self.feed.instrument(slot)));
        self.sweep();
        &mut self.streams
    }

    /// Tells the depth of the books whose turn it is. Their quotes have been taken in: what is LIVE here is so there.
    fn sweep(&mut self) {
        let (now_ns, books) = (self.feed.latest_ns(), self.feed.slots());
        let due = self.depth.due(books, now_ns);
        if due == 0 || !self.streams.takes_depth() {
            return;
        }
        for _ in 0..due {
            let Some(number) = self.depth.step(books) else { break };
            let Some(book) = self.feed.live_book(number) else { continue };
            if let Some(depth) = self.depth.look(number, book, now_ns) {
                self.streams.push_depth(number, depth);
            }
        }
    }

    /// The streams as they are, where what the feed has told since does not matter.
    pub fn streams_so_far(&self) -> &OutgoingStreams {
        &self.streams
    }

    /// The next batch of a shard.
    pub fn take_batch(&mut self, shard: &str, now_ns: i64) -> Result<TakenBatch, RouteError> {
        let now_ns = self.feed.advance(now_ns);
        self.streams().take_batch(shard, now_ns)
    }

    /// Tells a shard that has lost some what it has, and every quote of it that is in force, once more.
    pub fn requote(&mut self, shard: &str, now_ns: i64) -> Result<(), RouteError> {
        let now_ns = self.feed.advance(now_ns);
        self.streams().repeat_roster(shard, now_ns)?;
        self.feed.requote(now_ns, self.streams.members(shard)?);
        Ok(())
    }

    fn tell_roster(&mut self, now_ns: i64) {
        let now_ns = self.feed.advance(now_ns);
        let roster = self.feed.roster();
        self.streams().set_roster(&roster, now_ns);
    }
}
