"""Crossbook's side: the feed of the venue, told each frame through the binding; its quotes are taken as batches."""

import sys
import time

from sidework import Stopwatch, frames

from crossbook._core import Fetch, Instrument, VenueFeed

VENUE, NATIVE, SYMBOL = "binance", "BTCUSDT", "BTC/USDT:USDT"
BATCH_EVERY = 256


def main(path: str) -> None:
    feed = VenueFeed(VENUE, "bench")
    stopwatch = Stopwatch()
    fetches: list[Fetch] = []
    last_ns = 0
    for number, (kind, time_ns, text) in enumerate(frames(path)):
        if number == 0:
            fetches += _start(feed, time_ns)
        if kind == "snapshot":
            feed.on_answer(fetches[-1].request_id, 200, text.encode(), time_ns)
            continue
        payload = text.encode()
        started = time.perf_counter_ns()
        steps = feed.on_frame(1, payload, True, time_ns)
        stopwatch.add(kind, time.perf_counter_ns() - started)
        fetches += [step for step in steps or () if isinstance(step, Fetch)]
        if time_ns - last_ns > 100_000_000:
            last_ns = time_ns
            fetches += [step for step in feed.on_timer(time_ns) if isinstance(step, Fetch)]
        if number % BATCH_EVERY == 0:
            feed.take_batch("main", time_ns)
    book = feed.order_book(SYMBOL, 1)
    print(stopwatch.report(book.bids[0][0], book.asks[0][0]))


def _start(feed: VenueFeed, now_ns: int) -> list[Fetch]:
    instrument = Instrument(
        venue=VENUE, symbol=SYMBOL, native_symbol=NATIVE, asset="BTC", quote_currency="USDT", settle_currency="USDT"
    )
    feed.track([instrument], now_ns)
    steps = feed.on_open(1, now_ns) + (feed.on_frame(1, b'{"result":null,"id":1}', True, now_ns) or [])
    return [step for step in steps if isinstance(step, Fetch)]


if __name__ == "__main__":
    main(sys.argv[1])
