//! The board: the newest quote of every instrument of all shards, for readers that come and ask what is new to them.
//!
//! The hub pushes: each quote is offered to each reader, and every change of state is kept for it. That is right for a few
//! readers that must miss no state, and costs quotes × readers. The board is pulled: taking a quote costs the same whether
//! nobody reads or a thousand do, and a reader is no more than the number of the last batch that it knows of.
//!
//! 1. Every batch, loss and expiry has a number, the *version*; an instrument bears that of its newest quote. What is new to
//!    a reader is what bears a higher one than its *cursor*.
//! 2. So a reader that comes late gets the newest quotes once, and nothing waits for it meanwhile.
//! 3. What a frame holds follows from whose instruments it is about and from the cursor alone. Readers that have both in
//!    common, and ask together, get one frame, encoded once.
//! 4. Which shard's word counts is what `crate::sources` says. An instrument that no shard tells of any more is CLOSED.
//! 5. A frame is a SubscribeQuoteBatchesResponse whose stream is the board itself: symbol numbers mean the same in all frames
//!    of all readers, and come with their instruments the first time that a reader needs them.

mod frame;
mod quote_board;
mod selection;
mod slots;
mod views;

pub use quote_board::{Frames, QuoteBoard, ReaderId};
pub use selection::Selection;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;
