"""What a source says that it played."""

import asyncio
from typing import Any

from tests.bench.ages import Due
from tests.bench.fed import dues_of, worked_off

TOPS = [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]]
TOPICS: list[dict[str, Any]] = [
    {"venue": "lisbon", "asset": "BTC", "tops": TOPS},
    {"venue": "porto", "asset": "BTC", "tops": TOPS},
]


def test_moves_are_told_by_venue_asset_and_price() -> None:
    """Each when it was due."""
    assert dues_of([(10, 0, 0), (11, 1, 2)], TOPICS, 0) == [
        Due(10, ("lisbon", "BTC"), 1.0, 2.0),
        Due(11, ("porto", "BTC"), 3.0, 4.0),
    ]


def test_what_settles_does_not_count() -> None:
    """From the moment on that the source tells."""
    assert [one.at_ns for one in dues_of([(10, 0, 0), (20, 0, 2), (30, 0, 0)], TOPICS, 20)] == [20, 30]


def test_a_price_that_was_shown_before_makes_no_event_and_has_no_age() -> None:
    """Two states may round to one price; and what was shown while it settled was shown."""
    assert [one.at_ns for one in dues_of([(10, 0, 2), (20, 0, 3), (30, 0, 0), (40, 0, 1)], TOPICS, 15)] == [30]


def test_a_load_is_worked_off_when_only_the_worlds_own_frames_come() -> None:
    """They never end, so that a count that stands still is not waited for."""
    counts = iter([0, 9_000, 18_000, 18_040, 18_080])

    async def count() -> int:
        return next(counts)

    asyncio.run(worked_off(count, 0))
    assert next(counts) == 18_080
