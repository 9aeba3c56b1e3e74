"""How many calls of one method run at a time: more are refused at once with RESOURCE_EXHAUSTED, and counted.

Each method has places of its own, so that a flood of one leaves the others, and the health checks, as they are.
"""

from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter

from crossbook.plumbing.errors import OverloadedError

UNARY_CALLS = 64
STREAMS = 256

REFUSED_CALLS = Counter("crossbook_grpc_refused_calls", "Calls refused because too many of the method ran.", ["method"])


def overloaded(method: str, limit: int) -> OverloadedError:
    """What a call beyond the limit is told."""
    return OverloadedError(f"{limit} calls of {method} run already: try again later")


class CallLimits:
    """The places of one server: a number for each method that runs. One that was called has its series, also while
    none of its calls was refused.
    """

    def __init__(self, unary_calls: int = UNARY_CALLS, streams: int = STREAMS) -> None:
        self._unary_calls = unary_calls
        self._streams = streams
        self._running: Tally[str] = Tally()
        self._called: set[str] = set()

    @contextmanager
    def unary(self, method: str) -> Iterator[None]:
        """A place of a method with one answer. Raises OverloadedError when all are taken."""
        with self._place(method, self._unary_calls):
            yield

    @contextmanager
    def stream(self, method: str) -> Iterator[None]:
        """A place of a method that streams. Raises OverloadedError when all are taken."""
        with self._place(method, self._streams):
            yield

    @contextmanager
    def _place(self, method: str, limit: int) -> Iterator[None]:
        if method not in self._called:
            self._called.add(method)
            REFUSED_CALLS.labels(method)
        if self._running[method] >= limit:
            REFUSED_CALLS.labels(method).inc()
            raise overloaded(method, limit)
        self._running[method] += 1
        try:
            yield
        finally:
            self._running[method] -= 1
            if not self._running[method]:
                del self._running[method]
