//! One case of a fixture, played to a feed; the format is at the head of `tests/conformance.rs`.

use base64::Engine;
use crossbook_market::{BookState, Instrument, Quote};
use crossbook_venues::{Feed, FeedOptions, FeedStats, Frame, Step as FeedStep};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// 2026-11-21, when every case begins.
pub const START_NS: i64 = 1_795_219_200_000_000_000;
const TIMER_NS: i64 = 100_000_000;
const CONNECTION: u32 = 1;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Frame(Box<RawValue>),
    Text(String),
    Base64(String),
    Answer(Answer),
    WaitMs(i64),
    Reopen(IgnoredAny),
    Note(IgnoredAny),
    Quotes(Vec<Told>),
    State(String, String),
    Sent(Vec<String>),
    Fetched(Vec<String>),
    Counts(BTreeMap<String, u64>),
    Reconnects(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    status: u16,
    body: Option<Box<RawValue>>,
}

/// A quote as a fixture writes it.
#[derive(Deserialize)]
#[serde(untagged)]
pub enum Told {
    Live(String, String, f64, f64, f64, f64),
    Without(String, String),
}

impl Told {
    fn numbers(&self) -> (&str, &str, [f64; 4]) {
        match self {
            Self::Live(symbol, state, bid, bid_size, ask, ask_size) => {
                (symbol, state, [*bid, *bid_size, *ask, *ask_size])
            }
            Self::Without(symbol, state) => (symbol, state, [0.0; 4]),
        }
    }

    fn is(&self, symbol: &str, quote: &Quote) -> bool {
        let (told_symbol, state, numbers) = self.numbers();
        // Contract sizes multiply: the last bit may differ from the decimal that the fixture writes.
        let is_near = |told: &f64, real: f64| (told - real).abs() <= 1e-12 * told.abs();
        let real = [quote.bid, quote.bid_size, quote.ask, quote.ask_size];
        told_symbol == symbol
            && state == name(quote.state)
            && numbers.iter().zip(real).all(|(told, real)| is_near(told, real))
    }
}

impl Step {
    pub fn is_expectation(&self) -> bool {
        use Step::{Counts, Fetched, Quotes, Reconnects, Sent, State};
        matches!(self, Quotes(_) | State(..) | Sent(_) | Fetched(_) | Counts(_) | Reconnects(_))
    }
}

/// One case under way: the feed, and what came of it that no expectation has looked at yet.
pub struct Play {
    feed: Feed,
    now_ns: i64,
    quotes: Vec<Quote>,
    sent: Vec<String>,
    fetched: Vec<String>,
    unanswered: VecDeque<u64>,
    has_reconnected: bool,
    counted: FeedStats,
}

impl Play {
    pub fn new(venue: &str, instruments: &[Arc<Instrument>]) -> Self {
        let feed = Feed::new(crossbook_venues::find(venue).unwrap(), FeedOptions::default()).unwrap();
        let mut play = Self {
            feed,
            now_ns: START_NS,
            quotes: Vec::new(),
            sent: Vec::new(),
            fetched: Vec::new(),
            unanswered: VecDeque::new(),
            has_reconnected: false,
            counted: FeedStats::default(),
        };
        let steps = play.feed.track(instruments, START_NS).unwrap();
        play.note(steps);
        let steps = play.feed.on_open(CONNECTION, START_NS);
        play.note(steps);
        play.quotes.clear();
        play
    }

    fn note(&mut self, steps: Vec<FeedStep>) {
        for step in steps {
            match step {
                FeedStep::Send { text, .. } => self.sent.push(text),
                FeedStep::Reconnect { .. } => self.has_reconnected = true,
                FeedStep::Fetch { request_id, request } => {
                    self.fetched.push(request.url);
                    self.unanswered.push_back(request_id);
                }
                _ => {}
            }
        }
        self.quotes.extend(self.feed.take_quotes(usize::MAX));
    }

