"""Follows the facts of instruments. Every shard is told all of them: one is followed, and the next when it is lost.

What the scan uses is handed on to it, as it changes. After a loss what is known is stale until it is told again, and
what the next shard does not tell is gone once it has told everything.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping

import structlog

from crossbook.pb.v1 import aggregator_pb2
from crossbook.pb.v1.aggregator_pb2_grpc import AggregatorServiceStub
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, InstrumentFact, InstrumentFacts
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.follow import Link
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS = 0.5, 10.0
AGAIN_SECONDS = 300.0
AWAY = "no aggregator tells facts"
# What the scan has no use for: it is neither held by it nor recorded.
UNUSED = frozenset(
    {
        FactKind.FACT_KIND_INDEX_PRICE,
        FactKind.FACT_KIND_TICK_SIZE,
    }
)

# What is told anew all the time, where it is told at all.
MOVING = (
    FactKind.FACT_KIND_FUNDING_RATE,
    FactKind.FACT_KIND_MARK_PRICE,
    FactKind.FACT_KIND_OPEN_INTEREST,
    FactKind.FACT_KIND_VOLUME_24H,
    FactKind.FACT_KIND_TRADING_STATUS,
)
LOST_NS = 60 * SECOND_NS  # a loss that lasts so long is told to health checkers
NEVER_NS = 1 << 62

log = structlog.get_logger()


class FactFollower:
    """What is known by now, of as many instruments as an aggregator holds; `on_told` takes what watchers are told."""

    def __init__(self, shards: Callable[[], Mapping[str, str]], on_told: Callable[[bytes], None], clock: Clock) -> None:
        self._clock = clock
        self._shards = shards
        self._on_told = on_told
        self._held: dict[tuple[str, str], dict[int, InstrumentFact]] = {}
        self._untold: set[tuple[str, str]] = set()  # what was held when a shard began to tell everything
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, again_seconds=AGAIN_SECONDS)
        self.is_following = False
        self._lost_ns: int | None = None
        self.oldest_ns: dict[str, int] = {}

    def look(self) -> None:
        """Notes when the oldest fact that moves and counts as known was received, by venue."""
        oldest: dict[str, int] = {}
        for (venue, _), facts in self._held.items():
            for fact in (facts[kind] for kind in MOVING if kind in facts):
                if fact.state == FactState.FACT_STATE_KNOWN:
                    oldest[venue] = min(oldest.get(venue, NEVER_NS), from_timestamp(fact.receive_time))
        self.oldest_ns = oldest

    def problem(self, now_ns: int) -> str:
        """Why facts cannot be relied on; nothing before a shard has ever told any."""
        if self.is_following or self._lost_ns is None or now_ns - self._lost_ns < LOST_NS:
            return ""
        return f"no shard has told facts of instruments for {(now_ns - self._lost_ns) // SECOND_NS} s"

    async def run(self) -> None:
        """Endless."""
        for turn in itertools.count():
            targets = sorted(self._shards().values())
            loss = await self._link.live(self._follow(targets[turn % len(targets)]))
            if self.is_following:
                self.is_following, self._lost_ns = False, self._clock.now_ns()
            self._age()
            if loss.is_news:
                log.warning("facts_lost", reason=loss.reason, effect="they are stale until a shard tells them again")
            await self._link.pause()

    def take(self, told: aggregator_pb2.WatchInstrumentFactsResponse) -> None:
        """One message."""
        for row in told.instruments:
            self._untold.discard((row.venue, row.symbol))
            self._take(row)
        gone = [InstrumentFacts(venue=venue, symbol=symbol, is_gone=True) for venue, symbol in sorted(self._untold)]
        if told.is_complete:
            self._untold.clear()
            for row in gone:
                self._take(row)
            self._tell(gone)
        self._tell(told.instruments)

    def begin(self) -> None:
        """A shard is about to tell everything."""
        self._untold = set(self._held)

    async def _follow(self, target: str) -> None:
        async with open_channel(target) as channel:
            call = AggregatorServiceStub(channel).WatchInstrumentFacts(aggregator_pb2.WatchInstrumentFactsRequest())
            try:
                self.begin()
                async for told in call:
                    if not self.is_following:
                        self.is_following = True
                        self._link.opened()
                    self.take(told)
            finally:
                call.cancel()

    def _take(self, row: InstrumentFacts) -> None:
        key = (row.venue, row.symbol)
        if row.is_gone:
            self._held.pop(key, None)
        else:
            self._held.setdefault(key, {}).update((fact.kind, fact) for fact in row.facts)

    def told(self) -> bytes:
        """All that the scan uses, as one message."""
        rows = [
            InstrumentFacts(venue=venue, symbol=symbol, facts=list(facts.values()))
            for (venue, symbol), facts in self._held.items()
        ]
        return _used(rows).SerializeToString()

    def _tell(self, rows: Iterable[InstrumentFacts]) -> None:
        used = _used(rows)
        if used.instruments:
            self._on_told(used.SerializeToString())

    def _age(self) -> None:
        """What was known is not vouched for by anybody."""
        rows = []
        for (venue, symbol), facts in self._held.items():
            known = [fact for fact in facts.values() if fact.state == FactState.FACT_STATE_KNOWN]
            for fact in known:
                fact.state, fact.reason = FactState.FACT_STATE_STALE, AWAY
            rows.append(InstrumentFacts(venue=venue, symbol=symbol, facts=known))
        self._tell(rows)


def _used(rows: Iterable[InstrumentFacts]) -> aggregator_pb2.WatchInstrumentFactsResponse:
    """What the scan uses of them."""
    used = aggregator_pb2.WatchInstrumentFactsResponse()
    for row in rows:
        facts = [fact for fact in row.facts if fact.kind not in UNUSED]
        if facts or row.is_gone:
            used.instruments.add(venue=row.venue, symbol=row.symbol, facts=facts, is_gone=row.is_gone)
    return used
