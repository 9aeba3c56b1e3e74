"""The stamps of one event on its way, and the stages between them: always two stamps of the same event.

written: the sender handed the frame to its socket. received: the tracker read it. decided: the scan took its quote and
made the event. arrived: a client of arbitrage had the event. All by one machine's clock.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crossbook.pb.v1 import arbitrage_pb2

UPDATED = arbitrage_pb2.OPPORTUNITY_EVENT_KIND_UPDATED
SAME_PRICE = 1e-9  # two ways to the same double may differ in the last digits
STAGES = ("1_socket", "2_to_scan", "3_to_client")


class ClockError(Exception):
    """A stage took less than no time: the clock was set. Measure again."""


@dataclass(frozen=True, slots=True)
class Move:
    """A frame that changed a price, as the sender told it; not ours: one of the world's own, that come in bursts."""

    written_ns: int
    venue: str
    asset: str
    bid: float
    ask: float
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Event:
    """An opportunity that moved: on which leg, to what price, and when who had it."""

    venue: str
    asset: str
    price: float
    is_bid: bool
    received_ns: int
    decided_ns: int
    arrived_ns: int


@dataclass(frozen=True, slots=True)
class Stamps:
    """All four of one event."""

    written_ns: int
    received_ns: int
    decided_ns: int
    arrived_ns: int

    @property
    def stages_us(self) -> tuple[float, ...]:
        """In the order of STAGES. Raises ClockError."""
        stamps = (self.written_ns, self.received_ns, self.decided_ns, self.arrived_ns)
        stages = tuple((later - earlier) / 1000 for earlier, later in pairwise(stamps))
        if min(stages) < 0:
            raise ClockError(f"stages of {stages} us")
        return stages

    @property
    def frame_to_opportunity_us(self) -> float:
        """From the tracker's socket to the client."""
        return (self.arrived_ns - self.received_ns) / 1000


def events_of(payload: bytes, arrived_ns: int) -> Iterable[Event]:
    """The updates in one message of WatchOpportunities."""
    for told in arbitrage_pb2.WatchOpportunitiesResponse.FromString(payload).events:
        if told.kind != UPDATED:  # an OPENED may be from before we came
            continue
        cause_ns, decided_ns = told.cause_time.ToNanoseconds(), told.event_time.ToNanoseconds()
        for leg, is_bid in ((told.opportunity.buy, False), (told.opportunity.sell, True)):
            if leg.receive_time.ToNanoseconds() == cause_ns:
                asset = told.opportunity.asset
                yield Event(leg.venue, asset, leg.price, is_bid, cause_ns, decided_ns, arrived_ns)
                break


def joined(moves: Iterable[Move], events: Iterable[Event]) -> list[Stamps]:
    """The stamps of every event whose frame is known: the latest to that price that was written before it was received.

    Events of frames that are not ours are left out.
    """
    by_place: defaultdict[tuple[str, str], list[Move]] = defaultdict(list)
    for move in sorted(moves, key=lambda one: one.written_ns):
        by_place[move.venue, move.asset].append(move)
    found = []
    for event in events:
        if (move := _cause(by_place[event.venue, event.asset], event)) is not None and move.is_ours:
            found.append(Stamps(move.written_ns, event.received_ns, event.decided_ns, event.arrived_ns))
    return found


def _cause(moves: Sequence[Move], event: Event) -> Move | None:
    until = bisect_right(moves, event.received_ns, key=lambda move: move.written_ns)
    for move in reversed(moves[:until]):
        price = move.bid if event.is_bid else move.ask
        if abs(price - event.price) <= SAME_PRICE * event.price:
            return move
    return None
