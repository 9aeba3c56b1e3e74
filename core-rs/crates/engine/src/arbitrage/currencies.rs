//! Currencies as numbers: dollars first, then those that a setting calls equal, then all others as they are met.

use rustc_hash::FxHashMap;

use super::settings::{ScannerSettings, ScannerSettingsError, require};

#[derive(Debug)]
pub(super) struct Currencies {
    numbers: FxHashMap<String, u32>,
    /// Dollars have the numbers 1 to this.
    dollars: u32,
    /// Currencies that may convert at all have the numbers 1 to this.
    linked: u32,
    /// Every two of a group, in the order of the setting.
    equal_pairs: Vec<(u32, u32)>,
}

impl Currencies {
    pub(super) const UNKNOWN: u32 = 0;

    pub(super) fn new(settings: &ScannerSettings) -> Result<Self, ScannerSettingsError> {
        let mut currencies = Self { numbers: FxHashMap::default(), dollars: 0, linked: 0, equal_pairs: Vec::new() };
        check_names("dollar_currencies", settings.dollar_currencies.iter())?;
        check_names("equal_currencies", settings.equal_currencies.iter().flatten())?;
        settings.dollar_currencies.iter().for_each(|name| _ = currencies.number(name));
        currencies.dollars = currencies.numbers.len() as u32;
        for group in &settings.equal_currencies {
            let group: Vec<u32> = group.iter().map(|name| currencies.number(name)).collect();
            let pairs =
                group.iter().enumerate().flat_map(|(at, first)| group[at + 1..].iter().map(|next| (*first, *next)));
            currencies.equal_pairs.extend(pairs);
        }
        currencies.linked = currencies.numbers.len() as u32;
        Ok(currencies)
    }

    /// The currency's number, a new one for a new currency.
    pub(super) fn number(&mut self, currency: &str) -> u32 {
        if currency.is_empty() {
            return Self::UNKNOWN;
        }
        let next = self.numbers.len() as u32 + 1;
        *self.numbers.entry(currency.to_owned()).or_insert(next)
    }

    /// The number of a currency that stands for a dollar.
    pub(super) fn dollar(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied().filter(|number| self.is_dollar(*number))
    }

    pub(super) fn is_dollar(&self, number: u32) -> bool {
        (1..=self.dollars).contains(&number)
    }

    pub(super) fn dollars(&self) -> u32 {
        self.dollars
    }

    pub(super) fn linked(&self) -> u32 {
        self.linked
    }

    pub(super) fn equal_pairs(&self) -> &[(u32, u32)] {
        &self.equal_pairs
    }
}

fn check_names<'a>(setting: &'static str, names: impl Iterator<Item = &'a String>) -> Result<(), ScannerSettingsError> {
    let mut seen = Vec::new();
    for name in names {
        require(setting, !name.is_empty(), "a currency is empty")?;
        require(setting, !seen.contains(&name), &format!("{name} is named twice"))?;
        seen.push(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tests::settings;
    use super::*;

    fn group(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn currencies(dollars: &[&str], groups: &[&[&str]]) -> Result<Currencies, ScannerSettingsError> {
        let equal_currencies = groups.iter().map(|names| group(names)).collect();
        Currencies::new(&ScannerSettings { dollar_currencies: group(dollars), equal_currencies, ..settings() })
    }

    #[test]
    fn each_currency_has_a_number_of_its_own_and_dollars_come_first() {
        let mut currencies = currencies(&["USD", "USDT"], &[&["EUR", "EURC"]]).unwrap();
        assert_eq!(
            ["USD", "USDT", "EUR", "EURC", "TRY", "TRY"].map(|name| currencies.number(name)),
            [1, 2, 3, 4, 5, 5]
        );
        assert_eq!(currencies.number(""), Currencies::UNKNOWN);
        assert_eq!((currencies.dollar("USDT"), currencies.dollar("EUR")), (Some(2), None));
        assert_eq!(currencies.equal_pairs(), [(3, 4)]);
        assert_eq!(currencies.linked(), 4);
    }

    #[test]
    fn a_currency_that_is_named_twice_or_not_at_all_is_refused_by_name() {
        let problem = |dollars: &[&str], groups: &[&[&str]]| currencies(dollars, groups).unwrap_err().to_string();
        assert_eq!(problem(&[], &[&["USD"], &["USD"]]), "equal_currencies: USD is named twice");
        assert_eq!(problem(&["USD", "USD"], &[]), "dollar_currencies: USD is named twice");
        assert_eq!(problem(&[""], &[]), "dollar_currencies: a currency is empty");
    }
}
