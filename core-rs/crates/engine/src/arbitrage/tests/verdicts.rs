//! Currencies, relays and kinds of contract, through the scanner; and that what it publishes is what it would explain.

use crossbook_market::{Instrument, Quote};
use proptest::prelude::*;

use super::super::{OpportunityEvent, RefusalReason, Scanner, ScannerSettings, SpreadView};
use super::{SECOND_NS, instrument, live, payload, scanner, settings};

const START_NS: i64 = 1_000 * SECOND_NS;

fn market(venue: &str, base: &str, quote: &str, settle: &str) -> Instrument {
    Instrument {
        symbol: format!("{base}/{quote}:{settle}"),
        quote_currency: quote.to_owned(),
        settle_currency: settle.to_owned(),
        ..instrument(venue, base)
    }
}

/// Bitcoin in USDT at about 100 and in USDC at about 101, and what one USDC is worth in USDT.
struct Dollars {
    scanner: Scanner,
    now_ns: i64,
}

impl Dollars {
    fn new(settings: ScannerSettings) -> Self {
        let mut dollars = Self { scanner: scanner(settings), now_ns: START_NS };
        dollars.take(&[live(0, 99.9, 100.0, 10.0, START_NS), live(1, 101.0, 101.1, 10.0, START_NS)]);
        dollars
    }

    fn take(&mut self, quotes: &[Quote]) -> Vec<OpportunityEvent> {
        let instruments = [
            market("a", "BTC", "USDT", "USDT"),
            market("b", "BTC", "USDC", "USDC"),
            market("c", "USDC", "USDT", "USDT"),
        ];
        self.scanner.on_batch(&payload(&instruments, quotes), self.now_ns, 0).unwrap()
    }

    fn rate(&mut self, mid: f64) -> Vec<OpportunityEvent> {
        self.take(&[live(2, mid - 0.0001, mid + 0.0001, 1e6, self.now_ns)])
    }

    fn explain(&self) -> SpreadView {
        self.scanner.explain("BTC", "a", "b", self.now_ns, &[]).unwrap()
    }
}

fn without_equals() -> ScannerSettings {
    ScannerSettings { equal_currencies: vec![], ..settings() }
}

#[test]
fn currencies_that_no_setting_calls_equal_wait_for_a_rate_and_the_rate_opens_the_pair() {
    let mut dollars = Dollars::new(without_equals());
    assert_eq!(dollars.explain().reason, Some(RefusalReason::RateUnknown));
    let opened = dollars.rate(0.999);
    assert_eq!(opened.len(), 1);
    let spread = &opened[0].spread;
    assert!((spread.costs.gross_percent - (101.0 * 0.999 - 100.0)).abs() < 1e-9, "{spread:?}");
    let conversion = spread.conversion.clone().unwrap();
    assert_eq!((conversion.from_currency.as_str(), conversion.to_currency.as_str()), ("USDC", "USDT"));
    assert_eq!((conversion.quote_ns, conversion.is_assumed), (START_NS, false));
    assert!((conversion.rate - 0.999).abs() < 1e-12);
    assert_eq!(opened[0].cause_ns, START_NS);
}

#[test]
fn a_rate_that_moves_updates_and_closes_what_is_open() {
    let mut dollars = Dollars::new(without_equals());
    dollars.rate(0.999);
    let updated = dollars.rate(1.0);
    assert!((updated[0].spread.costs.gross_percent - 1.0).abs() < 1e-9);
    assert_eq!(dollars.rate(0.991)[0].close_reason, Some(RefusalReason::BelowThreshold));
}

#[test]
fn a_rate_that_grows_old_closes_what_is_open_without_any_quote() {
    let settings = ScannerSettings { max_age_ns: 90 * SECOND_NS, ..without_equals() };
    let mut dollars = Dollars::new(settings);
    dollars.rate(1.0);
    assert!(dollars.scanner.on_timer(START_NS + 30 * SECOND_NS).is_empty());
    let closed = dollars.scanner.on_timer(START_NS + 30 * SECOND_NS + 1);
    assert_eq!(closed[0].close_reason, Some(RefusalReason::RateUnknown));
}

