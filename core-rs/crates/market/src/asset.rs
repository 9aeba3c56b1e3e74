//! What a contract is really about: venues name the same coin differently and trade multiples of cheap ones.
//!
//! `1000PEPE`, `kPEPE`, `10000PEPE` and `PEPE1000` are PEPE with a scale; `XBT` is BTC. Prices and sizes of one asset are
//! comparable once they are scaled.

/// Other names of the same coin, none of them the name of another one anywhere. A ticker that means different coins on
/// different venues is not settled here: the venue's own file sets it apart, and the scanner doubts what is left.
const ALIASES: &[(&str, &str)] = &[
    ("BEAMX", "BEAM"),
    ("DODOX", "DODO"),
    ("FILECOIN", "FIL"),
    ("LUNA2", "LUNA"),
    ("PUMPFUN", "PUMP"),
    ("RNDR", "RENDER"),
    ("RONIN", "RON"),
    ("TONCOIN", "TON"),
    ("TRUMPOFFICIAL", "TRUMP"),
    ("XBT", "BTC"),
    ("XDG", "DOGE"),
];

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
    // Only ASCII: elsewhere a capital may be the capital of several letters, and a name of its own.
    let upper = coin.to_ascii_uppercase();
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

/// Whether the rest is a coin's name by itself: a capital first, so that `mantle` is not a million `antle`, and without the
/// name of who lists it.
fn is_coin(rest: &str) -> bool {
    rest.chars().count() >= SHORTEST_COIN
        && !DEAR.contains(&rest)
        && rest.chars().next().is_some_and(|first| first.is_alphabetic() && !first.is_lowercase())
        && rest.chars().all(|letter| !letter.is_lowercase() && letter != ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A base as a venue spells it, once its file has taken the pair's other parts away; the asset; its scale.
    const SPELLINGS: &[(&str, &str, f64)] = &[
        // As most do.
        ("BTC", "BTC", 1.0),
        ("btc", "BTC", 1.0),
        ("PEPE", "PEPE", 1.0),
        // XBTUSDTM, PF_XBTUSD, XBTUSD, PI_XDGUSD
        ("XBT", "BTC", 1.0),
        ("XDG", "DOGE", 1.0),
        // 1000PEPEUSDT, 1000PEPE-USD-PERP, u1000PEPEUSDT (base "1000 PEPE"), B-1000PEPE_USDT
        ("1000PEPE", "PEPE", 1e3),
        ("1000BONK", "BONK", 1e3),
        ("1000SATS", "SATS", 1e3),
        ("1000X", "1000X", 1.0),
        // 10000SATSUSDT, 10000LADYSUSDT
        ("10000SATS", "SATS", 1e4),
        ("10000PEPE", "PEPE", 1e4),
        // B-1MBABYDOGE_USDT, 1MBABYDOGEUSDT, 1000000BABYDOGE_USDT, B-1000000MOG_USDT
        ("1MBABYDOGE", "BABYDOGE", 1e6),
        ("1000000BABYDOGE", "BABYDOGE", 1e6),
        ("1000000MOG", "MOG", 1e6),
        ("10000000AIDOGE", "AIDOGE", 1e7),
        ("100000000ELON", "ELON", 1e8),
        // SHIB1000USDT
        ("SHIB1000", "SHIB", 1e3),
        ("PEPE1000", "PEPE", 1e3),
        // kPEPE, kNEIRO; kPEPE-USD-PERP
        ("kPEPE", "PEPE", 1e3),
        ("kNEIRO", "NEIRO", 1e3),
        ("KPEPE", "KPEPE", 1.0),
        ("mSATS", "SATS", 1e6),
        // FILECOIN_USDT, TRUMPOFFICIAL_USDT, PUMPFUN_USDT; TONCOIN as a base of others
        ("FILECOIN", "FIL", 1.0),
        ("TRUMPOFFICIAL", "TRUMP", 1.0),
        ("PUMPFUN", "PUMP", 1.0),
        ("TONCOIN", "TON", 1.0),
        // BEAMXUSDT, DODOXUSDT, LUNA2USDT, RONINUSDT, RNDRUSDT
        ("BEAMX", "BEAM", 1.0),
        ("DODOX", "DODO", 1.0),
        ("LUNA2", "LUNA", 1.0),
        ("RONIN", "RON", 1.0),
        ("RNDR", "RENDER", 1.0),
        // HIP-3: a builder's market is compared only with that builder's, for a share may bear a coin's name.
        ("xyz:TSLA", "XYZ:TSLA", 1.0),
        ("xyz:XYZ100", "XYZ:XYZ100", 1.0),
        ("xyz:PEPE1000", "XYZ:PEPE1000", 1.0),
        // Names that are not ASCII, kept as they are; and a letter whose capital would be an S.
        ("币安人生", "币安人生", 1.0),
        ("龙虾", "龙虾", 1.0),
        ("1000币安人生", "币安人生", 1e3),
        ("ſOL", "ſOL", 1.0),
        ("ВTC", "ВTC", 1.0), // the first letter is Cyrillic
        // Tokens named after a dear coin are no multiples of it.
        ("mETH", "METH", 1.0),
        ("mSOL", "MSOL", 1.0),
        ("kHYPE", "KHYPE", 1.0),
        ("kBTC", "KBTC", 1.0),
        ("1000BTC", "1000BTC", 1.0),
        // Names that only look multiplied.
        ("1INCH", "1INCH", 1.0),
        ("0G", "0G", 1.0),
        ("4", "4", 1.0),
        ("KAITO", "KAITO", 1.0),
        ("kaspa", "KASPA", 1.0),
        ("MKR", "MKR", 1.0),
        ("mantle", "MANTLE", 1.0),
        ("M", "M", 1.0),
        ("K", "K", 1.0),
        ("S", "S", 1.0),
        ("1000", "1000", 1.0),
        ("10", "10", 1.0),
        ("SPX6900", "SPX6900", 1.0),
        ("NAS100", "NAS100", 1.0),
        ("US500", "US500", 1.0),
        ("US2000", "US2000", 1.0),
        ("AIXBT", "AIXBT", 1.0),
    ];

    #[test]
    fn every_spelling_is_its_asset_with_its_scale() {
        for (base, asset, scale) in SPELLINGS {
            assert_eq!(asset_of(base), ((*asset).to_string(), *scale), "{base}");
        }
    }

    #[test]
    fn an_asset_by_its_own_name_is_itself() {
        for (base, asset, _) in SPELLINGS.iter().filter(|(_, asset, _)| !asset.starts_with("1000")) {
            assert_eq!(asset_of(asset), ((*asset).to_string(), 1.0), "{base}");
        }
    }

    #[test]
    fn no_alias_hides_behind_another() {
        for (alias, asset) in ALIASES {
            assert!(!ALIASES.iter().any(|(other, _)| other == asset), "{alias}");
        }
    }

    #[test]
    fn codes_of_other_standards_are_the_common_ones() {
        assert_eq!(["XBT", "XDG", "BTC", "xbt", "RNDR"].map(currency_code), ["BTC", "DOGE", "BTC", "xbt", "RNDR"]);
    }
}
