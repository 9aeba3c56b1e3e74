//! Books fetched over REST: which are due, which are outstanding, and what happens when an answer fails or never comes.

use super::slot::{Fetching, Phase, Slot};
use super::state::Desk;
use super::step::Step;
use super::watchdog::Check;
use crate::market_data::BookRequest;
use crate::profile::SECOND_NS;
use crossbook_codec::RestAddress;
use rustc_hash::FxHashMap;

/// Fetches that may be outstanding at once; the others wait.
const OUTSTANDING_LIMIT: usize = 16;
/// A fetch may wait this long for the driver's request budget and the answer.
const FETCH_TIMEOUT_NS: i64 = 60 * SECOND_NS;

/// Pause between tries to deepen a book that is whole.
const DEEPEN_INTERVAL_NS: i64 = 10 * SECOND_NS;

#[derive(Debug, Default)]
pub(crate) struct Fetches {
    last_id: u64,
    /// When the venue may be asked again.
    next_ns: i64,
    outstanding: FxHashMap<u64, Outstanding>,
}

/// What a book is fetched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Purpose {
    /// To become the instrument's book.
    Book,
    /// To be compared with it.
    Check,
}

#[derive(Debug)]
pub(crate) struct Outstanding {
    pub id: u64,
    pub slot: u32,
    pub purpose: Purpose,
    pub depth_limit: usize,
    deadline_ns: i64,
}

impl Fetches {
    pub fn take(&mut self, request_id: u64) -> Option<Outstanding> {
        self.outstanding.remove(&request_id)
    }

    pub fn checks(&self) -> usize {
        self.outstanding.values().filter(|fetch| fetch.purpose == Purpose::Check).count()
    }
}

impl Desk {
    /// Those that are down come before those that are only to be deepened.
    pub(crate) fn due_books(&self) -> Vec<u32> {
        let is_due = |held: &Slot| matches!(held.fetching, Fetching::Due(due_ns) if due_ns <= self.now_ns);
        let slots = (0..).zip(&self.slots).filter(|(_, held)| is_due(held));
        let (down, whole): (Vec<_>, Vec<_>) = slots.partition(|(_, held)| held.phase == Phase::Joining);
        down.into_iter().chain(whole).map(|(slot, _)| slot).collect()
    }

    pub(crate) fn may_fetch(&self) -> bool {
        self.fetches.outstanding.len() < OUTSTANDING_LIMIT && self.fetches.next_ns <= self.now_ns
    }

    pub(crate) fn fetch(&mut self, slot: u32, purpose: Purpose, book: BookRequest, rest: &RestAddress) -> u64 {
        self.fetches.last_id += 1;
        self.fetches.next_ns = self.now_ns + self.conduct.fetch_gap_ns;
        let request_id = self.fetches.last_id;
        let deadline_ns = self.now_ns + FETCH_TIMEOUT_NS;
        let outstanding = Outstanding { id: request_id, slot, purpose, depth_limit: book.depth_limit, deadline_ns };
        self.fetches.outstanding.insert(request_id, outstanding);
        self.steps.push(Step::Fetch { request_id, request: book.request.at(rest) });
        request_id
    }

    /// There is no book in the answer, or there is no answer.
    pub(crate) fn fetch_failed(&mut self, fetch: &Outstanding, detail: &str) {
        match fetch.purpose {
            Purpose::Book => self.fetch_again(fetch.slot, detail),
            Purpose::Check => self.check_failed(fetch, detail),
        }
    }

    /// Gives up answers that never came.
    pub(crate) fn expire_fetches(&mut self) {
        let now_ns = self.now_ns;
        let outstanding = self.fetches.outstanding.iter();
        let late = outstanding.filter(|(_, fetch)| fetch.deadline_ns <= now_ns).map(|(id, _)| *id);
        for id in late.collect::<Vec<_>>() {
            if let Some(fetch) = self.fetches.take(id) {
                self.fetch_failed(&fetch, "no answer in time");
            }
        }
    }

    /// Tries again later; without haste when it is only to make a whole book deeper.
    pub(crate) fn fetch_again(&mut self, slot: u32, detail: &str) {
        let now_ns = self.now_ns;
        let held = &mut self.slots[slot as usize];
        held.fetching = match held.phase {
            Phase::Joining => Fetching::Due(held.next_try_ns(now_ns)),
            Phase::Synced => Fetching::Due(now_ns + DEEPEN_INTERVAL_NS),
            _ => return,
        };
        self.is_flush_due = true;
        self.report("snapshot_failed", Some(slot), detail);
    }

    pub(crate) fn cancel_fetch(&mut self, slot: u32) {
        self.fetches.outstanding.retain(|_, fetch| fetch.slot != slot);
        let held = &mut self.slots[slot as usize];
        (held.fetching, held.vigil.check) = (Fetching::No, Check::No);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Bench;

    #[test]
    fn books_that_are_down_are_asked_for_before_whole_ones_that_are_to_be_deepened() {
        let names: Vec<String> = (0..40).map(|number| format!("S{number}")).collect();
        let mut bench = Bench::open("binance", &names.iter().map(String::as_str).collect::<Vec<_>>());
        bench.take_steps();
        let now_ns = bench.now_ns;
        for (index, held) in bench.feed.desk.slots.iter_mut().enumerate() {
            held.phase = if index < 30 { Phase::Synced } else { Phase::Joining };
            (held.state, held.fetching) = (crossbook_market::BookState::Live, Fetching::Due(now_ns));
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
