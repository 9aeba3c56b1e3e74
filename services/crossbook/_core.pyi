"""The Rust core, as Python sees it. It never reads a clock and opens no socket: it is told both.

Times are integers, nanoseconds since the epoch, UTC. Prices are quote currency per base unit, sizes base units, unless
a name says "coins". Payloads are encoded protobuf messages, passed on untouched. The GIL is released while it works.

CoreError
├── UnknownVenueError       name a venue of venue_profiles()
├── UnknownInstrumentError  list the markets first
├── InvalidSettingError     fix the argument that the message names (also a ValueError)
├── PayloadError            the bytes do not decode: count, drop, go on
├── SequenceError           a batch is missing or of another stream: open the stream again and resume
├── ClockError              a batch is from the future: set the clock of its sender right, then send it again
└── TokenError              it is no token that was given out: begin without one
"""

from collections.abc import Sequence
from os import PathLike
from typing import ClassVar, Protocol, Self, final

from typing_extensions import disjoint_base

class CoreError(Exception): ...
class UnknownVenueError(CoreError): ...
class UnknownInstrumentError(CoreError): ...
class InvalidSettingError(CoreError, ValueError): ...
class PayloadError(CoreError): ...
class SequenceError(CoreError): ...
class ClockError(CoreError): ...
class TokenError(CoreError): ...

# --- Book states, as in protos/crossbook/v1/market.proto ---

LIVE: int
RESYNCING: int
STALE: int
CLOSED: int
MOVED: int  # only told by QuoteHub

# --- Venues ---

@final
class VenueProfile:
    """One row of the venue registry."""

    id: str
    name: str
    websocket_url: str
    rest_url: str
    docs_url: str
    channels: list[str]
    status_channel: str | None  # the one of them that tells whether a market trades; else the market list alone does
    guard_rule: str  # what proves that a book is whole, in one sentence
    taker_fee_percent: float
    maker_fee_percent: float
    instruments_per_connection: int
    connects_per_minute: int
    request_weight_per_minute: int
    stale_after_ns: int
    is_gap_visible: bool  # whether a frame that went missing shows in those behind it
    relays: str | None  # the venue whose books these are, where they are not its own
    sources: list[str]  # what the facts in the venue's file rest on
    certainty: str  # which of them are sure and which are not
    unavailable_reason: str | None  # set when the venue can only be replayed
    facts: list[tuple[str, str, list[int]]]  # answers that hold facts: source, what its shape rests on, kinds

def venue_profiles() -> list[VenueProfile]: ...

@final
class Instrument:
    """See message Instrument in market.proto. Each fact there is an attribute here, listed below or not."""

    COLUMNS: ClassVar[tuple[str, ...]]  # names of the facts, in the order of a row

    def __new__(
        cls,
        *,
        venue: str,
        symbol: str,
        native_symbol: str,
        asset: str,
        quote_currency: str,
        settle_currency: str,
        asset_class: int = 1,
        asset_scale: float = 1.0,
        contract_size: float = 1.0,
        tick_size: float = 0.0,
        lot_size: float = 0.0,
        taker_fee_percent: float | None = None,
        maker_fee_percent: float | None = None,
    ) -> Self: ...
    @staticmethod
    def decode(message: bytes) -> Instrument:
        """Of an Instrument of market.proto. Raises PayloadError for one that batches may not have either."""
    def encode(self) -> bytes:
        """The reverse."""
    @staticmethod
    def from_row(row: Sequence[str | float | None]) -> Instrument:
        """Of the values of COLUMNS, as a table has them. Raises InvalidSettingError."""
    def row(self) -> tuple[str | float | None, ...]:
        """The reverse."""
    venue: str
    symbol: str
    native_symbol: str
    asset: str  # of another class than coins: behind its name, "share:META"
    asset_class: int  # as in market.proto
    asset_scale: float
    quote_currency: str
    settle_currency: str
    contract_size: float
    tick_size: float
    lot_size: float
    taker_fee_percent: float | None
    maker_fee_percent: float | None

@final
class MarketListing:
    instruments: list[Instrument]
    quarantined: list[tuple[str, str]]  # (native symbol, reason)

@final
class RestRequest:
    """A GET, or a POST of JSON where there is a body; weight counts against the venue's request budget."""

    def __new__(cls, url: str, *, body: str | None = None, weight: int = 1, is_urgent: bool = True) -> Self: ...
    url: str
    body: str | None  # an empty one is a POST too
    weight: int
    is_urgent: bool  # something is down until it is answered

def throttling_words(venue: str, status: int, body: bytes) -> bytes | None:
    """The venue's own words where this answer means that it is asked too often. Raises UnknownVenueError."""

def next_market_request(venue: str, answers: Sequence[bytes], rest_url: str | None = None) -> RestRequest | None:
    """What to ask for the venue's market list once these answers to it are there; None when they are all.

    To be called with no answers first and again after each. Raises PayloadError when an answer does not say how the
    list goes on, or when it does not end.
    """

def parse_markets(venue: str, bodies: Sequence[bytes], now_ns: int) -> MarketListing:
    """Raises PayloadError when an answer is not a market list at all; a bad row or one not yet open is quarantined."""

@final
class FactAsk:
    """One thing to ask for, for a FactBook."""

    request: RestRequest

@final
class FactBook:
    """What is known of one venue's instruments besides quotes: told answers and the time, it says what to ask next."""

    def __new__(cls, venue: str, *, rest_url: str | None = None) -> Self: ...
    def track(self, instruments: Sequence[Instrument], now_ns: int) -> None:
        """These are the tracked instruments from now on."""

    def next_ask(self, now_ns: int) -> FactAsk | None:
        """What is due; asked for once by being returned."""

    def read(self, ask: FactAsk, status: int, body: bytes, now_ns: int) -> None:
        """Takes the answer; one that is none or does not read is counted, and asked for again soon."""

    def read_markets(self, answers: Sequence[bytes], now_ns: int) -> None:
        """Takes what the answers to the market list tell besides."""

    def take_changes(self, now_ns: int) -> bytes:
        """An IngestFactsRequest with what is new, which counts as sent; empty when nothing is."""

    def tell_all(self) -> None:
        """Everything counts as new: for a reader that has nothing."""

    def counts(self) -> tuple[int, int, int]:
        """Answers taken, answers that were none or did not read, values refused."""

# --- Steps that a feed asks of its driver ---

