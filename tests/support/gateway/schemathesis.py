"""Requests that schemathesis makes from the document that a gateway serves, right ones and wrong ones."""

import asyncio
import sys
from asyncio.subprocess import PIPE, STDOUT
from importlib.util import find_spec
from pathlib import Path

from crossbook.pb.v1.access_pb2 import ROLE_ADMIN
from crossbook.plumbing.access.folder import open_secrets
from crossbook.plumbing.access.roles import Caller
from tests.support.dashboard.system import system_with_pages

IS_THERE = find_spec("schemathesis") is not None
BOUNDS, RANDOM = "coverage", "fuzzing"  # phases: every bound of every parameter and field; random examples
TOKEN_SECONDS = 3_600
LIMITS = ("REQUESTS_PER_SECOND", "REQUESTS_BURST")
UNLIMITED = {f"CROSSBOOK_GATEWAY__{name}": "1000000" for name in LIMITS}  # else it would see little but 429
# Left out: positive_data_acceptance. What fits the document may still name a venue, rule or key that there is not, or
# times the wrong way round: a schema cannot say so, and such requests are refused with 400.
LEFT_OUT = ("positive_data_acceptance",)


async def asked(folder: Path, examples: int, seed: int, *phases: str) -> tuple[int, str]:
    """Its exit code and what it says, of a new system that an administrator asks `examples` of each operation."""
    async with system_with_pages(folder, **UNLIMITED) as (system, address):
        signer = open_secrets(system.data_dir / "access").signer
        token = signer.token(Caller("local", ROLE_ADMIN, "local"), TOKEN_SECONDS)
        command = _command(address, token, examples, seed, phases)
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=PIPE, stderr=STDOUT)
        output, _ = await process.communicate()
        return await process.wait(), output.decode()


def _command(address: str, token: str, examples: int, seed: int, phases: tuple[str, ...]) -> list[str]:
    return [
        *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
        *("run", f"{address}/openapi.json", "--header", f"Authorization: Bearer {token}"),
        *("--checks", "all", "--exclude-checks", ",".join(LEFT_OUT)),
        *("--phases", ",".join(phases), "--max-examples", str(examples), "--seed", str(seed)),
        *("--suppress-health-check", "filter_too_much", "--warnings", "off", "--no-color"),
        *("--continue-on-failure", "--generation-database", "none"),
    ]
