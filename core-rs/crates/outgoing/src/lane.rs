//! One shard's stream: what waits for it, in order, and what it has been told.

use crossbook_market::{Instrument, Quote};
use crossbook_wire::{
    Hello, MAX_BATCH_ROWS, SymbolEntry, encode_batch, encode_carried_batch, encode_hello, encode_left_batch,
    encode_roster, encode_unheard_batch,
};
use prost::bytes::Bytes;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// A batch on its way out: an IngestQuotesRequest. Clones share the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBatch {
    pub sequence: u64,
    pub rows: usize,
    pub payload: Bytes,
}

/// What stands in every message of a feed.
pub struct Origin {
    pub venue: String,
    pub stream_id: String,
}

/// Sequence, symbol numbers and queue of one shard's stream. Its reader takes it several times a second; what comes in between
/// waits, for it is in no batch yet that could be dropped and counted.
pub struct Lane {
    pub name: String,
    /// Whether it was given up; its numbers are kept for when its shard is listed again.
    pub is_dropped: bool,
    sequence: u64,
    /// Instruments in the order of first use in the stream, and whether each is among them.
    announced: Vec<u32>,
    is_announced: Vec<bool>,
    absences: FxHashMap<u32, Absence>,
    /// Sequence and time of the last roster.
    roster: (u64, i64),
    waiting: VecDeque<Waiting>,
    waiting_rows: usize,
}

/// The last time that an instrument left the lane, in sequences.
struct Absence {
    left: u64,
    /// Zero while it is away.
    returned: u64,
}

enum Waiting {
    Rows(Vec<Quote>),
    Left { from_ns: i64, instruments: Vec<u32> },
    Carried { from_ns: i64, quotes: Vec<Quote> },
    Unheard { from_ns: i64, until_ns: i64 },
    Roster { from_ns: i64, instruments: Vec<u32> },
}

impl Waiting {
    /// Nothing that comes after it is received before.
    fn time_ns(&self) -> i64 {
        match self {
            Self::Rows(quotes) => quotes[0].receive_ns, // there is one
            Self::Left { from_ns, .. }
            | Self::Carried { from_ns, .. }
            | Self::Roster { from_ns, .. }
            | Self::Unheard { from_ns, .. } => *from_ns,
        }
    }
}

