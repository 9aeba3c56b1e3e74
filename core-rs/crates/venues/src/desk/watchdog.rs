//! Tells the instrument that is quiet from the one that the venue has silently stopped sending.
//!
//! 1. An instrument that has been quiet for most of its limit is checked before it is STALE: the venue is asked for its book
//!    over REST, and its top is compared with the one that is published.
//! 2. Equal: the quote is told again, as of now. It is vouched for by the venue.
//! 3. Different: the prices are withdrawn. If nothing comes on the socket shortly after, the instrument is frozen.
//! 4. A frozen instrument is subscribed again, alone; its connection is given up when several of its instruments are frozen.
//! 5. Where there is no such book (or it fails again and again), the subscription itself is renewed once the instrument is
//!    STALE for a moment; it was frozen if the new book differs from the old one.
//!
//! All of it together costs at most a quarter of the venue's request budget, the longest quiet first; times are spread, and an
//! instrument that freezes again and again is looked at less and less often.

use super::connection::Wish;
use super::fetching::Outstanding;
use super::jitter;
use super::slot::{Phase, Slot};
use super::state::Desk;
use crate::market_data::{Channel, Operation, Snapshot};
use crate::profile::SECOND_NS;
use crossbook_market::{BookState, Level};

/// Checks that may be outstanding at once.
pub(crate) const CHECKS_OUTSTANDING: usize = 4;
/// Share of the venue's request budget that checks may take, as its divisor.
pub(crate) const BUDGET_DIVISOR: i64 = 4;
/// Messages that a renewal takes on the socket: both channels are left and joined.
pub(crate) const MESSAGES_OF_A_RENEWAL: i64 = 4;
/// After a check that showed another top: what the socket has yet to deliver would have come by then.
const DOUBT_NS: i64 = 2 * SECOND_NS;
/// A check that failed is made again after about so long.
const CHECK_AGAIN_NS: i64 = 10 * SECOND_NS;
/// Checks that fail in a row before the subscription is renewed instead.
pub(crate) const FAILED_CHECKS: u32 = 3;
/// Frozen instruments for which a connection is given up, within `FROZEN_TOGETHER_NS`.
const SEVERAL: usize = 3;
const FROZEN_TOGETHER_NS: i64 = 60 * SECOND_NS;
/// Longest pause between two looks at an instrument that freezes again and again.
const LONGEST_PATIENCE_NS: i64 = 600 * SECOND_NS;
/// Difference of two sizes that is rounding: contracts are converted to base units.
const ROUNDING: f64 = 1e-9;

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Check {
    No,
    Outstanding {
        request_id: u64,
    },
    /// The venue showed another top; the instrument's own data may still come.
    Doubted {
        since_ns: i64,
    },
}

/// What the watchdog knows of one instrument.
#[derive(Debug)]
pub(crate) struct Vigil {
    /// When data of its own, or the venue's answer to a check, last vouched for the quote.
    pub vouched_ns: i64,
    pub check: Check,
    not_before_ns: i64,
    pub failed_checks: u32,
    /// Times it froze without data of its own since.
    freezes: u32,
    frozen_ns: Option<i64>,
    /// The top that was published when the subscription was renewed.
    pub renewed: Option<(Level, Level)>,
    /// Whether it was subscribed again because it was silent, and its book has not come yet. The venue may not know that
    /// there is anything to leave.
    pub is_renewing: bool,
}

impl Vigil {
    pub fn new(now_ns: i64) -> Self {
        Self {
            vouched_ns: now_ns,
            check: Check::No,
            not_before_ns: now_ns,
            failed_checks: 0,
            freezes: 0,
            frozen_ns: None,
            renewed: None,
            is_renewing: false,
        }
    }

    /// The venue has sent something about the instrument.
    pub fn hear(&mut self, now_ns: i64) {
        (self.vouched_ns, self.check) = (now_ns, Check::No);
    }

    /// The same, and it was not asked for: the subscription lives.
    pub fn hear_change(&mut self, now_ns: i64) {
        self.hear(now_ns);
        (self.freezes, self.frozen_ns, self.failed_checks) = (0, None, 0);
    }