@final
class Open:
    """Dial a connection; after a loss dial it again, with backoff, until Close.

    Where there is a ticket, it is asked for before each dial, and VenueFeed.ticketed_url says what to dial instead.
    """

    connection: int
    url: str
    ticket: RestRequest | None
    headers: list[tuple[str, str]]  # for the handshake, beside the usual ones

@final
class Close:
    connection: int

@final
class Reconnect:
    """Drop the socket and dial again."""

    connection: int
    reason: str

@final
class Send:
    connection: int
    text: str

@final
class Fetch:
    """Ask this and hand the answer to on_answer."""

    request_id: int
    request: RestRequest

@final
class Report:
    """Something an operator should see in the log."""

    event: str  # a fixed name: sequence_gap, book_resynced, parse_error, crossed_book, subscribe_refused ...
    symbol: str  # unified symbol, empty when it concerns the connection
    detail: str

Step = Open | Close | Reconnect | Send | Fetch | Report

@final
class FeedStats:
    """Counters since the feed was made, and how many of its parts are well now."""

    @property
    def instruments(self) -> int: ...
    @property
    def live_instruments(self) -> int: ...
    @property
    def open_connections(self) -> int: ...
    @property
    def wanted_connections(self) -> int: ...
    @property
    def confirmed(self) -> int: ...
    @property
    def clock_offset_ns(self) -> int | None: ...
    def encode(self) -> bytes:
        """VenueStats of tracker.proto with these and all other counters of the feed, and nothing else."""

@final
class BookView:
    state: int
    bids: list[tuple[float, float]]  # (price, size), best first
    asks: list[tuple[float, float]]
    sequence: int

@final
class VenueFeed:
    """Connections, books and the outgoing stream of one venue, without any IO.

    now_ns may step backwards between calls; the feed never does: its quotes bear the latest time it was told, and its
    time-outs run on.
    """

    def __new__(
        cls,
        venue: str,
        stream_id: str,
        *,
        websocket_url: str | None = None,
        rest_url: str | None = None,
        stale_after_ns: int | None = None,
        shards: Sequence[str] = ...,
    ) -> Self:
        """Each shard has a lane: a stream of its own with the instruments that are its own, by rendezvous hash.

        By default there is one shard, "main".
        """
    def route(self, shards: Sequence[str], from_ns: int) -> None:
        """From a full minute on these shards have the instruments; replaces a list that has not come into force.

        A quote received before from_ns goes by the old list. Raises InvalidSettingError when the list is empty or names
        one twice, and when from_ns is no full minute or not after everything taken.
        """
    def shards(self) -> list[str]:
        """Those with a lane: listed now or later, and those of before until drop_lane."""
    def drop_lane(self, shard: str) -> None:
        """Gives a lane up. Raises InvalidSettingError while its shard is listed or something is pending.

        When its shard is listed again, the lane goes on with its sequence.
        """
    def next_sequence(self, shard: str) -> int:
        """Of the lane's next batch."""
    def pending_rows(self, shard: str) -> int:
        """Quotes waiting for take_batch; a message without rows (instruments left, nobody listened) counts as one."""
    def track(self, instruments: Sequence[Instrument], now_ns: int) -> list[Step]: ...
    def untrack(self, symbols: Sequence[str], now_ns: int) -> list[Step]:
        """Raises UnknownInstrumentError for a symbol that is not tracked."""
    def tracked(self) -> list[Instrument]: ...
    def ticketed_url(self, connection: int, answer: bytes, now_ns: int) -> str:
        """What to dial with the answer to an Open's ticket. Changes nothing. Raises PayloadError for what is none."""
    def on_open(self, connection: int, now_ns: int) -> list[Step]: ...
    def on_frame(self, connection: int, payload: bytes, is_text: bool, now_ns: int) -> list[Step] | None:
        """None when nothing is asked. A frame that does not parse is counted and reported, never raised."""
    def on_closed(self, connection: int, now_ns: int) -> list[Step]:
        """The socket is gone; its instruments are CLOSED until it is back."""
    def on_answer(self, request_id: int, status: int, body: bytes, now_ns: int) -> list[Step]:
        """status is the HTTP status, 0 when there was no answer."""
    def on_timer(self, now_ns: int) -> list[Step]:
        """To be called every 100 ms: pacing, heartbeats, staleness, time-outs."""
    def on_hole(self, now_ns: int) -> list[Step]:
        """Nobody listened since the latest time that was told: every lane says so in a batch of its own.

        No quote is LIVE until on_proof of its connection; every other state is told again.
        """
    def on_silence(self, connection: int, now_ns: int) -> list[Step]:
        """The connection may be dead: none of its quotes is LIVE until on_proof."""
    def on_proof(self, connection: int, now_ns: int) -> list[Step]:
        """All that the connection had sent when it was asked has been told: what whole books say is in force."""
    def requote(self, shard: str, now_ns: int) -> None:
        """Puts the current quote of each of the shard's instruments into pending, received now, for who lost some."""
    def carry_depth(self, shard: str, outbox: Outbox) -> None:
        """The lane's depth goes beside the batches of this outbox, while whoever reads them takes it."""
    def take_batch(self, shard: str, now_ns: int) -> OutgoingBatch:
        """What is pending, possibly no rows, with the watermark now_ns and the next sequence (the first is 1).

        A hand-over is a batch of its own with its moment as the watermark: take until nothing is pending.
        """
    def hello(self, shard: str, oldest_sequence: int) -> bytes:
        """IngestQuotesRequest with the hello that opens or resumes the lane's stream."""
    def order_book(self, symbol: str, depth: int) -> BookView:
        """Raises UnknownInstrumentError."""
    def states(self) -> list[tuple[str, int]]:
        """(unified symbol, book state) of every tracked instrument."""
    def stats(self) -> FeedStats: ...

# --- What leaves a tracker: times called at_ns are of a clock that only goes forward, from anywhere ---

@final
class OutgoingBatch:
    def __new__(cls, sequence: int, rows: int, payload: bytes) -> Self: ...
    @property
    def sequence(self) -> int: ...
    @property
    def rows(self) -> int: ...
    @property
    def payload(self) -> bytes:
        """IngestQuotesRequest with a batch."""

class _Journal(Protocol):
    """Who keeps the batches elsewhere as well. What it raises, whoever called has to hear."""

    def append(self, sequence: int, payload: bytes) -> None:
        """The next one, before it can be sent."""
    def acknowledge(self, sequence: int) -> None:
        """Those up to it need not be kept."""

