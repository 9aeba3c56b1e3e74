//! Takes batches of quotes and the time, and returns what they did to the opportunities.

use crossbook_market::{Instrument, Quote};
use crossbook_wire::{Batch, SymbolEntry, WireError, decode_subscription_response};
use rustc_hash::FxHashMap;

use super::asset::{AssetBook, Leg};
use super::lifecycle::{Journal, Moment, abandon, advance};
use super::settings::{Currencies, ScannerSettings, ScannerSettingsError};
use super::views::OpportunityEvent;

/// Incremental all-pairs scan. The same payloads at the same times give the same events.
#[derive(Debug)]
pub struct Scanner {
    pub(super) settings: ScannerSettings,
    pub(super) books: Vec<AssetBook>,
    pub(super) book_of_asset: FxHashMap<String, usize>,
    /// Where each (venue, symbol) is.
    places: FxHashMap<(String, String), Place>,
    /// Where each symbol number of the stream is.
    place_of_symbol: Vec<Option<Place>>,
    stream_id: String,
    venues: FxHashMap<String, u32>,
    currencies: Currencies,
    journal: Journal,
    quotes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    book: usize,
    leg: usize,
}

/// Counters since the scanner was made.
#[derive(Clone, Debug, PartialEq)]
pub struct ScannerStats {
    pub opened: u64,
    pub closed: u64,
    pub open_now: u64,
    pub quotes: u64,
    /// (reason's number, count): how often a pair that paid came to be refused.
    pub refusals: Vec<(u8, u64)>,
}

impl Scanner {
    pub fn new(settings: ScannerSettings) -> Result<Self, ScannerSettingsError> {
        settings.check()?;
        Ok(Self {
            currencies: Currencies::new(&settings.equal_currencies)?,
            settings,
            books: Vec::new(),
            book_of_asset: FxHashMap::default(),
            places: FxHashMap::default(),
            place_of_symbol: Vec::new(),
            stream_id: String::new(),
            venues: FxHashMap::default(),
            journal: Journal::default(),
            quotes: 0,
        })
    }

    /// Takes a SubscribeQuoteBatchesResponse; one that does not decode changes nothing.
    pub fn on_batch(&mut self, payload: &[u8], now_ns: i64) -> Result<Vec<OpportunityEvent>, WireError> {
        let batch = decode_subscription_response(payload)?.batch;
        let is_same_stream = batch.stream_id == self.stream_id;
        batch.check_symbols(|symbol| is_same_stream && self.place_of(symbol).is_some())?;
        self.introduce(&batch, is_same_stream, now_ns);
        for quote in batch.columns.rows() {
            self.on_quote(&quote, now_ns);
        }
        Ok(std::mem::take(&mut self.journal.events))
    }

    /// Looks again at every pair that time can move: minimum life and ages.
    pub fn on_timer(&mut self, now_ns: i64) -> Vec<OpportunityEvent> {
        self.for_each_active(now_ns, advance)
    }

    /// The stream is gone: forgets every quote and closes what is open.
    pub fn on_disconnected(&mut self, now_ns: i64) -> Vec<OpportunityEvent> {
        self.stream_id.clear();
        self.place_of_symbol.clear();
        let events = self.for_each_active(now_ns, abandon);
        for book in &mut self.books {
            (0..book.legs.len()).for_each(|leg| book.forget_quote(leg));
        }
        events
    }

    pub fn stats(&self) -> ScannerStats {
        let Journal { opened, closed, refusals, .. } = &self.journal;
        ScannerStats {
            opened: *opened,
            closed: *closed,
            open_now: opened - closed,
            quotes: self.quotes,
            refusals: refusals.list(),
        }
    }

    fn place_of(&self, symbol: u32) -> Option<Place> {
        self.place_of_symbol.get(symbol as usize).copied().flatten()
    }

    fn introduce(&mut self, batch: &Batch<'_>, is_same_stream: bool, now_ns: i64) {
        if !is_same_stream {
            self.stream_id = batch.stream_id.to_owned();
            self.place_of_symbol.clear();
        }
        for SymbolEntry { index, instrument } in &batch.symbols {
            let index = *index as usize;
            if self.place_of_symbol.len() <= index {
                self.place_of_symbol.resize(index + 1, None);
            }
            self.place_of_symbol[index] = Some(self.place(instrument, now_ns));
        }
    }

