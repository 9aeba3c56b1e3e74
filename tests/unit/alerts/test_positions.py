"""Saved positions by a clock that has been set since."""

import pytest

from crossbook.alerts.match import Position
from crossbook.alerts.store.positions import _not_ahead
from crossbook.plumbing.timestamps import SECOND_NS

NOW_NS = 1_000_000 * SECOND_NS
SAVED = {0: Position(NOW_NS - SECOND_NS, "z"), 1: Position(NOW_NS, "y"), 2: Position(NOW_NS + SECOND_NS, "x")}


@pytest.mark.parametrize("hours", [1, 10_000])
def test_positions_of_a_time_to_come_are_set_back_and_keep_their_order(hours: int) -> None:
    """The newest stands for now; else whoever resumes could begin at any, and miss what the others still owe."""
    ahead_ns = hours * 3600 * SECOND_NS
    ahead = {slot: position._replace(event_ns=position.event_ns + ahead_ns) for slot, position in SAVED.items()}
    back = _not_ahead(ahead, NOW_NS)
    assert [back[slot].event_ns - NOW_NS for slot in (0, 1, 2)] == [-2 * SECOND_NS, -SECOND_NS, 0]
    assert min(back.values()).token == "z"


def test_what_is_not_ahead_stays_as_it_is() -> None:
    """Clocks of two machines differ a little; and a clock that was set ahead makes nothing later."""
    assert _not_ahead(SAVED, NOW_NS) == SAVED
    assert _not_ahead(SAVED, NOW_NS + 3600 * SECOND_NS) == SAVED
