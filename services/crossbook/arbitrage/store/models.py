"""The registry of life models, and the lives that they are made from."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from psycopg.types.json import Jsonb

from crossbook.plumbing.data.postgres import Pool, connected

CANDIDATE, LIVE, RETIRED = 1, 2, 3
STRIKES = 3  # candidates in a row that take the live one's place away
KEPT = 1_000  # rows; the live one stays
RESOURCE = "lifeModels/"
LOCK_KEY = 0x6C6966656D6F64  # "lifemod"

LIVES = """
    SELECT number, features, publish_ns, close_ns, is_censored, asset || ' ' || buy_venue || ' ' || sell_venue, asset,
        opening_net_percent, path_us, path_net_percent
    FROM opportunity_lives
    WHERE close_ns IS NOT NULL AND feature_schema = %s AND close_ns >= publish_ns
    ORDER BY number DESC LIMIT %s
"""
IN_FORCE = "SELECT id, model, sha256, used, feature_schema FROM life_models WHERE state = 2"
NEWEST = "SELECT newest_life, reason, lives FROM life_models ORDER BY number DESC LIMIT 1"
INSERT = """
    INSERT INTO life_models (id, feature_schema, lives, newest_life, model, sha256, used, scores, state, reason,
        created_by)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
RETIRE = "UPDATE life_models SET state = 3, reason = %s WHERE state = 2"
NEWEST_STATES = "SELECT state FROM life_models ORDER BY number DESC LIMIT %s"
FORGET = "DELETE FROM life_models WHERE state <> 2 AND number <= (SELECT max(number) FROM life_models) - %s"


class LifeRow(NamedTuple):
    """What a model is made from."""

    number: int
    features: list[float]
    publish_ns: int
    close_ns: int
    is_censored: bool
    pair: str
    asset: str
    opening_net_percent: float
    path_us: list[int]
    path_net_percent: list[float]


class Registered(NamedTuple):
    """The model in force."""

    id: str
    model: bytes
    sha256: str
    used: list[bool]
    feature_schema: int


class Made(NamedTuple):
    """A model as it is made; `reason` is why it may not speak, empty when it may."""

    id: str
    feature_schema: int
    lives: int
    newest_life: int
    model: bytes
    used: Sequence[bool]
    scores: Mapping[str, object]
    reason: str
    created_by: str


class ModelStore:
    """Raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def lives(self, feature_schema: int, limit: int) -> list[LifeRow]:
        """The newest that have ended and bear these features, in the order of their publication."""
        async with connected(self._pool) as connection:
            rows = await (await connection.execute(LIVES, (feature_schema, limit), binary=True)).fetchall()
        return sorted((LifeRow(*row) for row in rows), key=lambda row: (row.publish_ns, row.number))

    async def in_force(self) -> Registered | None:
        """The one that is live."""
        async with connected(self._pool) as connection:
            row = await (await connection.execute(IN_FORCE)).fetchone()
        return Registered(*row) if row else None

    async def newest(self) -> tuple[int, str, int] | None:
        """(newest life, reason, lives) of the model that was made last."""
        async with connected(self._pool) as connection:
            row = await (await connection.execute(NEWEST)).fetchone()
        return (row[0], row[1], row[2]) if row else None

    async def register(self, made: Made) -> bool:
        """One that may speak takes the place of the live one; STRIKES in a row that may not leave it empty.

        False when another replica registers now.
        """
        state = CANDIDATE if made.reason else LIVE
        async with connected(self._pool) as connection, connection.transaction():
            has_turn = await (await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK_KEY,))).fetchone()
            if has_turn is None or not has_turn[0]:
                return False
            before = await (await connection.execute(NEWEST_STATES, (STRIKES - 1,))).fetchall()
            if state == LIVE:
                await connection.execute(RETIRE, (f"{made.id} took its place",))
            elif len(before) == STRIKES - 1 and all(one == CANDIDATE for (one,) in before):
                await connection.execute(RETIRE, (f"{STRIKES} after it were not good enough: {made.reason}",))
            digest = hashlib.sha256(made.model).hexdigest()
            row = (made.id, made.feature_schema, made.lives, made.newest_life, made.model, digest, list(made.used))
            await connection.execute(INSERT, (*row, Jsonb(made.scores), state, made.reason, made.created_by))
            await connection.execute(FORGET, (KEPT,))
        return True
