//! What is known of one venue's instruments: told answers and the time, it says what to ask next and what has changed.

use super::poll::{Asked, FactPoll};
use super::read::{Told, ToldRow, ToldValue};
use crate::profile::SECOND_NS;
use crossbook_codec::{RestAddress, RestRequest};
use crossbook_market::{FactKind, FactState, Instrument, InstrumentFact, NO_LIMIT, Terms};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What is told again unchanged is passed on as seldom as this.
const REFRESH_NS: i64 = 60 * SECOND_NS;
/// A fact that was not told for this many turns of its poll is stale, but none sooner than a minute.
const TURNS: i64 = 3;
const LEAST_LIMIT_NS: i64 = 60 * SECOND_NS;
/// The same of what comes with the market list, whose turns are the tracker's.
const LISTED_LIMIT_NS: i64 = 900 * SECOND_NS;
const LASTING_LIMIT_NS: i64 = 86_400 * SECOND_NS;
/// A failed request is made again after this.
const RETRY_NS: i64 = 5 * SECOND_NS;
/// Instruments in one answer of `take_changes`: a message has its bound.
const PORTION: usize = 500;
const MARKET_LIST: &str = "market list";

/// One thing to ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct FactAsk {
    pub poll: usize,
    /// The instrument that it is about, where it is about one.
    pub native_symbol: String,
    pub request: RestRequest,
}

/// What is new about one instrument.
#[derive(Clone, Debug, PartialEq)]
pub struct FactChange {
    pub instrument: Arc<Instrument>,
    pub facts: Vec<InstrumentFact>,
    /// It is no longer tracked: forget it.
    pub is_gone: bool,
}

/// Counters since the book was made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FactStats {
    pub answers: u64,
    /// Answers that were none, or did not read.
    pub failures: u64,
    /// Values that could not be what they should.
    pub refused: u64,
    /// Rows that named nobody.
    pub nameless: u64,
}

/// Facts of the tracked instruments of one venue.
pub struct FactBook {
    polls: &'static [FactPoll],
    rest: RestAddress,
    held: BTreeMap<String, Held>,
    gone: Vec<Arc<Instrument>>,
    /// Of each address of each poll, when it is due.
    due: Vec<(usize, &'static str, i64)>,
    /// The instrument asked about last, of each poll that asks about one at a time.
    last: BTreeMap<usize, String>,
    stats: FactStats,
}

struct Held {
    instrument: Arc<Instrument>,
    facts: Vec<Slot>,
}

/// A fact, and what was said of it.
struct Slot {
    fact: InstrumentFact,
    /// When it was told last, changed or not.
    told_ns: i64,
    sent_ns: i64,
    is_news: bool,
}

impl FactBook {
    pub fn new(polls: &'static [FactPoll], rest: RestAddress) -> Self {
        let paths = |asked: Asked| match asked {
            Asked::Every { paths, .. } => paths.to_vec(),
            Asked::Each { path, .. } => vec![path],
            Asked::WithMarkets => Vec::new(),
        };
        let all = polls
            .iter()
            .enumerate()
            .flat_map(|(poll, held)| paths(held.asked).into_iter().map(move |path| (poll, path, 0)));
        let due = all.collect();
        Self {
            polls,
            rest,
            held: BTreeMap::new(),
            gone: Vec::new(),
            due,
            last: BTreeMap::new(),
            stats: FactStats::default(),
        }
    }

    /// These are the tracked instruments from now on; of an instrument with other terms everything is told anew.
    pub fn track(&mut self, instruments: &[Arc<Instrument>], now_ns: i64) {
        let mut before = std::mem::take(&mut self.held);
        for instrument in instruments {
            let name = instrument.native_symbol.clone();
            let held = before.remove(&name).filter(|held| held.instrument == *instrument);
            self.held.insert(name, held.unwrap_or_else(|| Held::new(instrument, self.polls, now_ns)));
        }
        let is_gone = |held: &Held| !self.held.values().any(|kept| kept.instrument.symbol == held.instrument.symbol);
        self.gone.extend(before.into_values().filter(is_gone).map(|held| held.instrument));
    }

