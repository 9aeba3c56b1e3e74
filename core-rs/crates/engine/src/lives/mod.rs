//! What became of opportunities: rows that are put together from their events, in whatever order replicas wrote them.
//!
//! `path` is the net as a step function of a bounded number of points; `row` is one life; `page` takes many events into
//! the lives that they are of.

mod page;
mod path;
mod row;

pub use page::{Page, take_page};
pub use path::{MAX_POINTS, Path};
pub use row::Life;
