//! One tradable contract of one venue.

/// What is needed to name a contract and to compare it with others; field for field as `Instrument` in market.proto.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    pub venue: String,
    /// Unified form, `BTC/USDT:USDT`.
    pub symbol: String,
    /// The venue's own name.
    pub native_symbol: String,
    /// What the contract is about after aliases and multipliers.
    pub asset: String,
    /// Coins of the asset per base unit: 1000 for 1000PEPE.
    pub asset_scale: f64,
    pub quote_currency: String,
    pub settle_currency: String,
    /// Base units per contract of the venue.
    pub contract_size: f64,
    /// Zero when the venue does not say.
    pub tick_size: f64,
    /// Zero when the venue does not say.
    pub lot_size: f64,
    pub taker_fee_percent: Option<f64>,
    pub maker_fee_percent: Option<f64>,
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

    #[test]
    fn names_are_short_and_printable() {
        assert!(["BTC/USDT:USDT", "B", "币安人生", &"x".repeat(100)].into_iter().all(is_name));
        assert!(!["", "a\0", "a\nb", "\u{85}", &"x".repeat(101)].into_iter().any(is_name));
    }
}
