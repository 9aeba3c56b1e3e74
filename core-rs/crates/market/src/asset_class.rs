//! What kind of thing an asset is: a part of its identity, so that a share and a coin of one ticker are two assets.

/// The numbers are those of `AssetClass` in market.proto.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum AssetClass {
    #[default]
    Coin = 1,
    /// Of a company, or in a fund of them.
    Share = 2,
    Metal = 3,
    /// Other goods: oil, gas, grain.
    Commodity = 4,
    Index = 5,
    /// One currency of a state in another.
    Fx = 6,
    /// Not traded anywhere else yet: each venue makes up its own price, so that two of them differ and nothing closes that.
    PreMarket = 7,
}

/// Codes of ISO 4217 that are nobody's coin, by which metals and currencies of states are listed.
const METALS: [&str; 4] = ["XAG", "XAU", "XPD", "XPT"];
const CURRENCIES: [&str; 8] = ["AUD", "CAD", "CHF", "CNH", "EUR", "GBP", "JPY", "NZD"];

impl AssetClass {
    pub const ALL: [Self; 7] =
        [Self::Coin, Self::Share, Self::Metal, Self::Commodity, Self::Index, Self::Fx, Self::PreMarket];

    /// The class that a wire number stands for.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|class| *class as i32 == number)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Coin => "coin",
            Self::Share => "share",
            Self::Metal => "metal",
            Self::Commodity => "commodity",
            Self::Index => "index",
            Self::Fx => "fx",
            Self::PreMarket => "pre-market",
        }
    }

    /// What a name alone says, where a venue says nothing.
    pub fn by_name(base: &str) -> Self {
        match base {
            _ if METALS.contains(&base) => Self::Metal,
            _ if CURRENCIES.contains(&base) => Self::Fx,
            _ => Self::Coin,
        }
    }

    /// The same, where the name of the asset says it better than the venue does.
    pub fn of(self, base: &str) -> Self {
        if self == Self::Commodity && METALS.contains(&base) { Self::Metal } else { self }
    }

    /// The asset's name among all classes: a coin's own, any other's behind the name of its class, `share:META`.
    pub fn qualify(self, asset: &str) -> String {
        if self == Self::Coin { asset.to_string() } else { format!("{}:{asset}", self.name()) }
    }

    /// Whether an asset bears the name of this class and of no other.
    pub fn is_of(self, asset: &str) -> bool {
        let named = Self::ALL.into_iter().find(|class| {
            *class != Self::Coin && asset.strip_prefix(class.name()).is_some_and(|rest| rest.starts_with(':'))
        });
        named.unwrap_or(Self::Coin) == self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickers_that_clash_are_two_assets() {
        for ticker in ["BB", "WEN", "NOW", "META", "AI"] {
            let names = AssetClass::ALL.map(|class| class.qualify(ticker));
            let mut distinct = names.to_vec();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!((names[0].as_str(), distinct.len()), (ticker, AssetClass::ALL.len()));
        }
        assert_eq!(AssetClass::Share.qualify("META"), "share:META");
    }

    #[test]
    fn a_name_is_of_one_class_alone() {
        for class in AssetClass::ALL {
            let name = class.qualify("X");
            assert_eq!(AssetClass::ALL.into_iter().filter(|other| other.is_of(&name)).collect::<Vec<_>>(), [class]);
        }
        assert!(AssetClass::Coin.is_of("XYZ:TSLA") && AssetClass::Coin.is_of("SHARE") && AssetClass::Coin.is_of("fx"));
    }

    #[test]
    fn numbers_are_those_of_the_wire() {
        for class in AssetClass::ALL {
            assert_eq!(AssetClass::from_number(class as i32), Some(class));
        }
        assert_eq!([0, 8, -1].map(AssetClass::from_number), [None; 3]);
    }

    #[test]
    fn where_a_venue_says_nothing_the_standard_codes_do() {
        let classes = ["XAU", "EUR", "BTC", "PAXG", "EURC"].map(AssetClass::by_name);
        use AssetClass::{Coin, Fx, Metal};
        assert_eq!(classes, [Metal, Fx, Coin, Coin, Coin]);
    }

    #[test]
    fn gold_is_a_metal_whatever_a_venue_files_it_under() {
        assert_eq!(
            (AssetClass::Commodity.of("XAU"), AssetClass::Commodity.of("CL")),
            (AssetClass::Metal, AssetClass::Commodity)
        );
        assert_eq!(AssetClass::Coin.of("XAU"), AssetClass::Coin, "a coin of that name stays one");
    }
}
