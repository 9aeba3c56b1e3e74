"""Where a connection is dialled to, with and without a ticket."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from crossbook._core import PayloadError, RestRequest
from crossbook.tracker.venue.sockets import Address
from crossbook.transport.budget import Budget
from crossbook.transport.connection import DialError
from crossbook.transport.fetcher import Fetcher
from tests.support.alerts.http_answers import answer, answering


class Gatekeeper:
    """The part of a feed that reads tickets: the answer is the ticket."""

    def ticketed_url(self, connection: int, answer: bytes, now_ns: int) -> str:
        """As VenueFeed's."""
        if not answer:
            raise PayloadError("not a ticket")
        return f"ws://door/?ticket={answer.decode()}&id={connection}-{now_ns}"


GATEKEEPER: Any = SimpleNamespace(feed=Gatekeeper(), now_ns=time.time_ns)


async def test_an_address_without_a_ticket_is_dialled_as_it_is() -> None:
    """Nothing is asked for."""
    async with Fetcher("okx", Budget(1)) as fetcher:
        assert await Address("ws://venue/path", None, fetcher).resolve(GATEKEEPER, 1) == "ws://venue/path"


async def test_every_dial_asks_for_a_ticket_of_its_own() -> None:
    """The second dial shows the second ticket, and each request is a POST through the venue's budget."""
    async with answering(answer(200, b"one"), answer(200, b"two")) as server, Fetcher("okx", Budget(2)) as fetcher:
        address = Address("ws://venue", RestRequest(f"{server.url}/ticket", body=""), fetcher)
        urls = [await address.resolve(GATEKEEPER, 3) for _ in range(2)]
    assert [url.split("&")[0] for url in urls] == ["ws://door/?ticket=one", "ws://door/?ticket=two"]
    assert (server.methods, server.paths) == (["POST", "POST"], ["/ticket", "/ticket"])


@pytest.mark.parametrize("raw", [answer(503), answer(200), b"", answer(429, headers="Retry-After: 0.1\r\n")])
async def test_no_ticket_is_a_failed_dial(raw: bytes) -> None:
    """Errors, silence and answers that are no ticket are one error, which the dialling loop tries again after."""
    async with answering(raw) as server, Fetcher("okx", Budget(10)) as fetcher:
        address = Address("ws://venue", RestRequest(f"{server.url}/ticket", body=""), fetcher)
        with pytest.raises(DialError, match="/ticket"):
            await address.resolve(GATEKEEPER, 1)
