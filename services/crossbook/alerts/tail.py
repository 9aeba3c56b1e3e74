"""Follows what any replica announces through Postgres: changed rules, due deliveries, fired alerts.

`is_listening` is set for good once the first connection listens: who watches from then on misses nothing.
Alerts reach WatchAlerts of every replica this way. Announcements made while the connection was down are lost, so each
new connection begins with the alerts that fired since a little before the last one told; none is told twice.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from crossbook.alerts.counters import Counters
from crossbook.alerts.groups.rounds import GroupRounds
from crossbook.alerts.outbox import Outbox
from crossbook.alerts.records import AlertQuery
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store.alerts import AlertStore
from crossbook.alerts.store.notices import DELIVERIES_DUE, FIRED, RULES_CHANGED, SHARED_SECONDS, Notices
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.broadcast import Broadcast
from crossbook.plumbing.errors import NotFoundError
from crossbook.plumbing.follow import Link
from crossbook.plumbing.newest import NewestKeys

BACKOFF_BASE_SECONDS = 0.1
BACKOFF_CAP_SECONDS = 2.0
STABLE_SECONDS = SHARED_SECONDS / 2  # behind a pooler a connection ends so soon, and is no worse for it
OVERLAP = timedelta(seconds=30)
CATCH_UP_LIMIT = 1000
BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
REMEMBERED = 4 * CATCH_UP_LIMIT


class Tail:
    """One connection that listens, opened again and again."""

    def __init__(
        self,
        notices: Notices,
        store: AlertStore,
        rulebook: Rulebook,
        outbox: Outbox,
        rounds: GroupRounds,
        counters: Counters,
    ) -> None:
        self._notices = notices
        self._store = store
        self._counters = counters
        self._rulebook = rulebook
        self._outbox = outbox
        self._rounds = rounds
        self.alerts: Broadcast[pb.Alert] = Broadcast()
        self._told = NewestKeys[str](REMEMBERED)
        self._since: datetime | None = None
        self._link = Link(BACKOFF_BASE_SECONDS, BACKOFF_CAP_SECONDS, stable_seconds=STABLE_SECONDS)
        self.is_listening = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. That Postgres is away the health watch says."""
        while True:
            await self._link.live(self._listen())
            await self._link.pause()

    async def _listen(self) -> None:
        async with self._notices.listening() as notices:
            await self._catch_up()
            self._link.opened()
            self.is_listening.set()
            async for notice in notices:
                await self._on_notice(notice)

    def close(self) -> None:
        """Ends the streams of those who watch."""
        self.alerts.close()
        self.is_listening.set()

    async def _catch_up(self) -> None:
        newest = await self._store.list(AlertQuery(from_time=self._since), CATCH_UP_LIMIT)
        if self._since is None:  # nobody can watch yet: what fired so far is history
            for alert in newest:
                self._told.add(alert.name)
            self._since = max(map(_fired_at, newest), default=BEGINNING) - OVERLAP
        for alert in reversed(newest):
            self._tell(alert)
        self._rulebook.wake()
        self._outbox.wake()
        self._rounds.wake()

    async def _on_notice(self, notice: str) -> None:
        if notice == RULES_CHANGED:
            self._rulebook.wake()
        elif notice == DELIVERIES_DUE:
            self._outbox.wake()
        elif notice.startswith(FIRED):
            self._outbox.wake()
            self._rounds.wake()
            try:
                self._tell(await self._store.get(notice.removeprefix(FIRED)))
            except NotFoundError:  # removed by hand meanwhile
                return

    def _tell(self, alert: pb.Alert) -> None:
        if alert.name in self._told:
            return
        self._told.add(alert.name)
        self._since = _fired_at(alert) - OVERLAP  # by Postgres' clock, whatever ours says, and wherever it is set
        self.alerts.publish(alert)
        self._counters.dropped = self.alerts.dropped


def _fired_at(alert: pb.Alert) -> datetime:
    return alert.fire_time.ToDatetime(tzinfo=UTC)
