//! A breaker: of a venue, a pair or an instrument. Open, it stops new risk alone: cancels, hedges, closes and questions go on, so
//! whoever asks it does not ask for those.

use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    pub window_ms: i64,
    /// The weights of the window at which it opens.
    pub limit: u32,
    /// How long it stays open at first; doubled each time it opens again from half-open.
    pub cool_ms: i64,
    pub longest_cool_ms: i64,
    /// Questions that must be answered before a smallest deal is let through.
    pub probes: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self { window_ms: 60_000, limit: 5, cool_ms: 30_000, longest_cool_ms: 900_000, probes: 3 }
    }
}

/// What happened at the venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No answer, or one of which nothing follows.
    Unknown,
    ServerError,
    /// Asked too often.
    Rate,
    /// Slower than is bearable.
    Slow,
    Auth,
    Clock,
    /// The private feed is silent or behind.
    FeedSilent,
}

impl Trouble {
    /// None opens at once.
    fn weight(self) -> Option<u32> {
        match self {
            Self::Unknown | Self::Rate | Self::Slow => Some(1),
            Self::ServerError => Some(3),
            Self::Auth | Self::Clock | Self::FeedSilent => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Any deal.
    Any,
    /// One deal of the smallest size, and none while it runs.
    Smallest,
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Closed,
    /// Until then, in milliseconds since 1970.
    Open {
        until_ms: i64,
    },
    /// Questions answered so far.
    HalfOpen {
        answered: u32,
        is_trying: bool,
    },
}

/// It is kept whole across restarts.
#[derive(Clone, Debug, PartialEq)]
pub struct Breaker {
    rules: Rules,
    phase: Phase,
    troubles: VecDeque<(i64, u32)>,
    cool_ms: i64,
}

impl Breaker {
    pub fn new(rules: Rules) -> Self {
        let cool_ms = rules.cool_ms;
        Self { rules, phase: Phase::Closed, troubles: VecDeque::new(), cool_ms }
    }

    pub fn phase(&mut self, now_ms: i64) -> Phase {
        if matches!(self.phase, Phase::Open { until_ms } if now_ms >= until_ms) {
            self.phase = Phase::HalfOpen { answered: 0, is_trying: false };
        }
        self.phase
    }

    pub fn permits(&mut self, now_ms: i64) -> Permission {
        match self.phase(now_ms) {
            Phase::Closed => Permission::Any,
            Phase::HalfOpen { answered, is_trying: false } if answered >= self.rules.probes => Permission::Smallest,
            Phase::HalfOpen { .. } | Phase::Open { .. } => Permission::Nothing,
        }
    }

    /// A deal of the smallest size has begun.
    pub fn tried(&mut self) {
        if let Phase::HalfOpen { is_trying, .. } = &mut self.phase {
            *is_trying = true;
        }
    }

    pub fn trouble(&mut self, trouble: Trouble, now_ms: i64) {
        let phase = self.phase(now_ms);
        let weight = trouble.weight().unwrap_or(self.rules.limit);
        self.troubles.push_back((now_ms, weight));
        self.forget(now_ms);
        let sum: u32 = self.troubles.iter().map(|(_, weight)| weight).sum();
        match phase {
            Phase::Closed if sum >= self.rules.limit => self.open(now_ms),
            Phase::HalfOpen { .. } => {
                self.cool_ms = self.cool_ms.saturating_mul(2).min(self.rules.longest_cool_ms);
                self.open(now_ms);
            }
            Phase::Open { .. } if trouble.weight().is_none() => self.open(now_ms),
            Phase::Open { .. } | Phase::Closed => {}
        }
    }

    /// A question was answered.
    pub fn answered(&mut self, now_ms: i64) {
        self.phase(now_ms);
        if let Phase::HalfOpen { answered, .. } = &mut self.phase {
            *answered += 1;
        }
    }

    /// A deal came to its end without trouble; of one that began before it opened nothing follows.
    pub fn dealt(&mut self, now_ms: i64) {
        if matches!(self.phase(now_ms), Phase::HalfOpen { is_trying: true, .. }) {
            self.phase = Phase::Closed;
            self.troubles.clear();
            self.cool_ms = self.rules.cool_ms;
        }
    }

    fn open(&mut self, now_ms: i64) {
        let until_ms = now_ms + self.cool_ms;
        let longest = if let Phase::Open { until_ms: other } = self.phase { other.max(until_ms) } else { until_ms };
        self.phase = Phase::Open { until_ms: longest };
    }

    /// Old troubles, and of many the oldest: the rest suffices to open it.
    fn forget(&mut self, now_ms: i64) {
        let oldest = now_ms - self.rules.window_ms;
        while self.troubles.front().is_some_and(|(at_ms, _)| *at_ms <= oldest)
            || self.troubles.len() > self.rules.limit as usize
        {
            self.troubles.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(Rules::default())
    }

    fn opened() -> Breaker {
        let mut breaker = breaker();
        breaker.trouble(Trouble::Auth, 0);
        breaker
    }

    #[test]
    fn five_answers_of_which_nothing_follows_within_a_minute_open_it() {
        let mut breaker = breaker();
        (0..4).for_each(|second| breaker.trouble(Trouble::Unknown, second * 1000));
        assert_eq!(breaker.permits(4000), Permission::Any);
        breaker.trouble(Trouble::Unknown, 60_000);
        assert_eq!(breaker.permits(60_000), Permission::Any, "the first is a minute old");
        breaker.trouble(Trouble::Unknown, 60_500);
        assert_eq!(breaker.permits(60_500), Permission::Nothing);
    }

    #[test]
    fn some_troubles_weigh_more_and_some_open_at_once() {
        let mut failing = breaker();
        failing.trouble(Trouble::ServerError, 0);
        assert_eq!(failing.permits(0), Permission::Any);
        failing.trouble(Trouble::ServerError, 1);
        assert_eq!(failing.permits(1), Permission::Nothing);
        for trouble in [Trouble::Auth, Trouble::Clock, Trouble::FeedSilent] {
            let mut breaker = breaker();
            breaker.trouble(trouble, 0);
            assert_eq!(breaker.phase(0), Phase::Open { until_ms: 30_000 });
        }
    }

    #[test]
    fn it_closes_by_answers_and_one_smallest_deal() {
        let mut breaker = opened();
        breaker.answered(29_999);
        assert_eq!(breaker.permits(29_999), Permission::Nothing);
        (0..3).for_each(|_| {
            assert_eq!(breaker.permits(30_000), Permission::Nothing);
            breaker.answered(30_000);
        });
        breaker.dealt(30_000);
        assert_eq!(breaker.permits(30_000), Permission::Smallest, "a deal of before it opened says nothing");
        breaker.tried();
        assert_eq!(breaker.permits(30_000), Permission::Nothing, "one alone");
        breaker.dealt(31_000);
        assert_eq!(breaker.permits(31_000), Permission::Any);
    }

    #[test]
    fn trouble_while_it_is_half_open_doubles_the_wait_up_to_the_longest() {
        let mut breaker = opened();
        let mut now_ms = 0;
        for cool_ms in [60_000, 120_000, 240_000, 480_000, 900_000, 900_000] {
            let Phase::Open { until_ms } = breaker.phase(now_ms) else { panic!() };
            now_ms = until_ms;
            breaker.trouble(Trouble::Slow, now_ms);
            assert_eq!(breaker.phase(now_ms), Phase::Open { until_ms: now_ms + cool_ms });
        }
    }

    #[test]
    fn what_goes_on_while_it_is_open_keeps_it_so_only_where_it_opens_at_once() {
        let mut breaker = opened();
        breaker.trouble(Trouble::Unknown, 20_000);
        assert_eq!(breaker.phase(20_000), Phase::Open { until_ms: 30_000 });
        breaker.trouble(Trouble::FeedSilent, 20_000);
        assert_eq!(breaker.phase(20_000), Phase::Open { until_ms: 50_000 });
    }
}
