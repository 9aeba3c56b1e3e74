"""A tracker that is killed with quotes that nobody has committed: the next one sends them."""

import asyncio
import os
import sys
import time
from pathlib import Path

from crossbook.plumbing.settings import Settings, load_settings
from crossbook.plumbing.timestamps import SECOND_NS
from crossbook.simulator.app import running_simulator
from tests.integration.tracker.test_time_in_windows import (
    PROGRAM,
    VENUE,
    WINDOW_SECONDS,
    tracker_environment,
    tracker_settings_for,
    whole_windows,
    within,
)
from tests.support.aggregator.aggregator_process import aggregator_settings, running_aggregator
from tests.support.aggregator.window_tables import read_snapshots
from tests.support.tracker.tracking import free_port
from tests.support.waiting import eventually


async def start(settings: Settings, spool: Path) -> asyncio.subprocess.Process:
    environment = os.environ | tracker_environment(settings) | {"CROSSBOOK_TRACKER__SPOOL_DIR": str(spool)}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, env=environment, stdout=asyncio.subprocess.DEVNULL
    )


async def test_quotes_that_were_not_committed_outlive_their_tracker(postgres_dsn: str, tmp_path: Path) -> None:
    """No aggregator lives while the first tracker does; its windows are there all the same, live and complete."""
    port = free_port()
    async with running_simulator(load_settings(simulator={"port": 0, "assets": 2, "venues": [VENUE]})) as simulator:
        settings = tracker_settings_for(simulator.port, port)
        first = await start(settings, tmp_path)
        await eventually(lambda: any(tmp_path.rglob("*.spool")))
        await asyncio.sleep(3)  # LIVE by then, or later: what counts is compared with what was written
        live_ns = time.time_ns()
        await asyncio.sleep(3.5 * WINDOW_SECONDS)
        killed_ns = time.time_ns()
        first.kill()
        await first.wait()
        second = await start(settings, tmp_path)
        try:
            async with running_aggregator(aggregator_settings(postgres_dsn, port, window_seconds=WINDOW_SECONDS)):
                await whole_windows(postgres_dsn, killed_ns, 1)
                rows = read_snapshots(postgres_dsn, VENUE)
                await eventually(lambda: len({path.name.split(".")[0] for path in tmp_path.rglob("*.spool")}) == 1)
        finally:
            second.kill()
            await second.wait()
    told = within(rows, live_ns, killed_ns)
    assert len(told) >= 4  # two whole windows at least, of two symbols
    whole_ns = WINDOW_SECONDS * SECOND_NS
    assert {(row.is_complete, row.live_ns) for row in told} == {(True, whole_ns)}
    torn = [row for row in rows if row.start_ns <= killed_ns < row.start_ns + whole_ns]
    assert {row.is_complete for row in torn} == {False}
    assert all(row.live_ns > 0 for row in torn if killed_ns - row.start_ns > SECOND_NS)
