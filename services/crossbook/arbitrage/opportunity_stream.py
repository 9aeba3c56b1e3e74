"""One WatchOpportunities call: what is open now or what was missed, then what happens.

Its messages are bytes that the core joins: a client that was busy gets all that waits in one. What a call begins with
is computed in the same moment in which it is registered, so that no event is missed or told twice. A client whose token
memory no longer answers reads the log in Postgres first (event_history.py), page by page at its own pace, and joins the
live events where the log ends.
"""

import asyncio
from collections.abc import Awaitable, Callable

from crossbook._core import (
    WATCHER_QUEUE_LIMIT,
    EventFilter,
    EventSelection,
    OpportunityWatching,
    ResumeToken,
    TokenError,
)
from crossbook.arbitrage.event_history import Resumption
from crossbook.arbitrage.live import LiveScan
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError

SAFE_SECONDS = 0.05  # between two looks, while events of this process are on their way to the log


async def begin(
    live: LiveScan,
    request: pb.WatchOpportunitiesRequest,
    write: Callable[[bytes], Awaitable[None]],
    queue_limit: int = WATCHER_QUEUE_LIMIT,
) -> OpportunityWatching:
    """Writes what the log in Postgres tells, and gives what tells the rest: WatchOpportunitiesResponses with the events
    that match. A client too slow for them loses the oldest waiting ones, and is told how many.

    Raises InvalidRequestError for a malformed resume token, UnavailableError while the log that it needs is away.
    """
    wanted, token = _wanted(request), _token(request.resume_token)
    watching = live.scanner.subscribe(wanted, token, live.clock.now_ns(), queue_limit)
    if watching is not None:
        return watching
    assert live.history is not None
    assert token is not None
    return await _after_log(
        live, live.history.resume(token), EventSelection(wanted, is_resumed=True), write, queue_limit
    )


async def _after_log(
    live: LiveScan,
    missed: Resumption,
    wanted: EventSelection,
    write: Callable[[bytes], Awaitable[None]],
    queue_limit: int,
) -> OpportunityWatching:
    """What the log tells, the ends of what is not open here, and on with what memory holds."""
    while True:
        async for page in missed.pages(wanted):
            await write(page)
        # Nothing is awaited between the end of the pages and here.
        joined = live.scanner.subscribe_after_log(wanted, missed.number, missed.told, live.clock.now_ns(), queue_limit)
        if joined is not None:
            break
        await asyncio.sleep(SAFE_SECONDS)
    watching, ended = joined
    for ends in missed.ends(ended, wanted):
        await write(ends)
    return watching


def _wanted(request: pb.WatchOpportunitiesRequest) -> EventFilter:
    least = request.min_net_percent if request.HasField("min_net_percent") else None
    conditions = request.filter.SerializeToString()
    return EventFilter(request.venues, request.assets, least, request.symbols, conditions)


def _token(token: str) -> ResumeToken | None:
    if not token:
        return None
    try:
        return ResumeToken.decode(token)
    except TokenError as error:
        raise InvalidRequestError.of("resume_token", str(error)) from None
