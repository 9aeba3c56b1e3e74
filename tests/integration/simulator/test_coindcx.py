"""The simulated CoinDCX futures, through a real socket."""

import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from crossbook.simulator.faces.coindcx import CoinDcxFace
from tests.support.simulator.clients.base import SequenceBroken
from tests.support.simulator.clients.coindcx import CoinDcxBook
from tests.support.simulator.simulators import DEADLINE_SECONDS, Bench, bench, equals_truth, follow
from tests.support.waiting import eventually

PATH = "/coindcx/socket.io/?EIO=4&transport=websocket"
BTC = "B-BTC_USDT"
BOOK_PATH = f"/coindcx/market_data/v3/orderbook/{BTC}-futures/50"


def _event(name: str, channel: str) -> str:
    return "42" + json.dumps([name, {"channelName": channel}])


def _face(running: Bench) -> CoinDcxFace:
    face = running.simulator.faces["coindcx"]
    assert isinstance(face, CoinDcxFace)
    return face


async def _join(socket: ClientConnection, *pairs: str) -> None:
    """The handshake, and then the books."""
    greeting = str(await socket.recv())
    assert greeting.startswith('0{"sid":')
    await socket.send("40")
    assert str(await socket.recv()).startswith('40{"sid":')
    for pair in pairs:
        await socket.send(_event("join", f"{pair}@orderbook@50-futures"))


async def _book(running: Bench, path: str = BOOK_PATH) -> dict[str, Any]:
    book: dict[str, Any] = (await running.http.get(path)).json()
    return book


async def test_market_list_is_a_list_of_names() -> None:
    """Cheap coins by the thousand; a pair in rupees and a row that is no name must be left out."""
    async with bench(assets=6) as running:
        path = "/coindcx/exchange/v1/derivatives/futures/data/active_instruments?margin_currency_short_name[]=USDT"
        rows = (await running.http.get(path)).json()
    assert {"B-BTC_USDT", "B-1000PEPE_USDT", "B-BTC_INR", None} < set(rows)
    assert len(rows) == 8


async def test_fetched_book_joins_and_follows_the_world() -> None:
    """No ack and no snapshot: updates are kept until the fetched book, and chain by one from there."""
    async with bench() as running, running.socket(PATH) as socket:
        _face(running).frame_seconds = 0.0
        book = CoinDcxBook(BTC)
        await _join(socket, BTC)
        await follow(socket, book, lambda: book.is_seen)
        book.join(await _book(running))
        await follow(socket, book, lambda: book.updates >= 20)
        await running.order("coindcx/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("coindcx", "BTC")))


async def test_snapshots_come_in_between_and_count_as_frames() -> None:
    """A snapshot has the next number and is the whole book."""
    async with bench() as running, running.socket(PATH) as socket:
        _face(running).frame_seconds = 0.0
        book = CoinDcxBook(BTC)
        await _join(socket, BTC)
        await follow(socket, book, lambda: book.is_seen)
        book.join(await _book(running))
        await follow(socket, book, lambda: book.snapshots >= 3)


async def test_lost_frame_breaks_the_chain() -> None:
    """The number behind it is not the next one."""
    async with bench() as running, running.socket(PATH) as socket:
        _face(running).frame_seconds = 0.0
        book = CoinDcxBook(BTC)
        await _join(socket, BTC)
        await follow(socket, book, lambda: book.is_seen)
        book.join(await _book(running))
        await running.order("coindcx/BTC:drop@0s")
        with pytest.raises(SequenceBroken):
            await follow(socket, book, lambda: False)


async def test_corrupt_frames_are_spoilt_within_the_text_they_carry() -> None:
    """Each variant is another flaw, and the packet around it stays whole."""
    payload = b'42["depth-update",{"data":"{\\"asks\\":{\\"106\\":\\"1.5\\",\\"107\\":\\"2\\"}}"}]'
    async with bench() as running:
        flaws = {variant: _face(running).corrupt(payload, variant) for variant in ("types", "nan", "negative")}
    sides = {variant: json.loads(json.loads(flaw[2:])[1]["data"])["asks"] for variant, flaw in flaws.items()}
    assert sides["nan"] == {"NaN": "1.5", "107": "2"}
    assert sides["negative"] == {"-1.5": "1.5", "107": "2"}
    assert sides["types"] == {"106": {"is": ["not", "a", "size"]}, "107": "2"}


async def test_unknown_pairs_and_depths_are_met_with_silence_and_empty_books() -> None:
    """No error comes; REST answers 200 with vs 0."""
    async with bench() as running, running.socket(PATH) as socket:
        await _join(socket, "B-NOPE_USDT")
        await socket.send(_event("join", f"{BTC}@orderbook@7-futures"))
        await socket.send(_event("join", f"{BTC}@orderbook@10-futures"))
        await running.until(lambda: len(_face(running).subscribers) > 0)
        assert list(_face(running).subscribers) == [f"{BTC}@orderbook@10-futures"]
        empty = await _book(running, BOOK_PATH.replace("BTC", "NOPE"))
    assert empty == {"ts": 0, "vs": 0, "asks": {}, "bids": {}}


async def test_a_book_that_nobody_listens_to_moves_on_over_rest() -> None:
    """What the venue no longer tells it still has: a client that was forgotten finds out."""
    async with bench() as running:
        told = [(await _book(running))["vs"]]

        async def moves_on() -> bool:
            told.append((await _book(running))["vs"])
            return told[-1] > told[0] + 2

        await eventually(moves_on)
        assert told == sorted(told)


async def test_leaving_ends_the_frames_of_one_pair() -> None:
    """Leave is not answered either."""
    async with bench() as running, running.socket(PATH) as socket:
        await _join(socket, BTC, "B-ETH_USDT")
        await running.until(lambda: len(_face(running).subscribers) == 2)
        await socket.send(_event("leave", f"{BTC}@orderbook@50-futures"))
        await running.until(lambda: list(_face(running).subscribers) == ["B-ETH_USDT@orderbook@50-futures"])


async def test_server_pings_and_who_does_not_answer_is_closed() -> None:
    """A pong keeps the session, its absence ends it."""
    async with bench() as running, running.socket(PATH) as socket:
        face = _face(running)
        face.ping_seconds, face.pong_seconds = 0.6, 0.3
        await _join(socket)
        for _ in range(3):
            assert await socket.recv() == "2"
            await socket.send("3")
        assert await socket.recv() == "2"
        with pytest.raises(ConnectionClosed):
            await socket.recv()


@pytest.mark.parametrize("message", ["2", "42[", "42{}", "hello", "40"])
async def test_client_pings_and_malformed_events_cost_the_socket(message: str) -> None:
    """It is dropped without a word."""
    async with bench() as running, running.socket(PATH) as socket:
        await _join(socket)
        await socket.send(message)
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_joining_before_the_session_is_granted_costs_the_socket() -> None:
    """The order of the handshake is not optional."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.recv()
        await socket.send(_event("join", f"{BTC}@orderbook@50-futures"))
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_other_protocol_versions_are_refused() -> None:
    """Engine.IO 3 has another heartbeat and is not played."""
    async with bench() as running:
        for path in ("/coindcx/socket.io/?EIO=3&transport=websocket", "/coindcx/ws?EIO=4&transport=websocket"):
            with pytest.raises(InvalidStatus):
                async with running.socket(path, open_timeout=DEADLINE_SECONDS):
                    pass
