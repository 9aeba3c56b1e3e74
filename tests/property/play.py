"""One play: a small world, one venue's face, the core's feed, and the faults of one seed, tick by tick."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, partial
from urllib.parse import parse_qsl, urlsplit

from crossbook._core import (
    LIVE,
    Fetch,
    Open,
    Reconnect,
    Report,
    RestRequest,
    Send,
    VenueFeed,
    next_market_request,
    parse_markets,
    venue_profiles,
)
from crossbook._core import Instrument as ListedInstrument
from crossbook._core import Step as FeedStep
from crossbook.pb.v1 import aggregator_pb2
from crossbook.simulator.faces.base import Face
from crossbook.simulator.registry import TRAITS, build_faces
from crossbook.simulator.wire.answer import Answer
from crossbook.simulator.world.listing import assets_of_world
from crossbook.simulator.world.plan import EpisodePlan
from crossbook.simulator.world.world import TICK_NS, Instrument, World
from tests.property.faults import CALM_TICKS, FAULTY_TICKS, Faults
from tests.property.wire import Wire, finish

START_NS = 1_795_219_200_000_000_000
TICKS_PER_TIMER = 10
QUIET_TICKS = 12  # more than one requote of every book
HEALED_TICKS = 150  # more than one whole book of every instrument, where gaps are hidden
TELLING_TICKS = 200  # more than any venue lets pass between two frames of a book
PATIENCE_TICKS = 12_000  # two minutes: every back-off and time-out of the feed is shorter
ASSETS = 3
SNAPSHOT_SECONDS = 1.0  # in which venues that hide gaps tell the whole book here; they take longer, and so would plays
HOST = "sim"

Top = tuple[float, float, float, float]
Side = list[tuple[float, float]]


@dataclass(frozen=True)
class Dial:
    """Opens a connection, for the first time or again."""

    connection: int
    url: str
    ticket: RestRequest | None
    headers: list[tuple[str, str]]


@dataclass(frozen=True)
class Delivery:
    """A REST answer on its way."""

    request_id: int
    status: int
    body: bytes


_IS_GAP_VISIBLE = {profile.id: profile.is_gap_visible for profile in venue_profiles()}

Event = Dial | Send | Fetch | Delivery


@dataclass(frozen=True)
class Quote:
    """One row of what the feed published."""

    symbol: str
    at_ns: int
    state: int
    top: Top


class Play:
    """See the module. What it leaves behind is judged elsewhere."""

    def __init__(self, venue: str, seed: int, *, is_calm: bool = False) -> None:
        self._rng = random.Random(f"{venue}:{seed}")
        plan = EpisodePlan(0, [], {})
        rate = self._rng.choice((1.0, 1.0, 3.0))
        self._world = World(seed, assets_of_world(ASSETS), [TRAITS[venue]], plan, rate=rate)
        self._face: Face = build_faces(self._world.instruments)[venue]
        self._listed = {one.asset: one for one in _listed(venue)}
        self.faults = Faults.draw(self._rng, list(self._face.instruments))
        self._is_calm = is_calm
        self.faults.spoil(self._face)
        self.is_gap_visible = _IS_GAP_VISIBLE[venue]
        self.is_change_atomic = self._face.is_change_atomic
        self._repeats_snapshots = hasattr(self._face, "snapshot_seconds")
        if self._repeats_snapshots:
            self._face.snapshot_seconds = SNAPSHOT_SECONDS
        self.frame_ns = int(self._face.frame_seconds * 1e9)
        self._face.websocket_url = f"ws://{HOST}"
        self._feed = VenueFeed(venue, "play", websocket_url=f"ws://{HOST}", rest_url=f"http://{HOST}")
        self._tick = 0
        self._wires: dict[int, Wire] = {}
        self._dials: dict[int, Dial] = {}
        self._due: list[tuple[int, int, Event]] = []  # tick, number, what
        self._events = 0
        self._last_send_tick: dict[int, int] = {}
        self.truth: dict[str, list[tuple[int, Top]]] = {one.symbol: [] for one in self._listed.values()}
        self._names: dict[int, str] = {}
        self.cut_ns: set[int] = set()
        self.reports: list[str] = []
        self.reconnects: list[str] = []  # that the feed asked for, and why
        self.has_recovered = False

    @property
    def now_ns(self) -> int:
        return START_NS + self._tick * TICK_NS

    def run(self) -> "Play":
        """Plays it to its end."""
        for instrument in self._face.instruments.values():
            self._note_truth(instrument)
        self._do(self._feed.track(list(self._listed.values()), self.now_ns))
        self._pass(CALM_TICKS)
        self.faults.is_at_work = not self._is_calm
        self._pass(FAULTY_TICKS)
        self.faults.is_at_work = False
        if not self.is_gap_visible and not self._repeats_snapshots:
            for connection in list(self._wires):
                self._cut(connection)  # nothing else makes such a venue tell its books whole again
        self._recover()
        return self

    def books(self) -> dict[str, tuple[Side, Side]]:
        """Bids and asks that the feed holds."""
        views = {symbol: self._feed.order_book(symbol, 10_000) for symbol in self.truth}
        return {symbol: (view.bids, view.asks) for symbol, view in views.items()}

    def true_books(self) -> dict[str, tuple[Side, Side]]:
        """Bids and asks as the world has them."""
        books = {self._symbol(one): (one, one.book) for one in self._face.instruments.values()}
        return {s: (_side(one, book.bids.levels()), _side(one, book.asks.levels())) for s, (one, book) in books.items()}

    def states(self) -> dict[str, int]:
        """The state of each instrument now."""
        return dict(self._feed.states())

    def faulty_symbols(self) -> set[str]:
        """Instruments whose frames were tampered with."""
        return {self._symbol(self._face.instruments[native]) for _, native, _ in self.faults.happened}

    def fault_times(self) -> set[tuple[str, int]]:
        """Symbol and time of each fault."""
        return {(self._symbol(self._face.instruments[native]), at_ns) for _, native, at_ns in self.faults.happened}

    def unheard_symbols(self) -> set[str]:
        """Those of which best bids and asks were lost: their top is known only as of the last change of the book."""
        return {self._symbol(self._face.instruments[native]) for native in self.faults.lost_tops}

    def quotes(self) -> list[Quote]:
        """Everything the feed has published since the last call."""
        quotes: list[Quote] = []
        while self._feed.pending_rows("main"):
            payload = self._feed.take_batch("main", self.now_ns).payload
            batch = aggregator_pb2.IngestQuotesRequest.FromString(payload).batch
            self._names.update((entry.index, entry.instrument.symbol) for entry in batch.symbols)
            tops = zip(batch.bid, batch.bid_size, batch.ask, batch.ask_size, strict=True)
            columns = zip(batch.symbol_index, batch.receive_ns, batch.state, tops, strict=True)
            quotes.extend(Quote(self._names[index], at_ns, state, top) for index, at_ns, state, top in columns)
        return quotes

    # --- Time ---

    def _pass(self, ticks: int) -> None:
        for _ in range(ticks):
            self._step()

    def _step(self) -> None:
        self._tick += 1
        self.faults.at_ns = self.now_ns
        if self._tick in self.faults.cuts and not self._is_calm:
            for connection in list(self._wires):
                self._cut(connection)
        self._world.step(self._on_update)
        self._serve()
        if self._tick % TICKS_PER_TIMER == 0:
            for wire in list(self._wires.values()):
                finish(self._face.on_timer(wire, self.now_ns))
            for connection in [number for number, wire in self._wires.items() if wire.line.is_closed]:
                self._cut(connection)
            self._do(self._feed.on_timer(self.now_ns))

    def _recover(self) -> None:
        """Until everything is LIVE and stays so for a while."""
        quiet_ticks = 0
        wanted_ticks = (QUIET_TICKS if self.is_gap_visible else HEALED_TICKS) + self.frame_ns // TICK_NS
        for _ in range(PATIENCE_TICKS):
            self._step()
            is_live = all(state == LIVE for _, state in self._feed.states())
            quiet_ticks = quiet_ticks + 1 if is_live and not self._due else 0
            if quiet_ticks == wanted_ticks:
                self.has_recovered = True
                break
        self._face.frame_seconds = 0.0
        self._tell_the_rest()

    def _tell_the_rest(self) -> None:
        """After a while without changes no venue holds anything back."""
        self._tick += TELLING_TICKS
        for instrument in self._face.instruments.values():
            self._on_update(instrument, True)
        for wire in list(self._wires.values()):
            finish(self._face.on_timer(wire, self.now_ns))

    # --- What happens ---

    def _on_update(self, instrument: Instrument, is_depth_due: bool) -> None:
        self._note_truth(instrument)
        self._face.publish_update(instrument, is_depth_due, self.now_ns)

    def _symbol(self, instrument: Instrument) -> str:
        return self._listed[instrument.asset].symbol

    def _note_truth(self, instrument: Instrument) -> None:
        bid, bid_size, ask, ask_size = instrument.book.top()
        (bid_level, ask_level) = _side(instrument, [(bid, bid_size), (ask, ask_size)])
        self.truth[self._symbol(instrument)].append((self.now_ns, (*bid_level, *ask_level)))

    def _hear(self, connection: int, payload: bytes, is_text: bool) -> None:
        self._do(self._feed.on_frame(connection, payload, is_text, self.now_ns) or ())

    def _do(self, steps: Iterable[FeedStep]) -> None:
        """Queues what the feed asks for."""
        for step in steps:
            if isinstance(step, Report):
                self.reports.append(f"{self._tick}: {step.event} {step.symbol} {step.detail}")
            elif isinstance(step, Reconnect):
                self.reconnects.append(step.reason)
                self._hang_up(step.connection)
            elif isinstance(step, Send):
                self._later(step, max(self._tick + self.faults.delay_ticks(), self._last_send_tick[step.connection]))
                self._last_send_tick[step.connection] = self._due[-1][0]
            elif isinstance(step, Open):
                self._later(Dial(step.connection, step.url, step.ticket, step.headers), self._tick)
            elif isinstance(step, Fetch):
                self._later(step, self._tick + self.faults.delay_ticks())

    def _later(self, event: Event, tick: int) -> None:
        self._events += 1
        self._due.append((tick, self._events, event))

    def _serve(self) -> None:
        """The venue does what is due, and what comes of it at once."""
        while due := [one for one in self._due if one[0] <= self._tick]:
            first = min(due)
            self._due.remove(first)
            self._happen(first[2])

    def _happen(self, event: Event) -> None:
        if isinstance(event, Dial):
            self._dial(event)
        elif isinstance(event, Send):
            self._say(event)
        elif isinstance(event, Fetch):
            self._later(self._answer(event), self._tick + self.faults.delay_ticks())
        else:
            self._do(self._feed.on_answer(event.request_id, event.status, event.body, self.now_ns))

    def _dial(self, dial: Dial) -> None:
        self._dials[dial.connection] = dial
        url = dial.url
        if dial.ticket is not None:
            url = self._feed.ticketed_url(dial.connection, _ask(self._face, dial.ticket, self.now_ns).body, self.now_ns)
        path, query = _split(url)
        assert self._face.refuse_handshake(path, query) is None, f"{url} is refused"
        self._last_send_tick[dial.connection] = self._tick
        wire = Wire(path, query, self.now_ns, partial(self._hear, dial.connection), dict(dial.headers))
        self._wires[dial.connection] = wire
        self._face.sessions.add(wire)
        self._do(self._feed.on_open(dial.connection, self.now_ns))
        self._face.on_open(wire, self.now_ns)

    def _say(self, message: Send) -> None:
        wire = self._wires[message.connection]
        wire.last_received_ns = self.now_ns
        finish(self._face.on_text(wire, message.text, self.now_ns))

    def _answer(self, fetch: Fetch) -> Delivery:
        if self.faults.fails_answer():
            return Delivery(fetch.request_id, self._rng.choice((0, 429, 503)), b"")
        answer = _ask(self._face, fetch.request, self.now_ns)
        return Delivery(fetch.request_id, answer.status, answer.body)

    def _cut(self, connection: int) -> None:
        self._hang_up(connection)
        self._do(self._feed.on_closed(connection, self.now_ns))

    def _hang_up(self, connection: int) -> None:
        """The socket is gone with what was on its way; the driver dials again a little later."""
        wire = self._wires.pop(connection)
        wire.abort()
        self.faults.forget_held()
        self._face.forget(wire)
        self.cut_ns.add(self.now_ns)
        self._due = [one for one in self._due if not (isinstance(one[2], Send) and one[2].connection == connection)]
        self._later(self._dials[connection], self._tick + self._rng.randint(1, 20))


def _split(url: str) -> tuple[str, dict[str, str]]:
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


def _ask(face: Face, request: RestRequest, now_ns: int) -> Answer:
    """The face's answer; what is posted comes to it as a query parameter, as from the simulator's server."""
    path, query = _split(request.url)
    return face.answer(path, query if request.body is None else query | {"body": request.body}, now_ns)


def _side(instrument: Instrument, levels: list[tuple[int, int]]) -> Side:
    """Best first, prices and sizes per base unit."""
    listing = instrument.listing
    price_units, size_units = 10**listing.price_decimals, 10**listing.size_decimals
    pairs = [(price / price_units, size / size_units * listing.contract_size) for price, size in levels]
    return [(price, worth / price) for price, worth in pairs] if listing.is_inverse else pairs


@cache
def _listed(venue: str) -> tuple[ListedInstrument, ...]:
    """What the core makes of the face's market list, the same in every world; no world knows of shares on it."""
    world = World(0, assets_of_world(ASSETS), [TRAITS[venue]], EpisodePlan(0, [], {}))
    face = build_faces(world.instruments)[venue]
    answers: list[bytes] = []
    while (request := next_market_request(venue, answers, f"http://{HOST}")) is not None:
        answers.append(_ask(face, request, START_NS).body)
    known = {asset.name for asset in assets_of_world(ASSETS)}
    return tuple(one for one in parse_markets(venue, answers, START_NS).instruments if one.asset in known)
