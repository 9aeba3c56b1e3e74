"""The log of events in Postgres: who resumes after a death hears everything once, and the log stays bounded."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

import pytest

from crossbook._core import EVENT_LOG_CAPACITY, ResumeToken
from crossbook.arbitrage.event_writer import EventWriter
from crossbook.arbitrage.lives.keeper import LifeKeeper
from crossbook.arbitrage.retention import forget_rows
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.store.lives import LifeStore
from crossbook.arbitrage.tuning import scanner_arguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.data.postgres import connect, open_pool
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.settings import ArbitrageSettings
from crossbook.plumbing.timestamps import SECOND_NS, now_ns
from tests.support.aggregator.fanout import Tick, payload
from tests.support.arbitrage.watching import WatchedScan, watch
from tests.support.servers.stoppable_postgres import stoppable_postgres
from tests.support.waiting import eventually

OPENED, UPDATED, CLOSED = (
    pb.OPPORTUNITY_EVENT_KIND_OPENED,
    pb.OPPORTUNITY_EVENT_KIND_UPDATED,
    pb.OPPORTUNITY_EVENT_KIND_CLOSED,
)
EVERYTHING = ResumeToken("another", 0, 0).encode()
Told = list[tuple["pb.OpportunityEventKind.ValueType", str]]


class Process(NamedTuple):
    """What one arbitrage process has, without its sockets; its log has a name that no other has."""

    live: WatchedScan
    writer: EventWriter

    def tick(self, bid: float, asset: str = "BTC", at_ns: int | None = None) -> None:
        """`cheap` asks 100, `dear` bids."""
        cheap = Tick("cheap", 99.9, 100.0, asset, receive_ns=at_ns)
        self.live.on_batch(payload(cheap, Tick("dear", bid, bid + 0.1, asset, receive_ns=at_ns)))

    async def write(self) -> None:
        """All that it has told."""
        while self.writer.waiting:
            await self.writer.write()

    async def told(self, token: str, **request: object) -> Told:
        """What a client that resumes is told, up to the present."""
        wanted = pb.WatchOpportunitiesRequest(resume_token=token, **request)  # type: ignore[arg-type]
        self.live.close()  # the call ends when it has read what there is
        async with aclosing(watch(self.live, wanted)) as messages:
            events = [event async for one in messages for event in pb.WatchOpportunitiesResponse.FromString(one).events]
        return [(event.kind, event.opportunity.asset) for event in events]


def process(
    store: EventStore, limit: int = 1000, capacity: int = EVENT_LOG_CAPACITY, seconds_behind: int = 0
) -> Process:
    """One whose writer holds so many, and whose memory; its machine's clock may be behind."""
    arguments = scanner_arguments(ArbitrageSettings(min_life_ms=0))
    clock = Clock(lambda: now_ns() - seconds_behind * SECOND_NS)
    live = WatchedScan(arguments, store=store, clock=clock, capacity=capacity, unwritten_limit=limit)
    assert live.writer is not None
    return Process(live, live.writer)


@pytest.fixture
async def store(postgres_dsn: str) -> AsyncIterator[EventStore]:
    """Of an empty log."""
    pool = await open_pool(postgres_dsn)
    yield EventStore(pool, Clock())
    await pool.close()


async def test_an_event_is_kept_to_the_last_bit_whatever_it_is_called(store: EventStore) -> None:
    """Names with all that means something in a statement."""
    own = process(store)
    own.tick(101.0, "B\"T\\C,{}'é NULL")
    own.tick(101.1)
    events = own.live.scanner.unwritten(10)
    await own.write()
    rows = await store.after(0, 10)
    names = ("number", "kind", "opportunity_id", "asset", "buy_venue", "sell_venue", "opening_net_percent", "event_ns")
    for name in (*names, "payload"):
        assert [getattr(row, name) for row in rows] == [getattr(event, name) for event in events]
    assert [row.asset for row in rows] == ["B\"T\\C,{}'é NULL", "BTC"]


