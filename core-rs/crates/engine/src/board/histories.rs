//! Random histories of shards, instruments that move between them, and readers that ask when they like.

use super::tests::{Client, NOW_NS, SECOND_NS, everything};
use super::*;
use crate::hub::{InstrumentFilter, QuoteHub, Subscription};
use crate::testing::{instrument, quote};
use crossbook_market::{BookState, Instrument, Quote};
use proptest::prelude::*;
use std::sync::Arc;

const SHARDS: usize = 3;
const INSTRUMENTS: usize = 6;

/// What happens in a random history; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Quote(usize, u8),
    Move(usize, usize),
    Deliver(usize),
    Lose(usize),
    Return(usize),
    Wait(i64),
    Join(usize),
    Leave(usize),
    Pull(usize),
    Snapshot(usize),
    PullAll,
}

fn act() -> impl Strategy<Value = Act> {
    let number = 0..64usize;
    prop_oneof![
        8 => (number.clone(), 1..5u8).prop_map(|(instrument, state)| Act::Quote(instrument, state)),
        8 => number.clone().prop_map(|instrument| Act::Quote(instrument, 1)),
        2 => (number.clone(), number.clone()).prop_map(|(instrument, to)| Act::Move(instrument, to)),
        8 => number.clone().prop_map(Act::Deliver),
        1 => number.clone().prop_map(Act::Lose),
        2 => number.clone().prop_map(Act::Return),
        1 => (1..4i64).prop_map(Act::Wait),
        2 => number.clone().prop_map(Act::Join),
        1 => number.clone().prop_map(Act::Leave),
        5 => number.clone().prop_map(Act::Pull),
        1 => number.prop_map(Act::Snapshot),
        2 => Just(Act::PullAll),
    ]
}

struct Reading {
    id: ReaderId,
    selection: Selection,
    client: Client,
}

/// Shards with real hubs, each instrument at one of them, and a board that follows those that are connected.
struct World {
    board: QuoteBoard,
    hubs: Vec<Arc<QuoteHub>>,
    streams: Vec<Option<Subscription>>,
    shard_of: Vec<usize>,
    truth: Vec<Option<Quote>>,
    now_ns: i64,
    readers: Vec<Reading>,
}

fn traded(number: usize) -> Instrument {
    instrument(["a", "b"][number % 2], ["BTC/USDT", "ETH/USDT", "SOL/USDT"][number / 2])
}

fn selection(number: usize) -> Selection {
    match number % 4 {
        0 => everything(),
        1 => Selection::Matching(InstrumentFilter::new(vec!["a".into()], vec![], vec![])),
        2 => Selection::Matching(InstrumentFilter::new(vec![], vec![], vec!["BTC".into(), "SOL".into()])),
        _ => Selection::named(vec![("b".into(), "ETH/USDT".into()), ("a".into(), "SOL/USDT".into())]),
    }
}

impl World {
    fn new() -> Self {
        let hubs: Vec<_> = (0..SHARDS).map(|_| Arc::new(QuoteHub::default())).collect();
        for hub in &hubs {
            (0..INSTRUMENTS).for_each(|number| assert_eq!(hub.introduce(&Arc::new(traded(number))), number as u32));
        }
        Self {
            board: QuoteBoard::with_most_rows(4),
            streams: hubs.iter().map(|hub| Some(hub.subscribe(InstrumentFilter::default()))).collect(),
            hubs,
            shard_of: (0..INSTRUMENTS).map(|number| number % SHARDS).collect(),
            truth: vec![None; INSTRUMENTS],
            now_ns: NOW_NS,
            readers: Vec::new(),
        }
    }

    fn act(&mut self, act: Act) {
        self.now_ns += 1;
        match act {
            Act::Quote(number, state) => self.quote(number % INSTRUMENTS, BookState::from_number(state).unwrap()),
            Act::Move(number, to) => self.move_to(number % INSTRUMENTS, to % SHARDS),
            Act::Deliver(shard) => self.deliver(shard % SHARDS),
            Act::Lose(shard) => self.lose(shard % SHARDS),
            Act::Return(shard) => self.give_stream(shard % SHARDS),
            Act::Wait(seconds) => self.now_ns += seconds * SECOND_NS,
            Act::Join(number) => {
                let (id, client) = (self.board.join(selection(number)), Client::default());
                self.readers.push(Reading { id, selection: selection(number), client });
            }
            Act::PullAll => self.pull_all(),
            Act::Leave(_) | Act::Pull(_) | Act::Snapshot(_) if self.readers.is_empty() => {}
            Act::Leave(number) => {
                let gone = self.readers.swap_remove(number % self.readers.len());
                self.board.leave(gone.id);
            }
            Act::Pull(number) => self.pull_dry(number % self.readers.len()),
            Act::Snapshot(number) => {
                let index = number % self.readers.len();
                let reading = &mut self.readers[index];
                reading.client = Client::default();
                reading.client.take(&self.board.snapshot(reading.id, self.now_ns));
                self.pull_dry(index);
            }
        }
    }

