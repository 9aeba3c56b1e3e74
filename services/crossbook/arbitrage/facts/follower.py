"""Follows the facts of instruments. Every shard is told all of them: one is followed, and the next when it is lost."""

import itertools
from collections.abc import Callable, Mapping

import structlog

from crossbook.arbitrage.facts.holding import LegFacts
from crossbook.pb.v1 import aggregator_pb2
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.facts_pb2 import FactState, InstrumentFact
from crossbook.plumbing.follow import Link
from crossbook.plumbing.grpc.channel import open_channel

BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS = 0.5, 10.0
AGAIN_SECONDS = 300.0
AWAY = "no aggregator tells facts"

log = structlog.get_logger()


class FactFollower:
    """What is known by now; as many instruments as an aggregator holds."""

    def __init__(self, shards: Callable[[], Mapping[str, str]]) -> None:
        self._shards = shards
        self._held: dict[tuple[str, str], dict[int, InstrumentFact]] = {}
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, again_seconds=AGAIN_SECONDS)

    def of(self, venue: str, symbol: str) -> LegFacts:
        """The facts of one instrument; none of an unknown one."""
        return self._held.get((venue, symbol), {})

    async def run(self) -> None:
        """Endless."""
        for turn in itertools.count():
            targets = sorted(self._shards().values())
            loss = await self._link.live(self._follow(targets[turn % len(targets)]))
            self._age()
            if loss.is_news:
                log.warning("facts_lost", reason=loss.reason, effect="they are stale until a shard tells them again")
            await self._link.pause()

    def take(self, told: aggregator_pb2.WatchInstrumentFactsResponse) -> None:
        """One message."""
        for row in told.instruments:
            key = (row.venue, row.symbol)
            if row.is_gone:
                self._held.pop(key, None)
            else:
                self._held.setdefault(key, {}).update((fact.kind, fact) for fact in row.facts)

    async def _follow(self, target: str) -> None:
        async with open_channel(target) as channel:
            call = AggregatorServiceStub(channel).WatchInstrumentFacts(aggregator_pb2.WatchInstrumentFactsRequest())
            try:
                is_first = True
                async for told in call:
                    if is_first:
                        is_first = False
                        self._held.clear()
                        self._link.opened()
                    self.take(told)
            finally:
                call.cancel()

    def _age(self) -> None:
        """What was known is not vouched for by anybody."""
        for facts in self._held.values():
            for fact in facts.values():
                if fact.state == FactState.FACT_STATE_KNOWN:
                    fact.state, fact.reason = FactState.FACT_STATE_STALE, AWAY
