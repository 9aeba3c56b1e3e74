"""Rolls closed windows up into minutes, within the transaction of the window that ends them.

Exact: means weighted by ticks, time-weighted means by LIVE time. The order of the sums is fixed, so that the same
windows always give the same bits. An instrument's minute holds all its windows, also those that another shard wrote
before the instrument came here; it is complete when they fill it and all are complete.

Whoever closed and wrote all windows of a minute, unchanged by anybody, has added them up already, in the same order and
to the same bits, and need not have them read, sorted and added again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import LiteralString

from crossbook._core import copy_minutes
from crossbook.aggregator.store.copying import copy_rows
from crossbook.aggregator.store.positions import Move
from crossbook.plumbing.data.postgres import Connection

MINUTE = timedelta(minutes=1)

ROLL_UP_ALL: LiteralString = """
    INSERT INTO minutes (
        venue, symbol, minute_start, avg_bid, min_bid, max_bid, avg_ask, min_ask, max_ask, avg_spread,
        time_weighted_bid, time_weighted_ask, tick_count, live_ns, window_ns, is_complete, windows
    )
    SELECT
        venue, symbol, date_trunc('minute', window_start),
        sum(avg_bid * tick_count ORDER BY window_start) / sum(tick_count)::float8, min(min_bid), max(max_bid),
        sum(avg_ask * tick_count ORDER BY window_start) / sum(tick_count)::float8, min(min_ask), max(max_ask),
        sum(avg_spread * tick_count ORDER BY window_start) / sum(tick_count)::float8,
        sum(time_weighted_bid * live_ns ORDER BY window_start) / sum(live_ns)::float8,
        sum(time_weighted_ask * live_ns ORDER BY window_start) / sum(live_ns)::float8,
        sum(tick_count), sum(live_ns), sum(window_ns), bool_and(is_complete) AND sum(window_ns) = 60000000000, count(*)
    FROM snapshots
    WHERE venue = %(venue)s AND window_start >= %(from_minute)s AND window_start < %(to_minute)s
    GROUP BY venue, symbol, date_trunc('minute', window_start)
"""
ROLL_UP: LiteralString = f"{ROLL_UP_ALL} HAVING bool_or(shard = %(shard)s)"
REPLACE: LiteralString = """
    ON CONFLICT (minute_start, venue, symbol) DO UPDATE SET
        avg_bid = excluded.avg_bid, min_bid = excluded.min_bid, max_bid = excluded.max_bid,
        avg_ask = excluded.avg_ask, min_ask = excluded.min_ask, max_ask = excluded.max_ask,
        avg_spread = excluded.avg_spread, time_weighted_bid = excluded.time_weighted_bid,
        time_weighted_ask = excluded.time_weighted_ask, tick_count = excluded.tick_count, live_ns = excluded.live_ns,
        window_ns = excluded.window_ns, is_complete = excluded.is_complete, windows = excluded.windows
"""
ROLL_UP_OVER: LiteralString = f"{ROLL_UP} {REPLACE}"
ROLL_UP_AGAIN: LiteralString = f"""
    {ROLL_UP_ALL} HAVING EXISTS (
        SELECT FROM minutes WHERE minutes.venue = %(venue)s AND minutes.minute_start = %(from_minute)s
            AND minutes.symbol = snapshots.symbol
    ) {REPLACE}
"""


async def roll_up(connection: Connection, shard: str, moves: Sequence[Move]) -> list[int]:
    """Every minute that ends with these windows or was passed since the ones before; gives the rows of each.

    Raises psycopg's UniqueViolation where another shard was first.
    """
    known = [move.window for move in moves if _is_known(move)]
    if known:
        await copy_rows(connection, "minutes", copy_minutes(known))
    return [
        move.window.rows if _is_known(move) else await _roll_up_rows(connection, ROLL_UP, shard, move) for move in moves
    ]


async def roll_up_over(connection: Connection, shard: str, move: Move) -> int:
    """The same of one window, in place of what is there."""
    return await _roll_up_rows(connection, ROLL_UP_OVER, shard, move)


def _is_known(move: Move) -> bool:
    """Its writer has added up all that the shard has of the one minute that is over."""
    from_minute, to_minute = _span(move)
    return move.is_sole and move.window.has_minutes and to_minute - from_minute == MINUTE


async def _roll_up_rows(connection: Connection, statement: LiteralString, shard: str, move: Move) -> int:
    from_minute, to_minute = _span(move)
    if from_minute == to_minute:
        return 0
    parameters = {"venue": move.window.venue, "shard": shard, "from_minute": from_minute, "to_minute": to_minute}
    return (await connection.execute(statement, parameters)).rowcount


def _span(move: Move) -> tuple[datetime, datetime]:
    return _minute(move.committed_until), _minute(move.window_end)


async def roll_up_again(connection: Connection, venue: str, window_start: datetime) -> None:
    """Rows of this window have changed: the rows of its minute that are there follow."""
    start = _minute(window_start)
    parameters = {"venue": venue, "from_minute": start, "to_minute": start + MINUTE}
    await connection.execute(ROLL_UP_AGAIN, parameters)


def _minute(moment: datetime) -> datetime:
    return moment.replace(second=0, microsecond=0)
