"""The connections to the shards: one to each address, shared by all venues' lanes, closed with the last of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import grpc

from crossbook.plumbing.grpc.channel import open_channel


@dataclass(slots=True)
class _Lease:
    channel: grpc.aio.Channel
    users: int = 0


class Channels:
    """One instance per process."""

    def __init__(self) -> None:
        self._leases: dict[str, _Lease] = {}  # no more than there are lanes

    @asynccontextmanager
    async def leased(self, target: str) -> AsyncIterator[grpc.aio.Channel]:
        """The channel to this address, for the block."""
        lease = self._leases.get(target)
        if lease is None:
            lease = self._leases[target] = _Lease(open_channel(target))
        lease.users += 1
        try:
            yield lease.channel
        finally:
            lease.users -= 1
            if not lease.users:
                del self._leases[target]
                await lease.channel.close()
