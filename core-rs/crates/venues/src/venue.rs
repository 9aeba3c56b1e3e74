//! What a venue's file provides. A venue keeps no state of its own: books, sequences and connections are the desk's.

use crate::desk::Desk;
use crate::error::VenueError;
use crate::facts::FactPoll;
use crate::listing::MarketListing;
use crate::market_data::{BookRequest, Frame, Operation, Snapshot, Topic};
use crate::profile::{Conduct, VenueProfile};
use crossbook_codec::{FrameError, RestRequest};
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
    /// The answers that tell of instruments what quotes do not.
    fn fact_polls(&self) -> &'static [FactPoll] {
        &[]
    }
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
