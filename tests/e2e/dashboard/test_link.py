"""What the dashboard says when what is behind it breaks: never an old price that looks new."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.dashboard.chromium import chromium, missing
from tests.support.dashboard.page import opened
from tests.support.dashboard.system import system_with_pages
from tests.support.local.system import System

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.skipif(bool(missing()), reason=missing())]

FROZEN = "okx"
PRICED = """() => {
  const rows = [...document.querySelectorAll('.grid-rows .row:not([hidden])')];
  const shown = rows.map(row => [...row.children].map(cell => cell.textContent));
  return shown.filter(cells => cells[2] !== 'LIVE' && (cells[3] !== '' || cells[4] !== ''));
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[System, Any, str]]:
    """A system in which one venue's connections are cut again and again."""
    folder: Path = tmp_path_factory.mktemp("link")
    faults = ",".join(f"{FROZEN}:refuse@{second}s+4s,{FROZEN}:cut@{second}s" for second in range(10, 600, 8))
    async with system_with_pages(folder, "--faults", faults) as (system, address), chromium() as browser:
        yield system, browser, address


async def test_a_book_that_is_not_live_has_a_word_and_no_price(site: tuple[System, Any, str]) -> None:
    """In a thousand looks at a grid one of whose venues breaks, no row shows a price beside another word than LIVE."""
    _, browser, address = site
    async with opened(browser, address) as one:
        await one.go("prices")
        await one.until(f"{_words()}.some(word => word !== 'LIVE')")
        for _ in range(1000):
            assert await one.page.evaluate(PRICED) == []
        await one.until(f"{_words()}.every(word => word === 'LIVE')")
        assert one.faults == []


async def test_a_hidden_page_is_sent_no_quotes(site: tuple[System, Any, str]) -> None:
    """While it is hidden; when it is seen again it is current, by a snapshot and no burst."""
    _, browser, address = site
    async with opened(browser, address) as one:
        heard: list[int] = []
        one.page.on("websocket", lambda link: link.on("framereceived", lambda frame: heard.append(len(frame))))
        await one.go("prices")
        await one.page.evaluate("""() => {
          const seen = { get: () => window.seen ?? 'hidden', configurable: true };
          Object.defineProperty(document, 'visibilityState', seen);
          document.dispatchEvent(new Event('visibilitychange'));
        }""")
        await one.page.wait_for_timeout(1500)
        del heard[:]
        await one.page.wait_for_timeout(4000)
        assert max(heard, default=0) < 400, "only heartbeats come"
        await one.page.evaluate("window.seen = 'visible', document.dispatchEvent(new Event('visibilitychange'))")
        await one.until(f"{_words()}.length >= 9")
        await one.page.wait_for_timeout(2000)
        assert max(heard) > 400


async def test_a_killed_gateway_is_told_and_come_back_from(site: tuple[System, Any, str]) -> None:
    """The page greys and says how old what it shows is; when the gateway is back it is live again, as it was left."""
    system, browser, address = site
    async with opened(browser, address) as one:
        await one.go("prices?q=btc&sort=-ask")
        await one.until(f"{_words()}.length === 3")
        os.kill(system.pid("gateway"), signal.SIGKILL)
        await one.page.wait_for_selector(".banner.lost:has-text('old, as of')", timeout=60_000)
        assert await one.page.evaluate("document.querySelector('.page').classList.contains('is-old')")
        await one.page.wait_for_selector(".chip.is-live", timeout=120_000)
        await one.until("document.querySelector('.banner.lost') === null")
        assert await one.page.evaluate("location.hash") == "#/prices?q=btc&sort=-ask"
        await one.until(f"{_words()}.length === 3")


async def test_a_page_of_another_origin_learns_nothing(site: tuple[System, Any, str]) -> None:
    """A page that another server serves can neither read nor write, by socket, request or frame."""
    import asyncio

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        page = b"<p>another"
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + page)
        await writer.drain()
        writer.close()

    _, browser, address = site
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    other = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    context = await browser.new_context()
    page = await context.new_page()
    try:
        await page.goto(other)
        learned = await page.evaluate(
            """async (address) => {
              const told = [];
              for (const method of ['GET', 'POST', 'PATCH', 'DELETE', 'PUT']) {
                const asking = fetch(address + '/api/summary', { method }).then((answer) => answer.text());
                await asking.then(() => told.push(method), () => undefined);
              }
              await new Promise((done) => {
                const socket = new WebSocket(address.replace('http', 'ws') + '/ws', ['crossbook.v1']);
                socket.onmessage = () => { told.push('socket'); done(); };
                socket.onclose = done;
              });
              return told;
            }""",
            address,
        )
        assert learned == []
    finally:
        await context.close()
        server.close()


def _words() -> str:
    return "[...document.querySelectorAll('.grid-rows .row:not([hidden])')].map(row => row.children[2].textContent)"
