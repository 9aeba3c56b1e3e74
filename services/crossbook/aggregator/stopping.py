"""How the streams of this service end when it stops."""

import asyncio
from typing import NoReturn

from crossbook.plumbing.errors import UnavailableError


async def refuse_when_stopping(stopping: asyncio.Event) -> NoReturn:
    """Ends a stream with UNAVAILABLE when the service stops, so that its client keeps what it has and dials again."""
    await stopping.wait()
    raise UnavailableError("the aggregator is stopping")
