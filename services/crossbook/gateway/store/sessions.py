"""How sessions begin and go on: codes that are good once, refresh tokens that rotate, and what a second use means."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from crossbook.plumbing.data.postgres import Pool, connected

REPLAY_GRACE = timedelta(seconds=20)
KEPT = timedelta(days=1)  # of sessions that are over, and of used codes


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of a refresh token."""

    verdict: Literal["good", "unknown", "stolen"]
    session_id: str = ""
    principal: str = ""
    role: int = 0


class SessionStore:
    """Everything raises UnavailableError while Postgres is away. Tokens and codes come as their hashes."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def use_code(self, code_hash: bytes) -> bool:
        """Whether nobody has used it before."""
        statement = "INSERT INTO account_used_codes (code_hash) VALUES (%s) ON CONFLICT DO NOTHING"
        async with connected(self._pool) as connection:
            return bool((await connection.execute(statement, [code_hash])).rowcount)

    async def begin(
        self, identifier: str, principal: str, role: int, address: str, token_hash: bytes, lasts: timedelta
    ) -> None:
        """A new session with its first refresh token."""
        session = """
            INSERT INTO account_sessions (id, principal, role, address, expire_time)
            VALUES (%s, %s, %s, %s, now() + %s)
        """
        token = "INSERT INTO account_refresh_tokens (token_hash, session_id) VALUES (%s, %s)"
        async with connected(self._pool) as connection, connection.transaction():
            await connection.execute(session, [identifier, principal, role, address, lasts])
            await connection.execute(token, [token_hash, identifier])

    async def refresh(self, token_hash: bytes, successor_hash: bytes, address: str, lasts: timedelta) -> Refreshed:
        """Uses a token. A second use within the grace gives the same successor; a later one ends the session."""
        found = """
            SELECT s.id, s.principal, s.role, t.use_time < now() - %s::interval
            FROM account_refresh_tokens t JOIN account_sessions s ON s.id = t.session_id
            WHERE t.token_hash = %s AND s.revoke_time IS NULL AND s.expire_time > now()
            FOR UPDATE OF s
        """
        async with connected(self._pool) as connection, connection.transaction():
            row = await (await connection.execute(found, [REPLAY_GRACE, token_hash])).fetchone()
            if row is None:
                return Refreshed("unknown")
            identifier, principal, role, is_stolen = row
            if is_stolen:
                revoke = "UPDATE account_sessions SET revoke_time = now() WHERE id = %s"
                await connection.execute(revoke, [identifier])
                return Refreshed("stolen", identifier, principal, role)
            await connection.execute(
                "UPDATE account_refresh_tokens SET use_time = coalesce(use_time, now()) WHERE token_hash = %s",
                [token_hash],
            )
            await connection.execute(
                "INSERT INTO account_refresh_tokens (token_hash, session_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                [successor_hash, identifier],
            )
            await connection.execute(
                """UPDATE account_sessions SET refresh_time = now(), expire_time = now() + %s, address = %s
                WHERE id = %s""",
                [lasts, address, identifier],
            )
        return Refreshed("good", identifier, principal, role)

    async def end(self, token_hash: bytes) -> str | None:
        """Ends the session of a token; its id, if there was one."""
        statement = """
            UPDATE account_sessions SET revoke_time = coalesce(revoke_time, now())
            WHERE id = (SELECT session_id FROM account_refresh_tokens WHERE token_hash = %s) RETURNING id
        """
        async with connected(self._pool) as connection:
            row = await (await connection.execute(statement, [token_hash])).fetchone()
        return str(row[0]) if row else None

    async def forget(self) -> None:
        """Removes what is over for long enough."""
        async with connected(self._pool) as connection:
            await connection.execute(
                "DELETE FROM account_sessions WHERE least(revoke_time, expire_time) < now() - %s::interval", [KEPT]
            )
            await connection.execute("DELETE FROM account_used_codes WHERE use_time < now() - %s::interval", [KEPT])
            await connection.execute(
                """DELETE FROM account_refresh_tokens t USING account_sessions s
                WHERE s.id = t.session_id AND t.use_time < now() - %s::interval AND s.revoke_time IS NOT NULL""",
                [KEPT],
            )
