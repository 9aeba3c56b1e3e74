"""What a client missed, between its token and the events in memory."""

from collections.abc import Mapping, Sequence

import pytest

from crossbook.arbitrage import event_history as module
from crossbook.arbitrage.event_history import EventHistory, Resumption
from crossbook.arbitrage.event_log import EventLog, LoggedEvent, Token
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.store.events import EventStore, Place, StoredEvent
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp, now_ns, to_timestamp

OPENED, UPDATED, CLOSED = (
    pb.OPPORTUNITY_EVENT_KIND_OPENED,
    pb.OPPORTUNITY_EVENT_KIND_UPDATED,
    pb.OPPORTUNITY_EVENT_KIND_CLOSED,
)
START_NS = 1_750_000_000 * SECOND_NS


class CoreEvent:
    """What the log looks at of an event of the scanner."""

    def __init__(self, kind: int, identity: str, at_ns: int) -> None:
        self.kind, self.opportunity_id, self.event_ns, self.cause_ns = kind, identity, at_ns, at_ns
        self.asset, self.buy_venue, self.sell_venue, self.net_percent = "BTC", "alpha", "beta", 1.0

    def encode(self, token: str) -> bytes:
        opportunity = pb.Opportunity(id=self.opportunity_id, open_time=to_timestamp(START_NS))
        event = pb.OpportunityEvent(
            kind=pb.OpportunityEventKind.ValueType(self.kind),
            opportunity=opportunity,
            event_time=to_timestamp(self.event_ns),
            resume_token=token,
        )
        return pb.WatchOpportunitiesResponse(events=[event]).SerializeToString()


def append(log: EventLog, kind: int, identity: str, seconds: float = 0.0) -> LoggedEvent:
    return log.append(CoreEvent(kind, identity, START_NS + int(seconds * SECOND_NS)))  # type: ignore[arg-type]


class Kept(EventStore):
    """The log of all writers, in memory."""

    def __init__(self) -> None:
        self.rows: list[StoredEvent] = []
        self.living: dict[str, int] = {}
        self.is_whole = True

    async def append(self, writer: str, alive_ns: int, events: Sequence[LoggedEvent]) -> None:
        self.living[writer] = alive_ns
        self.rows += [StoredEvent(len(self.rows) + 1 + at, writer, event) for at, event in enumerate(events)]

    async def place(self, writer: str, number: int, event_ns: int) -> Place:
        known = [row.id for row in self.rows if row.writer == writer and row.event.number <= number]
        return Place(max(known, default=0), self.is_whole)

    async def after(self, row_id: int, limit: int) -> list[StoredEvent]:
        return [row for row in self.rows if row.id > row_id][:limit]

    async def alive(self) -> Mapping[str, int]:
        return self.living


class World:
    """One log of Postgres, the memory of a process that runs now, and one of a process that is gone."""

    def __init__(self) -> None:
        self.store, self.old, self.events = Kept(), EventLog(), EventLog()
        self.writer = EventWriter(self.store, self.events.log_id, Clock())
        self.history = EventHistory(self.store, self.writer, self.events, Clock())

    async def die(self, at_seconds: float) -> None:
        """The old process has written all that it told, and lived until then."""
        await self.store.append(self.old.log_id, START_NS + int(at_seconds * SECOND_NS), self.old.after_number(0) or [])

    async def tell(self, kind: int, identity: str) -> LoggedEvent:
        """By the present process, and safe in Postgres."""
        event = append(self.events, kind, identity)
        self.writer.put(event)
        await self.writer.write()
        return event

    def resume(self, token: str) -> Resumption:
        found = self.history.resume(token)
        assert found is not None
        return found


async def told(resumption: Resumption) -> list[str]:
    pages = [[event.opportunity_id for event in page] async for page in resumption.pages()]
    return [identity for page in pages for identity in page]


def everything(event: LoggedEvent) -> bool:
    return True


async def test_memory_answers_for_a_client_of_this_process() -> None:
    """Postgres is not asked for what is at hand, and what was never a token is refused."""
    world = World()
    event = append(world.events, OPENED, "a")
    assert world.history.resume(event.token) is None
    assert world.history.resume(world.old.token) is not None
    with pytest.raises(InvalidRequestError):
        world.history.resume("no token")


async def test_a_client_of_a_dead_process_hears_what_it_missed_and_then_memory() -> None:
    """Each once, in order: from the row after its token to the newest."""
    world = World()
    first, *_ = (append(world.old, OPENED, identity) for identity in ("a", "b", "c"))
    await world.die(at_seconds=5)
    await world.tell(OPENED, "d")
    resumption = world.resume(first.token)
    assert await told(resumption) == ["b", "c", "d"]
    append(world.events, OPENED, "e")  # told while the pages were read; not in Postgres yet
    assert [event.opportunity_id for event in resumption.rest()] == ["e"]


async def test_pages_are_read_to_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    monkeypatch.setattr(module, "PAGE", 2)
    world = World()
    for number in range(5):
        append(world.old, OPENED, f"o-{number}")
    await world.die(at_seconds=5)
    token = Token(world.old.log_id, 0, 0).encoded()
    assert await told(world.resume(token)) == [f"o-{number}" for number in range(5)]


async def test_what_a_dead_process_held_open_ends_when_it_died() -> None:
    """Told as CLOSED without a token; what had closed, and what is open here, is not told again."""
    world = World()
    for kind, identity in ((OPENED, "lost"), (OPENED, "closed"), (CLOSED, "closed"), (OPENED, "kept")):
        append(world.old, kind, identity)
    await world.die(at_seconds=5)
    await world.tell(OPENED, "kept")
    resumption = world.resume(Token(world.old.log_id, 0, 0).encoded())
    await told(resumption)
    resumption.rest()
    (end,) = resumption.ends(everything)
    assert (end.opportunity.id, end.kind, end.resume_token) == ("lost", CLOSED, "")
    assert end.close_reason == pb.REFUSAL_REASON_NOT_LIVE
    assert from_timestamp(end.event_time) == START_NS + 5 * SECOND_NS
    assert from_duration(end.duration) == 5 * SECOND_NS
    assert (resumption.is_told("lost"), resumption.is_told("kept"), resumption.is_told("closed")) == (True, True, False)


async def test_an_end_lies_neither_before_the_last_event_nor_ahead_of_now() -> None:
    """Whatever the writer's clock said."""
    world = World()
    append(world.old, OPENED, "a", seconds=0)
    append(world.old, UPDATED, "a", seconds=8)
    await world.die(at_seconds=5)
    resumption = world.resume(Token(world.old.log_id, 0, 0).encoded())
    await told(resumption)
    (end,) = resumption.ends(everything)
    assert from_timestamp(end.event_time) == START_NS + 8 * SECOND_NS
    world.store.living[world.old.log_id] = now_ns() + 3600 * SECOND_NS
    resumption = world.resume(Token(world.old.log_id, 0, 0).encoded())
    await told(resumption)
    (end,) = resumption.ends(everything)
    assert from_timestamp(end.event_time) <= now_ns()


async def test_an_end_is_told_only_to_who_wants_the_opportunity() -> None:
    """A client's filter holds for it too."""
    world = World()
    append(world.old, OPENED, "a")
    await world.die(at_seconds=5)
    resumption = world.resume(Token(world.old.log_id, 0, 0).encoded())
    await told(resumption)
    assert list(resumption.ends(lambda event: event.asset == "ETH")) == []
    assert [end.opportunity.id for end in resumption.ends(lambda event: event.asset == "BTC")] == ["a"]
