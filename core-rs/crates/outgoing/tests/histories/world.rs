//! A venue, its tracker, its aggregator and the tables, under a clock that only events move. Between tracker and aggregator is
//! what a tracker sends with: its outbox and its uplink, and the bytes of the wire both ways.

use crossbook_engine::hub::QuoteHub;
use crossbook_engine::windows::{CarriedQuote, ClosedWindow, Position, VenueWindows};
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_outgoing::{Outbox, OutgoingStreams, Uplink};
use crossbook_wire::{IngestAnswer, encode_ingest_answer};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

const TENTH: i64 = 100_000_000;
const WINDOW: i64 = 150 * TENTH;
/// Some window's start.
const START: i64 = 1_700_000_100 * 10 * TENTH;
const INSTRUMENTS: u32 = 4;
const SHARD: &str = "main";
/// Some hundred batches of a history.
const OUTBOX_BYTES: usize = 32 * 1024;

#[derive(Clone, Debug)]
pub enum Event {
    /// After so long the venue quotes the instruments of a bit mask.
    Quote {
        after_tenths: i64,
        instruments: u32,
    },
    Pass {
        after_tenths: i64,
    },
    /// Postgres takes so many of the windows that wait.
    Commit {
        windows: usize,
    },
    /// A stream is opened; its tracker sends so many batches that it need not send.
    Connect {
        repeated: u64,
    },
    Cut,
    KillTracker,
    StartTracker,
    KillAggregator,
    StartAggregator,
    /// So much comes at once that so many of the oldest batches are dropped for want of room.
    Overflow {
        batches: u64,
    },
    /// The next batch does not decode.
    Corrupt,
    /// These are what is tracked from now on.
    Choose {
        instruments: u32,
    },
}

/// What one instrument's row of one window says.
#[derive(Clone, Debug)]
struct Row {
    live_ns: i64,
    ticks: u64,
    is_complete: bool,
}

struct Tracker {
    stream_id: String,
    streams: OutgoingStreams,
    outbox: Arc<Mutex<Outbox>>,
    uplink: Uplink,
    /// Feed's number of each instrument that is tracked.
    numbers: BTreeMap<u32, u32>,
    last_number: u32,
}

/// What Postgres holds.
#[derive(Default)]
struct Tables {
    position: Position,
    committed_until_ns: i64,
    carried: Vec<CarriedQuote>,
    /// By the window's start, then by instrument.
    windows: BTreeMap<i64, (bool, BTreeMap<u32, Row>)>,
}

/// What has really happened.
#[derive(Default)]
struct Truth {
    /// (time, instrument) of every quote that the venue sent of an instrument that was chosen then.
    sent: Vec<(i64, u32)>,
    /// (from, until, instrument): a living tracker had it LIVE.
    heard: Vec<(i64, i64, u32)>,
    /// Of those, the ones that last.
    hearing: BTreeMap<u32, i64>,
    /// (time, what is chosen from then on).
    choices: Vec<(i64, BTreeSet<u32>)>,
    has_lost: bool,
}

pub struct World {
    now_ns: i64,
    truth: Truth,
    tracker: Option<Tracker>,
    trackers: u32,
    aggregator: Option<VenueWindows>,
    waiting: VecDeque<ClosedWindow>,
    tables: Tables,
    numbers: BTreeMap<u32, u32>,
}

fn instrument(number: u32) -> Arc<Instrument> {
    Arc::new(Instrument {
        venue: "venue".into(),
        symbol: format!("{number}"),
        asset: format!("A{number}"),
        quote_currency: "USDT".into(),
        settle_currency: "USDT".into(),
        ..Instrument::default()
    })
}

fn bits(mask: u32) -> impl Iterator<Item = u32> {
    (0..INSTRUMENTS).filter(move |number| mask >> number & 1 == 1)
}

fn quote(number: u32, state: BookState, receive_ns: i64) -> Quote {
    if state != BookState::Live {
        return Quote::without_prices(number, state, receive_ns);
    }
    Quote { instrument: number, state, receive_ns, exchange_ns: 0, bid: 10.0, bid_size: 1.0, ask: 11.0, ask_size: 1.0 }
}

