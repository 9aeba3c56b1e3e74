"""Ages from due: every frame has one."""

import pytest

from crossbook.pb.v1 import arbitrage_pb2
from tests.bench.ages import Due, Shown, ages_us, percentile, shown_in

LISBON, PORTO = ("lisbon", "BTC"), ("porto", "BTC")
MS = 1_000_000
END_NS = 900 * MS


def due(at_ms: int, bid: float, place: tuple[str, str] = LISBON) -> Due:
    return Due(at_ms * MS, place, bid, bid + 1)


def shown(price: float, received_ms: int, arrived_ms: int, *, is_bid: bool = True) -> Shown:
    return Shown(LISBON, price, is_bid, received_ms * MS, arrived_ms * MS)


def test_an_age_is_from_due_to_arrival() -> None:
    """Whichever side of the book showed it, and however late it was sent or received."""
    assert ages_us([due(10, 5.0)], [shown(5.0, 40, 50)], END_NS) == [40_000]
    assert ages_us([due(10, 5.0)], [shown(6.0, 40, 50, is_bid=False)], END_NS) == [40_000]


def test_a_conflated_frame_is_as_old_as_the_one_that_stood_in_for_it() -> None:
    """It is not left out: the client knew nothing newer until then."""
    frames = [due(10, 5.0), due(20, 6.0), due(30, 7.0)]
    assert ages_us(frames, [shown(7.0, 40, 50)], END_NS) == [40_000, 30_000, 20_000]


def test_a_frame_after_which_nothing_came_is_as_old_as_the_end() -> None:
    """Nothing is left out for being slow."""
    assert ages_us([due(10, 5.0), due(20, 6.0)], [shown(5.0, 40, 50)], END_NS) == [40_000, 880_000]


def test_a_price_that_comes_again_is_of_the_earliest_frame_it_can_be() -> None:
    """Never of one that was due after the tracker had it, nor of one that was shown already."""
    frames = [due(10, 5.0), due(20, 6.0), due(30, 5.0), due(60, 5.0)]
    assert ages_us(frames[:3], [shown(5.0, 45, 50)], END_NS) == [40_000, 880_000, 870_000]
    found = ages_us(frames, [shown(5.0, 12, 13), shown(5.0, 45, 50), shown(5.0, 46, 51)], END_NS)
    assert found == [3_000, 30_000, 20_000, 840_000]


def test_what_is_of_no_frame_changes_nothing() -> None:
    """Another venue's leg, or a price of before."""
    elsewhere = Shown(PORTO, 5.0, True, 40 * MS, 50 * MS)
    assert ages_us([due(10, 5.0)], [elsewhere, shown(4.0, 40, 50)], END_NS) == [890_000]


def test_both_legs_of_an_event_are_shown() -> None:
    """Whatever kind it is: the client knows their prices from then on."""
    message = arbitrage_pb2.WatchOpportunitiesResponse()
    one = message.events.add(kind=arbitrage_pb2.OPPORTUNITY_EVENT_KIND_OPENED).opportunity
    one.asset = "BTC"
    for leg, venue, price, at_ns in ((one.buy, "porto", 11.0, 7), (one.sell, "lisbon", 12.0, 8)):
        leg.venue, leg.price = venue, price
        leg.receive_time.FromNanoseconds(at_ns)
    assert list(shown_in(message.SerializeToString(), 9)) == [
        Shown(PORTO, 11.0, False, 7, 9),
        Shown(LISBON, 12.0, True, 8, 9),
    ]


@pytest.mark.parametrize(("percent", "found"), [(0, 1), (50, 51), (99, 100), (100, 100)])
def test_a_percentile_is_one_of_the_values(percent: int, found: float) -> None:
    """So many percent of them are below it."""
    assert percentile([float(value) for value in range(100, 0, -1)], percent) == found
