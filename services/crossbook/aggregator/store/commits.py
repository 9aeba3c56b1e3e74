"""Commits closed windows: rows, stream position, markets and, at a minute's end, the roll-up are one transaction.

Windows of several venues that wait to be written share one, for what a transaction costs beside its rows is as much as
a thousand of them.
"""

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace

import psycopg
from psycopg.sql import SQL, Placeholder

from crossbook._core import Instrument, copy_windows
from crossbook.aggregator.store.contested import copy_contested
from crossbook.aggregator.store.copying import copy_rows
from crossbook.aggregator.store.moments import to_datetime
from crossbook.aggregator.store.positions import LOCK_POSITIONS, Write, move_positions
from crossbook.aggregator.store.rollup import roll_up, roll_up_over
from crossbook.aggregator.store.together import Together
from crossbook.plumbing.data.markets import columns
from crossbook.plumbing.data.postgres import Connection, Pool, connected
from crossbook.plumbing.errors import UnavailableError

# Measured: with more, fewer windows wait for each other, and each transaction costs as much as many rows.
TRANSACTIONS_AT_ONCE = 3
# A transaction with as many takes no more windows along.
ROWS_TOGETHER = 10_000

UPSERT_MARKET = SQL("""
    INSERT INTO markets AS known ({columns}) VALUES ({values})
    ON CONFLICT (venue, symbol) DO UPDATE SET ({columns}, updated_at) = ROW ({new}, now())
    WHERE ({known}) IS DISTINCT FROM ({new})
""").format(
    columns=columns(),
    values=SQL(", ").join([Placeholder()] * len(Instrument.COLUMNS)),
    new=columns("excluded"),
    known=columns("known"),
)


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of one window."""

    is_new: bool  # false: it had been committed before
    minutes: int  # rows rolled up with it
    contested: int = 0  # rows that another shard had written too


class Commits:
    """Those of one shard. Everything raises UnavailableError while Postgres is away."""

    def __init__(self, pool: Pool, shard: str) -> None:
        self._pool = pool
        self._shard = shard
        self._together = Together(
            self._commit_each,
            turns=TRANSACTIONS_AT_ONCE,
            weight=lambda write: write.window.rows,
            most=ROWS_TOGETHER,
        )

    async def commit(self, write: Write, *, is_retry: bool) -> Commit:
        """A retry is a transaction by itself, so that no other window fails with it again and again.

        Raises LostCommitsError when Postgres does not have all that the window's past is expected to be.
        """
        return await self._commit_alone(write) if is_retry else await self._together(write)

    async def _commit_each(self, writes: Sequence[Write]) -> Sequence[Commit | Exception]:
        """In one transaction, if all of them can be: else each in its own, so that what ails one is its own."""
        if len(writes) > 1:
            try:
                return await self._commit_all(writes)
            except UnavailableError as error:
                return [error] * len(writes)
            except Exception:
                pass  # whose it is shows when each is alone
        return [await _outcome(self._commit_alone(write)) for write in writes]

    async def _commit_alone(self, write: Write) -> Commit:
        try:
            return (await self._commit_all([write]))[0]
        except psycopg.errors.UniqueViolation:  # another shard has rows of this window or of a minute that it ends
            return await self._commit_contested(write)

    async def _commit_all(self, writes: Sequence[Write]) -> list[Commit]:
        async with connected(self._pool) as connection, connection.transaction():
            found = await move_positions(connection, self._shard, writes)
            moves = [move for move in found if move is not None]
            if moves:
                rows = copy_windows([move.window for move in moves], self._shard)
                await copy_rows(connection, "snapshots", rows)
            new = [write for write, move in zip(writes, found, strict=True) if move is not None]
            await _upsert(connection, [market for write in new for market in write.markets])
            minutes = iter(await roll_up(connection, self._shard, moves))
            return [Commit(move is not None, next(minutes) if move is not None else 0) for move in found]

    async def _commit_contested(self, write: Write) -> Commit:
        window = write.window
        async with connected(self._pool) as connection, connection.transaction():
            await connection.execute(LOCK_POSITIONS, (window.venue,))
            (move,) = await move_positions(connection, self._shard, [replace(write, writer="")])
            if move is None:
                return Commit(is_new=False, minutes=0)
            start, rows = to_datetime(window.start_ns), window.copy_binary(self._shard)
            contested = await copy_contested(connection, window.venue, start, rows)
            await _upsert(connection, write.markets)
            return Commit(True, await roll_up_over(connection, self._shard, move), contested)


async def _outcome(commit: Awaitable[Commit]) -> Commit | Exception:
    try:
        return await commit
    except Exception as error:
        return error


async def _upsert(connection: Connection, markets: Sequence[Instrument]) -> None:
    """In one order, so that no two shards wait for each other's rows in a circle."""
    if markets:
        ordered = sorted(markets, key=lambda instrument: (instrument.venue, instrument.symbol))
        async with connection.cursor() as cursor:
            await cursor.executemany(UPSERT_MARKET, [instrument.row() for instrument in ordered])