impl World {
    /// Everything runs at first, and at the end runs again for as long as it takes to settle.
    pub fn tell(events: &[Event]) -> Self {
        let mut world = Self {
            now_ns: START + TENTH,
            truth: Truth::default(),
            tracker: None,
            trackers: 0,
            aggregator: None,
            waiting: VecDeque::new(),
            tables: Tables::default(),
            numbers: BTreeMap::new(),
        };
        world.truth.choices.push((START, bits(0b0111).collect()));
        let begin = [Event::StartAggregator, Event::StartTracker, Event::Connect { repeated: 0 }];
        let all = Event::Quote { after_tenths: 1, instruments: 0b1111 };
        let settle = [
            Event::Cut,
            Event::Connect { repeated: 0 },
            all.clone(),
            Event::Pass { after_tenths: 151 },
            all,
            Event::Pass { after_tenths: 151 },
        ];
        let end = [Event::Pass { after_tenths: 1 }, Event::Commit { windows: usize::MAX }];
        begin.iter().chain(events).chain(&begin).chain(&settle).chain(&end).for_each(|event| world.happen(event));
        world
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Quote { after_tenths, instruments } => self.quote(*after_tenths, *instruments),
            Event::Pass { after_tenths } => self.pass(*after_tenths),
            Event::Commit { windows } => self.commit(*windows),
            Event::Connect { repeated } => self.connect(*repeated),
            Event::Cut => self.cut(),
            Event::KillTracker => self.kill_tracker(),
            Event::StartTracker => self.start_tracker(),
            Event::KillAggregator => self.kill_aggregator(),
            Event::StartAggregator => self.start_aggregator(),
            Event::Overflow { batches } => self.overflow(*batches),
            Event::Corrupt => self.corrupt(),
            Event::Choose { instruments } => self.choose(bits(*instruments).collect()),
        }
        self.truth.has_lost |= self.tracker.as_ref().is_some_and(|tracker| tracker.dropped() > 0);
    }

    fn chosen(&self) -> &BTreeSet<u32> {
        &self.truth.choices.last().unwrap().1
    }

    fn pass(&mut self, tenths: i64) {
        self.now_ns += tenths * TENTH;
        self.take_batch();
    }

    fn quote(&mut self, tenths: i64, instruments: u32) {
        self.now_ns += tenths * TENTH;
        let chosen = self.chosen().clone();
        for number in bits(instruments).filter(|number| chosen.contains(number)) {
            self.truth.sent.push((self.now_ns, number));
            if let Some(tracker) = &mut self.tracker {
                tracker.take_in(&[quote(tracker.numbers[&number], BookState::Live, self.now_ns)], &self.numbers);
                self.truth.hearing.entry(number).or_insert(self.now_ns);
            }
        }
        self.take_batch();
    }

    fn take_batch(&mut self) {
        let Some(tracker) = &mut self.tracker else { return };
        tracker.take_batches(self.now_ns);
        self.send();
    }

    /// Whatever waits goes out; a refusal ends the stream, and so does a batch that is gone before its turn.
    fn send(&mut self) {
        let (Some(tracker), Some(aggregator)) = (&mut self.tracker, &mut self.aggregator) else { return };
        loop {
            match tracker.uplink.poll_message(Waker::noop()) {
                Poll::Pending | Poll::Ready(Ok(None)) => break,
                Poll::Ready(Ok(Some(payload))) if aggregator.on_batch(&payload).is_ok() => {}
                _ => tracker.uplink.on_closed(None),
            }
            self.waiting.extend(std::iter::from_fn(|| aggregator.take_closed()));
        }
        if !tracker.uplink.is_connected() {
            aggregator.on_disconnected(self.now_ns);
        }
    }

    fn connect(&mut self, repeated: u64) {
        let (Some(tracker), Some(aggregator)) = (&mut self.tracker, &mut self.aggregator) else { return };
        if tracker.uplink.is_connected() {
            return;
        }
        let oldest = tracker.uplink.begin();
        let resume = aggregator.on_hello(&tracker.streams.hello(SHARD, oldest).unwrap()).unwrap();
        let (next_sequence, are_quotes_missing) = (resume.saturating_sub(repeated), aggregator.are_quotes_missing());
        let answer =
            encode_ingest_answer(&IngestAnswer::Resume { next_sequence, are_quotes_missing, takes_depth: false });
        if tracker.uplink.on_answer(&answer).unwrap().unwrap().are_quotes_missing {
            let live: Vec<u32> = self.truth.hearing.keys().copied().collect();
            let quotes: Vec<Quote> =
                live.iter().map(|number| quote(tracker.numbers[number], BookState::Live, self.now_ns)).collect();
            self.truth.sent.extend(live.iter().map(|number| (self.now_ns, *number)));
            tracker.take_in(&quotes, &self.numbers);
            tracker.streams.repeat_roster(SHARD, self.now_ns).unwrap();
            tracker.take_batches(self.now_ns);
        }
        self.acknowledge();
        self.send();
    }

    fn cut(&mut self) {
        if let Some(tracker) = &mut self.tracker {
            tracker.uplink.on_closed(None);
        }
        if let Some(aggregator) = &mut self.aggregator {
            aggregator.on_disconnected(self.now_ns);
        }
    }

    fn kill_tracker(&mut self) {
        self.cut();
        self.tracker = None;
        let now_ns = self.now_ns;
        let over = std::mem::take(&mut self.truth.hearing);
        self.truth.heard.extend(over.into_iter().map(|(number, from_ns)| (from_ns, now_ns, number)));
        self.truth.has_lost = true;
    }

    fn start_tracker(&mut self) {
        if self.tracker.is_some() {
            return;
        }
        self.trackers += 1;
        let stream_id = format!("stream-{}", self.trackers);
        let streams = OutgoingStreams::new("venue", &stream_id, &[SHARD.to_owned()]).unwrap();
        let outbox = Arc::new(Mutex::new(Outbox::new(OUTBOX_BYTES, 1)));
        let uplink = Uplink::new(Arc::clone(&outbox));
        let mut tracker = Tracker { stream_id, streams, outbox, uplink, numbers: BTreeMap::new(), last_number: 0 };
        self.numbers.clear();
        tracker.track(self.truth.choices.last().unwrap().1.clone(), &mut self.numbers, self.now_ns);
        self.tracker = Some(tracker);
    }

    /// What it had closed and Postgres has not taken dies with it.
    fn kill_aggregator(&mut self) {
        if let Some(tracker) = &mut self.tracker {
            tracker.uplink.on_closed(None);
        }
        self.aggregator = None;
        self.waiting.clear();
    }

    fn start_aggregator(&mut self) {
        if self.aggregator.is_some() {
            return;
        }
        let mut windows = VenueWindows::new("venue", WINDOW / TENTH / 10, Arc::new(QuoteHub::default())).unwrap();
        if self.tables.committed_until_ns > 0 {
            let Tables { position, committed_until_ns, carried, .. } = &self.tables;
            windows.restore(position.clone(), *committed_until_ns, carried).unwrap();
        }
        self.aggregator = Some(windows);
    }

    fn overflow(&mut self, batches: u64) {
        let Some(tracker) = &mut self.tracker else { return };
        let enough = tracker.dropped() + batches;
        while tracker.dropped() < enough {
            tracker.take_batches(self.now_ns);
        }
        self.send();
    }

    fn corrupt(&mut self) {
        let (Some(tracker), Some(aggregator)) = (&mut self.tracker, &mut self.aggregator) else { return };
        if tracker.uplink.is_connected() {
            tracker.take_batches(self.now_ns);
            assert!(aggregator.on_batch(b"\xff").is_err());
            self.truth.has_lost = true;
            self.cut();
        }
    }

    fn choose(&mut self, chosen: BTreeSet<u32>) {
        let gone: Vec<u32> = self.chosen().difference(&chosen).copied().collect();
        self.truth.choices.push((self.now_ns, chosen.clone()));
        for number in &gone {
            if let Some(from_ns) = self.truth.hearing.remove(number) {
                self.truth.heard.push((from_ns, self.now_ns, *number));
            }
        }
        let Some(tracker) = &mut self.tracker else { return };
        let closed: Vec<Quote> =
            gone.iter().map(|number| quote(tracker.numbers[number], BookState::Closed, self.now_ns)).collect();
        tracker.take_in(&closed, &self.numbers);
        tracker.track(chosen, &mut self.numbers, self.now_ns);
        self.take_batch();
    }

    fn commit(&mut self, windows: usize) {
        for _ in 0..windows.min(self.waiting.len()) {
            let window = self.waiting.pop_front().unwrap();
            self.tables.commit(window);
        }
        self.acknowledge();
    }

    fn acknowledge(&mut self) {
        let (Some(tracker), true) = (&mut self.tracker, self.aggregator.is_some()) else { return };
        if tracker.uplink.is_connected() && *self.tables.position.stream_id == *tracker.stream_id {
            let committed_sequence = self.tables.position.sequence;
            let answer = encode_ingest_answer(&IngestAnswer::Acknowledgement { committed_sequence });
            assert_eq!(tracker.uplink.on_answer(&answer), Ok(None));
        }
    }
}

