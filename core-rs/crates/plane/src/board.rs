//! The board of quotes with the wall clock, its readers as handles, and what feeds it: each shard's stream.

use crate::client::Taker;
use crate::clock::Wall;
use bytes::Bytes;
use crossbook_engine::board::{Frames, QuoteBoard, ReaderId, Selection};
use std::sync::Arc;

/// Shared by the streams that feed it and those who read it.
pub struct Board {
    pub quotes: QuoteBoard,
    wall: Wall,
}

impl Board {
    /// Its frames' stream is named after this moment.
    pub fn new(wall: Wall) -> Arc<Self> {
        Arc::new(Self { quotes: QuoteBoard::new(format!("board-{:x}", wall.now_ns())), wall })
    }

    /// A reader that knows nothing yet.
    pub fn reader(self: &Arc<Self>, selection: Selection) -> BoardReader {
        BoardReader { board: Arc::clone(self), id: self.quotes.join(selection) }
    }

    /// What is new to each of its readers, all at this moment.
    pub fn deltas(&self, readers: &[ReaderId]) -> Frames {
        self.quotes.deltas(readers, self.wall.now_ns())
    }

    /// Takes a SubscribeQuoteBatchesResponse of one shard's stream; why it is none, if it is not.
    pub fn on_batch(&self, batch: &[u8], source: u16) -> Result<(), String> {
        self.quotes.on_batch(batch, self.wall.now_ns(), source).map_err(|error| error.to_string())
    }

    /// The shard's stream is gone.
    pub fn on_disconnected(&self, source: u16) {
        self.quotes.on_disconnected(self.wall.now_ns(), source);
    }
}

/// One reader; it ends when it is closed or dropped.
pub struct BoardReader {
    board: Arc<Board>,
    id: ReaderId,
}

impl BoardReader {
    /// As [`Board::deltas`] takes it, if it is that board's.
    pub fn id_at(&self, board: &Arc<Board>) -> Option<ReaderId> {
        Arc::ptr_eq(&self.board, board).then_some(self.id)
    }

    /// Everything that it wants, from now on the beginning of what it knows.
    pub fn snapshot(&self) -> Vec<u8> {
        self.board.quotes.snapshot(self.id, self.board.wall.now_ns())
    }

    /// What is new to it.
    pub fn delta(&self) -> Option<Vec<u8>> {
        self.board.deltas(&[self.id]).frames.pop()
    }

    /// Instruments whose news it has not been told.
    pub fn lag(&self) -> usize {
        self.board.quotes.lag(self.id, self.board.wall.now_ns())
    }

    /// Nothing is new to it any more.
    pub fn close(&self) {
        self.board.quotes.leave(self.id);
    }
}

impl Drop for BoardReader {
    fn drop(&mut self) {
        self.close();
    }
}

/// Feeds the board with one shard's batches.
pub struct ShardBoard {
    pub board: Arc<Board>,
    /// The shard's number at the board.
    pub source: u16,
}

impl Taker for ShardBoard {
    fn take(&mut self, batch: Bytes) -> Result<(), String> {
        self.board.on_batch(&batch, self.source)
    }

    fn lost(&mut self) {
        self.board.on_disconnected(self.source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{instrument, quote};
    use crossbook_engine::hub::InstrumentFilter;
    use crossbook_market::{BookState, Quote};
    use crossbook_wire::{decode_subscription_response, encode_subscription_response};

    fn batch(receive_ns: i64) -> Bytes {
        let known = instrument("a", "X/Y");
        encode_subscription_response("s", 1, 0, &[(0, &known)], &[quote(receive_ns)], 0).into()
    }

    fn everything() -> Selection {
        Selection::Matching(InstrumentFilter::default())
    }

    fn rows(frame: &[u8]) -> Vec<Quote> {
        decode_subscription_response(frame).unwrap().batch.columns.rows().collect()
    }

    #[test]
    fn what_streams_say_is_read_and_what_a_lost_one_has_said_is_closed() {
        let board = Board::new(Wall::default());
        let mut shard = ShardBoard { board: Arc::clone(&board), source: 3 };
        let reader = board.reader(everything());
        assert!(rows(&reader.snapshot()).is_empty());
        shard.take(batch(7)).unwrap();
        assert_eq!(reader.lag(), 1);
        assert_eq!(rows(&reader.delta().unwrap()), [quote(7)]);
        assert_eq!(reader.delta(), None);
        assert!(shard.take(Bytes::from_static(b"no message")).is_err());
        shard.lost();
        assert_eq!(rows(&reader.delta().unwrap())[0].state, BookState::Closed);
    }

    #[test]
    fn a_reader_is_of_one_board_and_gone_when_it_is_dropped() {
        let (board, other) = (Board::new(Wall::default()), Board::new(Wall::default()));
        let reader = board.reader(everything());
        assert!(reader.id_at(&board).is_some() && reader.id_at(&other).is_none());
        assert_eq!(board.quotes.readers(), 1);
        drop(reader);
        assert_eq!(board.quotes.readers(), 0);
    }
}
