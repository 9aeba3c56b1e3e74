//! Which leg of a pair is off: the one whose mid is further from the median of all other venues' mids. A venue that
//! shows the books of either leg is no other venue.

use super::asset::AssetBook;
use super::numbers::{Dislocation, median};

/// None where no other venue has a mid, or one of the two legs has none.
pub(super) fn of_pair(book: &AssetBook, buy: usize, sell: usize) -> Option<Dislocation> {
    let own = [buy, sell].map(|leg| book.legs[leg].origin);
    let others = (0..book.legs.len()).filter(|leg| !own.contains(&book.legs[*leg].origin));
    let median = median(others.map(|leg| book.worth(leg)).filter(|mid| *mid > 0.0).collect())?;
    let off = |leg| Dislocation { leg, percent: (book.worth(leg) / median - 1.0) * 100.0 };
    let (bought, sold) = (off(buy), off(sell));
    let has_mids = book.worth(buy) > 0.0 && book.worth(sell) > 0.0;
    has_mids.then_some(if bought.percent.abs() >= sold.percent.abs() { bought } else { sold })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::super::{Scanner, ScannerSettings};

    const NOW_NS: i64 = 1_000 * SECOND_NS;

    /// Of each opportunity that opens when venues v0, v1, … move from 100 to these mids: buy, sell, and which leg is off by how much.
    fn opened(mids: &[f64]) -> Vec<(String, String, String, f64)> {
        opened_with(vec![], mids)
    }

    fn opened_with(relays: Vec<(String, String)>, mids: &[f64]) -> Vec<(String, String, String, f64)> {
        let mut scanner: Scanner = scanner(ScannerSettings { relays, ..settings() });
        let instruments: Vec<_> = (0..mids.len()).map(|venue| instrument(&format!("v{venue}"), "BTC")).collect();
        for moved in [false, true] {
            let mid_of = |mid: f64| if moved { mid } else { 100.0 };
            let quote = |(venue, mid): (u32, &f64)| live(venue, mid_of(*mid) - 0.01, mid_of(*mid) + 0.01, 10.0, NOW_NS);
            let quotes: Vec<_> = (0..).zip(mids).map(quote).collect();
            scanner.on_batch(&payload(&instruments, &quotes), NOW_NS, 0).unwrap();
        }
        let opened = scanner.open_opportunities();
        opened
            .into_iter()
            .map(|one| (one.buy.venue, one.sell.venue, one.dislocated_venue, one.dislocation_percent))
            .collect()
    }

    #[test]
    fn one_cheap_venue_is_named_in_all_its_pairs() {
        let found = opened(&[99.0, 100.0, 100.01, 99.99, 100.0]);
        assert_eq!(found.len(), 4);
        for (buy, _, off, percent) in found {
            assert_eq!((buy.as_str(), off.as_str()), ("v0", "v0"));
            assert!((-1.02..-0.98).contains(&percent), "{percent}");
        }
    }

    #[test]
    fn one_dear_venue_is_named_though_it_is_where_one_sells() {
        let found = opened(&[100.0, 100.0, 101.0]);
        assert_eq!(found.len(), 2);
        assert!(found.iter().all(|(_, sell, off, percent)| sell == "v2" && off == "v2" && *percent > 0.9));
    }

    #[test]
    fn a_venue_that_relays_the_one_that_is_off_is_off_by_its_name() {
        let found = opened_with(vec![("v3".into(), "v0".into())], &[99.0, 100.0, 100.0, 99.0]);
        assert_eq!(found.len(), 4);
        assert!(found.iter().any(|(buy, ..)| buy == "v3"));
        assert!(found.iter().all(|(_, _, off, _)| off == "v0"));
    }

    #[test]
    fn of_two_venues_nobody_can_say_which_is_off() {
        let found = opened(&[99.0, 100.0]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].2.as_str(), found[0].3), ("", 0.0));
    }
}
