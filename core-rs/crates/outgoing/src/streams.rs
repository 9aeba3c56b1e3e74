//! Every lane of one feed, and what is known of every instrument that has been told.

use crate::error::RouteError;
use crate::journal::lock;
use crate::lane::{Lane, Origin, TakenBatch};
use crate::outbox::Outbox;
use crate::rendezvous;
use crossbook_market::{BookState, Depth, Instrument, Quote};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex};

const MINUTE_NS: i64 = 60_000_000_000;
const MAX_NAME_BYTES: usize = 32;

/// Distributes the quotes of one venue's feed over its lanes. Quotes come in the order of receipt, numbered by the feed.
pub struct OutgoingStreams {
    origin: Origin,
    /// In the order of first mention; as many as shards were ever listed.
    lanes: Vec<Lane>,
    /// Beside whose batches a lane's depth goes, by its number.
    outboxes: FxHashMap<usize, Arc<Mutex<Outbox>>>,
    /// Lanes of the shards that are listed now.
    listed: Vec<usize>,
    /// The list that comes into force later, and when; i64::MAX while there is none.
    coming: Vec<usize>,
    coming_ns: i64,
    /// By the feed's number.
    told: Vec<Option<Told>>,
    /// Whether it has been said what is tracked.
    has_roster: bool,
    /// The latest time that a batch was taken, or a quote received.
    taken_ns: i64,
}

/// An instrument that is tracked, or was.
struct Told {
    instrument: Arc<Instrument>,
    lane: usize,
    /// None before its first quote.
    in_force: Option<Quote>,
    /// Whether it is no longer tracked: it stays where it is and comes back as another number.
    is_given_up: bool,
}

impl OutgoingStreams {
    pub fn new(venue: &str, stream_id: &str, shards: &[String]) -> Result<Self, RouteError> {
        check_names(shards)?;
        let origin = Origin { venue: venue.to_owned(), stream_id: stream_id.to_owned() };
        Ok(Self {
            origin,
            lanes: shards.iter().map(|name| Lane::new(name)).collect(),
            outboxes: FxHashMap::default(),
            listed: (0..shards.len()).collect(),
            coming: Vec::new(),
            coming_ns: i64::MAX,
            told: Vec::new(),
            has_roster: false,
            taken_ns: 0,
        })
    }

    /// From `from_ns` on, a full minute that is still to come, these shards have the instruments. Replaces a list that has not
    /// come into force.
    pub fn route(&mut self, shards: &[String], from_ns: i64) -> Result<(), RouteError> {
        check_names(shards)?;
        if from_ns % MINUTE_NS != 0 {
            return Err(RouteError::NoFullMinute { from_ns });
        }
        if from_ns <= self.taken_ns {
            return Err(RouteError::TooLate { from_ns, taken_ns: self.taken_ns });
        }
        self.coming = shards.iter().map(|name| self.open_lane(name)).collect();
        self.coming_ns = from_ns;
        Ok(())
    }

    /// Shards with a lane: those listed now or later, and those of before until their lane is dropped.
    pub fn shards(&self) -> impl Iterator<Item = &str> {
        self.lanes.iter().filter(|lane| !lane.is_dropped).map(|lane| lane.name.as_str())
    }

    /// Gives up the lane of a shard that is no longer listed. Its numbers are kept.
    pub fn drop_lane(&mut self, shard: &str) -> Result<(), RouteError> {
        let lane = self.lane_of(shard)?;
        if self.listed.contains(&lane) || (self.coming_ns != i64::MAX && self.coming.contains(&lane)) {
            return Err(RouteError::LaneListed { name: shard.to_owned() });
        }
        if self.lanes[lane].waiting_rows() > 0 {
            return Err(RouteError::LaneWaiting { name: shard.to_owned() });
        }
        self.lanes[lane].is_dropped = true;
        self.outboxes.remove(&lane);
        Ok(())
    }

    /// Takes the feed's quotes out of `quotes`, in order; `instrument` gives the one behind a number.
    pub fn take_in(&mut self, quotes: &mut Vec<Quote>, instrument: impl Fn(u32) -> Arc<Instrument>) {
        for quote in quotes.drain(..) {
            self.advance(quote.receive_ns);
            let lane = self.tell(quote, &instrument);
            self.lanes[lane].push(quote);
            if quote.state != BookState::Live
                && let Some(outbox) = self.outboxes.get(&lane)
            {
                lock(outbox).depth.drop_row(quote.instrument);
            }
        }
    }

