//! One ordered pair's life: idle, refused, pending, open, and the events on the way. No flapping: it opens at one
//! threshold once it has held for the minimum life, and closes at a lower one.

use std::ops::RangeInclusive;

use rustc_hash::FxHashMap;

use super::asset::AssetBook;
use super::dislocation;
use super::gate;
use super::identities::IdentityFinding;
use super::identity;
use super::numbers::PairNumbers;
use super::observation::observe;
use super::pair::Pair;
use super::phase::{OpenOpportunity, Phase};
use super::reason::{RefusalCounts, RefusalReason};
use super::rules::Rules;
use super::sanity;
use super::sized::SizingView;
use super::sizing::{self, Wanted};
use super::views::{EventKind, OpportunityEvent, SpreadView};

/// When something is looked at, and the quote that made one look; None when time did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub now_ns: i64,
    pub cause_ns: Option<i64>,
}

/// What the lives of all pairs leave behind.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub events: Vec<OpportunityEvent>,
    /// Pairs that became suspect since somebody asked; at most every pair once.
    pub findings: Vec<IdentityFinding>,
    pub refusals: RefusalCounts,
    pub opened: u64,
    pub closed: u64,
    /// How often two books were walked for sizes.
    pub walks: u64,
    /// The times in the newest ids of each pair, by its hash, so that one that opens twice in a nanosecond gets two ids.
    last_ids: FxHashMap<u64, RangeInclusive<i64>>,
}

/// The lives of one asset's pairs, looked at in one moment.
pub(super) struct Lives<'a> {
    pub rules: &'a Rules,
    pub book: &'a mut AssetBook,
    pub moment: Moment,
    pub journal: &'a mut Journal,
}

impl Lives<'_> {
    /// Looks at one pair again and moves it on.
    pub(super) fn advance(&mut self, buy: usize, sell: usize) {
        self.watch_identity(buy, sell);
        let settings = &self.rules.settings;
        let pair = self.pair(buy, sell);
        let would_open = pair.nets(settings.open_net_percent);
        let is_open = matches!(self.book.phase(buy, sell), Phase::Open(_));
        let pays = would_open || (is_open && pair.nets(settings.close_net_percent));
        let refusal =
            if pays || !pair.numbers.has_prices() { gate::refusal(&pair) } else { Some(RefusalReason::BelowThreshold) };
        let is_to_open = refusal.is_none() && !is_open;
        let refusal = if is_to_open { sizing::refusal(&pair) } else { refusal };
        let numbers = pair.numbers;
        self.journal.walks += u64::from(is_to_open);
        let mut life = Life { lives: self, buy, sell };
        match refusal {
            None if is_open => life.go_on(numbers),
            None => life.pass(numbers),
            Some(reason) => life.refuse(reason, would_open),
        }
    }

    /// Closes the pair if it is open, and leaves it idle.
    pub(super) fn abandon(&mut self, buy: usize, sell: usize, reason: RefusalReason) {
        Life { lives: self, buy, sell }.refuse(reason, false);
    }

    fn pair(&self, buy: usize, sell: usize) -> Pair<'_> {
        Pair::of(self.rules, self.book, buy, sell, self.moment.now_ns)
    }

    /// Whether its mids make the pair suspect now.
    fn watch_identity(&mut self, buy: usize, sell: usize) {
        let Some(seen) = identity::compare(&self.pair(buy, sell)) else { return };
        let after_ns = self.rules.settings.suspect_after_ns;
        let identities = &mut self.book.identities;
        if let Some(since_ns) = identities.note(buy, sell, seen.is_apart, seen.seen_ns, after_ns) {
            let finding = identity::finding(&self.pair(buy, sell), since_ns);
            self.journal.findings.push(finding);
        }
    }
}

/// The life of one of them.
struct Life<'a, 'b> {
    lives: &'a mut Lives<'b>,
    buy: usize,
    sell: usize,
}

