//! What a feed asks of its driver.

use crossbook_codec::RestRequest;

/// One thing to do, in the order given.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Dial a connection; after a loss dial it again, with backoff, until `Close`. Where there is a ticket, it is asked for
    /// before each dial and `Feed::ticketed_url` says what to dial instead.
    Open {
        connection: u32,
        url: String,
        ticket: Option<RestRequest>,
        /// For the handshake, beside the usual ones.
        headers: &'static [(&'static str, &'static str)],
    },
    Close {
        connection: u32,
    },
    /// Drop the socket and dial again.
    Reconnect {
        connection: u32,
        reason: String,
    },
    Send {
        connection: u32,
        text: String,
    },
    /// Ask this and hand the answer to `on_answer`.
    Fetch {
        request_id: u64,
        request: RestRequest,
    },
    /// Something an operator should see in the log.
    Report {
        event: &'static str,
        symbol: String,
        detail: String,
    },
}

/// Counters since the feed was made, and how many of its parts are well now.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FeedStats {
    pub instruments: usize,
    pub live_instruments: usize,
    pub open_connections: usize,
    pub wanted_connections: usize,
    pub frames: u64,
    pub quotes: u64,
    pub gaps: u64,
    pub resyncs: u64,
    pub parse_errors: u64,
    pub reconnects: u64,
    /// Quiet instruments whose quote the venue confirmed.
    pub confirmed: u64,
    /// Instruments that the venue had stopped sending.
    pub frozen: u64,
    /// How far our clock is ahead of the venue's, the fastest delivery included; None until enough is known.
    pub clock_offset_ns: Option<i64>,
    /// How much later than the fastest the venue's frames come now.
    pub delay_ns: Option<i64>,
    /// Zero before the first frame.
    pub last_frame_ns: i64,
}