    /// How long it stays STALE before its subscription is renewed.
    pub(crate) fn grace_ns(&self, index: u32, stale_after_ns: i64) -> i64 {
        stale_after_ns / 2 + jitter::below(stale_after_ns / 6, [u64::from(index), self.vouched_ns.unsigned_abs()])
    }

    /// How long it may be quiet before it is looked at; spread, so that what fell silent together is not asked for together.
    fn patience_ns(&self, index: u32, stale_after_ns: i64) -> i64 {
        let part = match self.freezes {
            0 => stale_after_ns / 2,
            freezes => stale_after_ns.saturating_mul(1 << freezes.min(10)).min(LONGEST_PATIENCE_NS),
        };
        part + jitter::below(part / 2, [u64::from(index), self.vouched_ns.unsigned_abs()])
    }
}

impl Desk {
    /// What silence brings about for one instrument whose book is whole.
    pub(crate) fn watch_silence(&mut self, slot: u32) {
        let now_ns = self.now_ns;
        let held = &self.slots[slot as usize];
        match held.vigil.check {
            Check::Doubted { since_ns } if now_ns - since_ns >= DOUBT_NS => self.found_frozen(slot),
            _ if held.state == BookState::Live && now_ns - held.vigil.vouched_ns > self.stale_after_ns => {
                self.set_state(slot, BookState::Stale);
            }
            _ => {}
        }
    }

    /// Whether a book that was fetched waits in vain for the change that joins it: the subscription sends none, or none that the
    /// book, by its number, does not hold already.
    pub(crate) fn waits_in_vain(&self, slot: u32) -> bool {
        let (held, now_ns) = (&self.slots[slot as usize], self.now_ns);
        let quiet_ns = now_ns - held.vigil.vouched_ns;
        let patience_ns = held.vigil.patience_ns(slot, self.stale_after_ns).max(self.stale_after_ns);
        let is_outrun = held.outrun_ns.is_some_and(|since_ns| now_ns - since_ns >= self.stale_after_ns);
        held.phase == Phase::Joining && held.fetched.is_some() && (quiet_ns >= patience_ns || is_outrun)
    }

    pub(crate) fn pause_checks(&mut self, pause_ns: i64) {
        self.next_check_ns = self.now_ns + pause_ns + jitter::below(pause_ns / 4, [self.now_ns.unsigned_abs(), 0]);
    }

    pub(crate) fn longest_quiet(&self) -> Option<u32> {
        let is_due = |index: u32, held: &Slot| {
            held.phase == Phase::Synced
                && matches!(held.state, BookState::Live | BookState::Stale)
                && held.vigil.check == Check::No
                && held.vigil.not_before_ns <= self.now_ns
                && self.now_ns - held.vigil.vouched_ns >= held.vigil.patience_ns(index, self.stale_after_ns)
        };
        let due = (0..).zip(&self.slots).filter(|(index, held)| is_due(*index, held));
        due.min_by_key(|(_, held)| held.vigil.vouched_ns).map(|(index, _)| index)
    }

    /// The venue's answer to a check. Data that came meanwhile has answered already.
    pub(crate) fn checked(&mut self, fetch: &Outstanding, snapshot: &Snapshot) {
        let (slot, now_ns) = (fetch.slot, self.now_ns);
        let held = &mut self.slots[slot as usize];
        if held.vigil.check != (Check::Outstanding { request_id: fetch.id }) {
            return;
        }
        if snapshot.shared_sequence() != 0 && snapshot.shared_sequence() < held.shared_sequence {
            return self.check_failed(fetch, "the fetched book is older than the one held");
        }
        (held.vigil.check, held.vigil.failed_checks) = (Check::No, 0);
        if is_same_top((held.top.bid, held.top.ask), best(snapshot)) {
            return self.confirm(slot);
        }
        held.vigil.check = Check::Doubted { since_ns: now_ns };
        self.set_state(slot, BookState::Stale);
    }

    pub(crate) fn check_failed(&mut self, fetch: &Outstanding, detail: &str) {
        let (slot, now_ns) = (fetch.slot, self.now_ns);
        let vigil = &mut self.slots[slot as usize].vigil;
        if vigil.check == (Check::Outstanding { request_id: fetch.id }) {
            vigil.check = Check::No;
            vigil.failed_checks += 1;
            vigil.not_before_ns = now_ns + CHECK_AGAIN_NS + jitter::below(CHECK_AGAIN_NS / 2, [u64::from(slot), 1]);
            self.report("check_failed", Some(slot), detail);
        }
    }

