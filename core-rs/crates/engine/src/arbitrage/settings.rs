//! Thresholds and limits of the scanner, checked once.

use thiserror::Error;

use super::holding::Horizon;

/// Percentages are percent of the buy notional, times nanoseconds.
#[derive(Clone, Debug)]
pub struct ScannerSettings {
    /// A pair opens at or above this.
    pub open_net_percent: f64,
    /// An open opportunity closes below this; at most `open_net_percent`.
    pub close_net_percent: f64,
    /// An update is told when net moved by this since it was last told.
    pub update_step_percent: f64,
    /// How long a pair must pay before it opens; 0 opens at once.
    pub min_life_ns: i64,
    /// Age is now less the quote's receive time. A live top that has not changed for longer is refused too: its
    /// liveness is vouched for by the tracker, the chance of it being the real price is not.
    pub max_age_ns: i64,
    /// Skew is the distance between the receive times of the legs' quotes; also of a quote from the future to now.
    pub max_skew_ns: i64,
    /// Age of the levels that sizes are made of, from when a tracker read them; older ones are not used.
    pub max_depth_age_ns: i64,
    /// Smallest executable size times buy price, in the buy leg's quote currency.
    pub min_notional: f64,
    /// Largest distance of the legs' mids, in percent of the lower one.
    pub max_mid_difference_percent: f64,
    /// A pair whose mids are further apart for so long, by receive time, is suspect until somebody decides.
    pub suspect_after_ns: i64,
    /// Currencies that stand for a dollar each: their markets against each other give live rates.
    pub dollar_currencies: Vec<String>,
    /// Groups of currencies that convert one to one where no market gives a rate.
    pub equal_currencies: Vec<Vec<String>>,
    /// Age of the oldest quote in a live rate.
    pub max_rate_age_ns: i64,
    /// A rate between two dollars further from 1 than this is a de-peg.
    pub max_depeg_percent: f64,
    /// Whether a pair whose rate is a de-peg may be published.
    pub allow_depegged: bool,
    /// What nets more is refused: it is an error of ours or of a venue, not a profit.
    pub max_net_percent: f64,
    /// Whether what no venue tells of a leg's limits counts as none; else such pairs are refused.
    pub assume_no_limits: bool,
    /// Until when a position is held, for what holding costs.
    pub holding_horizon_ns: i64,
    /// Whether funding that is not known counts as none in it.
    pub assume_no_funding: bool,
    /// (venue, the venue whose books it shows): never compared with each other.
    pub relays: Vec<(String, String)>,
}

/// Fix the setting that the text names.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{setting}: {problem}")]
pub struct ScannerSettingsError {
    pub setting: &'static str,
    pub problem: String,
}

impl ScannerSettings {
    pub(super) fn check(&self) -> Result<(), ScannerSettingsError> {
        require("open_net_percent", self.open_net_percent.is_finite(), "must be a finite number")?;
        require("close_net_percent", self.close_net_percent.is_finite(), "must be a finite number")?;
        require(
            "close_net_percent",
            self.close_net_percent <= self.open_net_percent,
            "must not exceed open_net_percent",
        )?;
        require("update_step_percent", self.update_step_percent > 0.0, "must be positive")?;
        require("min_life_ns", self.min_life_ns >= 0, "must not be negative")?;
        require("max_age_ns", self.max_age_ns >= 0, "must not be negative")?;
        require("max_skew_ns", self.max_skew_ns >= 0, "must not be negative")?;
        require("max_depth_age_ns", self.max_depth_age_ns >= 0, "must not be negative")?;
        require("holding_horizon_ns", self.holding_horizon_ns > 0, "must be positive")?;
        require("min_notional", self.min_notional >= 0.0, "must not be negative")?;
        require("max_mid_difference_percent", self.max_mid_difference_percent > 0.0, "must be positive")?;
        require("suspect_after_ns", self.suspect_after_ns >= 0, "must not be negative")?;
        require("max_rate_age_ns", self.max_rate_age_ns >= 0, "must not be negative")?;
        require("max_depeg_percent", self.max_depeg_percent > 0.0, "must be positive")?;
        require("max_net_percent", self.max_net_percent > self.open_net_percent, "must exceed open_net_percent")
    }
}

impl ScannerSettings {
    pub(crate) fn horizon(&self) -> Horizon {
        Horizon { ns: self.holding_horizon_ns, assumes_no_funding: self.assume_no_funding }
    }
}

pub(super) fn require(setting: &'static str, holds: bool, problem: &str) -> Result<(), ScannerSettingsError> {
    if holds { Ok(()) } else { Err(ScannerSettingsError { setting, problem: problem.to_owned() }) }
}
