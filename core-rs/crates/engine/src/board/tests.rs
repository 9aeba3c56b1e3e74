//! One thing at a time, from batches to what a client makes of its frames.

use super::*;
use crate::hub::InstrumentFilter;
use crate::testing::{instrument, quote};
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::{decode_subscription_response, encode_subscription_response};
use std::collections::BTreeMap;

pub(super) const SECOND_NS: i64 = 1_000_000_000;
pub(super) const NOW_NS: i64 = 1_000 * SECOND_NS;

/// What a client makes of its frames: by symbol number, as it knows nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Client {
    instruments: BTreeMap<u32, Instrument>,
    quotes: BTreeMap<u32, Quote>,
}

impl Client {
    /// Takes a frame and returns the receive times of its rows.
    pub(super) fn take(&mut self, frame: &[u8]) -> Vec<i64> {
        let batch = decode_subscription_response(frame).unwrap().batch;
        assert_eq!(batch.stream_id, "board");
        batch.check_symbols(|number| self.instruments.contains_key(&number)).unwrap();
        self.instruments.extend(batch.symbols.iter().map(|entry| (entry.index, entry.instrument.clone())));
        self.quotes.extend(batch.columns.rows().map(|quote| (quote.instrument, quote)));
        batch.columns.rows().map(|quote| quote.receive_ns).collect()
    }

    pub(super) fn by_name(&self) -> BTreeMap<(String, String), Quote> {
        let name = |number| (self.instruments[number].venue.clone(), self.instruments[number].symbol.clone());
        self.quotes.iter().map(|(number, quote)| (name(number), *quote)).collect()
    }
}

fn board() -> QuoteBoard {
    QuoteBoard::new("board".into())
}

pub(super) fn everything() -> Selection {
    Selection::Matching(InstrumentFilter::default())
}

fn names() -> [Instrument; 3] {
    [instrument("a", "BTC/USDT"), instrument("a", "ETH/USDT"), instrument("b", "BTC/USDT")]
}

fn batch(instruments: &[Instrument], quotes: &[Quote]) -> Vec<u8> {
    let entries: Vec<_> = (0..).zip(instruments).collect();
    encode_subscription_response("shard", 1, NOW_NS, &entries, quotes, 0)
}

/// Quotes of the three, by number and receive time.
fn tell(board: &QuoteBoard, quotes: &[(u32, i64)]) {
    let quotes: Vec<_> = quotes.iter().map(|(number, receive_ns)| quote(*number, *receive_ns)).collect();
    board.on_batch(&batch(&names(), &quotes), NOW_NS, 0).unwrap();
}

fn pull(board: &QuoteBoard, reader: ReaderId, client: &mut Client) -> Option<Vec<i64>> {
    let frames = board.deltas(&[reader], NOW_NS);
    frames.of_reader[0].map(|index| client.take(&frames.frames[index]))
}

#[test]
fn a_reader_is_told_what_is_known_and_then_only_what_is_new_to_it() {
    let (board, mut client) = (board(), Client::default());
    tell(&board, &[(0, 1), (1, 2)]);
    let reader = board.join(everything());
    assert_eq!(pull(&board, reader, &mut client), Some(vec![1, 2]));
    assert_eq!(pull(&board, reader, &mut client), None);
    tell(&board, &[(1, 3)]);
    tell(&board, &[(1, 4)]);
    assert_eq!(board.lag(reader, NOW_NS), 1);
    assert_eq!(pull(&board, reader, &mut client), Some(vec![4]));
    assert_eq!(board.lag(reader, NOW_NS), 0);
}

#[test]
fn what_changes_between_the_parts_of_a_frame_is_not_hidden_by_a_last_part_that_is_empty() {
    let (board, mut client) = (QuoteBoard::with_most_rows(2), Client::default());
    let reader = board.join(everything());
    tell(&board, &[(0, 1), (1, 1), (2, 1)]);
    while pull(&board, reader, &mut client).is_some() {}
    tell(&board, &[(0, 2), (1, 2)]);
    assert_eq!(pull(&board, reader, &mut client), Some(vec![2, 2]));
    tell(&board, &[(0, 3)]);
    assert_eq!(board.lag(reader, NOW_NS), 1);
    assert_eq!(pull(&board, reader, &mut client), Some(vec![3]));
    assert_eq!((pull(&board, reader, &mut client), board.lag(reader, NOW_NS)), (None, 0));
}

