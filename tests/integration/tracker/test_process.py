"""The tracker as a process: how it ends, and what it refuses to start with."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.settings import load_settings
from crossbook.simulator.app import running_simulator
from tests.support.tracker.ingest_server import ingest_server
from tests.support.tracker.tracking import free_port
from tests.support.waiting import eventually

CODE = """
from crossbook.plumbing.process import run_service
from crossbook.plumbing.settings import load_settings
from crossbook.tracker import app
run_service(lambda lifetime: app.run(load_settings(), lifetime))
"""


async def start(**variables: str) -> asyncio.subprocess.Process:
    given = {f"CROSSBOOK_TRACKER__{key.upper()}": value for key, value in variables.items()}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CODE,
        env=os.environ | given,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def end(process: asyncio.subprocess.Process) -> tuple[int, str]:
    async with asyncio.timeout(60):
        _, stderr = await process.communicate()
    assert process.returncode is not None
    return process.returncode, stderr.decode()


async def is_serving(channel: grpc.aio.Channel) -> bool:
    try:
        answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
    except grpc.aio.AioRpcError:
        return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_a_signal_ends_it_cleanly_and_nothing_is_left_behind() -> None:
    """SERVING once it has listed; on SIGTERM the stream to the aggregator ends whole and the exit code is 0."""
    simulated = load_settings(simulator={"port": 0, "assets": 2})
    async with ingest_server() as ingest, running_simulator(simulated) as simulator:
        port = free_port()
        process = await start(
            port=str(port),
            metrics_port="0",
            venues="okx",
            shards=f'{{"main": "127.0.0.1:{ingest.port}"}}',
            endpoints=(
                f'{{"okx": {{"websocket_url": "ws://127.0.0.1:{simulator.port}/okx", '
                f'"rest_url": "http://127.0.0.1:{simulator.port}/okx"}}}}'
            ),
        )
        async with open_channel(f"127.0.0.1:{port}") as channel:
            await eventually(lambda: is_serving(channel))
        await eventually(lambda: "okx" in ingest.streams and len(ingest.streams["okx"].last_states()) == 2)
        process.send_signal(signal.SIGTERM)
        code, _ = await end(process)
    assert code == 0
    stream = ingest.streams["okx"]
    assert stream.sequences == list(range(1, len(stream.batches) + 1))
    assert set(stream.last_states().values()) == {4}
    assert not stream.is_connected


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"venues": "nosuch"}, "'nosuch' is not a venue"),
        ({"endpoints": '{"okx": {"rest_url": "gopher://x"}}'}, "tracker.endpoints.okx.rest_url"),
        ({"shards": '{"main": "nowhere"}'}, "tracker.shards.main"),
        ({"stale_after_seconds": "-1"}, "tracker.stale_after_seconds"),
    ],
)
async def test_bad_settings_end_it_with_one_line(variables: dict[str, str], message: str) -> None:
    """Exit code 2, and the line names what is wrong."""
    code, stderr = await end(await start(metrics_port="0", port="0", **variables))
    assert code == 2
    assert message in stderr.splitlines()[-1]


async def test_a_taken_port_ends_it_with_one_line() -> None:
    """The line names the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, stderr = await end(await start(metrics_port="0", port=str(port), venues="okx"))
    assert code == 3  # whoever started it may try again, where a wrong setting stays wrong
    assert f"127.0.0.1:{port} is taken" in stderr


async def test_a_folder_that_cannot_be_recorded_into_ends_it_with_one_line(tmp_path: Path) -> None:
    """The line names the setting."""
    (tmp_path / "file").write_text("in the way")
    code, stderr = await end(await start(metrics_port="0", port="0", record_dir=str(tmp_path / "file" / "folder")))
    assert code == 2
    assert "tracker.record_dir" in stderr
