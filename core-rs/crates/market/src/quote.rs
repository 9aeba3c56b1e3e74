//! Best bid and ask of one instrument, and whether they may be used.

/// Whether an instrument's book can be trusted; the numbers are those of `BookState` in market.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BookState {
    /// Whole and fresh: the only state whose prices may be used.
    Live = 1,
    /// A gap, a failed join or a crossed book: being rebuilt.
    Resyncing = 2,
    /// The connection lives, the instrument has been silent for its limit.
    Stale = 3,
    /// No connection, or no longer tracked.
    Closed = 4,
    /// Another shard has the instrument now. Told by a hub of quotes; never the state of a book, and never in a window.
    Moved = 5,
}

impl BookState {
    /// The state that a wire number stands for.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Live),
            2 => Some(Self::Resyncing),
            3 => Some(Self::Stale),
            4 => Some(Self::Closed),
            5 => Some(Self::Moved),
            _ => None,
        }
    }
}

/// Top of one instrument's book. Prices in quote currency per base unit, sizes in base units, times in nanoseconds
/// since the epoch, UTC. Prices and sizes are zero where a side is empty or the state is not live.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quote {
    /// Number of the instrument within the feed or stream that the quote belongs to.
    pub instrument: u32,
    pub state: BookState,
    pub receive_ns: i64,
    /// Zero when the venue does not say.
    pub exchange_ns: i64,
    pub bid: f64,
    pub bid_size: f64,
    pub ask: f64,
    pub ask_size: f64,
}

impl Quote {
    /// A quote without prices, as every state but live carries it.
    pub fn without_prices(instrument: u32, state: BookState, receive_ns: i64) -> Self {
        Self { instrument, state, receive_ns, exchange_ns: 0, bid: 0.0, bid_size: 0.0, ask: 0.0, ask_size: 0.0 }
    }

    /// Whether both sides stand and may be used: what windows count and arbitrage compares.
    pub fn is_usable(&self) -> bool {
        self.state == BookState::Live && self.bid > 0.0 && self.ask > 0.0
    }
}
