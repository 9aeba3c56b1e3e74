//! Random histories of one venue's stream against a simple model of what must then stand in the tables: its tracker and its
//! aggregator are killed and started, Postgres takes windows or does not, the connection is cut, buffers overflow, a batch does
//! not decode, markets are chosen and given up, in any order and number.
//!
//! The oracle is what the venue sent and when, whoever listened; never what a process under test has kept.
//!
//! The shortest history that once lost rows (`the_windows_that_died_with_both_have_their_rows`): a window is committed, tracker
//! and aggregator both die, and both come back. The aggregator restores the instruments in force from the last committed
//! window, a stream that it does not know says hello, and what stood loses its force. The first watermark of that stream
//! then closed the windows in between, and an instrument that was CLOSED all the window long and that the stream had not yet
//! introduced was taken for one that is gone: it got no row and was forgotten. No stream had said so. Two steps fewer do it
//! while the aggregator lives: the tracker dies, and comes back after more than a window.
//!
//! HISTORIES says how many are tried; without it a few thousand, which take seconds.

mod world;

use proptest::prelude::*;
use world::{Event, World};

fn any_event() -> impl Strategy<Value = Event> {
    let tenths = || prop_oneof![6 => 0..30i64, 2 => 30..200i64, 1 => 200..700i64];
    prop_oneof![
        12 => (tenths(), 0..16u32).prop_map(|(after_tenths, instruments)| Event::Quote { after_tenths, instruments }),
        3 => tenths().prop_map(|after_tenths| Event::Pass { after_tenths }),
        4 => (0..6usize).prop_map(|windows| Event::Commit { windows }),
        3 => (0..3u64).prop_map(|repeated| Event::Connect { repeated }),
        2 => Just(Event::Cut),
        2 => Just(Event::KillTracker),
        3 => Just(Event::StartTracker),
        2 => Just(Event::KillAggregator),
        3 => Just(Event::StartAggregator),
        1 => (1..4u64).prop_map(|batches| Event::Overflow { batches }),
        1 => Just(Event::Corrupt),
        2 => (0..16u32).prop_map(|instruments| Event::Choose { instruments }),
    ]
}

fn histories() -> u32 {
    std::env::var("HISTORIES").ok().and_then(|count| count.parse().ok()).unwrap_or(2_000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: histories(), failure_persistence: None, max_shrink_iters: 100_000, ..ProptestConfig::default() })]

    /// Every window of every instrument in force has its row, none says more than was heard, and none that calls itself
    /// complete has missed a quote.
    #[test]
    fn whatever_dies_the_tables_say_what_was_heard_and_what_was_not(events in prop::collection::vec(any_event(), 1..40)) {
        World::tell(&events).check();
    }
}

/// The shortest history of lost rows; see above.
#[test]
fn the_windows_that_died_with_both_have_their_rows() {
    let world = World::tell(&[
        Event::Quote { after_tenths: 0, instruments: 1 },
        Event::Pass { after_tenths: 200 },
        Event::Commit { windows: 1 },
        Event::KillTracker,
        Event::KillAggregator,
        Event::Pass { after_tenths: 600 },
    ]);
    world.check();
    let lost = [1, 2, 3, 4].map(|window| (window, 0, false));
    assert_eq!(world.rows_of(0)[1..5], lost);
}
