//! What a contract is really about: venues name the same coin differently and trade multiples of cheap ones.
//!
//! `1000PEPE`, `kPEPE`, `10000PEPE` and `PEPE1000` are PEPE with a scale; `XBT` is BTC. Prices and sizes of one asset are
//! comparable once they are scaled.

/// Other names of the same coin.
const ALIASES: &[(&str, &str)] = &[("XBT", "BTC"), ("XDG", "DOGE"), ("RNDR", "RENDER")];

/// Multipliers written in front, longest first.
const PREFIXES: &[(&str, f64)] = &[
    ("100000000", 1e8),
    ("10000000", 1e7),
    ("1000000", 1e6),
    ("100000", 1e5),
    ("10000", 1e4),
    ("1000", 1e3),
    ("1M", 1e6),
    ("k", 1e3),
    ("m", 1e6),
];

/// Multipliers written behind, longest first.
const SUFFIXES: &[(&str, f64)] = &[("1000000", 1e6), ("100000", 1e5), ("10000", 1e4), ("1000", 1e3)];

/// Coins too dear to be traded by the thousand: `mETH`, `mSOL`, `kHYPE` and `kBTC` are tokens of their own.
const DEAR: &[&str] = &["BTC", "XBT", "ETH", "SOL", "HYPE", "BNB"];

/// Shortest coin name that a multiplier is believed to stand beside.
const SHORTEST_COIN: usize = 2;

/// The asset that a venue's base name stands for, and how many coins of it one base unit is.
pub fn asset_of(base: &str) -> (String, f64) {
    let (coin, scale) = split_multiplier(base);
    let upper = coin.to_uppercase();
    let asset = ALIASES.iter().find(|(alias, _)| *alias == upper).map_or(upper.as_str(), |(_, asset)| asset);
    (asset.to_string(), scale)
}

/// The common code of a currency for which venues use another one: only codes, so that other spellings stay the venue's own.
pub fn currency_code(code: &str) -> &str {
    match code {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        _ => code,
    }
}

fn split_multiplier(base: &str) -> (&str, f64) {
    let before = PREFIXES.iter().find_map(|(prefix, scale)| Some((base.strip_prefix(prefix)?, *scale)));
    let behind = || SUFFIXES.iter().find_map(|(suffix, scale)| Some((base.strip_suffix(suffix)?, *scale)));
    before
        .filter(|(coin, _)| is_coin(coin))
        .or_else(|| behind().filter(|(coin, _)| is_coin(coin)))
        .unwrap_or((base, 1.0))
}

/// Whether the rest is a coin's name by itself: a capital first, so that `mantle` is not a million `antle`.
fn is_coin(rest: &str) -> bool {
    rest.chars().count() >= SHORTEST_COIN
        && !DEAR.contains(&rest)
        && rest.chars().next().is_some_and(|first| first.is_alphabetic() && !first.is_lowercase())
        && rest.chars().all(|letter| !letter.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplied_names_are_the_coin_with_a_scale() {
        for (base, asset, scale) in [
            ("1000PEPE", "PEPE", 1e3),
            ("kPEPE", "PEPE", 1e3),
            ("10000PEPE", "PEPE", 1e4),
            ("PEPE1000", "PEPE", 1e3),
            ("SHIB1000", "SHIB", 1e3),
            ("1MBABYDOGE", "BABYDOGE", 1e6),
            ("1000000MOG", "MOG", 1e6),
            ("1000000BABYDOGE", "BABYDOGE", 1e6),
            ("10000SATS", "SATS", 1e4),
            ("10000000AIDOGE", "AIDOGE", 1e7),
            ("mSATS", "SATS", 1e6),
            ("1000SATS", "SATS", 1e3),
            ("kBONK", "BONK", 1e3),
        ] {
            assert_eq!(asset_of(base), (asset.to_string(), scale), "{base}");
        }
    }

    #[test]
    fn aliases_are_one_asset() {
        assert_eq!(asset_of("XBT"), ("BTC".to_string(), 1.0));
        assert_eq!(asset_of("BTC"), ("BTC".to_string(), 1.0));
        assert_eq!(asset_of("RNDR"), asset_of("RENDER"));
    }

    #[test]
    fn codes_of_other_standards_are_the_common_ones() {
        assert_eq!(["XBT", "XDG", "BTC", "xbt", "RNDR"].map(currency_code), ["BTC", "DOGE", "BTC", "xbt", "RNDR"]);
    }

    #[test]
    fn names_that_only_look_multiplied_stay_whole() {
        for base in ["1INCH", "1000X", "0G", "KAITO", "MKR", "M", "K", "1000", "10", "S", "币安人生"] {
            assert_eq!(asset_of(base), (base.to_string(), 1.0), "{base}");
        }
    }

    #[test]
    fn tokens_named_after_a_dear_coin_are_not_multiples_of_it() {
        for (base, asset) in [("mETH", "METH"), ("mSOL", "MSOL"), ("kHYPE", "KHYPE"), ("kBTC", "KBTC")] {
            assert_eq!(asset_of(base), (asset.to_string(), 1.0), "{base}");
        }
    }

    #[test]
    fn spelling_in_lower_case_is_the_same_asset_and_no_multiplier() {
        assert_eq!(asset_of("btc"), ("BTC".to_string(), 1.0));
        assert_eq!(asset_of("mantle"), ("MANTLE".to_string(), 1.0));
        assert_eq!(asset_of("kaspa"), ("KASPA".to_string(), 1.0));
    }
}
