//! Takes batches of quotes and the time, and returns what they did to the opportunities.

use crossbook_market::{BookState, Depth, Instrument, Quote};
use crossbook_wire::{Batch, DepthRow, SubscriptionBatch, SymbolEntry, WireError, decode_subscription_response};
use rustc_hash::FxHashMap;

use super::asset::{AssetBook, Leg};
use super::identities::{IdentityFinding, IdentityPair, IdentityState};
use super::leg_facts::LegFacts;
use super::lifecycle::{Journal, Lives, Moment};
use super::numbers::Top;
use super::outlook::LifeModelInForce;
use super::reason::RefusalReason;
use super::relays::Relays;
use super::rules::Rules;
use super::settings::{ScannerSettings, ScannerSettingsError};
use super::source_times::{SourceTimes, common_error_ns};
use super::sources::{Place, Sources};
use super::views::OpportunityEvent;

/// Calls of the timer.
const LOOKS_A_SECOND: usize = 20;

/// Incremental all-pairs scan. The same payloads from the same sources at the same times give the same events. Sources
/// are numbered by whoever has them; see `Sources`.
#[derive(Debug)]
pub struct Scanner {
    pub(super) rules: Rules,
    pub(super) books: Vec<AssetBook>,
    pub(super) book_of_asset: FxHashMap<String, usize>,
    /// Where each (venue, symbol) is.
    pub(super) places: FxHashMap<(String, String), Place>,
    /// What is told of each (venue, symbol), whether its quotes have come yet or not.
    pub(super) facts: FxHashMap<(String, String), LegFacts>,
    sources: Sources,
    /// Of each source that has told a LIVE quote and is not gone.
    times: FxHashMap<u16, SourceTimes>,
    venues: FxHashMap<String, u32>,
    relays: Relays,
    /// What is decided or found of each asset's pairs, whether their instruments have come yet or not.
    identities: FxHashMap<String, Vec<(IdentityPair, IdentityState)>>,
    pub(super) journal: Journal,
    quotes: u64,
    /// How often the timer looked.
    looks: usize,
}

/// Counters since the scanner was made.
#[derive(Clone, Debug, PartialEq)]
pub struct ScannerStats {
    pub opened: u64,
    pub closed: u64,
    pub open_now: u64,
    pub quotes: u64,
    /// How often two books were walked for sizes.
    pub walks: u64,
    /// (reason's number, count): how often a pair that paid came to be refused.
    pub refusals: Vec<(u8, u64)>,
}

impl Scanner {
    pub fn new(settings: ScannerSettings) -> Result<Self, ScannerSettingsError> {
        Ok(Self {
            relays: Relays::new(&settings.relays)?,
            rules: Rules::new(settings)?,
            books: Vec::new(),
            book_of_asset: FxHashMap::default(),
            places: FxHashMap::default(),
            facts: FxHashMap::default(),
            sources: Sources::default(),
            times: FxHashMap::default(),
            venues: FxHashMap::default(),
            identities: FxHashMap::default(),
            journal: Journal::default(),
            quotes: 0,
            looks: 0,
        })
    }

    /// What it judges by.
    pub fn settings(&self) -> &ScannerSettings {
        &self.rules.settings
    }

    /// Takes a source's SubscribeQuoteBatchesResponse; one that does not decode changes nothing.
    pub fn on_batch(&mut self, payload: &[u8], now_ns: i64, source: u16) -> Result<Vec<OpportunityEvent>, WireError> {
        let SubscriptionBatch { batch, depth, .. } = decode_subscription_response(payload)?;
        self.sources.stream(source).check(&batch)?;
        self.introduce(&batch, source, now_ns);
        let places = std::mem::take(&mut self.sources.stream(source).places);
        let mut newest_ns = None;
        for quote in batch.columns.rows() {
            if quote.state == BookState::Live {
                newest_ns = newest_ns.max(Some(quote.receive_ns));
            }
            if let Some(place) = places.get(quote.instrument as usize).copied().flatten() {
                self.on_quote(place, &quote, source.into(), now_ns);
            }
        }
        for DepthRow { symbol, depth } in depth {
            if let Some(place) = places.get(symbol as usize).copied().flatten() {
                self.on_depth(place, depth, source.into(), now_ns);
            }
        }
        self.sources.stream(source).places = places;
        if let Some(newest_ns) = newest_ns {
            self.times.entry(source).or_default().on_batch(newest_ns, now_ns, self.rules.settings.max_age_ns);
        }
        Ok(std::mem::take(&mut self.journal.events))
    }

