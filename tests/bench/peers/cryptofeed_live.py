"""cryptofeed, live: its own feed, socket and handler; the comparison is in its ticker's callback.

It dials TLS alone: what it would give to its WebSocket library is dialled without.
"""

import asyncio
import sys
from typing import Any

from cryptofeed import FeedHandler, connection
from cryptofeed.connection import WebsocketEndpoint
from cryptofeed.defines import TICKER
from cryptofeed.exchanges import BinanceFutures
from cryptofeed.symbols import Symbols
from cryptofeed.types import Ticker
from livework import Opportunities

NATIVE, SYMBOL = "BTCUSDT", "BTC-USDT-PERP"
SECURE, PLAIN = "wss://", "ws://"
dial = connection.connect
opportunities = Opportunities()


def dial_plainly(address: str, **options: Any) -> Any:
    return dial(address.replace(SECURE, PLAIN, 1), **options)


async def on_ticker(ticker: Ticker, _receipt: float) -> None:
    opportunities.compare(float(ticker.bid), float(ticker.ask))


def main(url: str) -> None:
    connection.connect = dial_plainly
    Symbols.set(BinanceFutures.id, {SYMBOL: NATIVE}, {})
    BinanceFutures.websocket_endpoints = [WebsocketEndpoint(url.replace(PLAIN, SECURE, 1))]
    handler = FeedHandler(config={"log": {"disabled": True}, "uvloop": True})
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    handler.add_feed(BinanceFutures(symbols=[SYMBOL], channels=[TICKER], callbacks={TICKER: on_ticker}))
    handler.run(start_loop=False, install_signal_handlers=False)
    opportunities.answer_lines()
    loop.run_forever()


if __name__ == "__main__":
    main(sys.argv[1])
