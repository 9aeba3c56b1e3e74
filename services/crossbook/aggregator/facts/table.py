"""What trackers tell of instruments besides quotes: the newest of each fact, and who wants to know.

A watcher that does not keep up is told the newest of each fact once it does: what waits for it is a set of names, no
larger than there are facts.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager

from crossbook.pb.v1.aggregator_pb2 import IngestFactsRequest, InstrumentFilter
from crossbook.pb.v1.facts_pb2 import FactState, InstrumentFact, InstrumentFacts
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.requests import NOT_A_NAME, is_name

MAX_INSTRUMENTS = 10_000  # of one venue
PORTION = 200  # instruments in one message to a watcher
AWAY = "its tracker is away"

Key = tuple[str, str]  # venue and symbol


class FactTable:
    """All venues' facts."""

    def __init__(self) -> None:
        self._rows: dict[Key, _Row] = {}
        self._watchers: set[Watcher] = set()
        self._streams: dict[str, object] = {}  # who feeds a venue now

    def __len__(self) -> int:
        return len(self._rows)

    @contextmanager
    def fed(self, venue: str) -> Iterator[None]:
        """A stream of the venue is open: the newest one counts. When it ends, what it told is stale."""
        stream = self._streams[venue] = object()
        try:
            yield
        finally:
            if self._streams.get(venue) is stream:
                del self._streams[venue]
                self._age(venue)

    def take(self, request: IngestFactsRequest) -> None:
        """Raises InvalidRequestError; nothing of such a message is taken."""
        _check(request)
        count = sum(key[0] == request.venue for key in self._rows)
        for told in request.instruments:
            key = (told.venue, told.symbol)
            if told.is_gone:
                self._rows.pop(key, None)
            elif key in self._rows or count < MAX_INSTRUMENTS:
                count += key not in self._rows
                row = self._rows.setdefault(key, _Row(told.asset))
                row.facts.update((fact.kind, fact) for fact in told.facts)
            self._tell(key, [fact.kind for fact in told.facts])

    def list(self, wanted: InstrumentFilter, kinds: Collection[int]) -> list[InstrumentFacts]:
        """Ordered by venue, then symbol."""
        keys = sorted(key for key, row in self._rows.items() if is_meant(wanted, key, row.asset))
        return [self._message(key, kinds) for key in keys]

    @contextmanager
    def watched(self, wanted: InstrumentFilter, kinds: Collection[int]) -> Iterator["Watcher"]:
        """A watcher, who is told everything first."""
        watcher = Watcher(self, wanted, frozenset(kinds))
        for key in sorted(self._rows):
            watcher.hear(key, self._rows[key].asset, self._rows[key].facts)
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    def row(self, key: Key, kinds: Collection[int]) -> InstrumentFacts:
        """These facts of an instrument as they are now; gone when it is."""
        if key in self._rows:
            return self._message(key, kinds)
        return InstrumentFacts(venue=key[0], symbol=key[1], is_gone=True)

    def _message(self, key: Key, kinds: Collection[int]) -> InstrumentFacts:
        row = self._rows[key]
        chosen = [fact for kind, fact in sorted(row.facts.items()) if not kinds or kind in kinds]
        return InstrumentFacts(venue=key[0], symbol=key[1], asset=row.asset, facts=chosen)

    def _age(self, venue: str) -> None:
        for key, row in self._rows.items():
            if key[0] == venue:
                known = [fact for fact in row.facts.values() if fact.state == FactState.FACT_STATE_KNOWN]
                for fact in known:
                    fact.state, fact.reason = FactState.FACT_STATE_STALE, AWAY
                self._tell(key, [fact.kind for fact in known])

    def _tell(self, key: Key, kinds: Iterable[int]) -> None:
        told = list(kinds)
        for watcher in self._watchers:
            row = self._rows.get(key)
            watcher.hear(key, row.asset if row else None, told)


class _Row:
    def __init__(self, asset: str) -> None:
        self.asset = asset
        self.facts: dict[int, InstrumentFact] = {}


class Watcher:
    """One follower's news: which facts, not what they are."""

    def __init__(self, table: FactTable, wanted: InstrumentFilter, kinds: frozenset[int]) -> None:
        self._table = table
        self._wanted = wanted
        self._kinds = kinds
        self._news: dict[Key, set[int]] = {}
        self._changed = asyncio.Event()

    def hear(self, key: Key, asset: str | None, kinds: Iterable[int]) -> None:
        """These facts are new; without an asset the instrument is gone."""
        if not is_meant(self._wanted, key, asset):
            return
        told = set(kinds) & self._kinds if self._kinds else set(kinds)
        if told or asset is None:
            self._news.setdefault(key, set()).update(told)
            self._changed.set()

    async def portions(self) -> AsyncIterator[tuple[list[InstrumentFacts], bool]]:
        """What is new, and whether that is all for now."""
        while True:
            keys = list(self._news)[:PORTION]
            rows = [self._table.row(key, self._news.pop(key)) for key in keys]
            yield rows, not self._news
            if not self._news:
                self._changed.clear()
                await self._changed.wait()


def is_meant(wanted: InstrumentFilter, key: Key, asset: str | None) -> bool:
    """Whether a filter means it; an instrument that is gone is meant by every asset."""
    venue, symbol = key
    return (
        (not wanted.venues or venue in wanted.venues)
        and (not wanted.symbols or symbol in wanted.symbols)
        and (not wanted.assets or asset is None or asset in wanted.assets)
    )


def _check(request: IngestFactsRequest) -> None:
    for index, told in enumerate(request.instruments):
        if told.venue != request.venue:
            raise InvalidRequestError.of(f"instruments[{index}].venue", f"must be {request.venue!r}")
        if not is_name(told.symbol) or not (told.is_gone or is_name(told.asset)):
            raise InvalidRequestError.of(f"instruments[{index}]", f"symbol and asset {NOT_A_NAME}")
