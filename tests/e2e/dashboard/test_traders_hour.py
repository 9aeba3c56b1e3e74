"""A trader's hour, from the printed link to the offline page, as one story in one tab.

With TRADERS_HOUR_PICTURES naming a folder each step is kept there as a picture.
"""

import asyncio
import csv
import io
import os
import re
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
PICTURES = os.environ.get("TRADERS_HOUR_PICTURES")
TONE = 2  # oscillators
FETCH = "(url) => fetch(url, { cache: 'no-store' }).then((answer) => answer.json())"
SHOWN = "document.querySelectorAll('.grid-rows .row:not([hidden])').length"


async def _btc_by_the_slash(one: Opened) -> None:
    await one.page.keyboard.press("/")
    await one.page.keyboard.type("BTC")
    await one.page.wait_for_selector("#found-0")
    await one.page.keyboard.press("Enter")
    await one.until(f"location.hash.includes('asset=BTC') && {SHOWN} >= 3")


async def _sorted_pinned_and_kept(one: Opened) -> None:
    page = one.page
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


async def _a_tiny_price_in_full(one: Opened) -> None:
    await one.page.evaluate("location.hash = '#/prices?asset=PEPE'")
    await one.until(f"{SHOWN} >= 3")
    await one.page.click(".grid-rows .row:not([hidden])")
    await one.page.click("text=Copy bid and ask in full")
    bid, ask = (await one.page.evaluate("navigator.clipboard.readText()")).split("\t")
    assert re.fullmatch(r"0\.00\d{5,}", bid)
    assert 0 < float(bid) < float(ask)


async def _an_opportunity_explained(one: Opened) -> None:
    await one.page.evaluate("location.hash = '#/opportunities?explain=BTC,binance,okx'")
    await one.page.wait_for_selector("aside.detail .verdict b")
    await one.page.wait_for_selector("section[aria-label='Book of okx'] .level")
    assert "Fees of opening both legs" in await one.page.inner_text("aside.detail")


async def _a_file_equal_to_rest(one: Opened) -> None:
    page = one.page
    await page.evaluate("location.hash = '#/windows?length=15s&span=15'")
    await page.wait_for_selector("section[aria-label=Rows] tbody tr td.num")
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


async def _a_rule_that_is_heard(one: Opened) -> None:
    """Alerts sound, each once; a rule that is muted here is not heard."""
    page = one.page
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


async def _a_venue_stopped_and_started(one: Opened) -> None:
    await one.page.evaluate("location.hash = '#/venues?venue=kucoin'")
    await one.page.locator("aside.detail").get_by_role("button", name="Stop all of it").click()
    await one.page.locator(".toast").get_by_role("button", name="Undo").click()
    await one.page.locator(".log div", has_text="kucoin").first.wait_for()


async def _offline_and_honest(one: Opened) -> None:
    page = one.page
    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await page.reload()
    await one.until("navigator.serviceWorker.controller !== null")
    await page.context.set_offline(True)
    await page.reload()
    await page.wait_for_selector(".banner.lost:has-text('Offline')")
    await page.evaluate("location.hash = '#/prices'")
    await page.wait_for_selector("h1:has-text('Prices')")
    assert await page.evaluate(SHOWN) == 0


STEPS = (
    _btc_by_the_slash,
    _sorted_pinned_and_kept,
    _a_tiny_price_in_full,
    _an_opportunity_explained,
    _a_file_equal_to_rest,
    _a_rule_that_is_heard,
    _a_venue_stopped_and_started,
    _offline_and_honest,
)


async def test_a_traders_hour(site: Site) -> None:
    """Every step is one that a desk takes on its first day, and what comes of it is looked at."""
    async with logged_in(site) as one:
        await one.page.evaluate(LISTEN)
        for number, step in enumerate(STEPS, 1):
            try:
                await step(one)
            except Exception as error:
                error.add_note(f"step {number}: {step.__name__}")
                raise
            if PICTURES:
                await one.page.screenshot(path=f"{PICTURES}/{number}{step.__name__}.png")
