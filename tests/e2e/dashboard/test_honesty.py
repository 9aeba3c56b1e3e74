"""What the page shows when something is wrong: nothing that is not so, and after it the same view as before."""

import pytest

from tests.support.dashboard.chromium import missing
from tests.support.dashboard.heard import listen
from tests.support.dashboard.page import Opened, opened
from tests.support.dashboard.site import Site
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

VIEW = "prices?q=usd&cols=fee&sort=-venue&open=okx%7CBTC%2FUSDT%3AUSDT"
SEE = """visible => {
  const get = () => (visible ? "visible" : "hidden");
  Object.defineProperty(document, "visibilityState", { configurable: true, get });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
CELLS = """() => [...document.querySelectorAll(".grid-rows .row:not([hidden])")].map((row) => ({
  id: row.id,
  state: row.querySelector(".state")?.textContent ?? "",
  bid: row.children[3].textContent,
  ask: row.children[4].textContent,
}))"""
ROWS = "document.querySelectorAll('.grid-rows .row:not([hidden])').length >= 9"
LIVE = "document.querySelector('.chip.is-live') !== null"


async def test_a_price_stands_only_where_the_book_is_live(site: Site) -> None:
    """Cut, frozen and spoilt books: a thousand cells and more, each row a price and LIVE, or a word and no price."""
    async with opened(site.browser, site.address) as one:
        await one.go("prices")
        await one.until(ROWS)
        await site.break_something("binance:corrupt@0s+4s,okx:refuse@0s+4s,okx:cut@0s,kucoin/BTC:freeze@0s+4s")
        seen, words = 0, set[str]()
        while seen < 1_000 or not words - {"LIVE"}:
            for row in await one.page.evaluate(CELLS):
                assert (row["state"] == "LIVE") == (row["bid"] != "") == (row["ask"] != ""), row
                seen, words = seen + 2, words | {row["state"]}
            await one.page.wait_for_timeout(40)
        assert "" not in words
        await one.until("document.querySelectorAll('.grid-rows .row:not([hidden]) .state.LIVE').length >= 9")


async def test_a_hidden_page_hears_alerts_and_no_prices(site: Site) -> None:
    """While it is hidden no quote comes; then one picture of what is, and no burst of what was."""
    async with opened(site.browser, site.address) as one:
        heard = listen(one.page)
        await one.go("prices")
        await one.until(ROWS)
        await one.page.evaluate(SEE, False)
        before = len(heard.of("heartbeat"))
        await eventually(lambda: len(heard.of("heartbeat")) >= before + 2)  # what was on its way has come
        quiet, events = len(heard.of("quotes")), len(heard.of("opportunities"))
        await eventually(lambda: len(heard.of("opportunities")) > events and len(heard.of("heartbeat")) >= before + 5)
        assert len(heard.of("quotes")) == quiet
        await one.page.evaluate(SEE, True)
        await eventually(lambda: len(heard.of("quotes")) > quiet)
        first = heard.of("quotes")[quiet:][:4]
        snapshots = [frame.subscription for frame in first if frame.is_snapshot]
        assert len(set(snapshots)) == len(snapshots)


async def test_the_gateway_dies_and_the_view_stays(site: Site) -> None:
    """A banner and grey while it is away; then live by itself, with filter, order, columns, row, scroll, focus."""
    async with opened(site.browser, site.address) as one:
        await one.go(VIEW)
        await one.until(ROWS)
        await one.page.set_viewport_size({"width": 1440, "height": 320})
        await one.page.focus("[role=grid]")
        await one.page.keyboard.press("End")
        top = await one.page.evaluate("document.querySelector('main').scrollTop = 90")
        await one.until(LIVE)
        before = await _view(one)
        async with site.gateway_killed():
            await one.page.wait_for_selector(".banner.lost")
            await one.until("document.querySelector('main.is-old') !== null")
            assert "old, as of" in await one.page.inner_text(".banner.lost")
        await one.until(LIVE)
        await one.until(
            "document.querySelector('.banner.lost') === null && document.querySelector('main.is-old') === null"
        )
        assert await _view(one) == before
        assert await one.page.evaluate("document.querySelector('main').scrollTop") == top
        await one.page.reload()
        await one.until(ROWS)
        assert (await _view(one))[:-1] == before[:-1]
        assert [each for each in one.faults if "ERR_CONNECTION_REFUSED" not in each and "WebSocket" not in each] == []


async def _view(one: Opened) -> list[str]:
    """Link, filter, order, columns, open row; what has the focus comes last."""
    return list(
        await one.page.evaluate(
            """() => [location.hash, document.querySelector("input[aria-label='Filter by text']").value,
            document.querySelector("[aria-sort=ascending],[aria-sort=descending]").textContent,
            [...document.querySelectorAll("[role=columnheader]")].map((each) => each.textContent).join(),
            document.querySelector("aside.detail h2")?.textContent ?? "",
            document.activeElement.getAttribute("role") ?? ""]"""
        )
    )


@pytest.mark.parametrize("hours", [-3, 3])
async def test_this_computers_clock_is_hours_off(site: Site, hours: int) -> None:
    """Ages and charts go by the gateway's clock: a quote of now is not hours old, and windows are found."""
    async with opened(site.browser, site.address) as one:
        await one.page.add_init_script(f"const now = Date.now; Date.now = () => now() + {hours} * 3600e3;")
        await one.go("prices")
        await one.until(ROWS)
        await one.until(
            "[...document.querySelectorAll('.grid-rows .row:not([hidden]):has(.LIVE)')]"
            ".every((row) => /^[0-9.]+ s$/.test(row.lastChild.textContent))"
        )
        await one.go("windows?length=15s&span=15")
        await one.until("document.querySelectorAll('section[aria-label=Rows] tbody tr td.num').length > 0")


async def test_offline_the_shell_says_so_and_shows_no_price(site: Site) -> None:
    """Loaded without a network it opens, says that it is offline, and no old price stands anywhere."""
    async with opened(site.browser, site.address) as one:
        await one.go("prices")
        await one.until(ROWS)
        await one.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await one.page.reload()  # now through the worker
        await one.until("navigator.serviceWorker.controller !== null")
        await one.page.context.set_offline(True)
        await one.page.reload()
        await one.page.wait_for_selector(".banner.lost:has-text('Offline')")
        await one.page.goto(f"{one.address}/#/windows")  # never opened here before
        await one.page.wait_for_selector("h1:has-text('Windows')")
        await one.page.goto(f"{one.address}/#/prices")
        await one.page.wait_for_selector(".banner.lost:has-text('Offline')")
        assert await one.page.evaluate(CELLS) == []
        shown = await one.page.inner_text("main")
        assert set(shown).isdisjoint("123456789"), shown
        assert await one.page.evaluate("fetch('/api/prices').then(() => 'answered', () => 'refused')") == "refused"
        await one.page.context.set_offline(False)
        await one.page.reload()
        await one.until(ROWS)
        manifest = await one.page.evaluate("fetch('manifest.webmanifest').then((answer) => answer.json())")
        assert manifest["display"] == "standalone"
        assert manifest["icons"]
