"""A real recording through the real tracker, aggregator and Postgres."""

from pathlib import Path

import pytest

from crossbook.plumbing.recording import Record, read_recording
from tests.support.aggregator.window_oracle import SECOND_NS, SnapshotRow, WindowOracle, bits
from tests.support.aggregator.window_tables import read_snapshots
from tests.support.local.system import System
from tests.support.simulator.binance_oracle import BinanceOracle
from tests.support.tracker.recordings import assert_windows_equal

RECORDING = Path(__file__).parents[3] / "shared/recordings/binance/hftbacktest_usdm_btcusdt_20240808.gz"
SYMBOL = "BTC/USDT:USDT"
WINDOW_SECONDS = 1
DEPTH_EVENTS = 6000  # of 6551: those before the client had subscribed and joined may be left out

pytestmark = pytest.mark.skipif(not RECORDING.exists(), reason=f"no recording at {RECORDING}")


async def test_the_windows_of_a_recording_are_those_of_its_frames(
    tmp_path: Path, postgres_dsn: str, redis_url: str
) -> None:
    """Recomputed from the raw frames by code that shares nothing with the core, equal in every bit."""
    options = ["--venues", "binance", "--play", str(RECORDING), "--speed", "25", "--record"]
    options += ["--window-seconds", str(WINDOW_SECONDS)]
    environment = {"CROSSBOOK_POSTGRES_DSN": postgres_dsn, "CROSSBOOK_REDIS_URL": redis_url}
    async with System(tmp_path, *options, **environment) as system:
        await system.until(lambda: "play_done" in system.output())
        until_ns = _last_frame_ns(tmp_path) // SECOND_NS * SECOND_NS
        await system.until(lambda: _is_written(postgres_dsn, until_ns))
        assert await system.interrupt() == 0
    venue = system.summary()["venues"]["binance"]
    assert (venue["state"], venue["gaps"], venue["parse_errors"]) == ("LIVE", 0, 0)
    assert system.summary()["mode"] == "play"

    expected = _recomputed(tmp_path, until_ns)
    assert len(expected) >= 10
    written = {row.start_ns: row for row in read_snapshots(postgres_dsn, "binance")}
    for row in expected:
        assert bits(written[row.start_ns]) == bits(row)
    assert_windows_equal(postgres_dsn, tmp_path, "binance", WINDOW_SECONDS)


def _records(data_dir: Path) -> list[Record]:
    (folder,) = (data_dir / "recordings").glob("*/tracker")
    return list(read_recording(folder, "binance"))


def _last_frame_ns(data_dir: Path) -> int:
    return max(record.time_ns for record in _records(data_dir))


def _is_written(dsn: str, until_ns: int) -> bool:
    return any(row.start_ns >= until_ns for row in read_snapshots(dsn, "binance"))


def _recomputed(data_dir: Path, until_ns: int) -> list[SnapshotRow]:
    """The windows from the first quote to the last whole second of the recording."""
    book, windows = BinanceOracle(), WindowOracle("binance", WINDOW_SECONDS)
    for quote in book.quotes(_records(data_dir)):
        windows.take(SYMBOL, quote)
    assert book.depth_events >= DEPTH_EVENTS
    windows.advance(until_ns)
    return [row for row in windows.snapshots if row.start_ns < until_ns]
