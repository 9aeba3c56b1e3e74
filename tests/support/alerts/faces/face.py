"""What the faces of services have in common: a real HTTP server asks one what to say to each request.

A face knows its service's format, limits and documented errors, and refuses what the service would refuse. What a
reader would see of what it took stands in `seen`, one entry a message, in order.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.targets import TargetPolicy
from tests.support.alerts.receiver import Answer, Receiver, receiving


class Refused(Exception):
    """The service says no."""

    def __init__(self, status: int, said: Any, **headers: str) -> None:
        super().__init__(status, said)
        self.answer = said_so(status, said, **headers)


def said_so(status: int, said: Any, **headers: str) -> Answer:
    """An object as JSON, anything else as it is."""
    body = said.encode() if isinstance(said, str) else json.dumps(said).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@dataclass
class Face:
    """`next_refusals` are said first, one to a request each, whatever it asks."""

    seen: list[str] = field(default_factory=list)
    next_refusals: list[Refused] = field(default_factory=list)

    def __call__(self, received: Any) -> Answer:
        try:
            if self.next_refusals:
                raise self.next_refusals.pop(0)
            return self.take(received)
        except Refused as refused:
            return refused.answer

    def take(self, received: Any) -> Answer:
        """A subclass says how; raises Refused."""
        raise NotImplementedError


@asynccontextmanager
async def facing(face: Face) -> AsyncIterator[tuple[Receiver, HttpSender]]:
    """A server with this face, and what sends to it."""
    async with receiving() as receiver, HttpSender(TargetPolicy(allow_private=True), 10.0) as http:
        receiver.answer = face
        yield receiver, http
