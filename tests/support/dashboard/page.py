"""One open page, and what went wrong in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.waiting import eventually

PAGES = ("overview", "prices", "opportunities", "venues", "windows", "alerts", "identity", "system", "accounts")
SEEN_TOUR = "localStorage.setItem('crossbook.tour', 'seen')"


@dataclass
class Opened:
    """A playwright Page at the dashboard's address."""

    page: Any
    address: str
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def go(self, link: str) -> None:
        """To a page of the dashboard, loaded anew, until its heading is there."""
        await self.page.goto(f"{self.address}/#/{link}")
        await self.page.reload()
        await self.page.wait_for_selector("h1", timeout=60_000)
        await self.until("document.querySelector('.chip.is-live') !== null")

    async def until(self, expression: str) -> None:
        """Until it holds in the page; a machine under load is given its time."""
        await eventually(lambda: self.page.evaluate(expression))


@asynccontextmanager
async def opened(browser: Any, address: str, width: int = 1440, theme: str = "dark") -> AsyncIterator[Opened]:
    """A page of its own context, whose faults are collected."""
    context = await browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    await context.add_init_script(SEEN_TOUR)
    page = await context.new_page()
    told = Opened(page, address)
    page.on("console", lambda message: told.faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: told.faults.append(str(error)))
    page.on("request", lambda request: told.asked.append(request.url))
    try:
        yield told
    finally:
        await context.close()