@final
class Outbox:
    """Batches that are not acknowledged yet, oldest first. Sequences within are contiguous.

    Beyond max_bytes, 256 counted for each batch beside its payload, the oldest are dropped and counted; the newest is
    kept whatever its size.
    """

    def __new__(cls, max_bytes: int, journal: _Journal | None = None, *, first_sequence: int = 1) -> Self: ...
    def __len__(self) -> int: ...
    @property
    def bytes(self) -> int:
        """As they count against max_bytes."""
    @property
    def oldest_sequence(self) -> int:
        """Of the oldest batch held; the one that comes next when none is."""
    @property
    def next_sequence(self) -> int: ...
    @property
    def dropped_batches(self) -> int: ...
    @property
    def dropped_rows(self) -> int: ...
    def get(self, sequence: int) -> OutgoingBatch | None:
        """None when it is dropped, acknowledged or not yet there."""
    def append(self, batch: OutgoingBatch) -> None:
        """The next one; it is taken even if the journal raises."""
    def settle(self) -> None:
        """Tells the journal what has been acknowledged since the last time."""

@final
class Pace:
    """How often one process sends batches: all lanes of all its venues share an allowance of messages."""

    def __new__(cls) -> Self: ...

@final
class Batcher:
    """When what the feed has pending for a lane becomes a batch, and how long it has waited by then."""

    def __new__(cls, pace: Pace) -> Self: ...
    def on_quotes(self, read_ns: int, at_ns: int) -> bool:
        """Frames read then have made rows: whether they leave at once."""
    def may_leave(self, at_ns: int) -> bool:
        """Whether rows that are pending, whatever made them, leave at once."""
    def is_watermark_due(self, at_ns: int) -> bool:
        """Half a second after the last batch."""
    def on_batch(self, now_ns: int, at_ns: int) -> None:
        """All that was pending at now_ns stands in a batch."""
    def hold_ns(self, at_ns: int) -> int:
        """What comes next is held back: how long until whatever is pending then is to leave, and end_hold is due."""
    def end_hold(self) -> None:
        """What comes next leaves at once."""

def frame_to_quote_p50_us(batchers: Sequence[Batcher]) -> float:
    """The median of the latest 1,024 waits of each of them, in microseconds; 0 before the first."""

@final
class Resumed:
    """The aggregator has answered the hello."""

    next_sequence: int  # what is sent first
    oldest_sequence: int  # as the hello had it
    are_quotes_missing: bool  # some are lost for good: the feed is to tell its current quotes once more

@final
class UplinkState:
    """A lane's stream to its shard, whatever connection carries it: Plane.send_quotes."""

    def __new__(cls, outbox: Outbox) -> Self: ...
    @property
    def is_connected(self) -> bool:
        """Whether the aggregator has answered the hello of a connection that is not over."""
    @property
    def connects(self) -> int:
        """Hellos answered so far."""
    @property
    def problem(self) -> str:
        """Why the stream was lost, until it is back."""
    @property
    def is_finishing(self) -> bool: ...
    def begin(self) -> int:
        """A connection is to be opened: the oldest sequence that can be sent, which the hello is to name."""
    def tell_health(self, payload: bytes) -> bool:
        """IngestQuotesRequest, to be sent now and at every later beginning. Returns whether it is another one."""
    def finish(self) -> None:
        """Nothing is appended any more: once everything is sent, the stream is to be ended."""
    def on_closed(self, problem: str | None = None) -> None:
        """The connection is over. problem says why, "" that all is well; None leaves it at what it was."""

# --- Quotes and windows ---

@final
class QuoteRow:
    venue: str
    symbol: str
    asset: str
    asset_class: int
    bid: float
    bid_size: float
    ask: float
    ask_size: float
    state: int
    exchange_ns: int
    receive_ns: int

@final
class QuoteHub:
    """The latest quote of every instrument and the subscriptions that follow them, conflated.

    Per instrument the newest quote replaces the one that waits, unless its state differs: at most four quotes of
    different states wait, and a reader that saw a state sees another before it sees that one again, if it was left.
    """

    def __new__(cls) -> Self: ...
    def subscribe(
        self,
        venues: Sequence[str] = (),
        symbols: Sequence[str] = (),
        assets: Sequence[str] = (),
        *,
        with_depth: bool = False,
    ) -> QuoteSubscription: ...
    def latest(
        self, venues: Sequence[str] = (), symbols: Sequence[str] = (), assets: Sequence[str] = ()
    ) -> list[QuoteRow]: ...
    def notify(self) -> None:
        """Wakes the clients that the plane serves: quotes were published otherwise than by a stream of the plane."""
    @property
    def followers(self) -> int:
        """Clients that the plane serves."""
    @property
    def conflated_quotes(self) -> int:
        """Quotes that newer ones replaced before such a client took them, over all that ever were."""

@final
class QuoteSubscription:
    """One reader. It starts with everything known; its memory is bounded by the number of instruments."""

    @property
    def pending_rows(self) -> int: ...
    @property
    def conflated_quotes(self) -> int: ...
    def take_batch(self) -> bytes | None:
        """SubscribeQuoteBatchesResponse, or None when nothing is new."""
    def take_rows(self, limit: int) -> list[QuoteRow]: ...
    def close(self) -> None: ...

@final
class QuoteBoard:
    """The newest quote of every instrument of all shards, for readers that come and ask what is new to them.

    A reader costs nothing until it asks, and one that comes late is told the newest once: a state that an instrument
    had in between is not told. An instrument that no shard tells of any more is CLOSED. Frames are
    SubscribeQuoteBatchesResponses of one stream, the board's, with sequence and conflated_quotes 0: symbol numbers
    mean the same in all of them, and come with their instruments when the reader first needs them.
    """

    def __new__(cls, wall: WallClock) -> Self: ...
    def reader(
        self,
        venues: Sequence[str] = (),
        symbols: Sequence[str] = (),
        assets: Sequence[str] = (),
        *,
        instruments: Sequence[tuple[str, str]] | None = None,
    ) -> BoardReader:
        """Of what the filter matches, or of instruments by (venue, symbol). Raises ValueError when both are given."""
    def deltas(self, readers: Sequence[BoardReader]) -> list[bytes | None]:
        """What `delta` of each would give, all at one moment.

        Readers of equal selections that know the same get one object. Raises ValueError for a reader of another board.
        """
    def on_batch(self, payload: bytes, source: int = 0) -> None:
        """Takes a SubscribeQuoteBatchesResponse of one shard, as Plane.follow_quotes does. Raises PayloadError."""
    def on_disconnected(self, source: int = 0) -> None:
        """The shard's stream is gone: what only it has told is CLOSED."""
    @property
    def readers(self) -> int: ...
    @property
    def views(self) -> int:
        """Different selections of its readers."""
    @property
    def instruments(self) -> int:
        """That were ever told."""