#[test]
fn an_instrument_comes_with_its_first_row_and_no_more_until_its_facts_change() {
    let (board, mut client) = (board(), Client::default());
    let reader = board.join(everything());
    let told = |board: &QuoteBoard, client: &mut Client| {
        let frames = board.deltas(&[reader], NOW_NS);
        client.take(&frames.frames[0]);
        decode_subscription_response(&frames.frames[0]).unwrap().batch.symbols
    };
    tell(&board, &[(0, 1)]);
    assert_eq!(told(&board, &mut client).len(), 1);
    tell(&board, &[(0, 2), (1, 2)]);
    assert_eq!(told(&board, &mut client)[0].instrument, names()[1]);
    let changed = Instrument { tick_size: 0.5, ..names()[0].clone() };
    board.on_batch(&batch(std::slice::from_ref(&changed), &[]), NOW_NS, 0).unwrap();
    assert_eq!(pull(&board, reader, &mut client), None);
    board.on_batch(&batch(std::slice::from_ref(&changed), &[quote(0, 3)]), NOW_NS, 0).unwrap();
    assert_eq!(told(&board, &mut client)[0].instrument, changed);
}

#[test]
fn an_instrument_that_changes_its_asset_closes_and_begins_anew_for_those_who_want_it() {
    let (board, mut old, mut new) = (board(), Client::default(), Client::default());
    let of_asset =
        |asset: &str| board.join(Selection::Matching(InstrumentFilter::new(vec![], vec![], vec![asset.into()])));
    let (of_old, of_new) = (of_asset("BTC"), of_asset("share:BTC"));
    let name = &names()[..1];
    board.on_batch(&batch(name, &[quote(0, 1)]), NOW_NS, 0).unwrap();
    board.on_batch(&batch(name, &[quote(0, 1)]), NOW_NS, 1).unwrap();
    assert_eq!((pull(&board, of_old, &mut old), pull(&board, of_new, &mut new)), (Some(vec![1]), None));
    let share =
        Instrument { asset: "share:BTC".into(), asset_class: crossbook_market::AssetClass::Share, ..name[0].clone() };
    board.on_batch(&batch(&[share], &[quote(0, 2)]), NOW_NS, 0).unwrap();
    assert_eq!((pull(&board, of_old, &mut old), pull(&board, of_new, &mut new)), (Some(vec![NOW_NS]), Some(vec![2])));
    assert_eq!(old.quotes[&0].state, BookState::Closed);
    let from_who_has_the_old_facts = encode_subscription_response("shard", 2, NOW_NS, &[], &[quote(0, 3)], 0);
    board.on_batch(&from_who_has_the_old_facts, NOW_NS, 1).unwrap();
    assert_eq!((pull(&board, of_old, &mut old), pull(&board, of_new, &mut new)), (None, None));
}

#[test]
fn readers_of_one_selection_that_know_the_same_get_one_frame() {
    let board = board();
    tell(&board, &[(0, 1), (1, 1), (2, 1)]);
    let of_a = || Selection::Matching(InstrumentFilter::new(vec!["a".into()], vec![], vec![]));
    let by_name = Selection::named(vec![("a".into(), "BTC/USDT".into()), ("a".into(), "ETH/USDT".into())]);
    let readers = [board.join(of_a()), board.join(of_a()), board.join(by_name)];
    assert_eq!((board.readers(), board.views()), (3, 2));
    let frames = board.deltas(&readers, NOW_NS);
    assert_eq!((frames.frames.len(), frames.of_reader), (2, vec![Some(0), Some(0), Some(1)]));
    tell(&board, &[(0, 2)]);
    board.deltas(&readers[..1], NOW_NS);
    tell(&board, &[(1, 2)]);
    let frames = board.deltas(&readers, NOW_NS); // the first one knows more than the second
    assert_eq!((frames.frames.len(), frames.of_reader), (3, vec![Some(0), Some(1), Some(2)]));
    tell(&board, &[(2, 3)]);
    assert_eq!(board.deltas(&readers, NOW_NS).of_reader, [None, None, None]);
    tell(&board, &[(0, 4)]);
    assert_eq!(board.deltas(&readers, NOW_NS).frames.len(), 2); // and now they know the same again
}

#[test]
fn named_instruments_count_from_when_they_come() {
    let (board, mut client) = (board(), Client::default());
    let reader = board.join(Selection::named(vec![("b".into(), "BTC/USDT".into()), ("c".into(), "X/Y".into())]));
    assert_eq!(pull(&board, reader, &mut client), None);
    tell(&board, &[(0, 1), (2, 2)]);
    assert_eq!(pull(&board, reader, &mut client), Some(vec![2]));
    let later = board.join(Selection::named(vec![("b".into(), "BTC/USDT".into())]));
    assert_eq!(pull(&board, later, &mut Client::default()), Some(vec![2]));
}

