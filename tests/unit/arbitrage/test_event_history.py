"""What a client missed, between its token and the events in memory."""

from collections.abc import Mapping, Sequence

import pytest

from crossbook._core import EventFilter, EventSelection, LoggedEvent, ResumeToken, SharedScan
from crossbook.arbitrage import event_history as module
from crossbook.arbitrage.event_history import EventHistory, Resumption
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.store.events import EventStore, Place, StoredEvent
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp, now_ns
from tests.support.aggregator.fanout import Tick, payload

CLOSED = pb.OPPORTUNITY_EVENT_KIND_CLOSED
START_NS = 1_750_000_000 * SECOND_NS
OPENS, MOVES, CLOSES = 101.0, 102.0, 100.0
ALL = EventFilter()
FUNDED = EventFilter(conditions=pb.OpportunityFilter(min_volume_24h=5).SerializeToString())


class Process:
    """One arbitrage process' memory; its assets are what the tests tell apart."""

    def __init__(self, name: str, arguments: ScannerArguments) -> None:
        arguments = {**arguments, "max_age_ns": 3600 * SECOND_NS, "max_skew_ns": 3600 * SECOND_NS}
        self.scanner = SharedScan(new_scanner(arguments), name, unwritten_limit=100)
        self.beginning = ResumeToken(name, 0, 0)

    def tell(self, asset: str, bid: float = OPENS, seconds: float = 0.0) -> None:
        """The next event of the asset, at that time; equal quotes give equal ids."""
        at_ns = START_NS + int(seconds * SECOND_NS)
        cheap = Tick("cheap", 99.9, 100.0, asset, receive_ns=at_ns)
        events, _ = self.scanner.on_batch(payload(cheap, Tick("dear", bid, bid + 0.1, asset, receive_ns=at_ns)), at_ns)
        assert events == 1


class Kept(EventStore):
    """The log of all writers, in memory."""

    def __init__(self) -> None:
        self.rows: list[StoredEvent] = []
        self.living: dict[str, int] = {}
        self.is_whole = True

    async def append(self, writer: str, alive_ns: int, events: Sequence[LoggedEvent]) -> None:
        self.living[writer] = alive_ns
        self.rows += [_stored(len(self.rows) + 1 + at, writer, event) for at, event in enumerate(events)]

    async def place(self, writer: str, number: int, event_ns: int) -> Place:
        known = [row.id for row in self.rows if row.writer == writer and row.number <= number]
        return Place(max(known, default=0), self.is_whole)

    async def after(self, row_id: int, limit: int) -> list[StoredEvent]:
        return [row for row in self.rows if row.id > row_id][:limit]

    async def alive(self) -> Mapping[str, int]:
        return self.living


def _stored(row_id: int, writer: str, event: LoggedEvent) -> StoredEvent:
    return StoredEvent(
        row_id,
        writer,
        event.number,
        event.kind,
        event.opportunity_id,
        event.asset,
        event.buy_venue,
        event.sell_venue,
        event.opening_net_percent,
        event.event_ns,
        event.payload,
    )


class World:
    """One log of Postgres, the memory of a process that runs now, and one of a process that is gone."""

    def __init__(self, arguments: ScannerArguments) -> None:
        self.store, self.old, self.now = Kept(), Process("old", arguments), Process("now", arguments)
        self.writer = EventWriter(self.store, self.now.scanner, Clock())
        self.history = EventHistory(self.store, self.now.scanner, Clock())

    async def die(self, at_seconds: float) -> None:
        """The old process has written all that it told, and lived until then."""
        told = self.old.scanner.unwritten(100)
        await self.store.append("old", START_NS + int(at_seconds * SECOND_NS), told)

    async def tell(self, asset: str) -> None:
        """By the present process, and safe in Postgres."""
        self.now.tell(asset)
        await self.writer.write()

    async def ends(self, resumption: Resumption, wanted: EventFilter = ALL) -> list[pb.OpportunityEvent]:
        """Those that are told where the log ends."""
        selection = EventSelection(wanted, is_resumed=True)
        async for _ in resumption.pages(selection):
            pass
        joined = self.now.scanner.subscribe_after_log(selection, resumption.number, resumption.told, now_ns())
        assert joined is not None
        return [event for message in resumption.ends(joined[1], selection) for event in _events(message)]


def _events(message: bytes) -> list[pb.OpportunityEvent]:
    return list(pb.WatchOpportunitiesResponse.FromString(message).events)


