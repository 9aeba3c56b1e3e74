"""Writes a window of which another shard has rows already: a tracker came back with another list within the window.

Each shard saw a part of it. The row with more LIVE time stays, the one that is there when both have as much, and it is
marked as incomplete: it lacks what the other one saw. No other shard commits windows of the venue meanwhile, and none
takes what it wrote for what is there.
"""

from datetime import datetime

from crossbook.aggregator.store.copying import copy_rows
from crossbook.aggregator.store.rollup import roll_up_again
from crossbook.plumbing.data.postgres import Connection

STAGE = "CREATE TEMPORARY TABLE staged_snapshots (LIKE snapshots) ON COMMIT DROP"
# What is left in staging is contested.
WRITE_UNCONTESTED = """
    WITH written AS (INSERT INTO snapshots SELECT * FROM staged_snapshots ON CONFLICT DO NOTHING RETURNING symbol)
    DELETE FROM staged_snapshots USING written WHERE staged_snapshots.symbol = written.symbol
"""
MARK_STAGED = "UPDATE staged_snapshots SET is_complete = false"
MARK_WRITTEN = """
    UPDATE snapshots known SET is_complete = false FROM staged_snapshots staged
    WHERE known.venue = %(venue)s AND known.window_start = %(window_start)s AND known.symbol = staged.symbol
"""
DELETE_LESSER = """
    DELETE FROM snapshots known USING staged_snapshots staged
    WHERE known.venue = %(venue)s AND known.window_start = %(window_start)s AND known.symbol = staged.symbol
        AND known.live_ns < staged.live_ns
"""
WRITE_GREATER = "INSERT INTO snapshots SELECT * FROM staged_snapshots ON CONFLICT DO NOTHING"
DISTURB_WRITERS = "UPDATE stream_positions SET sole_writer = '' WHERE venue = %(venue)s AND sole_writer <> ''"


async def copy_contested(connection: Connection, venue: str, window_start: datetime, rows: bytes) -> int:
    """To be called within the window's transaction; gives the number of rows that another shard has too."""
    key = {"venue": venue, "window_start": window_start}
    await connection.execute(STAGE)
    await copy_rows(connection, "staged_snapshots", rows)
    await connection.execute(WRITE_UNCONTESTED)
    contested = (await connection.execute(MARK_STAGED)).rowcount
    await connection.execute(MARK_WRITTEN, key)
    await connection.execute(DELETE_LESSER, key)
    await connection.execute(WRITE_GREATER)
    await connection.execute(DISTURB_WRITERS, key)
    await roll_up_again(connection, venue, window_start)
    return contested
