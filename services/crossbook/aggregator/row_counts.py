"""How many rows Postgres holds: a question that reads all of them, so it is put at most every few seconds."""

import time
from collections.abc import Callable

from crossbook.aggregator.store.reads import Reads
from crossbook.pb.v1.aggregator_pb2 import VenueRows
from crossbook.plumbing.question import Question

KEPT_SECONDS = 5.0
WAITING_SECONDS = 5.0


class RowCounts:
    """The last answer, shared by all who ask while it is young."""

    def __init__(self, reads: Reads, clock: Callable[[], float] = time.monotonic) -> None:
        self._reads = reads
        self._clock = clock
        self._question = Question(self._count, WAITING_SECONDS)
        self._venues: list[VenueRows] = []
        self._until = float("-inf")

    async def venues(self) -> list[VenueRows]:
        """By venue. Raises UnavailableError, and TimeoutError when Postgres takes longer than 5 s."""
        if self._clock() >= self._until:
            await self._question.ask()
        return self._venues

    async def _count(self) -> None:
        rows = await self._reads.counts()
        self._venues = [VenueRows(venue=venue, snapshots=windows, minutes=minutes) for venue, windows, minutes in rows]
        self._until = self._clock() + KEPT_SECONDS
