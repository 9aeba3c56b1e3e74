"""kill -9 of the aggregator in mid-window, in the whole system."""

import os
import signal
from pathlib import Path

from tests.support.aggregator.window_tables import read_snapshots
from tests.support.local.system import VENUES, System, instruments_of
from tests.support.tracker.recordings import assert_windows_equal

WINDOW_SECONDS = 5
KILLS = 2


async def test_windows_after_kills_equal_those_of_the_recorded_quotes(
    tmp_path: Path, postgres_dsn: str, redis_url: str
) -> None:
    """The supervisor restarts it, the trackers send again what was not committed, and no bit differs."""
    options = ["--record", "--window-seconds", str(WINDOW_SECONDS)]
    environment = {"CROSSBOOK_POSTGRES_DSN": postgres_dsn, "CROSSBOOK_REDIS_URL": redis_url}
    async with System(tmp_path, *options, **environment) as system:
        await system.until(lambda: _windows(postgres_dsn) >= 2)
        for _ in range(KILLS):
            killed, before = system.pid("aggregator"), _windows(postgres_dsn)
            os.kill(killed, signal.SIGKILL)
            await system.until(lambda killed=killed: system.pid("aggregator") != killed)
            await system.until(lambda before=before: _windows(postgres_dsn) >= before + 2)
        assert await system.interrupt() == 0
    assert system.output().count("aggregator ended with exit code -9; starting it again") == KILLS
    for venue in VENUES:
        rows = assert_windows_equal(postgres_dsn, tmp_path, venue, WINDOW_SECONDS)
        assert len({row.symbol for row in rows}) == instruments_of(venue)
        assert all(row.is_complete for row in rows)
    report = system.summary()
    assert report["windows"]["incomplete"] == 0
    assert {process["exit_code"] for process in report["processes"].values()} == {0}


def _windows(dsn: str) -> int:
    """Windows that every venue has written."""
    return min(len({row.start_ns for row in read_snapshots(dsn, venue)}) for venue in VENUES)
