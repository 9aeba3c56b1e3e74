"""Every page of the dashboard, in a real browser on a running system: whole, within its bounds, for everybody."""

import gzip
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.dashboard.chromium import missing
from tests.support.dashboard.page import PAGES, Opened, opened
from tests.support.dashboard.site import Site

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

WIDTHS = (1440, 820, 360)
BEFORE_ROWS_BYTES = {"js": 60_000, "css": 12_000}  # as gzip has them


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_opens_without_a_fault(site: Site, name: str) -> None:
    """It has its heading, no error, asks no host but ours, and does not scroll sideways at any width."""
    browser, address = site.browser, site.address
    for width in WIDTHS:
        async with opened(browser, address, width) as one:
            await one.go(name)
            assert await one.page.inner_text("h1") == name.capitalize()
            assert not await one.page.evaluate("document.documentElement.scrollWidth > innerWidth"), width
            assert one.faults == []
            assert {urlsplit(url).netloc for url in one.asked if url.startswith("http")} == {urlsplit(address).netloc}


@pytest.mark.parametrize("palette", ["classic", "swapped", "blue-orange"])
@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_nobody_is_kept_out(site: Site, theme: str, palette: str) -> None:
    """axe finds no violation on any page, in either theme and all palettes."""
    from axe_playwright_python.async_playwright import Axe

    browser, address = site.browser, site.address
    found: list[str] = []
    async with opened(browser, address, theme=theme) as one:
        await one.page.add_init_script(f"localStorage.setItem('crossbook.palette', '{palette}')")
        for name in PAGES:
            await one.go(name)
            results = await Axe().run(one.page)
            found += [
                f"{name}: {violation['id']} {node['html'][:120]}"
                for violation in results.response["violations"]
                for node in violation["nodes"][:3]
            ]
    assert found == []


async def test_little_comes_before_the_first_rows(site: Site) -> None:
    """Script and style stay within their bounds, and charts are not loaded until one is looked at."""
    browser, address = site.browser, site.address
    async with opened(browser, address) as one:
        await one.go("overview")
        paths = {urlsplit(url).path for url in one.asked}
    assert not [path for path in paths if "uPlot" in path]
    async with httpx.AsyncClient(base_url=address, trust_env=False) as web:
        for kind, most in BEFORE_ROWS_BYTES.items():
            files = [path for path in paths if path.endswith(f".{kind}") and path != "/sw.js"]
            assert 0 < sum([len(gzip.compress((await web.get(path)).content)) for path in files]) <= most, files
        assert len(gzip.compress((await web.get("/uPlot.esm.js")).content)) <= 35_000


async def test_the_simulation_is_said_everywhere(site: Site) -> None:
    """On every page and in the window's title."""
    browser, address = site.browser, site.address
    async with opened(browser, address) as one:
        for name in PAGES:
            await one.go(name)
            await one.page.wait_for_selector(".banner.simulated")
            assert (await one.page.title()).startswith("SIMULATION")


async def test_the_link_is_the_state(site: Site) -> None:
    """Filter, order and the open row survive a reload, and the link shows the same elsewhere."""
    browser, address = site.browser, site.address
    async with opened(browser, address) as one:
        await one.go("prices")
        await _rows(one)
        await one.page.fill("input[aria-label='Filter by text']", "btc")
        await one.page.click("role=columnheader[name='Ask']")
        await one.until("document.querySelectorAll('.grid-rows .row:not([hidden])').length === 3")
        await one.page.click(".grid-rows .row:not([hidden])")
        await one.page.wait_for_selector("aside.detail")
        link = await one.page.evaluate("location.hash")
        await one.page.reload()
        await one.page.wait_for_selector("aside.detail")
    async with opened(browser, address) as other:
        await other.go(link.removeprefix("#/"))
        await other.page.wait_for_selector("aside.detail")
        assert await other.page.input_value("input[aria-label='Filter by text']") == "btc"
        assert await other.page.get_attribute("role=columnheader[name='Ask']", "aria-sort") == "descending"


async def test_btc_is_found_by_keyboard_alone(site: Site) -> None:
    """`/`, the name, Enter; then the grid by arrows, and Enter opens the row."""
    browser, address = site.browser, site.address
    async with opened(browser, address) as one:
        await one.go("overview")
        await one.until("document.querySelector('.rail .count') !== null")
        await one.page.keyboard.press("/")
        await one.page.keyboard.type("BTC")
        await one.page.wait_for_selector("#found-0")
        await one.page.keyboard.press("Enter")
        await one.until("location.hash.includes('asset=BTC')")
        await _rows(one)
        await one.page.focus("[role=grid]")
        await one.page.keyboard.press("ArrowDown")
        await one.page.keyboard.press("Enter")
        await one.page.wait_for_selector("aside.detail h2:has-text('BTC')")
        await one.page.keyboard.press("Escape")
        await one.until("!location.hash.includes('open=')")


async def test_tiny_prices_are_readable_and_copied_in_full(site: Site) -> None:
    """PEPE's price by its counted zeros or its tick, every digit in the clipboard."""
    browser, address = site.browser, site.address
    async with opened(browser, address) as one:
        await one.go("prices?asset=PEPE")
        await _rows(one)
        await one.page.click(".grid-rows .row:not([hidden])")
        await one.page.click("text=Copy bid and ask in full")
        copied = await one.page.evaluate("navigator.clipboard.readText()")
        bid, ask = (float(number) for number in copied.split("\t"))
        assert 0 < bid < ask < 1
        assert "e" not in copied


async def test_explaining_a_pair(site: Site) -> None:
    """Any pair can be asked why: verdict, costs and both books."""
    browser, address = site.browser, site.address
    async with opened(browser, address) as one:
        await one.go("opportunities?explain=BTC,binance,okx")
        await one.page.wait_for_selector("aside.detail .verdict b")
        text = await one.page.inner_text("aside.detail")
        assert "Fees of opening both legs" in text
        await one.page.wait_for_selector("section[aria-label='Book of okx'] .level")


async def _rows(one: Opened) -> None:
    await one.until("document.querySelectorAll('.grid-rows .row:not([hidden])').length >= 3")
