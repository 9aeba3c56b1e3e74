"""When a new list of shards comes into force, and what is known meanwhile."""

import pytest

from crossbook.plumbing.timestamps import MINUTE_NS, SECOND_NS
from crossbook.tracker.outgoing.routing import Route, Routing, next_boundary_ns

NOW_NS = 1000 * MINUTE_NS + 30 * SECOND_NS
NEXT_NS = 1001 * MINUTE_NS
TWO, THREE = {"a": "h:1", "b": "h:2"}, {"a": "h:1", "b": "h:2", "c": "h:3"}


@pytest.mark.parametrize(
    ("second", "minutes"), [(0.0, 1), (30.0, 1), (57.9, 1), (58.0, 1), (58.000000001, 2), (59.9, 2)]
)
def test_the_boundary_is_a_full_minute_with_notice(second: float, minutes: int) -> None:
    """Two seconds at least: else it is the minute after."""
    now_ns = 77 * MINUTE_NS + round(second * SECOND_NS)
    assert next_boundary_ns(now_ns) == (77 + minutes) * MINUTE_NS


def test_a_new_list_comes_into_force_at_the_boundary() -> None:
    """Until then the old one holds, and a feed begun meanwhile is told both."""
    routing = Routing(TWO)
    assert routing.change(THREE, NOW_NS) == Route(("a", "b", "c"), NEXT_NS)
    assert routing.in_force(NEXT_NS - 1) == ("a", "b")
    assert routing.next(NEXT_NS - 1) == Route(("a", "b", "c"), NEXT_NS)
    assert routing.in_force(NEXT_NS) == ("a", "b", "c")
    assert routing.next(NEXT_NS) is None


def test_the_same_list_again_changes_nothing() -> None:
    """Neither one in force nor one to come is put off."""
    routing = Routing(TWO)
    assert routing.change(dict(reversed(TWO.items())), NOW_NS) is None
    routing.change(THREE, NOW_NS)
    assert routing.change(THREE, NOW_NS + 29 * SECOND_NS) is None
    next_route = routing.next(NOW_NS)
    assert next_route is not None
    assert next_route.from_ns == NEXT_NS


def test_the_old_list_again_takes_a_change_back() -> None:
    """By a route of its own, in place of the one that has not come into force."""
    routing = Routing(TWO)
    routing.change(THREE, NOW_NS)
    assert routing.change(TWO, NOW_NS + SECOND_NS) == Route(("a", "b"), NEXT_NS)


def test_addresses_count_at_once_and_those_of_shards_that_leave_are_kept() -> None:
    """A shard that has moved to another machine is dialled there, whatever else is to come."""
    routing = Routing(THREE)
    assert routing.change(THREE | {"b": "other:2"}, NOW_NS) is None
    assert routing.target("b") == "other:2"
    routing.change(TWO, NOW_NS)
    assert (routing.target("b"), routing.target("c")) == ("h:2", "h:3")
