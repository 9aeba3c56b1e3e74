"""The one way to reach Redis: a client that dials again by itself and gives up on a call within seconds."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis.asyncio
import redis.exceptions

from crossbook.plumbing.cancellation import Cancellations
from crossbook.plumbing.errors import SettingsError, UnavailableError

CALL_TIMEOUT_SECONDS = 2.0

Redis = redis.asyncio.Redis

UNAVAILABLE = (
    redis.exceptions.ConnectionError,  # refused, lost, loading
    redis.exceptions.TimeoutError,
    redis.exceptions.ReadOnlyError,  # a replica during a failover
    ConnectionError,
    TimeoutError,
)


def open_redis(url: str) -> Redis:
    """A client for short calls, which the caller closes; its socket timeout would break blocking reads."""
    try:
        return redis.asyncio.Redis.from_url(
            url,
            socket_timeout=CALL_TIMEOUT_SECONDS,
            socket_connect_timeout=CALL_TIMEOUT_SECONDS,
            health_check_interval=15,
            decode_responses=True,
        )
    except ValueError:
        raise SettingsError("setting redis_url is malformed: write redis://user:password@host:port/0") from None


def is_unavailable(error: BaseException) -> bool:
    """Whether the server is not there or cannot work now, so that the same may succeed later."""
    return isinstance(error, UNAVAILABLE)


@contextmanager
def translating_outages() -> Iterator[None]:
    """Around calls: raises UnavailableError where the server is not there."""
    cancellations = Cancellations()
    try:
        yield
    except Exception as error:
        cancellations.check()
        if is_unavailable(error):
            raise UnavailableError("Redis cannot be reached") from error
        raise
    cancellations.check()