    /// Quiet and well: what is published is what the venue shows.
    fn confirm(&mut self, slot: u32) {
        let now_ns = self.now_ns;
        self.stats.confirmed += 1;
        self.slots[slot as usize].vigil.hear_change(now_ns);
        self.slots[slot as usize].state = BookState::Live;
        self.tell_again(slot);
    }

    fn found_frozen(&mut self, slot: u32) {
        if !self.note_frozen(slot) {
            self.resubscribe(slot);
        }
    }

    /// Counts it; whether its connection was given up for it.
    fn note_frozen(&mut self, slot: u32) -> bool {
        let now_ns = self.now_ns;
        self.stats.frozen += 1;
        self.report("instrument_frozen", Some(slot), "the venue shows another top and sends nothing");
        let held = &mut self.slots[slot as usize];
        held.vigil.freezes += 1;
        held.vigil.frozen_ns = Some(now_ns);
        let (connection, is_again) = (held.connection, held.vigil.freezes > 1);
        let mates = self.slots_of(connection);
        let is_frozen = |slot: &&u32| {
            let frozen_ns = self.slots[**slot as usize].vigil.frozen_ns;
            frozen_ns.is_some_and(|since_ns| now_ns - since_ns < FROZEN_TOGETHER_NS)
        };
        let frozen = mates.iter().filter(is_frozen).count();
        let is_given_up = frozen >= SEVERAL || (is_again && frozen == mates.len());
        if is_given_up {
            mates.iter().for_each(|mate| self.slots[*mate as usize].vigil.frozen_ns = None);
            self.drop_connection(connection, &format!("{frozen} of its instruments are frozen"));
        }
        is_given_up
    }

    pub(crate) fn join_anew(&mut self, slot: u32) {
        self.slots[slot as usize].vigil.freezes += 1;
        self.resubscribe(slot);
    }

    /// Leaves the streams of an instrument and joins them again.
    pub(crate) fn resubscribe(&mut self, slot: u32) {
        self.cancel_fetch(slot);
        self.slots[slot as usize].forget_book();
        self.set_state(slot, BookState::Resyncing);
        self.slots[slot as usize].vigil.is_renewing = true;
        self.ask_again(slot);
        let (connection, unsubscribes_one) = (self.slots[slot as usize].connection, self.conduct.unsubscribes_one);
        let Some(held) = self.connections.get_mut(&connection) else { return };
        for (channel, _) in self.channels.iter().filter(|(channel, _)| *channel != Channel::Book) {
            let both = [Operation::Unsubscribe, Operation::Subscribe].into_iter().skip(usize::from(!unsubscribes_one));
            held.queue.extend(both.map(|operation| Wish { operation, slot, channel: *channel }));
        }
    }

    /// A renewed subscription has brought its book; whether that shows that it had been well all the time.
    pub(crate) fn settle_renewal(&mut self, slot: u32, before: (Level, Level)) -> bool {
        let held = &mut self.slots[slot as usize];
        let now = (held.book.best_bid().unwrap_or_default(), held.book.best_ask().unwrap_or_default());
        let was_well = is_same_top(before, now);
        if was_well {
            held.vigil.freezes = 0;
            self.stats.confirmed += 1;
        } else {
            self.note_frozen(slot);
        }
        was_well
    }
}

fn is_same_top(held: (Level, Level), told: (Level, Level)) -> bool {
    let is_same = |a: Level, b: Level| a.price == b.price && (a.size - b.size).abs() <= ROUNDING * a.size.max(b.size);
    is_same(held.0, told.0) && is_same(held.1, told.1)
}

