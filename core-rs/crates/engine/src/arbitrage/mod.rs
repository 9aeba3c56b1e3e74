//! Arbitrage: every pair of venues of one asset, recomputed as quotes change, gated, and followed from open to close.
//!
//! `scanner` takes quotes and asks only the pairs of the leg that changed; `asset` holds one asset's legs in columns and
//! screens them; `costs` is the formula; `gate` says why a pair is refused; `lifecycle` opens, updates and closes;
//! `answers` computes on demand; `views` is what leaves the module.

mod answers;
mod asset;
mod costs;
mod gate;
mod lifecycle;
#[cfg(test)]
mod oracle;
mod reason;
mod scanner;
mod settings;
#[cfg(test)]
mod testing;
mod views;

pub use answers::SpreadFilter;
pub use costs::Costs;
pub use reason::RefusalReason;
pub use scanner::{Scanner, ScannerStats};
pub use settings::{ScannerSettings, ScannerSettingsError};
pub use views::{AssetView, EventKind, LegView, OpportunityEvent, SpreadView};
