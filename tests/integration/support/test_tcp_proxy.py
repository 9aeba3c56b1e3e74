"""The proxy that spoils connections, between a real client and a real echo server."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.servers.tcp_proxy import ANSWERS, REQUESTS, TcpProxy
from tests.support.waiting import eventually

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[TcpProxy]:
    """In front of a server that echoes."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1000):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, TcpProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


async def say(ends: Ends, text: bytes) -> None:
    ends[1].write(text)
    await ends[1].drain()


async def dial(proxy: TcpProxy) -> Ends:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


async def answers(ends: Ends, text: bytes) -> bool:
    """Whether the text comes back; False when the connection breaks instead."""
    try:
        await say(ends, text)
        return await asyncio.wait_for(ends[0].readexactly(len(text)), 30) == text
    except (ConnectionError, asyncio.IncompleteReadError):
        return False


async def test_it_passes_bytes_and_the_end_of_the_stream(proxy: TcpProxy) -> None:
    ends = await dial(proxy)
    assert await answers(ends, b"hello")
    ends[1].write_eof()
    assert await ends[0].read() == b""


async def test_a_black_hole_keeps_what_is_sent_until_it_is_healed(proxy: TcpProxy) -> None:
    ends = await dial(proxy)
    assert await answers(ends, b"before")
    proxy.is_holding = True
    await say(ends, b"held")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ends[0].readexactly(4), 0.2)
    await proxy.heal()
    assert await asyncio.wait_for(ends[0].readexactly(4), 30) == b"held"


@pytest.mark.parametrize("direction", [REQUESTS, ANSWERS])
async def test_a_connection_that_lost_bytes_does_not_survive(proxy: TcpProxy, direction: str) -> None:
    ends = await dial(proxy)
    assert await answers(ends, b"before")
    proxy.swallows = direction
    await say(ends, b"lost")
    await eventually(lambda: any(connection.has_lost_bytes for connection in proxy._connections))
    await proxy.heal()
    assert not await answers(ends, b"after")
    assert await answers(await dial(proxy), b"anew")


async def test_a_cut_resets_and_a_refusal_takes_no_new_connections(proxy: TcpProxy) -> None:
    ends = await dial(proxy)
    assert await answers(ends, b"before")
    proxy.cut()
    assert not await answers(ends, b"after")
    assert await answers(await dial(proxy), b"anew")
    await proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        await dial(proxy)
    await proxy.heal()
    assert await answers(await dial(proxy), b"again")
