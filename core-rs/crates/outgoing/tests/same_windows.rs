//! Random quotes over one to four shards, whose list changes and whose processes are killed, against one shard that nobody
//! disturbs: every window of every instrument is written by exactly one shard, and to the last digit as the one writes it.

use crossbook_engine::hub::QuoteHub;
use crossbook_engine::windows::{CarriedQuote, ClosedWindow, VenueWindows};
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_outgoing::{OutgoingStreams, TakenBatch};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;
const WINDOW: i64 = 15 * SECOND;
const MINUTE: i64 = 60 * SECOND;
/// Some full minute.
const START: i64 = 28_333_335 * MINUTE;
const SHARDS: [&str; 4] = ["a", "b", "c", "d"];
const INSTRUMENTS: u32 = 8;

#[derive(Clone, Debug)]
enum Event {
    Quote {
        instrument: u32,
        state: u8,
        bid: f64,
        ask: f64,
        step_ns: i64,
    },
    /// Of one shard, the others lag behind, or of all.
    Take {
        only: Option<usize>,
        step_ns: i64,
    },
    /// The shards of a bit mask, from a full minute that is to come.
    Route {
        shards: u32,
        minutes: i64,
    },
    /// Killed after so many of the closed windows were committed.
    Kill {
        shard: usize,
        committed: usize,
    },
    /// At the end of a window, lanes that are not listed any more and have nothing to hand over.
    Drop,
}

fn any_event() -> impl Strategy<Value = Event> {
    let price = || prop_oneof![9 => 0.001..1000.0, 1 => Just(0.0)];
    let step = || prop_oneof![5 => 0..SECOND, 1 => Just(0), 2 => 0..20 * SECOND];
    let any_quote = (0..INSTRUMENTS, prop_oneof![6 => Just(1u8), 1 => 2..5u8], price(), price(), step());
    prop_oneof![
        12 => any_quote.prop_map(|(instrument, state, bid, ask, step_ns)| Event::Quote { instrument, state, bid, ask, step_ns }),
        4 => (prop::option::of(0..SHARDS.len()), step()).prop_map(|(only, step_ns)| Event::Take { only, step_ns }),
        2 => (1..16u32, 1..3i64).prop_map(|(shards, minutes)| Event::Route { shards, minutes }),
        1 => (0..SHARDS.len(), 0..9usize).prop_map(|(shard, committed)| Event::Kill { shard, committed }),
        1 => Just(Event::Drop),
    ]
}

fn instrument(number: u32) -> Arc<Instrument> {
    Arc::new(Instrument {
        venue: "venue".into(),
        symbol: format!("A{number}/USDT"),
        asset: format!("A{number}"),
        quote_currency: "USDT".into(),
        settle_currency: "USDT".into(),
        ..Instrument::default()
    })
}

fn names(shards: u32) -> Vec<String> {
    let is_named = |position: &usize| shards >> position & 1 == 1;
    (0..SHARDS.len()).filter(is_named).map(|position| SHARDS[position].to_owned()).collect()
}

fn new_windows() -> VenueWindows {
    VenueWindows::new("venue", WINDOW / SECOND, Arc::new(QuoteHub::default())).unwrap()
}

/// One aggregator with its part of the database, and the outbox of the lane that leads to it.
struct Shard {
    name: String,
    windows: VenueWindows,
    committed: Vec<ClosedWindow>,
    outbox: Vec<TakenBatch>,
    is_connected: bool,
}

impl Shard {
    fn new(name: &str) -> Self {
        let (committed, outbox) = (Vec::new(), Vec::new());
        Self { name: name.to_owned(), windows: new_windows(), committed, outbox, is_connected: false }
    }

    /// Everything that the lane has, told now.
    fn take(&mut self, streams: &mut OutgoingStreams, now_ns: i64) {
        if !streams.shards().any(|shard| shard == self.name) {
            return;
        }
        streams.advance(now_ns);
        let waits = |streams: &OutgoingStreams| streams.pending_rows(&self.name).unwrap() > 0;
        let has_begun = |streams: &OutgoingStreams| streams.next_sequence(&self.name).unwrap() > 1;
        // The last batch, without rows, says that there is nothing more; a lane that never had anything need not say it.
        let mut is_last = false;
        while !is_last && (waits(streams) || has_begun(streams)) {
            is_last = !waits(streams);
            self.outbox.push(streams.take_batch(&self.name, now_ns).unwrap());
        }
        self.send(streams);
    }

    fn send(&mut self, streams: &OutgoingStreams) {
        if !self.is_connected {
            let next = streams.next_sequence(&self.name).unwrap();
            let oldest = self.outbox.first().map_or(next, |batch| batch.sequence);
            let resume = self.windows.on_hello(&streams.hello(&self.name, oldest).unwrap()).unwrap();
            assert!(oldest <= resume && resume <= next, "{oldest} {resume} {next}");
            self.is_connected = true;
        }
        let received = self.windows.received_sequence();
        for batch in self.outbox.iter().filter(|batch| batch.sequence > received) {
            self.windows.on_batch(&batch.payload).unwrap();
        }
    }

