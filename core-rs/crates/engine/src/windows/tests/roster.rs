//! What a stream says to be all that it has, and what is lost meanwhile.

use super::*;
use crossbook_wire::encode_roster;

fn roster(stream_id: &str, sequence: u64, from: f64, numbers: &[u32]) -> Vec<u8> {
    let all = instruments();
    let symbols: Vec<_> = numbers.iter().map(|&number| (number, &all[number as usize])).collect();
    encode_roster("venue", stream_id, sequence, at(from), &symbols, numbers)
}

/// A and B are told by a stream that then dies; another says hello, and its words follow.
fn taken_over(words: &[Vec<u8>]) -> Vec<ClosedWindow> {
    let mut windows = windows(15);
    windows.on_hello(&hello("old", 1, &[])).unwrap();
    windows.on_batch(&batch("old", 1, at(5.0), &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)])).unwrap();
    windows.on_hello(&hello("new", 1, &[])).unwrap();
    words.iter().for_each(|payload| {
        windows.on_batch(payload).unwrap();
    });
    take_all(&mut windows)
}

fn rows(closed: &[ClosedWindow], symbol: &str) -> Vec<(i64, bool)> {
    let rows = closed.iter().map(|window| (row(window, symbol), window.is_complete));
    rows.filter_map(|(row, is_complete)| Some((row?.figures().live_ns / SECOND, is_complete))).collect()
}

#[test]
fn a_lost_window_has_the_rows_of_all_that_was_in_force() {
    let closed = taken_over(&[batch("new", 1, at(60.0), &[live(0, 50.0, 10.0)])]);
    assert_eq!(rows(&closed, "A/USDT"), [(4, false), (0, false), (0, false), (10, false)]);
    assert_eq!(rows(&closed, "B/USDT"), [(3, false), (0, false), (0, false), (0, false)]);
}

#[test]
fn windows_that_died_with_tracker_and_aggregator_have_the_rows_of_all_that_was_committed() {
    let mut first = windows(15);
    first.on_hello(&hello("old", 1, &[])).unwrap();
    first.on_batch(&batch("old", 1, at(15.0), &[live(0, 1.0, 10.0)])).unwrap();
    let mut second = restored_after(&take_all(&mut first)[0], 15);
    second.on_hello(&hello("new", 1, &[])).unwrap();
    second.on_batch(&batch("new", 1, at(60.0), &[])).unwrap();
    second.on_batch(&batch("new", 2, at(90.0), &[live(0, 70.0, 10.0)])).unwrap();
    let expected = [(0, false), (0, false), (0, false), (5, false), (15, true)];
    assert_eq!(rows(&take_all(&mut second), "A/USDT"), expected);
}

#[test]
fn what_a_roster_does_not_name_has_its_last_row_in_the_window_of_that_moment() {
    let closed = taken_over(&[roster("new", 1, 20.0, &[0]), batch("new", 2, at(60.0), &[live(0, 50.0, 10.0)])]);
    assert_eq!((rows(&closed, "A/USDT").len(), rows(&closed, "B/USDT").len()), (4, 2));
}

#[test]
fn what_comes_back_before_the_window_ends_is_there_all_along() {
    let back = roster("new", 2, 25.0, &[0, 1]);
    let closed = taken_over(&[roster("new", 1, 20.0, &[0]), back, batch("new", 3, at(60.0), &[])]);
    assert_eq!(rows(&closed, "B/USDT").len(), 4);
}

#[test]
fn whoever_restarts_within_the_window_is_told_of_the_roster_again() {
    let sent = [
        batch("s", 1, at(5.0), &[live(0, 1.0, 10.0), live(1, 2.0, 20.0)]),
        roster("s", 2, 20.0, &[0]),
        batch("s", 3, at(33.0), &[]),
        batch("s", 4, at(60.0), &[live(0, 40.0, 11.0)]),
        batch("s", 5, at(60.0), &[]),
    ];
    let mut first = windows(15);
    first.on_hello(&hello("s", 1, &[])).unwrap();
    sent.iter().for_each(|payload| {
        first.on_batch(payload).unwrap();
    });
    let closed = take_all(&mut first);
    assert_eq!(rows(&closed, "B/USDT").len(), 2);
    for killed_after in 0..closed.len() {
        let mut second = restored_after(&closed[killed_after], 15);
        let resume = second.on_hello(&hello("s", 1, &[0, 1])).unwrap();
        sent[resume as usize - 1..].iter().for_each(|payload| {
            second.on_batch(payload).unwrap();
        });
        let found: Vec<usize> = take_all(&mut second).iter().map(|window| window.states.len()).collect();
        let expected: Vec<usize> = closed[killed_after + 1..].iter().map(|window| window.states.len()).collect();
        assert_eq!(found, expected, "killed after {killed_after}");
    }
}
