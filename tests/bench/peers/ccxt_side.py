"""ccxt's side: what its websocket client does with a message: json, then the exchange's handle_message.

The market and the snapshot are handed over, where it would ask the venue.
"""

import asyncio
import json
import sys
import time

import ccxt.pro
from sidework import Stopwatch, frames

NATIVE, SYMBOL = "BTCUSDT", "BTC/USDT:USDT"
MARKET = {
    "id": NATIVE, "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "settle": "USDT", "baseId": "BTC",
    "quoteId": "USDT", "settleId": "USDT", "type": "swap", "spot": False, "swap": True, "future": False,
    "option": False, "contract": True, "linear": True, "inverse": False, "subType": "linear", "contractSize": 1.0,
    "active": True, "precision": {"amount": 0.001, "price": 0.1}, "limits": {}, "info": {},
}  # fmt: skip


async def main(path: str) -> None:
    exchange = ccxt.pro.binanceusdm()
    exchange.set_markets([MARKET])
    client = exchange.client(exchange.urls["api"]["ws"]["linear"])
    stopwatch = Stopwatch()
    for kind, _, text in frames(path):
        if kind == "snapshot":
            _set_book(exchange, text)
        else:
            started = time.perf_counter_ns()
            exchange.handle_message(client, json.loads(text))
            stopwatch.add(kind, time.perf_counter_ns() - started)
    book = exchange.orderbooks[SYMBOL]
    print(stopwatch.report(book["bids"][0][0], book["asks"][0][0]))
    await exchange.close()


def _set_book(exchange: ccxt.pro.binanceusdm, text: str) -> None:
    snapshot = exchange.parse_order_book(json.loads(text), SYMBOL)
    snapshot["nonce"] = json.loads(text)["lastUpdateId"]
    exchange.orderbooks[SYMBOL] = exchange.order_book(snapshot, len(snapshot["bids"]))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
