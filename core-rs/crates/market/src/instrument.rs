//! One tradable contract of one venue.

use crate::asset_class::AssetClass;

/// What is needed to name a contract and to compare it with others; field for field as `Instrument` in market.proto.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    pub venue: String,
    /// Unified form, `BTC/USDT:USDT`.
    pub symbol: String,
    /// The venue's own name.
    pub native_symbol: String,
    /// What the contract is about after aliases and multipliers, qualified by its class where it is no coin.
    pub asset: String,
    pub asset_class: AssetClass,
    /// Coins of the asset per base unit: 1000 for 1000PEPE.
    pub asset_scale: f64,
    pub quote_currency: String,
    pub settle_currency: String,
    /// Worth of the venue's contract: in base units, or in quote units where it is inverse.
    pub contract_size: f64,
    /// Zero when the venue does not say.
    pub tick_size: f64,
    /// In the same units as the contract's worth; zero when the venue does not say.
    pub lot_size: f64,
    pub taker_fee_percent: Option<f64>,
    pub maker_fee_percent: Option<f64>,
}

impl Instrument {
    /// What the unified symbol names first.
    pub fn base_currency(&self) -> &str {
        self.symbol.split_once('/').map_or(self.symbol.as_str(), |(base, _)| base)
    }

    /// Whether it settles in its own base: its contracts are worth quote currency, and a size in base units depends on the
    /// price.
    pub fn is_inverse(&self) -> bool {
        self.settle_currency == self.base_currency() && self.settle_currency != self.quote_currency
    }
}

const MAX_NAME_BYTES: usize = 100;

/// Whether a text can be the name of a contract, an asset, a currency or a venue: short, and without control characters,
/// which neither Postgres nor a terminal takes well.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Level;
    use crate::contract::ContractWorth;

    fn instrument(symbol: &str) -> Instrument {
        let (pair, settle) = symbol.split_once(':').unwrap();
        let (base, quote) = pair.split_once('/').unwrap();
        Instrument {
            venue: "somewhere".to_string(),
            symbol: symbol.to_string(),
            native_symbol: symbol.to_string(),
            asset: base.to_string(),
            asset_class: AssetClass::Coin,
            asset_scale: 1.0,
            quote_currency: quote.to_string(),
            settle_currency: settle.to_string(),
            contract_size: 10.0,
            tick_size: 0.0,
            lot_size: 0.0,
            taker_fee_percent: None,
            maker_fee_percent: None,
        }
    }

    #[test]
    fn what_settles_in_its_own_base_is_inverse() {
        for (symbol, is_inverse) in [
            ("BTC/USD:BTC", true),
            ("ETH/USD:ETH", true),
            ("BTC/USD:USD", false),
            ("BTC/USDC:USDC", false),
            ("BTC/USDT:USDT", false),
            ("ETH/USD:BTC", false), // quanto: neither
            ("USDC/USDC:USDC", false),
        ] {
            assert_eq!(instrument(symbol).is_inverse(), is_inverse, "{symbol}");
        }
    }

    #[test]
    fn one_hundred_contracts_of_ten_are_coins_or_money_by_where_they_settle() {
        for (symbol, coins) in [("BTC/USD:BTC", 0.02), ("BTC/USDC:USDC", 1_000.0)] {
            let mut level = Level { price: 50_000.0, size: 100.0 };
            ContractWorth::of(&instrument(symbol)).to_base_units(&mut level);
            assert_eq!(level.size, coins, "{symbol}");
        }
    }

    #[test]
    fn names_are_short_and_printable() {
        assert!(["BTC/USDT:USDT", "B", "币安人生", &"x".repeat(100)].into_iter().all(is_name));
        assert!(!["", "a\0", "a\nb", "\u{85}", &"x".repeat(101)].into_iter().any(is_name));
    }
}
