"""The server's side of a call without a network: what the client says is queued, what it is told is kept."""

import asyncio
from typing import Any

import grpc


class Call:
    """Stands for a grpc.aio.ServicerContext; `hold` keeps the next writes waiting, as flow control does."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.is_connected = False
        self._said: asyncio.Queue[Any] = asyncio.Queue()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def say(self, *messages: Any) -> None:
        """The client sends."""
        for message in messages:
            self._said.put_nowait(message)

    def leave(self) -> None:
        """The client has sent its last."""
        self._said.put_nowait(grpc.aio.EOF)

    def hold(self) -> None:
        """The client takes nothing."""
        self._flowing.clear()

    def flow(self) -> None:
        """It takes again."""
        self._flowing.set()

    async def read(self) -> Any:
        """As the servicer's context."""
        return await self._said.get()

    async def write(self, message: Any) -> None:
        """As the servicer's context."""
        await self._flowing.wait()
        self.told.append(message)

    async def send_initial_metadata(self, metadata: Any) -> None:
        """As the servicer's context."""
        self.is_connected = True
