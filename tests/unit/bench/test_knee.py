"""The search for the largest rate that is borne."""

import asyncio
import math

import pytest

from tests.bench.knee import knee, noted, p99_of

LIMIT_US = 10_000.0


class Borne:
    """Bears up to a rate."""

    def __init__(self, most: float) -> None:
        self.tried: list[float] = []
        self._most = most

    async def p99_us(self, rate: float) -> float:
        self.tried.append(rate)
        return 100.0 if rate <= self._most else 1e6


def search(borne: Borne, tries: int) -> float:
    return asyncio.run(knee(borne.p99_us, 10.0, tries, LIMIT_US))


def test_rates_double_until_one_is_too_much_and_then_close_in() -> None:
    """The answer is the largest that was borne, never one that was not tried."""
    borne = Borne(57)
    assert search(borne, 7) == 55
    assert borne.tried == [10, 20, 40, 80, 60, 50, 55]


def test_the_number_of_tries_is_fixed() -> None:
    """However much is borne."""
    borne = Borne(math.inf)
    assert (search(borne, 4), len(borne.tried)) == (80, 4)


def test_it_looks_below_the_first_rate_too() -> None:
    """And 0 says that nothing was borne, which the bench's own check names."""
    assert search(Borne(6), 3) == 5
    assert search(Borne(0), 5) == 0


def test_a_p99_at_the_limit_is_too_much() -> None:
    """Under it, as the row says."""

    async def at_limit(_rate: float) -> float:
        return LIMIT_US

    assert asyncio.run(knee(at_limit, 10.0, 3, LIMIT_US)) == 0


def test_every_rate_tried_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """With what it came to."""
    asyncio.run(knee(noted("knee", Borne(15).p99_us), 10.0, 2, LIMIT_US))
    assert capsys.readouterr().err.splitlines() == ["knee: 10/s: p99 0.10 ms", "knee: 20/s: p99 1000.00 ms"]


def test_where_nothing_was_to_be_seen_is_too_much() -> None:
    """A system that tells a client nothing bears nothing."""
    assert p99_of([]) == math.inf
    assert p99_of([1.0, 2.0]) == 2.0
