//! Windows of one venue's stream: what it says is checked, kept per instrument, and closed by its own watermark.

mod checks;
mod closed;
mod closing;
mod copy_binary;
mod error;
mod instruments;
mod minute;
mod minute_table;
mod state;
mod stream;
mod table;
mod venue_windows;

pub use closed::{CarriedQuote, ClosedWindow, Position};
pub use copy_binary::{copy_minutes, copy_windows};
pub use error::IngestError;
pub use minute::MinuteState;
pub use state::{TickFigures, WindowFigures, WindowState};
pub use table::{MAX_SILENT_WINDOWS, WindowTable};
pub use venue_windows::VenueWindows;

#[cfg(test)]
mod tests;
