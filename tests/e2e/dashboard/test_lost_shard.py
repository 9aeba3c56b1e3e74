"""One aggregator of three dies: its instruments have no price until it is back, all others keep theirs."""

import os
import signal
from pathlib import Path

import pytest

from crossbook.pb.v1 import aggregator_pb2 as pb
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.dashboard.chromium import chromium, missing
from tests.support.dashboard.page import opened
from tests.support.dashboard.system import system_with_pages
from tests.support.local.system import System

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

LOST = "b"
SEEN = """() => {
  const rows = [...document.querySelectorAll(".grid-rows .row:not([hidden])")];
  window.seen = window.seen ?? [];
  window.seen.push({
    banner: document.querySelector(".banner.lost")?.textContent ?? "",
    rows: rows.map(({ children }) => [1, 0, 2, 3].map((cell) => children[cell].textContent)),
  });
}"""
WATCH = f"setInterval({SEEN}, 50)"
IS_WELL = (
    "document.querySelector('.banner.lost') === null"
    " && document.querySelectorAll('.grid-rows .row:not([hidden]) .state.LIVE').length >= 9"
)


async def _instruments_of(system: System, shard: str) -> set[tuple[str, str]]:
    async with open_channel(system.address(f"aggregator-{shard}")) as channel:
        listed = await AggregatorServiceStub(channel).ListLatestQuotes(pb.ListLatestQuotesRequest())
    return {(quote.venue, quote.symbol) for quote in listed.quotes}


async def test_a_lost_shard_takes_its_own_prices_with_it_and_no_others(tmp_path: Path) -> None:
    """The banner names it while it is away; then all is as before."""
    async with system_with_pages(tmp_path, "--shards", "3") as (system, address), chromium() as browser:
        own = await _instruments_of(system, LOST)
        async with opened(browser, address) as one:
            await one.go("prices")
            await one.until(IS_WELL)
            await one.page.evaluate(WATCH)
            os.kill(system.pid(f"aggregator-{LOST}"), signal.SIGKILL)
            await one.page.wait_for_selector(".banner.lost")
            await one.until(IS_WELL)
            seen = await one.page.evaluate("window.seen")
    assert {moment["banner"].split(":")[0] for moment in seen} == {"", f"Aggregator {LOST} is lost"}
    states: dict[bool, set[str]] = {True: set(), False: set()}
    for venue, symbol, state, bid in (row for moment in seen for row in moment["rows"]):
        assert (state == "LIVE") == (bid != "")
        states[(venue, symbol) in own].add(state)
    assert states[False] == {"LIVE"}
    assert states[True] > {"LIVE"}
