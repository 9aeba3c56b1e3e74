//! A market that does not trade, by the venue's own word: its book is kept, and CLOSED until it trades again.
//!
//! What the venue has said holds for the connection on which it was said. Behind a new one it is said anew, or the next market
//! list says it: so a word that was missed meanwhile closes nothing for good.

use super::{Phase, Slot};
use crate::desk::turn::Turn;
use crossbook_market::BookState;

impl Slot {
    /// Whether its market trades, or why not.
    pub fn set_trading(&mut self, halted: Option<&str>, turn: &mut Turn<'_>) {
        match halted {
            Some(reason) if !self.is_halted => self.halt(reason, turn),
            None if self.is_halted => self.resume(turn),
            _ => {}
        }
    }

    fn halt(&mut self, reason: &str, turn: &mut Turn<'_>) {
        turn.report("market_halted", reason);
        self.is_halted = true;
        self.vigil.cancel();
        self.set_state(BookState::Closed, turn);
    }

    /// Publishes the book that was kept; one that has been silent for too long is STALE, and the watchdog's.
    fn resume(&mut self, turn: &mut Turn<'_>) {
        turn.report("market_trades_again", "");
        self.is_halted = false;
        match self.phase {
            Phase::Idle | Phase::Refused | Phase::Gone => {}
            Phase::Synced if self.vigil.quiet_ns(turn.now_ns) > turn.stale_after_ns => {
                self.set_state(BookState::Stale, turn);
            }
            Phase::Synced => self.publish_if_sound(self.held.top().exchange_ns, None, turn),
            _ => self.set_state(BookState::Resyncing, turn),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::profile::SECOND_NS;
    use crate::testing::{Bench, CONNECTION};
    use crossbook_market::BookState::{Closed, Live, Resyncing, Stale};

    fn books(action: &str, previous: i64, last: i64, bid: &str) -> String {
        format!(
            r#"{{"arg":{{"channel":"books","instId":"A"}},"action":"{action}","data":[{{"asks":[["101","1","0","1"]],
            "bids":[["{bid}","1","0","1"]],"ts":"1","checksum":0,"prevSeqId":{previous},"seqId":{last}}}]}}"#
        )
    }

    fn status(state: &str) -> String {
        format!(
            r#"{{"arg":{{"channel":"instruments","instType":"SWAP"}},"data":[{{"instId":"A","state":"{state}"}},
            {{"instId":"Z","state":"suspend"}}]}}"#
        )
    }

    fn live() -> Bench {
        let mut bench = Bench::open("okx", &["A"]);
        bench.text(&status("live"));
        bench.text(&books("snapshot", -1, 10, "99"));
        assert_eq!(bench.state("A"), Live);
        bench.take_quotes();
        bench.take_steps();
        bench
    }

    #[test]
    fn a_halted_market_is_closed_at_once_with_the_reason_and_live_again_at_once_with_what_came_meanwhile() {
        let mut bench = live();
        bench.text(&status("suspend"));
        let told: Vec<_> = bench.take_quotes().iter().map(|quote| (quote.state, quote.bid)).collect();
        assert_eq!((told, bench.take_events()), (vec![(Closed, 0.0)], vec!["market_halted"]));
        bench.text(&books("update", 10, 11, "99.5"));
        bench.text(&status("suspend"));
        assert!(bench.take_quotes().is_empty() && bench.take_steps().is_empty());
        bench.text(&status("live"));
        assert_eq!((bench.state("A"), bench.take_top()), (Live, Some((99.5, 1.0, 101.0, 1.0))));
        assert_eq!(bench.take_events(), ["market_trades_again"]);
    }

    #[test]
    fn a_halted_market_is_neither_looked_at_nor_stale_and_one_that_was_silent_is_stale_behind_it() {
        let mut bench = live();
        bench.text(&status("suspend"));
        for _ in 0..60 {
            bench.wait(SECOND_NS);
            bench.text("pong");
        }
        assert_eq!((bench.state("A"), bench.take_fetches().len()), (Closed, 0));
        bench.text(&status("live"));
        assert_eq!(bench.state("A"), Stale);
        bench.wait(SECOND_NS);
        assert_eq!(bench.take_fetches().len(), 1, "the watchdog's");
    }

    #[test]
    fn a_crossed_book_of_a_halted_market_costs_nothing_until_it_trades_again() {
        let mut bench = live();
        bench.text(&status("suspend"));
        bench.text(&books("update", 10, 11, "105"));
        assert_eq!(bench.take_events(), ["market_halted"]);
        bench.text(&status("live"));
        assert_eq!((bench.state("A"), bench.take_events()), (Resyncing, vec!["market_trades_again", "crossed_book"]));
    }

    #[test]
    fn a_look_that_was_under_way_makes_no_halted_market_live() {
        let mut bench = live();
        let request_id = loop {
            bench.wait(SECOND_NS);
            bench.text("pong");
            if let Some((request_id, ..)) = bench.take_fetches().pop() {
                break request_id;
            }
        };
        bench.text(&status("suspend"));
        bench.answer(
            request_id,
            200,
            r#"{"code":"0","data":[{"asks":[["101","1"]],"bids":[["99","1"]],"ts":"1","seqId":10}]}"#,
        );
        assert_eq!((bench.state("A"), bench.feed.stats().confirmed), (Closed, 0));
    }

    #[test]
    fn a_gap_within_a_halt_is_mended_and_a_market_that_trades_before_that_is_resyncing() {
        let mut bench = live();
        bench.text(&status("suspend"));
        bench.text(&books("update", 12, 13, "99.5"));
        assert!(bench.take_sent().iter().any(|text| text.contains("unsubscribe")));
        bench.text(&status("live"));
        assert_eq!(bench.state("A"), Resyncing);
        bench.text(&status("suspend"));
        bench.text(r#"{"event":"unsubscribe","arg":{"channel":"books","instId":"A"}}"#);
        bench.text(&books("snapshot", -1, 20, "98"));
        assert_eq!(bench.state("A"), Closed);
        bench.text(&status("live"));
        assert_eq!(bench.state("A"), Live);
    }

    #[test]
    fn what_was_said_on_a_connection_that_is_lost_closes_nothing_on_the_next() {
        let mut bench = live();
        bench.text(&status("suspend"));
        bench.feed.on_closed(CONNECTION, bench.now_ns);
        bench.connect();
        bench.text(&books("snapshot", -1, 20, "98"));
        assert_eq!(bench.state("A"), Live);
    }

    #[test]
    fn a_status_that_cannot_be_read_costs_only_itself() {
        let mut bench = live();
        bench.text(&status("live").replace("\"live\"", "{}"));
        assert_eq!((bench.state("A"), bench.feed.stats().parse_errors), (Live, 1));
    }

    #[test]
    fn one_stream_for_all_is_asked_for_once_a_connection() {
        let mut bench = Bench::open("okx", &["A", "B"]);
        let sent = bench.take_sent();
        assert_eq!(sent.iter().filter(|text| text.contains("instruments")).count(), 1, "{sent:?}");
    }
}
