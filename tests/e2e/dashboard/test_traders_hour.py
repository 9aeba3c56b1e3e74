"""A trader's hour, from the printed link to the offline page, as one story in one tab.

With TRADERS_HOUR_PICTURES naming a folder each step is kept there as a picture.
"""

import asyncio
import csv
import io
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.dashboard.chromium import missing
from tests.support.dashboard.page import Opened
from tests.support.dashboard.site import Site, logged_in
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

# How many sounds the page has begun, counted where they leave it.
LISTEN = """() => {
  window.heard = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...at) { window.heard++; return start.apply(this, at); };
}"""
TONE = 2  # oscillators
FETCH = "(url) => fetch(url, { cache: 'no-store' }).then((answer) => answer.json())"
SHOWN = "document.querySelectorAll('.grid-rows .row:not([hidden])').length"


class Story:
    """One tab; a step's name is its picture's."""

    def __init__(self, one: Opened) -> None:
        self.one, self.page, self._steps = one, one.page, 0
        folder = os.environ.get("TRADERS_HOUR_PICTURES")
        self._folder = Path(folder) if folder else None

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """Fails under its name."""
        self._steps += 1
        try:
            yield
        except Exception as error:
            error.add_note(f"step {self._steps}: {name}")
            raise
        if self._folder:
            self._folder.mkdir(parents=True, exist_ok=True)
            await self.page.screenshot(path=self._folder / f"{self._steps:02}-{name.replace(' ', '-')}.png")


async def test_a_traders_hour(site: Site) -> None:
    """Every step is one that a desk takes on its first day, and what comes of it is looked at."""
    async with logged_in(site) as one:
        story = Story(one)
        page = story.page
        await page.evaluate(LISTEN)
        async with story.step("btc by the slash"):
            await page.keyboard.press("/")
            await page.keyboard.type("BTC")
            await page.wait_for_selector("#found-0")
            await page.keyboard.press("Enter")
            await one.until(f"location.hash.includes('asset=BTC') && {SHOWN} >= 3")
        async with story.step("sorted pinned and kept"):
            await page.click("role=columnheader[name='Ask']")
            await page.click(".grid-rows .row:not([hidden])")
            await page.get_by_role("button", name="Pin BTC").click()
            await one.until("location.hash.includes('pin=BTC')")
            await page.keyboard.press("Escape")
            await page.get_by_role("button", name="Save view").click()
            await page.get_by_role("button", name="Reset").click()
            await one.until("!location.hash.includes('asset=')")
            await page.get_by_label("Saved views").select_option("mine")
            await one.until("['asset=BTC', 'pin=BTC', 'sort='].every((part) => location.hash.includes(part))")
        async with story.step("a tiny price in full"):
            await page.evaluate("location.hash = '#/prices?asset=PEPE'")
            await one.until(f"{SHOWN} >= 3")
            await page.click(".grid-rows .row:not([hidden])")
            await page.click("text=Copy bid and ask in full")
            bid, ask = (await page.evaluate("navigator.clipboard.readText()")).split("\t")
            assert re.fullmatch(r"0\.00\d{5,}", bid)
            assert 0 < float(bid) < float(ask)
        async with story.step("an opportunity explained"):
            await page.evaluate("location.hash = '#/opportunities?explain=BTC,binance,okx'")
            await page.wait_for_selector("aside.detail .verdict b")
            await page.wait_for_selector("section[aria-label='Book of okx'] .level")
            assert "Fees of opening both legs" in await page.inner_text("aside.detail")
        async with story.step("windows as a file equal to REST"):
            await page.evaluate("location.hash = '#/windows?length=15s&span=15'")
            await page.wait_for_selector("section[aria-label=Rows] tbody tr td.num")
            await _export_is_what_rest_says(story)
        async with story.step("a rule that is heard once"):
            await _rule_with_a_sound(story)
        async with story.step("a venue stopped and started"):
            await page.evaluate("location.hash = '#/venues?venue=kucoin'")
            detail = page.locator("aside.detail")
            await detail.get_by_role("button", name="Stop all of it").click()
            await page.locator(".toast").get_by_role("button", name="Undo").click()
            await page.locator(".log div", has_text="kucoin").first.wait_for()
        async with story.step("offline and honest"):
            await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
            await page.reload()
            await one.until("navigator.serviceWorker.controller !== null")
            await page.context.set_offline(True)
            await page.reload()
            await page.wait_for_selector(".banner.lost:has-text('Offline')")
            await page.evaluate("location.hash = '#/prices'")
            await page.wait_for_selector("h1:has-text('Prices')")
            assert await page.evaluate(SHOWN) == 0


async def _export_is_what_rest_says(story: Story) -> None:
    page = story.page
    card = page.locator("section[aria-label='Best bid and ask']")
    await card.get_by_role("button", name="Export").click()
    async with page.expect_download() as coming:
        await card.get_by_role("button", name="CSV of").click()
    text = await asyncio.to_thread(Path(await (await coming.value).path()).read_text)
    rows = list(csv.DictReader(io.StringIO(text)))
    await card.get_by_role("button", name="Export").click()
    await card.get_by_role("button", name="Copy as curl").click()
    line = await page.evaluate("navigator.clipboard.readText()")
    answer = await page.evaluate(FETCH, line.removeprefix("curl '").removesuffix("'"))
    (listed,) = [value for value in answer.values() if isinstance(value, list)]
    known = {int(row["timestamp"]): row for row in listed}
    assert rows
    for row in rows:
        told = known[int(row["start (ms since 1970, UTC)"])]
        assert (row["venue"], row["symbol"]) == (told["venue"], told["symbol"])
        assert float(row["avg_bid (quote currency)"]) == told["avg_bid"]
        assert int(row["ticks"]) == int(told["tick_count"])


async def _rule_with_a_sound(story: Story) -> None:
    """Alerts sound, each once; a rule that is muted here is not heard."""
    one, page = story.one, story.page
    await page.evaluate("location.hash = '#/alerts'")
    await page.get_by_role("button", name="New rule").click()
    form = page.locator("section[aria-label='New rule']")
    await form.get_by_label("Id, a-z").fill("heard")
    await form.get_by_label("Name").first.fill("Heard")
    await form.get_by_label("Looks at").select_option(label="canary")
    await form.get_by_label("Every, s").fill("10")
    await page.get_by_role("button", name="Sound").first.click()
    await one.until(f"window.heard >= {TONE}")
    before = await page.evaluate("window.heard")
    await form.get_by_role("button", name="Save").click()
    await eventually(lambda: page.evaluate(f"window.heard >= {before + TONE}"))
    row = page.locator("section[aria-label='Rules'] tbody tr", has_text="Heard")
    await row.get_by_role("checkbox").uncheck()
    await row.get_by_role("button", name="Remove").click()
    await row.wait_for(state="detached")