    fn quote(&mut self, number: usize, state: BookState) {
        let instrument = number as u32;
        let told = match state {
            BookState::Live => Quote { bid: self.now_ns as f64, ..quote(instrument, self.now_ns) },
            _ => Quote::without_prices(instrument, state, self.now_ns),
        };
        self.truth[number] = Some(told);
        self.hubs[self.shard_of[number]].publish(&[told], self.now_ns);
    }

    /// The new shard begins with the quote in force.
    fn move_to(&mut self, number: usize, to: usize) {
        let from = std::mem::replace(&mut self.shard_of[number], to);
        if let Some(in_force) = self.truth[number].filter(|_| from != to) {
            self.hubs[from].move_away(&[number as u32], self.now_ns);
            self.hubs[to].publish(&[in_force], self.now_ns);
        }
    }

    fn deliver(&mut self, shard: usize) {
        if let Some(batch) = self.streams[shard].as_ref().and_then(Subscription::take_batch) {
            self.board.on_batch(&batch, self.now_ns, shard as u16).unwrap();
        }
    }

    fn lose(&mut self, shard: usize) {
        self.streams[shard] = None;
        self.board.on_disconnected(self.now_ns, shard as u16);
    }

    fn give_stream(&mut self, shard: usize) {
        if self.streams[shard].is_none() {
            self.streams[shard] = Some(self.hubs[shard].subscribe(InstrumentFilter::default()));
        }
    }

    /// One frame at most for each.
    fn pull_all(&mut self) {
        let ids: Vec<_> = self.readers.iter().map(|reading| reading.id).collect();
        let frames = self.board.deltas(&ids, self.now_ns);
        for (reading, frame) in self.readers.iter_mut().zip(frames.of_reader) {
            frame.iter().for_each(|index| _ = reading.client.take(&frames.frames[*index]));
        }
    }

    /// Until nothing is new; then it knows what one that asks for the first time is told.
    fn pull_dry(&mut self, index: usize) {
        let Reading { id, selection, client } = &mut self.readers[index];
        drain(&self.board, *id, client, self.now_ns);
        let (fresh, mut all) = (self.board.join(selection.clone()), Client::default());
        all.take(&self.board.snapshot(fresh, self.now_ns));
        drain(&self.board, fresh, &mut all, self.now_ns);
        self.board.leave(fresh);
        assert_eq!(*client, all);
        assert_eq!(self.board.lag(*id, self.now_ns), 0);
    }

    /// What every reader's view must be once all that waits has been delivered and every move is over.
    fn check(&mut self) {
        for shard in (0..SHARDS).cycle().take(SHARDS * 4) {
            self.deliver(shard);
        }
        self.now_ns += 3 * SECOND_NS;
        for index in 0..self.readers.len() {
            self.pull_dry(index);
            let Reading { selection, client, .. } = &self.readers[index];
            let seen = client.by_name();
            for (number, truth) in self.truth.iter().enumerate() {
                let instrument = traded(number);
                let seen = seen.get(&(instrument.venue.clone(), instrument.symbol.clone()));
                let is_connected = self.streams[self.shard_of[number]].is_some();
                match truth.filter(|_| selection.matches(&instrument)) {
                    None => assert_eq!(seen, None),
                    Some(truth) if is_connected && truth.state != BookState::Closed => {
                        assert_eq!(seen.map(|quote| Quote { instrument: number as u32, ..*quote }), Some(truth));
                    }
                    Some(_) => assert!(seen.is_none_or(|quote| quote.state == BookState::Closed)),
                }
            }
        }
    }
}

fn drain(board: &QuoteBoard, reader: ReaderId, client: &mut Client, now_ns: i64) {
    loop {
        let frames = board.deltas(&[reader], now_ns);
        let Some(index) = frames.of_reader[0] else { return };
        client.take(&frames.frames[index]);
    }
}

/// It moves twice, and what the first shard has to say of it comes after the third one's word.
#[test]
fn an_heir_is_not_forgotten_for_one_that_gives_it_away_at_once() {
    let mut world = World::new();
    world.act(Act::Join(0));
    for act in [Act::Quote(4, 1), Act::Move(4, 2), Act::Deliver(2), Act::Move(4, 0)] {
        world.act(act);
    }
    world.check();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Random quotes, readers with ticks of their own, shards that come, go and hand over, against what is true.
    #[test]
    fn every_readers_view_after_its_last_pull_is_the_truth(acts in prop::collection::vec(act(), 1..150)) {
        let mut world = World::new();
        acts.into_iter().for_each(|act| world.act(act));
        world.act(Act::Join(0));
        world.check();
    }
}
