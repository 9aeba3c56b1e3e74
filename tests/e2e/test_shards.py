"""Several aggregators side by side: a whole run with two, and instruments that move to a third and back under load."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psycopg

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.local.system import VENUES, System, instruments_of
from tests.support.tracker.recordings import assert_windows_equal
from tests.support.tracker.tracking import free_port

WINDOW_SECONDS = 5
DURATION_SECONDS = 64  # longer than a minute, so that a minute ends in it, whenever it begins
MOVE_SECONDS = 180.0  # a minute's beginning, and what it takes on a machine under load
INSTRUMENTS = sum(map(instruments_of, VENUES))
# Every pair is an opportunity and stays one: whatever closes has lost a leg, if only for a moment.
OPEN_TO_ALL = {
    "CROSSBOOK_ARBITRAGE__OPEN_NET_PERCENT": "-20",
    "CROSSBOOK_ARBITRAGE__CLOSE_NET_PERCENT": "-30",
    "CROSSBOOK_ARBITRAGE__UPDATE_STEP_PERCENT": "100",
    "CROSSBOOK_ARBITRAGE__MIN_NOTIONAL": "0",
    "CROSSBOOK_ARBITRAGE__MAX_AGE_SECONDS": "120",
    "CROSSBOOK_ARBITRAGE__MAX_SKEW_SECONDS": "120",
}


async def test_two_shards_do_what_one_does(tmp_path: Path) -> None:
    """Every venue LIVE, windows exact and each written once, every planted episode found and no other, exit 0; and a
    replay of what was recorded gives the same.
    """
    options = ["--shards", "2", "--duration", f"{DURATION_SECONDS}s", "--window-seconds", str(WINDOW_SECONDS)]
    async with System(tmp_path, *options, "--record", "--seed", "3") as system:
        await system.until(lambda: any(name.startswith("tracker") for name in system.processes()))
        quotes = await _watch_quotes(system, "aggregator-a", "aggregator-b")
        assert await system.ended(DURATION_SECONDS + 120) == 0
    assert {quote["venue"] for quote in quotes} == set(VENUES)
    assert len({(quote["venue"], quote["symbol"]) for quote in quotes}) == INSTRUMENTS
    report = system.summary()
    assert {venue["state"] for venue in report["venues"].values()} == {"LIVE"}
    assert report["ground_truth"]["planted"] >= 3
    assert report["ground_truth"]["detected"] == report["ground_truth"]["planted"]
    assert report["ground_truth"]["false"] == 0
    assert report["windows"]["incomplete"] == 0
    assert {process["exit_code"] for process in report["processes"].values()} == {0}
    async with embedded_postgres(tmp_path / "postgres") as dsn:
        written = [assert_windows_equal(dsn, tmp_path, venue, WINDOW_SECONDS) for venue in VENUES]
        assert {len(_shards_of(dsn, venue)) for venue in VENUES} == {2}
    assert report["windows"]["snapshots_written"] >= sum(map(len, written)) > 0
    (recording,) = (tmp_path / "recordings").iterdir()
    code, output = await _crossbook("replay", str(recording))
    assert code == 0, output[-4000:]
    assert output.count(" same") >= 2 * len(VENUES) + 2


async def test_instruments_move_to_a_third_shard_and_back(tmp_path: Path, postgres_dsn: str, redis_url: str) -> None:
    """While everything runs: no opportunity so much as flickers, every window is written once, complete, and equal in
    every bit to what the recorded quotes give; so too when a shard is killed while they move once more.
    """
    options = ["--shards", "2", "--window-seconds", str(WINDOW_SECONDS), "--record"]
    servers = {"CROSSBOOK_POSTGRES_DSN": postgres_dsn, "CROSSBOOK_REDIS_URL": redis_url}
    async with (
        System(tmp_path, *options, CROSSBOOK_SIMULATOR__RATE="3", **servers, **OPEN_TO_ALL) as system,
        _aggregator("c", servers) as address,
    ):
        await _until(lambda: _is_spread(postgres_dsn, "a", "b"))
        two = json.loads((tmp_path / "shards.json").read_text())
        three = two | {"c": address}
        async with _closings(system) as closings:
            _list(system, three)
            await _until(lambda: _is_spread(postgres_dsn, "a", "b", "c"))
            _list(system, two)
            await _until(lambda: _is_spread(postgres_dsn, "a", "b"))
            await _until(lambda: system.output().count("lane_left") == len(VENUES))
        _list(system, three)
        killed = system.pid("aggregator-b")
        os.kill(killed, signal.SIGKILL)
        await system.until(lambda: system.pid("aggregator-b") != killed)
        await _until(lambda: _is_spread(postgres_dsn, "a", "b", "c"))
        assert await system.interrupt() == 0
    assert closings == []
    for venue in VENUES:
        rows = assert_windows_equal(postgres_dsn, tmp_path, venue, WINDOW_SECONDS)
        assert all(row.is_complete for row in rows)
        assert len({row.symbol for row in rows}) == instruments_of(venue)


def _list(system: System, shards: dict[str, str]) -> None:
    """Another list of shards for whoever reads it."""
    (system.data_dir / "shards.json").write_text(json.dumps(shards))
    for name in system.processes():
        if name.partition("-")[0] in ("tracker", "arbitrage"):
            os.kill(system.pid(name), signal.SIGHUP)


@asynccontextmanager
async def _aggregator(shard: str, servers: dict[str, str]) -> AsyncIterator[str]:
    """One more, as somebody would start it; its address."""
    port = free_port()
    own = {"PORT": str(port), "METRICS_PORT": "0", "SHARD": shard, "WINDOW_SECONDS": str(WINDOW_SECONDS)}
    environment = servers | {f"CROSSBOOK_AGGREGATOR__{key}": value for key, value in own.items()}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crossbook", "aggregator", env={**os.environ, **environment}
    )
    try:
        yield f"127.0.0.1:{port}"
        process.terminate()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def _closings(system: System) -> AsyncIterator[list[str]]:
    """What closes until the end of the block."""
    closed: list[str] = []
    async with open_channel(system.address("arbitrage")) as channel:
        watching = asyncio.create_task(_follow(channel, closed))
        try:
            yield closed
        finally:
            watching.cancel()


async def _follow(channel: Any, closed: list[str]) -> None:
    call = ArbitrageServiceStub(channel).WatchOpportunities(pb.WatchOpportunitiesRequest())
    try:
        async for event in call:
            if event.kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED:
                found = event.opportunity
                reason = pb.RefusalReason.Name(event.close_reason)
                closed.append(f"{found.asset} {found.buy.venue} {found.sell.venue} {reason} {event.event_time}")
    finally:
        call.cancel()


def _is_spread(dsn: str, *shards: str) -> bool:
    """Whether exactly these have written the newest window of every venue of which all rows are there."""
    return all(_newest(dsn, venue) == set(shards) for venue in VENUES)


def _newest(dsn: str, venue: str) -> set[str]:
    statement = """
        SELECT array_agg(DISTINCT shard), count(*) FROM snapshots WHERE venue = %s
        GROUP BY window_start ORDER BY window_start DESC
    """
    full = (set(shards) for shards, rows in _select(dsn, statement, venue) if rows == instruments_of(venue))
    return next(full, set())


async def _until(condition: Callable[[], bool]) -> None:
    """Looks twice a second, for as long as a move may take."""
    async with asyncio.timeout(MOVE_SECONDS):
        while True:
            if condition():
                return
            await asyncio.sleep(0.5)


def _shards_of(dsn: str, venue: str) -> set[str]:
    return {shard for (shard,) in _select(dsn, "SELECT DISTINCT shard FROM snapshots WHERE venue = %s", venue)}


def _select(dsn: str, statement: str, venue: str) -> Iterator[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        yield from connection.execute(statement.encode(), (venue,)).fetchall()


async def _watch_quotes(system: System, *shards: str) -> list[dict[str, Any]]:
    """The quotes in force, which every shard tells first of all."""
    await system.until(lambda: system.output().count("uplink_open") >= len(VENUES) * len(shards))
    targets = ",".join(map(system.address, shards))
    code, output = await _crossbook("watch", "quotes", "--json", "--limit", str(40 * INSTRUMENTS), "--target", targets)
    assert code == 0, output[-4000:]
    return [json.loads(line)["quote"] for line in output.splitlines()]


async def _crossbook(*arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crossbook", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), MOVE_SECONDS)
    return process.returncode or 0, output.decode()