async def test_a_successor_tells_what_its_predecessor_told_and_ends_what_it_does_not_see(store: EventStore) -> None:
    """OPENED and CLOSED come from the log; what the dead one held open ends, for nobody watched it on."""
    dead, successor = process(store), process(store)
    dead.tick(101.0, "BTC")
    dead.tick(100.0, "BTC")
    dead.tick(101.0, "ETH")
    await dead.write()
    assert await successor.told(EVERYTHING) == [(OPENED, "BTC"), (CLOSED, "BTC"), (OPENED, "ETH"), (CLOSED, "ETH")]


async def test_what_is_in_force_at_the_successor_is_not_ended(store: EventStore) -> None:
    """The same quotes give it the same id, so it goes on; what is open only here is told as well."""
    dead, successor = process(store), process(store)
    at_ns = now_ns()
    dead.tick(101.0, "BTC", at_ns)
    await dead.write()
    for asset in ("BTC", "SOL"):
        successor.tick(101.0, asset, at_ns)
    await successor.write()
    assert await successor.told(EVERYTHING) == [(OPENED, "BTC"), (OPENED, "SOL")]


async def test_replicas_with_equal_ids_keep_one_row_an_event(store: EventStore) -> None:
    """Both see the same quotes and both write; the log tells each event once."""
    replicas = [process(store), process(store)]
    opened_ns, closed_ns = now_ns(), now_ns() + 1
    for one in replicas:
        one.tick(101.0, at_ns=opened_ns)
        one.tick(100.0, at_ns=closed_ns)
        await one.write()
    assert await process(store).told(EVERYTHING) == [(OPENED, "BTC"), (CLOSED, "BTC")]


async def test_a_client_goes_on_where_its_token_is_though_memory_forgot(store: EventStore) -> None:
    """From the process that gave the token out, and from its successor, nothing after the token is missing."""
    own = process(store, capacity=2)
    for bid in (101.0, 100.0, 101.0, 100.0, 101.0, 100.0):
        own.tick(bid)
    await own.write()
    token = ResumeToken(own.live.scanner.log_id, 1, now_ns()).encode()
    assert (await own.told(token))[-5:] == [(CLOSED, "BTC"), *[(OPENED, "BTC"), (CLOSED, "BTC")] * 2]
    assert (await process(store).told(token))[-5:] == [(CLOSED, "BTC"), *[(OPENED, "BTC"), (CLOSED, "BTC")] * 2]


async def test_a_token_of_a_time_to_come_misses_nothing(store: EventStore) -> None:
    """The clock of the process that gave it out was ahead, and the log no longer knows that process."""
    dead = process(store)
    dead.tick(101.0)
    dead.tick(100.0)
    await dead.write()
    ahead = ResumeToken("unknown", 7, now_ns() + 3600 * 10**9).encode()
    assert await process(store).told(ahead) == [(OPENED, "BTC"), (CLOSED, "BTC")]


async def test_a_replica_whose_clock_is_behind_hides_nothing_and_is_heard(store: EventStore) -> None:
    """Its rows bear times of long ago; what was told before them, and they themselves, are no older for that."""
    right, behind = process(store), process(store, seconds_behind=70)
    right.tick(101.0, "BTC")
    await right.write()
    behind.tick(101.0, "ETH", behind.live.clock.now_ns())
    await behind.write()
    right.tick(100.0, "BTC")
    await right.write()
    token = ResumeToken("unknown", 7, now_ns()).encode()
    assert await process(store).told(token) == [(OPENED, "BTC"), (OPENED, "ETH"), (CLOSED, "BTC"), (CLOSED, "ETH")]


async def test_what_is_told_of_a_replica_whose_clock_is_behind_goes_on_with_another(store: EventStore) -> None:
    """Its token stands for its row, and for what others wrote a little before it, though their times are later."""
    right, behind = process(store), process(store, seconds_behind=4000)
    behind.tick(101.0, "BTC", behind.live.clock.now_ns())
    right.tick(101.0, "ETH")
    await right.write()
    await behind.write()
    token = ResumeToken(behind.live.scanner.log_id, 1, behind.live.clock.now_ns()).encode()
    assert (OPENED, "ETH") in await process(store).told(token)


