//! What the watchdog knows of one instrument: when it was vouched for last, and what came of looking at it.

use crate::desk::jitter;
use crate::profile::SECOND_NS;
use crossbook_market::Level;

/// A check that failed is made again after about so long.
const CHECK_AGAIN_NS: i64 = 10 * SECOND_NS;
/// Checks that fail in a row before the subscription is renewed instead.
pub(in crate::desk) const FAILED_CHECKS: u32 = 3;
/// How long an instrument that froze counts towards giving up its connection.
const FROZEN_TOGETHER_NS: i64 = 60 * SECOND_NS;
/// Longest pause between two looks at an instrument that freezes again and again.
pub(in crate::desk) const LONGEST_PATIENCE_NS: i64 = 600 * SECOND_NS;

/// How far a check is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Check {
    No,
    Outstanding {
        request_id: u64,
    },
    /// The venue showed another top; the instrument's own data may still come.
    Doubted {
        since_ns: i64,
    },
}

#[derive(Debug)]
pub(super) struct Vigil {
    /// When data of its own, or the venue's answer to a check, last vouched for the quote.
    vouched_ns: i64,
    check: Check,
    not_before_ns: i64,
    failed_checks: u32,
    /// Times it froze without data of its own since.
    freezes: u32,
    frozen_ns: Option<i64>,
    /// The top that was published when the subscription was renewed.
    renewed: Option<(Level, Level)>,
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

    /// The book is forgotten, and with it what it was compared with.
    pub fn forget(&mut self) {
        (self.check, self.renewed) = (Check::No, None);
    }

    /// No answer to a check is wanted any more.
    pub fn cancel(&mut self) {
        self.check = Check::No;
    }

    pub fn quiet_ns(&self, now_ns: i64) -> i64 {
        now_ns - self.vouched_ns
    }

    /// Whether it may be looked at, and has been quiet for long enough to be.
    pub fn is_due(&self, slot: u32, now_ns: i64, stale_after_ns: i64) -> bool {
        self.check == Check::No
            && self.not_before_ns <= now_ns
            && self.quiet_ns(now_ns) >= self.patience_ns(slot, stale_after_ns)
    }

    /// Whether checks have brought an answer lately.
    pub fn believes_checks(&self) -> bool {
        self.failed_checks < FAILED_CHECKS
    }

    pub fn begin_check(&mut self, request_id: u64) {
        self.check = Check::Outstanding { request_id };
    }

    #[cfg(test)]
    pub fn is_being_checked(&self) -> bool {
        matches!(self.check, Check::Outstanding { .. })
    }

    pub fn awaits(&self, request_id: u64) -> bool {
        self.check == Check::Outstanding { request_id }
    }

    /// An answer has come that can be compared.
    pub fn end_check(&mut self) {
        (self.check, self.failed_checks) = (Check::No, 0);
    }

    pub fn fail_check(&mut self, slot: u32, now_ns: i64) {
        self.check = Check::No;
        self.failed_checks += 1;
        self.not_before_ns = now_ns + CHECK_AGAIN_NS + jitter::below(CHECK_AGAIN_NS / 2, [u64::from(slot), 1]);
    }

    pub fn doubt(&mut self, now_ns: i64) {
        self.check = Check::Doubted { since_ns: now_ns };
    }

    /// Whether it has been in doubt for this long.
    pub fn is_doubted_for(&self, now_ns: i64, limit_ns: i64) -> bool {
        matches!(self.check, Check::Doubted { since_ns } if now_ns - since_ns >= limit_ns)
    }

    /// Whether it has been STALE for so long that its subscription is to be renewed.
    pub fn is_overdue(&self, slot: u32, now_ns: i64, stale_after_ns: i64) -> bool {
        self.quiet_ns(now_ns) > stale_after_ns + self.grace_ns(slot, stale_after_ns)
    }

    /// The subscription is renewed; `before` is what was published until then.
    pub fn renew(&mut self, before: (Level, Level)) {
        self.failed_checks = 0;
        self.renewed = Some(before);
    }

    /// What was published before the subscription was renewed, if it was; the book has come.
    pub fn take_renewed(&mut self) -> Option<(Level, Level)> {
        self.is_renewing = false;
        self.renewed.take()
    }

    /// It waited in vain: it is looked at less and less often.
    pub fn lose_patience(&mut self) {
        self.freezes += 1;
    }

    /// It is frozen; whether again.
    pub fn freeze(&mut self, now_ns: i64) -> bool {
        self.freezes += 1;
        self.frozen_ns = Some(now_ns);
        self.freezes > 1
    }

    /// The renewed subscription shows that it had been well.
    pub fn absolve(&mut self) {
        self.freezes = 0;
    }

    /// Its connection was given up: it counts no more towards that.
    pub fn thaw(&mut self) {
        self.frozen_ns = None;
    }

    pub fn is_frozen(&self, now_ns: i64) -> bool {
        self.frozen_ns.is_some_and(|since_ns| now_ns - since_ns < FROZEN_TOGETHER_NS)
    }

    /// How long it stays STALE before its subscription is renewed.
    fn grace_ns(&self, slot: u32, stale_after_ns: i64) -> i64 {
        stale_after_ns / 2 + jitter::below(stale_after_ns / 6, [u64::from(slot), self.vouched_ns.unsigned_abs()])
    }

    /// How long it may be quiet before it is looked at; spread, so that what fell silent together is not asked for together.
    pub fn patience_ns(&self, slot: u32, stale_after_ns: i64) -> i64 {
        let part = match self.freezes {
            0 => stale_after_ns / 2,
            freezes => stale_after_ns.saturating_mul(1 << freezes.min(10)).min(LONGEST_PATIENCE_NS),
        };
        part + jitter::below(part / 2, [u64::from(slot), self.vouched_ns.unsigned_abs()])
    }
}
