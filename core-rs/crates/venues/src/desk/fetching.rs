//! Books fetched over REST: which are due, and what an answer means.

use super::decoding::is_sound;
use super::fetches::{Outstanding, Purpose};
use super::state::Desk;
use super::step::Step;
use crate::market_data::{BookRequest, Snapshot};
use crossbook_codec::RestAddress;

impl Desk {
    /// The slots whose books are due: those that are down come before those that are only to be deepened.
    pub(crate) fn due_books(&self) -> Vec<u32> {
        let slots = (0..).zip(&self.slots).filter(|(_, held)| held.is_fetch_due(self.now_ns));
        let (down, whole): (Vec<_>, Vec<_>) = slots.partition(|(_, held)| held.is_down());
        down.into_iter().chain(whole).map(|(slot, _)| slot).collect()
    }

    pub(crate) fn may_fetch(&self) -> bool {
        self.fetches.have_room(self.now_ns, self.conduct.fetch_gap_ns)
    }

    /// Asks for a slot's book.
    pub(crate) fn fetch_book(&mut self, slot: u32, mut book: BookRequest, rest: &RestAddress) {
        let held = &mut self.slots[slot as usize];
        held.fetch_begins();
        book.request.is_urgent = held.is_down();
        self.fetch(slot, Purpose::Book, book, rest);
    }

    pub(super) fn fetch(&mut self, slot: u32, purpose: Purpose, book: BookRequest, rest: &RestAddress) -> u64 {
        let gap_ns = self.conduct.fetch_gap_ns;
        let request_id = self.fetches.begin(slot, purpose, book.depth_limit, self.now_ns, gap_ns);
        self.steps.push(Step::Fetch { request_id, request: book.request.at(rest) });
        request_id
    }

    /// What an answer is to; None where it is not waited for any more.
    pub(crate) fn take_fetch(&mut self, request_id: u64) -> Option<Outstanding> {
        self.fetches.take(request_id)
    }

    /// A book has come.
    pub(crate) fn fetched(&mut self, fetch: &Outstanding, mut snapshot: Snapshot) {
        if !is_sound(&snapshot.bids, &snapshot.asks) {
            self.spoilt(Some(fetch.slot), "a fetched book holds impossible numbers");
            return self.fetch_failed(fetch, "impossible numbers");
        }
        snapshot.depth_limit = Some(fetch.depth_limit);
        self.turn(fetch.slot, |held, turn| match fetch.purpose {
            Purpose::Book => held.take_fetched(snapshot, turn),
            Purpose::Check => held.checked(fetch.id, snapshot, turn),
        });
    }

    /// There is an answer, and no book in it.
    pub(crate) fn fetch_unreadable(&mut self, fetch: &Outstanding, detail: &str) {
        self.stats.parse_errors += 1;
        self.fetch_failed(fetch, detail);
    }

    /// There is no book in the answer, or there is no answer.
    pub(crate) fn fetch_failed(&mut self, fetch: &Outstanding, detail: &str) {
        self.turn(fetch.slot, |held, turn| match fetch.purpose {
            Purpose::Book => held.fetch_again(detail, turn),
            Purpose::Check => held.check_failed(fetch.id, detail, turn),
        });
    }

    /// Gives up answers that never came.
    pub(super) fn expire_fetches(&mut self) {
        for fetch in self.fetches.take_late(self.now_ns) {
            self.fetch_failed(&fetch, "no answer in time");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::fetches::OUTSTANDING_LIMIT;
    use crate::profile::SECOND_NS;
    use crate::testing::Bench;

    #[test]
    fn books_that_are_down_are_asked_for_before_whole_ones_that_are_to_be_deepened() {
        let names: Vec<String> = (0..40).map(|number| format!("S{number}")).collect();
        let mut bench = Bench::open("binance", &names.iter().map(String::as_str).collect::<Vec<_>>());
        bench.take_steps();
        let now_ns = bench.now_ns;
        for (index, held) in bench.feed.desk().slots.iter_mut().enumerate() {
            held.put(index < 30, Some(now_ns));
        }
        bench.wait(SECOND_NS / 10);
        let steps = bench.take_steps();
        let asked: Vec<(String, bool)> = steps
            .into_iter()
            .filter_map(|step| match step {
                Step::Fetch { request, .. } => Some((request.url, request.is_urgent)),
                _ => None,
            })
            .collect();
        assert_eq!(asked.len(), OUTSTANDING_LIMIT);
        assert!(asked[..10].iter().all(|(url, is_urgent)| url.contains("symbol=S3") && *is_urgent), "{asked:?}");
        assert!(asked[10..].iter().all(|(_, is_urgent)| !is_urgent), "{asked:?}");
    }
}