    /// The shard's depth goes beside the batches of this outbox.
    pub fn carry_depth(&mut self, shard: &str, outbox: Arc<Mutex<Outbox>>) -> Result<(), RouteError> {
        let lane = self.lane_of(shard)?;
        self.outboxes.insert(lane, outbox);
        Ok(())
    }

    /// Whether anybody takes depth.
    pub(crate) fn takes_depth(&self) -> bool {
        self.outboxes.values().any(|outbox| lock(outbox).depth.is_wanted())
    }

    /// Sends a book's depth to whoever has the instrument, once that stream has told of it.
    pub(crate) fn push_depth(&self, number: u32, depth: &Depth) {
        if let Some(Some(Told { lane, .. })) = self.told.get(number as usize)
            && let Some(outbox) = self.outboxes.get(lane).filter(|_| self.lanes[*lane].has_announced(number))
        {
            lock(outbox).put_depth(number, depth);
        }
    }

    /// Nobody listened from `from_ns` until now. Every quote received before has been taken in.
    pub fn break_off(&mut self, from_ns: i64, now_ns: i64) {
        let mut from_ns = from_ns.max(self.taken_ns);
        if (from_ns + 1..=now_ns).contains(&self.coming_ns) {
            let moved_ns = self.coming_ns;
            self.push_unheard(from_ns, moved_ns);
            self.advance(moved_ns);
            from_ns = moved_ns;
        }
        self.push_unheard(from_ns, now_ns.max(from_ns));
        self.advance(now_ns);
    }

    fn push_unheard(&mut self, from_ns: i64, until_ns: i64) {
        for lane in self.lanes.iter_mut().filter(|lane| !lane.is_dropped) {
            lane.push_unheard(from_ns, until_ns);
        }
    }

    /// From now on these are all that is tracked, by the feed's numbers. Every quote received before has been taken in.
    pub fn set_roster(&mut self, tracked: &[(u32, Arc<Instrument>)], now_ns: i64) {
        self.advance(now_ns);
        self.has_roster = true;
        self.told.iter_mut().flatten().for_each(|told| told.is_given_up = true);
        for (number, instrument) in tracked {
            match self.told.get_mut(*number as usize) {
                Some(Some(told)) => told.is_given_up = false,
                _ => drop(self.place(*number, Arc::clone(instrument))),
            }
        }
        self.push_rosters(now_ns);
    }

    /// Says once more what the shard has, to a reader that may have lost it.
    pub fn repeat_roster(&mut self, shard: &str, now_ns: i64) -> Result<(), RouteError> {
        let lane = self.lane_of(shard)?;
        self.advance(now_ns);
        if self.has_roster {
            self.push_roster(lane, now_ns);
        }
        Ok(())
    }

    /// No quote that comes later was received before `now_ns`.
    #[inline]
    pub fn advance(&mut self, now_ns: i64) {
        self.taken_ns = self.taken_ns.max(now_ns);
        if now_ns >= self.coming_ns {
            self.hand_over();
        }
    }

    /// Rows that wait for a shard; a message without rows counts as one.
    pub fn pending_rows(&self, shard: &str) -> Result<usize, RouteError> {
        Ok(self.lanes[self.lane_of(shard)?].waiting_rows())
    }

    /// The sequence that the shard's next batch will have: 1 for a lane that is new, more for one that was dropped before.
    pub fn next_sequence(&self, shard: &str) -> Result<u64, RouteError> {
        Ok(self.lanes[self.lane_of(shard)?].next_sequence())
    }

    /// The next batch of a shard. Every quote received before `now_ns` has been taken in.
    pub fn take_batch(&mut self, shard: &str, now_ns: i64) -> Result<TakenBatch, RouteError> {
        let lane = self.lane_of(shard)?;
        self.advance(now_ns);
        let told = &self.told;
        Ok(self.lanes[lane].take(&self.origin, now_ns, |index| instrument_of(told, index)))
    }

    /// Opens or resumes a shard's stream.
    pub fn hello(&self, shard: &str, oldest_sequence: u64) -> Result<Vec<u8>, RouteError> {
        let lane = &self.lanes[self.lane_of(shard)?];
        Ok(lane.hello(&self.origin, oldest_sequence, |index| instrument_of(&self.told, index)))
    }

