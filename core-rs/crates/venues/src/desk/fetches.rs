//! Books asked for over REST and not answered yet.

use crate::profile::SECOND_NS;
use rustc_hash::FxHashMap;

/// Fetches that may be outstanding at once; the others wait.
pub(super) const OUTSTANDING_LIMIT: usize = 16;
/// The same where the venue counts by seconds: what waits while it or the line stands still comes there all at once, which is
/// too often although each was sent in its time.
const COUNTED_OUTSTANDING_LIMIT: usize = 2;
/// A fetch may wait this long for the driver's request budget and the answer.
const FETCH_TIMEOUT_NS: i64 = 60 * SECOND_NS;

#[derive(Debug, Default)]
pub(super) struct Fetches {
    last_id: u64,
    /// When the venue may be asked again.
    next_ns: i64,
    outstanding: FxHashMap<u64, Outstanding>,
}

/// What a book is fetched for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Purpose {
    /// To become the instrument's book.
    Book,
    /// To be compared with it.
    Check,
}

#[derive(Debug)]
pub(crate) struct Outstanding {
    pub(super) id: u64,
    pub(super) slot: u32,
    pub(super) purpose: Purpose,
    pub(super) depth_limit: usize,
    deadline_ns: i64,
}

impl Fetches {
    /// Whether another may be asked for now.
    pub fn have_room(&self, now_ns: i64, gap_ns: i64) -> bool {
        let limit = if gap_ns > 0 { COUNTED_OUTSTANDING_LIMIT } else { OUTSTANDING_LIMIT };
        self.outstanding.len() < limit && self.next_ns <= now_ns
    }

    /// A book is asked for now, and another not before `gap_ns`; the request's number.
    pub fn begin(&mut self, slot: u32, purpose: Purpose, depth_limit: usize, now_ns: i64, gap_ns: i64) -> u64 {
        self.last_id += 1;
        self.next_ns = now_ns + gap_ns;
        let (id, deadline_ns) = (self.last_id, now_ns + FETCH_TIMEOUT_NS);
        self.outstanding.insert(id, Outstanding { id, slot, purpose, depth_limit, deadline_ns });
        id
    }

    pub fn take(&mut self, request_id: u64) -> Option<Outstanding> {
        self.outstanding.remove(&request_id)
    }

    /// Those to which no answer came in time.
    pub fn take_late(&mut self, now_ns: i64) -> Vec<Outstanding> {
        let late = self.outstanding.values().filter(|fetch| fetch.deadline_ns <= now_ns).map(|fetch| fetch.id);
        let late: Vec<u64> = late.collect();
        late.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// No answer about this slot is wanted any more.
    pub fn cancel(&mut self, slot: u32) {
        self.outstanding.retain(|_, fetch| fetch.slot != slot);
    }

    pub fn checks(&self) -> usize {
        self.outstanding.values().filter(|fetch| fetch.purpose == Purpose::Check).count()
    }
}