#[test]
fn a_depeg_closes_what_is_open_unless_the_setting_allows_it_and_is_marked_either_way() {
    let mut dollars = Dollars::new(without_equals());
    dollars.rate(1.0);
    assert_eq!(dollars.rate(1.02)[0].close_reason, Some(RefusalReason::Depegged));
    let mut allowed = Dollars::new(ScannerSettings { allow_depegged: true, ..without_equals() });
    let opened = allowed.rate(1.02);
    for spread in [&dollars.explain(), &opened[0].spread] {
        assert!(spread.conversion.as_ref().unwrap().is_depegged);
    }
}

#[test]
fn the_setting_converts_one_to_one_and_the_opportunity_says_so() {
    let equal_currencies = vec![vec!["USDC".to_owned(), "USDT".to_owned()]];
    let dollars = Dollars::new(ScannerSettings { equal_currencies, ..settings() });
    let spread = dollars.explain();
    assert_eq!(spread.reason, None);
    let conversion = spread.conversion.unwrap();
    assert_eq!((conversion.rate, conversion.quote_ns, conversion.is_assumed), (1.0, 0, true));
}

#[test]
fn losing_the_stream_forgets_the_rate_and_not_that_there_is_a_market_for_it() {
    let equal_currencies = vec![vec!["USDC".to_owned(), "USDT".to_owned()]];
    let mut dollars = Dollars::new(ScannerSettings { equal_currencies, ..settings() });
    dollars.rate(1.0);
    dollars.scanner.on_disconnected(START_NS, 0);
    dollars.take(&[live(0, 99.9, 100.0, 10.0, START_NS), live(1, 101.0, 101.1, 10.0, START_NS)]);
    assert_eq!(dollars.explain().reason, Some(RefusalReason::RateUnknown));
}

#[test]
fn a_relay_and_its_source_are_refused_and_each_is_compared_with_others() {
    let relays = vec![("relay".to_owned(), "source".to_owned())];
    let mut scanner = scanner(ScannerSettings { relays, ..settings() });
    let instruments = ["source", "relay", "other"].map(|venue| instrument(venue, "BTC"));
    let quotes = [(0, 100.0), (1, 101.0), (2, 102.0)].map(|(leg, price)| live(leg, price - 0.1, price, 10.0, START_NS));
    let events = scanner.on_batch(&payload(&instruments, &quotes), START_NS, 0).unwrap();
    let mut opened: Vec<_> = events.iter().map(|event| event.spread.buy.venue.as_str()).collect();
    opened.sort_unstable();
    assert_eq!(opened, ["relay", "source"]);
    assert!(events.iter().all(|event| event.spread.sell.venue == "other"));
    let refused = scanner.explain("BTC", "source", "relay", START_NS, &[]).unwrap();
    assert_eq!(refused.reason, Some(RefusalReason::RelayedBook));
    assert_eq!(scanner.stats().refusals, [(RefusalReason::RelayedBook as u8, 1)]);
}

#[test]
fn contracts_of_one_asset_that_settle_differently_are_legs_of_their_own_on_one_venue() {
    let mut scanner = scanner(settings());
    let mut spot = market("a", "BTC", "USDT", "");
    spot.symbol = "BTC/USDT".to_owned();
    let instruments = [
        spot,
        market("a", "BTC", "USDT", "USDT"),
        market("a", "BTC", "USD", "BTC"),
        market("a", "BTC", "USDC", "USDC"),
        market("b", "BTC", "USDT", "USDT"),
    ];
    let quotes = [99.0, 100.0, 98.0, 97.0, 103.0];
    let quotes: Vec<_> = (0..).zip(quotes).map(|(leg, bid)| live(leg, bid, bid + 0.1, 10.0, START_NS)).collect();
    let events = scanner.on_batch(&payload(&instruments, &quotes), START_NS, 0).unwrap();
    let mut bought: Vec<_> = events.iter().map(|event| event.spread.buy.symbol.clone()).collect();
    bought.sort();
    assert_eq!(bought, ["BTC/USD:BTC", "BTC/USDT", "BTC/USDT:USDT"]);
    let symbols = ["BTC/USD:BTC", "BTC/USDT", "BTC/USDT:USDT"];
    let prices = symbols.map(|symbol| {
        events.iter().find(|event| event.spread.buy.symbol == symbol).map(|event| event.spread.buy.price)
    });
    assert_eq!(prices, [Some(98.1), Some(99.1), Some(100.1)]);
}

