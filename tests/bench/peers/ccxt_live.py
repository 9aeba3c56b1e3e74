"""ccxt.pro, live: its own client and cache; the comparison follows every answer of its watching loop."""

import asyncio
import sys

import ccxt.pro
from ccxt_side import MARKET, SYMBOL
from livework import Opportunities


async def main(url: str) -> None:
    exchange = ccxt.pro.binanceusdm({"newUpdates": True})
    exchange.set_markets([{**MARKET, "lowercaseId": MARKET["id"].lower()}])
    urls = exchange.urls["api"]["ws"]
    urls.update(dict.fromkeys(urls, f"{url}/ws"))
    opportunities = Opportunities()
    opportunities.answer_lines()
    while True:
        ticker = (await exchange.watch_bids_asks([SYMBOL]))[SYMBOL]
        opportunities.compare(ticker["bid"], ticker["ask"])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
