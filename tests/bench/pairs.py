"""Interleaved measurements and what they come to: A B A B, a ratio for each pair, the median of those, and the spread.

A busy moment of the machine hits both of a pair; the median forgets the pairs that it hit unevenly; and how far the
pairs lie apart says how much the figure is worth.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

Pair = tuple[float, float | None]  # ours, and what was measured right after it; None where nothing stands beside


@dataclass(frozen=True, slots=True)
class Spread:
    """Of several measurements of one thing."""

    median: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the pairs of one row come to. `ratio` says how many times better ours is: above 1 it is better."""

    ours: Spread
    other: Spread | None
    ratio: Spread | None
    rounds: int


def times_better(ours: float, other: float, *, is_higher_better: bool) -> float | None:
    """None where the two cannot be divided, which the self-check then finds by its figures."""
    if ours <= 0 or other <= 0:
        return None
    return ours / other if is_higher_better else other / ours


def compare(pairs: Sequence[Pair], *, is_higher_better: bool) -> Comparison:
    """Medians of the pairs; never a ratio of medians. There must be a pair."""
    others = [other for _, other in pairs if other is not None]
    ratios = [
        ratio
        for ours, other in pairs
        if other is not None and (ratio := times_better(ours, other, is_higher_better=is_higher_better)) is not None
    ]
    return Comparison(
        ours=_spread([ours for ours, _ in pairs]),
        other=_spread(others) if others else None,
        ratio=_spread(ratios) if ratios and len(ratios) == len(pairs) else None,
        rounds=len(pairs),
    )


def _spread(values: Sequence[float]) -> Spread:
    if any(math.isnan(value) for value in values):  # it would hide among the others: min and max pass over it
        return Spread(math.nan, math.nan, math.nan)
    return Spread(statistics.median(values), min(values), max(values))