    /// Commits so many of the windows that are closed; what they acknowledge leaves the outbox.
    fn commit(&mut self, count: usize) {
        self.committed.extend(std::iter::from_fn(|| self.windows.take_closed()).take(count));
        let position = self.position();
        self.outbox.retain(|batch| batch.sequence > position);
    }

    fn position(&self) -> u64 {
        self.committed.last().map_or(0, |window| window.position.sequence)
    }

    fn kill(&mut self) {
        (self.windows, self.is_connected) = (new_windows(), false);
        if let Some(last) = self.committed.last() {
            let rows = last.instruments.iter().zip(&last.states);
            let carried = |(instrument, state): (&Arc<Instrument>, &crossbook_engine::windows::WindowState)| {
                CarriedQuote { instrument: Arc::clone(instrument), quote: state.quote(0) }
            };
            let carried: Vec<_> = rows.map(carried).collect();
            self.windows.restore(last.position.clone(), last.end_ns, &carried).unwrap();
        }
    }
}

/// One tracker and its shards.
struct World {
    now_ns: i64,
    streams: OutgoingStreams,
    shards: Vec<Shard>,
}

impl World {
    fn new(shards: &[String]) -> Self {
        let streams = OutgoingStreams::new("venue", "stream", shards).unwrap();
        let all = SHARDS.iter().map(|name| Shard::new(name)).collect();
        Self { now_ns: START + 7, streams, shards: all }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Quote { instrument: number, state, bid, ask, step_ns } => {
                self.now_ns += step_ns;
                let state = BookState::from_number(state).unwrap();
                let (receive_ns, exchange_ns, bid_size, ask_size) =
                    (self.now_ns, self.now_ns - 5, bid / 3.0, ask / 7.0);
                let quote = Quote { instrument: number, state, receive_ns, exchange_ns, bid, bid_size, ask, ask_size };
                self.streams.take_in(&mut vec![quote], instrument);
            }
            Event::Take { only, step_ns } => {
                self.now_ns += step_ns;
                for position in (0..SHARDS.len()).filter(|position| only.is_none_or(|only| only == *position)) {
                    self.shards[position].take(&mut self.streams, self.now_ns);
                }
            }
            Event::Route { shards, minutes } => {
                let from_ns = (self.now_ns / MINUTE + minutes) * MINUTE;
                self.streams.route(&names(shards), from_ns).unwrap();
            }
            Event::Kill { shard, committed } => {
                self.shards[shard].commit(committed);
                self.shards[shard].kill();
            }
            Event::Drop => self.drop_lanes(),
        }
    }

    fn drop_lanes(&mut self) {
        self.now_ns += WINDOW - self.now_ns % WINDOW;
        for shard in &mut self.shards {
            shard.take(&mut self.streams, self.now_ns);
            shard.commit(usize::MAX);
            if shard.outbox.is_empty() && self.streams.drop_lane(&shard.name).is_ok() {
                shard.is_connected = false;
            }
        }
    }

    /// The end of the last window that began, taken and committed everywhere.
    fn finish(&mut self) {
        self.happen(&Event::Take { only: None, step_ns: WINDOW - self.now_ns % WINDOW });
        self.shards.iter_mut().for_each(|shard| shard.commit(usize::MAX));
    }

    /// What each shard wrote, by window and symbol.
    fn written(&self) -> BTreeMap<(i64, String), Vec<String>> {
        let mut written: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for window in self.shards.iter().flat_map(|shard| &shard.committed) {
            for (instrument, state) in window.instruments.iter().zip(&window.states) {
                let row = format!("until {} complete {} {state:?}", window.end_ns, window.is_complete);
                written.entry((window.start_ns, instrument.symbol.clone())).or_default().push(row);
            }
        }
        written
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn shards_write_what_one_would_and_each_row_once(
        shards in 1..16u32, events in prop::collection::vec(any_event(), 1..150)
    ) {
        let (mut one, mut many) = (World::new(&names(1)), World::new(&names(shards)));
        for event in &events {
            many.happen(event);
            if let Event::Quote { step_ns, .. } | Event::Take { step_ns, .. } = event {
                match event {
                    Event::Quote { .. } => one.happen(event),
                    _ => one.happen(&Event::Take { only: None, step_ns: *step_ns }),
                }
            }
            one.now_ns = many.now_ns;
        }
        one.finish();
        many.finish();
        let (expected, found) = (one.written(), many.written());
        for (row, texts) in &found {
            prop_assert_eq!(Some(texts), expected.get(row), "{:?}", row);
        }
        let missing: Vec<_> = expected.keys().filter(|row| !found.contains_key(row)).collect();
        prop_assert!(missing.is_empty(), "{missing:?}");
    }
}