impl Tracker {
    fn dropped(&self) -> u64 {
        self.outbox.lock().unwrap().dropped_batches()
    }

    fn take_in(&mut self, quotes: &[Quote], numbers: &BTreeMap<u32, u32>) {
        self.streams.take_in(&mut quotes.to_vec(), |number| instrument(numbers[&number]));
    }

    fn take_batches(&mut self, now_ns: i64) {
        loop {
            let batch = self.streams.take_batch(SHARD, now_ns).unwrap();
            self.outbox.lock().unwrap().append(batch);
            if self.streams.pending_rows(SHARD).unwrap() == 0 {
                return;
            }
        }
    }

    /// Every tracking takes a number for good.
    fn track(&mut self, chosen: BTreeSet<u32>, numbers: &mut BTreeMap<u32, u32>, now_ns: i64) {
        self.numbers.retain(|instrument, _| chosen.contains(instrument));
        for instrument in chosen {
            self.numbers.entry(instrument).or_insert_with(|| {
                self.last_number += 1;
                numbers.insert(self.last_number, instrument);
                self.last_number
            });
        }
        let tracked: Vec<_> = self.numbers.iter().map(|(one, number)| (*number, instrument(*one))).collect();
        self.streams.set_roster(&tracked, now_ns);
    }
}