#[test]
fn an_inverse_and_a_linear_contract_are_compared_only_with_a_rate_between_their_quotes() {
    let instruments = [market("a", "BTC", "USD", "BTC"), market("b", "BTC", "USDT", "USDT")];
    let quotes = [live(0, 99.9, 100.0, 10.0, START_NS), live(1, 101.0, 101.1, 10.0, START_NS)];
    let mut scanner = scanner(without_equals());
    scanner.on_batch(&payload(&instruments, &quotes), START_NS, 0).unwrap();
    let reason = |scanner: &Scanner| scanner.explain("BTC", "a", "b", START_NS, &[]).unwrap().reason;
    assert_eq!(reason(&scanner), Some(RefusalReason::RateUnknown));
    let rate = [market("c", "USDT", "USD", "USD")];
    let payload = crossbook_wire::encode_subscription_response(
        "stream",
        2,
        1,
        &[(9, &rate[0])],
        &[live(9, 0.9999, 1.0001, 1e6, START_NS)],
        0,
    );
    scanner.on_batch(&payload, START_NS, 0).unwrap();
    assert_eq!(reason(&scanner), None);
}

fn many() -> Vec<Instrument> {
    vec![
        market("a", "BTC", "USDT", "USDT"),
        market("b", "BTC", "USDC", "USDC"),
        market("c", "BTC", "USD", "BTC"),
        market("d", "BTC", "USDT", "USDT"),
        market("a", "USDC", "USDT", "USDT"),
        market("b", "USDC", "USDT", "USDT"),
        market("c", "USDT", "USD", "USD"),
        market("d", "USDC", "USD", "USD"),
    ]
}

prop_compose! {
    /// A quote of bitcoin near 100 or of a dollar near 1, and the time that passes first.
    fn step()(leg in 0..8u32, move_percent in -1.2..1.2f64, half_percent in 0.001..0.05f64, wait_ns in 0..4 * SECOND_NS)
        -> (Quote, i64) {
        let mid = if leg < 4 { 100.0 } else { 1.0 } * (1.0 + move_percent / 100.0);
        let half = mid * half_percent / 100.0;
        (live(leg, mid - half, mid + half, 1_000.0, 0), wait_ns)
    }
}

proptest! {
    /// With one threshold and no minimum life nothing depends on what was before: the screen in front of the gate, and
    /// the rates that move it, hide no pair and keep none.
    #[test]
    fn what_is_open_is_what_would_be_explained_as_publishable(
        steps in prop::collection::vec(step(), 1..80), is_equal in any::<bool>(),
    ) {
        let equal_currencies = if is_equal { settings().equal_currencies } else { vec![] };
        let mut scanner = scanner(ScannerSettings { close_net_percent: 0.1, equal_currencies, ..settings() });
        let mut now_ns = START_NS;
        for (mut quote, wait_ns) in steps {
            now_ns += wait_ns;
            quote.receive_ns = now_ns;
            scanner.on_timer(now_ns);
            scanner.on_batch(&payload(&many(), &[quote]), now_ns, 0).unwrap();
            let open: Vec<_> = scanner.open_opportunities().into_iter().map(|spread| (spread.asset, spread.buy.venue, spread.sell.venue)).collect();
            for asset in ["BTC", "USDC"] {
                for buy in ["a", "b", "c", "d"] {
                    for sell in ["a", "b", "c", "d"] {
                        let explained = scanner.explain(asset, buy, sell, now_ns, &[]);
                        let is_publishable = explained.as_ref().is_some_and(|spread| spread.reason.is_none());
                        let is_open = open.contains(&(asset.to_owned(), buy.to_owned(), sell.to_owned()));
                        prop_assert_eq!(is_publishable, is_open, "{:?}", explained);
                    }
                }
            }
        }
    }
}
