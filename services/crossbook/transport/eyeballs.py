"""Connects to whichever address of a name answers first, so that one that does not work costs a moment.

Happy eyeballs (RFC 8305): the addresses take turns by family, each gets a short start before the next is tried beside
it, and the first socket that is open wins. An address that refuses gives its turn up at once.
"""

import asyncio
import itertools
import socket
from collections.abc import Sequence

START_SECONDS = 0.25
MAX_ADDRESSES = 8  # of a name; more are not tried

make_socket = socket.socket  # a test looks what became of them

Address = tuple[socket.AddressFamily, tuple[object, ...]]


async def connect(host: str, port: int) -> socket.socket:
    """An open, non-blocking socket. Raises OSError, of the first address, when none answers; a cancel closes all."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = in_turn([(family, address) for family, _, _, _, address in found])
    return await first_of(addresses[:MAX_ADDRESSES])


def in_turn(addresses: Sequence[Address]) -> list[Address]:
    """By family in turn, that of the first one first; within a family as they were."""
    first = [one for one in addresses if one[0] == addresses[0][0]]
    others = [one for one in addresses if one[0] != addresses[0][0]]
    pairs = itertools.zip_longest(first, others)
    return [one for pair in pairs for one in pair if one is not None]


async def first_of(addresses: Sequence[Address]) -> socket.socket:
    """See `connect`."""
    tries: list[asyncio.Task[socket.socket]] = []
    waiting = list(addresses)
    try:
        while waiting or any(not one.done() for one in tries):
            if waiting:
                tries.append(asyncio.create_task(_open(*waiting.pop(0))))
            running = [one for one in tries if not one.done()]
            await asyncio.wait(running, timeout=START_SECONDS if waiting else None, return_when=asyncio.FIRST_COMPLETED)
            if (opened := next((one for one in tries if one.done() and one.exception() is None), None)) is not None:
                tries.remove(opened)
                return opened.result()
        raise tries[0].exception() or OSError("no address")
    finally:
        for one in tries:
            one.add_done_callback(_close)
            one.cancel()


async def _open(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    opened = make_socket(family, socket.SOCK_STREAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(opened, address)
    except BaseException:
        opened.close()
        raise
    return opened


def _close(attempt: asyncio.Task[socket.socket]) -> None:
    """One that came too late."""
    if not attempt.cancelled() and attempt.exception() is None:
        attempt.result().close()
