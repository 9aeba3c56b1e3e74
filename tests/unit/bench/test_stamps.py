"""Stamps of one event, and the stages between them."""

import pytest

from crossbook.pb.v1 import arbitrage_pb2
from tests.bench.stamps import ClockError, Event, Move, Stamps, events_of, joined

LISBON, PORTO = "lisbon", "porto"


def move(written_ns: int, bid: float, *, venue: str = LISBON, is_ours: bool = True) -> Move:
    return Move(written_ns, venue, "BTC", bid, bid + 1, is_ours)


def event(price: float, received_ns: int, *, is_bid: bool = True) -> Event:
    return Event(LISBON, "BTC", price, is_bid, received_ns, received_ns + 10, received_ns + 30)


def test_stages_are_between_two_stamps_of_one_event() -> None:
    """In microseconds, in the order of the way; together they are the whole way."""
    stamps = Stamps(1_000, 3_000, 7_000, 15_000)
    assert stamps.stages_us == (2.0, 4.0, 8.0)
    assert stamps.frame_to_opportunity_us == 12.0


def test_a_negative_stage_is_refused() -> None:
    """It says that a clock was set, and nothing about speed."""
    with pytest.raises(ClockError):
        _ = Stamps(1_000, 3_000, 2_000, 15_000).stages_us


def test_an_event_is_of_the_latest_frame_to_its_price() -> None:
    """Prices come again; the frame was written before it was received."""
    moves = [move(100, 10.0), move(200, 11.0), move(300, 10.0), move(900, 10.0)]
    assert joined(moves, [event(10.0, 450)]) == [Stamps(300, 450, 460, 480)]
    assert joined(moves, [event(12.0, 450, is_bid=False)]) == [Stamps(200, 450, 460, 480)]


def test_moves_need_not_be_told_in_order() -> None:
    """Two slices of time are put together."""
    assert joined([move(300, 10.0), move(100, 10.0)], [event(10.0, 450)]) == [Stamps(300, 450, 460, 480)]


def test_an_event_of_a_frame_that_nobody_told_is_left_out() -> None:
    """Another venue's frame, another price, or a later frame is not its cause."""
    assert joined([move(100, 10.0, venue=PORTO)], [event(10.0, 450)]) == []
    assert joined([move(100, 10.5)], [event(10.0, 450)]) == []
    assert joined([move(500, 10.0)], [event(10.0, 450)]) == []


def test_an_event_of_the_worlds_own_frame_is_left_out() -> None:
    """It is known for what it is, even where one of ours had the same price before."""
    assert joined([move(100, 10.0), move(200, 10.0, is_ours=False)], [event(10.0, 450)]) == []


def told(kind: int, cause_ns: int, buy_ns: int, sell_ns: int) -> bytes:
    message = arbitrage_pb2.WatchOpportunitiesResponse()
    one = message.events.add(kind=kind)
    one.cause_time.FromNanoseconds(cause_ns)
    one.event_time.FromNanoseconds(cause_ns + 5)
    one.opportunity.asset = "BTC"
    for leg, venue, price, at_ns in (
        (one.opportunity.buy, LISBON, 11.0, buy_ns),
        (one.opportunity.sell, PORTO, 12.0, sell_ns),
    ):
        leg.venue, leg.price = venue, price
        leg.receive_time.FromNanoseconds(at_ns)
    return message.SerializeToString()


def test_the_leg_that_caused_an_event_is_the_one_received_then() -> None:
    """Its bid when it is sold to, its ask when it is bought from."""
    updated = arbitrage_pb2.OPPORTUNITY_EVENT_KIND_UPDATED
    assert list(events_of(told(updated, 100, 100, 90), 200)) == [Event(LISBON, "BTC", 11.0, False, 100, 105, 200)]
    assert list(events_of(told(updated, 100, 90, 100), 200)) == [Event(PORTO, "BTC", 12.0, True, 100, 105, 200)]


def test_only_updates_are_events_of_a_frame() -> None:
    """What is open already is told to whoever comes, however old; and some events are of time, not of a frame."""
    assert list(events_of(told(arbitrage_pb2.OPPORTUNITY_EVENT_KIND_OPENED, 100, 100, 90), 200)) == []
    assert list(events_of(told(arbitrage_pb2.OPPORTUNITY_EVENT_KIND_UPDATED, 100, 80, 90), 200)) == []
