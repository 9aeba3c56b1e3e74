//! Sizes in the scan: from which levels they are, when they are not known, and what they refuse.

use crossbook_market::{BookState, Depth, Instrument, Level, Quote};
use crossbook_wire::append_subscription_depth;

use super::super::{EventKind, OpportunityEvent, RefusalReason, Scanner, ScannerSettings, SpreadView};
use super::{SECOND_NS, instrument, live, payload, scanner, settings};

pub(super) const START_NS: i64 = 1_000 * SECOND_NS;

/// `a` asks 100 and `b` bids 101; the fees are none, so that it pays 1 %.
pub(super) struct Market {
    pub scanner: Scanner,
    pub instruments: [Instrument; 2],
}

fn level(price: f64, size: f64) -> Level {
    Level { price, size }
}

fn asks(read_ns: i64) -> Depth {
    Depth { read_ns, bids: vec![], asks: vec![level(100.0, 10.0), level(100.2, 30.0), level(105.0, 9.0)] }
}

fn bids(read_ns: i64) -> Depth {
    Depth { read_ns, bids: vec![level(101.0, 10.0), level(100.9, 50.0)], asks: vec![] }
}

impl Market {
    pub(super) fn new(change: impl FnOnce(&mut ScannerSettings, &mut [Instrument; 2])) -> Self {
        let mut settings = settings();
        let mut instruments = ["a", "b"].map(|venue| Instrument {
            taker_fee_percent: Some(0.0),
            lot_size: 0.1,
            ..instrument(venue, "BTC")
        });
        change(&mut settings, &mut instruments);
        Self { scanner: scanner(settings), instruments }
    }

    pub(super) fn tell(&mut self, quotes: &[Quote], depth: &[(u32, Depth)], now_ns: i64) -> Vec<OpportunityEvent> {
        self.tell_by(0, quotes, depth, now_ns)
    }

    fn tell_by(&mut self, source: u16, quotes: &[Quote], depth: &[(u32, Depth)], now_ns: i64) -> Vec<OpportunityEvent> {
        let mut message = payload(&self.instruments, quotes);
        append_subscription_depth(&mut message, depth.iter().map(|(number, depth)| (*number, depth)));
        self.scanner.on_batch(&message, now_ns, source).unwrap()
    }

    /// Both tops and both depths.
    pub(super) fn begin(&mut self) -> Vec<OpportunityEvent> {
        let one = self.tell(&[tops()[0]], &[(0, asks(START_NS))], START_NS);
        assert!(one.is_empty());
        self.tell(&[live(1, 99.0, 99.9, 10.0, START_NS)], &[(1, bids(START_NS))], START_NS);
        self.tell(&[tops()[1]], &[], START_NS)
    }

    pub(super) fn explain(&self, now_ns: i64, notionals: &[f64]) -> SpreadView {
        self.scanner.explain("BTC", "a", "b", now_ns, notionals).unwrap()
    }

    fn unknown(&self, now_ns: i64) -> Option<RefusalReason> {
        self.explain(now_ns, &[]).sizing.unknown_reason
    }
}

pub(super) fn tops() -> [Quote; 2] {
    [live(0, 99.9, 100.0, 10.0, START_NS), live(1, 101.0, 101.1, 10.0, START_NS)]
}

#[test]
fn an_opportunity_opens_with_its_sizes() {
    let mut market = Market::new(|_, _| {});
    let events = market.begin();
    let sizing = &events[0].spread.sizing;
    let edge = sizing.edge.as_ref().unwrap();
    assert_eq!((edge.best.size, edge.best.profit.round(), edge.common_lot), (40.0, 31.0, Some(0.1)));
    assert_eq!((sizing.threshold_percent, sizing.unknown_reason), (0.1, None));
    assert_eq!((sizing.buy.levels.len(), sizing.buy.horizon_price(), sizing.buy.known_size()), (3, 105.0, 49.0));
    assert_eq!((sizing.sell.levels.len(), sizing.sell.read_ns), (2, START_NS));
    assert_eq!(market.scanner.open_opportunities()[0].sizing, *sizing);
    assert_eq!(market.explain(START_NS, &[1_000.0]).sizing.edge.unwrap().at_notionals[0].size, 10.0);
}

