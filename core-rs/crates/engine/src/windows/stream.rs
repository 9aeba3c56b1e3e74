//! Where the present stream stands: what has been received, and what is missing.

use super::closed::Position;
use super::error::IngestError;
use crossbook_wire::{Batch, Hello};
use std::sync::Arc;

/// Progress of the stream that is open, or was last.
#[derive(Default)]
pub struct Stream {
    id: Arc<str>,
    received: u64,
    /// No later row of this stream may be received before it.
    promised_ns: i64,
    /// The batch after `received` did not decode: asking for it again would bring it again.
    is_next_broken: bool,
    /// Restored from what was committed, and no hello since.
    is_restored: bool,
    is_open: bool,
    /// The last hello left out batches of this stream, or one of them did not decode.
    is_gapped: bool,
    /// Batches before it were history when the stream was opened last.
    news_from: u64,
    /// While quotes are missing and none has come since: how far it was whole.
    whole_until: Option<Position>,
}

impl Stream {
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn received(&self) -> u64 {
        self.received
    }

    pub fn is_fresh(&self) -> bool {
        !self.is_open && !self.is_restored
    }

    pub fn is_same(&self, stream_id: &str) -> bool {
        (self.is_open || self.is_restored) && *self.id == *stream_id
    }

    /// Whether quotes are missing and none has come since.
    pub fn is_missing_quotes(&self) -> bool {
        self.whole_until.is_some()
    }

    /// Whether the last hello left a hole in this very stream.
    pub fn is_gapped(&self) -> bool {
        self.is_gapped
    }

    /// Whether what comes next was sent before the stream was opened last: old news.
    pub fn is_catching_up(&self) -> bool {
        self.received + 1 < self.news_from
    }

    pub fn restore(&mut self, position: Position) {
        (self.id, self.received) = (position.stream_id, position.sequence);
        self.is_restored = true;
    }

    /// Takes a hello; afterwards `received() + 1` is where to resume. Whether quotes between the last ones and the next ones
    /// are lost: another stream has not heard what came between the old one's last word and its own first.
    pub fn open(&mut self, hello: &Hello) -> bool {
        let before = Position { stream_id: Arc::clone(&self.id), sequence: self.received };
        let is_same = self.is_same(&hello.stream_id);
        let is_replaced = !self.is_fresh() && !is_same;
        let resume = if is_same { self.received + 1 + u64::from(self.is_next_broken) } else { 1 };
        self.is_gapped = hello.oldest_sequence > resume || (is_same && self.is_next_broken);
        self.news_from = hello.next_sequence;
        let is_lost = is_replaced || self.is_gapped;
        if !is_same {
            (self.id, self.promised_ns) = (Arc::from(hello.stream_id.as_str()), 0);
        }
        self.received = resume.max(hello.oldest_sequence) - 1;
        (self.is_next_broken, self.is_restored, self.is_open) = (false, false, true);
        if is_lost {
            self.whole_until.get_or_insert(before);
        }
        is_lost
    }

    /// Whether the batch is the next one (true) or came before (false).
    pub fn expects(&self, batch: &Batch) -> Result<bool, IngestError> {
        if !self.is_open || *self.id != *batch.stream_id {
            let (expected, found) = (self.id.to_string(), batch.stream_id.to_owned());
            return Err(IngestError::OtherStream { expected, found });
        }
        let (expected, found) = (self.received + 1, batch.sequence);
        if found > expected { Err(IngestError::MissingBatch { expected, found }) } else { Ok(found == expected) }
    }

    /// Refuses what happened at a time that the stream said was over. Carried rows happen when they take force.
    pub fn check_promise(&self, batch: &Batch) -> Result<(), IngestError> {
        let row_ns = batch.columns.time_range_ns().map(|(first, _)| first).filter(|_| !batch.is_carried);
        let hand_over_ns = batch.is_hand_over().then_some(batch.watermark_ns);
        let unheard_ns = Some(batch.unheard_from_ns).filter(|&from_ns| from_ns > 0);
        match row_ns.into_iter().chain(hand_over_ns).chain(unheard_ns).find(|&time_ns| time_ns < self.promised_ns) {
            Some(receive_ns) => Err(IngestError::BeforeWatermark { receive_ns, promised_ns: self.promised_ns }),
            None => Ok(()),
        }
    }

    /// The batch has been applied.
    pub fn advance(&mut self, batch: &Batch) {
        self.received = batch.sequence;
        self.is_next_broken = false;
        let last_row_ns = batch.columns.time_range_ns().map_or(0, |(_, last)| last);
        self.promised_ns = self.promised_ns.max(batch.watermark_ns).max(last_row_ns);
    }

    pub fn next_is_broken(&mut self) {
        self.is_next_broken = self.is_open;
    }

    /// Quotes are missing from before batch `sequence` on.
    pub fn lose_from(&mut self, sequence: u64) {
        let before = Position { stream_id: Arc::clone(&self.id), sequence: sequence - 1 };
        self.whole_until.get_or_insert(before);
    }

    /// A quote has come.
    pub fn quotes_are_back(&mut self) {
        self.whole_until = None;
    }

    /// Position of a window that is over before batch `next`. While quotes are missing it stays where nothing was:
    /// whoever restarts from it finds the same hole.
    pub fn position_before(&self, next: u64) -> Position {
        let here = || Position { stream_id: Arc::clone(&self.id), sequence: next - 1 };
        self.whole_until.clone().unwrap_or_else(here)
    }
}
