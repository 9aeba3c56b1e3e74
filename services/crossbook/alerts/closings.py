"""Which opportunities have closed since they were told, so that a late alert says so.

What the stream tells is known here at once, and within moments in Postgres, where it outlives this replica and reaches
the deliveries of the others.
"""

import asyncio
from collections import OrderedDict

from crossbook.alerts.store.alerts import AlertStore
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import from_timestamp

REMEMBERED = 20_000
WRITE_SECONDS = 0.5
ROUNDS = 4  # that a closing is written in: the alert may come to Postgres after it


class Closings:
    """The newest; when full the oldest is forgotten, which Postgres still knows."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._closed: OrderedDict[str, int] = OrderedDict()
        self._unwritten: dict[str, int] = {}  # rounds left
        self._peaks: dict[str, float] = {}  # of those that are unwritten

    def on_event(self, event: arbitrage_pb2.OpportunityEvent) -> None:
        """The next event of the stream, or again one of before."""
        opportunity_id = event.opportunity.id
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            self._closed[opportunity_id] = from_timestamp(event.event_time)
            if len(self._closed) > REMEMBERED:
                self._closed.popitem(last=False)
        elif self._closed.pop(opportunity_id, None) is None:
            return
        self._write_later(opportunity_id)
        if opportunity_id in self._unwritten:
            self._peaks[opportunity_id] = event.opportunity.peak_net_percent

    def close(self, cause: str, at_ns: int) -> None:
        """It has closed though no event said so; at the time that is known already, if one is."""
        self._closed.setdefault(cause, at_ns)
        self._write_later(cause)

    def _write_later(self, opportunity_id: str) -> None:
        if opportunity_id in self._unwritten or len(self._unwritten) < REMEMBERED:
            self._unwritten[opportunity_id] = ROUNDS

    def closed_ns(self, opportunity_id: str) -> int | None:
        """When it closed; None while it is open, or when that is not known here."""
        return self._closed.get(opportunity_id)

    async def run(self) -> None:
        """Writes them until cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """One round; while Postgres is away nothing is lost."""
        if not self._unwritten:
            return
        rounds = dict(self._unwritten)
        try:
            await self._store.note_closings({cause: self._closed.get(cause) for cause in rounds}, dict(self._peaks))
        except UnavailableError:  # the health watch says so; the next round tries again
            return
        for cause, left in rounds.items():
            if self._unwritten.get(cause) == left:
                self._unwritten[cause] = left - 1
                if left == 1:
                    del self._unwritten[cause]
                    self._peaks.pop(cause, None)
