"""A running system with its pages, a browser before it, and the ways in."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from crossbook.plumbing.access.folder import open_secrets
from tests.support.dashboard.page import Opened, opened
from tests.support.local.system import System
from tests.support.waiting import eventually


@dataclass(frozen=True)
class Site:
    """`browser` is a playwright Browser, `address` where the pages are."""

    browser: Any
    address: str
    system: System

    def link(self) -> str:
        """One that logs an administrator in, once, as `crossbook login` prints it."""
        return f"{self.address}/#code={open_secrets(self.system.data_dir / 'access').code()}"

    @asynccontextmanager
    async def gateway_killed(self) -> AsyncIterator[None]:
        """It is killed at once; however the block ends, its next life serves when it has ended."""
        killed = self.system.pid("gateway")
        os.kill(killed, signal.SIGKILL)
        try:
            yield
        finally:
            await self.system.until(lambda: self.system.pid("gateway") != killed)
            await eventually(self._serves)

    async def _serves(self) -> bool:
        async with httpx.AsyncClient(base_url=self.address, trust_env=False) as web:
            try:
                return (await web.get("/api/summary")).is_success
            except httpx.HTTPError:
                return False

    async def break_something(self, faults: str) -> None:
        """Orders faults of the simulator, in its language; they count from now."""
        async with httpx.AsyncClient(base_url=f"http://{self.system.address('simulator')}", trust_env=False) as control:
            (await control.post("/control/faults", content=faults)).raise_for_status()


@asynccontextmanager
async def logged_in(site: Site, width: int = 1440) -> AsyncIterator[Opened]:
    """A page of its own context, whose user is an administrator; it agrees to whatever it is asked."""
    async with opened(site.browser, site.address, width) as one:
        one.page.on("dialog", lambda dialog: dialog.accept("mine"))
        await one.page.goto(site.link())
        await one.until("document.querySelector('.rail .foot span')?.textContent === 'local'")
        yield one
