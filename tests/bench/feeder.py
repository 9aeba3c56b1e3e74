"""Quotes of two venues at a steady rate, as two trackers would send them, until its standard input ends.

`python -m tests.bench.feeder TARGET RATE`. The second venue's prices swing around the first's, each asset at its own
moment, so that opportunities open, move and close all the time.
"""

import asyncio
import math
import sys
from typing import Any

import grpc
import uvloop

from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest, IngestQuotesResponse
from crossbook.pb.v1.market_pb2 import BookState, Instrument, QuoteBatch, SymbolEntry
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.timestamps import now_ns

METHOD = "/crossbook.v1.AggregatorService/IngestQuotes"
ASSETS = [f"COIN{number}" for number in range(50)]
VENUES = {"still": 0.0, "swinging": 0.005}  # how far from the mid price
MID, HALF_SPREAD = 100.0, 0.01
PERIOD_SECONDS = 20.0
TICK_SECONDS = 0.01


class Feed:
    """One venue's stream, of which nothing is kept: the aggregator it feeds must stay."""

    def __init__(self, channel: grpc.aio.Channel, venue: str) -> None:
        self._venue = venue
        self._sequence = 0
        self._call: Any = channel.stream_stream(METHOD, response_deserializer=IngestQuotesResponse.FromString)()

    async def begin(self) -> None:
        """Says hello and is told to begin at the beginning."""
        entries = [
            SymbolEntry(index=index, instrument=instrument_of(self._venue, asset)) for index, asset in enumerate(ASSETS)
        ]
        hello = IngestHello(venue=self._venue, stream_id=f"feeder-{now_ns()}", oldest_sequence=1, symbols=entries)
        self._stream_id = hello.stream_id
        await self._call.write(IngestQuotesRequest(hello=hello).SerializeToString())
        await self._call.read()

    async def take_acknowledgements(self) -> None:
        """For ever."""
        while await self._call.read():
            continue

    async def send(self, rounds: int) -> None:
        """So many quotes of every asset, all of this moment."""
        self._sequence += 1
        await self._call.write(IngestQuotesRequest(batch=self._batch(rounds)).SerializeToString())

    def _batch(self, rounds: int) -> QuoteBatch:
        at_ns, rows = now_ns(), rounds * len(ASSETS)
        mids = [self._mid(index, at_ns) for index in range(len(ASSETS))]
        return QuoteBatch(
            venue=self._venue,
            stream_id=self._stream_id,
            sequence=self._sequence,
            watermark_ns=at_ns,
            symbol_index=list(range(len(ASSETS))) * rounds,
            receive_ns=[at_ns] * rows,
            exchange_ns=[0] * rows,
            bid=[mid - HALF_SPREAD for mid in mids] * rounds,
            bid_size=[10.0] * rows,
            ask=[mid + HALF_SPREAD for mid in mids] * rounds,
            ask_size=[10.0] * rows,
            state=bytes([BookState.BOOK_STATE_LIVE]) * rows,
        )

    def _mid(self, index: int, at_ns: int) -> float:
        turn = at_ns / 1e9 / PERIOD_SECONDS + index / len(ASSETS)
        return MID * (1 + VENUES[self._venue] * math.sin(2 * math.pi * turn))


def instrument_of(venue: str, asset: str) -> Instrument:
    """A perpetual of the asset, traded at little cost."""
    return Instrument(
        venue=venue,
        symbol=f"{asset}/USDT:USDT",
        native_symbol=f"{asset}USDT",
        asset=asset,
        asset_scale=1.0,
        quote_currency="USDT",
        settle_currency="USDT",
        contract_size=1.0,
        taker_fee_percent=0.01,
    )


async def feed(target: str, rate: float) -> None:
    """What is late because the aggregator or the machine was, is made up for."""
    async with open_channel(target) as channel, asyncio.TaskGroup() as tasks:
        feeds = [Feed(channel, venue) for venue in VENUES]
        for one in feeds:
            await one.begin()
            tasks.create_task(one.take_acknowledgements())
        started, sent = asyncio.get_running_loop().time(), 0
        while True:
            due = (asyncio.get_running_loop().time() - started) * rate - sent
            if rounds := int(due / len(ASSETS) / len(feeds)):
                for one in feeds:
                    await one.send(rounds)
                sent += rounds * len(ASSETS) * len(feeds)
            await asyncio.sleep(TICK_SECONDS)


async def main(target: str, rate: float) -> None:
    task = asyncio.create_task(feed(target, rate))
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await asyncio.wait((task, ended), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        await task  # says what ended it
    task.cancel()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], float(sys.argv[2])))