impl Life<'_, '_> {
    /// It pays and passes, and is not open.
    fn pass(&mut self, numbers: PairNumbers) {
        let (since_ns, quote_ns) = match self.lives.book.phase(self.buy, self.sell) {
            // One that is ahead was noted by a clock that has been set back since.
            Phase::Pending { since_ns, quote_ns } => ((*since_ns).min(self.lives.moment.now_ns), *quote_ns),
            _ => (self.lives.moment.now_ns, numbers.buy.receive_ns.max(numbers.sell.receive_ns)),
        };
        if self.lives.moment.now_ns.saturating_sub(since_ns) >= self.lives.rules.settings.min_life_ns {
            self.open(since_ns, quote_ns, numbers);
        } else {
            self.set_phase(Phase::Pending { since_ns, quote_ns });
        }
    }

    fn open(&mut self, open_ns: i64, quote_ns: i64, numbers: PairNumbers) {
        let net_percent = numbers.costs.net_percent;
        let pair = Pair { numbers, ..self.lives.pair(self.buy, self.sell) };
        let features = observe(&pair, &sanity::of_pair(&pair), open_ns);
        let opportunity = OpenOpportunity {
            id: self.new_id(quote_ns),
            open_ns,
            peak_net_percent: net_percent,
            dislocation: dislocation::of_pair(self.lives.book, self.buy, self.sell),
            features,
            publish_ns: self.lives.moment.now_ns,
            told_net_percent: net_percent,
            last: numbers,
            sizing: self.sizing(),
        };
        self.lives.journal.opened += 1;
        self.lives.book.pasts.on_open(self.lives.moment.now_ns);
        self.tell(EventKind::Opened, &opportunity, None);
        self.set_phase(Phase::Open(Box::new(opportunity)));
    }

    /// It is open, still pays and passes.
    fn go_on(&mut self, numbers: PairNumbers) {
        let Phase::Open(mut opportunity) = self.set_phase(Phase::Idle) else { return };
        let net_percent = numbers.costs.net_percent;
        opportunity.last = numbers;
        opportunity.peak_net_percent = opportunity.peak_net_percent.max(net_percent);
        let has_moved =
            (net_percent - opportunity.told_net_percent).abs() >= self.lives.rules.settings.update_step_percent;
        if has_moved || self.is_sized() != opportunity.sizing.edge.is_some() {
            opportunity.told_net_percent = net_percent;
            opportunity.sizing = self.sizing();
            self.tell(EventKind::Updated, &opportunity, None);
        }
        self.set_phase(Phase::Open(opportunity));
    }

    /// How much of it there is now.
    fn sizing(&mut self) -> SizingView {
        self.lives.journal.walks += 1;
        let wanted = Wanted { net_percent: self.lives.rules.settings.open_net_percent, notionals: &[] };
        sizing::of_pair(&self.lives.pair(self.buy, self.sell), None, wanted)
    }

    fn is_sized(&self) -> bool {
        sizing::is_known(&self.lives.pair(self.buy, self.sell))
    }

    /// It is not published. The refusal is counted when a pair that pays comes to it, not on every quote that
    /// confirms it; a price that is gone ends a pair's paying and leaves it idle.
    fn refuse(&mut self, reason: RefusalReason, would_open: bool) {
        let next = if would_open { Phase::Refused(reason) } else { Phase::Idle };
        let before = self.set_phase(next);
        let is_new = match &before {
            Phase::Idle => would_open,
            Phase::Refused(earlier) => *earlier != reason,
            Phase::Pending { .. } | Phase::Open(_) => true,
        };
        if is_new && reason != RefusalReason::BelowThreshold {
            self.lives.journal.refusals.add(reason);
        }
        if let Phase::Open(opportunity) = before {
            self.lives.journal.closed += 1;
            let life_ns = self.lives.moment.now_ns.saturating_sub(opportunity.publish_ns);
            self.lives.book.pasts.on_close(self.buy, self.sell, life_ns);
            self.tell(EventKind::Closed, &opportunity, Some(reason));
        }
    }

