//! A venue's session as a list of what comes, played to a feed that is driven as a driver does it.

use crate::exceptions::Exceptions;
use crate::support::fixture::{Fixture, Piece, START_NS};
use crossbook_market::{BookState, Instrument};
use crossbook_venues::{Feed, FeedOptions, Frame, Step};
use std::sync::Arc;

const SECOND_NS: i64 = 1_000_000_000;

/// A name, what is tracked, and what comes.
#[derive(Clone, Debug)]
pub struct Session {
    pub venue: &'static str,
    pub name: String,
    pub instruments: Vec<Arc<Instrument>>,
    pub pieces: Vec<Piece>,
    /// What a healthy venue sends when it is asked again.
    pub healthy: Vec<Piece>,
    pub exceptions: Exceptions,
}

/// Price and size of each side, and of which instrument.
pub type Told = (u32, [f64; 4]);

pub struct Play {
    pub feed: Feed,
    now_ns: i64,
    /// Number and address; a later one of the same address takes the place of an earlier one.
    fetches: Vec<(u64, String)>,
    /// LIVE quotes as they came.
    pub told: Vec<Told>,
    /// Whether an instrument was not LIVE after it had been.
    pub falls: usize,
    is_lost: bool,
    /// Addresses of what was answered, in order.
    pub answered: Vec<String>,
}

impl Play {
    pub fn new(session: &Session) -> Self {
        let mut feed = Feed::new(crossbook_venues::find(session.venue).unwrap(), FeedOptions::default()).unwrap();
        let mut steps = feed.track(&session.instruments, START_NS).unwrap();
        steps.extend(feed.on_open(1, START_NS));
        let mut play = Self {
            feed,
            now_ns: START_NS,
            fetches: Vec::new(),
            told: Vec::new(),
            falls: 0,
            is_lost: false,
            answered: Vec::new(),
        };
        play.take(steps);
        play
    }

    pub fn all(&mut self, pieces: &[Piece]) {
        pieces.iter().for_each(|piece| self.one(piece));
    }

    pub fn one(&mut self, piece: &Piece) {
        self.now_ns += 1_000_000;
        let steps = match piece {
            Piece::Text(payload) => self.feed.on_frame(1, Frame { payload, is_text: true }, self.now_ns),
            Piece::Binary(payload) => self.feed.on_frame(1, Frame { payload, is_text: false }, self.now_ns),
            Piece::Answer(body) if !self.fetches.is_empty() => {
                let (request_id, url) = self.fetches.remove(0);
                self.answered.push(url);
                self.feed.on_answer(request_id, 200, body, self.now_ns)
            }
            Piece::Answer(_) => return,
            Piece::Wait(pause_ns) => return self.wait(*pause_ns),
            Piece::Reopen => return self.reopen(),
        };
        self.take(steps);
    }

    pub fn reopen(&mut self) {
        let mut steps = self.feed.on_closed(1, self.now_ns);
        steps.extend(self.feed.on_open(1, self.now_ns));
        self.fetches.clear();
        self.take(steps);
    }

    pub fn wait(&mut self, pause_ns: i64) {
        for _ in 0..(pause_ns * 10 / SECOND_NS).max(1) {
            self.now_ns += SECOND_NS / 10;
            let steps = self.feed.on_timer(self.now_ns);
            self.take(steps);
            if std::mem::take(&mut self.is_lost) {
                self.reopen();
            }
        }
    }

    /// A healthy venue does its part: it answers what it was asked for, and tells what it tells by itself, with numbers that
    /// run on from one round to the next. `addresses` are those of its answers.
    pub fn answer(&mut self, healthy: &[Piece], addresses: &[String], round: u64) {
        let mut addresses = addresses.iter();
        for piece in healthy {
            if matches!(piece, Piece::Answer(_)) {
                let address = addresses.next();
                let asked = self.fetches.iter().position(|(_, url)| Some(url) == address);
                let Some(asked) = asked else { continue };
                self.fetches.swap(0, asked);
            }
            self.one(&advanced(piece, round * ROUND));
        }
    }