@final
class BoardReader:
    """One reader of a board, and how much of it it has been told; it ends when it is closed or let go."""

    def snapshot(self) -> bytes:
        """Begins again with everything that it wants; like `delta`, but it may have no rows."""
    def delta(self) -> bytes | None:
        """What is new since the last frame; None when nothing is.

        At most 16,384 rows: where `lag` is not 0 afterwards, the next one goes on.
        """
    @property
    def lag(self) -> int:
        """Instruments whose news it has not been told."""
    def close(self) -> None:
        """Nothing is new to it any more."""

@final
class RestCall:
    """The call that a request of REST means."""

    @property
    def method(self) -> str:
        """`package.Service/Method`."""
    @property
    def pattern(self) -> str:
        """The path's template."""
    @property
    def payload(self) -> bytes:
        """The request, encoded."""

@final
class RestRefusal:
    """Why a request of REST means no call: the path is none where there are neither verbs nor violations."""

    @property
    def verbs(self) -> list[str]:
        """Those that the path has, where it has not the one that was asked with."""
    @property
    def violations(self) -> list[tuple[str, str]]:
        """Fields, and what is wrong with each."""

@final
class Transcoder:
    """REST by the `google.api.http` options of a descriptor set, and its messages as JSON and back."""

    def __new__(cls, descriptor_set: bytes) -> Self:
        """Of a FileDescriptorSet with all that it imports. Raises PayloadError."""
    @property
    def routes(self) -> list[tuple[str, str, str, str, list[str]]]:
        """Verb, template, method, field that the body is ("*": all, "": none) and fields of the path of each."""
    def call(self, verb: str, path: str, query: str, body: bytes) -> RestCall | RestRefusal:
        """Path and query as they came, percent-encoded."""
    def to_json(self, message: str, payload: bytes) -> bytes:
        """A message of that full name; no field without presence is left out. Raises PayloadError."""
    def parse_json(self, message: str, text: bytes) -> bytes:
        """What JSON has and the message has not is refused. Raises PayloadError."""

@final
class CarriedQuote:
    """The quote in force at the end of the last committed window of one instrument."""

    def __new__(
        cls,
        *,
        instrument: Instrument,
        bid: float,
        bid_size: float,
        ask: float,
        ask_size: float,
        state: int,
        exchange_ns: int,
        receive_ns: int,
    ) -> Self: ...

@final
class ClosedWindow:
    """All instruments of one venue over one window, ready to be committed."""

    venue: str
    start_ns: int
    end_ns: int
    rows: int
    incomplete_rows: int
    stream_id: str
    position: int  # every batch of stream_id up to this sequence concerns only windows up to this one
    has_minutes: bool  # it ends a minute all of whose rows were closed here, so that what they roll up to is known
    def copy_binary(self, shard: str | None = None) -> bytes:
        """The rows in Postgres' COPY BINARY format; columns as in table snapshots, shard only if it is given."""
    def instruments(self) -> list[Instrument]: ...

def copy_windows(windows: Sequence[ClosedWindow], shard: str) -> bytes:
    """Rows of windows of several venues as COPY BINARY, for table snapshots; a block of each in turn."""

def copy_minutes(windows: Sequence[ClosedWindow]) -> bytes:
    """The minutes that end with these windows, for table minutes; of those that have none, nothing."""

@final
class VenueWindows:
    """Takes one venue's stream: checks sequences, feeds the hub, keeps the open window, closes it by watermark."""

    def __new__(cls, venue: str, window_seconds: int, hub: QuoteHub) -> Self:
        """Raises InvalidSettingError unless window_seconds divides a minute."""
    def restore(self, stream_id: str, position: int, committed_until_ns: int, carried: Sequence[CarriedQuote]) -> None:
        """Continues after the last commit; to be called before the first hello."""
    def on_hello(self, payload: bytes) -> int:
        """Takes an IngestQuotesRequest with a hello; returns the sequence to resume from.

        The hub shows the venue's instruments as CLOSED until the batches before the hello's next_sequence are received.
        Raises PayloadError, and InvalidSettingError when it is for another venue.
        """
    def on_batch(self, payload: bytes, latest_ns: int | None = None) -> int:
        """Takes an IngestQuotesRequest with a batch; returns the number of windows waiting in take_closed.

        Raises PayloadError, SequenceError, and ClockError for a time after latest_ns; none changes anything. A batch
        that came before is counted and ignored. One that raised PayloadError is not asked for again: the next hello
        resumes after it, and the windows that it concerned are incomplete.
        """
    def on_disconnected(self, now_ns: int) -> None:
        """The tracker is gone: the hub shows its instruments as CLOSED until it resumes. Windows are not touched."""
    @property
    def are_quotes_missing(self) -> bool:
        """Whether the last hello left out batches of its stream: its tracker should requote."""
    def take_closed(self) -> ClosedWindow | None: ...
    @property
    def waiting(self) -> int:
        """Windows that take_closed has yet to give."""
    @property
    def stream_id(self) -> str: ...
    @property
    def received_sequence(self) -> int: ...
    @property
    def watermark_ns(self) -> int: ...
    @property
    def quotes(self) -> int: ...
    @property
    def duplicate_batches(self) -> int: ...
    @property
    def instruments(self) -> int: ...
    @property
    def live_instruments(self) -> int: ...

# --- Arbitrage ---

@final
class LegView:
    venue: str
    symbol: str
    price: float  # quote currency per coin
    size: float  # coins
    taker_fee_percent: float | None
    quote_currency: str
    receive_ns: int
    state: int

@final
class ConversionView:
    """How the sell leg's prices were turned into the buy leg's currency."""

    from_currency: str
    to_currency: str
    is_known: bool
    rate: float  # 1 when it is not known
    quote_ns: int  # receive time of the oldest quote in it; 0 when no market gave it
    is_assumed: bool  # whether some step of it is one to one by the setting
    is_depegged: bool

@final
class IdentityPair:
    """Two instruments of one asset, each (venue, symbol); whichever is named first, the same pair."""

    def __new__(cls, asset: str, first: tuple[str, str], second: tuple[str, str]) -> Self: ...
    @property
    def asset(self) -> str: ...
    @property
    def first(self) -> tuple[str, str]: ...
    @property
    def second(self) -> tuple[str, str]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class IdentityFinding:
    """A pair that has become suspect: its mids were too far apart for too long."""

    pair: IdentityPair
    first_mid: float  # per coin, in the instrument's own quote currency
    second_mid: float
    difference_percent: float
    since_ns: int  # receive times
    found_ns: int

