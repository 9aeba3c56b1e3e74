"""Pairs that may not be one asset: what the scanner finds and operators decide, in Postgres and so in every replica.

Every second the register writes what was found here, reads what is held of all pairs, and tells the scanner when that
has changed. So a decision made at one replica is in force at the others within seconds, and again after a restart: no
quote is followed before the table was read once.
"""

import asyncio
import hashlib
import json
from collections.abc import Sequence

import structlog

from crossbook._core import IdentityFinding, IdentityPair
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.store.identities import RESOURCE, FindingRow, IdentityStore, StateRow
from crossbook.plumbing.data.postgres import NoTablesError
from crossbook.plumbing.errors import NotFoundError, UnavailableError

POLL_SECONDS = 1.0

log = structlog.get_logger()


def finding_id(pair: IdentityPair) -> str:
    """The same for a pair wherever and whenever it is found."""
    names = json.dumps([pair.asset, *pair.first, *pair.second], ensure_ascii=False)
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def finding_name(pair: IdentityPair) -> str:
    """Its resource name."""
    return RESOURCE + finding_id(pair)


class IdentityRegister:
    """Keeps the scanner and the table at one. Without a store, what is found lasts as long as the process."""

    def __init__(self, live: LiveScan, store: IdentityStore | None) -> None:
        self._live = live
        self._store = store
        # Not yet in the table, because Postgres is away. At most every pair once: the scanner finds none twice.
        self._unsaved: list[FindingRow] = []
        self._known: Sequence[StateRow] = ()
        self._lock = asyncio.Lock()  # what was read is told before anything else is read or written
        self._is_readable = True

    async def load(self) -> None:
        """Returns once what was decided before is in force, however long Postgres takes."""
        while True:
            if await self.synchronise():
                return
            await asyncio.sleep(POLL_SECONDS)

    async def run(self) -> None:
        """Goes on until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            await self.synchronise()

    async def synchronise(self) -> bool:
        """Writes what was found, reads what is held; false while Postgres is away, and all stays as it was."""
        self._unsaved += [_row(finding) for finding in self._live.scanner.take_findings()]
        if self._store is None:
            self._unsaved.clear()
            return True
        try:
            async with self._lock:
                await self._exchange(self._store)
        except UnavailableError as error:
            self._note(False, str(error))
            return isinstance(error, NoTablesError)  # then nothing was ever decided
        self._note(True, "")
        return True

    async def decide(self, name: str, state: int, comment: str) -> FindingRow:
        """Raises NotFoundError, UnavailableError."""
        store = self._needed()
        async with self._lock:
            row = await store.decide(name.removeprefix(RESOURCE), state, comment)
            if row is None:
                raise NotFoundError(name)
            self._tell(await store.states())
        log.info("identity_decided", finding=name, asset=row.asset, state=state, comment=comment)
        return row

    async def page(
        self, states: Sequence[int], assets: Sequence[str], after: tuple[int, str] | None, limit: int
    ) -> list[FindingRow]:
        """Findings, newest first. Raises UnavailableError."""
        return await self._needed().page(states, assets, after, limit)

    async def _exchange(self, store: IdentityStore) -> None:
        while self._unsaved:
            await store.add(self._unsaved[0])
            self._unsaved.pop(0)
        self._tell(await store.states())

    def _tell(self, rows: Sequence[StateRow]) -> None:
        if rows != self._known:
            self._known = rows
            self._live.set_identities([(_pair(row), row[-1]) for row in rows])

    def _needed(self) -> IdentityStore:
        if self._store is None:
            raise UnavailableError("this service was started without Postgres: set CROSSBOOK_POSTGRES_DSN")
        return self._store

    def _note(self, is_readable: bool, reason: str) -> None:
        """Logs changes only."""
        if is_readable != self._is_readable:
            self._is_readable = is_readable
            if is_readable:
                log.info("identities_readable")
            else:
                log.warning("identities_unreadable", reason=reason)


def _pair(row: StateRow) -> IdentityPair:
    asset, first_venue, first_symbol, second_venue, second_symbol, _ = row
    return IdentityPair(asset, (first_venue, first_symbol), (second_venue, second_symbol))


def _row(finding: IdentityFinding) -> FindingRow:
    pair = finding.pair
    log.warning(
        "identity_suspect",
        finding=finding_name(pair),
        asset=pair.asset,
        first=" ".join(pair.first),
        second=" ".join(pair.second),
        difference_percent=round(finding.difference_percent, 2),
    )
    return FindingRow(
        id=finding_id(pair),
        asset=pair.asset,
        first_venue=pair.first[0],
        first_symbol=pair.first[1],
        first_mid=finding.first_mid,
        second_venue=pair.second[0],
        second_symbol=pair.second[1],
        second_mid=finding.second_mid,
        difference_percent=finding.difference_percent,
        since_ns=finding.since_ns,
        found_ns=finding.found_ns,
    )