@pytest.fixture
def world(arguments: ScannerArguments) -> World:
    return World(arguments)


async def told(resumption: Resumption, wanted: EventFilter = ALL) -> list[str]:
    """The assets of the events that the log tells."""
    pages = [message async for message in resumption.pages(EventSelection(wanted, is_resumed=True))]
    return [event.opportunity.asset for page in pages for event in _events(page)]


async def test_a_client_of_a_dead_process_hears_what_it_missed(world: World) -> None:
    """Each once, in order: from the row after its token to the newest; and memory goes on after the last of its own."""
    for asset in ("a", "b", "c"):
        world.old.tell(asset)
    await world.die(at_seconds=5)
    await world.tell("d")
    world.now.tell("e")  # not in Postgres yet
    resumption = world.history.resume(ResumeToken("old", 1, START_NS))
    assert await told(resumption) == ["b", "c", "d"]
    assert resumption.number == 1


async def test_pages_are_read_to_the_end_and_on_from_there(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    """However many there are; what came meanwhile is told by the next call."""
    monkeypatch.setattr(module, "PAGE", 2)
    for number in range(5):
        world.old.tell(f"o-{number}")
    await world.die(at_seconds=5)
    resumption = world.history.resume(world.old.beginning)
    assert await told(resumption) == [f"o-{number}" for number in range(5)]
    await world.tell("new")
    assert await told(resumption) == ["new"]


async def test_what_is_not_wanted_is_left_out_of_the_pages(world: World) -> None:
    """A client's filter holds for the log, too."""
    for asset in ("a", "b"):
        world.old.tell(asset)
    await world.die(at_seconds=5)
    assert await told(world.history.resume(world.old.beginning), EventFilter(assets=["b"])) == ["b"]


async def test_what_a_dead_process_held_open_ends_when_it_died(world: World) -> None:
    """Told as CLOSED without a token; what had closed, and what is open here, is not told again."""
    for asset, bid in (("lost", OPENS), ("closed", OPENS), ("closed", CLOSES), ("kept", OPENS)):
        world.old.tell(asset, bid)
    await world.die(at_seconds=5)
    await world.tell("kept")
    (end,) = await world.ends(world.history.resume(world.old.beginning))
    assert (end.opportunity.asset, end.kind, end.resume_token) == ("lost", CLOSED, "")
    assert end.close_reason == pb.REFUSAL_REASON_NOT_LIVE
    assert from_timestamp(end.event_time) == START_NS + 5 * SECOND_NS
    assert from_duration(end.duration) == 5 * SECOND_NS


async def test_an_end_lies_neither_before_the_last_event_nor_ahead_of_now(world: World) -> None:
    """Whatever the writer's clock said."""
    world.old.tell("a", seconds=0)
    world.old.tell("a", MOVES, seconds=8)
    await world.die(at_seconds=5)
    (end,) = await world.ends(world.history.resume(world.old.beginning))
    assert from_timestamp(end.event_time) == START_NS + 8 * SECOND_NS
    world.store.living["old"] = now_ns() + 3600 * SECOND_NS
    (end,) = await world.ends(world.history.resume(world.old.beginning))
    assert from_timestamp(end.event_time) <= now_ns()


async def test_an_end_is_told_only_to_who_wants_the_opportunity(world: World) -> None:
    """A client's filter holds for it too."""
    world.old.tell("a")
    await world.die(at_seconds=5)
    assert await world.ends(world.history.resume(world.old.beginning), EventFilter(assets=["b"])) == []
    assert len(await world.ends(world.history.resume(world.old.beginning), EventFilter(assets=["a"]))) == 1


async def test_an_end_is_told_of_what_may_have_been_told_before(world: World) -> None:
    """Of what opened after the token and did not pass there is none; of what opened before it nobody knows."""
    for asset, bid in (("before", OPENS), ("before", MOVES), ("after", OPENS)):
        world.old.tell(asset, bid)
    await world.die(at_seconds=5)
    ends = await world.ends(world.history.resume(ResumeToken("old", 1, START_NS)), FUNDED)
    assert [(end.kind, end.opportunity.asset) for end in ends] == [(CLOSED, "before")]


async def test_a_log_that_begins_after_the_token_tells_all_that_is_left(world: World) -> None:
    """What was forgotten before is not made up."""
    world.store.is_whole = False
    world.old.tell("a")
    await world.die(at_seconds=5)
    assert await told(world.history.resume(ResumeToken("older", 9, START_NS))) == ["a"]
