"""The Python client is a distribution of its own: built and installed by itself, it needs nothing of the servers."""

import asyncio
import contextlib
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from crossbook.pb.v1 import arbitrage_pb2
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceServicer, add_ArbitrageServiceServicer_to_server
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
UV = ROOT / ".tools" / "bin" / "uv"
# -S: the server distribution is on the path by a .pth file alone, which is not read; grpc and protobuf are found.
ISOLATED = [sys.executable, "-I", "-S", "-c"]
RUN = """
import runpy, sys
sys.path[:0] = [{target!r}, {site!r}]
sys.argv = ["watch_opportunities.py", {address!r}]
try:
    import crossbook
except ImportError:
    print("alone", flush=True)
runpy.run_path({example!r}, run_name="__main__")
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The client, built and put into a folder by itself; uv has its build backend within, so no network is needed."""
    if not UV.exists():
        pytest.skip("uv is not there: make setup fetches it")
    source, target = tmp_path / "source", tmp_path / "installed"
    shutil.copytree(ROOT / "clients" / "python", source, ignore=shutil.ignore_patterns("__pycache__", "dist"))
    command = [str(UV), "pip", "install", "--offline", "--no-deps", "--python", sys.executable, "--target", str(target)]
    done = subprocess.run([*command, str(source)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in target.iterdir() if path.is_dir() and "-" not in path.name} == {"crossbook_client"}
    return target


class OneOpportunity(ArbitrageServiceServicer):
    """Tells of one that opened."""

    async def WatchOpportunities(self, *_: object) -> object:
        event = arbitrage_pb2.OpportunityEvent(kind=arbitrage_pb2.OPPORTUNITY_EVENT_KIND_OPENED, resume_token="t")
        event.opportunity.asset = "BTC"
        yield arbitrage_pb2.WatchOpportunitiesResponse(events=[event])


async def test_the_example_runs_on_the_installed_client_alone(installed: Path, tmp_path: Path) -> None:
    """It prints what a service tells, in an interpreter that has no server package."""

    def register(server: object) -> None:
        add_ArbitrageServiceServicer_to_server(OneOpportunity(), server)

    async with grpc_server("127.0.0.1", 0, register, ServiceHealth()) as server:
        program = RUN.format(
            target=str(installed),
            site=sysconfig.get_paths()["purelib"],
            address=f"127.0.0.1:{server.port}",
            example=str(ROOT / "clients" / "python" / "examples" / "watch_opportunities.py"),
        )
        said = tmp_path / "said"
        with said.open("wb") as output:
            process = await asyncio.create_subprocess_exec(*ISOLATED, program, stdout=output, stderr=output)
        try:
            await eventually(lambda: "OPENED" in said.read_text() or process.returncode is not None)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    lines = said.read_text().splitlines()
    assert lines[0] == "alone"
    assert lines[1].startswith("OPENED  BTC")


def test_the_client_names_nothing_of_the_servers() -> None:
    """Its sources import its own stubs, grpc and protobuf."""
    sources = list((ROOT / "clients" / "python").rglob("*.py"))
    assert len(sources) > 10
    imported = {
        line.split()[1].partition(".")[0]
        for path in sources
        for line in path.read_text().splitlines()
        if line.startswith(("import ", "from "))
    }
    assert "crossbook_client" in imported
    assert "crossbook" not in imported
