//! What a venue is (for people and for the driver) and how the feed has to behave towards it.

use crate::market_data::{Channel, Delta};

pub const MILLISECOND_NS: i64 = 1_000_000;
pub const SECOND_NS: i64 = 1_000 * MILLISECOND_NS;

/// One row of the registry, as people and the driver see it.
#[derive(Debug)]
pub struct VenueProfile {
    pub id: &'static str,
    pub name: &'static str,
    /// Scheme, host and port; the venue's own path is appended, also to an override.
    pub websocket_url: &'static str,
    pub rest_url: &'static str,
    pub docs_url: &'static str,
    /// What the venue calls the streams that it has, in the order in which they are asked for.
    pub channels: Channels,
    /// What proves that a book is whole, in one sentence.
    pub guard_rule: &'static str,
    pub taker_fee_percent: f64,
    pub maker_fee_percent: f64,
    pub instruments_per_connection: usize,
    pub connects_per_minute: u32,
    pub request_weight_per_minute: u32,
    pub stale_after_ns: i64,
    /// Whether a frame that went missing shows in those behind it. Where it does not, a book may be wrong until the venue
    /// sends it whole again.
    pub is_gap_visible: bool,
    /// The venue whose books these are, where they are not its own: a difference between the two is delay, not a price.
    pub relays: Option<&'static str>,
    /// What the facts in the venue's file rest on: captured frames and their date, documentation, libraries.
    pub sources: &'static [&'static str],
    /// Which of them are sure and which are not, in one sentence.
    pub certainty: &'static str,
    /// Set when the venue can only be replayed.
    pub unavailable_reason: Option<&'static str>,
}

/// Streams and the venue's names for them.
pub type Channels = &'static [(Channel, &'static str)];

impl VenueProfile {
    /// What the venue calls this stream; nothing where it has none.
    pub fn channel(&self, channel: Channel) -> &'static str {
        self.channels.iter().find(|(held, _)| *held == channel).map_or("", |(_, name)| name)
    }

    /// What tells whether a market trades; nothing where the market list alone does.
    pub fn status_channel(&self) -> Option<&'static str> {
        Some(self.channel(Channel::Status)).filter(|name| !name.is_empty())
    }

    /// The stream that the venue calls this.
    pub fn channel_named(&self, name: &str) -> Option<Channel> {
        self.channels.iter().find(|(_, held)| *held == name).map(|(channel, _)| *channel)
    }
}

/// How the feed treats a venue's connections and books.
#[derive(Debug)]
pub struct Conduct {
    pub socket_path: &'static str,
    /// Sent with every handshake, beside the usual ones.
    pub handshake_headers: &'static [(&'static str, &'static str)],
    /// Whether the venue speaks first and must be heard before anything is sent.
    pub waits_for_greeting: bool,
    /// What is said once to begin a session, ahead of every subscription.
    pub opening: &'static [&'static str],
    /// Whether one stream tells the status of every market, so that `opening` asks for it and not each instrument.
    pub shares_status: bool,
    /// Channels that one subscribe or unsubscribe message may name.
    pub channels_per_request: usize,
    /// Whether one message may name streams of several kinds.
    pub mixes_channels: bool,
    /// Whether requests are answered; what a venue is silent about is taken for done once it is sent.
    pub answers_requests: bool,
    /// Whether one instrument can be unsubscribed. Where it cannot, subscribing again must bring the book again.
    pub unsubscribes_one: bool,
    pub pacing: Pacing,
    /// Shortest time between two subscriptions of one instrument, where the venue counts them. Zero: none.
    pub subscribe_gap_ns: i64,
    pub throttling: Throttling,
    pub heartbeat: Option<Heartbeat>,
    /// A connection that says nothing at all for so long is dead.
    pub silence_limit_ns: i64,
    /// A connection is renewed at this age.
    pub max_age_ns: Option<i64>,
    pub snapshot_source: SnapshotSource,
    /// Shortest time between two fetched books, where the venue counts by seconds and not by minutes. Zero: none.
    pub fetch_gap_ns: i64,
    /// Levels a side that the venue keeps told; it falls silent about those pushed out behind them.
    pub book_depth: Option<usize>,
    /// Whether removing a level that is not there shows that a frame is missing.
    pub removes_only_what_is_there: bool,
    /// Set when the venue repeats its snapshots. A book whose last one is older is rebuilt, and one that differs from the
    /// book of the same sequence shows that a frame was missing.
    pub snapshot_limit_ns: Option<i64>,
    /// How long a book may stand crossed, unquoted, before it counts as lost: where no engine keeps the one book, it happens.
    /// Zero: not at all.
    pub crossed_limit_ns: i64,
    /// What the bytes of a best bid and ask hold and those of no other frame do: one that cannot be read costs only itself.
    pub top_mark: Option<&'static str>,
    /// The same of a frame that tells a status.
    pub status_mark: Option<&'static str>,
    /// Where a buffered delta stands relative to a fetched snapshot's sequence.
    pub joining: fn(i64, &Delta) -> Joining,
}

