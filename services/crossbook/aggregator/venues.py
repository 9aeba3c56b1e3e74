"""The venues of one aggregator: each is opened at its first hello and lives to the end of the process."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from crossbook.aggregator.venue import Venue
from crossbook.plumbing.errors import OverloadedError
from crossbook.plumbing.tasks import Keep

MAX_VENUES = 256  # of one process; each has its windows, its writer and its partitions


class Venues:
    """Those that are open. `keep` starts a task that lives as long as the service: each venue's writer."""

    def __init__(self, make: Callable[[str], Venue], keep: Keep) -> None:
        self.opened: dict[str, Venue] = {}
        self._make = make
        self._keep = keep
        self._opening: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # gone with those who wait

    async def open(self, name: str) -> Venue:
        """The venue, restored from Postgres at its first hello; UnavailableError while Postgres is away."""
        async with self._opening.setdefault(name, asyncio.Lock()):
            if name not in self.opened:
                if len({*self.opened, *self._opening}) > MAX_VENUES:
                    raise OverloadedError(f"{MAX_VENUES} venues are open: start another aggregator for more")
                venue = self._make(name)
                await venue.restore()
                self.opened[name] = venue
                self._keep(f"writer {name}", venue.write)
            return self.opened[name]

    async def drain(self) -> None:
        """Until everything closed so far is committed."""
        for venue in self.opened.values():
            await venue.writer.wait_for_room(0)

    def waiting(self) -> list[str]:
        """Venues with closed windows that are not committed."""
        return [name for name, venue in self.opened.items() if venue.writer.waiting]

    def commit_failure(self) -> str:
        """Why windows cannot be committed, in words; nothing while they can."""
        failures = ((name, venue.writer.failure) for name, venue in self.opened.items())
        return next((f"windows of {name} cannot be committed: {failure}" for name, failure in failures if failure), "")
