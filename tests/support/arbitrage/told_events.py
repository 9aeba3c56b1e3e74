"""What a live scan has told, read off without a client."""

from crossbook._core import EventFilter, EventSelection, OpportunityWatching, ResumeToken, SharedScan
from crossbook.pb.v1 import arbitrage_pb2 as pb

EVERYTHING = ResumeToken("another", 0, 0)  # a token of before there was anything


def watching_all(scanner: SharedScan, limit: int = 1_000_000) -> OpportunityWatching:
    """A watcher that is told everything from now on."""
    everything = EventSelection(EventFilter(), is_resumed=True)
    watching = scanner.subscribe_after_log(everything, scanner.writing()[2], [], 0, limit)
    assert watching is not None
    return watching[0]


def taken(watching: OpportunityWatching) -> list[pb.OpportunityEvent]:
    """The events that wait."""
    return [event for message in messages(watching) for event in message.events]


def messages(watching: OpportunityWatching) -> list[pb.WatchOpportunitiesResponse]:
    """All that waits."""
    return [pb.WatchOpportunitiesResponse.FromString(message) for message in iter(watching.take, None) if message]


def told(scanner: SharedScan) -> list[pb.OpportunityEvent]:
    """All events that memory holds, of a scan without Postgres."""
    watching = scanner.subscribe(EventFilter(), EVERYTHING, 0)
    assert watching is not None
    return taken(watching)