    pub fn states(&self) -> Vec<BookState> {
        self.feed.tracked().map(|(_, state)| state).collect()
    }

    /// Prices in force, none where the book is not LIVE.
    pub fn last(&mut self) -> Vec<Told> {
        self.feed.requote(self.now_ns, |_| true);
        let quotes = self.feed.take_quotes(usize::MAX).into_iter();
        quotes.map(|quote| (quote.instrument, [quote.bid, quote.bid_size, quote.ask, quote.ask_size])).collect()
    }

    fn take(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Fetch { request_id, request } => {
                    self.fetches.retain(|(_, url)| *url != request.url);
                    self.fetches.push((request_id, request.url));
                }
                Step::Reconnect { .. } => self.is_lost = true,
                _ => {}
            }
        }
        for quote in self.feed.take_quotes(usize::MAX) {
            let numbers = [quote.bid, quote.bid_size, quote.ask, quote.ask_size];
            if quote.state == BookState::Live {
                self.told.push((quote.instrument, numbers));
            } else {
                assert_eq!(numbers, [0.0; 4], "a quote that is not LIVE bears a price");
                self.falls += 1;
            }
        }
    }
}

/// The cases of a venue's fixture, and the bodies of its market list.
pub fn fixture(venue: &'static str) -> (Vec<Session>, Vec<Vec<u8>>) {
    let fixture = Fixture::read(venue);
    let healthy = fixture.cases["snapshot"].clone();
    let session = |(name, pieces): (String, Vec<Piece>)| Session {
        exceptions: Exceptions::of(venue),
        venue,
        name,
        instruments: fixture.instruments.clone(),
        pieces,
        healthy: healthy.clone(),
    };
    (fixture.cases.into_iter().map(session).collect(), fixture.bodies)
}

/// Every number that stands in these pieces, quoted or not, or in a field of a binary one.
pub fn numbers(pieces: &[Piece]) -> Vec<f64> {
    let mut numbers = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Text(bytes) | Piece::Answer(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                let words = text.split(|letter: char| !(letter.is_ascii_alphanumeric() || "+-.".contains(letter)));
                numbers.extend(words.filter_map(|word| word.parse::<f64>().ok()));
            }
            Piece::Binary(bytes) => {
                let field = |field: &[u8]| i64::from_le_bytes(field.try_into().unwrap()) as f64 / 1e8;
                numbers.extend(bytes.windows(8).map(field));
            }
            _ => {}
        }
    }
    numbers
}

/// What the numbers of a venue's frames grow by between two rounds.
const ROUND: u64 = 1_000_000_000;
/// The names under which venues number or order their frames.
const SEQUENCES: [&str; 18] = [
    "U",
    "u",
    "pu",
    "lastUpdateId",
    "begin",
    "end",
    "version",
    "seqId",
    "prevSeqId",
    "seq",
    "pseq",
    "nonce",
    "begin_nonce",
    "change_id",
    "prev_change_id",
    "vs",
    "sequence",
    "time",
];

/// The same with every number of order larger; zero and less keep their meaning.
fn advanced(piece: &Piece, by: u64) -> Piece {
    let advance = |bytes: &[u8]| {
        let mut text = String::from_utf8(bytes.to_vec()).unwrap();
        for name in SEQUENCES {
            for key in [format!("\"{name}\":"), format!("\"{name}\\\":")] {
                text = grown(&text, &key, by);
            }
        }
        text.into_bytes()
    };
    match piece {
        Piece::Text(bytes) => Piece::Text(advance(bytes)),
        Piece::Answer(bytes) => Piece::Answer(advance(bytes)),
        other => other.clone(),
    }
}

fn grown(text: &str, key: &str, by: u64) -> String {
    let mut parts = text.split(key);
    let mut grown = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let number =
            part[..digits].parse::<u64>().ok().filter(|number| *number > 0).map(|number| (number + by).to_string());
        grown += &format!("{key}{}{}", number.as_deref().unwrap_or(&part[..digits]), &part[digits..]);
    }
    grown
}