    fn set_phase(&mut self, phase: Phase) -> Phase {
        self.lives.book.set_phase(self.buy, self.sell, phase)
    }

    fn tell(&mut self, kind: EventKind, opportunity: &OpenOpportunity, close_reason: Option<RefusalReason>) {
        let last = &opportunity.last;
        let Moment { now_ns, cause_ns } = self.lives.moment;
        self.lives.journal.events.push(OpportunityEvent {
            kind,
            spread: SpreadView::of_opportunity(
                self.lives.rules,
                self.lives.book,
                (self.buy, self.sell),
                opportunity,
                now_ns,
            ),
            close_reason,
            // Never negative, though the clock may have been set back meanwhile.
            duration_ns: if close_reason.is_some() { now_ns.saturating_sub(opportunity.open_ns).max(0) } else { 0 },
            event_ns: now_ns,
            cause_ns: cause_ns.unwrap_or(last.buy.receive_ns.max(last.sell.receive_ns)),
            features: if kind == EventKind::Opened { opportunity.features.clone() } else { Vec::new() },
        });
    }

    /// `asset-buy venue-sell venue-symbols-time`: the two symbols as a 64-bit hash (FNV-1a) and the receive time of the
    /// quote that made the pair pay in nanoseconds, both in hexadecimal: so replicas that see the same quotes give the
    /// same id. The time is moved on by a nanosecond when the pair has used it already; not when a later one was used
    /// by a clock that has been set back since.
    fn new_id(&mut self, quote_ns: i64) -> String {
        let (buy, sell) = (&self.lives.book.legs[self.buy].instrument, &self.lives.book.legs[self.sell].instrument);
        let symbols = fnv1a(&[buy.symbol.as_bytes(), sell.symbol.as_bytes()]);
        let pair = format!("{}-{}-{}-{symbols:016x}", self.lives.book.name, buy.venue, sell.venue);
        let used = self.lives.journal.last_ids.entry(fnv1a(&[pair.as_bytes()])).or_insert(quote_ns..=quote_ns - 1);
        *used = if (*used.start()..=used.end().saturating_add(1)).contains(&quote_ns) {
            *used.start()..=used.end().saturating_add(1)
        } else {
            quote_ns..=quote_ns
        };
        format!("{pair}-{:x}", used.end())
    }
}

