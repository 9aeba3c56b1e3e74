"""Clients in other languages against one running system: what people ask, every streaming method, and the examples.

What they ask is written in their own language, in clients/<language>; here it is run.
"""

import asyncio
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.clients.programs import GO, as_environment, passed, require_modules
from tests.support.clients.system import system_for_clients

pytestmark = pytest.mark.asyncio(loop_scope="module")
Addresses = dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def addresses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Addresses]:
    async with system_for_clients(tmp_path_factory.mktemp("run")) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def go() -> None:
    require_modules(GO)


async def test_every_story_in_go_holds(go: None, addresses: Addresses) -> None:
    """None is left out, for none may be skipped while a system runs."""
    told = passed("go", "test", "-count=1", "-v", "./...", folder=GO, **as_environment(addresses, "kucoin"))
    assert "--- PASS: TestEveryStreamingMethod" in told
    assert "--- SKIP" not in told


async def test_the_example_in_go_resumes_where_it_ended(go: None, addresses: Addresses, tmp_path: Path) -> None:
    """The second run goes on behind the last event of the first."""
    passed("go", "build", "-o", tmp_path / "follow", "./cmd/follow", folder=GO)
    await _assert_resumes([str(tmp_path / "follow"), "-token", str(tmp_path / "token")], addresses, tmp_path / "token")


async def _assert_resumes(command: Sequence[str], addresses: Addresses, kept: Path) -> None:
    target = addresses["arbitrage"]
    assert len(await _first_lines([*command, target], 3)) == 3
    async with open_channel(target) as channel, aclosing(_events(channel, _token(kept))) as events:
        following = await anext(events)
    (line,) = await _first_lines([*command, target], 1)
    kind = pb.OpportunityEventKind.Name(following.kind).removeprefix("OPPORTUNITY_EVENT_KIND_")
    net = f"net {following.opportunity.costs.net_percent:.3f} %"
    assert re.split(r"\s+", line)[:2] == [kind, following.opportunity.asset]
    assert net in line


def _token(kept: Path) -> str:
    return kept.read_text().strip()


async def _events(channel: grpc.aio.Channel, token: str) -> AsyncIterator[pb.OpportunityEvent]:
    request = pb.WatchOpportunitiesRequest(resume_token=token)
    call = ArbitrageServiceStub(channel).WatchOpportunities(request, timeout=60)
    try:
        async for message in call:
            for event in message.events:
                yield event
    finally:
        call.cancel()


async def _first_lines(command: Sequence[str], count: int) -> list[str]:
    """What it prints first; then Ctrl-C, after which it ends well."""
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE)
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode() for _ in range(count)]
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == 0
    return lines
