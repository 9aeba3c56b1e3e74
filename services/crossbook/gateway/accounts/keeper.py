"""What callers may show here, as Postgres has it: asked once a second by every gateway, so a revocation is in force
everywhere within two; told to the processes of this machine in a file, and to the sockets of this process.

A poll and not a notice: it needs no session of its own, and is right behind a pooler and after any outage. While
Postgres is away the last answer stands.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import structlog

from crossbook.gateway.store.accounts import AccountStore, KeyRow
from crossbook.gateway.store.sessions import SessionStore
from crossbook.plumbing.access.folder import RING, Secrets
from crossbook.plumbing.access.ring import KeyEntry, Ring, RingFile, write_ring
from crossbook.plumbing.access.roles import Caller, role_name
from crossbook.plumbing.errors import SettingsError, UnavailableError

POLL_SECONDS = 1.0
USES_SECONDS = 60.0
FORGET_SECONDS = 3600.0
MARGIN = timedelta(minutes=5)  # beyond a token's life, for which its session's end is remembered

log = structlog.get_logger()


class AccessKeeper:
    """Of one gateway; without a store nobody but the local command and links are known."""

    def __init__(
        self,
        secrets: Secrets,
        store: AccountStore | None,
        sessions: SessionStore | None,
        token_seconds: float,
        end: Callable[[str], int],
        folder: Path | None,
    ) -> None:
        self._secrets = secrets
        self._store = store
        self._sessions = sessions
        self._remembered = timedelta(seconds=token_seconds) + MARGIN
        self._end = end
        self._folder = folder
        self._used: set[str] = set()
        self.ring = self._left()
        self.quotas: Mapping[str, int] = {}

    def caller(self, shown: str, address: str) -> Caller:
        """Who shows a token or key. Raises UnauthenticatedError."""
        found = self.ring.caller(shown, address)
        if found.credential.startswith("keys/"):
            self._used.add(found.credential.removeprefix("keys/"))
        return found

    async def run(self) -> None:
        """Until cancelled."""
        self._write()
        passed = 0.0
        while True:
            try:
                await self.look()
                if passed % USES_SECONDS == 0 and self._used and self._store:
                    used, self._used = self._used, set()
                    await self._store.note_uses(sorted(used))
                if passed % FORGET_SECONDS == 0 and self._sessions:
                    await self._sessions.forget()
            except UnavailableError as error:
                log.warning("accounts_unread", reason=str(error))
            passed += POLL_SECONDS
            await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> None:
        """Takes what is so now, and ends what is no longer good. Raises UnavailableError."""
        if self._store is None:
            return
        rows = await self._store.good_keys()
        self.quotas = {row.id: row.daily_quota for row in rows if row.daily_quota}
        keys = tuple(map(_entry, rows))
        revoked = frozenset(f"sessions/{one}" for one in await self._store.revoked_since(self._remembered))
        now = Ring([self._secrets.signer.public_pem], keys, revoked)
        if now == self.ring:
            return
        gone = (revoked - self.ring.revoked) | {f"keys/{key.id}" for key in self.ring.keys if key not in keys}
        self.ring = now
        self._write()
        for credential in gone:
            self._end(credential)

    def _left(self) -> Ring:
        """What the last one has left: a gateway that starts again, maybe before Postgres does, makes no key bad."""
        public = [self._secrets.signer.public_pem]
        if self._folder is None:
            return Ring(public)
        try:
            return replace(RingFile(self._folder / RING).ring(), public_keys=public)
        except SettingsError:
            return Ring(public)

    def _write(self) -> None:
        if self._folder is None:
            return
        try:
            write_ring(self._folder / RING, self.ring)
        except OSError as error:
            log.error("ring_not_written", reason=error.strerror)


def _entry(row: KeyRow) -> KeyEntry:
    return KeyEntry(
        row.id,
        row.secret_hash.hex(),
        role_name(row.role),
        tuple(row.venues),
        tuple(row.methods),
        tuple(row.networks),
        row.expire_time.timestamp() if row.expire_time else None,
    )
