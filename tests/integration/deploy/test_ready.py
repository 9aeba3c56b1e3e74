"""What `helm test` runs in its pod, run here against real servers."""

import asyncio
import sys
from pathlib import Path

from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server

SCRIPT = (Path(__file__).parents[3] / "deploy/helm/crossbook/files/ready.py").read_text()


async def ready(*targets: str) -> tuple[int | None, str]:
    """Exit code and output."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, *targets, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await running.communicate()
    return running.returncode, output.decode()


async def test_it_passes_only_if_all_serve() -> None:
    """And it says which does not."""
    well, unwell = ServiceHealth("any"), ServiceHealth("any", awaits=("postgres",))
    async with (
        grpc_server("127.0.0.1", 0, lambda _: None, well) as first,
        grpc_server("127.0.0.1", 0, lambda _: None, unwell) as second,
    ):
        here, there = f"127.0.0.1:{first.port}", f"127.0.0.1:{second.port}"
        assert await ready(here) == (0, f"{here} SERVING\n")
        assert await ready(here, there) == (1, f"{here} SERVING\n{there} NOT_SERVING\n")


async def test_it_does_not_pass_for_want_of_targets() -> None:
    """A list that was rendered empty is a fault of the chart."""
    assert await ready() == (1, "")
