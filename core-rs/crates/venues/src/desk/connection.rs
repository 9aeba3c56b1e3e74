//! One socket: what waits to be sent on it, at which pace, and what was sent and not yet answered.

use crate::market_data::{Channel, Operation};
use crate::profile::Pacing;
use std::collections::VecDeque;

/// Requests remembered until their answer; the oldest go first, their instruments' time-outs cover them.
const IN_FLIGHT: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum SocketPhase {
    /// Not there.
    Down,
    /// There, but the venue has not spoken yet.
    Greeting,
    Open,
}

/// One request for one stream of one slot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wish {
    pub operation: Operation,
    pub slot: u32,
    pub channel: Channel,
}

/// What one message asked for.
#[derive(Clone, Debug)]
struct Request {
    id: u64,
    wishes: Vec<Wish>,
}

#[derive(Debug)]
pub(super) struct Connection {
    pub phase: SocketPhase,
    pub instruments: usize,
    pub has_been_open: bool,
    pub opened_ns: i64,
    pub received_ns: i64,
    pub sent_ns: i64,
    pub queue: VecDeque<Wish>,
    paused_until_ns: i64,
    /// When the bucket would be full again (generic cell rate algorithm).
    full_again_ns: i64,
    in_flight: VecDeque<Request>,
}

impl Connection {
    pub fn new() -> Self {
        Self {
            phase: SocketPhase::Down,
            instruments: 0,
            has_been_open: false,
            opened_ns: 0,
            received_ns: 0,
            sent_ns: 0,
            queue: VecDeque::new(),
            paused_until_ns: 0,
            full_again_ns: 0,
            in_flight: VecDeque::new(),
        }
    }

    pub fn open(&mut self, phase: SocketPhase, now_ns: i64) {
        let instruments = self.instruments;
        *self = Self { phase, instruments, has_been_open: true, ..Self::new() };
        (self.opened_ns, self.received_ns, self.sent_ns) = (now_ns, now_ns, now_ns);
    }

    pub fn close(&mut self) {
        self.phase = SocketPhase::Down;
        self.queue.clear();
        self.in_flight.clear();
    }

    pub fn is_open(&self) -> bool {
        self.phase == SocketPhase::Open
    }

    /// Queues one operation on these streams of a slot behind everything else.
    pub fn queue_all(&mut self, operation: Operation, slot: u32, channels: impl IntoIterator<Item = Channel>) {
        self.queue.extend(channels.into_iter().map(|channel| Wish { operation, slot, channel }));
    }

    pub fn pause(&mut self, until_ns: i64) {
        self.paused_until_ns = self.paused_until_ns.max(until_ns);
    }

    /// Whether another message may be sent now.
    pub fn may_send(&self, pacing: Pacing, now_ns: i64) -> bool {
        let slack_ns = i64::from(pacing.burst - 1) * pacing.interval_ns;
        self.phase == SocketPhase::Open && now_ns >= self.paused_until_ns && self.full_again_ns <= now_ns + slack_ns
    }

    pub fn count_sent(&mut self, pacing: Pacing, now_ns: i64) {
        self.full_again_ns = self.full_again_ns.max(now_ns) + pacing.interval_ns;
        self.sent_ns = now_ns;
    }

    /// The next wishes that one message can carry.
    pub fn take_wishes(&mut self, limit: usize, mixes_channels: bool) -> Vec<Wish> {
        let Some(first) = self.queue.front().copied() else { return Vec::new() };
        let is_alike =
            |wish: &&Wish| wish.operation == first.operation && (mixes_channels || wish.channel == first.channel);
        let alike = self.queue.iter().take(limit).take_while(is_alike).count();
        self.queue.drain(..alike).collect()
    }

    pub fn remember(&mut self, id: u64, wishes: Vec<Wish>) {
        if self.in_flight.len() == IN_FLIGHT {
            self.in_flight.pop_front();
        }
        self.in_flight.push_back(Request { id, wishes });
    }

    /// What the answer with this id is about.
    pub fn answered(&mut self, id: u64) -> Option<Vec<Wish>> {
        let index = self.in_flight.iter().position(|request| request.id == id)?;
        self.in_flight.remove(index).map(|request| request.wishes)
    }