@final
class SpreadView:
    """One asset, bought on one venue and sold on another."""

    asset: str
    buy: LegView
    sell: LegView
    conversion: ConversionView | None  # None where both legs are quoted in one currency
    mid_difference_percent: float  # of the lower mid, after conversion
    mids_apart_since_ns: int  # receive time; 0 when they are close enough for one asset
    gross_percent: float
    entry_fees_percent: float
    exit_fees_percent: float
    net_percent: float
    executable_size: float  # coins
    reason: int  # RefusalReason of arbitrage.proto, 0 when it would be published
    opportunity_id: str  # empty when no lifecycle follows it
    open_ns: int  # 0 when no lifecycle follows it
    peak_net_percent: float
    def encode(self, at_ns: int) -> bytes:
        """An Opportunity of arbitrage.proto, without a cooldown; the age of its rate counts to at_ns."""

@final
class OpportunityEvent:
    """spread copies everything, each time; the getters beside it do not."""

    kind: int  # OpportunityEventKind of arbitrage.proto
    spread: SpreadView
    opportunity_id: str
    asset: str
    buy_venue: str
    sell_venue: str
    net_percent: float
    close_reason: int
    duration_ns: int
    event_ns: int
    cause_ns: int  # receive time of the quote that caused it
    def encode(self, resume_token: str) -> bytes:
        """A WatchOpportunitiesResponse with this event alone; in a row they are one response with all their events."""

@final
class AssetView:
    asset: str
    best_bid: float
    best_bid_venue: str
    best_ask: float
    best_ask_venue: str
    venues: list[str]
    widest_gross_percent: float  # of two venues whose currencies convert; 0 when there are no two

@final
class ScannerStats:
    opened: int
    closed: int
    open_now: int
    quotes: int
    walks: int  # of two books, for sizes
    refusals: list[tuple[int, int]]  # (RefusalReason, count)

@disjoint_base
class ScannerAnswers:
    """What a scanner answers from the latest quotes; asking changes nothing."""

    def open_legs(self, source: int = 0) -> int:
        """How many instruments the source tells of now that are not CLOSED."""
    def open_opportunities(self) -> list[SpreadView]: ...
    def list_spreads(
        self,
        now_ns: int,
        *,
        venues: Sequence[str] = (),
        symbols: Sequence[str] = (),
        assets: Sequence[str] = (),
        min_gross_percent: float | None = None,
        min_net_percent: float | None = None,
        limit: int = 100,
        notionals: Sequence[float] = (),
    ) -> list[SpreadView]:
        """Pairs that pass the gate apart from its profit threshold, net percent descending.

        notionals: sizes to be answered about, as money in the buy leg's quote currency.
        """
    def explain(
        self, asset: str, buy_venue: str, sell_venue: str, now_ns: int, *, notionals: Sequence[float] = ()
    ) -> SpreadView | None:
        """The verdict on one pair; None when a leg is not known at all."""
    def overview(self, assets: Sequence[str]) -> list[AssetView]:
        """Ordered by asset; no assets means all. Only LIVE quotes count."""
    def stats(self) -> ScannerStats: ...

@final
class Scanner(ScannerAnswers):
    """Incremental all-pairs scan, publish gate and opportunity lifecycle: one of one's own, that nobody listens to."""

    def __new__(
        cls,
        *,
        open_net_percent: float,
        close_net_percent: float,
        update_step_percent: float,
        min_life_ns: int,
        max_age_ns: int,
        max_skew_ns: int,
        max_depth_age_ns: int,
        min_notional: float,
        max_mid_difference_percent: float,
        suspect_after_ns: int,
        dollar_currencies: Sequence[str],
        equal_currencies: Sequence[Sequence[str]],
        max_rate_age_ns: int,
        max_depeg_percent: float,
        allow_depegged: bool,
        relays: Sequence[Sequence[str]],
        max_net_percent: float = ...,
        assume_no_limits: bool = True,
        holding_horizon_ns: int = 28_800_000_000_000,
        assume_no_funding: bool = False,
    ) -> Self:
        """dollar_currencies: those whose markets against each other give rates.

        equal_currencies: groups that convert one to one where no market gives a rate. relays: (venue, its source).
        """
    def on_batch(self, payload: bytes, now_ns: int, source: int = 0) -> list[OpportunityEvent]:
        """Takes a SubscribeQuoteBatchesResponse of a source (0 to 65535), one shard's stream. Raises PayloadError."""
    def on_facts(self, payload: bytes, now_ns: int) -> list[OpportunityEvent]:
        """Takes a WatchInstrumentFactsResponse: what a change of it touches is closed. Raises PayloadError."""
    def on_timer(self, now_ns: int) -> list[OpportunityEvent]:
        """To be called every 50 ms: minimum life, ages, and instruments that have moved and that no shard tells of."""
    def on_disconnected(self, now_ns: int, source: int = 0) -> list[OpportunityEvent]:
        """The source is gone: forgets every quote that only it has told, and closes what is open with one."""
    def set_identities(self, identities: Sequence[tuple[IdentityPair, int]], now_ns: int) -> list[OpportunityEvent]:
        """Replaces what is known of pairs: (pair, IdentityState of arbitrage.proto). Raises InvalidSettingError."""
    def set_life_model(
        self, model: LifeModel | None, *, name: str = "", used: Sequence[bool] = (), reason: str = ""
    ) -> None:
        """What predicts lives from now on at the horizons used, under a name; or, without a model, why nothing does."""
    def take_findings(self) -> list[IdentityFinding]:
        """Pairs that became suspect since the last call."""

# --- Lives ---

LIFE_HORIZONS_NS: list[int]
LIFE_FEATURE_SCHEMA: int  # of the features that events bear

LIFE_PATH_POINTS: int  # of one life, at most