impl Conduct {
    /// What a venue does that has no ways of its own; to be filled in with what it has.
    pub const USUAL: Self = Self {
        socket_path: "/",
        handshake_headers: &[],
        waits_for_greeting: false,
        opening: &[],
        shares_status: false,
        channels_per_request: 1,
        mixes_channels: true,
        answers_requests: true,
        unsubscribes_one: true,
        pacing: Pacing { burst: 10, interval_ns: SECOND_NS, gap_ns: 0 },
        subscribe_gap_ns: 0,
        throttling: Throttling::USUAL,
        heartbeat: None,
        silence_limit_ns: 60 * SECOND_NS,
        max_age_ns: None,
        snapshot_source: SnapshotSource::Socket,
        fetch_gap_ns: 0,
        book_depth: None,
        removes_only_what_is_there: false,
        snapshot_limit_ns: None,
        crossed_limit_ns: 0,
        top_mark: None,
        status_mark: None,
        joining: by_chain,
    };
}

/// Token bucket for what is sent on one connection.
#[derive(Clone, Copy, Debug)]
pub struct Pacing {
    pub burst: u32,
    pub interval_ns: i64,
    /// Shortest time between two requests of a burst; what is asked for meanwhile goes out together. Zero: none.
    pub gap_ns: i64,
}

/// What an answer over REST is like by which the venue says that it is asked too often.
#[derive(Clone, Copy, Debug)]
pub struct Throttling {
    /// Its statuses, beside those that stand for it everywhere.
    pub statuses: &'static [u16],
    /// Where a code stands in the body, from field to field, and which codes mean it, whatever the status.
    pub code_at: &'static [&'static str],
    pub codes: &'static [&'static str],
}

impl Throttling {
    /// That of a venue which says it by the statuses alone.
    pub const USUAL: Self = Self { statuses: &[], code_at: &[], codes: &[] };

    /// That of a venue which says it by a code as well.
    pub const fn by_code(code_at: &'static [&'static str], codes: &'static [&'static str]) -> Self {
        Self { statuses: &[], code_at, codes }
    }
}

/// A message that is sent whenever nothing else was for a while.
#[derive(Debug)]
pub struct Heartbeat {
    pub text: &'static str,
    pub every_ns: i64,
}

/// Where a whole book comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SnapshotSource {
    /// The subscription begins with it; a new one takes unsubscribing first, where that can be done.
    Socket,
    /// A REST answer, joined to buffered deltas.
    Rest,
    /// The subscription may begin with it; else REST, after this long.
    SocketElseRest { wait_ns: i64 },
    /// Every frame is one, ordered by its sequence or time: an older one is dropped, none is missed, and a lost book heals
    /// with the next.
    EveryFrame,
}

impl SnapshotSource {
    /// Whether deltas may come before the book.
    pub fn is_joined(self) -> bool {
        matches!(self, Self::Rest | Self::SocketElseRest { .. })
    }
}

/// Where a delta stands relative to a snapshot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Joining {
    /// The snapshot holds it already.
    Old,
    /// It continues the snapshot.
    Joins,
    /// Something between them is missing.
    TooNew,
}

/// Joining where the snapshot comes on the socket: there the chain itself is the rule.
pub fn by_chain(sequence: i64, delta: &Delta) -> Joining {
    if delta.previous == sequence { Joining::Joins } else { Joining::TooNew }
}
