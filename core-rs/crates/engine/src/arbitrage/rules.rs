//! What a pair is judged by: the settings and the rates of the moment.

use super::currencies::Currencies;
use super::rates::Rates;
use super::settings::{ScannerSettings, ScannerSettingsError};

#[derive(Debug)]
pub(super) struct Rules {
    pub settings: ScannerSettings,
    pub rates: Rates,
}

impl Rules {
    pub(super) fn new(settings: ScannerSettings) -> Result<Self, ScannerSettingsError> {
        settings.check()?;
        let rates = Rates::new(Currencies::new(&settings)?, &settings);
        Ok(Self { settings, rates })
    }
}
