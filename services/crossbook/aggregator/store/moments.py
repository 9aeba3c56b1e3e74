"""Moments as Postgres keeps them, in microseconds, and as we do, in nanoseconds."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_datetime(time_ns: int) -> datetime:
    """Postgres keeps microseconds; every window's bounds are whole seconds."""
    return EPOCH + timedelta(microseconds=time_ns // 1000)


def to_ns(moment: datetime) -> int:
    """The reverse, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000
