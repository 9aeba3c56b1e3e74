"""A channel whose certificates may change: grpc reads them once for each channel, so another takes its place.

Calls that run keep the channel that they began on, until they end.
"""

from collections.abc import Callable
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import grpc

from crossbook.plumbing.access.certificates import CERTIFICATES, CertificateFiles, Certificates

Make: TypeAlias = Callable[[Certificates], grpc.aio.Channel]


class RenewedChannel(grpc.aio.Channel):
    """`make` opens a channel with the certificates that it is given; whoever holds this one closes all of them."""

    def __init__(self, make: Make, files: CertificateFiles = CERTIFICATES) -> None:
        self._make = make
        self._files = files
        self._shown = files.now()
        self._channel = make(self._shown)
        self._begun_on: WeakKeyDictionary[Any, grpc.aio.Channel] = (
            WeakKeyDictionary()
        )  # a channel that nobody holds ends

    def now(self) -> grpc.aio.Channel:
        """That of the certificates as they are."""
        if (found := self._files.now()) is not self._shown:
            self._shown, self._channel = found, self._make(found)
        return self._channel

    def hold(self, call: Any, channel: grpc.aio.Channel) -> None:
        """For as long as there is the call."""
        self._begun_on[call] = channel

    async def close(self, grace: float | None = None) -> None:
        """All that calls may be on."""
        for channel in {self._channel, *self._begun_on.values()}:
            await channel.close(grace)

    async def __aenter__(self) -> "RenewedChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:
        """Of the present one; so are the next two."""
        return self.now().get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self.now().wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self.now().channel_ready()

    def unary_unary(self, *method: Any, **how: Any) -> Any:
        """What a stub asks for, once; so are the next three."""
        return _Method(self, lambda channel: channel.unary_unary(*method, **how))

    def unary_stream(self, *method: Any, **how: Any) -> Any:
        return _Method(self, lambda channel: channel.unary_stream(*method, **how))

    def stream_unary(self, *method: Any, **how: Any) -> Any:
        return _Method(self, lambda channel: channel.stream_unary(*method, **how))

    def stream_stream(self, *method: Any, **how: Any) -> Any:
        return _Method(self, lambda channel: channel.stream_stream(*method, **how))


class _Method:
    """One method, on whichever channel is the present one."""

    def __init__(self, owner: RenewedChannel, of: Callable[[grpc.aio.Channel], Any]) -> None:
        self._owner = owner
        self._of = of
        self._channel: grpc.aio.Channel | None = None
        self._callable: Any = None

    def __call__(self, *request: Any, **how: Any) -> Any:
        channel = self._owner.now()
        if channel is not self._channel:
            self._channel, self._callable = channel, self._of(channel)
        call = self._callable(*request, **how)
        self._owner.hold(call, channel)
        return call
