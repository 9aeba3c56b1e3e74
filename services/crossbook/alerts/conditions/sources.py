"""What trackers and shards tell of themselves and of instruments: asked again and again, as far as any rule wants it.

Every replica asks, whoever has the rules, so that one that gains a rule knows how long something has been so.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import grpc

from crossbook.alerts.conditions.instruments import BASIS, FUNDING, NotLive
from crossbook.alerts.conditions.parts import Shards, Trackers
from crossbook.alerts.conditions.resyncs import Resyncs
from crossbook.pb.v1 import (
    aggregator_pb2,
    aggregator_pb2_grpc,
    alerts_pb2,
    facts_pb2,
    market_pb2,
    tracker_pb2,
    tracker_pb2_grpc,
)
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.paging import pages

ANSWER_SECONDS = 2.0
INSTRUMENTS_EVERY_SECONDS = 10.0
KNOWN_SECONDS = 60.0  # after which what a shard said of instruments says nothing any more
PAGE = 1000
MAX_PAGES = 50  # of one shard

T = TypeVar("T")
Kinds = Sequence[facts_pb2.FactKind.ValueType]


@dataclass(frozen=True, slots=True)
class Wants:
    """Which answers any rule needs."""

    are_trackers: bool = False
    are_shards: bool = False
    are_quotes: bool = False
    kinds: Kinds = ()


def wants_of(rules: Sequence[alerts_pb2.AlertRule]) -> Wants:
    """Of rules that are enabled."""
    feeds = [rule.feed for rule in rules if rule.trigger == alerts_pb2.ALERT_TRIGGER_FEED]
    is_system = any(rule.trigger == alerts_pb2.ALERT_TRIGGER_SYSTEM for rule in rules)
    kinds = (
        *(FUNDING if any(rule.trigger == alerts_pb2.ALERT_TRIGGER_FUNDING_SPREAD for rule in rules) else ()),
        *(BASIS if any(rule.trigger == alerts_pb2.ALERT_TRIGGER_BASIS for rule in rules) else ()),
    )
    has_storms = any(feed.HasField("max_resyncs") for feed in feeds)
    return Wants(is_system or has_storms, is_system, any(feed.HasField("stale_after") for feed in feeds), kinds)


class Sources:
    """`trackers` are targets, `shards` targets by name; the caller closes it."""

    def __init__(self, trackers: Sequence[str], shards: Mapping[str, str], clock: Clock) -> None:
        self._clock = clock
        self._trackers = {target: open_channel(target) for target in trackers}
        self._targets: dict[str, str] = {}
        self._shards: dict[str, grpc.aio.Channel] = {}
        self._left: list[grpc.aio.Channel] = []
        self.choose(shards)
        self._asked_at = -math.inf
        self._quotes_at = self._facts_at = -math.inf
        self._facts: list[facts_pb2.InstrumentFacts] = []
        self._not_live = NotLive()
        self.resyncs = Resyncs()
        self.trackers: Trackers = {}
        self.shards: Shards = {}

    @property
    def not_live(self) -> NotLive | None:
        """None when not all shards have told of late."""
        return self._not_live if self._is_recent(self._quotes_at) else None

    @property
    def facts(self) -> Sequence[facts_pb2.InstrumentFacts] | None:
        """None when not all shards have told of late."""
        return self._facts if self._is_recent(self._facts_at) else None

    def choose(self, shards: Mapping[str, str]) -> None:
        """Takes another list: target by shard."""
        for name in [name for name, target in self._targets.items() if shards.get(name) != target]:
            self._left.append(self._shards.pop(name))
        self._shards |= {name: open_channel(target) for name, target in shards.items() if name not in self._shards}
        self._targets = dict(shards)

    async def look(self, wants: Wants) -> None:
        """Asks once. Of instruments every INSTRUMENTS_EVERY_SECONDS: those answers are long."""
        await self._close_left()
        if wants.are_trackers:
            self.trackers = await _each(self._trackers, _tracker)
            self.resyncs.note(self.trackers, self._clock.now_ns())
        if wants.are_shards:
            self.shards = await _each(self._shards, _shard)
        if self._clock.passed_seconds() - self._asked_at >= INSTRUMENTS_EVERY_SECONDS:
            self._asked_at = self._clock.passed_seconds()
            await self._ask_for_instruments(wants)

    async def close(self) -> None:
        """Ends all channels."""
        self.choose({})
        self._left += self._trackers.values()
        await self._close_left()

    async def _ask_for_instruments(self, wants: Wants) -> None:
        if wants.are_quotes:
            quotes = await _each(self._shards, _quotes)
            if all(answer is not None for answer in quotes.values()):
                self._not_live.note(quote for answer in quotes.values() for quote in answer or ())
                self._quotes_at = self._clock.passed_seconds()
        if wants.kinds:
            facts = await _each(self._shards, lambda channel: _facts(channel, wants.kinds))
            if all(answer is not None for answer in facts.values()):
                self._facts = [one for answer in facts.values() for one in answer or ()]
                self._facts_at = self._clock.passed_seconds()

    def _is_recent(self, at: float) -> bool:
        return self._clock.passed_seconds() - at <= KNOWN_SECONDS

    async def _close_left(self) -> None:
        while self._left:
            await self._left.pop().close()


async def _each(
    channels: Mapping[str, grpc.aio.Channel], ask: Callable[[grpc.aio.Channel], Awaitable[T]]
) -> dict[str, T | None]:
    """What each answers, all asked at once; None where one does not."""

    async def answer(channel: grpc.aio.Channel) -> T | None:
        try:
            return await ask(channel)
        except grpc.aio.AioRpcError:
            return None

    return dict(zip(channels, await asyncio.gather(*map(answer, channels.values())), strict=True))


async def _tracker(channel: grpc.aio.Channel) -> tracker_pb2.GetTrackerStatsResponse:
    stub = tracker_pb2_grpc.TrackerServiceStub(channel)
    return await stub.GetTrackerStats(tracker_pb2.GetTrackerStatsRequest(), timeout=ANSWER_SECONDS)


async def _shard(channel: grpc.aio.Channel) -> aggregator_pb2.GetAggregatorStatsResponse:
    stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
    return await stub.GetAggregatorStats(aggregator_pb2.GetAggregatorStatsRequest(), timeout=ANSWER_SECONDS)


async def _quotes(channel: grpc.aio.Channel) -> Sequence[market_pb2.Quote]:
    stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
    answer = await stub.ListLatestQuotes(aggregator_pb2.ListLatestQuotesRequest(), timeout=ANSWER_SECONDS)
    return answer.quotes


async def _facts(
    channel: grpc.aio.Channel, kinds: Sequence[facts_pb2.FactKind.ValueType]
) -> Sequence[facts_pb2.InstrumentFacts]:
    """Page by page, MAX_PAGES at most."""
    stub = aggregator_pb2_grpc.AggregatorServiceStub(channel)
    request = aggregator_pb2.ListInstrumentFactsRequest(kinds=kinds, page_size=PAGE)
    found: list[facts_pb2.InstrumentFacts] = []
    async for answer in pages(stub.ListInstrumentFacts, request, ANSWER_SECONDS, MAX_PAGES):
        found += answer.instruments
    return found
