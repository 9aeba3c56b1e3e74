//! What the hub owes its readers.

use super::*;
use crate::testing::{instrument, quote};
use crossbook_market::{BookState, Depth, Instrument, Level, Quote};
use crossbook_wire::decode_subscription_response;
use std::sync::Arc;

fn hub_with(names: &[(&str, &str)]) -> Arc<QuoteHub> {
    let hub = Arc::new(QuoteHub::default());
    for (venue, symbol) in names {
        hub.introduce(&Arc::new(instrument(venue, symbol)));
    }
    hub
}

fn only(venues: &[&str], symbols: &[&str], assets: &[&str]) -> InstrumentFilter {
    let owned = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
    InstrumentFilter::new(owned(venues), owned(symbols), owned(assets))
}

#[test]
fn an_instrument_keeps_its_number() {
    let hub = hub_with(&[("a", "X/Y"), ("b", "X/Y")]);
    assert_eq!(hub.introduce(&Arc::new(instrument("a", "X/Y"))), 0);
    assert_eq!(hub.introduce(&Arc::new(instrument("b", "X/Y"))), 1);
    assert_eq!(hub.introduce(&Arc::new(instrument("b", "Z/Y"))), 2);
}

#[test]
fn a_new_reader_is_given_everything_known_and_new_symbols_once() {
    let hub = hub_with(&[("a", "X/Y"), ("b", "X/Y"), ("b", "Z/Y")]);
    hub.publish(&[quote(0, 10), quote(1, 11)], 12);
    let reader = hub.subscribe(InstrumentFilter::default());
    let payload = reader.take_batch().unwrap();
    let first = decode_subscription_response(&payload).unwrap().batch;
    assert_eq!((first.sequence, first.watermark_ns), (1, 12));
    assert_eq!(first.symbols.iter().map(|entry| entry.index).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(first.columns.rows().collect::<Vec<_>>(), [quote(0, 10), quote(1, 11)]);
    assert_eq!(reader.take_batch(), None);
    hub.publish(&[quote(1, 12), quote(2, 13)], 12);
    let payload = reader.take_batch().unwrap();
    let second = decode_subscription_response(&payload).unwrap().batch;
    assert_eq!((second.sequence, second.symbols.len()), (2, 1));
    assert_eq!(second.symbols[0].instrument, instrument("b", "Z/Y"));
}

#[test]
fn the_newest_quote_wins_and_the_others_are_counted() {
    let hub = hub_with(&[("a", "X/Y")]);
    let reader = hub.subscribe(InstrumentFilter::default());
    hub.publish(&[quote(0, 1), quote(0, 2), quote(0, 3)], 0);
    assert_eq!((reader.pending_rows(), reader.conflated_quotes()), (1, 2));
    assert_eq!(reader.take_rows(9)[0].1, quote(0, 3));
}

#[test]
fn a_broken_book_in_between_is_seen() {
    let hub = hub_with(&[("a", "X/Y")]);
    let reader = hub.subscribe(InstrumentFilter::default());
    let broken = Quote::without_prices(0, BookState::Resyncing, 2);
    hub.publish(&[quote(0, 1), broken, quote(0, 3)], 0);
    let rows: Vec<_> = reader.take_rows(9).into_iter().map(|(_, quote)| quote).collect();
    assert_eq!(rows, [quote(0, 1), broken, quote(0, 3)]);
}

#[test]
fn filters_restrict_and_combine() {
    let hub = hub_with(&[("a", "X/Y"), ("b", "X/Y"), ("b", "Z/Y")]);
    hub.publish(&[quote(2, 1), quote(1, 1), quote(0, 1)], 0);
    let names = |filter| {
        let rows = hub.latest(&filter);
        rows.iter().map(|(instrument, _)| format!("{} {}", instrument.venue, instrument.symbol)).collect::<Vec<_>>()
    };
    assert_eq!(names(only(&[], &[], &[])), ["a X/Y", "b X/Y", "b Z/Y"]);
    assert_eq!(names(only(&["b"], &["X/Y"], &[])), ["b X/Y"]);
    assert_eq!(names(only(&[], &[], &["X"])), ["a X/Y", "b X/Y"]);
    let reader = hub.subscribe(only(&["a"], &[], &["Z"]));
    hub.publish(&[quote(0, 2), quote(2, 2)], 0);
    assert_eq!(reader.pending_rows(), 0);
}

#[test]
fn a_limit_leaves_the_rest_waiting_in_order() {
    let hub = hub_with(&[("a", "X/Y"), ("a", "Z/Y")]);
    let reader = hub.subscribe(InstrumentFilter::default());
    let broken = Quote::without_prices(0, BookState::Stale, 2);
    hub.publish(&[quote(0, 1), quote(1, 1), broken], 0);
    let mut taken = Vec::new();
    while reader.pending_rows() > 0 {
        taken.extend(reader.take_rows(1).into_iter().map(|(_, quote)| quote));
    }
    assert_eq!(taken, [quote(0, 1), broken, quote(1, 1)]);
}

#[test]
fn a_changed_description_is_sent_again_under_the_same_number() {
    let hub = hub_with(&[("a", "X/Y")]);
    let reader = hub.subscribe(InstrumentFilter::default());
    hub.publish(&[quote(0, 1)], 0);
    drop(reader.take_batch());
    let cheaper = Instrument { taker_fee_percent: Some(0.01), ..instrument("a", "X/Y") };
    assert_eq!(hub.introduce(&Arc::new(cheaper.clone())), 0);
    hub.publish(&[quote(0, 2)], 0);
    let payload = reader.take_batch().unwrap();
    let batch = decode_subscription_response(&payload).unwrap().batch;
    assert_eq!((batch.symbols[0].index, &batch.symbols[0].instrument), (0, &cheaper));
}

#[test]
fn a_closed_reader_holds_nothing() {
    let hub = hub_with(&[("a", "X/Y")]);
    let reader = hub.subscribe(InstrumentFilter::default());
    hub.publish(&[quote(0, 1)], 0);
    reader.close();
    hub.publish(&[quote(0, 2)], 0);
    assert_eq!((reader.pending_rows(), reader.take_batch()), (0, None));
    drop(hub.subscribe(InstrumentFilter::default()));
    assert!(hub.lock().readers.is_empty());
}

fn depth(read_ns: i64) -> Depth {
    Depth { read_ns, bids: vec![Level { price: 1.0, size: 2.0 }], asks: vec![] }
}

fn depths(reader: &Subscription) -> Vec<(u32, i64)> {
    let Some(payload) = reader.take_batch() else { return Vec::new() };
    let rows = decode_subscription_response(&payload).unwrap().depth;
    rows.into_iter().map(|row| (row.symbol, row.depth.read_ns)).collect()
}

#[test]
fn the_newest_depth_of_each_book_waits_once_for_who_asks_and_for_nobody_else() {
    let hub = hub_with(&[("a", "X/Y"), ("b", "X/Y")]);
    hub.publish(&[quote(0, 10), quote(1, 11)], 12);
    let (deep, plain) =
        (hub.subscribe_to(InstrumentFilter::default(), true), hub.subscribe(InstrumentFilter::default()));
    assert_eq!((depths(&deep), depths(&plain)), (vec![], vec![]));
    for read_ns in 1..100 {
        hub.publish_depth([(1, depth(read_ns)), (0, depth(read_ns))]);
    }
    assert_eq!((deep.pending_rows(), plain.pending_rows()), (2, 0));
    assert_eq!((depths(&deep), plain.take_batch()), (vec![(1, 99), (0, 99)], None));
    assert_eq!(deep.take_batch(), None);
    let late = hub.subscribe_to(only(&["a"], &[], &[]), true);
    assert_eq!(depths(&late), [(0, 99)]);
}

#[test]
fn depth_of_a_book_that_is_not_live_is_void_and_not_sent() {
    let hub = hub_with(&[("a", "X/Y")]);
    let reader = hub.subscribe_to(InstrumentFilter::default(), true);
    hub.publish_depth([(0, depth(1))]);
    assert_eq!(reader.take_batch(), None, "no quote says that it is LIVE");
    hub.publish(&[quote(0, 2)], 2);
    hub.publish_depth([(0, depth(3))]);
    hub.publish(&[Quote::without_prices(0, BookState::Resyncing, 4)], 4);
    assert_eq!(depths(&reader), []);
    hub.publish(&[quote(0, 5)], 5);
    assert_eq!(depths(&reader), [], "what was told before the gap does not come back");
    hub.publish_depth([(0, depth(6))]);
    hub.move_away(&[0], 7);
    assert_eq!(depths(&reader), []);
}

#[test]
fn a_symbol_whose_depth_comes_without_a_quote_is_introduced() {
    let hub = hub_with(&[("a", "X/Y"), ("a", "Z/Y")]);
    hub.publish(&[quote(0, 1), quote(1, 1)], 1);
    let reader = hub.subscribe_to(only(&[], &["Z/Y"], &[]), true);
    reader.take_rows(9);
    hub.publish_depth([(1, depth(2))]);
    let payload = reader.take_batch().unwrap();
    let message = decode_subscription_response(&payload).unwrap();
    assert_eq!((message.batch.columns.len(), message.batch.symbols[0].index, message.depth.len()), (0, 1, 1));
}