@final
class Life:
    """A row of opportunity_lives; times in ns since the epoch.

    The path is a step function: from each point on the net is so much. Beyond LIFE_PATH_POINTS the one goes whose
    leaving changes the area below it least; the first, the last and the highest stay.
    """

    COLUMNS: ClassVar[tuple[str, ...]]  # names of the values, in the order of a row
    @staticmethod
    def from_row(row: Sequence[object]) -> Life:
        """Of the values of COLUMNS, as a table has them. Raises InvalidSettingError for another number of them."""
    def row(self) -> tuple[str | float | None, ...]:
        """The reverse, as a statement takes it: lists as the literals of arrays."""
    def ended(self, close_ns: int, reason: int, *, is_censored: bool) -> Life:
        """It when it is over, or nobody watches it any more."""
    id: str
    asset: str
    buy_venue: str
    buy_symbol: str
    sell_venue: str
    sell_symbol: str
    quote_currency: str
    open_ns: int
    publish_ns: int
    last_ns: int
    close_ns: int | None
    close_reason: int
    is_censored: bool
    opening_gross_percent: float
    opening_net_percent: float
    peak_net_percent: float
    peak_ns: int
    last_net_percent: float
    opening_size: float
    opening_notional: float
    peak_notional: float
    path_us: list[int]
    path_net_percent: list[float]
    path_notional: list[float]
    events: int
    feature_schema: int
    features: list[float]
    writer: str

def carry_on(known: Sequence[Life], events: Sequence[tuple[str, bytes]]) -> tuple[list[Life], list[Life]]:
    """Lives that are known, after these events (writer, WatchOpportunitiesResponse with it alone), and the new ones.

    Events come in whatever order replicas wrote them. Raises PayloadError.
    """

@final
class EndedLives:
    """Lives in the order of their publication."""

    def __new__(cls, rows: Sequence[tuple[Sequence[float], int, int, bool, int, int, float, Sequence[float]]]) -> Self:
        """(features, published, ended, is censored, pair, asset, net percent then, and at each horizon); ns.

        Raises InvalidSettingError for another order, or features of unequal number.
        """
    def __len__(self) -> int: ...
    def walk_forward(self, *, block: int, window: int, least: int, embargo_ns: int, ridge: float) -> LifeEvaluations:
        """Each block predicted from the newest that had ended an embargo before it; none from fewer than `least`."""
    def score(self, evaluations: LifeEvaluations) -> list[LifeScore]:
        """By horizon."""
    def judge(self, evaluations: LifeEvaluations) -> LifeVerdict:
        """Whether the model may speak, by the newest 2,000."""
    def drift(self, recent: int) -> list[float]:
        """Each feature's stability index, the newest against those before; above 0.2 it is another."""

@final
class LifeEvaluations:
    def __len__(self) -> int: ...
    lives: list[int]
    model: list[list[float]]
    pool: list[list[float]]
    pair: list[list[float]]
    def before(self, end: int) -> LifeEvaluations:
        """Of the lives numbered below it."""

@final
class LifeScore:
    count: int
    ended: int
    brier: float
    brier_pool: float
    brier_pair: float
    log_loss: float
    calibration_error: float
    slope: float
    intercept: float

@final
class LifeVerdict:
    reason: str  # why it may not speak; empty when it may
    used: list[bool]
    lives: int
    judged: int
    skill: float  # over each pair's own mean
    skill_low: float
    skill_high: float
    slope: float

@final
class LifeModel:
    """A pooled discrete-time hazard logistic."""

    schema: int
    features: int
    @staticmethod
    def fit(lives: EndedLives, window: int, ridge: float, schema: int) -> LifeModel:
        """To the newest."""
    @staticmethod
    def decode(encoded: bytes) -> LifeModel:
        """Raises PayloadError."""
    def encode(self) -> bytes: ...
    def survival(self, features: Sequence[float]) -> list[float]:
        """At each horizon from publication."""
    def outlook(self, features: Sequence[float], age_ns: int) -> list[tuple[float, float]]:
        """(alive, share of the net that is left) at each horizon from now, of one that is so old."""

def fit_hazard(
    rows: Sequence[Sequence[float]], endings: Sequence[tuple[int, bool]], intervals: int, ridge: float
) -> list[float]:
    """Coefficients of the intervals, then of the columns. An ending: intervals survived, and if the next killed."""

# --- The live scan ---

NEWS: int  # the number by which the process itself is woken
EVENT_LOG_CAPACITY: int  # events that memory keeps
WATCHER_QUEUE_LIMIT: int  # events that wait for one watcher
UNWRITTEN_LIMIT: int  # events that wait for Postgres
REPLICA_OVERLAP_NS: int  # between the clocks of two replicas: so much before its time a token of another begins

@final
class LoggedEvent:
    """An event in its place in the log."""

    number: int
    kind: int  # OpportunityEventKind of arbitrage.proto
    opportunity_id: str
    asset: str
    buy_venue: str
    sell_venue: str
    opening_net_percent: float  # of the opportunity
    event_ns: int
    cause_ns: int
    payload: bytes  # a WatchOpportunitiesResponse with this event alone

def event_columns(events: Sequence[LoggedEvent]) -> list[str]:
    """The literals of arrays that a statement takes: opportunity ids, kinds, causes, times, assets, buy venues, sell
    venues, opening nets, numbers, payloads."""

@final
class ResumeToken:
    """Names a log (one per process), the number of an event in it, and its time."""

    def __new__(cls, log_id: str, number: int, event_ns: int) -> Self: ...
    @staticmethod
    def decode(token: str) -> ResumeToken:
        """Raises TokenError."""
    def encode(self) -> str:
        """As clients keep it."""
    @property
    def log_id(self) -> str: ...
    @property
    def number(self) -> int: ...
    @property
    def event_ns(self) -> int: ...

@final
class EventFilter:
    """Which opportunities a watcher wants; empty lists do not restrict."""

    def __new__(
        cls,
        venues: Sequence[str] = (),
        assets: Sequence[str] = (),
        min_net_percent: float | None = None,
        symbols: Sequence[str] = (),
        conditions: bytes = b"",
    ) -> Self:
        """venues: both legs are of them. symbols: either leg's. min_net_percent: at opening. conditions: an
        OpportunityFilter. Raises PayloadError where they are none.
        """

@final
class EventSelection:
    """What one reader of events wants, event after event: each opportunity from its first event that passes to its end.

    is_resumed: it was told of some of those that opened before; of these it hears what passes, and every end.
    """

    def __new__(cls, filter: EventFilter, *, is_resumed: bool) -> Self: ...
    def wants(
        self,
        kind: int,
        opportunity_id: str,
        asset: str,
        buy_venue: str,
        sell_venue: str,
        opening_net_percent: float,
        event_ns: int,
        payload: bytes,
    ) -> bool:
        """To be asked once about each, in order; payload: a WatchOpportunitiesResponse with it alone."""

def holding_costs(opportunity: bytes, horizon_ns: int, at_ns: int, assumes_no_funding: bool) -> bytes:
    """HoldingCosts of an Opportunity, by what is told of its legs. Raises PayloadError for other bytes."""