@pytest.mark.parametrize("by", ["-1 hour", "1 hour"])
async def test_a_server_whose_clock_was_set_hides_nothing(store: EventStore, postgres_dsn: str, by: str) -> None:
    """Rows of before and of after bear times of the server that are an hour apart; the writers' times hold."""
    dead = process(store)
    dead.tick(101.0, "BTC")
    await dead.write()
    async with await connect(postgres_dsn) as connection:
        await connection.execute("UPDATE opportunity_events SET recorded_at = recorded_at + %s::interval", (by,))
    dead.tick(101.0, "ETH")
    await dead.write()
    for token in (ResumeToken("unknown", 7, now_ns()), ResumeToken(dead.live.scanner.log_id, 2, now_ns())):
        told = await process(store).told(token.encode())
        assert told[:2] == [(OPENED, "BTC"), (OPENED, "ETH")]


async def test_filters_hold_for_what_the_log_tells(store: EventStore) -> None:
    """By asset, and by the net at opening, which the log keeps; the ends that are made up are filtered, too."""
    dead = process(store)
    dead.tick(101.0, "BTC")
    dead.tick(105.0, "BTC")
    dead.tick(102.0, "ETH")
    await dead.write()
    assert await process(store).told(EVERYTHING, min_net_percent=1.5) == [(OPENED, "ETH"), (CLOSED, "ETH")]
    assert await process(store).told(EVERYTHING, assets=["SOL"]) == []


async def test_what_opened_while_postgres_was_away_is_written_when_it_is_back(tmp_path: Path) -> None:
    """Events wait in order, a client that needs the log is told to come again, and one that is new is served."""
    async with stoppable_postgres(tmp_path) as postgres:
        pool = await open_pool(postgres.dsn)
        store = EventStore(pool, Clock())
        one = process(store)
        await postgres.stop()
        one.tick(101.0)
        one.tick(100.0)
        with pytest.raises(UnavailableError):
            await one.writer.write()
        with pytest.raises(UnavailableError):
            await process(store).told(EVERYTHING)
        assert await one.told("") == []
        assert one.writer.waiting == 2
        await postgres.start()

        async def writes() -> bool:
            try:
                await one.write()
            except UnavailableError:
                return False
            return True

        await eventually(writes)
        assert await process(store).told(EVERYTHING) == [(OPENED, "BTC"), (CLOSED, "BTC")]
        await pool.close()


async def test_what_waits_is_bounded_and_what_was_dropped_is_counted(store: EventStore) -> None:
    """The oldest go; the others come to the log."""
    one = process(store, limit=2)
    for bid in (101.0, 100.0, 101.0):
        one.tick(bid)
    assert (one.writer.waiting, one.writer.dropped) == (2, 1)
    await one.write()
    assert await process(store).told(EVERYTHING) == [(CLOSED, "BTC"), (OPENED, "BTC"), (CLOSED, "BTC")]


async def test_the_log_forgets_by_age_and_by_number(store: EventStore, postgres_dsn: str) -> None:
    """The oldest go first, by age once they are in the lives, and a token of before is answered with what is left."""
    dead = process(store)
    for asset in ("BTC", "ETH", "SOL"):
        dead.tick(101.0, asset)
    await dead.write()
    assert await forget_rows(store, "events", 3600, kept=2) == 1
    assert await process(store).told(EVERYTHING) == [(OPENED, "ETH"), (OPENED, "SOL"), (CLOSED, "ETH"), (CLOSED, "SOL")]
    assert await forget_rows(store, "events", 0, kept=2) == 0
    async with await open_pool(postgres_dsn) as pool:
        assert await LifeKeeper(LifeStore(pool), "own", list).take_page() == 2
    assert await forget_rows(store, "events", 0, kept=2) == 2
    assert await process(store).told(EVERYTHING) == []
