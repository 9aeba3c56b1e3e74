"""Reads the aggregator's tables back into the oracle's rows, in the oracle's order, for comparing bit by bit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tests.support.aggregator.window_oracle import MinuteRow, SnapshotRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATS = """
    avg_bid, min_bid, max_bid, avg_ask, min_ask, max_ask, avg_spread, time_weighted_bid, time_weighted_ask,
    tick_count, live_ns, window_ns, is_complete
"""


def read_snapshots(dsn: str, venue: str) -> list[SnapshotRow]:
    """Every window row of the venue, ordered by start and symbol."""
    return [
        SnapshotRow(venue, symbol, _to_ns(start), *rest)
        for symbol, start, *rest in _select(
            dsn,
            f"""SELECT symbol, window_start, {STATS}, last_bid, last_bid_size, last_ask, last_ask_size, last_state,
                last_exchange_ns, last_receive_ns
            FROM snapshots WHERE venue = %s ORDER BY window_start, symbol COLLATE "C" """,
            venue,
        )
    ]


def read_minutes(dsn: str, venue: str) -> list[MinuteRow]:
    """Every minute row of the venue, ordered by start and symbol."""
    return [
        MinuteRow(venue, symbol, _to_ns(start), *rest)
        for symbol, start, *rest in _select(
            dsn,
            f"""SELECT symbol, minute_start, {STATS}, windows
            FROM minutes WHERE venue = %s ORDER BY minute_start, symbol COLLATE "C" """,
            venue,
        )
    ]


def read_position(dsn: str, venue: str, shard: str = "main") -> tuple[str, int, int] | None:
    """Stream id, position and committed_until in nanoseconds; None before the first commit."""
    statement = "SELECT stream_id, position, committed_until FROM stream_positions WHERE venue = %s AND shard = %s"
    rows = _select(dsn, statement, venue, shard)
    return next(((stream_id, position, _to_ns(until)) for stream_id, position, until in rows), None)


def committed_until_ns(dsn: str, venue: str, shard: str = "main") -> int:
    """Windows that end at or before it are committed; 0 before the first commit."""
    position = read_position(dsn, venue, shard)
    return position[2] if position else 0


def _select(dsn: str, statement: str, *parameters: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(statement.encode(), parameters).fetchall()


def _to_ns(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000
