"""A venue to which a peer connects: it takes every subscription and says nothing by itself; the source speaks."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class Venue:
    """`ports`: of the clients that are connected, as the venue sees them."""

    def __init__(self) -> None:
        self.ports: list[int] = []

    async def handle(self, connection: ServerConnection) -> None:
        """One client, until it goes."""
        port = connection.remote_address[1]
        self.ports.append(port)
        try:
            async for message in connection:
                asked = json.loads(message)
                await connection.send(json.dumps({"result": None, "id": asked.get("id")}))
        except ConnectionClosed:
            pass
        finally:
            self.ports.remove(port)


@asynccontextmanager
async def listening(venue: Venue) -> AsyncIterator[int]:
    """Yields the port."""
    async with serve(venue.handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        yield next(iter(server.sockets)).getsockname()[1]
