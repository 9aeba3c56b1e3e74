//! What is said of sizes: as data, below those who decide.

use crossbook_market::Level;

use super::reason::RefusalReason;
use crate::edge::Edge;

/// What is known of the side that a leg trades on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DepthView {
    /// When it was read from the book; 0 when it is not known.
    pub read_ns: i64,
    /// Best first, per coin: every level up to the last one is known.
    pub levels: Vec<Level>,
}

impl DepthView {
    /// The trusted horizon; 0 where nothing is known.
    pub fn horizon_price(&self) -> f64 {
        self.levels.last().map_or(0.0, |level| level.price)
    }

    /// Up to the horizon, in coins.
    pub fn known_size(&self) -> f64 {
        self.levels.iter().map(|level| level.size).sum()
    }
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
