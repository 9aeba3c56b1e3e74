//! Streams that replace each other, lose batches, repeat them or do not decode, and processes that are killed: whatever
//! comes in whatever order, what is written stays consistent.

use super::*;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    /// A hello of stream 0 to 2 that can send from so many batches ahead of what was received.
    Hello {
        stream: usize,
        lost: u64,
    },
    /// Rows (instrument, seconds since the row above) of the present stream, so many batches ahead of the next.
    Batch {
        rows: Vec<(u32, f64)>,
        ahead: u64,
        watermark_seconds: f64,
    },
    Garbage,
    Disconnect,
    /// Killed after committing all that was closed.
    Restart,
}

fn any_event() -> impl Strategy<Value = Event> {
    let rows = prop::collection::vec((0..4u32, 0.0..9.0), 0..6);
    prop_oneof![
        8 => (rows, prop::sample::select(vec![0, 0, 0, 0, 1]), 0.0..20.0)
            .prop_map(|(rows, ahead, watermark_seconds)| Event::Batch { rows, ahead, watermark_seconds }),
        3 => (0..3usize, prop::sample::select(vec![0, 0, 3])).prop_map(|(stream, lost)| Event::Hello { stream, lost }),
        1 => Just(Event::Garbage),
        1 => Just(Event::Disconnect),
        1 => Just(Event::Restart),
    ]
}

/// Streams with clocks of their own, and the process that they feed.
struct World {
    windows: VenueWindows,
    clocks: [f64; 3],
    present: usize,
    written: Vec<ClosedWindow>,
}

impl World {
    fn happen(&mut self, event: &Event) {
        match event {
            Event::Hello { stream, lost } => {
                self.present = *stream;
                let oldest = self.windows.received_sequence() + 1 + lost;
                let resume = self.windows.on_hello(&hello(&format!("stream-{stream}"), oldest, &[0, 1])).unwrap();
                assert_eq!(resume, self.windows.received_sequence() + 1);
            }
            Event::Batch { rows, ahead, watermark_seconds } => self.send(rows, *ahead, *watermark_seconds),
            Event::Garbage => assert!(self.windows.on_batch(b"\xff").is_err()),
            Event::Disconnect => self.windows.on_disconnected(at(self.clocks[self.present])),
            Event::Restart => self.restart(),
        }
    }

    fn send(&mut self, rows: &[(u32, f64)], ahead: u64, watermark_seconds: f64) {
        let clock = &mut self.clocks[self.present];
        let mut quotes = Vec::new();
        for (instrument, step) in rows {
            *clock += step;
            quotes.push(live(*instrument, *clock, 10.0));
        }
        *clock += watermark_seconds;
        let sequence = self.windows.received_sequence() + 1 + ahead;
        let before = self.windows.received_sequence();
        let payload = batch(&format!("stream-{}", self.present), sequence, at(*clock), &quotes);
        let taken = self.windows.on_batch(&payload);
        let advanced = u64::from(taken.is_ok());
        assert_eq!(self.windows.received_sequence(), before + advanced);
        assert!(taken.is_err() || ahead == 0);
    }

    fn restart(&mut self) {
        self.written.extend(take_all(&mut self.windows));
        self.windows = match self.written.last() {
            Some(window) => restored_after(window, 15),
            None => windows(15),
        };
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn windows_follow_one_another_and_never_count_a_moment_twice(events in prop::collection::vec(any_event(), 1..60)) {
        let mut world = World { windows: windows(15), clocks: [1.0, 4.0, 40.0], present: 0, written: Vec::new() };
        events.iter().for_each(|event| world.happen(event));
        world.written.extend(take_all(&mut world.windows));
        for pair in world.written.windows(2) {
            prop_assert_eq!(pair[0].end_ns, pair[1].start_ns);
        }
        for window in &world.written {
            prop_assert_eq!(window.end_ns - window.start_ns, 15 * SECOND);
            let mut symbols: Vec<_> = window.instruments.iter().map(|instrument| &instrument.symbol).collect();
            symbols.sort();
            symbols.dedup();
            prop_assert_eq!(symbols.len(), window.states.len());
            for state in &window.states {
                let figures = state.figures();
                prop_assert!((0..=15 * SECOND).contains(&figures.live_ns));
                prop_assert!(state.receive_ns() < window.end_ns);
                let weighted = figures.time_weighted.map_or(10.0, |(bid, _)| bid);
                prop_assert!((weighted - 10.0).abs() < 1e-9);
            }
        }
    }
}
