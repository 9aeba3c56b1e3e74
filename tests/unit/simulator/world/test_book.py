"""The simulated book."""

import random

from hypothesis import given
from hypothesis import strategies as st

from crossbook.simulator.world.book import Book


def _book(seed: int = 1) -> Book:
    return Book(bid=1000, ask=1020, grid=5, depth=20, scale=50.0, rng=random.Random(seed))


@given(st.lists(st.tuples(st.floats(500, 2000), st.floats(0, 30)), max_size=30), st.integers(0, 100))
def test_changes_lead_from_one_book_to_the_next(quotes: list[tuple[float, float]], seed: int) -> None:
    """Whatever the quotes do, a reader of the changes holds the same levels, and the bid is below the ask."""
    book = _book(seed)
    read: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for middle, spread in [(1010.0, 20.0), *quotes]:
        book.quote(middle - spread / 2, middle + spread / 2)
        book.bids.disturb()
        book.asks.resize_best()
        for levels, side in zip(read, (book.bids, book.asks), strict=True):
            for price, size in side.take_changes():
                levels[price] = size
            levels_left = {price: size for price, size in levels.items() if size}
            assert levels_left == dict(side.levels())
        bid, bid_size, ask, ask_size = book.top()
        assert bid == max(dict(book.bids.levels()))
        assert ask == min(dict(book.asks.levels()))
        assert bid < ask
        assert min(bid_size, ask_size) > 0


def test_quote_is_never_better_than_asked_for() -> None:
    """The top is rounded to the grid away from the middle, so that rounding never makes a profit."""
    book = _book()
    book.quote(1003.0, 1006.0)
    assert book.top()[0] == 1000
    assert book.top()[2] == 1010


def test_levels_come_best_first() -> None:
    """Bids fall, asks rise, and a limit keeps the best."""
    book = _book()
    assert [price for price, _ in book.bids.levels(3)] == [1000, 995, 990]
    assert [price for price, _ in book.asks.levels(3)] == [1020, 1025, 1030]


def test_resizing_changes_the_size() -> None:
    """A resized top is a change every time."""
    book = _book()
    for _ in range(200):
        before = book.top()[1]
        book.bids.resize_best()
        assert book.top()[1] != before
