"""Sessions: how they begin, go on and end. A refresh token is good once; for twenty seconds a second use is a race."""

import hashlib
import secrets
from datetime import timedelta

import structlog

from crossbook.gateway.accounts.keeper import AccessKeeper
from crossbook.gateway.store.sessions import SessionStore
from crossbook.pb.v1 import accounts_pb2 as pb
from crossbook.plumbing.access.folder import Secrets
from crossbook.plumbing.access.roles import Caller, Role
from crossbook.plumbing.errors import UnauthenticatedError
from crossbook.plumbing.timestamps import to_duration

MAX_SECRET_CHARACTERS = 200

log = structlog.get_logger()


class Grants:
    """Of one gateway."""

    def __init__(
        self, own: Secrets, store: SessionStore, keeper: AccessKeeper, token_seconds: float, session_seconds: float
    ) -> None:
        self._own = own
        self._store = store
        self._keeper = keeper
        self._token_seconds = token_seconds
        self._lasts = timedelta(seconds=session_seconds)

    async def begin_by_code(self, code: str, role: Role, address: str) -> pb.SessionGrant:
        """Raises UnauthenticatedError for a code that is none, over, or used."""
        if len(code) > MAX_SECRET_CHARACTERS or not self._own.is_code(code):
            raise UnauthenticatedError
        if not await self._store.use_code(hash_of(code)):
            raise UnauthenticatedError
        return await self.begin("local", role, address)

    async def begin(self, principal: str, role: Role, address: str) -> pb.SessionGrant:
        """A new session."""
        identifier, token = secrets.token_hex(8), secrets.token_hex(32)
        await self._store.begin(identifier, principal, role, address, hash_of(token), self._lasts)
        return self._grant(Caller(principal, role, f"sessions/{identifier}"), token)

    async def refresh(self, token: str, address: str) -> pb.SessionGrant:
        """The next tokens. Raises UnauthenticatedError; a token that was used long before ends its session."""
        if not token or len(token) > MAX_SECRET_CHARACTERS:
            raise UnauthenticatedError
        successor = self._own.successor(token)
        found = await self._store.refresh(hash_of(token), hash_of(successor), address, self._lasts)
        if found.verdict == "stolen":
            log.warning("refresh_token_replayed", session=found.session_id, principal=found.principal, address=address)
            await self._keeper.look()
        if found.verdict != "good":
            raise UnauthenticatedError
        caller = Caller(found.principal, Role(found.role), f"sessions/{found.session_id}")
        return self._grant(caller, successor)

    async def end(self, token: str) -> None:
        """That there is no such session is no matter."""
        if token and len(token) <= MAX_SECRET_CHARACTERS:
            await self._store.end(hash_of(token))
            await self._keeper.look()

    def _grant(self, caller: Caller, refresh_token: str) -> pb.SessionGrant:
        return pb.SessionGrant(
            access_token=self._own.signer.token(caller, self._token_seconds),
            expires_in=to_duration(int(self._token_seconds * 1e9)),
            role=caller.role,
            principal=caller.principal,
            refresh_token=refresh_token,
        )


def hash_of(secret: str) -> bytes:
    """What is kept of 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
