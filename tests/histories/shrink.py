"""A history that fails, cut down: whatever it can do without is left out."""

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


def shrunk(history: T, smaller: Callable[[T], Iterable[T]], fails: Callable[[T], bool]) -> T:
    """The last of ever smaller ones that fails; `smaller` gives those that lack one thing more."""
    while (next_one := next(filter(fails, smaller(history)), None)) is not None:
        history = next_one
    return history