    /// What is due, the longest first; asked for once by being returned.
    pub fn next_ask(&mut self, now_ns: i64) -> Option<FactAsk> {
        if self.held.is_empty() {
            return None;
        }
        let place =
            (0..self.due.len()).min_by_key(|place| self.due[*place].2).filter(|place| self.due[*place].2 <= now_ns)?;
        let (poll, path, _) = self.due[place];
        let (seconds, weight, body) = match self.polls[poll].asked {
            Asked::Every { seconds, weight, body, .. } => (seconds, weight, body),
            Asked::Each { seconds, weight, .. } => (seconds, weight, None),
            Asked::WithMarkets => return None,
        };
        self.due[place].2 = now_ns + i64::from(seconds) * SECOND_NS;
        let native_symbol = if path.contains("{symbol}") { self.turn_to_next(poll)? } else { String::new() };
        let path = path.replace("{symbol}", &native_symbol);
        let request = body.map_or_else(|| RestRequest::get(path.clone()), |body| RestRequest::post(path.clone(), body));
        let request = RestRequest { is_urgent: false, ..request.weighing(weight) }.at(&self.rest);
        Some(FactAsk { poll, native_symbol, request })
    }

    /// The polls that the answers to the market list hold facts for.
    pub fn listed_polls(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.polls.len()).filter(|poll| self.polls[*poll].asked == Asked::WithMarkets)
    }

    /// There was no answer, or none that reads: asked again soon.
    pub fn failed(&mut self, poll: usize, now_ns: i64) {
        self.stats.failures += 1;
        for (_, _, due_ns) in self.due.iter_mut().filter(|(held, ..)| *held == poll) {
            *due_ns = (*due_ns).min(now_ns + RETRY_NS);
        }
    }

    /// Takes what an answer told of tracked instruments; the rest is nobody's.
    pub fn take(&mut self, poll: usize, told: Told, now_ns: i64) {
        self.stats.answers += 1;
        self.stats.nameless += told.nameless as u64;
        let (source, otherwise) = (self.polls[poll].source, self.polls[poll].otherwise);
        let mut named = FxHashSet::default();
        for row in told.rows {
            if let Some(held) = self.held.get_mut(&row.native_symbol) {
                if !otherwise.is_empty() {
                    named.insert(row.native_symbol.clone());
                }
                self.stats.refused += held.take(row, source, now_ns);
            }
        }
        for (name, held) in
            self.held.iter_mut().filter(|_| !otherwise.is_empty()).filter(|(name, _)| !named.contains(*name))
        {
            let values =
                otherwise.iter().map(|(kind, number)| (*kind, ToldValue::Number(*number, Terms::Plain))).collect();
            held.take(ToldRow { native_symbol: name.clone(), exchange_ns: 0, values }, source, now_ns);
        }
    }

    /// What is new, with what has become stale meanwhile, of so many instruments that a message holds; it counts as sent.
    pub fn take_changes(&mut self, now_ns: i64) -> Vec<FactChange> {
        let (polls, tracked) = (self.polls, self.held.len() as i64);
        let gone = self.gone.drain(..self.gone.len().min(PORTION));
        let mut changes: Vec<FactChange> =
            gone.map(|instrument| FactChange { instrument, facts: Vec::new(), is_gone: true }).collect();
        for held in self.held.values_mut() {
            if changes.len() >= PORTION {
                break; // the rest stays news
            }
            let facts = held.take_news(polls, tracked, now_ns);
            if !facts.is_empty() {
                changes.push(FactChange { instrument: Arc::clone(&held.instrument), facts, is_gone: false });
            }
        }
        changes
    }

    /// Everything counts as news: for a reader that has nothing.
    pub fn tell_all(&mut self) {
        let slots = self.held.values_mut().flat_map(|held| &mut held.facts);
        slots.for_each(|slot| slot.is_news = true);
    }

    pub fn stats(&self) -> FactStats {
        self.stats
    }

    /// The tracked instrument behind the one that this poll asked about last.
    fn turn_to_next(&mut self, poll: usize) -> Option<String> {
        let last = self.last.get(&poll).cloned().unwrap_or_default();
        let next = self.held.keys().find(|name| **name > last).or_else(|| self.held.keys().next())?.clone();
        self.last.insert(poll, next.clone());
        Some(next)
    }
}