#[test]
fn without_depth_it_opens_as_before_and_says_that_sizes_are_not_known_until_they_are() {
    let mut market = Market::new(|_, _| {});
    let events = market.tell(&tops(), &[(0, asks(START_NS))], START_NS);
    assert_eq!(
        (events[0].kind, events[0].spread.sizing.unknown_reason),
        (EventKind::Opened, Some(RefusalReason::NoDepth))
    );
    let events = market.tell(&[], &[(1, bids(START_NS + 1))], START_NS + 2);
    assert_eq!((events[0].kind, events[0].cause_ns), (EventKind::Updated, START_NS + 1));
    assert!(events[0].spread.sizing.edge.is_some());
    assert!(market.tell(&[], &[(1, bids(START_NS + 3))], START_NS + 3).is_empty(), "nothing moved by a step");
}

#[test]
fn levels_that_were_read_too_long_ago_make_no_sizes() {
    let mut market = Market::new(|_, _| {});
    market.begin();
    let limit_ns = START_NS + market.scanner.settings().max_depth_age_ns;
    assert_eq!((market.unknown(limit_ns), market.unknown(limit_ns + 1)), (None, Some(RefusalReason::StaleDepth)));
}

#[test]
fn a_gap_voids_a_leg_s_depth_and_another_source_s_depth_does_not_count() {
    let mut market = Market::new(|_, _| {});
    market.begin();
    market.tell(
        &[Quote::without_prices(0, BookState::Resyncing, START_NS + 1)],
        &[(0, asks(START_NS + 1))],
        START_NS + 1,
    );
    market.tell(&[live(0, 99.9, 100.0, 10.0, START_NS + 2)], &[], START_NS + 2);
    assert_eq!(market.unknown(START_NS + 2), Some(RefusalReason::NoDepth));
    market.tell_by(1, &[], &[(0, asks(START_NS + 3))], START_NS + 3);
    assert_eq!(market.unknown(START_NS + 3), Some(RefusalReason::NoDepth));
    market.tell(&[], &[(0, asks(START_NS + 3))], START_NS + 3);
    assert_eq!(market.unknown(START_NS + 3), None);
}

#[test]
fn a_top_that_is_newer_than_the_depth_takes_its_place() {
    let mut market = Market::new(|_, _| {});
    market.begin();
    market.tell(&[Quote { ask_size: 3.0, ..live(0, 100.0, 100.1, 10.0, START_NS + 1) }], &[], START_NS + 1);
    let sizing = market.explain(START_NS + 1, &[]).sizing;
    assert_eq!((sizing.buy.known_size(), sizing.edge.unwrap().best.size), (42.0, 33.0));
}

#[test]
fn a_pair_of_which_less_than_a_lot_can_be_traded_is_refused_where_that_is_known() {
    let mut market = Market::new(|settings, instruments| {
        (settings.min_notional, instruments[1].lot_size) = (0.0, 100.0);
    });
    assert_eq!(market.tell(&tops(), &[], START_NS).len(), 1, "nobody knows");
    let mut market = Market::new(|settings, instruments| {
        (settings.min_notional, instruments[1].lot_size) = (0.0, 100.0);
    });
    assert!(market.begin().is_empty());
    assert_eq!(market.explain(START_NS, &[]).reason, Some(RefusalReason::BelowLot));
    assert_eq!(market.scanner.stats().refusals, [(RefusalReason::BelowLot as u8, 1)]);
}

#[test]
fn scaled_contracts_count_in_coins() {
    let mut market = Market::new(|_, instruments| instruments[0].asset_scale = 1_000.0);
    let deep = Depth { asks: vec![level(100_000.0, 0.5), level(100_200.0, 0.1)], ..asks(START_NS) };
    market.tell(&[live(0, 99_900.0, 100_000.0, 0.5, START_NS), tops()[1]], &[(0, deep), (1, bids(START_NS))], START_NS);
    let sizing = market.explain(START_NS, &[]).sizing;
    assert_eq!((sizing.buy.horizon_price(), sizing.buy.known_size()), (100.2, 600.0));
    assert_eq!(sizing.edge.unwrap().common_lot, Some(100.0));
    assert_eq!(sizing.unknown_limits.first(), Some(&"buy.min_size"));
}

#[test]
fn quotes_that_pay_nothing_walk_no_books() {
    let mut market = Market::new(|_, _| {});
    market.tell(
        &[live(0, 99.9, 100.0, 10.0, START_NS), live(1, 99.9, 100.0, 10.0, START_NS)],
        &[(0, asks(START_NS)), (1, bids(START_NS))],
        START_NS,
    );
    assert_eq!(market.scanner.stats().walks, 0);
    market.tell(&[tops()[1]], &[], START_NS);
    assert_eq!(market.scanner.stats().walks, 2, "one to open, one to tell");
}
