//! What a venue's file provides, and the plain values it hands to the desk. A venue keeps no state of its own: books,
//! sequences and connections are the feed's.

use crate::error::{FrameError, VenueError};
use crate::feed::Desk;
use crate::listing::MarketListing;
use crate::profile::{Conduct, VenueProfile};
use crate::request::RestRequest;
use crossbook_market::Level;
use std::borrow::Cow;

/// One venue.
pub trait Venue: Sync {
    fn profile(&self) -> &'static VenueProfile;
    fn conduct(&self) -> &'static Conduct;
    /// Requests whose answers together list the markets; their addresses are paths.
    fn market_requests(&self) -> Vec<RestRequest>;
    /// The next request once these answers are there, or None when they are all. For lists in pages, where an answer says
    /// what to ask next; it is asked again after each.
    fn next_market_request(&self, answers: &[&[u8]]) -> Result<Option<RestRequest>, VenueError> {
        Ok(self.market_requests().into_iter().nth(answers.len()))
    }
    /// The markets that those answers list as open now.
    fn parse_markets(&self, bodies: &[&[u8]], now_ns: i64) -> Result<MarketListing, VenueError>;
    /// What is asked before every dial, where the venue lets nobody in without a ticket.
    fn ticket_request(&self) -> Option<RestRequest> {
        None
    }
    /// The address to dial with the answer to it; no two dials have the same `connection_id`.
    fn ticketed_url(&self, _answer: &[u8], _connection_id: &str) -> Result<String, VenueError> {
        Err(VenueError::Ticket("this venue gives none".to_string()))
    }
    /// One subscribe or unsubscribe message.
    fn request(&self, id: u64, operation: Operation, topics: &[Topic<'_>]) -> String;
    /// Decodes a frame and tells the desk what it means.
    fn on_frame(&self, frame: Frame<'_>, desk: &mut Desk) -> Result<(), FrameError>;
    /// What frames call the instrument with this native symbol: the name by which the desk finds it.
    fn frame_name<'a>(&self, native_symbol: &'a str) -> Cow<'a, str> {
        Cow::Borrowed(native_symbol)
    }
    /// Name of the instrument in a frame that does not decode, as far as its bytes still show it.
    fn culprit<'a>(&self, payload: &'a [u8]) -> Option<&'a str>;
    /// Where a whole book can be fetched; `tracked` instruments share the venue's request budget.
    fn book_request(&self, _native_symbol: &str, _tracked: usize) -> Option<BookRequest> {
        None
    }
    /// A cheap look at the book, by which a quiet instrument is told from a frozen one: the shallowest there is.
    fn check_request(&self, native_symbol: &str) -> Option<BookRequest> {
        self.book_request(native_symbol, usize::MAX)
    }
    fn parse_book(&self, _body: &[u8]) -> Result<Snapshot, FrameError> {
        Err(FrameError::Invalid("a fetched book"))
    }
}

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

/// Which of an instrument's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Depth: guards the book.
    Book,
    /// Best bid and ask: fresher, but proves nothing.
    Top,
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

/// Best bid and ask; a price of zero is an empty side. Its sequence is of the same series as the book's, or as the book's
/// cross sequence where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Top {
    pub sequence: i64,
    pub exchange_ns: i64,
    pub bid: Level,
    pub ask: Level,
}