impl Held {
    /// Nothing is known yet but what the market list said.
    fn new(instrument: &Arc<Instrument>, polls: &[FactPoll], now_ns: i64) -> Self {
        let listed = |kind: FactKind| match kind {
            FactKind::ContractSize => Some(instrument.contract_size),
            FactKind::TickSize => Some(instrument.tick_size).filter(|step| *step > 0.0),
            FactKind::LotSize => Some(instrument.lot_size).filter(|step| *step > 0.0),
            _ => None,
        };
        let slot = |kind: FactKind| {
            let poll = polls.iter().find(|poll| poll.fields.iter().any(|field| field.kind == kind));
            let value = listed(kind);
            let reason = match (value, poll) {
                (Some(_), _) => "",
                (None, Some(_)) => "not told yet",
                (None, None) => "the venue does not tell it",
            };
            let state = if value.is_some() { FactState::Known } else { FactState::Unknown };
            let source = poll.map_or(if value.is_some() { MARKET_LIST } else { "" }, |poll| poll.source);
            let fact = InstrumentFact {
                kind,
                value,
                state,
                source,
                exchange_ns: 0,
                receive_ns: now_ns,
                reason: reason.to_string(),
            };
            Slot { fact, told_ns: now_ns, sent_ns: now_ns, is_news: true }
        };
        Self { instrument: Arc::clone(instrument), facts: FactKind::ALL.map(slot).into() }
    }

    /// How many values were refused.
    fn take(&mut self, row: ToldRow, source: &'static str, now_ns: i64) -> u64 {
        let mut refused = 0;
        for (kind, value) in row.values {
            let fact = judged(kind, value, &self.instrument);
            let fact = InstrumentFact { source, exchange_ns: row.exchange_ns, receive_ns: now_ns, ..fact };
            refused += u64::from(fact.state == FactState::Refused);
            if let Some(slot) = self.facts.iter_mut().find(|slot| slot.fact.kind == kind) {
                slot.take(fact, now_ns);
            }
        }
        refused
    }

    fn take_news(&mut self, polls: &[FactPoll], tracked: i64, now_ns: i64) -> Vec<InstrumentFact> {
        let mut news = Vec::new();
        for slot in &mut self.facts {
            let poll = polls.iter().find(|poll| poll.source == slot.fact.source);
            if let Some(poll) = poll.filter(|_| slot.fact.state == FactState::Known)
                && now_ns - slot.told_ns > limit_ns(poll, slot.fact.kind, tracked)
            {
                (slot.fact.state, slot.is_news) = (FactState::Stale, true);
            }
            if std::mem::take(&mut slot.is_news) {
                slot.sent_ns = now_ns;
                news.push(slot.fact.clone());
            }
        }
        news
    }
}

impl Slot {
    fn take(&mut self, fact: InstrumentFact, now_ns: i64) {
        let of = |fact: &InstrumentFact| (fact.value.map(f64::to_bits), fact.state, fact.source);
        let is_other = of(&fact) != of(&self.fact) || fact.reason != self.fact.reason;
        self.is_news |= is_other || now_ns - self.sent_ns >= REFRESH_NS;
        (self.fact, self.told_ns) = (fact, now_ns);
    }
}

/// For how long a fact stands that is not told again.
fn limit_ns(poll: &FactPoll, kind: FactKind, tracked: i64) -> i64 {
    let turn_seconds = match poll.asked {
        Asked::Every { seconds, .. } => i64::from(seconds),
        Asked::Each { seconds, .. } => i64::from(seconds) * tracked,
        Asked::WithMarkets => LISTED_LIMIT_NS / SECOND_NS / TURNS,
    };
    let usual_ns = (TURNS * turn_seconds * SECOND_NS).max(LEAST_LIMIT_NS);
    if kind.is_lasting() { LASTING_LIMIT_NS.max(usual_ns) } else { usual_ns }
}

/// Kinds by whose zero venues say that there is no limit.
fn is_limit(kind: FactKind) -> bool {
    use FactKind::*;
    matches!(kind, MinSize | MaxSize | MinNotional | MinPrice | MaxPrice)
}

