"""The newest events, and those after a position."""

from crossbook.alerts.evaluation.recent_events import OVERLAP_NS, RecentEvents
from crossbook.alerts.match import Position
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import to_timestamp

Event = arbitrage_pb2.OpportunityEvent


def told(*times_ns: int, capacity: int = 10) -> RecentEvents:
    """Events of these times under the tokens "0", "1", ..."""
    events = RecentEvents(capacity)
    for number, at_ns in enumerate(times_ns):
        events.add(Event(event_time=to_timestamp(at_ns), resume_token=str(number)))
    return events


def tokens(events: RecentEvents, position: Position) -> tuple[list[str], bool]:
    since = events.since(position)
    return [event.resume_token for event in since.events], since.is_whole


def test_a_token_that_is_held_gives_exactly_what_came_after_it() -> None:
    """Whatever the times say: a clock may have been set back between."""
    assert tokens(told(30, 10, 20), Position(30, "0")) == (["1", "2"], True)


def test_a_token_that_is_not_held_gives_what_came_about_its_time_and_later() -> None:
    """It is another replica's, whose clock may differ."""
    events = told(0, OVERLAP_NS, 2 * OVERLAP_NS, 3 * OVERLAP_NS)
    assert tokens(events, Position(3 * OVERLAP_NS, "x")) == (["2", "3"], True)


def test_what_may_have_been_forgotten_is_said() -> None:
    """Only when the oldest that is held is of the time asked for."""
    assert tokens(told(1, 2, 3, capacity=2), Position(2, "x")) == (["1", "2"], False)
    late = told(0, 0, 5 * OVERLAP_NS, capacity=2)
    assert tokens(late, Position(5 * OVERLAP_NS, "x")) == (["2"], True)


def test_what_is_resumed_counts_as_told_after_the_position() -> None:
    """Though its own time is of long before, as after a clock was set back."""
    events = RecentEvents()
    events.resume(5 * OVERLAP_NS)
    events.add(Event(event_time=to_timestamp(1), resume_token="0"))
    assert tokens(events, Position(5 * OVERLAP_NS, "x")) == (["0"], True)
