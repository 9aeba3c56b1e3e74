//! Windows of one venue's stream: what it says is checked, kept per instrument, and closed by its own watermark.

mod closed;
mod copy_binary;
mod error;
mod instruments;
mod state;
mod stream;
mod table;
mod venue_windows;

pub use closed::{ClosedWindow, Position};
pub use error::IngestError;
pub use state::{TickFigures, WindowFigures, WindowState};
pub use table::{MAX_SILENT_WINDOWS, WindowTable};
pub use venue_windows::{CarriedQuote, VenueWindows};

#[cfg(test)]
mod tests;