    /// Looks again at every pair that time can move: minimum life and ages, also of rates, and moves that do not end.
    pub fn on_timer(&mut self, now_ns: i64) -> Vec<OpportunityEvent> {
        for place in self.sources.take_orphans(now_ns) {
            self.retire(place, RefusalReason::NotLive, now_ns);
        }
        self.refresh_rates(Moment { now_ns, cause_ns: None });
        self.look_at_gaps(now_ns);
        self.advance_active(now_ns)
    }

    /// What predicts the lives of what is open and of what opens from now on, or why nothing does.
    pub fn set_life_model(&mut self, life: Result<LifeModelInForce, String>) {
        self.rules.life = life;
    }

    /// At a twentieth of the assets each time, so that each is looked at once a second.
    fn look_at_gaps(&mut self, now_ns: i64) {
        let max_age_ns = self.rules.settings.max_age_ns;
        self.looks = (self.looks + 1) % LOOKS_A_SECOND;
        for book in self.books.iter_mut().skip(self.looks).step_by(LOOKS_A_SECOND) {
            book.look(now_ns, max_age_ns);
        }
    }

    /// Replaces what is decided, here or elsewhere, and what was found elsewhere; and looks again at what it can move.
    pub fn set_identities(
        &mut self,
        identities: Vec<(IdentityPair, IdentityState)>,
        now_ns: i64,
    ) -> Vec<OpportunityEvent> {
        self.identities.clear();
        for (pair, state) in identities {
            self.identities.entry(pair.asset.clone()).or_default().push((pair, state));
        }
        for book in 0..self.books.len() {
            self.books[book].identities.forget_decisions();
            self.apply_identities(book);
        }
        self.advance_active(now_ns)
    }

    /// Pairs that became suspect here since the last call.
    pub fn take_findings(&mut self) -> Vec<IdentityFinding> {
        std::mem::take(&mut self.journal.findings)
    }

    /// A source is gone: forgets every quote that only it has told, and closes what is open with one.
    pub fn on_disconnected(&mut self, now_ns: i64, source: u16) -> Vec<OpportunityEvent> {
        let lost = self.take_lost(source);
        self.sources.forget(source);
        self.times.remove(&source);
        let moment = Moment { now_ns, cause_ns: None };
        for number in 0..self.books.len() {
            let mut lives = self.lives(number, moment);
            for (buy, sell) in lives.book.active_pairs() {
                if [buy, sell].iter().any(|leg| lives.book.tops[*leg].source == u32::from(source)) {
                    lives.abandon(buy, sell, RefusalReason::NotLive);
                }
            }
        }
        lost.into_iter().for_each(|place| self.forget_quote(place, now_ns));
        self.refresh_rates(moment);
        std::mem::take(&mut self.journal.events)
    }

    /// How many instruments the source tells of now that are not CLOSED.
    pub fn open_legs(&self, source: u16) -> usize {
        let is_open = |top: &&Top| top.source == u32::from(source) && top.state != BookState::Closed;
        self.books.iter().map(|book| book.tops.iter().filter(is_open).count()).sum()
    }

    /// By how much the quotes of every source are ahead of our time, or, below 0, behind it, when the gate refuses them all
    /// for that; else 0.
    pub fn clock_error_ns(&self, now_ns: i64) -> i64 {
        common_error_ns(self.times.values(), self.settings().max_skew_ns, now_ns)
    }

    pub fn stats(&self) -> ScannerStats {
        let Journal { opened, closed, refusals, walks, .. } = &self.journal;
        ScannerStats {
            walks: *walks,
            opened: *opened,
            closed: *closed,
            open_now: opened - closed,
            quotes: self.quotes,
            refusals: refusals.list(),
        }
    }

    fn introduce(&mut self, batch: &Batch<'_>, source: u16, now_ns: i64) {
        self.sources.stream(source).go_on_with(batch.stream_id);
        for SymbolEntry { index, instrument } in &batch.symbols {
            let place = self.place(instrument, now_ns);
            self.sources.stream(source).set_place(*index, place);
        }
    }

