"""From the venues' frames to rows in Postgres, across holes in listening and steps of the clock.

The judge is what the simulator sent and when, never what the tracker recorded.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, load_settings
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.app import running_simulator
from crossbook.tracker import app
from tests.support.aggregator.aggregator_process import aggregator_settings, running_aggregator
from tests.support.aggregator.window_oracle import SnapshotRow
from tests.support.aggregator.window_tables import read_snapshots
from tests.support.tracker.tracking import free_port
from tests.support.turned_clock import TurnedClock
from tests.support.waiting import eventually

VENUE = "binance"
WINDOW_SECONDS = 3
PAUSE_SECONDS = 12.0
PROGRAM = """
from crossbook.plumbing.process import run_service
from crossbook.plumbing.settings import load_settings
from crossbook.tracker.app import run
run_service(lambda lifetime: run(load_settings(), lifetime))
"""


@asynccontextmanager
async def aggregating(dsn: str, turned: TurnedClock) -> AsyncIterator[tuple[Settings, int]]:
    """A simulator of one venue and an aggregator; gives the tracker's settings and the aggregator's port."""
    port = free_port()
    async with (
        running_aggregator(aggregator_settings(dsn, port, window_seconds=WINDOW_SECONDS), turned.clock),
        running_simulator(load_settings(simulator={"port": 0, "assets": 2, "venues": [VENUE]})) as simulator,
    ):
        yield tracker_settings_for(simulator.port, port), simulator.port


def tracker_settings_for(simulator_port: int, aggregator_port: int) -> Settings:
    """A tracker of that venue."""
    address = f"127.0.0.1:{simulator_port}/{VENUE}"
    endpoint = {"websocket_url": f"ws://{address}", "rest_url": f"http://{address}"}
    given = {"venues": [VENUE], "endpoints": {VENUE: endpoint}, "metrics_port": 0, "port": free_port()}
    return load_settings(tracker=given | {"shards": {"main": f"127.0.0.1:{aggregator_port}"}})


async def whole_windows(dsn: str, after_ns: int, count: int) -> None:
    """Until so many windows later than this are written, live throughout and complete."""

    def are_there() -> bool:
        rows = [row for row in read_snapshots(dsn, VENUE) if row.start_ns >= after_ns]
        whole = {row.start_ns for row in rows if row.is_complete and row.live_ns == WINDOW_SECONDS * SECOND_NS}
        return len(whole) >= count

    await eventually(are_there)


def within(rows: list[SnapshotRow], from_ns: int, until_ns: int) -> list[SnapshotRow]:
    """Those whose whole window lies in between."""
    return [row for row in rows if row.start_ns >= from_ns and row.start_ns + WINDOW_SECONDS * SECOND_NS <= until_ns]


async def test_the_time_of_a_stopped_tracker_is_told_as_time_in_which_nobody_listened(postgres_dsn: str) -> None:
    """SIGSTOP for twelve seconds, in which the simulator goes on: rows of every symbol, coverage 0, incomplete."""
    async with aggregating(postgres_dsn, TurnedClock()) as (settings, _):
        environment = os.environ | tracker_environment(settings)
        tracker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, env=environment, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await whole_windows(postgres_dsn, 0, 2)
            tracker.send_signal(signal.SIGSTOP)
            stopped_ns = time.time_ns()
            await asyncio.sleep(PAUSE_SECONDS)
            continued_ns = time.time_ns()
            tracker.send_signal(signal.SIGCONT)
            await whole_windows(postgres_dsn, continued_ns, 2)
        finally:
            tracker.kill()
            await tracker.wait()
    rows = read_snapshots(postgres_dsn, VENUE)
    symbols = {row.symbol for row in rows}
    inside = within(rows, stopped_ns, continued_ns)
    assert len(symbols) == 2
    assert {row.symbol for row in inside} == symbols
    assert len(inside) >= 2 * (PAUSE_SECONDS / WINDOW_SECONDS - 1)
    assert {(row.tick_count, row.live_ns, row.is_complete) for row in inside} == {(0, 0, False)}
    for row in rows:  # of the windows at the edges no more is told than was heard
        end_ns = row.start_ns + WINDOW_SECONDS * SECOND_NS
        unheard_ns = min(end_ns, continued_ns) - max(row.start_ns, stopped_ns)
        if unheard_ns > 0:
            assert row.live_ns <= WINDOW_SECONDS * SECOND_NS - unheard_ns
            assert not row.is_complete


async def test_windows_flow_again_within_a_minute_of_a_clock_s_return(postgres_dsn: str) -> None:
    """The whole machine's clock runs an hour ahead for a while: rows of the future go, and those of now come."""
    turned = TurnedClock()
    async with aggregating(postgres_dsn, turned) as (settings, _), _tracking(settings, turned):
        await whole_windows(postgres_dsn, 0, 1)
        stepped_ns = turned.wall_ns()
        turned.set(3_600)
        await whole_windows(postgres_dsn, stepped_ns + 3_000 * SECOND_NS, 1)
        turned.set(-3_600)
        returned_ns = turned.wall_ns()
        await whole_windows(postgres_dsn, returned_ns, 1)
        assert turned.wall_ns() - returned_ns < 60 * SECOND_NS
    rows = read_snapshots(postgres_dsn, VENUE)
    assert max(row.start_ns for row in rows) < turned.wall_ns()
    _assert_no_window_twice(rows)