def filter_shortfalls(conditions: bytes, opportunity: bytes, at_ns: int) -> list[str]:
    """What an Opportunity lacks of an OpportunityFilter at a moment, in words. Raises PayloadError for other bytes."""

@final
class SharedScan(ScannerAnswers):
    """The scanner with its event log and all that listens to it, behind one lock, usable from any thread.

    What it is told is answered with how many events came of it, and who has been woken since the last time: numbers of
    watchers that had taken everything, and NEWS where the process has something to take.
    """

    def __new__(
        cls,
        scanner: Scanner,
        log_id: str,
        *,
        unwritten_limit: int | None = None,
        record_bytes: int = 0,
        capacity: int = 10000,
    ) -> Self:
        """With the settings of the scanner, and none of its quotes. log_id: of no other process, without a colon.

        unwritten_limit: events that wait for Postgres; None where there is none. record_bytes: what waits for the
        recorder, in bytes; 0 where nothing is recorded. capacity: events in memory.
        """
    def on_batch(self, payload: bytes, now_ns: int, source: int = 0) -> tuple[int, list[int]]:
        """Takes a SubscribeQuoteBatchesResponse of a source (0 to 65535), one shard's stream. Raises PayloadError."""
    def on_facts(self, payload: bytes, now_ns: int) -> tuple[int, list[int]]:
        """Takes a WatchInstrumentFactsResponse: what a change of it touches is closed. Raises PayloadError."""
    def on_timer(self, now_ns: int) -> tuple[int, list[int]]:
        """To be called every 50 ms."""
    def on_disconnected(self, now_ns: int, source: int = 0) -> tuple[int, list[int]]:
        """The source is gone."""
    def set_identities(
        self, identities: Sequence[tuple[IdentityPair, int]], record: bytes, now_ns: int
    ) -> tuple[int, list[int]]:
        """Replaces what is known of pairs; record: how a recording tells it. Raises InvalidSettingError."""
    def set_life_model(
        self,
        model: LifeModel | None,
        record: bytes,
        now_ns: int,
        *,
        name: str = "",
        used: Sequence[bool] = (),
        reason: str = "",
    ) -> None:
        """As Scanner's; record is how a recording tells it."""
    def clock_error_ns(self, now_ns: int) -> int:
        """By how much all quotes are ahead of our time, or below 0 behind, where all are refused for it; else 0."""
    def on_published(self, now_ns: int) -> None:
        """What the last batch caused has gone out: measures it."""
    def close(self) -> tuple[int, list[int]]:
        """Ends every watcher, of now or later, once it has taken what it holds."""
    def subscribe(
        self, wanted: EventFilter, token: ResumeToken | None, now_ns: int, limit: int = 1000
    ) -> OpportunityWatching | None:
        """A watcher that is told first what is open, or what happened after the token.

        None when that is in Postgres: read the log there, then subscribe_after_log. Without Postgres a token that
        memory does not reach begins with what is open.
        """
    def subscribe_after_log(
        self, wanted: EventSelection, number: int, told: Sequence[str], now_ns: int, limit: int = 1000
    ) -> tuple[OpportunityWatching, list[str]] | None:
        """A watcher that has read the log in Postgres up to this number, and was told that these are open (their ids).

        It goes on with what `wanted` has let in by now.

        Beside it, which of them have ended unseen. None when memory does not hold the rest any more: read on.
        """
    def await_news(self) -> None:
        """NEWS is told once from now on. To be called before anything is taken: what comes meanwhile is told again."""
    def take_changes(self) -> tuple[list[OpportunityEvent], int]:
        """OPENED and CLOSED since the last call; and how many ever were lost because nobody took them."""
    def take_records(self) -> tuple[list[tuple[int, int, int, bytes]], bool]:
        """(kind, time_ns, source, payload) of each since the last call; and whether the recording ends with them."""
    def stop_recording(self) -> None: ...
    def unwritten(self, limit: int) -> list[LoggedEvent]:
        """The oldest that are not in Postgres yet; they wait on."""
    def on_written(self, number: int) -> None:
        """Everything up to this number is in Postgres."""
    def writing(self) -> tuple[int, int, int]:
        """Events that wait for Postgres, those that were dropped, and the number up to which none waits."""
    def watching_now(self) -> tuple[int, int]:
        """Watchers, and the events that slow ones lost, over all that ever were."""
    @property
    def log_id(self) -> str: ...
    @property
    def measured(self) -> int:
        """How many events are in frame_to_opportunity_us."""
    def frame_to_opportunity_us(self, share: float) -> float:
        """From the receipt of a frame to on_published, a quantile; 0 before the first."""
    def take_findings(self) -> list[IdentityFinding]:
        """Pairs that became suspect since the last call."""

@final
class OpportunityWatching:
    """One call of WatchOpportunities; close it, or let it go."""

    @property
    def number(self) -> int: ...
    def take(self) -> bytes | None:
        """The next WatchOpportunitiesResponse, with all that waits up to a limit; b"" at the end.

        None when nothing waits: then its number is told, once, as soon as something does.
        """
    def close(self) -> None: ...

@final
class WallClock:
    """The system's wall clock as the core's own threads read it; tests turn it."""

    def __new__(cls) -> Self: ...
    def now_ns(self) -> int:
        """Nanoseconds since the epoch."""
    def turn(self, by_ns: int) -> None:
        """As if somebody had set the system's, for all who hold this one."""

@final
class Plane:
    """The thread that carries streams; one for each process. `fileno` is readable while bells are rung.

    Raises OSError. A panic of its thread ends the process.
    """

    def __new__(cls) -> Self: ...
    def fileno(self) -> int: ...
    def take_bells(self) -> list[int]:
        """Those that were rung since the last time."""
    def ring_news(self, scan: SharedScan) -> int:
        """From the scan's next await_news on its NEWS rings this bell, always the same, and is told no more."""
    def follow_quotes(
        self,
        target: str,
        request: bytes,
        into: SharedScan | QuoteBoard,
        source: int,
        wall: WallClock,
        rules: DialRules,
    ) -> FollowedStream:
        """Dials, and feeds the scan or the board with what SubscribeQuoteBatches says there; the request is encoded.

        source: the shard's number at the scan or the board, of no other stream there.
        """
    def send_quotes(self, target: str, hello: bytes, uplink: UplinkState, rules: DialRules) -> SentStream:
        """Dials, and opens IngestQuotes there with this hello, an encoded request: what the uplink has is sent.

        The uplink has begun for it, and nobody else sends what it has until the stream is over, or left.
        """
    def close(self) -> None:
        """Ends every stream and the thread; may be called again."""

