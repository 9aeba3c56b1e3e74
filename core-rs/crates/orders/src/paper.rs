//! Fills on paper: an order that takes walks the depth that is shown when it arrives, and what it took stays taken until that level
//! changes. Nothing is filled beyond what is shown, and nothing rests.

use crossbook_trading::{ClientId, Side};
use std::collections::BTreeMap;

/// A level of one side: price in ticks and size in steps.
pub type Level = (i64, i64);

#[derive(Clone, Debug, Default, PartialEq)]
pub struct PaperBook {
    bids: BTreeMap<i64, Shown>,
    asks: BTreeMap<i64, Shown>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown {
    size: i64,
    taken: i64,
}

/// A part of an order, at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaperFill {
    pub price: i64,
    pub size: i64,
}

impl PaperBook {
    /// The book as it is shown now, best levels or all; a level whose size is as before keeps what was taken of it.
    pub fn show(&mut self, bids: &[Level], asks: &[Level]) {
        for (side, levels) in [(&mut self.bids, bids), (&mut self.asks, asks)] {
            let kept = |price, size| side.get(&price).filter(|shown| shown.size == size).map_or(0, |shown| shown.taken);
            let shown = levels.iter().filter(|(_, size)| *size > 0);
            *side = shown.map(|&(price, size)| (price, Shown { size, taken: kept(price, size) })).collect();
        }
    }

    /// What an order of this size fills within its bound; the rest expires.
    pub fn take(&mut self, side: Side, size: i64, bound: i64) -> Vec<PaperFill> {
        let levels: Box<dyn Iterator<Item = (&i64, &mut Shown)>> = match side {
            Side::Buy => Box::new(self.asks.range_mut(..=bound)),
            Side::Sell => Box::new(self.bids.range_mut(bound..).rev()),
        };
        let (mut left, mut fills) = (size, Vec::new());
        for (price, shown) in levels {
            let part = left.min(shown.size - shown.taken);
            if part > 0 {
                shown.taken += part;
                left -= part;
                fills.push(PaperFill { price: *price, size: part });
            }
        }
        fills
    }
}

/// One of the measured latencies, chosen by the order's name alone: another order beside it does not move it. 0 where none was
/// measured.
pub fn latency_ms(id: ClientId, measured_ms: &[i64]) -> i64 {
    let digest = id.to_string().bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        // FNV-1a, <http://www.isthe.com/chongo/tech/comp/fnv/>.
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let count = measured_ms.len() as u64;
    if count == 0 { 0 } else { measured_ms[(digest % count) as usize] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::client_id;
    use proptest::prelude::*;

    fn book() -> PaperBook {
        let mut book = PaperBook::default();
        book.show(&[(99, 5), (98, 7)], &[(101, 4), (102, 6), (103, 0)]);
        book
    }

    fn fill(price: i64, size: i64) -> PaperFill {
        PaperFill { price, size }
    }

    #[test]
    fn an_order_walks_the_book_within_its_bound_and_the_rest_expires() {
        assert_eq!(book().take(Side::Buy, 20, 102), [fill(101, 4), fill(102, 6)]);
        assert_eq!(book().take(Side::Buy, 6, 101), [fill(101, 4)]);
        assert_eq!(book().take(Side::Sell, 6, 1), [fill(99, 5), fill(98, 1)]);
        assert_eq!((book().take(Side::Sell, 6, 100), PaperBook::default().take(Side::Buy, 1, 1000)), (vec![], vec![]));
    }

    #[test]
    fn what_was_taken_stays_taken_until_the_level_changes() {
        let mut book = book();
        book.take(Side::Buy, 3, 101);
        book.show(&[(99, 5)], &[(101, 4), (102, 6)]);
        assert_eq!(book.take(Side::Buy, 9, 101), [fill(101, 1)]);
        book.show(&[(99, 5)], &[(101, 5)]);
        assert_eq!(book.take(Side::Buy, 9, 101), [fill(101, 5)], "it changed");
        book.show(&[], &[]);
        book.show(&[], &[(101, 5)]);
        assert_eq!(book.take(Side::Buy, 9, 101), [fill(101, 5)], "it went and came");
    }

    #[test]
    fn a_latency_belongs_to_an_order_s_name() {
        let measured = [10, 20, 30, 40];
        let drawn: Vec<i64> = (0..64).map(|attempt| latency_ms(client_id(attempt), &measured)).collect();
        assert_eq!(drawn, (0..64).map(|attempt| latency_ms(client_id(attempt), &measured)).collect::<Vec<_>>());
        assert!(measured.iter().all(|latency| drawn.contains(latency)), "{drawn:?}");
        assert_eq!(latency_ms(client_id(0), &[]), 0);
    }

    proptest! {
        #[test]
        fn never_is_more_filled_than_is_shown_nor_at_a_worse_price(
            asks in proptest::collection::vec((100_i64..120, 1_i64..50), 0..8),
            orders in proptest::collection::vec((1_i64..60, 95_i64..125), 1..8),
        ) {
            let mut book = PaperBook::default();
            book.show(&[], &asks);
            let shown: i64 = asks.iter().map(|(price, size)| (*price, *size)).collect::<BTreeMap<_, _>>().values().sum();
            let mut taken = 0;
            for (size, bound) in orders {
                let fills = book.take(Side::Buy, size, bound);
                let filled: i64 = fills.iter().map(|fill| fill.size).sum();
                prop_assert!(filled <= size && fills.iter().all(|fill| fill.price <= bound && fill.size > 0));
                taken += filled;
            }
            prop_assert!(taken <= shown);
        }
    }
}
