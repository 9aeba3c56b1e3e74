"""Users, keys and sessions in Postgres. Of secrets only hashes come here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString

from crossbook.plumbing.data.postgres import Pool, connected
from crossbook.plumbing.errors import AlreadyExistsError, NotFoundError

KEY_COLUMNS: LiteralString = (
    "id, display_name, role, venues, methods, networks, creator, create_time, expire_time, last_use_time, revoke_time,"
    " secret_hash, daily_quota"
)
SESSION_COLUMNS: LiteralString = "id, principal, role, address, create_time, refresh_time, expire_time"
ENDED_KEYS = timedelta(days=30)  # for how long one that has ended is listed
MAX_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class UserRow:
    """One user."""

    name: str
    role: int
    password_hash: str
    create_time: datetime


@dataclass(frozen=True, slots=True)
class KeyRow:
    """One key of a program."""

    id: str
    display_name: str
    role: int
    venues: list[str]
    methods: list[str]
    networks: list[str]
    creator: str
    create_time: datetime
    expire_time: datetime | None
    last_use_time: datetime | None
    revoke_time: datetime | None
    secret_hash: bytes
    daily_quota: int | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One session."""

    id: str
    principal: str
    role: int
    address: str
    create_time: datetime
    refresh_time: datetime
    expire_time: datetime


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is to be."""

    id: str
    secret_hash: bytes
    display_name: str
    role: int
    venues: Sequence[str]
    methods: Sequence[str]
    networks: Sequence[str]
    creator: str
    lifetime: timedelta | None
    daily_quota: int | None


class AccountStore:
    """Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def create_user(self, name: str, role: int, password_hash: str) -> UserRow:
        """Raises AlreadyExistsError."""
        statement = """
            INSERT INTO account_users (name, role, password_hash) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
            RETURNING name, role, password_hash, create_time
        """
        async with connected(self._pool) as connection:
            row = await (await connection.execute(statement, [name, role, password_hash])).fetchone()
        if row is None:
            raise AlreadyExistsError(f"users/{name}")
        return UserRow(*row)

    async def user(self, name: str) -> UserRow | None:
        """None when there is none."""
        statement = "SELECT name, role, password_hash, create_time FROM account_users WHERE name = %s"
        async with connected(self._pool) as connection:
            row = await (await connection.execute(statement, [name])).fetchone()
        return UserRow(*row) if row else None

    async def users(self) -> list[UserRow]:
        """By name."""
        statement = "SELECT name, role, password_hash, create_time FROM account_users ORDER BY name LIMIT %s"
        async with connected(self._pool) as connection:
            return [UserRow(*row) for row in await (await connection.execute(statement, [MAX_ROWS])).fetchall()]

    async def update_user(self, name: str, role: int | None, password_hash: str | None) -> UserRow:
        """Ends the user's sessions too. Raises NotFoundError."""
        statement = """
            UPDATE account_users SET role = coalesce(%s, role), password_hash = coalesce(%s, password_hash)
            WHERE name = %s RETURNING name, role, password_hash, create_time
        """
        async with connected(self._pool) as connection, connection.transaction():
            row = await (await connection.execute(statement, [role, password_hash, name])).fetchone()
            if row is None:
                raise NotFoundError(f"users/{name}")
            await connection.execute(REVOKE_OF, [f"users/{name}"])
        return UserRow(*row)

    async def delete_user(self, name: str) -> None:
        """Ends the user's sessions too. Raises NotFoundError."""
        async with connected(self._pool) as connection, connection.transaction():
            gone = await connection.execute("DELETE FROM account_users WHERE name = %s", [name])
            if not gone.rowcount:
                raise NotFoundError(f"users/{name}")
            await connection.execute(REVOKE_OF, [f"users/{name}"])

    async def create_key(self, key: NewKey) -> KeyRow:
        """It is good from now on."""
        statement: LiteralString = f"""
            INSERT INTO account_keys
                (id, secret_hash, display_name, role, venues, methods, networks, creator, daily_quota, expire_time)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s) RETURNING {KEY_COLUMNS}
        """
        lists = [list(key.venues), list(key.methods), list(key.networks)]
        values = [
            key.id,
            key.secret_hash,
            key.display_name,
            key.role,
            *lists,
            key.creator,
            key.daily_quota,
            key.lifetime,
        ]
        async with connected(self._pool) as connection:
            row = await (await connection.execute(statement, values)).fetchone()
        assert row is not None
        return KeyRow(*row)

    async def keys(self) -> list[KeyRow]:
        """Newest first."""
        statement: LiteralString = f"""
            SELECT {KEY_COLUMNS} FROM account_keys
            WHERE coalesce(revoke_time, expire_time, now()) > now() - %s::interval
            ORDER BY create_time DESC, id LIMIT %s
        """
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(statement, [ENDED_KEYS, MAX_ROWS])).fetchall()
        return [KeyRow(*row) for row in rows]

    async def good_keys(self) -> list[KeyRow]:
        """That are neither revoked nor over."""
        statement: LiteralString = f"""
            SELECT {KEY_COLUMNS} FROM account_keys
            WHERE revoke_time IS NULL AND (expire_time IS NULL OR expire_time > now()) ORDER BY id LIMIT %s
        """
        async with connected(self._pool) as connection:
            return [KeyRow(*row) for row in await (await connection.execute(statement, [MAX_ROWS])).fetchall()]

    async def revoke_key(self, identifier: str) -> None:
        """Raises NotFoundError."""
        statement = "UPDATE account_keys SET revoke_time = coalesce(revoke_time, now()) WHERE id = %s"
        async with connected(self._pool) as connection:
            if not (await connection.execute(statement, [identifier])).rowcount:
                raise NotFoundError(f"keys/{identifier}")

    async def note_uses(self, used: Sequence[str]) -> None:
        """That these keys were used within the last minute."""
        statement = "UPDATE account_keys SET last_use_time = date_trunc('minute', now()) WHERE id = ANY(%s)"
        async with connected(self._pool) as connection:
            await connection.execute(statement, [list(used)])

    async def sessions(self) -> list[SessionRow]:
        """That are alive, newest first."""
        statement: LiteralString = f"""
            SELECT {SESSION_COLUMNS} FROM account_sessions WHERE revoke_time IS NULL AND expire_time > now()
            ORDER BY create_time DESC, id LIMIT %s
        """
        async with connected(self._pool) as connection:
            return [SessionRow(*row) for row in await (await connection.execute(statement, [MAX_ROWS])).fetchall()]

    async def revoke_session(self, identifier: str) -> None:
        """Raises NotFoundError."""
        statement = "UPDATE account_sessions SET revoke_time = coalesce(revoke_time, now()) WHERE id = %s"
        async with connected(self._pool) as connection:
            if not (await connection.execute(statement, [identifier])).rowcount:
                raise NotFoundError(f"sessions/{identifier}")

    async def revoked_since(self, age: timedelta) -> list[str]:
        """Sessions that were revoked within that age: their tokens may still be about."""
        statement = "SELECT id FROM account_sessions WHERE revoke_time > now() - %s::interval ORDER BY id"
        async with connected(self._pool) as connection:
            return [row[0] for row in await (await connection.execute(statement, [age])).fetchall()]


REVOKE_OF: LiteralString = (
    "UPDATE account_sessions SET revoke_time = now() WHERE principal = %s AND revoke_time IS NULL"
)
