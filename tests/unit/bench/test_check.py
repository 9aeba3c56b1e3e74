"""The bench's check of itself."""

import math

import pytest

from tests.bench.check import faults
from tests.bench.pairs import Pair, compare
from tests.bench.rows import Row

ALONE = Row("alone", "us", "A figure.")
BESIDE = Row("beside", "us", "A figure.", beside="another")


def faults_of(row: Row, pairs: list[Pair], *, is_paired: bool = False) -> list[str]:
    return faults([row], {row.key: compare(pairs, is_higher_better=False)}, is_paired=is_paired)


def test_good_rows_have_no_faults() -> None:
    """With a neighbour and without."""
    assert faults_of(ALONE, [(1.0, None)]) == []
    assert faults_of(BESIDE, [(1.0, 2.0)]) == []


def test_a_missing_row_is_named() -> None:
    """Whatever became of its bench."""
    assert faults([ALONE, BESIDE], {"alone": compare([(1.0, None)], is_higher_better=False)}) == ["beside: missing"]


@pytest.mark.parametrize(
    ("figure", "fault"),
    [
        (-63.0, "negative (-63)"),
        (0.0, "zero: nothing was measured"),
        (math.nan, "not a number"),
        (math.inf, "not a number"),
    ],
)
def test_one_round_that_cannot_be_is_enough(figure: float, fault: str) -> None:
    """A good median does not hide it."""
    assert faults_of(ALONE, [(1.0, None), (figure, None), (2.0, None)]) == [f"alone: {fault}"]


def test_a_neighbour_is_checked_as_well() -> None:
    """A floor that was not measured, or is negative, makes no ratio."""
    assert faults_of(BESIDE, [(1.0, None)]) == ["beside: nothing was measured beside it"]
    assert faults_of(BESIDE, [(1.0, -2.0)]) == ["beside: what stands beside it is negative (-2)"]


def test_beside_another_commit_every_row_needs_a_neighbour() -> None:
    """Even one that has none of its own."""
    assert faults_of(ALONE, [(1.0, None)], is_paired=True) == ["alone: nothing was measured beside it"]
    assert faults_of(ALONE, [(1.0, 1.0)], is_paired=True) == []