#[test]
fn a_snapshot_begins_again_with_everything_and_is_a_frame_even_without_rows() {
    let (board, mut client) = (board(), Client::default());
    let reader = board.join(everything());
    assert_eq!(client.take(&board.snapshot(reader, NOW_NS)), [0i64; 0]);
    tell(&board, &[(0, 1), (1, 2)]);
    pull(&board, reader, &mut client);
    assert_eq!(Client::default().take(&board.snapshot(reader, NOW_NS)), [1, 2]);
    assert_eq!(pull(&board, reader, &mut client), None);
}

#[test]
fn a_long_frame_comes_in_parts_that_leave_out_nothing_which_changes_meanwhile() {
    let (board, mut client) = (QuoteBoard::with_most_rows(2), Client::default());
    tell(&board, &[(0, 1), (1, 1), (2, 1)]);
    let reader = board.join(everything());
    assert_eq!(client.take(&board.snapshot(reader, NOW_NS)), [1, 1]);
    assert_eq!(board.lag(reader, NOW_NS), 1);
    tell(&board, &[(0, 2), (2, 2)]);
    assert_eq!(pull(&board, reader, &mut client), Some(vec![2]));
    assert_eq!(pull(&board, reader, &mut client), Some(vec![2, 2])); // what the last part had is told once more
    assert_eq!(pull(&board, reader, &mut client), None);
    assert!(client.quotes.values().zip([2, 1, 2]).all(|(quote, receive_ns)| quote.receive_ns == receive_ns));
}

#[test]
fn what_only_a_lost_shard_has_told_is_closed_and_what_another_has_told_too_is_not() {
    let (board, mut client) = (board(), Client::default());
    let reader = board.join(everything());
    tell(&board, &[(0, 1), (1, 1)]);
    board.on_batch(&batch(&names(), &[quote(1, 1)]), NOW_NS, 1).unwrap();
    pull(&board, reader, &mut client);
    board.on_disconnected(NOW_NS, 0);
    assert_eq!(pull(&board, reader, &mut client), Some(vec![NOW_NS]));
    assert_eq!(client.quotes[&0], Quote::without_prices(0, BookState::Closed, NOW_NS));
    assert_eq!(client.quotes[&1].state, BookState::Live);
}

#[test]
fn what_no_shard_takes_over_is_closed_after_two_seconds() {
    let (board, mut client) = (board(), Client::default());
    let reader = board.join(everything());
    tell(&board, &[(0, 1)]);
    board.on_batch(&batch(&names(), &[Quote::without_prices(0, BookState::Moved, 2)]), NOW_NS, 0).unwrap();
    pull(&board, reader, &mut client);
    assert_eq!(client.quotes[&0].state, BookState::Live);
    assert_eq!(board.lag(reader, NOW_NS + 2 * SECOND_NS - 1), 0);
    assert_eq!(board.lag(reader, NOW_NS + 2 * SECOND_NS), 1);
    pull(&board, reader, &mut client);
    assert_eq!(client.quotes[&0].state, BookState::Closed);
}

#[test]
fn who_left_is_told_nothing_and_takes_its_view_along() {
    let board = board();
    let readers = [board.join(everything()), board.join(everything())];
    tell(&board, &[(0, 1)]);
    board.leave(readers[0]);
    board.leave(readers[0]);
    assert_eq!(board.deltas(&readers, NOW_NS).of_reader, [None, Some(0)]);
    assert_eq!((board.readers(), board.views(), board.lag(readers[0], NOW_NS)), (1, 1, 0));
    board.leave(readers[1]);
    assert_eq!((board.readers(), board.views(), board.instruments()), (0, 0, 3));
}

#[test]
fn a_batch_that_does_not_decode_changes_nothing() {
    let (board, mut client) = (board(), Client::default());
    let reader = board.join(everything());
    let unknown = encode_subscription_response("shard", 1, NOW_NS, &[(0, &names()[0])], &[quote(0, 1), quote(7, 1)], 0);
    assert!(board.on_batch(&unknown, NOW_NS, 0).is_err());
    assert!(board.on_batch(b"no message", NOW_NS, 0).is_err());
    assert_eq!((pull(&board, reader, &mut client), board.instruments()), (None, 0));
}
