//! Facts of instruments as they are told: they are held for every leg, and what a change of them touches is closed.

use crossbook_wire::{ReadFacts, WireError, decode_facts};

use super::lifecycle::Moment;
use super::reason::RefusalReason;
use super::scanner::Scanner;
use super::sources::Place;
use super::views::OpportunityEvent;

impl Scanner {
    /// Takes a WatchInstrumentFactsResponse; one that does not decode changes nothing.
    pub fn on_facts(&mut self, payload: &[u8], now_ns: i64) -> Result<Vec<OpportunityEvent>, WireError> {
        decode_facts(payload)?.into_iter().for_each(|told| self.take_facts(told, now_ns));
        Ok(std::mem::take(&mut self.journal.events))
    }

    fn take_facts(&mut self, told: ReadFacts, now_ns: i64) {
        let key = (told.venue, told.symbol);
        let before = self.facts.remove(&key).unwrap_or_default();
        let mut facts = if told.is_gone { Default::default() } else { before.clone() };
        facts.take(&told.facts);
        let place = self.places.get(&key).copied();
        if !told.is_gone {
            self.facts.insert(key, facts.clone());
        }
        let Some(place) = place else { return };
        let reason = facts.ends(&before);
        self.books[place.book].facts[place.leg] = facts;
        if let Some(reason) = reason {
            self.abandon(place, reason, now_ns);
        }
        if self.books[place.book].is_active(place.leg) {
            self.scan(place, Moment { now_ns, cause_ns: None });
        }
    }

    /// Closes what is open of the leg.
    pub(super) fn abandon(&mut self, place: Place, reason: RefusalReason, now_ns: i64) {
        let mut lives = self.lives(place.book, Moment { now_ns, cause_ns: None });
        for other in 0..lives.book.legs.len() {
            for (buy, sell) in [(place.leg, other), (other, place.leg)] {
                lives.abandon(buy, sell, reason);
            }
        }
    }
}
