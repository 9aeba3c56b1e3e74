"""A name with several addresses, of which some do not work; the black hole is a real one."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from crossbook._core import RestRequest
from crossbook.transport import eyeballs
from crossbook.transport.budget import Budget
from crossbook.transport.eyeballs import Address, connect, first_of, in_turn
from crossbook.transport.fetcher import TIMEOUT_SECONDS, Fetcher
from tests.support.alerts.http_answers import answer, answering

V4, V6 = socket.AF_INET, socket.AF_INET6


@contextmanager
def black_hole(host: str = "127.0.0.1", port: int = 0) -> Iterator[Address]:
    """An address whose queue is full: whatever knocks there is never answered."""
    with closing(socket.socket()) as listener:
        listener.bind((host, port))
        listener.listen(0)
        knocking = []
        for _ in range(8):
            knocking.append(socket.socket())
            knocking[-1].setblocking(False)
            knocking[-1].connect_ex(listener.getsockname())
        time.sleep(0.1)
        try:
            yield V4, listener.getsockname()
        finally:
            for one in knocking:
                one.close()


@contextmanager
def listening() -> Iterator[Address]:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield V4, listener.getsockname()


def nobody() -> Address:
    """An address that refuses."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return V4, probe.getsockname()


def test_families_take_turns_beginning_with_the_first() -> None:
    """Within a family the order stays; none is lost."""
    addresses = [(V6, (1,)), (V6, (2,)), (V6, (3,)), (V4, (4,))]
    assert in_turn(addresses) == [(V6, (1,)), (V4, (4,)), (V6, (2,)), (V6, (3,))]
    assert in_turn(addresses[:2]) == addresses[:2]


async def test_an_address_that_is_a_black_hole_costs_a_moment_and_not_the_dial() -> None:
    """The one behind it is tried beside it, and wins."""
    with black_hole() as hole, listening() as good:
        async with asyncio.timeout(5):
            opened = await first_of([hole, good])
        with closing(opened):
            assert opened.getpeername() == good[1]


async def test_an_address_that_refuses_costs_nothing() -> None:
    """Its turn is over at once; and when all refuse, the first one's error is told."""
    with listening() as good, closing(await first_of([nobody(), nobody(), good])) as opened:
        assert opened.getpeername() == good[1]
    with pytest.raises(ConnectionRefusedError):
        await first_of([nobody(), nobody()])


async def test_a_dial_that_is_given_up_leaves_no_socket_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither of those that wait nor of one that opens too late."""
    made: list[socket.socket] = []

    def make(*arguments: int) -> socket.socket:
        made.append(socket.socket(*arguments))
        return made[-1]

    monkeypatch.setattr(eyeballs, "make_socket", make)
    with black_hole() as hole:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await first_of([hole, hole])
        await asyncio.sleep(0)
    assert len(made) == 2
    assert [one.fileno() for one in made] == [-1, -1]


async def test_a_name_is_looked_up() -> None:
    """localhost may have two addresses; one of them listens."""
    with listening() as (_, address), closing(await connect("localhost", address[1])) as opened:
        assert opened.getpeername()[1] == address[1]
    with pytest.raises(socket.gaierror):
        await connect("nowhere.invalid", 1)


async def test_a_venue_s_rest_is_reached_past_an_address_that_is_a_black_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name's first address never answers; the answer of the second comes before the request would be given up."""
    async with answering(answer(200, b"book")) as server, Fetcher("okx", Budget(100)) as fetcher:
        port = int(server.url.rpartition(":")[2])
        with black_hole("127.0.0.2", port) as hole:
            found = [(V4, socket.SOCK_STREAM, 6, "", address) for address in (hole[1], ("127.0.0.1", port))]
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
            async with asyncio.timeout(TIMEOUT_SECONDS):
                assert await fetcher.ask(RestRequest(f"http://venue.example:{port}/depth")) == (200, b"book")