fn fnv1a(parts: &[&[u8]]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let separated = |hash: u64, part: &&[u8]| step(part.iter().fold(hash, step), &0);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, separated)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crossbook_market::{BookState, Quote};

    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::super::{Scanner, ScannerSettings};
    use super::*;

    const START_NS: i64 = 1_000 * SECOND_NS;

    /// Two venues; `b`'s bid is told, `a` asks 100.
    struct Market(Scanner);

    impl Market {
        fn new(settings: ScannerSettings) -> Self {
            Self(scanner(settings))
        }

        fn bid_on_b(&mut self, bid: f64, now_ns: i64) -> Vec<OpportunityEvent> {
            self.quotes(&[live(0, 99.9, 100.0, 10.0, now_ns), live(1, bid, bid + 0.1, 10.0, now_ns)], now_ns)
        }

        fn quotes(&mut self, quotes: &[Quote], now_ns: i64) -> Vec<OpportunityEvent> {
            self.0.on_batch(&payload(&[instrument("a", "BTC"), instrument("b", "BTC")], quotes), now_ns, 0).unwrap()
        }
    }

    fn kinds(events: &[OpportunityEvent]) -> Vec<EventKind> {
        events.iter().map(|event| event.kind).collect()
    }

    #[test]
    fn without_a_minimum_life_it_opens_on_the_quote_that_pays() {
        let mut market = Market::new(settings());
        let events = market.bid_on_b(101.0, START_NS);
        assert_eq!(kinds(&events), [EventKind::Opened]);
        let spread = &events[0].spread;
        assert_eq!((spread.buy.venue.as_str(), spread.sell.venue.as_str()), ("a", "b"));
        assert_eq!((spread.open_ns, events[0].cause_ns, events[0].event_ns), (START_NS, START_NS, START_NS));
        assert!(spread.opportunity_id.starts_with("BTC-a-b-"));
        assert_eq!(market.0.open_opportunities(), vec![spread.clone()]);
    }

    #[test]
    fn with_a_minimum_life_it_opens_by_time_and_counts_its_life_from_the_start() {
        let mut market = Market::new(ScannerSettings { min_life_ns: SECOND_NS, ..settings() });
        assert!(market.bid_on_b(101.0, START_NS).is_empty());
        assert!(market.0.on_timer(START_NS + SECOND_NS - 1).is_empty());
        let events = market.0.on_timer(START_NS + SECOND_NS);
        assert_eq!(kinds(&events), [EventKind::Opened]);
        assert_eq!(events[0].spread.open_ns, START_NS);
        assert_eq!(events[0].event_ns, START_NS + SECOND_NS);
    }

    #[test]
    fn what_stops_paying_before_its_minimum_life_is_never_told() {
        let mut market = Market::new(ScannerSettings { min_life_ns: SECOND_NS, ..settings() });
        market.bid_on_b(101.0, START_NS);
        market.bid_on_b(100.0, START_NS + 1);
        assert!(market.bid_on_b(101.0, START_NS + 2).is_empty());
        assert!(market.0.on_timer(START_NS + SECOND_NS + 1).is_empty());
        assert_eq!(market.0.stats().opened, 0);
    }

    #[test]
    fn it_is_updated_by_steps_and_closes_below_the_lower_threshold_with_peak_and_duration() {
        let mut market = Market::new(settings());
        market.bid_on_b(101.0, START_NS);
        assert!(market.bid_on_b(101.03, START_NS + 1).is_empty());
        let updated = market.bid_on_b(101.06, START_NS + 2);
        assert_eq!(kinds(&updated), [EventKind::Updated]);
        assert!(market.bid_on_b(100.27, START_NS + 3).iter().all(|event| event.kind == EventKind::Updated));
        let closed = market.bid_on_b(100.2, START_NS + 4);
        assert_eq!(kinds(&closed), [EventKind::Closed]);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::BelowThreshold));
        assert_eq!(closed[0].duration_ns, 4);
        assert_eq!(closed[0].spread.peak_net_percent, updated[0].spread.costs.net_percent);
        assert_eq!(closed[0].spread.sell.price, 100.27);
        assert_eq!((market.0.stats().opened, market.0.stats().closed, market.0.stats().open_now), (1, 1, 0));
    }

    #[test]
    fn a_leg_that_is_no_longer_live_closes_it_and_is_counted_once() {
        let mut market = Market::new(settings());
        market.bid_on_b(101.0, START_NS);
        let gone = Quote::without_prices(1, BookState::Stale, START_NS + 1);
        let closed = market.quotes(&[gone, gone], START_NS + 1);
        assert_eq!(kinds(&closed), [EventKind::Closed]);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::NotLive));
        assert_eq!(market.0.stats().refusals, vec![(RefusalReason::NotLive as u8, 1)]);
    }

    #[test]
    fn age_closes_it_without_any_quote() {
        let mut market = Market::new(settings());
        market.bid_on_b(101.0, START_NS);
        assert!(market.0.on_timer(START_NS + 10 * SECOND_NS).is_empty());
        let closed = market.0.on_timer(START_NS + 10 * SECOND_NS + 1);
        assert_eq!(closed[0].close_reason, Some(RefusalReason::TooOld));
    }

    #[test]
    fn a_refusal_is_counted_when_it_begins_not_on_every_quote() {
        let mut market = Market::new(ScannerSettings { min_notional: 1e6, ..settings() });
        for step in 0..5 {
            assert!(market.bid_on_b(101.0, START_NS + step).is_empty());
        }
        assert_eq!(market.0.stats().refusals, vec![(RefusalReason::TooSmall as u8, 1)]);
        market.bid_on_b(100.0, START_NS + 5);
        market.bid_on_b(101.0, START_NS + 6);
        assert_eq!(market.0.stats().refusals, vec![(RefusalReason::TooSmall as u8, 2)]);
    }

    #[test]
    fn ids_differ_even_when_a_pair_opens_twice_in_a_nanosecond() {
        let mut market = Market::new(settings());
        let mut ids = HashSet::new();
        for bid in [101.0, 100.0, 101.0, 100.0, 101.0] {
            let opened = market.bid_on_b(bid, START_NS).into_iter().filter(|event| event.kind == EventKind::Opened);
            ids.extend(opened.map(|event| event.spread.opportunity_id));
        }
        assert_eq!(ids.len(), 3);
    }

    #[test]
    fn after_a_clock_was_set_back_the_id_is_the_quotes_own_again() {
        let mut market = Market::new(settings());
        let mut id = |bid, now_ns| market.bid_on_b(bid, now_ns).pop().unwrap().spread.opportunity_id;
        let ahead = id(101.0, START_NS + 60 * SECOND_NS);
        id(100.0, START_NS);
        let back = id(101.0, START_NS + 1);
        assert!(ahead.ends_with(&format!("-{:x}", START_NS + 60 * SECOND_NS)));
        assert!(back.ends_with(&format!("-{:x}", START_NS + 1)), "{back}");
    }

    #[test]
    fn what_was_pending_by_a_clock_ahead_opens_after_its_minimum_life_all_the_same() {
        let mut market = Market::new(ScannerSettings { min_life_ns: SECOND_NS, ..settings() });
        assert!(market.bid_on_b(101.0, START_NS).is_empty());
        let back_ns = START_NS - 60 * SECOND_NS;
        assert!(market.bid_on_b(101.0, back_ns).is_empty());
        let opened = market.0.on_timer(back_ns + SECOND_NS);
        assert_eq!(kinds(&opened), [EventKind::Opened]);
        assert_eq!(opened[0].spread.open_ns, back_ns);
    }

    #[test]
    fn replicas_that_see_the_same_quotes_at_other_times_and_in_another_order_give_the_same_id() {
        let settings = ScannerSettings { min_life_ns: SECOND_NS, ..settings() };
        let quotes = [live(0, 99.9, 100.0, 10.0, START_NS), live(1, 101.0, 101.1, 10.0, START_NS + 7)];
        let ids = [(quotes, 10), (quotes, 20), ([quotes[1], quotes[0]], 30)].map(|(quotes, delay_ns)| {
            let mut market = Market::new(settings.clone());
            assert!(market.quotes(&quotes, START_NS + delay_ns).is_empty());
            market.quotes(&[live(1, 101.01, 101.1, 10.0, START_NS + 40)], START_NS + 40);
            market.0.on_timer(START_NS + delay_ns + SECOND_NS)[0].spread.opportunity_id.clone()
        });
        assert!(ids[0].ends_with(&format!("-{:x}", START_NS + 7)));
        assert!(ids.iter().all(|id| *id == ids[0]));
    }

    #[test]
    fn a_clock_that_is_set_back_closes_it_and_gives_it_no_negative_life() {
        let mut market = Market::new(settings());
        market.bid_on_b(101.0, START_NS);
        let closed = market.0.on_timer(START_NS - 60 * SECOND_NS);
        assert_eq!((closed[0].close_reason, closed[0].duration_ns), (Some(RefusalReason::Skewed), 0));
    }

    #[test]
    fn losing_the_stream_closes_everything_and_forgets_the_quotes() {
        let mut market = Market::new(settings());
        market.bid_on_b(101.0, START_NS);
        let closed = market.0.on_disconnected(START_NS + 1, 0);
        assert_eq!(kinds(&closed), [EventKind::Closed]);
        assert!(market.0.open_opportunities().is_empty());
        assert!(market.quotes(&[live(0, 99.9, 100.0, 10.0, START_NS)], START_NS + 2).is_empty());
        assert_eq!(market.0.explain("BTC", "a", "b", START_NS, &[]).unwrap().reason, Some(RefusalReason::NotLive));
    }
}
