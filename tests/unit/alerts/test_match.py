"""Where a match stands in the stream, and what holds that place."""

import pytest

from crossbook.alerts.match import Hold, Position
from crossbook.plumbing.data.leases import Tenure


@pytest.mark.parametrize("position", [Position(), Position(7, "a b"), Position(1_750_000_000_000_000_001, "e:9")])
def test_a_position_comes_back_from_postgres_as_it_went(position: Position) -> None:
    """To the nanosecond, whatever is in the token."""
    assert Position.decoded(position.encoded()) == position


def test_positions_are_ordered_by_their_time() -> None:
    """Nothing at all is before everything."""
    assert max(Position(2, "a"), Position(10, "b"), Position()) == Position(10, "b")
    assert min(Position(2, "a"), Position()) == Position()


def test_who_settles_lets_go_of_its_own_place_alone() -> None:
    """Twice is once: a match may be decided by who no longer has the slot."""
    others: dict[Hold, None] = {}
    first, second = (Hold(Tenure(1, 0.0), Position(9, "x"), others) for _ in range(2))
    others |= {first: None, second: None}
    first.settle()
    first.settle()
    assert list(others) == [second]
