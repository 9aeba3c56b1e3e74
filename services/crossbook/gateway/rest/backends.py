"""The processes that the gateway asks: calls of gRPC with bytes in and bytes out, to the process that has the answer.

Of arbitrage, alerts and the shards whichever answers; a tracker by the venue that the request names.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

import grpc

from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.grpc.channel import UNARY_DEADLINE_SECONDS, open_channel

SLOW_DEADLINE_SECONDS = 30.0  # of what asks the world outside: a channel that is tested, rules that are checked
SLOW = frozenset({"TestAlertChannel", "CheckAlerts"})
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)


class Backends:
    """Channels by service and target, open as long as the stack is."""

    def __init__(self, targets: Mapping[str, Sequence[str]], stack: AsyncExitStack) -> None:
        """targets: by the service's short name, as "tracker"."""
        self.targets = {service: list(listed) for service, listed in targets.items()}
        self.channels: dict[tuple[str, str], grpc.aio.Channel] = {}
        for service, listed in self.targets.items():
            for target in listed:
                channel = open_channel(target)
                self.channels[service, target] = channel
                stack.push_async_callback(channel.close)

    def channel(self, service: str, target: str) -> grpc.aio.Channel:
        """To one process."""
        return self.channels[service, target]

    async def call(self, service: str, path: str, payload: bytes, targets: Sequence[str] = ()) -> bytes:
        """The answer of the first target that is there. Raises AioRpcError; UnavailableError when none is listed."""
        lost: grpc.aio.AioRpcError | None = None
        for target in targets or self.targets.get(service, ()):
            try:
                return await self.call_one(service, target, path, payload)
            except grpc.aio.AioRpcError as error:
                if error.code() not in AWAY:
                    raise
                lost = error
        raise lost or UnavailableError(f"no {service} is listed")

    async def call_one(self, service: str, target: str, path: str, payload: bytes) -> bytes:
        """The answer of one process. Raises AioRpcError."""
        is_slow = path.rpartition("/")[2] in SLOW
        call: Any = self.channel(service, target).unary_unary(f"/{path}")
        answer: bytes = await call(payload, timeout=SLOW_DEADLINE_SECONDS if is_slow else UNARY_DEADLINE_SECONDS)
        return answer