impl Tables {
    /// One window, unless it was committed before.
    fn commit(&mut self, window: ClosedWindow) {
        if window.start_ns < self.committed_until_ns {
            return;
        }
        let number = |instrument: &Arc<Instrument>| instrument.symbol.parse::<u32>().unwrap();
        let rows = window.instruments.iter().zip(&window.states).map(|(instrument, state)| {
            let figures = state.figures();
            let row = Row { live_ns: figures.live_ns, ticks: figures.tick_count, is_complete: window.is_complete };
            (number(instrument), row)
        });
        let rows: BTreeMap<u32, Row> = rows.collect();
        assert_eq!(rows.len(), window.states.len(), "an instrument has one row of a window");
        self.carried = (window.instruments.iter().zip(&window.states))
            .map(|(instrument, state)| CarriedQuote { instrument: Arc::clone(instrument), quote: state.quote(0) })
            .collect();
        (self.position, self.committed_until_ns) = (window.position, window.end_ns);
        self.windows.insert(window.start_ns, (window.is_complete, rows));
    }
}

/// What must hold of the tables in the end.
impl World {
    pub fn check(&self) {
        self.check_windows_follow_one_another();
        for number in 0..INSTRUMENTS {
            self.check_rows_exist(number);
        }
        for (start_ns, (is_complete, rows)) in &self.tables.windows {
            rows.iter().for_each(|(number, row)| self.check_row(*start_ns, *number, row));
            // What the venue sent before the first window's stream began, nobody can know.
            if *is_complete && *start_ns > *self.tables.windows.keys().next().unwrap() {
                self.check_complete(*start_ns, rows);
            }
            assert!(
                self.truth.has_lost || *is_complete,
                "nothing was lost, and window {} says so",
                self.name(*start_ns)
            );
        }
        self.check_last_window();
    }