    /// Says of a number whether its instrument has been told and belongs to the shard now.
    pub fn members(&self, shard: &str) -> Result<impl Fn(u32) -> bool + '_, RouteError> {
        let lane = self.lane_of(shard)?;
        let told = |number: u32| self.told.get(number as usize).and_then(Option::as_ref);
        Ok(move |number| told(number).is_some_and(|told| told.lane == lane && told.in_force.is_some()))
    }

    fn lane_of(&self, shard: &str) -> Result<usize, RouteError> {
        let found = self.lanes.iter().position(|lane| !lane.is_dropped && lane.name == shard);
        found.ok_or_else(|| {
            let known = self.shards().collect::<Vec<_>>().join(", ");
            RouteError::UnknownLane { name: shard.to_owned(), known }
        })
    }

    /// The shard's lane; one that was dropped goes on where it was.
    fn open_lane(&mut self, shard: &str) -> usize {
        if let Some(lane) = self.lanes.iter().position(|lane| lane.name == shard) {
            self.lanes[lane].is_dropped = false;
            return lane;
        }
        self.lanes.push(Lane::new(shard));
        self.lanes.len() - 1
    }

    /// Notes what is in force; returns the lane that is to know.
    #[inline]
    fn tell(&mut self, quote: Quote, instrument: impl Fn(u32) -> Arc<Instrument>) -> usize {
        let index = quote.instrument as usize;
        if let Some(Some(told)) = self.told.get_mut(index) {
            told.in_force = Some(quote);
            return told.lane;
        }
        let lane = self.place(quote.instrument, instrument(quote.instrument));
        self.told[index].as_mut().expect("it has just been placed").in_force = Some(quote);
        lane
    }

    /// Takes note of an instrument of which there has been no quote; returns its lane.
    fn place(&mut self, number: u32, instrument: Arc<Instrument>) -> usize {
        let (index, lane) = (number as usize, self.owner(&instrument));
        if self.told.len() <= index {
            self.told.resize_with(index + 1, || None);
        }
        self.told[index] = Some(Told { instrument, lane, in_force: None, is_given_up: false });
        lane
    }

    /// Every listed lane says what it has.
    fn push_rosters(&mut self, from_ns: i64) {
        for position in 0..self.listed.len() {
            self.push_roster(self.listed[position], from_ns);
        }
    }

    fn push_roster(&mut self, lane: usize, from_ns: i64) {
        let is_in = |told: &Told| told.lane == lane && !told.is_given_up;
        let members = (0..).zip(&self.told).filter(|(_, told)| told.as_ref().is_some_and(is_in));
        self.lanes[lane].push_roster(from_ns, members.map(|(number, _)| number).collect());
    }

    fn owner(&self, instrument: &Instrument) -> usize {
        let names = self.listed.iter().map(|&lane| self.lanes[lane].name.as_str());
        self.listed[rendezvous::owner(names, &instrument.venue, &instrument.symbol)]
    }

    /// The coming list comes into force: what changes hands leaves one lane and is carried into another.
    fn hand_over(&mut self) {
        let from_ns = std::mem::replace(&mut self.coming_ns, i64::MAX);
        self.listed = std::mem::take(&mut self.coming);
        let mut left = vec![Vec::new(); self.lanes.len()];
        let mut carried = vec![Vec::new(); self.lanes.len()];
        let mut told = std::mem::take(&mut self.told);
        for (number, one) in (0..).zip(&mut told) {
            let Some(one) = one.as_mut().filter(|one| !one.is_given_up) else { continue };
            let lane = self.owner(&one.instrument);
            if lane != one.lane {
                left[std::mem::replace(&mut one.lane, lane)].push(number);
                carried[lane].extend(one.in_force);
            }
        }
        self.told = told;
        for (lane, (left, carried)) in self.lanes.iter_mut().zip(left.into_iter().zip(carried)) {
            if !left.is_empty() {
                lane.push_left(from_ns, left);
            }
            if !carried.is_empty() {
                lane.push_carried(from_ns, carried);
            }
        }
        if self.has_roster {
            self.push_rosters(from_ns);
        }
    }
}

/// A number is given out with a roster, or the first quote of its instrument.
fn instrument_of(told: &[Option<Told>], index: u32) -> &Instrument {
    &told[index as usize].as_ref().expect("a lane's numbers are those of instruments that were told").instrument
}

fn check_names(shards: &[String]) -> Result<(), RouteError> {
    if shards.is_empty() {
        return Err(RouteError::NoShards);
    }
    for (position, name) in shards.iter().enumerate() {
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name =
            (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(is_plain);
        if !is_name {
            return Err(RouteError::BadName { name: name.clone() });
        }
        if shards[..position].contains(name) {
            return Err(RouteError::NamedTwice { name: name.clone() });
        }
    }
    Ok(())
}
