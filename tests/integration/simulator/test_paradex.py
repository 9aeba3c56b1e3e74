"""The simulated Paradex, through a real socket."""

import asyncio
import json
import struct

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.simulator.clients.paradex import ParadexBook, read_bbo
from tests.support.simulator.simulators import bench, equals_truth, follow, receive, receive_until

PATH = "/paradex/v1?sbeSchemaId=1&sbeSchemaVersion=1"
BTC = "BTC-USD-PERP"


def _request(method: str, channel: str, request_id: int = 1) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": {"channel": channel}, "id": request_id})


async def test_market_list_has_perps_and_rows_to_leave_out() -> None:
    """Perps, with PEPE as kPEPE, stand beside options, spot, unopened, request-only and malformed rows."""
    async with bench(assets=6) as running:
        rows = (await running.http.get("/paradex/v1/markets")).json()["results"]
    by_symbol = {row["symbol"]: row for row in rows}
    assert {"BTC-USD-PERP", "kPEPE-USD-PERP"} <= set(by_symbol)
    assert {row["asset_kind"] for row in rows} == {"PERP", "PERP_OPTION", "SPOT"}
    assert by_symbol["RFQ-USD-PERP"]["trading_mode"] == "RFQ_ONLY"
    assert by_symbol["SOON-USD-PERP"]["open_at"] > by_symbol["BTC-USD-PERP"]["open_at"]


@pytest.mark.parametrize(
    "query", ["", "?sbeSchemaId=1", "?sbeSchemaId=2&sbeSchemaVersion=1", "?sbeSchemaId=1&sbeSchemaVersion=9"]
)
async def test_upgrade_without_a_known_schema_is_refused(query: str) -> None:
    """JSON-only clients and versions above the server's get HTTP 400."""
    async with bench() as running:
        with pytest.raises(InvalidStatus) as refused:
            async with running.socket(f"/paradex/v1{query}"):
                pass
    assert refused.value.response.status_code == 400


async def test_book_follows_the_world_by_sequence() -> None:
    """Ack as text with a newline, a binary snapshot, then every frame one further; the result is the simulated book."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", f"order_book.{BTC}.deltas"))
        ack = await asyncio.wait_for(socket.recv(), 10)
        assert isinstance(ack, str)
        assert ack.endswith("\n")
        assert json.loads(ack)["result"] == {"channel": f"order_book.{BTC}.deltas"}
        book = ParadexBook(BTC)
        await follow(socket, book, lambda: book.updates >= 10)
        await running.order("paradex/BTC:freeze@0s+60s")
        await follow(socket, book, lambda: equals_truth(book, running.instrument("paradex", "BTC")))


async def test_empty_deltas_use_up_a_number() -> None:
    """A frame without levels comes now and then, and the chain counts it."""
    async with bench(rate=10) as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", f"order_book.{BTC}.deltas"))
        book = ParadexBook(BTC)

        def is_empty(frame: object) -> bool:
            return isinstance(frame, bytes) and book.feed(frame) and len(frame) == 8 + 89 + 4 + 4 + 1 + len(BTC)

        await receive_until(socket, is_empty)


async def test_best_bid_ask_frames_share_the_counter() -> None:
    """A bbo frame is 69 bytes for BTC, carries the book's sequence, and agrees with the book at that number."""
    async with bench() as running, running.socket(PATH) as socket:
        for number, channel in enumerate((f"order_book.{BTC}.deltas", f"bbo.{BTC}")):
            await socket.send(_request("subscribe", channel, number))
        book, compared = ParadexBook(BTC), 0
        while compared < 5:
            frame = await receive(socket)
            if isinstance(frame, bytes) and not book.feed(frame):
                sequence, quote, market = read_bbo(frame)
                assert (len(frame), market) == (69, BTC)
                if sequence == book.last:
                    assert quote == book.top()
                    compared += 1


async def test_snapshot_channel_is_whole_each_time() -> None:
    """snapshot@15@100ms sends fifteen levels of each side, package 0, every time."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", f"order_book.{BTC}.snapshot@15@100ms"))
        await receive(socket)
        for _ in range(3):
            book = ParadexBook(BTC)
            book.feed(await receive(socket))
            assert (len(book.bids), len(book.asks), book.updates) == (15, 15, 0)


@pytest.mark.parametrize(
    ("channel", "data"),
    [
        ("nonsense", "invalid channel"),
        (f"order_book.{BTC}.deltas@15@50ms", "no parameters expected for deltas topic."),
    ],
)
async def test_bad_channels_are_refused_with_id_zero(channel: str, data: str) -> None:
    """The error carries id 0 and not the request's."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", channel, 5))
        answer = await receive(socket)
    assert (answer["id"], answer["error"]["code"], answer["error"]["data"]) == (0, -32600, data)


async def test_duplicate_is_an_error_and_an_unknown_market_is_silence() -> None:
    """A second subscription is refused; a market that does not exist is acknowledged."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", "bbo.NOPE-USD-PERP", 3))
        assert (await receive(socket))["id"] == 3
        await socket.send(_request("subscribe", "bbo.NOPE-USD-PERP", 4))
        assert (await receive(socket))["error"]["data"] == "already subscribed"


async def test_resubscribing_brings_a_snapshot() -> None:
    """Unsubscribe and subscribe on one session: a new package 0, from which the chain goes on."""
    async with bench() as running, running.socket(PATH) as socket:
        for number, method in enumerate(("subscribe", "unsubscribe", "subscribe")):
            await socket.send(_request(method, f"order_book.{BTC}.deltas", number))
        await receive_until(socket, lambda frame: isinstance(frame, dict) and frame.get("id") == 2)
        book = ParadexBook(BTC)
        await follow(socket, book, lambda: book.updates >= 3)


async def test_idle_connection_gets_heartbeats_and_pings() -> None:
    """After silence comes a heartbeat event (template 40); protocol pings are sent and their pongs awaited."""
    async with bench() as running, running.socket(PATH) as socket:
        face = running.simulator.faces["paradex"]
        face.idle_seconds, face.ping_seconds = 0.3, 0.2  # type: ignore[attr-defined]
        await socket.send(_request("subscribe", "bbo.NOPE-USD-PERP"))
        frame = await receive_until(socket, lambda f: isinstance(f, bytes))
        assert struct.unpack_from("<HH", frame) == (16, 40)
        (session,) = face.sessions
        await running.until(lambda: session.memory["pong"] is not None and session.memory["pong"].done())
