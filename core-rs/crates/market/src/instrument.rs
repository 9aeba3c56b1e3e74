//! One tradable contract of one venue.

use crate::asset_class::AssetClass;
use crate::fact::{Fact, Value, WrongFact};

/// Declares the struct and, from the same lines, its facts: what crosses the wire, a border or a table is made of them.
macro_rules! instrument {
    ($($(#[$doc:meta])* $number:literal $name:ident: $kind:ty,)*) => {
        /// What is needed to name a contract and to compare it with others; field for field as `Instrument` in market.proto.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Instrument {
            $($(#[$doc])* pub $name: $kind,)*
        }

        impl Instrument {
            pub const FACTS: usize = [$($number),*].len();
            /// In the order of `facts`.
            pub const NAMES: [&str; Self::FACTS] = [$(stringify!($name)),*];
            /// The same facts' numbers in market.proto.
            pub const NUMBERS: [u32; Self::FACTS] = [$($number),*];

            /// What an empty message means.
            pub fn empty() -> Self {
                Self { $($name: <$kind>::default(),)* }
            }

            pub fn facts(&self) -> [Fact; Self::FACTS] {
                [$(self.$name.to_fact()),*]
            }

            /// None when there is no fact of this name.
            pub fn fact(&self, name: &str) -> Option<Fact> {
                match name {
                    $(stringify!($name) => Some(self.$name.to_fact()),)*
                    _ => None,
                }
            }

            /// The reverse of `facts`.
            pub fn from_facts(facts: [Fact; Self::FACTS]) -> Result<Self, WrongFact> {
                let [$($name),*] = facts;
                Ok(Self { $($name: Value::from_fact($name).ok_or(WrongFact { name: stringify!($name) })?,)* })
            }
        }
    };
}

// The numbers are those of market.proto. A fact that is added here is on the wire and in Python; table markets needs a column.
instrument! {
    1 venue: String,
    /// Unified form, `BTC/USDT:USDT`.
    2 symbol: String,
    /// The venue's own name.
    3 native_symbol: String,
    /// What the contract is about after aliases and multipliers, qualified by its class where it is no coin.
    4 asset: String,
    /// Coins of the asset per base unit: 1000 for 1000PEPE.
    5 asset_scale: f64,
    6 quote_currency: String,
    7 settle_currency: String,
    /// Worth of the venue's contract: in base units, or in quote units where it is inverse.
    8 contract_size: f64,
    /// Zero when the venue does not say.
    9 tick_size: f64,
    /// In the same units as the contract's worth; zero when the venue does not say.
    10 lot_size: f64,
    11 taker_fee_percent: Option<f64>,
    12 maker_fee_percent: Option<f64>,
    13 asset_class: AssetClass,
}

/// A nameless contract of one coin, about which nothing else is known.
impl Default for Instrument {
    fn default() -> Self {
        Self { asset_scale: 1.0, contract_size: 1.0, ..Self::empty() }
    }
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
            quote_currency: quote.to_string(),
            settle_currency: settle.to_string(),
            contract_size: 10.0,
            ..Instrument::default()
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
    fn facts_make_the_same_instrument_again() {
        let made = Instrument {
            asset_class: AssetClass::Share,
            lot_size: 0.5,
            maker_fee_percent: Some(-0.01),
            ..instrument("META/USD:USDC")
        };
        let facts = made.facts();
        for (name, fact) in Instrument::NAMES.iter().zip(&facts) {
            assert_eq!(made.fact(name).as_ref(), Some(fact), "{name}");
        }
        assert_eq!(made.fact("weather"), None);
        assert_eq!(Instrument::from_facts(facts), Ok(made));
    }

    #[test]
    fn a_fact_of_another_kind_or_an_unknown_class_makes_no_instrument() {
        for (name, wrong) in [
            ("venue", Fact::Number(1.0)),
            ("tick_size", Fact::Optional(None)),
            ("asset_class", Fact::Choice(0)),
            ("asset_class", Fact::Choice(8)),
        ] {
            let mut facts = instrument("BTC/USD:BTC").facts();
            facts[Instrument::NAMES.iter().position(|known| *known == name).unwrap()] = wrong;
            assert_eq!(Instrument::from_facts(facts), Err(WrongFact { name }));
        }
    }

    #[test]
    fn names_are_short_and_printable() {
        assert!(["BTC/USDT:USDT", "B", "币安人生", &"x".repeat(100)].into_iter().all(is_name));
        assert!(!["", "a\0", "a\nb", "\u{85}", &"x".repeat(101)].into_iter().any(is_name));
    }
}
