"""A real Firefox for one smoke test, spoken to by WebDriver BiDi over its own socket: no driver has to be fetched.

Playwright drives only builds of Firefox of its own, which no package registry has.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

NAMES = ("firefox-esr", "firefox")
LISTENS = b"WebDriver BiDi listening on "
START_SECONDS = 90.0


def executable() -> str | None:
    """FIREFOX, else the system's."""
    return os.environ.get("FIREFOX") or next(filter(None, map(shutil.which, NAMES)), None)


def missing() -> str:
    """Why no page can be opened in it here; empty when one can."""
    return "" if executable() else "no page is opened: there is no Firefox; set FIREFOX, or install the system's"


class Tab:
    """One tab of it; `said` are the errors of its console."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._context = ""
        self.said: list[str] = []

    async def begin(self) -> None:
        await self._ask("session.new", {"capabilities": {}})
        await self._ask("session.subscribe", {"events": ["log.entryAdded"]})
        self._context = (await self._ask("browsingContext.getTree", {}))["contexts"][0]["context"]

    async def go(self, url: str) -> None:
        """Until it is loaded."""
        await self._ask("browsingContext.navigate", {"context": self._context, "url": url, "wait": "complete"})

    async def evaluate(self, expression: str) -> Any:
        """A value that is no object. Raises RuntimeError for what the page throws."""
        about = {"expression": expression, "target": {"context": self._context}, "awaitPromise": True}
        answer = await self._ask("script.evaluate", about)
        if answer["type"] != "success":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return answer["result"].get("value")

    async def _ask(self, method: str, params: dict[str, Any]) -> Any:
        self._number += 1
        await self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            told = json.loads(await self._socket.recv())
            if told.get("id") == self._number:
                if told["type"] == "error":
                    raise RuntimeError(f"{method}: {told['message']}")
                return told["result"]
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.said.append(told["params"]["text"] or "")


@asynccontextmanager
async def firefox(profile: Path) -> AsyncIterator[Tab]:
    """Its first tab; ended with the block. Raises TimeoutError when it does not begin to listen."""
    arguments = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    environment = {**os.environ, "HOME": str(profile), "MOZ_HEADLESS": "1"}
    process = await asyncio.create_subprocess_exec(
        str(executable()),
        *arguments,
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(START_SECONDS):
            address = await _address(process)
        async with connect(f"{address}/session", proxy=None, max_size=None) as socket:
            tab = Tab(socket)
            await tab.begin()
            yield tab
    finally:
        process.terminate()
        await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        if line.startswith(LISTENS):
            return line.removeprefix(LISTENS).decode().strip()
    raise TimeoutError("Firefox has ended before it listened")
