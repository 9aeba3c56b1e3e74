//! What the hub owes its readers.

use super::*;
use crate::testing::{instrument, quote};
use crossbook_market::{BookState, Instrument, Quote};
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
