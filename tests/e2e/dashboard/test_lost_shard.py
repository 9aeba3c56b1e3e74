"""One aggregator of three dies: its instruments have no price until it is back, all others keep theirs."""

import os
import signal
from pathlib import Path

import pytest

from crossbook._core import shard_of
from tests.support.dashboard.chromium import chromium, missing
from tests.support.dashboard.page import opened
from tests.support.dashboard.system import system_with_pages

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

SHARDS, LOST = ["a", "b", "c"], "b"
SEEN = """() => {
  const rows = [...document.querySelectorAll(".grid-rows .row:not([hidden])")];
  window.seen = window.seen ?? [];
  window.seen.push({
    banner: document.querySelector(".banner.lost")?.textContent ?? "",
    rows: rows.map((row) => [row.children[1].textContent, row.children[0].textContent, row.querySelector(".state")?.textContent ?? "", row.children[3].textContent]),
  });
}"""
WATCH = f"setInterval({SEEN}, 50)"
IS_WELL = (
    "document.querySelector('.banner.lost') === null"
    " && document.querySelectorAll('.grid-rows .row:not([hidden]) .state.LIVE').length >= 9"
)


async def test_a_lost_shard_takes_its_own_prices_with_it_and_no_others(tmp_path: Path) -> None:
    """The banner names it while it is away; then all is as before."""
    async with system_with_pages(tmp_path, "--shards", "3") as (system, address), chromium() as browser:
        async with opened(browser, address) as one:
            await one.go("prices")
            await one.until(IS_WELL)
            await one.page.evaluate(WATCH)
            os.kill(system.pid(f"aggregator-{LOST}"), signal.SIGKILL)
            await one.page.wait_for_selector(".banner.lost")
            await one.until(IS_WELL)
            seen = await one.page.evaluate("window.seen")
    named = [moment for moment in seen if moment["banner"]]
    assert all(f"Aggregator {LOST} is lost" in moment["banner"] for moment in named)
    states: dict[str, set[str]] = {shard: set() for shard in SHARDS}
    for moment in named:
        for venue, symbol, state, bid in moment["rows"]:
            assert (state == "LIVE") == (bid != "")
            states[shard_of(venue, symbol, SHARDS)].add(state)
    assert states["a"] == states["c"] == {"LIVE"}
    assert "LIVE" not in states[LOST]
