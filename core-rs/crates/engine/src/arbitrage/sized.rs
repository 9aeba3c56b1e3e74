//! What is said of sizes: as data, below those who decide.

use super::reason::RefusalReason;
use crate::edge::Edge;

/// What is known of the side that a leg trades on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct DepthView {
    /// When it was read from the book; 0 when it is not known.
    pub read_ns: i64,
    pub levels: u32,
    /// Per coin: every level up to it is known.
    pub horizon_price: f64,
    /// In coins.
    pub known_size: f64,
}

/// How much of a pair there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SizingView {
    /// None when `edge` is there.
    pub unknown_reason: Option<RefusalReason>,
    pub edge: Option<Edge>,
    /// Least net of the largest size, in percent.
    pub threshold_percent: f64,
    /// Those asked for.
    pub notionals: Vec<f64>,
    pub buy: DepthView,
    pub sell: DepthView,
    /// What is not known and so not checked.
    pub unknown_limits: Vec<&'static str>,
    /// Those of them that count as none by the settings.
    pub assumed: Vec<&'static str>,
}