    /// What an answer is about that tells itself by this alone: the oldest request that fits.
    pub fn answered_where(&mut self, is_meant: impl Fn(&Wish) -> bool) -> Option<Vec<Wish>> {
        let index = self.in_flight.iter().position(|request| request.wishes.iter().any(&is_meant))?;
        self.in_flight.remove(index).map(|request| request.wishes)
    }

    /// What an answer without a usable id is about: known only when a single request is in flight.
    pub fn answered_alone(&mut self) -> Option<Vec<Wish>> {
        if self.in_flight.len() == 1 { self.in_flight.pop_front().map(|request| request.wishes) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACING: Pacing = Pacing { burst: 3, interval_ns: 100, gap_ns: 0 };

    #[test]
    fn a_burst_goes_out_at_once_and_then_one_an_interval() {
        let mut connection = Connection::new();
        connection.open(SocketPhase::Open, 1_000);
        let mut sent_at = Vec::new();
        for now_ns in (1_000..1_400).step_by(10) {
            while connection.may_send(PACING, now_ns) {
                connection.count_sent(PACING, now_ns);
                sent_at.push(now_ns);
            }
        }
        assert_eq!(sent_at, [1_000, 1_000, 1_000, 1_100, 1_200, 1_300]);
    }

    #[test]
    fn nothing_goes_out_while_paused_or_before_the_greeting() {
        let mut connection = Connection::new();
        connection.open(SocketPhase::Greeting, 0);
        assert!(!connection.may_send(PACING, 0));
        connection.phase = SocketPhase::Open;
        connection.pause(50);
        assert!(!connection.may_send(PACING, 49));
        assert!(connection.may_send(PACING, 50));
    }

    #[test]
    fn one_message_carries_asks_of_one_kind_up_to_its_limit() {
        let wish = |operation, slot| Wish { operation, slot, channel: Channel::Book };
        let mut connection = Connection::new();
        connection.queue.extend((0..3).map(|slot| wish(Operation::Subscribe, slot)));
        connection.queue.push_back(wish(Operation::Unsubscribe, 9));
        assert_eq!(connection.take_wishes(2, true).len(), 2);
        assert_eq!(connection.take_wishes(2, true), [wish(Operation::Subscribe, 2)]);
        assert_eq!(connection.take_wishes(2, true), [wish(Operation::Unsubscribe, 9)]);
        assert!(connection.take_wishes(2, true).is_empty());
    }

    #[test]
    fn a_message_names_both_channels_only_where_the_venue_takes_that() {
        let wish = |channel| Wish { operation: Operation::Subscribe, slot: 1, channel };
        let mut connection = Connection::new();
        for (mixes_channels, sizes) in [(true, [4, 0]), (false, [2, 2])] {
            connection.queue.extend([Channel::Book, Channel::Book, Channel::Top, Channel::Top].map(wish));
            assert_eq!([0, 0].map(|_| connection.take_wishes(9, mixes_channels).len()), sizes);
        }
    }

    #[test]
    fn an_answer_without_an_id_is_placed_only_when_one_request_is_open() {
        let mut connection = Connection::new();
        connection.remember(1, vec![]);
        connection.remember(2, vec![]);
        assert!(connection.answered_alone().is_none());
        assert!(connection.answered(2).is_some() && connection.answered(2).is_none());
        assert!(connection.answered_alone().is_some());
    }

    #[test]
    fn an_answer_that_only_says_its_kind_is_to_the_oldest_request_of_that_kind() {
        let mut connection = Connection::new();
        let wish = |slot, channel| vec![Wish { operation: Operation::Subscribe, slot, channel }];
        connection.remember(1, wish(7, Channel::Top));
        connection.remember(2, wish(8, Channel::Book));
        connection.remember(3, wish(9, Channel::Book));
        let next = |connection: &mut Connection| {
            connection.answered_where(|wish| wish.channel == Channel::Book).map(|wishes| wishes[0].slot)
        };
        assert_eq!([next(&mut connection), next(&mut connection), next(&mut connection)], [Some(8), Some(9), None]);
        assert_eq!(connection.answered(1).unwrap()[0].slot, 7);
    }
}