    /// What happens, or the difference between what a step expects and what there is.
    pub fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Frame(raw) => self.hear(raw.get().as_bytes(), true),
            Step::Text(text) => self.hear(text.as_bytes(), true),
            Step::Base64(text) => {
                let engine = base64::engine::general_purpose::STANDARD;
                self.hear(&engine.decode(text).map_err(|error| format!("no base64: {error}"))?, false);
            }
            Step::Answer(answer) => self.answer(answer)?,
            Step::WaitMs(duration_ms) => self.wait(duration_ms * 1_000_000),
            Step::Reopen(_) => {
                let steps = self.feed.on_closed(CONNECTION, self.now_ns);
                self.note(steps);
                let steps = self.feed.on_open(CONNECTION, self.now_ns);
                self.note(steps);
            }
            Step::Note(_) => {}
            Step::Quotes(told) => self.expect_quotes(told)?,
            Step::State(symbol, state) => self.expect_state(symbol, state)?,
            Step::Sent(parts) => expect_parts("sent", parts, &std::mem::take(&mut self.sent))?,
            Step::Fetched(parts) => expect_parts("fetched", parts, &std::mem::take(&mut self.fetched))?,
            Step::Counts(counts) => self.expect_counts(counts)?,
            Step::Reconnects(is_expected) => {
                if std::mem::take(&mut self.has_reconnected) != *is_expected {
                    return Err(format!("expected reconnects: {is_expected}"));
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, payload: &[u8], is_text: bool) {
        let steps = self.feed.on_frame(CONNECTION, Frame { payload, is_text }, self.now_ns);
        self.note(steps);
    }

    fn answer(&mut self, answer: &Answer) -> Result<(), String> {
        let request_id = self.unanswered.pop_front().ok_or("an answer, but nothing was asked for")?;
        let body = answer.body.as_ref().map_or("", |raw| raw.get());
        let steps = self.feed.on_answer(request_id, answer.status, body.as_bytes(), self.now_ns);
        self.note(steps);
        Ok(())
    }

    fn wait(&mut self, duration_ns: i64) {
        let end_ns = self.now_ns + duration_ns;
        while self.now_ns < end_ns {
            self.now_ns = end_ns.min(self.now_ns + TIMER_NS);
            let steps = self.feed.on_timer(self.now_ns);
            self.note(steps);
        }
    }

    fn expect_quotes(&mut self, told: &[Told]) -> Result<(), String> {
        let quotes = std::mem::take(&mut self.quotes);
        let symbol = |quote: &Quote| self.feed.instrument(quote.instrument).symbol.clone();
        let is_same =
            quotes.len() == told.len() && told.iter().zip(&quotes).all(|(told, quote)| told.is(&symbol(quote), quote));
        let show = |(symbol, state, numbers): (&str, &str, [f64; 4])| format!("{symbol} {state} {numbers:?}");
        let told = told.iter().map(|told| show(told.numbers())).collect::<Vec<_>>();
        let real = quotes.iter().map(|quote| {
            show((&symbol(quote), name(quote.state), [quote.bid, quote.bid_size, quote.ask, quote.ask_size]))
        });
        let real = real.collect::<Vec<_>>();
        if is_same { Ok(()) } else { Err(format!("expected quotes {told:?}, got {real:?}")) }
    }

    fn expect_state(&self, symbol: &str, expected: &str) -> Result<(), String> {
        let mut tracked = self.feed.tracked();
        let found = tracked.find(|(instrument, _)| instrument.symbol == symbol).map(|(_, state)| name(state));
        if found == Some(expected) { Ok(()) } else { Err(format!("expected {symbol} {expected}, is {found:?}")) }
    }

    fn expect_counts(&mut self, expected: &BTreeMap<String, u64>) -> Result<(), String> {
        let before = counters(&std::mem::replace(&mut self.counted, self.feed.stats()));
        let now = counters(&self.counted);
        if now["parse_errors"] > before["parse_errors"] && !expected.contains_key("parse_errors") {
            return Err("frames did not parse: say how many \"parse_errors\" are meant".to_string());
        }
        for (counter, growth) in expected {
            let real =
                now.get(counter.as_str()).ok_or(format!("there is no counter {counter}"))? - before[counter.as_str()];
            if real != *growth {
                return Err(format!("expected {counter} to grow by {growth}, grew by {real}"));
            }
        }
        Ok(())
    }

    /// What nobody expected.
    pub fn end(&mut self) -> Result<(), String> {
        let parse_errors = self.feed.stats().parse_errors - self.counted.parse_errors;
        match (parse_errors, self.has_reconnected) {
            (0, false) => Ok(()),
            (0, true) => Err("the feed gave the connection up: say \"reconnects\": true, or why".to_string()),
            _ => Err(format!("{parse_errors} frames did not parse: say so in \"counts\" if that is meant")),
        }
    }
}

fn counters(stats: &FeedStats) -> BTreeMap<&'static str, u64> {
    BTreeMap::from([
        ("frames", stats.frames),
        ("quotes", stats.quotes),
        ("gaps", stats.gaps),
        ("resyncs", stats.resyncs),
        ("parse_errors", stats.parse_errors),
        ("reconnects", stats.reconnects),
    ])
}

fn name(state: BookState) -> &'static str {
    match state {
        BookState::Live => "LIVE",
        BookState::Resyncing => "RESYNCING",
        BookState::Stale => "STALE",
        BookState::Closed => "CLOSED",
        BookState::Moved => "MOVED",
    }
}

fn expect_parts(what: &str, parts: &[String], texts: &[String]) -> Result<(), String> {
    let is_same = parts.len() == texts.len() && parts.iter().zip(texts).all(|(part, text)| text.contains(part));
    if is_same { Ok(()) } else { Err(format!("expected {what} {parts:?}, got {texts:?}")) }
}
