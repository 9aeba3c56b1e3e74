//! How far a price may go: an order to be rid of something is bounded by a band around the middle of a sane book, and the bands
//! widen from try to try. There is no try at any price.

use crossbook_trading::{Decimal, Side, Step};

const BASIS_POINTS: i64 = 10_000;

/// The best prices of a leg.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Top {
    pub bid: Decimal,
    pub ask: Decimal,
    /// Milliseconds since 1970.
    pub at_ms: i64,
}

/// Why no price can be named now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpriced {
    Missing,
    Stale,
    Crossed,
    Wide,
}

/// Which books are believed, and how far each try goes.
#[derive(Clone, Debug, PartialEq)]
pub struct Ladder {
    /// From the middle, one a try; the last holds for all further ones.
    pub bands_bps: Vec<i64>,
    pub max_spread_bps: i64,
    pub max_age_ms: i64,
}

impl Default for Ladder {
    fn default() -> Self {
        Self { bands_bps: vec![20, 40, 80, 150], max_spread_bps: 500, max_age_ms: 1000 }
    }
}

impl Ladder {
    /// The book, where it is sane.
    pub fn sane(&self, top: Option<Top>, now_ms: i64) -> Result<Top, Unpriced> {
        let top = top.ok_or(Unpriced::Missing)?;
        if now_ms - top.at_ms > self.max_age_ms {
            return Err(Unpriced::Stale);
        }
        if top.bid <= Decimal::ZERO || top.bid >= top.ask {
            return Err(Unpriced::Crossed);
        }
        let widest = top.bid.checked_mul(Decimal::from(self.max_spread_bps)).ok_or(Unpriced::Wide)?;
        let spread = (top.ask - top.bid).checked_mul(Decimal::from(BASIS_POINTS)).ok_or(Unpriced::Wide)?;
        if spread > widest { Err(Unpriced::Wide) } else { Ok(top) }
    }

    /// The bound of the given try (from 0) in ticks, rounded to the side on which less is paid.
    pub fn bound(&self, side: Side, tries: usize, top: Top, tick: Step) -> Option<i64> {
        let band = *self.bands_bps.get(tries).or(self.bands_bps.last())?;
        let factor = match side {
            Side::Buy => BASIS_POINTS + band,
            Side::Sell => BASIS_POINTS - band,
        };
        // Half of the sum, and parts of ten thousand: exact where all digits have room.
        let middle = top.bid.checked_add(top.ask)?.checked_mul(Decimal::new(5, 1))?;
        ticks(side, middle.checked_mul(Decimal::new(factor, 4))?, tick)
    }

    pub fn is_spent(&self, tries: usize) -> bool {
        tries >= self.bands_bps.len()
    }
}

/// A price in ticks, never worse than the price.
pub fn ticks(side: Side, price: Decimal, tick: Step) -> Option<i64> {
    match side {
        Side::Buy => tick.floor(price),
        Side::Sell => tick.floor(-price)?.checked_neg(),
    }
    .filter(|ticks| *ticks > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{decimal, step};

    fn top(bid: &str, ask: &str) -> Top {
        Top { bid: decimal(bid), ask: decimal(ask), at_ms: 0 }
    }

    #[test]
    fn a_bound_widens_from_try_to_try_and_is_rounded_to_the_cheap_side() {
        let ladder = Ladder::default();
        let bound = |side, tries| ladder.bound(side, tries, top("99.9", "100.1"), step("0.3"));
        assert_eq!(
            (0..6).map(|tries| bound(Side::Sell, tries).unwrap()).collect::<Vec<_>>(),
            [333, 332, 331, 329, 329, 329]
        );
        assert_eq!(bound(Side::Buy, 0), Some(334), "100.2 is 334 ticks of 0.3");
        assert_eq!((ladder.is_spent(3), ladder.is_spent(4)), (false, true));
        assert_eq!(ladder.bound(Side::Buy, 0, top("0.1", "0.2"), step("5")), None, "below a tick");
    }

    #[test]
    fn only_a_sane_book_names_a_price() {
        let ladder = Ladder::default();
        let judged = |top: Option<Top>, now_ms| ladder.sane(top, now_ms).err();
        assert_eq!(judged(Some(top("99", "100")), 1000), None);
        assert_eq!(judged(Some(top("99", "100")), 1001), Some(Unpriced::Stale));
        assert_eq!(judged(Some(top("100", "100")), 0), Some(Unpriced::Crossed));
        assert_eq!(judged(Some(top("0", "100")), 0), Some(Unpriced::Crossed));
        assert_eq!(judged(Some(top("100", "105.01")), 0), Some(Unpriced::Wide));
        assert_eq!(judged(None, 0), Some(Unpriced::Missing));
    }
}
