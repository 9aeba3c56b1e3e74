//! Facts of instruments in the scan: what venues ask of orders bounds sizes, and a change closes what it touches.

use crossbook_market::{FactKind, FactState, TradingStatus};
use crossbook_wire::{ReadFact, ReadFacts, encode_read_facts};

use super::super::{EventKind, OpportunityEvent, RefusalReason, SpreadView};
use super::sizes::{Market, START_NS, tops};

fn known(kind: FactKind, value: f64) -> ReadFact {
    ReadFact { kind, state: FactState::Known, value: Some(value), is_no_limit: false, receive_ns: START_NS }
}

fn status(status: TradingStatus) -> ReadFact {
    known(FactKind::TradingStatus, f64::from(status as u8))
}

fn told(venue: &str, facts: &[ReadFact]) -> Vec<u8> {
    let symbol = "BTC/USDT:USDT".to_owned();
    encode_read_facts(&[ReadFacts { venue: venue.to_owned(), symbol, is_gone: false, facts: facts.to_vec() }])
}

fn tell(market: &mut Market, venue: &str, facts: &[ReadFact]) -> Vec<OpportunityEvent> {
    market.scanner.on_facts(&told(venue, facts), START_NS).unwrap()
}

/// It pays 1 %, and its books hold 40 coins at prices that pay.
fn market(facts: &[ReadFact]) -> (Market, Vec<OpportunityEvent>) {
    let mut market = Market::new(|_, _| {});
    tell(&mut market, "a", facts);
    let events = market.begin();
    (market, events)
}

fn refusal(market: &Market) -> Option<RefusalReason> {
    market.explain(START_NS, &[]).reason
}

#[test]
fn limits_that_came_before_the_first_quote_bound_the_sizes() {
    let (market, events) = market(&[known(FactKind::MaxSize, 12.34), known(FactKind::LotSize, 0.5)]);
    let edge = events[0].spread.sizing.edge.clone().unwrap();
    assert_eq!((edge.largest.size, edge.best.size, edge.common_lot), (12.0, 12.0, Some(0.5)));
    let asked = market.explain(START_NS, &[1_300.0]).sizing.edge.unwrap();
    assert_eq!(asked.at_notionals[0].refusal, Some(crate::edge::SizeRefusal::AboveMaxSize));
}

#[test]
fn what_no_order_may_be_so_small_for_is_not_published() {
    for (fact, reason) in [
        (known(FactKind::MinNotional, 5_000.0), RefusalReason::BelowMinNotional),
        (known(FactKind::MinSize, 60.0), RefusalReason::BelowMinSize),
        (known(FactKind::LotSize, 64.0), RefusalReason::BelowLot),
    ] {
        let (market, events) = market(&[fact]);
        assert!(events.is_empty());
        assert_eq!(refusal(&market), Some(reason));
        assert_eq!(market.scanner.stats().refusals, [(reason as u8, 1)]);
    }
}

#[test]
fn a_market_that_halts_closes_what_it_touches_with_the_reason_and_opens_again() {
    let (mut market, events) = market(&[status(TradingStatus::Trading)]);
    assert_eq!(events[0].kind, EventKind::Opened);
    let closed = tell(&mut market, "a", &[status(TradingStatus::Halted)]);
    assert_eq!((closed[0].kind, closed[0].close_reason), (EventKind::Closed, Some(RefusalReason::NotTrading)));
    assert!(market.tell(&tops(), &[], START_NS + 1).is_empty());
    assert_eq!(tell(&mut market, "a", &[status(TradingStatus::Trading)])[0].kind, EventKind::Opened);
    let closed = tell(&mut market, "b", &[status(TradingStatus::Delisting)]);
    assert_eq!(closed[0].close_reason, Some(RefusalReason::Delisting));
}

#[test]
fn another_contract_size_closes_until_the_instrument_has_it_too() {
    let (mut market, _) = market(&[known(FactKind::ContractSize, 1.0)]);
    let closed = tell(&mut market, "a", &[known(FactKind::ContractSize, 10.0)]);
    assert_eq!(closed[0].close_reason, Some(RefusalReason::ContractChanged));
    assert!(market.tell(&tops(), &[], START_NS + 1).is_empty());
    assert_eq!(refusal(&market), Some(RefusalReason::ContractChanged));
    market.instruments[0].contract_size = 10.0;
    assert_eq!(market.tell(&tops(), &[], START_NS + 2)[0].kind, EventKind::Opened);
}

#[test]
fn an_instrument_of_another_contract_size_closes_with_that_reason() {
    let (mut market, _) = market(&[]);
    market.instruments[1].contract_size = 100.0;
    let events = market.tell(&[], &[], START_NS + 1);
    assert_eq!(events[0].close_reason, Some(RefusalReason::ContractChanged));
}

#[test]
fn another_funding_interval_closes_once() {
    let (mut market, _) = market(&[known(FactKind::FundingInterval, 28_800.0)]);
    let closed = tell(&mut market, "a", &[known(FactKind::FundingInterval, 3_600.0)]);
    assert_eq!(closed[0].close_reason, Some(RefusalReason::FundingChanged));
    assert_eq!(market.tell(&tops(), &[], START_NS + 1)[0].kind, EventKind::Opened);
    assert!(tell(&mut market, "a", &[known(FactKind::FundingInterval, 3_600.0)]).is_empty());
}

