"""Following a stream for as long as it takes: it is dialled, read until it ends, and dialled again after a wait.

What is its own stays with the caller: the call, where it resumes, and what becomes of what is read. A `Link` has the
rest: whether the stream is up, why it is not, how long to wait, and what is news: that it broke is said once, however
often dialling again fails then, and once more only after it was back.

    while True:
        loss = await link.live(self._read_once())  # which says link.opened() as soon as it is up
        if loss.is_news:
            log.warning("..._lost" if loss.was_open else "..._unreachable", reason=loss.reason)
        await link.pause()

Within retry.without_waits() it is dialled again at once.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import grpc

from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.outside import OutsideText
from crossbook.plumbing.retry import STABLE_SECONDS, Redial


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a stream is not there any more, or was not reached."""

    reason: str
    code: grpc.StatusCode | None = None  # where it was a status that ended it
    is_ours: bool = False  # we left it: the other side is well
    # What the link adds.
    was_open: bool = False
    is_news: bool = False

    @classmethod
    def of(cls, error: BaseException) -> "Loss":
        """What an error says of it; of several, those of a task group, what a status says."""
        cause = _cause(error)
        if isinstance(cause, grpc.aio.AioRpcError):
            return cls(call_reason(cause), cause.code())
        return cls(OutsideText.of(cause) or type(cause).__name__)


ENDED = Loss("the other side ended the stream")


def call_reason(error: grpc.aio.AioRpcError) -> OutsideText:
    """The status of a failed call in one line."""
    return status_reason(error.code(), error.details())


def status_reason(code: grpc.StatusCode, details: str | None) -> OutsideText:
    """The same of a status in its parts."""
    return OutsideText.of(f"{code.name}: {details}")


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """What is done inside is an answer of the other side. Raises UnavailableError when it takes longer."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise UnavailableError(f"no answer within {seconds:g} s") from None


class Link:
    """One stream, over all its lives; `again_seconds` after it was said to be away, that is news again."""

    def __init__(
        self,
        base: float,
        cap: float,
        *,
        again_seconds: float = math.inf,
        stable_seconds: float = STABLE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.is_open = False
        self.problem = ""  # why it was lost or not reached, until it is open again
        self._redial = Redial(base, cap, stable_seconds=stable_seconds, clock=clock)
        self._again_seconds = again_seconds
        self._clock = clock
        self._told_at = -math.inf

    def opened(self) -> None:
        """It is up: the other side has answered."""
        self.is_open, self.problem = True, ""
        self._told_at = -math.inf
        self._redial.opened()

    async def live(self, life: Awaitable[Loss | None]) -> Loss:
        """Awaits one life of the stream: how it was lost. Of errors, a failed call and UnavailableError are losses.

        Without a loss of its own and without an error the other side has ended it.
        """
        loss = None
        try:
            loss = await life
        except* (grpc.aio.AioRpcError, UnavailableError) as errors:
            loss = Loss.of(errors)
        finally:
            was_open, self.is_open = self.is_open, False
        loss = loss or ENDED
        self.problem = "" if loss.is_ours else loss.reason
        return replace(loss, was_open=was_open, is_news=self._is_news())

    async def pause(self) -> None:
        """Waits until it is to be dialled again: longer each time, and briefly after a life that lasted."""
        await asyncio.sleep(self._redial.wait_seconds())

    def _is_news(self) -> bool:
        now = self._clock()
        is_due = now - self._told_at >= self._again_seconds
        if is_due:
            self._told_at = now
        return is_due


def _cause(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        statuses = (one for one in error.exceptions if isinstance(one, grpc.aio.AioRpcError))
        error = next(statuses, error.exceptions[0])
    return error
