"""cryptofeed's side: its own message handler, with callbacks that only count.

The symbol table and the snapshot are handed over, where it would ask the venue.
"""

import asyncio
import json
import logging
import sys
import time
from decimal import Decimal

from cryptofeed.defines import BID, L2_BOOK, TICKER
from cryptofeed.exchanges import BinanceFutures
from cryptofeed.symbols import Symbols
from cryptofeed.types import OrderBook
from sidework import Stopwatch, frames

NATIVE, SYMBOL = "BTCUSDT", "BTC-USDT-PERP"


async def main(path: str) -> None:
    logging.disable(logging.CRITICAL)
    Symbols.set(BinanceFutures.id, {SYMBOL: NATIVE}, {})
    feed = BinanceFutures(
        symbols=[SYMBOL], channels=[TICKER, L2_BOOK], callbacks={TICKER: _take, L2_BOOK: _take}, config={"log": {}}
    )
    stopwatch = Stopwatch()
    for kind, time_ns, text in frames(path):
        seconds = time_ns / 1e9
        if kind == "snapshot":
            _set_book(feed, text)
        elif kind == "bbo" or SYMBOL in feed._l2_book:  # without a book it would fetch one for each depth frame
            stopwatch.add(kind, await _handle(feed, text, seconds))
    book = feed._l2_book[SYMBOL].book
    print(stopwatch.report(float(book.bids.index(0)[0]), float(book.asks.index(0)[0])))


async def _take(_update: object, _receipt: float) -> None:
    pass


async def _handle(feed: BinanceFutures, text: str, seconds: float) -> int:
    started = time.perf_counter_ns()
    await feed.message_handler(text, None, seconds)
    return time.perf_counter_ns() - started


def _set_book(feed: BinanceFutures, text: str) -> None:
    answer = json.loads(text)
    feed.last_update_id[SYMBOL] = answer["lastUpdateId"]
    bids, asks = ({Decimal(p): Decimal(s) for p, s in answer[side]} for side in ("bids", "asks"))
    feed._l2_book[SYMBOL] = OrderBook(feed.id, SYMBOL, bids=bids, asks=asks)
    assert feed._l2_book[SYMBOL].book[BID]


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