@final
class DialRules:
    """How a connection is kept: a peer that says nothing is asked after the keepalive's time."""

    def __new__(
        cls,
        *,
        connect_timeout_seconds: float,
        keepalive_seconds: float,
        keepalive_timeout_seconds: float,
        max_message_bytes: int,
        authorization: str | None = None,
        ca: bytes | None = None,
        identity: tuple[bytes, bytes] | None = None,
    ) -> Self:
        """authorization is a header that the other side is shown. Raises InvalidSettingError when it is none.

        ca: TLS is spoken, and believed to those whom one of these has signed; identity is the certificate and its key
        that the other side is shown. PEM all.
        """

@final
class FollowedStream:
    """A stream that the plane follows."""

    @property
    def bell(self) -> int:
        """Rung when it is open and when it is over."""
    @property
    def is_open(self) -> bool:
        """Whether the other side has answered, and it is not over."""
    @property
    def end(self) -> tuple[int, str] | None:
        """The status that ended it, when it is over. Raises PayloadError when what it said was no batch."""
    def stop(self) -> None:
        """Leaves it: when it returns, nothing that it says is taken any more."""

@final
class SentStream:
    """A lane's stream that the plane fills."""

    @property
    def bell(self) -> int:
        """Rung when the shard has answered, hello or batch, and when it is over."""
    def take_resumed(self) -> Resumed | None:
        """Where the stream goes on, once, when the hello is answered; also when it is over by then."""
    @property
    def end(self) -> tuple[int, str] | None:
        """The status that ended it, when it is over and resumed has been taken.

        Raises SequenceError for an answer that makes no sense, and a batch that was dropped before it could be sent.
        """
    def stop(self) -> None:
        """Leaves it: when it returns, nothing of it reaches the uplink any more."""

@final
class ServerTls:
    """What a port shows, and whom it lets in: those whom client_ca has signed, or everybody. PEM; TLS 1.2 or newer."""

    def __new__(cls, certificate: bytes, key: bytes, client_ca: bytes | None = None) -> Self:
        """Raises InvalidSettingError."""

@final
class PlaneServer:
    """A port: `methods` are served by the plane, all others by the gRPC server behind, at the unix socket `backend`.

    A method is (path, calls at a time, status of those beyond, bytes of a message, calls at a time that have said
    nothing, status of the oldest beyond, seconds of silence, status after them); a status is (code, message, encoded
    google.rpc.Status). Raises OSError when the port is taken.
    """

    def __new__(
        cls,
        plane: Plane,
        host: str,
        port: int,
        backend: PathLike[str],
        *,
        methods: Sequence[
            tuple[
                str,
                int,
                tuple[int, str, bytes],
                int,
                int,
                tuple[int, str, bytes],
                float,
                tuple[int, str, bytes],
            ]
        ],
        max_connections: int,
        max_calls_of_connection: int,
        patience_seconds: float,
        keepalive_seconds: float,
        keepalive_timeout_seconds: float,
        max_header_bytes: int,
        tls: ServerTls | None = None,
    ) -> Self: ...
    @property
    def port(self) -> int: ...
    @property
    def bell(self) -> int:
        """Rung when calls were opened, or refused for want of a place."""
    @property
    def refused_calls(self) -> list[int]:
        """For want of a place, by method."""
    def take_opened(self) -> list[PlaneCall]:
        """Calls that nobody has decided about."""
    def take_tls(self, tls: ServerTls) -> None:
        """Of a port that speaks TLS: what it shows from the next handshake on."""
    def stop(self) -> None:
        """No new connections; those that are end with their calls."""

@final
class PlaneCall:
    """One call of a method that the plane serves, whose client has said something."""

    @property
    def method(self) -> int:
        """Its place in `methods`."""
    @property
    def peer(self) -> str: ...
    @property
    def metadata(self) -> list[tuple[str, str]]: ...
    @property
    def bell(self) -> int:
        """Rung when one of the following has changed."""
    @property
    def is_gone(self) -> bool: ...
    @property
    def waiting(self) -> int:
        """Messages written and not yet taken."""
    @property
    def first(self) -> bytes:
        """What the client said first."""
    def accept(self) -> None: ...
    def watch(self, watching: OpportunityWatching) -> None:
        """After what was written, the client is sent what the watcher is told, until its end."""
    def write(self, message: bytes) -> None: ...
    def end(self) -> None:
        """After what was written."""
    def refuse(self, status: tuple[int, str, bytes]) -> None: ...
    def feed(self, windows: VenueWindows, rules: IngestRules) -> IngestStream:
        """What the client sends from now on goes to the windows.

        Raises ConnectionError when the client is gone, RuntimeError the second time.
        """
    def follow(
        self,
        hub: QuoteHub,
        venues: Sequence[str],
        symbols: Sequence[str],
        assets: Sequence[str],
        *,
        as_rows: bool,
        with_depth: bool,
        interval_seconds: float,
    ) -> None:
        """The client is sent what the hub has: SubscribeQuoteBatchesResponses, with depth or without, or
        WatchQuotesResponses.
        """

@final
class Histogram:
    """Durations that the core has measured."""

    def quantile_us(self, share: float) -> float:
        """The duration that `share` of all do not exceed, in microseconds; 0 before the first."""

@final
class IngestRules:
    """What holds for every stream into windows: beyond so many that wait to be written, a stream is not read."""

    def __new__(cls, hub: QuoteHub, wall: WallClock, *, max_waiting_windows: int, max_ahead_seconds: float) -> Self: ...
    @property
    def transit(self) -> Histogram:
        """From a batch's leaving its tracker to its arrival; batches that are sent again are old when they come."""
    @property
    def update(self) -> Histogram:
        """To decode a batch, update its windows and hand its quotes on."""

@final
class IngestStream:
    """One stream into a venue's windows, as far as it is left to Python."""

    @property
    def bell(self) -> int:
        """Rung when one of the following has changed."""
    @property
    def silent_seconds(self) -> float | None:
        """For how long its tracker has said nothing; None while it is not read."""
    def take_closed(self) -> bool:
        """Whether windows have closed since the last time."""
    def take_health(self) -> bytes | None:
        """The next IngestQuotesRequest with the venue's health, once; of many that nobody took the newest are left."""
    def is_over(self) -> bool:
        """True once, when its tracker has sent its last.

        Raises what VenueWindows.on_batch raises for a batch that was refused, OverflowError for a message too large,
        and ConnectionError when the connection broke.
        """
    def stop(self) -> None:
        """When it returns, nothing of the stream reaches the windows any more."""