    /// Legs that the source owns and nobody inherits; the others change hands.
    fn take_lost(&mut self, source: u16) -> Vec<Place> {
        let mut lost = Vec::new();
        for (number, book) in self.books.iter_mut().enumerate() {
            for (leg, held) in book.tops.iter_mut().enumerate().filter(|(_, held)| held.source == source.into()) {
                let place = Place { book: number, leg };
                match self.sources.take_heir(place, &held.held()) {
                    Some(heir) => held.source = heir,
                    None => lost.push(place),
                }
            }
        }
        lost
    }

    /// Where the instrument is. One whose facts have changed starts anew without a quote.
    fn place(&mut self, instrument: &Instrument, now_ns: i64) -> Place {
        let key = (instrument.venue.clone(), instrument.symbol.clone());
        let known = self.places.get(&key).copied();
        if let Some(place) = known {
            let held = &self.books[place.book].legs[place.leg].instrument;
            if held == instrument {
                return place;
            }
            let is_other_contract = held.contract_size != instrument.contract_size;
            let reason = if is_other_contract { RefusalReason::ContractChanged } else { RefusalReason::NotLive };
            self.retire(place, reason, now_ns);
        }
        let place = self.settle(instrument);
        self.apply_identities(place.book);
        self.books[place.book].facts[place.leg] = self.facts.get(&key).cloned().unwrap_or_default();
        self.places.insert(key, place);
        place
    }

    /// Its place in its asset's book: the old one when it has been there before.
    fn settle(&mut self, instrument: &Instrument) -> Place {
        let book = self.book(&instrument.asset);
        let number = self.books[book].leg_of(instrument).unwrap_or(self.books[book].legs.len());
        let place = Place { book, leg: number };
        let leg = self.leg(instrument, place);
        if number == self.books[book].legs.len() {
            self.books[book].add_leg(leg);
        } else {
            self.books[book].legs[number] = leg;
        }
        let open_net_percent = self.rules.settings.open_net_percent;
        self.books[book].revalue(number, &self.rules.rates, open_net_percent);
        place
    }

    fn book(&mut self, asset: &str) -> usize {
        if let Some(book) = self.book_of_asset.get(asset) {
            return *book;
        }
        self.books.push(AssetBook::new(asset));
        self.book_of_asset.insert(asset.to_owned(), self.books.len() - 1);
        self.books.len() - 1
    }

    fn leg(&mut self, instrument: &Instrument, place: Place) -> Leg {
        let venue = self.venue(&instrument.venue);
        let origin = self.relays.origin(&instrument.venue).to_owned();
        let origin = self.venue(&origin);
        let rates = &mut self.rules.rates;
        let currency = rates.currency(&instrument.quote_currency);
        let rate_source = rates.add_source(&instrument.asset, currency, origin, (place.book, place.leg));
        Leg { instrument: instrument.clone(), venue, origin, currency, rate_source }
    }

    fn venue(&mut self, name: &str) -> u32 {
        let next = self.venues.len() as u32;
        *self.venues.entry(name.to_owned()).or_insert(next)
    }

    fn apply_identities(&mut self, book: usize) {
        let book = &mut self.books[book];
        for (pair, state) in self.identities.get(&book.name).into_iter().flatten() {
            let leg = |name| book.leg_named(name);
            if let (Some(first), Some(second)) = (leg(&pair.first), leg(&pair.second)) {
                book.identities.decide(first, second, *state);
            }
        }
    }

    fn retire(&mut self, place: Place, reason: RefusalReason, now_ns: i64) {
        self.abandon(place, reason, now_ns);
        self.forget_quote(place, now_ns);
    }

    fn forget_quote(&mut self, place: Place, now_ns: i64) {
        let book = &mut self.books[place.book];
        book.forget_quote(place.leg);
        if let Some(source) = book.legs[place.leg].rate_source {
            self.rules.rates.set_mid(source, 0.0, now_ns);
        }
    }

