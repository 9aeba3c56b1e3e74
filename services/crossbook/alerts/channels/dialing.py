"""How HTTP channels connect: to checked addresses only, the next one tried while the first does not answer.

Happy eyeballs (RFC 8305): families take turns, a new attempt begins when the one before failed or took 250 ms, and the
first connection wins. So a name whose first address leads nowhere costs a quarter of a second, not the delivery.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain, zip_longest
from typing import TypeVar

import httpcore

from crossbook.alerts.channels.targets import TargetPolicy

ATTEMPT_SECONDS = 0.25

T = TypeVar("T")
SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """What httpcore dials through. Raises TargetRefusedError, TargetUnresolvedError besides its own errors."""

    def __init__(self, policy: TargetPolicy) -> None:
        self._policy = policy
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the library's name)
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = in_turn(await self._policy.resolve(host, port))

        async def dial(address: str) -> httpcore.AsyncNetworkStream:
            return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)

        return await first_to_answer(addresses, dial, lambda stream: stream.aclose())

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def in_turn(addresses: Sequence[str]) -> list[str]:
    """Families alternate, that of the first address first; within one the resolver's order stays."""
    is_v6 = ":" in addresses[0]
    first = [address for address in addresses if (":" in address) == is_v6]
    second = [address for address in addresses if (":" in address) != is_v6]
    return [address for address in chain.from_iterable(zip_longest(first, second)) if address]


async def first_to_answer(
    addresses: Sequence[str],
    dial: Callable[[str], Awaitable[T]],
    close: Callable[[T], Awaitable[None]],
    attempt_seconds: float = ATTEMPT_SECONDS,
) -> T:
    """The first connection of any; the others are given up or closed. Raises the last attempt's error when all fail."""
    running: set[asyncio.Future[T]] = set()
    waiting = list(addresses)
    error: BaseException = httpcore.ConnectError("no address")
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.ensure_future(dial(waiting.pop(0))))
            timeout = attempt_seconds if waiting else None
            done, _ = await asyncio.wait(running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                running.discard(attempt)
                failure = attempt.exception()
                if failure is None:
                    running |= done - {attempt}
                    return attempt.result()
                error = failure
        raise error
    finally:
        await _give_up(running, close)


async def _give_up(attempts: set["asyncio.Future[T]"], close: Callable[[T], Awaitable[None]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if not isinstance(outcome, BaseException):
            await close(outcome)
