//! What a pair is judged by: the settings and the rates of the moment.

use super::currencies::Currencies;
use super::outlook::LifeModelInForce;
use super::rates::Rates;
use super::settings::{ScannerSettings, ScannerSettingsError};

#[derive(Debug)]
pub(super) struct Rules {
    pub settings: ScannerSettings,
    pub rates: Rates,
    /// What predicts lives, or why nothing does.
    pub life: Result<LifeModelInForce, String>,
}

impl Rules {
    pub(super) fn new(settings: ScannerSettings) -> Result<Self, ScannerSettingsError> {
        settings.check()?;
        let rates = Rates::new(Currencies::new(&settings)?, &settings);
        Ok(Self { settings, rates, life: Err("no model is in force".to_owned()) })
    }
}
