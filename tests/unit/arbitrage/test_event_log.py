"""The log of events and its resume tokens."""

import asyncio
import base64
import gc
from collections import Counter
from itertools import cycle, islice
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook._core import OpportunityEvent
from crossbook.arbitrage.event_log import CAPACITY, OVERLAP_NS, EventLog, LoggedEvent
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.opportunity_stream import watch
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError
from tests.support.aggregator.fanout import Tick, payload

OPENED, UPDATED, CLOSED = (
    pb.OPPORTUNITY_EVENT_KIND_OPENED,
    pb.OPPORTUNITY_EVENT_KIND_UPDATED,
    pb.OPPORTUNITY_EVENT_KIND_CLOSED,
)


def event(kind: int, identity: str = "a", net: float = 1.0, at_ns: int = 0) -> Any:
    """What the log looks at of an event of one opportunity."""
    return SimpleNamespace(
        kind=kind,
        opportunity_id=identity,
        asset="BTC",
        buy_venue="a",
        sell_venue="b",
        net_percent=net,
        event_ns=at_ns,
        cause_ns=at_ns,
        encode=lambda token: f"{identity} {token}".encode(),
    )


def test_a_token_gives_exactly_the_events_after_its_own() -> None:
    """Resuming from any event gives all later ones, in order."""
    log = EventLog()
    logged = [log.append(event(UPDATED, str(number))) for number in range(5)]
    for position, earlier in enumerate(logged):
        assert log.after(earlier.token) == logged[position + 1 :]


def test_a_token_whose_successors_are_gone_is_no_longer_held() -> None:
    """Once an event after the token has been dropped, the log does not pretend to be whole."""
    log = EventLog(capacity=3)
    tokens = [log.append(event(UPDATED, str(number))).token for number in range(5)]
    assert log.after(tokens[0]) is None
    assert [logged.number for logged in log.after(tokens[1]) or []] == [3, 4, 5]


def test_a_token_of_an_earlier_process_gives_everything_as_long_as_it_is_held() -> None:
    """What opened and closed before the client came back from the earlier process is not lost."""
    log = EventLog(capacity=2)
    token = EventLog().token
    assert log.after(token) == []
    logged = [log.append(event(kind)) for kind in (OPENED, CLOSED)]
    assert log.after(token) == logged
    log.append(event(OPENED))
    assert log.after(token) is None


def test_a_token_of_a_replica_gives_what_came_since_a_little_before_its_time() -> None:
    """The clocks of two replicas differ, and what is told again is known by its id; what is long past is left out."""
    log = EventLog(capacity=5)
    times = [step * OVERLAP_NS // 2 for step in range(8)]
    logged = [log.append(event(UPDATED, at_ns=at_ns)) for at_ns in times]
    other = [EventLog().append(event(UPDATED, at_ns=at_ns)).token for at_ns in times]
    assert log.after(other[7]) == logged[5:]
    assert log.after(other[6]) == logged[4:]
    assert log.after(other[5]) is None, "the first of that time may be gone"


def test_a_token_of_the_future_is_not_held() -> None:
    """Numbers that were never given out start afresh."""
    log = EventLog()
    beginning = log.token
    log_id = base64.b64decode(beginning).decode().partition(":")[0]
    last = log.append(event(UPDATED))
    assert log.after(base64.b64encode(f"{log_id}:2:0".encode()).decode()) is None
    assert log.after(last.token) == []
    assert log.after(beginning) == [last]


@pytest.mark.parametrize("token", ["garbage!", "YWJj", "YTox", "\u00e9", "AA=="])
def test_what_never_was_a_token_is_refused_by_its_field(token: str) -> None:
    """A malformed token names the field resume_token."""
    with pytest.raises(InvalidRequestError) as refused:
        EventLog().after(token)
    assert [violation.field for violation in refused.value.violations] == ["resume_token"]


def test_every_event_of_an_opportunity_knows_its_opening_net() -> None:
    """Filters by the net at opening hold for the whole life, and the log forgets closed opportunities."""
    log = EventLog()
    nets = [
        log.append(event(kind, net=net)).opening_net_percent for kind, net in ((OPENED, 2), (UPDATED, 3), (CLOSED, 1))
    ]
    assert nets == [2, 2, 2]
    assert log.opened("a") is None


async def test_a_full_log_holds_bytes_and_no_messages(arguments: ScannerArguments) -> None:
    """However many events pass a client that reads them: as many as fit are kept, as less than a kilobyte each."""
    live, is_read = LiveScan(arguments), asyncio.Event()

    async def read() -> None:
        received = 0
        async for message in watch(live, pb.WatchOpportunitiesRequest()):
            received += len(pb.WatchOpportunitiesResponse.FromString(message).events)
            if received == CAPACITY + 1000:
                is_read.set()

    reader = asyncio.create_task(read())
    for bid in islice(cycle((101.0, 102.0, 103.0, 100.0)), CAPACITY + 1000):
        live.on_batch(payload(Tick("cheap", 99.9, 100.0), Tick("dear", bid, bid + 0.1)))
        await asyncio.sleep(0)
    await is_read.wait()
    reader.cancel()
    counts, kilobytes = _held_by(live.events)
    assert counts[LoggedEvent] == CAPACITY
    assert counts[OpportunityEvent] == counts[pb.WatchOpportunitiesResponse] == 0
    assert kilobytes < CAPACITY


def _held_by(root: object) -> tuple[Counter[type], float]:
    """How many objects of each type, and the kilobytes of all bytes among them."""
    seen: dict[int, object] = {}
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if id(one) not in seen and not isinstance(one, type):
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    kilobytes = sum(len(one) for one in seen.values() if isinstance(one, bytes)) / 1024
    return Counter(type(one) for one in seen.values()), kilobytes
