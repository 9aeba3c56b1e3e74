"""How far each shard's stream of a venue is committed: a window moves it on, in the transaction of its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crossbook._core import ClosedWindow, Instrument
from crossbook.aggregator.store.moments import to_datetime, to_ns
from crossbook.plumbing.data.postgres import Connection
from crossbook.plumbing.errors import CrossbookError

# Takes the lock, looks where the stream stands, and moves it on if the window comes next: one answer to wait for.
MOVE_POSITION = """
    WITH known AS (
        SELECT committed_until, sole_writer FROM stream_positions
        WHERE venue = %(venue)s AND shard = %(shard)s FOR UPDATE
    )
    UPDATE stream_positions AS moved
    SET stream_id = %(stream_id)s, position = %(position)s, committed_until = %(end)s,
        sole_writer = CASE WHEN %(begins_minute)s OR known.sole_writer = %(writer)s THEN %(writer)s ELSE '' END
    FROM known
    WHERE moved.venue = %(venue)s AND moved.shard = %(shard)s
        AND known.committed_until BETWEEN %(expected)s AND %(start)s
    RETURNING known.committed_until, moved.sole_writer
"""
LOCK_POSITION = """
    SELECT committed_until FROM stream_positions WHERE venue = %(venue)s AND shard = %(shard)s FOR UPDATE
"""
# Keeps every other shard from committing windows of the venue meanwhile.
LOCK_POSITIONS = "SELECT FROM stream_positions WHERE venue = %s ORDER BY shard FOR UPDATE"
INSERT_POSITION = """
    INSERT INTO stream_positions (venue, shard, stream_id, position, committed_until)
    VALUES (%(venue)s, %(shard)s, '', 0, to_timestamp(0))
    ON CONFLICT (venue, shard) DO NOTHING
"""


class LostCommitsError(CrossbookError):
    """Postgres no longer has what it said was committed, as after a failover to a replica that was behind: begin again
    from what it has.
    """

    def __init__(self, expected_ns: int, found_ns: int) -> None:
        super().__init__("Postgres has lost windows that it had committed")
        self.expected_ns = expected_ns  # until then windows were committed
        self.found_ns = found_ns  # until then they still are


@dataclass(frozen=True, slots=True)
class Write:
    """A window to be written."""

    window: ClosedWindow
    markets: Sequence[Instrument]  # those that have changed
    expected_ns: int  # until then windows are committed
    writer: str  # names the windows that closed it, all their life and nobody else's; may be empty


@dataclass(frozen=True, slots=True)
class Move:
    """What a window did to its stream's position."""

    window: ClosedWindow
    committed_until: datetime  # before it
    window_end: datetime
    is_sole: bool  # of the minute under way the shard has what the window's writer wrote, and nothing else


async def move_positions(connection: Connection, shard: str, writes: Sequence[Write]) -> list[Move | None]:
    """To each window's end, locked from here on; None for a window that had been committed before.

    They are locked by venue, so that no two transactions wait for each other's in a circle.

    Raises LostCommitsError when Postgres does not have all that is expected of one.
    """
    ordered = sorted(enumerate(writes), key=lambda numbered: numbered[1].window.venue)
    cursor = connection.cursor()
    await cursor.executemany(MOVE_POSITION, [_parameters(write, shard) for _, write in ordered], returning=True)
    rows = [await result.fetchone() async for result in cursor.results()]
    moves = {
        number: _move(write, row) if row is not None else await _move_or_say_why(connection, shard, write)
        for (number, write), row in zip(ordered, rows, strict=True)
    }
    return [moves[number] for number in range(len(writes))]


async def _move_or_say_why(connection: Connection, shard: str, write: Write) -> Move | None:
    """The stream's first window, one that had been committed, or one of whose past something is lost."""
    parameters = _parameters(write, shard)
    key = {"venue": write.window.venue, "shard": shard}
    while (row := await (await connection.execute(MOVE_POSITION, parameters)).fetchone()) is None:
        known = await (await connection.execute(LOCK_POSITION, key)).fetchone()
        if known is None:
            await connection.execute(INSERT_POSITION, key)
        elif known[0] > parameters["start"]:
            return None
        elif known[0] < parameters["expected"]:
            raise LostCommitsError(write.expected_ns, to_ns(known[0]))
    return _move(write, row)


def _parameters(write: Write, shard: str) -> dict[str, Any]:
    window, start = write.window, to_datetime(write.window.start_ns)
    return {
        "venue": window.venue,
        "shard": shard,
        "stream_id": window.stream_id,
        "position": window.position,
        "writer": write.writer,
        "begins_minute": start.second == 0,
        "expected": to_datetime(write.expected_ns),
        "start": start,
        "end": to_datetime(window.end_ns),
    }


def _move(write: Write, row: tuple[Any, ...]) -> Move:
    committed_until, sole_writer = row
    is_sole = sole_writer == write.writer != ""
    return Move(write.window, committed_until, to_datetime(write.window.end_ns), is_sole)
