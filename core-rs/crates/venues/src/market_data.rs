//! The plain values that a venue's decoder, the desk and the feed hand each other.

use crossbook_codec::FrameError;
use crossbook_codec::RestRequest;
use crossbook_codec::json::Decimal;
use crossbook_market::Level;

/// A frame as it came.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    pub payload: &'a [u8],
    pub is_text: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Subscribe,
    Unsubscribe,
}

/// Which of an instrument's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Depth: guards the book.
    Book,
    /// Best bid and ask: fresher, but proves nothing.
    Top,
    /// Whether its market trades, by the venue's own word.
    Status,
}

/// One stream of one instrument.
#[derive(Clone, Copy, Debug)]
pub struct Topic<'a> {
    pub native_symbol: &'a str,
    pub channel: Channel,
}

/// A book to be fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct BookRequest {
    pub request: RestRequest,
    /// Levels asked for per side: an answer that holds as many was cut off there.
    pub depth_limit: usize,
}

/// A whole book.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    pub sequence: i64,
    /// As a delta's.
    pub cross_sequence: Option<i64>,
    pub exchange_ns: i64,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
    pub depth_limit: Option<usize>,
}

/// Changed levels, with absolute sizes. `previous` and `last` chain deltas; `first` is the first change within it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delta {
    pub previous: i64,
    pub first: i64,
    pub last: i64,
    /// What orders it among the tops, where these do not share the chain's numbers.
    pub cross_sequence: Option<i64>,
    pub exchange_ns: i64,
    pub bids: Vec<Level>,
    pub asks: Vec<Level>,
}

impl Snapshot {
    /// The number that tops are compared with.
    pub fn shared_sequence(&self) -> i64 {
        self.cross_sequence.unwrap_or(self.sequence)
    }
}

impl Delta {
    /// The number that tops are compared with.
    pub fn shared_sequence(&self) -> i64 {
        self.cross_sequence.unwrap_or(self.last)
    }

    /// Whether this change, which is later than `top`, shows that it is not the best bid and ask any more.
    pub fn outdates(&self, top: &Top) -> bool {
        let is_over = |best: Level, changed: &Level, is_better: bool| {
            let is_first = best == Level::default() && changed.size > 0.0;
            is_first || (is_better && changed.size > 0.0) || (changed.price == best.price && changed.size != best.size)
        };
        self.bids.iter().any(|bid| is_over(top.bid, bid, bid.price > top.bid.price))
            || self.asks.iter().any(|ask| is_over(top.ask, ask, ask.price < top.ask.price))
    }
}

/// One side of a best bid and ask: where the size is zero nothing rests, whatever price stands beside it, or none. A size that
/// is not told at all says nothing.
pub fn best(price: Option<Decimal>, size: Option<Decimal>) -> Result<Level, FrameError> {
    let size = size.ok_or(FrameError::Missing("a size"))?.0;
    if size == 0.0 {
        return Ok(Level::default());
    }
    let price = price.ok_or(FrameError::Missing("a price"))?.0;
    Ok(Level { price, size })
}

/// Best bid and ask; a price of zero is an empty side. Its sequence is of the same series as the book's, or as the book's
/// cross sequence where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Top {
    pub sequence: i64,
    pub exchange_ns: i64,
    pub bid: Level,
    pub ask: Level,
}
