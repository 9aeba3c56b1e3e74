"""The end of `crossbook up`, whichever way it comes: nothing is left behind, and the next run goes on."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from crossbook.pb.v1.arbitrage_pb2 import GetArbitrageStatsRequest
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.local.system import System
from tests.support.servers.small_disk import small_disk
from tests.support.waiting import eventually


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def until_tracking(system: System) -> list[int]:
    """The pids of all processes, once there are all."""
    await system.until(lambda: "tracker" in system.processes())
    return [process["pid"] for process in system.processes().values()]


async def test_a_killed_run_leaves_nothing_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """kill -9 of the supervisor: every process, the servers too, ends by itself; SIGTERM of the next is a clean end."""
    one_venue = ["--venues", "okx", "--assets", "BTC"]
    async with System(tmp_path, *one_venue) as system:
        pids = await until_tracking(system)
        assert len(pids) == 7
        os.kill(json.loads((tmp_path / "run.json").read_text())["pid"], signal.SIGKILL)
        await system.ended(60)
        for pid in pids:
            await eventually(lambda pid=pid: not is_alive(pid))
    async with System(tmp_path, *one_venue) as system:
        await system.until(lambda: json.loads((tmp_path / "run.json").read_text())["pid"] == system.supervisor_pid)
        pids = await until_tracking(system)
        os.kill(system.supervisor_pid, signal.SIGTERM)
        assert await system.ended(60) == 0
        assert not any(is_alive(pid) for pid in pids)
    assert {process["exit_code"] for process in system.summary()["processes"].values()} == {0}


async def test_a_stop_during_the_start_is_clean(tmp_path: Path) -> None:
    """Ctrl-C as soon as the first process runs."""
    async with System(tmp_path, "--venues", "okx") as system:
        await system.until(system.processes)
        first = system.processes()
        assert await system.interrupt() == 0
    assert "tracker" not in first
    assert not any(is_alive(process["pid"]) for process in first.values())


async def test_the_servers_are_restarted_at_their_addresses(tmp_path: Path, postgres_dsn: str) -> None:
    """A killed Redis comes back where everybody looks for it."""
    environment = {"CROSSBOOK_POSTGRES_DSN": postgres_dsn}
    async with System(tmp_path, "--venues", "okx", "--assets", "BTC", **environment) as system:
        await until_tracking(system)
        killed = system.pid("redis")
        os.kill(killed, signal.SIGKILL)
        await system.until(lambda: system.pid("redis") != killed)
        assert await system.interrupt() == 0
    report = system.summary()["processes"]
    assert (report["redis"]["restarts"], report["redis"]["exit_code"]) == (1, 0)
    assert "postgres" not in report


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
async def test_a_second_run_on_the_same_data_is_refused(tmp_path: Path, signal_number: signal.Signals) -> None:
    """The first one does not notice."""
    async with System(tmp_path, "--venues", "okx", "--assets", "BTC") as system:
        await system.until(system.processes)
        async with System(tmp_path / "second", "--data-dir", str(tmp_path)) as second:
            assert await second.ended(60) == 2
            assert "is in use by another Crossbook" in second.output()
        os.kill(system.supervisor_pid, signal_number)
        assert await system.ended(60) == 0


async def test_it_runs_on_an_ipv6_address_and_past_a_proxy(tmp_path: Path, free_port: int) -> None:
    """Every service finds the others there, whatever the environment says about the web."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    proxy = f"http://127.0.0.1:{free_port}"  # nobody listens there
    environment = {"CROSSBOOK_HOST": "::1", "http_proxy": proxy, "https_proxy": proxy, "all_proxy": proxy}
    async with System(tmp_path, "--venues", "okx", "--assets", "BTC", **environment) as system:
        await until_tracking(system)
        await eventually(lambda: quotes_scanned(system))
        assert system.address("aggregator").startswith("[::1]:")
        assert await system.interrupt() == 0


async def quotes_scanned(system: System) -> int:
    """Quotes went the whole way to arbitrage."""
    async with open_channel(system.address("arbitrage")) as channel:
        stats = await ArbitrageServiceStub(channel).GetArbitrageStats(GetArbitrageStatsRequest(), timeout=30)
        return int(stats.quotes_scanned)


async def test_a_full_disk_costs_the_recording_and_not_the_summary(tmp_path: Path) -> None:
    """One line, the summary, an exit code; and everything is stopped as ever."""
    recordings = tmp_path / "recordings"
    recordings.mkdir()
    with small_disk(recordings) as disk:
        if disk is None:
            pytest.skip("nothing may be mounted here")
        async with System(tmp_path, "--venues", "okx", "--assets", "BTC", "--record") as system:
            await until_tracking(system)
            await system.until(lambda: any(recordings.glob("*/tracker/*")))
            await asyncio.to_thread(disk.fill)
            assert await system.interrupt() == 2
        said = [line for line in system.output().splitlines() if line.startswith("crossbook: ")]
        assert len(said) == 1
        assert "is not complete: No space left on device" in said[0]
        assert "Traceback" not in system.output()
    assert {process["exit_code"] for process in system.summary()["processes"].values()} == {0}


async def test_an_open_host_is_refused_before_anything_starts(tmp_path: Path) -> None:
    """With what to set."""
    async with System(tmp_path, CROSSBOOK_HOST="0.0.0.0") as system:
        assert await system.ended(60) == 2
    assert "CROSSBOOK_ALLOW_OPEN=true" in system.output()
    assert not (tmp_path / "lock").exists()