async def test_a_clock_set_ahead_fills_nothing_that_is_called_data(postgres_dsn: str) -> None:
    """Ten minutes that never were have no live time, and none of their rows is complete."""
    turned = TurnedClock()
    async with aggregating(postgres_dsn, turned) as (settings, _), _tracking(settings, turned):
        await whole_windows(postgres_dsn, 0, 1)
        stepped_ns = turned.wall_ns()
        turned.set(600)
        await whole_windows(postgres_dsn, stepped_ns + 590 * SECOND_NS, 1)
    rows = within(read_snapshots(postgres_dsn, VENUE), stepped_ns + 2 * SECOND_NS, stepped_ns + 600 * SECOND_NS)
    assert {(row.tick_count, row.live_ns, row.is_complete) for row in rows} <= {(0, 0, False)}


async def test_a_small_step_back_counts_no_moment_twice(postgres_dsn: str) -> None:
    """Windows that are written stay, and no time is told in two of them."""
    turned = TurnedClock()
    async with aggregating(postgres_dsn, turned) as (settings, _), _tracking(settings, turned):
        await whole_windows(postgres_dsn, 0, 2)
        turned.set(-20)
        returned_ns = turned.wall_ns()
        await whole_windows(postgres_dsn, returned_ns + 20 * SECOND_NS, 1)
        assert turned.wall_ns() - returned_ns < 60 * SECOND_NS
    _assert_no_window_twice(read_snapshots(postgres_dsn, VENUE))


@asynccontextmanager
async def _tracking(settings: Settings, turned: TurnedClock) -> AsyncIterator[Callable[[], None]]:
    lifetime = Lifetime()
    run = asyncio.create_task(app.run(settings, lifetime, turned.clock))
    try:
        yield lifetime.stop
    finally:
        lifetime.stop()
        await run


def _assert_no_window_twice(rows: list[SnapshotRow]) -> None:
    keys = [(row.symbol, row.start_ns) for row in rows]
    assert len(keys) == len(set(keys))


def tracker_environment(settings: Settings) -> dict[str, str]:
    """The same for a process."""
    given = settings.tracker
    return {
        "CROSSBOOK_TRACKER__PORT": str(given.port),
        "CROSSBOOK_TRACKER__METRICS_PORT": "0",
        "CROSSBOOK_TRACKER__VENUES": VENUE,
        "CROSSBOOK_TRACKER__SHARDS": f'{{"main": "{given.shards["main"]}"}}',
        "CROSSBOOK_TRACKER__ENDPOINTS": f'{{"{VENUE}": {given.endpoints[VENUE].model_dump_json()}}}',
        "CROSSBOOK_LOG_LEVEL": "warning",
    }
