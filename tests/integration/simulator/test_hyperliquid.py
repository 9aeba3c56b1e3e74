"""The simulated Hyperliquid, through a real socket."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.simulator.simulators import bench, receive, receive_until

PATH = "/hyperliquid/ws"
INFO = "/hyperliquid/info"


def _request(method: str, **subscription: Any) -> str:
    return json.dumps({"method": method, "subscription": subscription})


def _top(frame: dict[str, Any]) -> tuple[Any, ...]:
    data = frame["data"]
    best = data["bbo"] if "bbo" in data else [side[0] for side in data["levels"]]
    return tuple((level["px"], level["sz"]) for level in best)


async def test_the_market_list_is_asked_for_by_post() -> None:
    """The body says what is wanted; cheap coins are k-coins, and delisted and malformed rows stand among the others."""
    async with bench(assets=6) as running:
        assert (await running.http.get(INFO)).status_code == 405
        assert (await running.http.post(INFO, content='{"type":"dance"}')).status_code == 422
        assert (await running.http.post(INFO, content="not json")).status_code == 422
        universe = (await running.http.post(INFO, content='{"type":"meta"}')).json()["universe"]
    rows = {row["name"]: row for row in universe}
    assert {"BTC", "kPEPE"} <= set(rows)
    assert [name for name, row in rows.items() if row.get("isDelisted")] == ["LOOM"]
    assert rows["BROKEN"]["szDecimals"] == "two"


async def test_a_fast_book_is_told_at_its_pace_whether_it_changes_or_not() -> None:
    """The ack repeats every default; five levels a side come at once and again while nothing changes."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", type="l2Book", coin="BTC", fast=True))
        echoed = {"type": "l2Book", "coin": "BTC", "nSigFigs": None, "mantissa": None, "fast": True}
        answer = await receive(socket)
        assert answer == {"channel": "subscriptionResponse", "data": {"method": "subscribe", "subscription": echoed}}
        frames = [await receive(socket) for _ in range(4)]
    times = [frame["data"]["time"] for frame in frames]
    assert all([len(side) for side in frame["data"]["levels"]] == [5, 5] for frame in frames)
    assert times == sorted(set(times))
    assert all(later - earlier >= 500 for earlier, later in pairwise(times[1:]))


async def test_prices_have_five_significant_digits_and_a_point() -> None:
    """As the venue writes them: no zeros behind but for one behind the point."""
    async with bench(assets=20) as running:
        for coin in running.simulator.faces["hyperliquid"].instruments:
            answer = await running.http.post(INFO, content=json.dumps({"type": "l2Book", "coin": coin}))
            for price in (level["px"] for level in answer.json()["levels"][0]):
                digits = price.replace(".", "").strip("0")
                assert len(digits) <= 5 or Decimal(price) == int(Decimal(price))
                assert price.endswith(".0") or not price.endswith("0")


async def test_the_best_bid_and_ask_agrees_with_the_book_of_the_same_block() -> None:
    """Both bear the block's time."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", type="bbo", coin="BTC"))
        await socket.send(_request("subscribe", type="l2Book", coin="BTC", fast=True))
        tops: dict[int, tuple[Any, ...]] = {}
        times: dict[str, list[int]] = {"bbo": [], "l2Book": []}
        while len(times["l2Book"]) < 4:
            frame = await receive_until(socket, lambda frame: frame["channel"] in ("bbo", "l2Book"))
            times[frame["channel"]].append(frame["data"]["time"])
            assert tops.setdefault(frame["data"]["time"], _top(frame)) == _top(frame)
    assert times["bbo"] == sorted(set(times["bbo"]))


@pytest.mark.parametrize("coin", ["NOPE", "btc", "BROKEN", ""])
async def test_an_unknown_coin_ends_the_connection_without_a_word(coin: str) -> None:
    """No error, no close frame."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", type="bbo", coin=coin))
        with pytest.raises(ConnectionClosed) as closed:
            await receive(socket)
    assert closed.value.rcvd is None


async def test_a_delisted_coin_has_an_empty_book() -> None:
    """It can be subscribed all the same."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send(_request("subscribe", type="l2Book", coin="LOOM", fast=True))
        frame = await receive_until(socket, lambda frame: frame["channel"] == "l2Book")
    assert frame["data"]["levels"] == [[], []]


async def test_other_bad_requests_are_told() -> None:
    """Asking twice, leaving what is not there, and what does not read."""
    async with bench() as running, running.socket(PATH) as socket:
        for _ in range(2):
            await socket.send(_request("subscribe", type="bbo", coin="BTC"))
        complaint = await receive_until(socket, lambda frame: frame["channel"] == "error")
        assert complaint["data"].startswith('Already subscribed: {"type":"bbo"')
        await socket.send(_request("unsubscribe", type="bbo", coin="ETH"))
        complaint = await receive_until(socket, lambda frame: frame["channel"] == "error")
        assert complaint["data"].startswith("Already unsubscribed")
        await socket.send("not json")
        complaint = await receive_until(socket, lambda frame: frame["channel"] == "error")
        assert complaint["data"].startswith("Error parsing JSON")


async def test_a_ping_is_answered_and_a_client_that_is_told_nothing_is_dropped() -> None:
    """What counts is what the venue has sent."""
    async with bench() as running, running.socket(PATH) as socket:
        await socket.send('{"method":"ping"}')
        assert await receive(socket) == {"channel": "pong"}
        running.simulator.faces["hyperliquid"].silence_seconds = 0.2  # type: ignore[attr-defined]
        with pytest.raises(ConnectionClosed):
            await receive(socket)


async def test_info_has_a_budget() -> None:
    """Sixty market lists a minute are all that 1,200 of weight allow."""
    async with bench() as running:
        statuses = [(await running.http.post(INFO, content='{"type":"meta"}')).status_code for _ in range(61)]
    assert (set(statuses[:60]), statuses[60]) == ({200}, 429)
