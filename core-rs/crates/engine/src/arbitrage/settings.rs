//! Thresholds and limits of the scanner, checked once.

use rustc_hash::FxHashMap;
use thiserror::Error;

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
    /// Smallest executable size times buy price, in the buy leg's quote currency.
    pub min_notional: f64,
    /// Largest distance of the legs' mids, in percent of the lower one.
    pub max_mid_difference_percent: f64,
    /// Groups of currencies that convert one to one.
    pub equal_currencies: Vec<Vec<String>>,
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
        require("min_notional", self.min_notional >= 0.0, "must not be negative")?;
        require("max_mid_difference_percent", self.max_mid_difference_percent > 0.0, "must be positive")
    }
}

fn require(setting: &'static str, holds: bool, problem: &str) -> Result<(), ScannerSettingsError> {
    if holds { Ok(()) } else { Err(ScannerSettingsError { setting, problem: problem.to_owned() }) }
}

/// Numbers currencies such that two convert one to one exactly when their numbers are equal and not `UNKNOWN`.
#[derive(Debug)]
pub(super) struct Currencies {
    numbers: FxHashMap<String, u32>,
    next: u32,
}

impl Currencies {
    pub(super) const UNKNOWN: u32 = 0;

    pub(super) fn new(groups: &[Vec<String>]) -> Result<Self, ScannerSettingsError> {
        let mut currencies = Self { numbers: FxHashMap::default(), next: 1 };
        for group in groups {
            for currency in group {
                let is_new = currencies.numbers.insert(currency.clone(), currencies.next).is_none();
                require("equal_currencies", !currency.is_empty(), "a currency is empty")?;
                require("equal_currencies", is_new, &format!("{currency} is named twice"))?;
            }
            currencies.next += 1;
        }
        Ok(currencies)
    }

    pub(super) fn number(&mut self, currency: &str) -> u32 {
        if currency.is_empty() {
            return Self::UNKNOWN;
        }
        if let Some(number) = self.numbers.get(currency) {
            return *number;
        }
        let number = self.next;
        self.next += 1;
        self.numbers.insert(currency.to_owned(), number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn currencies_of_a_group_share_a_number_and_others_do_not() {
        let mut currencies = Currencies::new(&[group(&["USD", "USDT"]), group(&["EUR", "EURC"])]).unwrap();
        assert_eq!(currencies.number("USD"), currencies.number("USDT"));
        assert_ne!(currencies.number("USD"), currencies.number("EUR"));
        assert_ne!(currencies.number("TRY"), currencies.number("EUR"));
        assert_eq!(currencies.number("TRY"), currencies.number("TRY"));
        assert_eq!(currencies.number(""), Currencies::UNKNOWN);
    }

    #[test]
    fn a_currency_in_two_groups_is_refused_by_name() {
        let error = Currencies::new(&[group(&["USD"]), group(&["USD"])]).unwrap_err();
        assert_eq!(error.to_string(), "equal_currencies: USD is named twice");
    }
}
