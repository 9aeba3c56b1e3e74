"""Which of a name's addresses is connected to."""

import asyncio
import socket

import httpcore
import pytest

from crossbook.alerts.channels.dialing import first_to_answer, in_turn
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered
from crossbook.alerts.channels.targets import TargetPolicy
from tests.support.alerts.receiver import receiving


class Dials:
    """Attempts that end as their addresses say: dead ones never, refused ones at once, all others connected."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.closed: list[str] = []

    async def dial(self, address: str) -> str:
        self.begun.append(address)
        if address == "dead":
            await asyncio.Event().wait()
        if address == "refused":
            raise httpcore.ConnectError("refused")
        return address

    async def close(self, connection: str) -> None:
        self.closed.append(connection)

    async def first(self, *addresses: str, attempt_seconds: float = 0.001) -> str:
        async with asyncio.timeout(30):
            return await first_to_answer(addresses, self.dial, self.close, attempt_seconds)


def test_families_take_turns_and_the_resolver_s_first_comes_first() -> None:
    """So two dead addresses of one family do not come before the other family's turn."""
    assert in_turn(["::1", "::2", "::3", "1.1.1.1"]) == ["::1", "1.1.1.1", "::2", "::3"]
    assert in_turn(["1.1.1.1", "2.2.2.2", "::1"]) == ["1.1.1.1", "::1", "2.2.2.2"]


@pytest.mark.parametrize("before", [(), ("dead",), ("refused",), ("dead", "refused", "dead")])
async def test_a_dead_or_refused_address_does_not_keep_the_next_one_from_answering(before: tuple[str, ...]) -> None:
    """Each gets its moment, then the next is tried beside it."""
    dials = Dials()
    assert await dials.first(*before, "good") == "good"
    assert dials.begun == [*before, "good"]


async def test_the_first_is_enough_when_it_answers() -> None:
    """No other is dialled, so receivers see no connection that is not used."""
    dials = Dials()
    assert await dials.first("good", "other", attempt_seconds=30) == "good"
    assert dials.begun == ["good"]


async def test_when_all_refuse_the_error_is_theirs() -> None:
    """A delivery that may be tried again."""
    with pytest.raises(httpcore.ConnectError):
        await Dials().first("refused", "refused")


async def test_a_webhook_to_a_name_whose_first_address_refuses_is_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As localhost is on many machines: ::1 first, and the receiver listens on 127.0.0.1 only."""
    async with receiving() as receiver, HttpSender(TargetPolicy(allow_private=True), 30) as http:

        async def answer(*_: object, **__: object) -> object:
            addresses = (("::1", receiver.port, 0, 0), ("127.0.0.1", receiver.port))
            return [(socket.AF_UNSPEC, socket.SOCK_STREAM, 6, "", address) for address in addresses]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", answer)
        assert await http.post_json(f"http://dual.example:{receiver.port}/x", "{}") == Delivered(200)
    assert receiver.received[0].headers["host"] == f"dual.example:{receiver.port}"