impl Lane {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            is_dropped: false,
            sequence: 0,
            announced: Vec::new(),
            is_announced: Vec::new(),
            absences: FxHashMap::default(),
            roster: (0, 0),
            waiting: VecDeque::new(),
            waiting_rows: 0,
        }
    }

    /// Whether the stream has told of the instrument.
    pub fn has_announced(&self, number: u32) -> bool {
        self.is_announced.get(number as usize).copied().unwrap_or(false)
    }

    pub fn next_sequence(&self) -> u64 {
        self.sequence + 1
    }

    /// Rows that wait, and one for each message of instruments that leave.
    pub fn waiting_rows(&self) -> usize {
        self.waiting_rows
    }

    #[inline]
    pub fn push(&mut self, quote: Quote) {
        self.waiting_rows += 1;
        match self.waiting.back_mut() {
            Some(Waiting::Rows(quotes)) => quotes.push(quote),
            _ => self.waiting.push_back(Waiting::Rows(vec![quote])),
        }
    }

    /// From that time on these instruments are another lane's.
    pub fn push_left(&mut self, from_ns: i64, instruments: Vec<u32>) {
        self.waiting_rows += 1;
        self.waiting.push_back(Waiting::Left { from_ns, instruments });
    }

    /// From that time on the instruments of these quotes are this lane's.
    pub fn push_carried(&mut self, from_ns: i64, mut quotes: Vec<Quote>) {
        quotes.sort_by_key(|quote| quote.receive_ns);
        self.waiting_rows += quotes.len();
        self.waiting.push_back(Waiting::Carried { from_ns, quotes });
    }

    /// Nobody listened in between.
    pub fn push_unheard(&mut self, from_ns: i64, until_ns: i64) {
        self.waiting_rows += 1;
        self.waiting.push_back(Waiting::Unheard { from_ns, until_ns });
    }

    /// From that time on these, in order, are all that the lane has. One that waits still and says otherwise is out of date.
    pub fn push_roster(&mut self, from_ns: i64, instruments: Vec<u32>) {
        if let Some(Waiting::Roster { .. }) = self.waiting.back() {
            self.waiting.pop_back();
            self.waiting_rows -= 1;
        }
        self.waiting_rows += 1;
        self.waiting.push_back(Waiting::Roster { from_ns, instruments });
    }

    /// The next batch, possibly without rows; its watermark is `now_ns` when nothing is left behind.
    pub fn take<'a>(&mut self, origin: &Origin, now_ns: i64, instrument: impl Fn(u32) -> &'a Instrument) -> TakenBatch {
        self.sequence += 1;
        let Origin { venue, stream_id } = origin;
        let sequence = self.sequence;
        let (rows, payload) = match self.waiting.pop_front() {
            Some(Waiting::Left { from_ns, instruments }) => {
                self.waiting_rows -= 1;
                self.note_left(&instruments);
                (0, encode_left_batch(venue, stream_id, sequence, from_ns, &instruments))
            }
            Some(Waiting::Carried { from_ns, quotes }) => {
                self.waiting_rows -= quotes.len();
                self.note_returned(&quotes);
                let symbols = self.announce(numbers(&quotes), instrument);
                (quotes.len(), encode_carried_batch(venue, stream_id, sequence, from_ns, &symbols, &quotes))
            }
            Some(Waiting::Unheard { from_ns, until_ns }) => {
                self.waiting_rows -= 1;
                (0, encode_unheard_batch(venue, stream_id, sequence, from_ns, until_ns))
            }
            Some(Waiting::Roster { from_ns, instruments }) => {
                self.waiting_rows -= 1;
                self.roster = (sequence, from_ns);
                let symbols = self.announce(instruments.iter().copied(), instrument);
                (0, encode_roster(venue, stream_id, sequence, from_ns, &symbols, &instruments))
            }
            Some(Waiting::Rows(quotes)) => {
                let quotes = self.put_back_beyond_limit(quotes);
                self.waiting_rows -= quotes.len();
                let symbols = self.announce(numbers(&quotes), instrument);
                (quotes.len(), encode_batch(venue, stream_id, sequence, self.watermark_ns(now_ns), &symbols, &quotes))
            }
            None => (0, encode_batch(venue, stream_id, sequence, now_ns, &[], &[])),
        };
        TakenBatch { sequence, rows, payload: payload.into() }
    }

    /// Opens or resumes the stream for a reader that can be sent everything from `oldest_sequence` on.
    pub fn hello<'a>(
        &self,
        origin: &Origin,
        oldest_sequence: u64,
        instrument: impl Fn(u32) -> &'a Instrument,
    ) -> Vec<u8> {
        let entry = |&index: &u32| SymbolEntry { index, instrument: instrument(index).clone() };
        let was_away = |absence: &Absence| {
            absence.left < oldest_sequence && (absence.returned == 0 || absence.returned >= oldest_sequence)
        };
        let mut left: Vec<u32> =
            self.absences.iter().filter(|(_, one)| was_away(one)).map(|(&index, _)| index).collect();
        left.sort_unstable();
        encode_hello(&Hello {
            venue: origin.venue.clone(),
            stream_id: origin.stream_id.clone(),
            shard: self.name.clone(),
            oldest_sequence,
            next_sequence: self.next_sequence(),
            symbols: self.announced.iter().map(entry).collect(),
            left_symbols: left,
            roster_sequence: self.roster.0,
            roster_ns: self.roster.1,
        })
    }

    fn put_back_beyond_limit(&mut self, mut quotes: Vec<Quote>) -> Vec<Quote> {
        if quotes.len() > MAX_BATCH_ROWS {
            let rest = quotes.split_off(MAX_BATCH_ROWS);
            self.waiting.push_front(Waiting::Rows(rest));
        }
        quotes
    }

    fn watermark_ns(&self, now_ns: i64) -> i64 {
        self.waiting.front().map_or(now_ns, Waiting::time_ns)
    }

    /// Those among these numbers that have not been used before.
    fn announce<'a>(
        &mut self,
        numbers: impl Iterator<Item = u32>,
        instrument: impl Fn(u32) -> &'a Instrument,
    ) -> Vec<(u32, &'a Instrument)> {
        let first_use = self.announced.len();
        for number in numbers {
            let index = number as usize;
            if self.is_announced.len() <= index {
                self.is_announced.resize(index + 1, false);
            }
            if !std::mem::replace(&mut self.is_announced[index], true) {
                self.announced.push(number);
            }
        }
        self.announced[first_use..].iter().map(|&index| (index, instrument(index))).collect()
    }

    fn note_left(&mut self, instruments: &[u32]) {
        let absence = || Absence { left: self.sequence, returned: 0 };
        self.absences.extend(instruments.iter().map(|&index| (index, absence())));
    }

    fn note_returned(&mut self, quotes: &[Quote]) {
        for quote in quotes {
            if let Some(absence) = self.absences.get_mut(&quote.instrument) {
                absence.returned = self.sequence;
            }
        }
    }
}

fn numbers(quotes: &[Quote]) -> impl Iterator<Item = u32> + '_ {
    quotes.iter().map(|quote| quote.instrument)
}
