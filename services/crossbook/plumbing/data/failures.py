"""What a store's failure means, decided in one place for all of them.

OUTAGE   the store is away or cannot do its work now    wait, tell, try the same again    UnavailableError
REFUSAL  it works, and its answer is no                 the caller decides what that is   as the library raised it
FAULT    the same can never succeed                     mend the program                  as the library raised it

Each store lists its refusals and faults. Whatever it does not list is an outage: libraries raise what they please when
a socket is gone, and servers answer what they please while they fail over; to take such a thing for an end loses work.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from crossbook.plumbing.cancellation import Cancellations
from crossbook.plumbing.errors import CrossbookError, UnavailableError


class Failure(Enum):
    """What is to be done about it."""

    OUTAGE = "outage"
    REFUSAL = "refusal"
    FAULT = "fault"


@contextmanager
def translating(
    failure_of: Callable[[Exception], Failure], outage: Callable[[Exception], UnavailableError]
) -> Iterator[None]:
    """Around calls of a store's library: raises `outage` for an outage, and all else as it is."""
    cancellations = Cancellations()
    try:
        yield
    except CrossbookError:  # of what is done between the calls
        raise
    except Exception as error:
        cancellations.check()
        if failure_of(error) is Failure.OUTAGE:
            raise outage(error) from error
        raise
    cancellations.check()
