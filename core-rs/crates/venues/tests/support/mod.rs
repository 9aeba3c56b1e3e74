//! Real frames, where they lie beside the repository, and a feed to play them to.

#![allow(dead_code)] // every test file uses a part of it

pub mod checksum;
pub mod fixture;

use crossbook_market::{BookState, Instrument, Level, Quote};
use crossbook_venues::{Feed, FeedOptions, Frame, Step};
use std::path::PathBuf;
use std::sync::Arc;

/// A file of `../shared/recordings`. A test that asks for one is ignored, and counted as such, where the build found no such
/// folder (`build.rs`).
pub fn recording(name: &str) -> Vec<u8> {
    std::fs::read(recordings().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The same as text.
pub fn recorded_text(name: &str) -> String {
    String::from_utf8(recording(name)).expect("UTF-8")
}

/// Where recordings lie, if they do.
pub fn recordings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/recordings")
}

/// A feed on one connection, its time being that of the recording.
pub struct Player {
    pub feed: Feed,
    pub quotes: Vec<Quote>,
    /// Fetches asked for and not answered: number and URL.
    pub fetches: Vec<(u64, String)>,
}

impl Player {
    pub fn new(venue: &str, native_symbols: &[&str]) -> Self {
        let instruments: Vec<_> = native_symbols.iter().map(|native| instrument(venue, native)).collect();
        Self::tracking(venue, &instruments)
    }

    pub fn tracking(venue: &str, instruments: &[Arc<Instrument>]) -> Self {
        let mut feed = Feed::new(crossbook_venues::find(venue).unwrap(), FeedOptions::default()).unwrap();
        feed.track(instruments, 1).unwrap();
        let mut player = Self { feed, quotes: Vec::new(), fetches: Vec::new() };
        let steps = player.feed.on_open(1, 1);
        player.take(steps);
        player
    }

    pub fn text(&mut self, text: &str, now_ns: i64) {
        let steps = self.feed.on_frame(1, Frame { payload: text.as_bytes(), is_text: true }, now_ns);
        self.take(steps);
    }

    pub fn binary(&mut self, payload: &[u8], now_ns: i64) {
        let steps = self.feed.on_frame(1, Frame { payload, is_text: false }, now_ns);
        self.take(steps);
    }

    /// Answers the fetch whose URL contains `part`.
    pub fn answer(&mut self, part: &str, body: &str, now_ns: i64) {
        let index = self.fetches.iter().position(|(_, url)| url.contains(part)).expect("a fetch was asked for");
        let (request_id, _) = self.fetches.remove(index);
        let steps = self.feed.on_answer(request_id, 200, body.as_bytes(), now_ns);
        self.take(steps);
    }

    pub fn state(&self, native_symbol: &str) -> BookState {
        self.feed.tracked().find(|(instrument, _)| instrument.native_symbol == native_symbol).unwrap().1
    }

    /// Sequence and best levels of the book itself.
    pub fn book_top(&self, symbol: &str) -> (i64, Option<Level>, Option<Level>) {
        let (_, sequence, book) = self.feed.order_book(symbol).unwrap();
        (sequence, book.best_bid(), book.best_ask())
    }

    fn take(&mut self, steps: Vec<Step>) {
        for step in steps {
            if let Step::Fetch { request_id, request } = step {
                self.fetches.push((request_id, request.url));
            }
        }
        self.quotes.extend(self.feed.take_quotes(usize::MAX));
    }
}

pub fn instrument(venue: &str, native_symbol: &str) -> Arc<Instrument> {
    Arc::new(Instrument {
        venue: venue.to_string(),
        symbol: native_symbol.to_string(),
        native_symbol: native_symbol.to_string(),
        asset: native_symbol.to_string(),
        quote_currency: "USDT".to_string(),
        settle_currency: "USDT".to_string(),
        ..Instrument::default()
    })
}