    /// Where the instrument is. One whose facts have changed starts anew without a quote.
    fn place(&mut self, instrument: &Instrument, now_ns: i64) -> Place {
        let key = (instrument.venue.clone(), instrument.symbol.clone());
        let known = self.places.get(&key).copied();
        if let Some(place) = known {
            if self.books[place.book].legs[place.leg].instrument == *instrument {
                return place;
            }
            self.retire(place, now_ns);
        }
        let book = self.book(&instrument.asset);
        let leg = self.leg(instrument);
        let place = match self.books[book].leg_of(instrument) {
            Some(number) => {
                self.books[book].legs[number] = leg;
                Place { book, leg: number }
            }
            None => Place { book, leg: self.books[book].add_leg(leg) },
        };
        self.places.insert(key, place);
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

    fn leg(&mut self, instrument: &Instrument) -> Leg {
        let next = self.venues.len() as u32;
        let venue = *self.venues.entry(instrument.venue.clone()).or_insert(next);
        Leg { instrument: instrument.clone(), venue, currency: self.currencies.number(&instrument.quote_currency) }
    }

    fn retire(&mut self, place: Place, now_ns: i64) {
        let book = &mut self.books[place.book];
        let moment = Moment { now_ns, cause_ns: None };
        for other in 0..book.legs.len() {
            for (buy, sell) in [(place.leg, other), (other, place.leg)] {
                abandon(&self.settings, book, buy, sell, moment, &mut self.journal);
            }
        }
        book.forget_quote(place.leg);
    }

    #[inline]
    fn on_quote(&mut self, quote: &Quote, now_ns: i64) {
        let Some(place) = self.place_of(quote.instrument) else { return };
        self.quotes += 1;
        let book = &mut self.books[place.book];
        book.set_quote(place.leg, quote, self.settings.open_net_percent);
        if book.needs_scan(place.leg) {
            self.scan(place, Moment { now_ns, cause_ns: Some(quote.receive_ns) });
        }
    }

    /// Both directions of every pair with the leg.
    fn scan(&mut self, place: Place, moment: Moment) {
        let book = &mut self.books[place.book];
        for other in 0..book.legs.len() {
            for (buy, sell) in [(place.leg, other), (other, place.leg)] {
                if book.pair_needs_scan(buy, sell) {
                    advance(&self.settings, book, buy, sell, moment, &mut self.journal);
                }
            }
        }
    }

    fn for_each_active(
        &mut self,
        now_ns: i64,
        act: impl Fn(&ScannerSettings, &mut AssetBook, usize, usize, Moment, &mut Journal),
    ) -> Vec<OpportunityEvent> {
        let moment = Moment { now_ns, cause_ns: None };
        for book in self.books.iter_mut().filter(|book| book.active > 0) {
            for (buy, sell) in book.active_pairs() {
                act(&self.settings, book, buy, sell, moment, &mut self.journal);
            }
        }
        std::mem::take(&mut self.journal.events)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::*;

    #[test]
    fn an_instrument_that_moves_between_assets_again_and_again_costs_no_more_each_time() {
        let mut scanner = scanner(settings());
        let moved = |asset: &str| Instrument { symbol: "X/USDT:USDT".to_owned(), ..instrument("a", asset) };
        let quotes = [live(0, 101.0, 101.1, 10.0, SECOND_NS), live(1, 99.9, 100.0, 10.0, SECOND_NS)];
        for asset in ["ONE", "TWO"].into_iter().cycle().take(100) {
            let events =
                scanner.on_batch(&payload(&[moved(asset), instrument("b", "ONE")], &quotes), SECOND_NS).unwrap();
            assert_eq!(scanner.stats().open_now, u64::from(asset == "ONE"), "{events:?}");
        }
        let legs: Vec<usize> = scanner.books.iter().map(|book| book.legs.len()).collect();
        assert_eq!(legs, [2, 1]);
        assert_eq!(scanner.stats().opened, 50);
    }
}
