"""A simulator for one test, on a port of its own, and what tests do with it over the wire."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

from crossbook.plumbing.settings import load_settings
from crossbook.simulator.app import running_simulator
from crossbook.simulator.simulator import Simulator
from crossbook.simulator.world.world import Instrument
from tests.support.simulator.clients.base import BookClient

DEADLINE_SECONDS = 30.0


@dataclass(frozen=True)
class Bench:
    """One running simulator and a way to it."""

    simulator: Simulator
    port: int
    http: httpx.AsyncClient

    def socket(self, path: str, **options: Any) -> connect:
        """A WebSocket client for /<venue>/...; proxies of the environment are left out."""
        return connect(f"ws://127.0.0.1:{self.port}{path}", proxy=None, max_queue=None, **options)

    def instrument(self, venue: str, asset: str) -> Instrument:
        """The instrument of an asset."""
        return next(i for i in self.simulator.faces[venue].instruments.values() if i.asset == asset)

    async def order(self, spec: str) -> None:
        """Orders faults over the control endpoint."""
        answer = await self.http.post("/control/faults", content=spec)
        assert answer.status_code == 200, answer.text

    async def until(self, holds: Callable[[], bool]) -> None:
        """Waits for a condition of the simulator itself."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not holds():  # noqa: ASYNC110 - the condition belongs to the code under test, which signals nobody
                await asyncio.sleep(0.01)


@asynccontextmanager
async def bench(**settings: Any) -> AsyncIterator[Bench]:
    """Three assets unless the settings say otherwise, and no planted episodes for the length of a test."""
    chosen = {"port": 0, "assets": 3, "quiet_seconds": 3600.0} | settings
    async with running_simulator(load_settings(simulator=chosen)) as running:
        url = f"http://127.0.0.1:{running.port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as http:
            yield Bench(running.simulator, running.port, http)


async def receive(socket: ClientConnection) -> Any:
    """The next frame; text is parsed as JSON, bytes are left alone."""
    message = await asyncio.wait_for(socket.recv(), DEADLINE_SECONDS)
    return json.loads(message) if isinstance(message, str) else message


async def receive_until(socket: ClientConnection, is_wanted: Callable[[Any], bool]) -> Any:
    """The next frame that is wanted."""
    while True:
        frame = await receive(socket)
        if is_wanted(frame):
            return frame


async def follow(socket: ClientConnection, book: BookClient, is_enough: Callable[[], bool]) -> None:
    """Feeds the book from the socket until it is enough."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not is_enough():
            book.feed(await socket.recv())


def truth_of(instrument: Instrument) -> tuple[dict[Decimal, Decimal], dict[Decimal, Decimal]]:
    """The simulated book itself, as decimals in the venue's own units."""
    listing = instrument.listing
    return tuple(  # type: ignore[return-value]
        {
            Decimal(price).scaleb(-listing.price_decimals): Decimal(size).scaleb(-listing.size_decimals)
            for price, size in side.levels()
        }
        for side in (instrument.book.bids, instrument.book.asks)
    )


def equals_truth(book: BookClient, instrument: Instrument) -> bool:
    """Whether the client's book is the simulated one, level by level."""
    return (book.bids, book.asks) == truth_of(instrument)