fn best(snapshot: &Snapshot) -> (Level, Level) {
    let resting = |side: &[Level]| side.iter().filter(|level| level.size > 0.0).copied().collect::<Vec<_>>();
    let bid = resting(&snapshot.bids).into_iter().max_by(|a, b| a.price.total_cmp(&b.price));
    let ask = resting(&snapshot.asks).into_iter().min_by(|a, b| a.price.total_cmp(&b.price));
    (bid.unwrap_or_default(), ask.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::testing::Bench;
    use crossbook_market::BookState::{Live, Resyncing, Stale};

    /// A venue whose books are fetched; these are in force, at the change with this number.
    fn live_by_rest(symbols: &[&str]) -> Bench {
        let mut bench = Bench::open("binance", symbols);
        let acks = bench.take_sent().len() as u64;
        (1..=acks).for_each(|id| bench.text(&format!(r#"{{"result":null,"id":{id}}}"#)));
        bench.wait(SECOND_NS / 10);
        for (request_id, _, _) in bench.take_fetches() {
            bench.answer(request_id, 200, &book(100, "99"));
        }
        symbols.iter().for_each(|symbol| bench.text(&change(symbol, 100, 101)));
        assert!(symbols.iter().all(|symbol| bench.state(symbol) == Live));
        bench.take_quotes();
        bench.take_steps();
        bench
    }

    fn book(sequence: i64, bid: &str) -> String {
        format!(r#"{{"lastUpdateId":{sequence},"T":1,"bids":[["{bid}","1"],["90","1"]],"asks":[["101","2"]]}}"#)
    }

    fn change(symbol: &str, previous: i64, last: i64) -> String {
        let ids = format!(r#""U":{last},"u":{last},"pu":{previous}"#);
        format!(r#"{{"e":"depthUpdate","T":1,"s":"{symbol}",{ids},"b":[["80","1"]],"a":[]}}"#)
    }

    /// Waits until something is fetched, and gives the request's number.
    fn next_check(bench: &mut Bench) -> u64 {
        for _ in 0..3_000 {
            if let Some((request_id, url, weight)) = bench.take_fetches().pop() {
                assert!(url.ends_with("limit=100") && weight == 5, "the cheapest look: {url}");
                return request_id;
            }
            bench.wait(SECOND_NS / 10);
            beat(bench);
        }
        panic!("no check is made");
    }

    /// A sign of life of the connection that says nothing of any instrument.
    fn beat(bench: &mut Bench) {
        bench.text(r#"{"result":null,"id":9}"#);
    }

    #[test]
    fn a_quiet_instrument_that_the_venue_confirms_stays_live_and_is_told_again() {
        let mut bench = live_by_rest(&["A"]);
        for round in 1..=5 {
            let request_id = next_check(&mut bench);
            assert_eq!(bench.state("A"), Live, "it is checked before it is stale");
            bench.answer(request_id, 200, &book(101, "99"));
            let told = bench.take_quotes();
            assert_eq!((told.len(), told[0].state, told[0].bid), (1, Live, 99.0));
            assert_eq!(told[0].receive_ns, bench.now_ns);
            assert_eq!(bench.feed.stats().confirmed, round);
        }
        assert!(bench.take_events().is_empty());
    }

    #[test]
    fn a_frozen_instrument_loses_its_prices_at_once_and_is_subscribed_again_alone() {
        let mut bench = live_by_rest(&["A", "B"]);
        let request_id = loop {
            let request_id = next_check(&mut bench);
            bench.text(&change("B", 101, 101));
            if matches!(bench.feed.desk.slots[0].vigil.check, Check::Outstanding { .. }) {
                break request_id;
            }
            bench.answer(request_id, 200, &book(101, "99"));
        };
        bench.answer(request_id, 200, &book(150, "98"));
        assert_eq!((bench.state("A"), bench.state("B")), (Stale, Live));
        bench.take_steps();
        bench.wait(DOUBT_NS + SECOND_NS);
        let sent = bench.take_sent();
        assert!(sent[0].contains("UNSUBSCRIBE") && sent[0].contains("a@depth") && !sent[0].contains("b@"), "{sent:?}");
        let id: serde_json::Value = serde_json::from_str(&sent[0]).unwrap();
        bench.text(&format!(r#"{{"result":null,"id":{}}}"#, id["id"]));
        bench.wait(SECOND_NS);
        let sent = bench.take_sent();
        let subscribe = sent.iter().find(|text| text.contains("\"SUBSCRIBE") && text.contains("a@depth")).unwrap();
        let id: serde_json::Value = serde_json::from_str(subscribe).unwrap();
        bench.text(&format!(r#"{{"result":null,"id":{}}}"#, id["id"]));
        bench.wait(SECOND_NS / 10);
        let (request_id, _, _) = bench.take_fetches()[0].clone();
        bench.answer(request_id, 200, &book(150, "98"));
        bench.text(&change("A", 150, 151));
        assert_eq!((bench.state("A"), bench.state("B"), bench.feed.stats().frozen), (Live, Live, 1));
    }

    #[test]
    fn data_that_comes_after_all_ends_the_doubt() {
        let mut bench = live_by_rest(&["A"]);
        let request_id = next_check(&mut bench);
        bench.answer(request_id, 200, &book(150, "98"));
        assert_eq!(bench.state("A"), Stale);
        bench.text(&change("A", 101, 102));
        bench.wait(DOUBT_NS + SECOND_NS);
        assert_eq!((bench.state("A"), bench.feed.stats().frozen), (Live, 0));
    }

    #[test]
    fn an_answer_that_data_has_overtaken_or_that_is_older_than_the_book_proves_nothing() {
        let mut bench = live_by_rest(&["A"]);
        let request_id = next_check(&mut bench);
        bench.text(&change("A", 101, 102));
        bench.answer(request_id, 200, &book(150, "98"));
        assert_eq!(bench.state("A"), Live);
        let request_id = next_check(&mut bench);
        bench.answer(request_id, 200, &book(90, "98"));
        assert_eq!((bench.state("A"), bench.take_events()), (Live, vec!["check_failed"]));
    }

    #[test]
    fn several_frozen_instruments_cost_their_connection() {
        let mut bench = live_by_rest(&["A", "B", "C", "D"]);
        for _ in 0..SEVERAL {
            let request_id = next_check(&mut bench);
            bench.answer(request_id, 200, &book(150, "98"));
        }
        let mut reconnects = 0;
        for _ in 0..50 {
            bench.wait(SECOND_NS / 10);
            reconnects += bench.take_steps().iter().filter(|step| matches!(step, Step::Reconnect { .. })).count();
        }
        assert_eq!((reconnects, bench.feed.stats().frozen), (1, 3));
    }

    #[test]
    fn five_hundred_that_fall_silent_together_are_checked_within_a_quarter_of_the_budget_and_in_turn() {
        let names: Vec<String> = (0..500).map(|number| format!("S{number}")).collect();
        let mut bench = Bench::new("binance", &names.iter().map(String::as_str).collect::<Vec<_>>());
        for slot in &mut bench.feed.desk.slots {
            (slot.phase, slot.state) = (Phase::Synced, Live);
        }
        let mut checked = Vec::new();
        let (mut weight, mut minutes) = (0, Vec::new());
        for tick in 1..=3_000 {
            bench.wait(SECOND_NS / 10);
            for (request_id, url, cost) in bench.take_fetches() {
                checked.push(url);
                weight += cost;
                bench.answer(request_id, 200, r#"{"lastUpdateId":0,"T":1,"bids":[],"asks":[]}"#);
            }
            if tick % 600 == 0 {
                minutes.push(std::mem::take(&mut weight));
            }
        }
        assert!(minutes[1..].iter().all(|weight| (400..=600).contains(weight)), "{minutes:?} of 2400");
        checked[..450].sort();
        checked[..450]
            .windows(2)
            .for_each(|pair| assert_ne!(pair[0], pair[1], "nobody twice before all had their turn"));
    }

    #[test]
    fn checks_that_fail_again_and_again_give_way_to_a_new_subscription() {
        let mut bench = live_by_rest(&["A"]);
        for _ in 0..FAILED_CHECKS {
            let request_id = next_check(&mut bench);
            bench.answer(request_id, 503, "");
        }
        for _ in 0..600 {
            bench.wait(SECOND_NS / 10);
            beat(&mut bench);
        }
        assert!(bench.take_sent().iter().any(|text| text.contains("UNSUBSCRIBE")));
    }

    const GREETING: &str = r#"{"type":"connected"}"#;

    fn whole(kind: &str, nonce: i64, bid: &str) -> String {
        format!(
            r#"{{"channel":"order_book:1","order_book":{{"asks":[{{"price":"101","size":"2"}}],
            "bids":[{{"price":"{bid}","size":"1"}}],"nonce":{nonce},"begin_nonce":{},"last_updated_at":5}},
            "timestamp":1,"type":"{kind}/order_book"}}"#,
            nonce - 1
        )
    }

    /// A venue without books over REST: waits until the subscription is left, and lets it be joined again with this bid.
    fn renew(bench: &mut Bench, nonce: i64, bid: &str) -> i64 {
        let began_ns = bench.now_ns;
        while !bench.take_sent().iter().any(|text| text.contains(r#"order_book/1","type":"unsubscribe"#)) {
            bench.wait(SECOND_NS);
            bench.feed.desk.connections.values_mut().for_each(|held| held.received_ns = bench.now_ns);
            assert!(bench.now_ns - began_ns < 2 * LONGEST_PATIENCE_NS, "it is never asked for again");
        }
        let waited_ns = bench.now_ns - began_ns;
        bench.text(r#"{"type":"unsubscribed","channel":"order_book:1"}"#);
        bench.wait(SECOND_NS);
        bench.text(&whole("subscribed", nonce, bid));
        waited_ns / SECOND_NS
    }

    #[test]
    fn where_no_book_can_be_fetched_a_silent_subscription_is_renewed_at_its_limit() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(GREETING);
        bench.text(&whole("subscribed", 10, "99"));
        bench.take_steps();
        for nonce in 0..5 {
            assert!((44..53).contains(&renew(&mut bench, 10 + nonce, "99")), "it was well each time");
            assert_eq!(bench.state("1"), Live);
        }
        let stats = bench.feed.stats();
        assert_eq!((stats.confirmed, stats.frozen, stats.resyncs), (5, 0, 0));
    }

    #[test]
    fn an_instrument_that_freezes_again_and_again_is_asked_for_less_and_less_often() {
        let mut bench = Bench::open("lighter", &["1", "2", "3"]);
        bench.text(GREETING);
        bench.text(&whole("subscribed", 10, "99"));
        bench.take_steps();
        let bids = ["99.1", "99.2", "99.3", "99.4", "99.5", "99.6", "99.7"];
        let waits: Vec<i64> = (20..).zip(bids).map(|(nonce, bid)| renew(&mut bench, nonce, bid)).collect();
        assert!(waits.windows(2).all(|pair| pair[0] <= pair[1] || pair[1] >= 600), "{waits:?}");
        assert!(waits[1] >= 60 && waits[6] >= 600 && waits[6] <= 900, "{waits:?}");
        bench.text(&whole("update", 27, "99.8"));
        assert!(renew(&mut bench, 40, "99.8") < 53, "its own data makes it trusted again");
        assert_eq!(bench.state("2"), Resyncing, "the others never came");
    }

    #[test]
    fn a_book_that_waits_for_changes_that_never_come_is_subscribed_again() {
        let mut bench = live_by_rest(&["A"]);
        bench.text(&change("A", 777, 778));
        bench.wait(SECOND_NS / 10);
        let (request_id, _, _) = bench.take_fetches()[0].clone();
        bench.answer(request_id, 200, &book(900, "99"));
        for _ in 0..400 {
            bench.wait(SECOND_NS / 10);
            beat(&mut bench);
        }
        assert!(bench.take_sent().iter().any(|text| text.contains("UNSUBSCRIBE")));
    }

    #[test]
    fn a_fetched_book_whose_number_no_change_reaches_is_given_up_while_changes_come() {
        let mut bench = live_by_rest(&["A"]);
        bench.text(&change("A", 777, 778));
        bench.wait(SECOND_NS / 10);
        let (request_id, _, _) = bench.take_fetches()[0].clone();
        bench.answer(request_id, 200, &book(i64::MAX / 2, "99"));
        for last in 779..1_500 {
            bench.wait(SECOND_NS / 10);
            bench.text(&change("A", last - 1, last));
        }
        assert!(bench.take_sent().iter().any(|text| text.contains("UNSUBSCRIBE")));
    }
}
