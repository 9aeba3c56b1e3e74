"""The choice of instruments, and market lists over real HTTP."""

import json
import time
from typing import Any

import pytest

from crossbook._core import Instrument
from crossbook.plumbing.settings import Endpoint
from crossbook.tracker.venue import markets as module
from crossbook.tracker.venue.markets import ListingError, list_markets, select
from crossbook.tracker.venue.reach import Reach
from crossbook.transport.budget import Budget
from crossbook.transport.fetcher import Fetcher
from crossbook.transport.limits import Limits
from tests.support.alerts.http_answers import answer, answering


def instrument(asset: str, quote: str = "USDT") -> Instrument:
    return Instrument(
        venue="okx",
        symbol=f"{asset}/{quote}:{quote}",
        native_symbol=f"{asset}-{quote}-SWAP",
        asset=asset,
        quote_currency=quote,
        settle_currency=quote,
    )


def reach(rest_url: str, fetcher: Fetcher) -> Reach:
    return Reach("okx", Endpoint(rest_url=rest_url), Limits(Budget(100), Budget(100)), fetcher)


LISTED = [instrument("BTC"), instrument("BTC", "USDC"), instrument("ETH")]


@pytest.mark.parametrize(
    ("symbols", "assets", "chosen", "unknown"),
    [
        ([], [], ["BTC/USDT:USDT", "BTC/USDC:USDC", "ETH/USDT:USDT"], ([], [])),
        (["ETH/USDT:USDT"], [], ["ETH/USDT:USDT"], ([], [])),
        ([], ["BTC"], ["BTC/USDT:USDT", "BTC/USDC:USDC"], ([], [])),
        (["BTC/USDT:USDT"], ["BTC", "ETH"], ["BTC/USDT:USDT", "BTC/USDC:USDC", "ETH/USDT:USDT"], ([], [])),
        (["X/USDT:USDT", "ETH/USDT:USDT"], ["Y"], ["ETH/USDT:USDT"], (["X/USDT:USDT"], ["Y"])),
    ],
)
def test_a_choice(symbols: list[str], assets: list[str], chosen: list[str], unknown: tuple[Any, Any]) -> None:
    """What a symbol or an asset names is taken once; nothing named means everything; the unknown is told apart."""
    selection = select(LISTED, symbols, assets)
    assert [one.symbol for one in selection.instruments] == chosen
    assert (selection.unknown_symbols, selection.unknown_assets) == unknown


ROW = {
    "instId": "BTC-USDT-SWAP",
    "instType": "SWAP",
    "uly": "BTC-USDT",
    "instFamily": "BTC-USDT",
    "settleCcy": "USDT",
    "ctVal": "0.01",
    "ctMult": "1",
    "ctValCcy": "BTC",
    "ctType": "linear",
    "tickSz": "0.1",
    "lotSz": "0.01",
    "minSz": "0.01",
    "state": "live",
    "ruleType": "normal",
}


async def test_a_list_is_fetched_and_parsed() -> None:
    """The venue's own address is replaced by the endpoint's."""
    body = json.dumps({"code": "0", "msg": "", "data": [ROW, {"instId": 7}]}).encode()
    async with answering(answer(200, body)) as server, Fetcher("okx", Budget(100)) as fetcher:
        listing = await list_markets(reach(server.url, fetcher), time.time_ns)
    assert [one.symbol for one in listing.instruments] == ["BTC/USDT:USDT"]
    assert len(listing.quarantined) == 1
    assert server.paths[0].startswith("/api/v5/public/instruments")


@pytest.mark.parametrize("raw", [answer(503), answer(200, b"<html>maintenance</html>"), answer(200, b"[]"), b""])
async def test_what_is_no_list_can_be_tried_again(raw: bytes) -> None:
    """Errors and pages instead of lists are one error that says so."""
    async with answering(raw) as server, Fetcher("okx", Budget(100)) as fetcher:
        with pytest.raises(ListingError):
            await list_markets(reach(server.url, fetcher), time.time_ns)


async def test_a_list_has_a_bound_in_bytes_and_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many pages it takes."""
    async with answering(answer(200, b"{" + bytes(1000))) as server, Fetcher("okx", Budget(100)) as fetcher:
        monkeypatch.setattr(module, "MAX_LISTING_BYTES", 1000)
        with pytest.raises(ListingError, match="larger than 1000 bytes"):
            await list_markets(reach(server.url, fetcher), time.time_ns)
        monkeypatch.setattr(module, "MAX_LISTING_SECONDS", 0.0)
        with pytest.raises(ListingError, match="not complete after 0 s"):
            await list_markets(reach(server.url, fetcher), time.time_ns)