/// A value in the terms of its kind, or why there is none.
fn judged(kind: FactKind, value: ToldValue, instrument: &Instrument) -> InstrumentFact {
    let none = |state: FactState, reason: String| (None, state, reason);
    let (value, state, reason) = match value {
        ToldValue::Untold => none(FactState::Unknown, "the venue does not say it now".to_string()),
        ToldValue::Refused(reason) => none(FactState::Refused, reason),
        ToldValue::Number(number, terms) => {
            let price = match terms {
                Terms::ContractsAt(price) | Terms::ContractsAsMoneyAt(price) => price,
                Terms::Plain | Terms::Contracts => 1.0,
            };
            let number = terms.convert(number, instrument);
            if number == 0.0 && is_limit(kind) {
                return InstrumentFact {
                    kind,
                    reason: NO_LIMIT.to_string(),
                    ..judged(kind, ToldValue::Untold, instrument)
                };
            }
            match FactKind::MarkPrice.refusal(price).or_else(|| kind.refusal(number)) {
                Some(reason) => none(FactState::Refused, reason),
                None => (Some(number), FactState::Known, String::new()),
            }
        }
    };
    InstrumentFact { kind, value, state, source: "", exchange_ns: 0, receive_ns: 0, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::fact_book;
    use crate::testing::instrument;

    const NOW_NS: i64 = 1_780_000_000 * SECOND_NS;

    fn book(venue: &str, symbols: &[&str]) -> FactBook {
        let mut book = fact_book(venue, None).unwrap();
        let instruments: Vec<_> = symbols.iter().map(|symbol| instrument(venue, symbol, 1.0)).collect();
        book.track(&instruments, NOW_NS);
        book
    }

    fn told(symbol: &str, rate: f64) -> Told {
        let values = vec![(FactKind::FundingRate, ToldValue::Number(rate, Terms::Plain))];
        Told { rows: vec![ToldRow { native_symbol: symbol.to_string(), exchange_ns: 5, values }], nameless: 0 }
    }

    /// State, value and receive time of the funding rate, if anything is new about it.
    fn news(book: &mut FactBook, now_ns: i64) -> Option<(FactState, Option<f64>, i64)> {
        let facts = book.take_changes(now_ns).into_iter().flat_map(|change| change.facts);
        facts
            .filter(|fact| fact.kind == FactKind::FundingRate)
            .map(|fact| (fact.state, fact.value, fact.receive_ns))
            .last()
    }

    #[test]
    fn before_any_answer_every_kind_is_there_and_says_why_it_is_not_known() {
        let changes = book("bybit", &["A"]).take_changes(NOW_NS);
        assert_eq!((changes.len(), changes[0].facts.len()), (1, FactKind::ALL.len()));
        let of = |kind: FactKind| changes[0].facts.iter().find(|fact| fact.kind == kind).unwrap();
        assert_eq!(of(FactKind::FundingRate).reason, "not told yet");
        assert_eq!(of(FactKind::PredictedFundingRate).reason, "the venue does not tell it");
        assert_eq!((of(FactKind::ContractSize).value, of(FactKind::ContractSize).source), (Some(1.0), MARKET_LIST));
    }

    #[test]
    fn only_what_changed_is_told_and_what_is_told_again_once_a_minute() {
        let mut book = book("bybit", &["A"]);
        book.take_changes(NOW_NS);
        let second = |count: i64| NOW_NS + count * SECOND_NS;
        book.take(0, told("A", 0.01), second(1));
        assert_eq!(news(&mut book, second(1)), Some((FactState::Known, Some(0.01), second(1))));
        book.take(0, told("A", 0.01), second(11));
        assert_eq!(news(&mut book, second(11)), None);
        book.take(0, told("A", 0.02), second(21));
        assert_eq!(news(&mut book, second(21)), Some((FactState::Known, Some(0.02), second(21))));
        for turn in [31, 41, 51, 61, 71] {
            book.take(0, told("A", 0.02), second(turn));
            assert_eq!(news(&mut book, second(turn)), None);
        }
        book.take(0, told("A", 0.02), second(81));
        assert_eq!(news(&mut book, second(81)), Some((FactState::Known, Some(0.02), second(81))));
    }

    #[test]
    fn what_is_not_told_for_three_turns_or_a_minute_is_stale_and_well_once_it_is_told() {
        let mut book = book("bybit", &["A"]);
        book.take(0, told("A", 0.01), NOW_NS);
        book.take_changes(NOW_NS);
        assert_eq!(news(&mut book, NOW_NS + 60 * SECOND_NS), None);
        let late_ns = NOW_NS + 61 * SECOND_NS;
        assert_eq!(news(&mut book, late_ns), Some((FactState::Stale, Some(0.01), NOW_NS)));
        assert_eq!(news(&mut book, late_ns + SECOND_NS), None, "once");
        book.take(0, told("A", 0.01), late_ns);
        assert_eq!(news(&mut book, late_ns), Some((FactState::Known, Some(0.01), late_ns)));
    }

    #[test]
    fn impossible_values_are_refused_with_the_reason_and_counted() {
        let mut book = book("bybit", &["A"]);
        book.take_changes(NOW_NS);
        book.take(0, told("A", f64::NAN), NOW_NS);
        book.take(0, told("stranger", 1.0), NOW_NS);
        assert_eq!(news(&mut book, NOW_NS), Some((FactState::Refused, None, NOW_NS)));
        assert_eq!((book.stats().answers, book.stats().refused), (2, 1));
    }

    #[test]
    fn many_changes_are_told_in_portions_and_none_is_lost() {
        let names: Vec<String> = (0..1_200).map(|number| format!("S{number}")).collect();
        let mut book = book("bybit", &names.iter().map(String::as_str).collect::<Vec<_>>());
        let told: Vec<usize> = (0..4).map(|_| book.take_changes(NOW_NS).len()).collect();
        assert_eq!(told, [500, 500, 200, 0]);
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let mut book = book("bybit", &["A"]);
        book.take_changes(NOW_NS);
        let values = vec![(FactKind::MaxPrice, ToldValue::Number(0.0, Terms::Plain))];
        let row = ToldRow { native_symbol: "A".to_string(), exchange_ns: 0, values };
        book.take(1, Told { rows: vec![row], nameless: 0 }, NOW_NS);
        let changes = book.take_changes(NOW_NS);
        assert_eq!((changes[0].facts[0].state, changes[0].facts[0].reason.as_str()), (FactState::Unknown, "no limit"));
        assert_eq!(book.stats().refused, 0);
    }

    #[test]
    fn instruments_that_go_are_said_and_those_with_other_terms_begin_afresh() {
        let mut book = book("bybit", &["A", "B"]);
        book.take(0, told("A", 0.01), NOW_NS);
        book.take_changes(NOW_NS);
        book.track(&[instrument("bybit", "A", 10.0)], NOW_NS);
        let changes = book.take_changes(NOW_NS);
        let said: Vec<_> = changes.iter().map(|one| (one.instrument.native_symbol.as_str(), one.is_gone)).collect();
        assert_eq!(said, [("B", true), ("A", false)]);
        let rate = changes[1].facts.iter().find(|fact| fact.kind == FactKind::FundingRate).unwrap();
        assert_eq!(rate.state, FactState::Unknown);
    }

    #[test]
    fn what_is_due_is_asked_once_a_turn_and_again_soon_where_there_was_no_answer() {
        let mut book = book("bybit", &["A"]);
        let ask = book.next_ask(NOW_NS).unwrap();
        assert_eq!(ask.request.url, "https://api.bybit.com/v5/market/tickers?category=linear");
        assert!(!ask.request.is_urgent && book.next_ask(NOW_NS + 9 * SECOND_NS).is_none());
        assert!(book.next_ask(NOW_NS + 10 * SECOND_NS).is_some());
        book.failed(ask.poll, NOW_NS + 11 * SECOND_NS);
        assert!(book.next_ask(NOW_NS + 15 * SECOND_NS).is_none() && book.next_ask(NOW_NS + 16 * SECOND_NS).is_some());
        assert_eq!(fact_book("bybit", None).unwrap().next_ask(NOW_NS), None, "nothing is tracked");
    }

    #[test]
    fn one_instrument_after_the_other_is_asked_about_where_no_answer_has_them_all() {
        let mut book = book("okx", &["A", "B"]);
        let mut asked = Vec::new();
        for turn in 0..5 {
            while let Some(ask) = book.next_ask(NOW_NS + 2 * turn * SECOND_NS) {
                asked.extend(Some(ask.native_symbol).filter(|symbol| !symbol.is_empty()));
            }
        }
        assert_eq!(asked, ["A", "B", "A", "B", "A"]);
    }

    #[test]
    fn what_a_whole_answer_does_not_name_is_as_usual_there() {
        let mut book = book("binance", &["A", "B"]);
        let poll = book.polls.iter().position(|poll| !poll.otherwise.is_empty()).unwrap();
        let values = vec![(FactKind::FundingInterval, ToldValue::Number(14_400.0, Terms::Plain))];
        let row = ToldRow { native_symbol: "A".to_string(), exchange_ns: 0, values };
        book.take_changes(NOW_NS);
        book.take(poll, Told { rows: vec![row], nameless: 0 }, NOW_NS);
        let values: Vec<_> = book.take_changes(NOW_NS).iter().map(|one| one.facts[0].value).collect();
        assert_eq!(values, [Some(14_400.0), Some(28_800.0)]);
    }
}
