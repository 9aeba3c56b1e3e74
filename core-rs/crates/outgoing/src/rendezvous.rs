//! Which shard an instrument belongs to: the one with the highest weight, of (instrument, shard) alone.
//!
//! Highest random weight: Thaler and Ravishankar, "Using name-based mappings to increase hit rates" (1998). The weights are part
//! of what trackers agree on: changing them moves instruments.

/// Position of the shard that has the instrument; `shards` must not be empty.
pub fn owner<'a>(shards: impl Iterator<Item = &'a str>, venue: &str, symbol: &str) -> usize {
    let instrument = hash(&[venue, symbol]);
    let weighed = shards.enumerate().map(|(position, shard)| (weight(instrument, shard), shard, position));
    weighed.max().map_or(0, |(.., position)| position)
}

fn weight(instrument: u64, shard: &str) -> u64 {
    mix(instrument ^ mix(hash(&[shard])))
}

/// FNV-1a, 64 bits; a byte that no text holds ends each part.
fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finalizer of splitmix64: neighbours come out far apart.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "main", "shard-17"];
    const VENUES: [&str; 4] = ["one", "two", "three", "four"];
    const SYMBOLS: usize = 2_500;

    fn owners(shards: &[&'static str]) -> Vec<&'static str> {
        let symbols =
            VENUES.iter().flat_map(|venue| (0..SYMBOLS).map(move |number| (venue, format!("A{number}/USDT:USDT"))));
        symbols.map(|(venue, symbol)| shards[owner(shards.iter().copied(), venue, &symbol)]).collect()
    }

    #[test]
    fn every_shard_has_about_as_many_instruments_as_any_other() {
        for count in 1..=SHARDS.len() {
            let (shards, owners) = (&SHARDS[..count], owners(&SHARDS[..count]));
            for shard in shards {
                let share = owners.iter().filter(|owner| *owner == shard).count() * count;
                let fair = owners.len();
                assert!((fair * 9 / 10..=fair * 11 / 10).contains(&share), "{shard} of {count}: {share} for {fair}");
            }
        }
    }

    #[test]
    fn a_shard_that_comes_takes_its_share_and_nothing_else_moves() {
        for count in 1..SHARDS.len() {
            let (before, after) = (owners(&SHARDS[..count]), owners(&SHARDS[..=count]));
            let moved: Vec<_> = before.iter().zip(&after).filter(|(old, new)| old != new).collect();
            assert!(moved.iter().all(|(_, new)| **new == SHARDS[count]));
            let share = moved.len() * (count + 1);
            assert!((before.len() * 9 / 10..=before.len() * 11 / 10).contains(&share), "{count}: {share}");
        }
    }

    #[test]
    fn the_order_of_the_list_means_nothing() {
        let reversed: Vec<_> = SHARDS.iter().rev().copied().collect();
        assert_eq!(owners(&SHARDS), owners(&reversed));
    }

    #[test]
    fn owners_are_what_they_have_always_been() {
        let owner_of = |venue, symbol| SHARDS[owner(SHARDS.iter().copied(), venue, symbol)];
        let found = ["BTC/USDT:USDT", "ETH/USDT:USDT", "SOL/USDC:USDC"].map(|symbol| owner_of("one", symbol));
        assert_eq!(found, ["a", "main", "shard-17"]);
    }

    #[test]
    fn where_venue_ends_and_symbol_begins_matters() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }
}
