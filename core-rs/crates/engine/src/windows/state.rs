//! One instrument in the open window: its sums and the quote in force, in two cache lines.

use crossbook_market::{BookState, Quote};

/// Live time takes 36 bits, enough for a minute of nanoseconds; ticks take the other 28.
const TICK: u64 = 1 << 36;
const LIVE_MASK: u64 = TICK - 1;
/// Beyond it, 4.4 million a second for a whole minute, ticks no longer count and the row is not complete.
pub(super) const MAX_TICKS: u64 = (1 << 28) - 1;

/// What a window knows of one instrument. The order of the additions is part of the contract: recomputing a window from
/// its quotes gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(align(64))]
pub struct WindowState {
    bid_sum: f64,
    ask_sum: f64,
    spread_sum: f64,
    min_bid: f64,
    max_bid: f64,
    min_ask: f64,
    max_ask: f64,
    /// Price times the nanoseconds that it stood.
    timed_bid: f64,
    timed_ask: f64,
    /// Ticks above live nanoseconds.
    counters: u64,
    bid: f64,
    bid_size: f64,
    ask: f64,
    ask_size: f64,
    exchange_ns: i64,
    /// Receive time above two bits of book state; zero while the instrument has not appeared.
    stamp: u64,
}

/// The figures of one window row; none without ticks, and none weighted by time without live time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowFigures {
    pub tick_means: Option<TickFigures>,
    pub time_weighted: Option<(f64, f64)>,
    pub tick_count: u64,
    pub live_ns: i64,
}

/// Figures over the ticks of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TickFigures {
    pub avg_bid: f64,
    pub min_bid: f64,
    pub max_bid: f64,
    pub avg_ask: f64,
    pub min_ask: f64,
    pub max_ask: f64,
    pub avg_spread: f64,
}

impl WindowState {
    /// An instrument that has not appeared yet.
    pub const ABSENT: Self = Self {
        bid_sum: 0.0,
        ask_sum: 0.0,
        spread_sum: 0.0,
        min_bid: f64::INFINITY,
        max_bid: f64::NEG_INFINITY,
        min_ask: f64::INFINITY,
        max_ask: f64::NEG_INFINITY,
        timed_bid: 0.0,
        timed_ask: 0.0,
        counters: 0,
        bid: 0.0,
        bid_size: 0.0,
        ask: 0.0,
        ask_size: 0.0,
        exchange_ns: 0,
        stamp: 0,
    };

    /// Whether it has appeared.
    pub fn is_present(&self) -> bool {
        self.stamp != 0
    }

    /// Book state of the quote in force.
    pub fn book_state(&self) -> BookState {
        match self.stamp & 3 {
            0 => BookState::Live,
            1 => BookState::Resyncing,
            2 => BookState::Stale,
            _ => BookState::Closed,
        }
    }

    /// Receive time of the quote in force.
    pub fn receive_ns(&self) -> i64 {
        (self.stamp >> 2) as i64
    }

    /// The quote in force.
    pub fn quote(&self, instrument: u32) -> Quote {
        Quote {
            instrument,
            state: self.book_state(),
            receive_ns: self.receive_ns(),
            exchange_ns: self.exchange_ns,
            bid: self.bid,
            bid_size: self.bid_size,
            ask: self.ask,
            ask_size: self.ask_size,
        }
    }

    /// A quote takes force and counts as a tick. No time before `origin_ns` counts.
    #[inline]
    pub fn take(&mut self, quote: &Quote, origin_ns: i64) {
        self.integrate(quote.receive_ns, origin_ns);
        self.carry(quote);
        if quote.is_usable() && self.tick_count() < MAX_TICKS {
            self.bid_sum += quote.bid;
            self.ask_sum += quote.ask;
            self.spread_sum += quote.ask - quote.bid;
            self.min_bid = lower(quote.bid, self.min_bid);
            self.max_bid = higher(quote.bid, self.max_bid);
            self.min_ask = lower(quote.ask, self.min_ask);
            self.max_ask = higher(quote.ask, self.max_ask);
            self.counters += TICK;
        }
    }

    /// Weighs the quote in force with the time that it stood until `until_ns`.
    #[inline]
    pub fn integrate(&mut self, until_ns: i64, origin_ns: i64) {
        if self.stamp & 3 == 0 && self.bid > 0.0 && self.ask > 0.0 {
            let stood_ns = until_ns - self.receive_ns().max(origin_ns);
            debug_assert!(stood_ns >= 0);
            self.timed_bid += self.bid * stood_ns as f64;
            self.timed_ask += self.ask * stood_ns as f64;
            self.counters += stood_ns as u64;
        }
    }

