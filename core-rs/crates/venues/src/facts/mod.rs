//! What venues tell of their instruments besides quotes: which answers hold it, as tables that a venue's file fills in; how they
//! are read; and a book of what is known.

mod book;
mod path;
mod poll;
mod read;

pub use book::{FactAsk, FactBook, FactChange, FactStats};
pub use poll::{AT_MOMENTS, Asked, CONTINUOUS, Certainty, FactPoll, Field, How, Rows, every, field};
pub use read::{Told, ToldRow, ToldValue, read};
