"""What a scrape of a tracker shows."""

import asyncio
import math

import pytest
from prometheus_client import CollectorRegistry

from crossbook.pb.v1.market_pb2 import VENUE_STATE_DEGRADED, VENUE_STATE_LIVE
from crossbook.pb.v1.tracker_pb2 import LaneStats, VenueStats
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from crossbook.tracker import metrics as module
from crossbook.tracker.metrics import COUNTERS, TrackerCollector
from crossbook.tracker.venue.local_clock import LocalClock
from tests.support.waiting import eventually

STATS = VenueStats(
    venue="alpha",
    state=VENUE_STATE_LIVE,
    connected=True,
    markets=7,
    live_markets=6,
    last_message_time=to_timestamp(1_700_000_000 * SECOND_NS + SECOND_NS // 2),
    clock_offset_ms=1500,
    lanes=[
        LaneStats(shard="main", is_connected=True, unacknowledged_batches=3),
        LaneStats(shard="east", unacknowledged_batches=4),
    ],
)


class World:
    """A collector that has looked once at what the test says."""

    def __init__(self, *stats: VenueStats) -> None:
        self.stats = list(stats)
        self.collector = TrackerCollector(LocalClock(SECOND_NS))
        self._registry = CollectorRegistry()
        self._registry.register(self.collector)

    def sample(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(f"crossbook_tracker_{name}", labels)

    async def look(self) -> None:
        task = asyncio.create_task(self.collector.keep_current(lambda: list(self.stats)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait((task,))


@pytest.mark.parametrize("name", COUNTERS)
async def test_each_counter_of_a_venue_is_shown_under_its_name(name: str) -> None:
    """And no other count."""
    field = {"messages": "messages_received", "quotes": "quotes_emitted"}.get(name, name)
    world = World(VenueStats(venue="alpha", **{field: 5}), VenueStats(venue="beta"))
    await world.look()
    assert world.sample(f"{name}_total", venue="alpha") == 5
    assert world.sample(f"{name}_total", venue="beta") == 0
    others = [other for other in COUNTERS if other != name]
    assert {world.sample(f"{other}_total", venue="alpha") for other in others} == {0}


async def test_gauges_are_in_the_units_of_their_names() -> None:
    """Seconds where stats have milliseconds; NaN where nothing is known."""
    world = World(STATS, VenueStats(venue="beta", state=VENUE_STATE_DEGRADED))
    await world.look()
    names = ("live", "state", "connected", "markets", "live_markets")
    assert [world.sample(name, venue="alpha") for name in names] == [1, VENUE_STATE_LIVE, 1, 7, 6]
    assert (world.sample("live", venue="beta"), world.sample("state", venue="beta")) == (0, VENUE_STATE_DEGRADED)
    assert world.sample("last_message_timestamp_seconds", venue="alpha") == 1_700_000_000.5
    assert world.sample("last_message_timestamp_seconds", venue="beta") == 0
    assert world.sample("clock_offset_seconds", venue="alpha") == 1.5
    assert math.isnan(world.sample("clock_offset_seconds", venue="beta") or 0.0)
    assert math.isnan(world.sample("delay_seconds", venue="alpha") or 0.0)


async def test_each_lane_is_shown_by_its_shard() -> None:
    """A venue without lanes shows none."""
    world = World(STATS, VenueStats(venue="beta"))
    await world.look()
    assert world.sample("lane_connected", venue="alpha", shard="main") == 1
    assert world.sample("lane_connected", venue="alpha", shard="east") == 0
    assert world.sample("unacknowledged_batches", venue="alpha", shard="east") == 4
    assert world.sample("lane_connected", venue="beta", shard="main") is None


async def test_a_scrape_shows_the_last_look_whatever_has_happened_since(monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes on another thread, where feeds must not be touched; the next look is soon."""
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0.0)
    world = World(VenueStats(venue="alpha", gaps=1))
    await world.look()
    world.stats = [VenueStats(venue="alpha", gaps=2)]
    assert world.sample("gaps_total", venue="alpha") == 1
    task = asyncio.create_task(world.collector.keep_current(lambda: world.stats))
    await eventually(lambda: world.sample("gaps_total", venue="alpha") == 2)
    task.cancel()


async def test_our_own_clock_is_judged() -> None:
    """1 while it cannot be right."""
    world = World()
    assert world.sample("clock_implausible") == 0
