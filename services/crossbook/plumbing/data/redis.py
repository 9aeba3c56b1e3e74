"""The one way to reach Redis: a client that dials again by itself and gives up on a call within seconds.

Every error answer is an outage (failures.py): a replica that takes no writes, a user without permission, a full memory,
a node that no longer has the key are all put right from outside, and the same call then succeeds.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import redis.asyncio
import redis.exceptions

from crossbook.plumbing.data.failures import Failure, translating
from crossbook.plumbing.errors import SettingsError, UnavailableError

CALL_TIMEOUT_SECONDS = 2.0

Redis = redis.asyncio.Redis

FAULTS = (redis.exceptions.DataError,)  # an argument that cannot be sent

# The words of answers that the library takes away from its own classes.
ANSWERS: dict[type[redis.exceptions.RedisError], str] = {
    redis.exceptions.ReadOnlyError: "READONLY",
    redis.exceptions.NoPermissionError: "NOPERM",
    redis.exceptions.AuthenticationError: "WRONGPASS",
    redis.exceptions.BusyLoadingError: "LOADING",
    redis.exceptions.OutOfMemoryError: "OOM",
    redis.exceptions.MovedError: "MOVED",
    redis.exceptions.AskError: "ASK",
    redis.exceptions.ClusterDownError: "CLUSTERDOWN",
    redis.exceptions.MasterDownError: "MASTERDOWN",
    redis.exceptions.TryAgainError: "TRYAGAIN",
}


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


def failure_of(error: Exception) -> Failure:
    """Redis refuses nothing that we ask as it should be asked."""
    return Failure.FAULT if isinstance(error, FAULTS) else Failure.OUTAGE


@contextmanager
def translating_outages() -> Iterator[None]:
    """Around calls: raises UnavailableError, which quotes nothing of the URL, for an outage."""
    with translating(failure_of, _outage):
        yield


def _outage(error: Exception) -> UnavailableError:
    if answer := _answer(error):
        return UnavailableError(f"Redis cannot do its work: it answers {answer}")
    return UnavailableError("Redis cannot be reached")


def _answer(error: Exception) -> str:
    """The first word of an error answer, which says its kind; the others may name users and keys."""
    for kind, word in ANSWERS.items():
        if isinstance(error, kind):
            return word
    word, _, _ = str(error).partition(" ")
    return word if isinstance(error, redis.exceptions.ResponseError) and word.isupper() else ""