    /// A quote takes force without counting as a tick.
    #[inline]
    pub fn carry(&mut self, quote: &Quote) {
        self.bid = quote.bid;
        self.bid_size = quote.bid_size;
        self.ask = quote.ask;
        self.ask_size = quote.ask_size;
        self.exchange_ns = quote.exchange_ns;
        self.stamp = (quote.receive_ns as u64) << 2 | (quote.state as u64 - 1);
    }

    /// The same instrument at the start of the next window.
    pub fn next(&self) -> Self {
        let mut next = Self::ABSENT;
        if self.is_present() {
            next.carry(&self.quote(0));
        }
        next
    }

    /// Whether every tick could be counted.
    pub fn is_whole(&self) -> bool {
        self.tick_count() < MAX_TICKS
    }

    /// What is written once the window is over.
    pub fn figures(&self) -> WindowFigures {
        let live_ns = (self.counters & LIVE_MASK) as i64;
        let time_weighted = (live_ns > 0).then(|| (self.timed_bid / live_ns as f64, self.timed_ask / live_ns as f64));
        WindowFigures { tick_means: self.tick_figures(), time_weighted, tick_count: self.tick_count(), live_ns }
    }

    fn tick_count(&self) -> u64 {
        self.counters / TICK
    }

    fn tick_figures(&self) -> Option<TickFigures> {
        let ticks = self.tick_count() as f64;
        (ticks > 0.0).then(|| TickFigures {
            avg_bid: self.bid_sum / ticks,
            min_bid: self.min_bid,
            max_bid: self.max_bid,
            avg_ask: self.ask_sum / ticks,
            min_ask: self.min_ask,
            max_ask: self.max_ask,
            avg_spread: self.spread_sum / ticks,
        })
    }
}

// One instruction each; f64::min and f64::max take four, for NaNs that cannot occur here.

fn lower(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

fn higher(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(receive_ns: i64, bid: f64, ask: f64) -> Quote {
        let state = BookState::Live;
        Quote { instrument: 0, state, receive_ns, exchange_ns: 9, bid, bid_size: 1.0, ask, ask_size: 2.0 }
    }

    #[test]
    fn it_takes_two_cache_lines() {
        assert_eq!(size_of::<WindowState>(), 128);
    }

    #[test]
    fn the_quote_in_force_comes_back_whole_in_every_state() {
        for state in [BookState::Live, BookState::Resyncing, BookState::Stale, BookState::Closed] {
            let quote = Quote { state, ..live((1 << 62) - 1, 1.5, 2.5) };
            let mut window = WindowState::ABSENT;
            window.carry(&quote);
            assert_eq!(window.quote(0), quote);
        }
    }

    #[test]
    fn a_minute_of_live_time_and_ticks_do_not_touch_each_other() {
        let mut window = WindowState::ABSENT;
        for _ in 0..3 {
            window.take(&live(100, 2.0, 3.0), 0);
        }
        window.integrate(100 + 60_000_000_000, 0);
        let figures = window.figures();
        assert_eq!((figures.tick_count, figures.live_ns), (3, 60_000_000_000));
        assert_eq!(figures.time_weighted, Some((2.0, 3.0)));
    }

    #[test]
    fn ticks_beyond_the_counter_leave_the_sums_alone_and_are_told() {
        let mut window = WindowState::ABSENT;
        window.take(&live(1, 2.0, 3.0), 0);
        window.counters = (MAX_TICKS - 1) * TICK;
        assert!(window.is_whole());
        window.take(&live(1, 2.0, 3.0), 0);
        let full = window;
        window.take(&live(1, 9.0, 9.5), 0);
        assert!(!window.is_whole());
        assert_eq!((window.bid_sum, window.counters, window.bid), (full.bid_sum, full.counters, 9.0));
    }

    #[test]
    fn one_sided_and_broken_books_count_neither_ticks_nor_time() {
        let broken = Quote { state: BookState::Resyncing, ..live(20, 1.0, 2.0) };
        for quote in [live(20, 0.0, 2.0), live(20, 1.0, 0.0), broken] {
            let mut window = WindowState::ABSENT;
            window.take(&quote, 0);
            window.integrate(30, 0);
            let figures = window.figures();
            assert_eq!((figures.tick_count, figures.live_ns), (0, 0));
            assert_eq!((figures.tick_means, figures.time_weighted), (None, None));
        }
    }

    #[test]
    fn no_time_before_the_origin_counts() {
        let mut window = WindowState::ABSENT;
        window.carry(&live(5, 1.0, 2.0));
        window.integrate(30, 10);
        assert_eq!(window.figures().live_ns, 20);
    }
}