    #[inline]
    fn on_quote(&mut self, place: Place, quote: &Quote, source: u32, now_ns: i64) {
        self.quotes += 1;
        let book = &mut self.books[place.book];
        let held = &mut book.tops[place.leg];
        let is_plain = held.source == source && quote.state != BookState::Moved;
        if !is_plain && !self.sources.admits(place, held.held(), quote, source, now_ns) {
            return;
        }
        let gives_rate = book.set_quote(place.leg, quote, source, self.rules.settings.open_net_percent);
        let needs_scan = book.needs_scan(place.leg);
        if needs_scan || gives_rate {
            self.consider(place, quote.receive_ns, now_ns);
        }
    }

    /// Only a LIVE book has levels, and only who tells its quotes may tell them.
    fn on_depth(&mut self, place: Place, depth: Depth, source: u32, now_ns: i64) {
        let (book, read_ns) = (&mut self.books[place.book], depth.read_ns);
        let held = &book.tops[place.leg];
        if held.source != source || held.state != BookState::Live {
            return;
        }
        book.set_depth(place.leg, depth);
        if book.is_active(place.leg) {
            self.scan(place, Moment { now_ns, cause_ns: Some(read_ns) });
        }
    }

    /// What few quotes need.
    #[cold]
    fn consider(&mut self, place: Place, receive_ns: i64, now_ns: i64) {
        let moment = Moment { now_ns, cause_ns: Some(receive_ns) };
        let book = &self.books[place.book];
        if let Some(source) = book.legs[place.leg].rate_source {
            self.rules.rates.set_mid(source, book.tops[place.leg].honest_mid(), receive_ns);
            self.refresh_rates(moment);
        }
        if self.books[place.book].needs_scan(place.leg) {
            self.scan(place, moment);
        }
    }

    /// Computes the rates anew; where one has moved, every pair that it moves is looked at.
    fn refresh_rates(&mut self, moment: Moment) {
        if !self.rules.rates.refresh(moment.now_ns) {
            return;
        }
        let open_net_percent = self.rules.settings.open_net_percent;
        for number in 0..self.books.len() {
            let book = &mut self.books[number];
            let legs = 0..book.legs.len();
            legs.clone().for_each(|leg| book.revalue(leg, &self.rules.rates, open_net_percent));
            for leg in if book.has_currencies() { legs } else { 0..0 } {
                if self.books[number].needs_scan(leg) {
                    self.scan(Place { book: number, leg }, moment);
                }
            }
        }
    }

    /// Both directions of every pair with the leg.
    pub(super) fn scan(&mut self, place: Place, moment: Moment) {
        let mut lives = self.lives(place.book, moment);
        for other in 0..lives.book.legs.len() {
            for (buy, sell) in [(place.leg, other), (other, place.leg)] {
                if lives.book.pair_needs_scan(buy, sell) {
                    lives.advance(buy, sell);
                }
            }
        }
    }

    pub(super) fn lives(&mut self, book: usize, moment: Moment) -> Lives<'_> {
        Lives { rules: &self.rules, book: &mut self.books[book], moment, journal: &mut self.journal }
    }

    /// Looks at every pair that is not idle.
    fn advance_active(&mut self, now_ns: i64) -> Vec<OpportunityEvent> {
        for number in 0..self.books.len() {
            let mut lives = self.lives(number, Moment { now_ns, cause_ns: None });
            for (buy, sell) in lives.book.active_pairs() {
                lives.advance(buy, sell);
            }
        }
        std::mem::take(&mut self.journal.events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::*;

    #[test]
    fn an_instrument_that_moves_between_assets_again_and_again_costs_no_more_each_time() {
        let mut scanner = scanner(settings());
        let moved = |asset: &str| Instrument { symbol: "X/USDT:USDT".to_owned(), ..instrument("a", asset) };
        let quotes = [live(0, 101.0, 101.1, 10.0, SECOND_NS), live(1, 99.9, 100.0, 10.0, SECOND_NS)];
        for asset in ["ONE", "TWO"].into_iter().cycle().take(100) {
            let events =
                scanner.on_batch(&payload(&[moved(asset), instrument("b", "ONE")], &quotes), SECOND_NS, 0).unwrap();
            assert_eq!(scanner.stats().open_now, u64::from(asset == "ONE"), "{events:?}");
        }
        let legs: Vec<usize> = scanner.books.iter().map(|book| book.legs.len()).collect();
        assert_eq!(legs, [2, 1]);
        assert_eq!(scanner.stats().opened, 50);
    }
}
