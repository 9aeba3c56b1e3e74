"""Pairs, and what they come to."""

import pytest

from tests.bench.pairs import Spread, compare, times_better


def test_a_lower_figure_is_better_by_how_often_it_goes_into_the_other() -> None:
    """Above 1 is better, whichever way the unit counts."""
    assert times_better(2.0, 10.0, is_higher_better=False) == 5.0
    assert times_better(2.0, 10.0, is_higher_better=True) == 0.2


@pytest.mark.parametrize(("ours", "other"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 1.0), (1.0, -1.0)])
def test_what_is_not_above_zero_has_no_ratio(ours: float, other: float) -> None:
    """The self-check names it; nothing is divided by it."""
    assert times_better(ours, other, is_higher_better=True) is None


def test_the_ratio_is_the_median_of_the_pairs_ratios() -> None:
    """Not the ratio of the medians, which here would be 2: the busy second round hits both of its pair."""
    comparison = compare([(1.0, 2.0), (100.0, 900.0), (2.0, 4.0)], is_higher_better=False)
    assert comparison.ratio == Spread(2.0, 2.0, 9.0)
    comparison = compare([(1.0, 3.0), (10.0, 20.0), (20.0, 20.0)], is_higher_better=False)
    assert comparison.ratio == Spread(2.0, 1.0, 3.0)
    assert (comparison.ours.median, comparison.other and comparison.other.median) == (10.0, 20.0)


def test_the_spread_is_from_the_lowest_to_the_highest_round() -> None:
    """Of the figures and of what stands beside them."""
    comparison = compare([(3.0, 7.0), (1.0, 9.0), (2.0, 8.0)], is_higher_better=True)
    assert comparison.ours == Spread(2.0, 1.0, 3.0)
    assert comparison.other == Spread(8.0, 7.0, 9.0)
    assert comparison.rounds == 3


def test_a_row_without_a_neighbour_has_figures_alone() -> None:
    """No ratio is made up for it."""
    comparison = compare([(3.0, None), (1.0, None)], is_higher_better=True)
    assert (comparison.other, comparison.ratio) == (None, None)
    assert comparison.ours.median == 2.0


def test_one_pair_without_a_ratio_leaves_the_row_without_one() -> None:
    """A median of the pairs that happened to divide would hide the one that did not."""
    assert compare([(3.0, 6.0), (1.0, 0.0)], is_higher_better=False).ratio is None