#[test]
fn what_is_not_known_is_named_and_is_assumed_or_refused_by_the_setting() {
    let no_limit = |kind| ReadFact { state: FactState::Unknown, value: None, is_no_limit: true, ..known(kind, 0.0) };
    let facts = [
        known(FactKind::MinSize, 0.1),
        no_limit(FactKind::MaxSize),
        no_limit(FactKind::MinNotional),
        no_limit(FactKind::MinPrice),
        known(FactKind::MaxPrice, 1e6),
        status(TradingStatus::Trading),
    ];
    let (mut market, events) = market(&facts);
    let sell = ["sell.min_size", "sell.max_size", "sell.min_notional", "sell.status", "sell.min_price"];
    let sizing = &events[0].spread.sizing;
    assert_eq!((sizing.unknown_limits.as_slice(), sizing.assumed.as_slice()), (&sell[..], &sell[..]));
    tell(&mut market, "b", &facts);
    assert!(market.explain(START_NS, &[]).sizing.unknown_limits.is_empty());

    let mut strict = Market::new(|settings, _| settings.assume_no_limits = false);
    tell(&mut strict, "a", &facts);
    assert!(strict.begin().is_empty());
    assert_eq!(refusal(&strict), Some(RefusalReason::LimitsUnknown));
    assert!(strict.explain(START_NS, &[]).sizing.assumed.is_empty());
    assert_eq!(tell(&mut strict, "b", &facts)[0].kind, EventKind::Opened);
}

#[test]
fn levels_beyond_a_price_limit_are_not_traded_on_and_a_top_beyond_it_closes() {
    let (mut market, events) = market(&[known(FactKind::MaxPrice, 100.1)]);
    let sizing = &events[0].spread.sizing;
    let largest = sizing.edge.as_ref().unwrap().largest;
    assert_eq!((largest.size, sizing.edge.as_ref().unwrap().is_limited_by_depth), (10.0, false));
    assert_eq!(events[0].spread.buy.facts.max_price, Some(100.1));
    let closed = tell(&mut market, "a", &[known(FactKind::MaxPrice, 99.9)]);
    assert_eq!((closed[0].kind, closed[0].close_reason), (EventKind::Closed, Some(RefusalReason::BeyondPriceLimit)));
    assert_eq!(market.explain(START_NS, &[]).sizing.unknown_reason, Some(RefusalReason::BeyondPriceLimit));
    let stale = ReadFact { state: FactState::Stale, ..known(FactKind::MaxPrice, 99.9) };
    assert_eq!(tell(&mut market, "a", &[stale])[0].kind, EventKind::Opened, "an old band says nothing");
    let closed = tell(&mut market, "b", &[known(FactKind::MinPrice, 101.1)]);
    assert_eq!(closed[0].close_reason, Some(RefusalReason::BeyondPriceLimit));
    assert_eq!(tell(&mut market, "b", &[known(FactKind::MinPrice, 101.0)])[0].kind, EventKind::Opened);
}

#[test]
fn a_price_limit_is_per_coin() {
    let mut market = Market::new(|_, instruments| instruments[0].asset_scale = 10.0);
    tell(&mut market, "a", &[known(FactKind::MaxPrice, 1_001.0)]);
    market.begin();
    assert_eq!(market.explain(START_NS, &[]).buy.facts.max_price, Some(100.1));
}

#[test]
fn a_stale_limit_stands_and_a_stale_status_is_not_known() {
    let stale = |fact: ReadFact| ReadFact { state: FactState::Stale, ..fact };
    let (market, events) = market(&[stale(known(FactKind::MaxSize, 3.0)), stale(status(TradingStatus::Halted))]);
    assert_eq!(events[0].spread.sizing.edge.as_ref().unwrap().largest.size, 3.0);
    let view: SpreadView = market.explain(START_NS, &[]);
    assert_eq!((view.buy.facts.status, view.buy.facts.max_size), (None, Some(3.0)));
    assert!(view.sizing.unknown_limits.contains(&"buy.status"));
}

#[test]
fn an_inverse_contract_s_smallest_order_is_money() {
    let mut market = Market::new(|_, instruments| {
        instruments[0].settle_currency = "BTC".to_owned();
    });
    tell(&mut market, "a", &[known(FactKind::MinSize, 5_000.0), known(FactKind::MaxSize, 10.0)]);
    assert!(market.begin().is_empty());
    assert_eq!(refusal(&market), Some(RefusalReason::BelowMinNotional));
    assert!(market.explain(START_NS, &[]).sizing.unknown_limits.contains(&"buy.max_size"));
}

#[test]
fn facts_of_an_instrument_that_is_gone_are_forgotten() {
    let (mut market, _) = market(&[status(TradingStatus::Trading), known(FactKind::MaxSize, 3.0)]);
    let symbol = "BTC/USDT:USDT".to_owned();
    let gone = ReadFacts { venue: "a".to_owned(), symbol, is_gone: true, facts: vec![] };
    market.scanner.on_facts(&encode_read_facts(&[gone]), START_NS).unwrap();
    assert_eq!(market.explain(START_NS, &[]).buy.facts, Default::default());
}

#[test]
fn what_is_no_message_changes_nothing() {
    let (mut market, _) = market(&[]);
    assert!(market.scanner.on_facts(&[0xff], START_NS).is_err());
    assert_eq!(market.scanner.stats().open_now, 1);
}
