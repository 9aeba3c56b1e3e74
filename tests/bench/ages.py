"""How old what a client knows is: from a frame's being due at the venue until a client was shown its price, or a newer.

Every frame that moved a price has an age. One that was never shown because a newer one was (conflated, that is) is as
old as that was; one after which nothing came is as old as the end of listening. So nothing is left out for being slow.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crossbook.pb.v1 import arbitrage_pb2
from tests.bench.stamps import SAME_PRICE

Place = tuple[str, str]  # venue and asset


@dataclass(frozen=True, slots=True)
class Due:
    """A frame that showed another price than the one before, and when it was to be sent."""

    at_ns: int
    place: Place
    bid: float
    ask: float


@dataclass(frozen=True, slots=True)
class Shown:
    """One leg of an event: its price, when its tracker had it, and when a client had the event."""

    place: Place
    price: float
    is_bid: bool
    received_ns: int
    arrived_ns: int


def shown_in(payload: bytes, arrived_ns: int) -> Iterator[Shown]:
    """Both legs of every event in a message of WatchOpportunities."""
    for told in arbitrage_pb2.WatchOpportunitiesResponse.FromString(payload).events:
        one = told.opportunity
        for leg, is_bid in ((one.buy, False), (one.sell, True)):
            yield Shown((leg.venue, one.asset), leg.price, is_bid, leg.receive_time.ToNanoseconds(), arrived_ns)


def ages_us(dues: Iterable[Due], shown: Iterable[Shown], until_ns: int) -> list[float]:
    """Of every frame, in microseconds. What is shown comes in the order of its arrival, of one place of its frames."""
    by_place: defaultdict[Place, list[Due]] = defaultdict(list)
    for due in sorted(dues, key=lambda one: one.at_ns):
        by_place[due.place].append(due)
    answered, ages = dict.fromkeys(by_place, 0), []
    for one in shown:
        if one.place not in by_place:
            continue
        frames, first = by_place[one.place], answered[one.place]
        if (last := _frame_of(frames, first, one)) is not None:
            ages += [(one.arrived_ns - due.at_ns) / 1000 for due in frames[first : last + 1]]
            answered[one.place] = last + 1
    rest = (due for place, frames in by_place.items() for due in frames[answered[place] :])
    return ages + [(until_ns - due.at_ns) / 1000 for due in rest]


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent are below; there must be one."""
    return sorted(values)[min(len(values) - 1, len(values) * percent // 100)]


def _frame_of(frames: Sequence[Due], first: int, shown: Shown) -> int | None:
    """The earliest that it can be: the first to that price, of those not shown yet, that was due before it came in."""
    until = bisect_right(frames, shown.received_ns, lo=first, key=lambda due: due.at_ns)
    for number in range(first, until):
        price = frames[number].bid if shown.is_bid else frames[number].ask
        if abs(price - shown.price) <= SAME_PRICE * shown.price:
            return number
    return None
