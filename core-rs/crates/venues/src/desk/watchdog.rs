//! Who is looked at when, of those that are quiet, and what that may cost: the rules are at the head of `slot/silence.rs`.
//!
//! All of it together costs at most a quarter of the venue's request budget, the longest quiet first; times are spread, and an
//! instrument that freezes again and again is looked at less and less often.

use super::fetches::Purpose;
use super::jitter;
use super::slot::Slot;
use super::state::Desk;
use crate::market_data::BookRequest;
use crate::profile::SECOND_NS;
use crossbook_codec::RestAddress;

/// Checks that may be outstanding at once.
const CHECKS_OUTSTANDING: usize = 4;
/// Share of the venue's request budget that checks may take, as its divisor.
const BUDGET_DIVISOR: i64 = 4;
/// Messages that a renewal takes on the socket: both channels are left and joined.
const MESSAGES_OF_A_RENEWAL: i64 = 4;

impl Desk {
    /// The instrument that has been quiet longest, when it is time for a look at any.
    pub(crate) fn due_look(&self) -> Option<u32> {
        if self.now_ns < self.next_check_ns || self.fetches.checks() >= CHECKS_OUTSTANDING || !self.may_fetch() {
            return None;
        }
        let quiet_ns = |held: &Slot| held.due_look_ns(self.now_ns, self.stale_after_ns);
        let due = (0..).zip(&self.slots).filter_map(|(slot, held)| Some((slot, quiet_ns(held)?)));
        due.min_by_key(|(_, quiet_ns)| -quiet_ns).map(|(slot, _)| slot)
    }

    /// Looks at it by this book, where there is one that can be believed; `budget` is the venue's weight a minute. Else its
    /// subscription is renewed, once it is overdue.
    pub(crate) fn look(&mut self, slot: u32, book: Option<BookRequest>, budget: u32, rest: &RestAddress) {
        let held = &self.slots[slot as usize];
        match book.filter(|_| held.believes_checks()) {
            Some(book) => self.check(slot, book, budget, rest),
            None if held.is_renewal_due(self.now_ns, self.stale_after_ns) => {
                self.pause_checks(MESSAGES_OF_A_RENEWAL * self.conduct.pacing.interval_ns);
                self.turn(slot, Slot::renew);
            }
            None => {}
        }
    }

    fn check(&mut self, slot: u32, mut book: BookRequest, budget: u32, rest: &RestAddress) {
        book.request.is_urgent = false;
        self.pause_checks(60 * SECOND_NS * i64::from(book.request.weight) * BUDGET_DIVISOR / i64::from(budget));
        let request_id = self.fetch(slot, Purpose::Check, book, rest);
        self.slots[slot as usize].check_begins(request_id);
    }

    fn pause_checks(&mut self, pause_ns: i64) {
        self.next_check_ns = self.now_ns + pause_ns + jitter::below(pause_ns / 4, [self.now_ns.unsigned_abs(), 0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Step;
    use crate::desk::slot::{DOUBT_NS, FAILED_CHECKS, LONGEST_PATIENCE_NS};
    use crate::desk::state::SEVERAL;
    use crate::testing::{Bench, CONNECTION};
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
            if bench.feed.desk().slots[0].is_being_checked() {
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
    fn a_check_that_a_hole_has_overtaken_makes_nothing_live_before_its_connection_is_proven() {
        let mut bench = live_by_rest(&["A"]);
        let request_id = next_check(&mut bench);
        bench.feed.on_silence(CONNECTION, bench.now_ns);
        bench.answer(request_id, 200, &book(101, "99"));
        assert_eq!(bench.state("A"), Resyncing);
        bench.feed.on_proof(CONNECTION, bench.now_ns);
        assert_eq!(bench.state("A"), Live);
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
        bench.feed.desk().slots.iter_mut().for_each(|held| held.put(true, None));
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
            bench.feed.desk().connections.values_mut().for_each(|held| held.received_ns = bench.now_ns);
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
