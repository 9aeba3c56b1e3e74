"""The aggregator's store for unit tests: keeps in memory what is committed, and breaks when it is told to."""

from datetime import datetime

from crossbook._core import ClosedWindow, Instrument
from crossbook.aggregator.store.commits import Commit
from crossbook.aggregator.store.store import RestorePoint, Store


class MemoryStore(Store):
    """Each call first raises the next of `errors`, if there is one."""

    def __init__(self, shard: str = "main") -> None:
        self.shard = shard
        self.errors: list[BaseException] = []
        self.windows: list[ClosedWindow] = []
        self.markets: list[list[Instrument]] = []  # beside `windows`
        self.points: dict[str, RestorePoint] = {}
        self.answer = Commit(is_new=True, minutes=0)
        self.set_back_to: RestorePoint | None = None

    async def ping(self) -> None:
        """Whatever was committed."""
        self._break()

    async def open_venue(self, venue: str) -> RestorePoint | None:
        """The point that the test has set."""
        self._break()
        return self.points.get(venue)

    async def set_back(self, venue: str, now_ns: int) -> tuple[RestorePoint | None, int]:
        """To the point that the test has set."""
        self._break()
        return self.set_back_to, 7

    async def commit_window(
        self,
        window: ClosedWindow,
        markets: object,
        committed_until_ns: int = 0,
        writer: str = "",
        *,
        is_retry: bool = False,
    ) -> Commit:
        """Keeps it."""
        self._break()
        self.windows.append(window)
        self.markets.append(list(markets))  # type: ignore[call-overload]
        return self.answer

    async def list_venues(self) -> list[str]:
        """Those with a point."""
        self._break()
        return sorted(self.points)

    async def delete_snapshots(self, venue: str, until: datetime, limit: int) -> int:
        """There are none."""
        self._break()
        return 0

    async def delete_minutes(self, venue: str, until: datetime, limit: int) -> int:
        """There are none."""
        self._break()
        return 0

    def _break(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