    /// (window's number, coverage in percent, whether it is complete) of every row of an instrument.
    pub fn rows_of(&self, number: u32) -> Vec<(i64, i64, bool)> {
        let rows = self.tables.windows.iter().filter_map(|(start_ns, (_, rows))| Some((start_ns, rows.get(&number)?)));
        rows.map(|(start_ns, row)| (self.name(*start_ns), row.live_ns * 100 / WINDOW, row.is_complete)).collect()
    }

    fn name(&self, start_ns: i64) -> i64 {
        (start_ns - START) / WINDOW
    }

    fn check_windows_follow_one_another(&self) {
        let starts: Vec<i64> = self.tables.windows.keys().copied().collect();
        for pair in starts.windows(2) {
            assert_eq!(pair[0] + WINDOW, pair[1], "windows between {} and {}", self.name(pair[0]), self.name(pair[1]));
        }
    }

    /// Once there is a row, every window has one until the instrument is given up.
    fn check_rows_exist(&self, number: u32) {
        let mut since_ns = None;
        for (start_ns, (_, rows)) in &self.tables.windows {
            let has_row = rows.contains_key(&number);
            if let Some(since_ns) = since_ns {
                let is_owed = self.is_chosen_all_along(number, since_ns, *start_ns);
                assert!(has_row || !is_owed, "instrument {number} has no row of window {}", self.name(*start_ns));
            }
            if has_row {
                since_ns = Some(*start_ns);
            } else if !self.is_chosen_all_along(number, *start_ns, *start_ns) {
                since_ns = None;
            }
        }
    }

    fn is_chosen_all_along(&self, number: u32, from_ns: i64, until_ns: i64) -> bool {
        let before = self.truth.choices.iter().rev().find(|(time_ns, _)| *time_ns <= from_ns);
        let within = self.truth.choices.iter().filter(|(time_ns, _)| (from_ns..=until_ns).contains(time_ns));
        before.into_iter().chain(within).all(|(_, chosen)| chosen.contains(&number))
    }

    /// No row counts what nobody heard.
    fn check_row(&self, start_ns: i64, number: u32, row: &Row) {
        let heard_ns = self.heard_ns(start_ns, number);
        let window = self.name(start_ns);
        assert!(row.live_ns <= heard_ns, "{number} in {window}: live {} ns, heard {heard_ns} ns", row.live_ns);
        assert!(row.ticks <= self.sent(start_ns, number), "{number} in {window}: {row:?}");
    }

    /// A window that says that nothing is lost has every quote that the venue sent.
    fn check_complete(&self, start_ns: i64, rows: &BTreeMap<u32, Row>) {
        for number in 0..INSTRUMENTS {
            let ticks = rows.get(&number).map_or(0, |row| row.ticks);
            let sent = self.sent(start_ns, number);
            assert_eq!(ticks, sent, "{number} in {} says that it is complete", self.name(start_ns));
            let (live_ns, heard_ns) = (rows.get(&number).map_or(0, |row| row.live_ns), self.heard_ns(start_ns, number));
            // After a loss a calm instrument is not known to be LIVE before its quote is repeated.
            assert!(self.truth.has_lost || live_ns == heard_ns, "{number} in {}: {live_ns} ns", self.name(start_ns));
        }
    }

    /// What is given up is not dragged along for ever.
    fn check_last_window(&self) {
        let last = self.tables.windows.values().last();
        let found: BTreeSet<u32> = last.into_iter().flat_map(|(_, rows)| rows.keys().copied()).collect();
        assert_eq!(found, *self.chosen(), "the last window has what is chosen");
    }

    fn heard_ns(&self, start_ns: i64, number: u32) -> i64 {
        let lasting = self.truth.hearing.iter().map(|(number, from_ns)| (*from_ns, self.now_ns, *number));
        let all = self.truth.heard.iter().copied().chain(lasting).filter(|(_, _, heard)| *heard == number);
        all.map(|(from_ns, until_ns, _)| (until_ns.min(start_ns + WINDOW) - from_ns.max(start_ns)).max(0)).sum()
    }

    fn sent(&self, start_ns: i64, number: u32) -> u64 {
        let is_it = |(time_ns, sent): &&(i64, u32)| *sent == number && (start_ns..start_ns + WINDOW).contains(time_ns);
        self.truth.sent.iter().filter(is_it).count() as u64
    }
}
