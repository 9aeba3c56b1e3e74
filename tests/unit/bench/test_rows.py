"""Rows, their targets, and the choice of some."""

import pytest

from tests.bench.__main__ import BENCHES
from tests.bench.rows import Row, Target, UnknownRowsError, at_least, at_most, chosen, times_better, times_worse

ROWS = [Row(key, "us", "A figure.") for key in ("stage_1", "stage_2", "scan")]


def test_all_rows_are_chosen_without_a_pattern() -> None:
    """As make bench does."""
    assert chosen(ROWS, []) == ROWS


def test_patterns_choose_rows_in_the_order_of_the_table() -> None:
    """Whatever the order of the patterns; a row that two match comes once."""
    assert [row.key for row in chosen(ROWS, ["scan", "stage_*", "*_2"])] == ["stage_1", "stage_2", "scan"]
    assert [row.key for row in chosen(ROWS, ["stage_2"])] == ["stage_2"]


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    """By name, with the rows that there are: a misspelt row is no empty run."""
    with pytest.raises(UnknownRowsError, match=r"no row is named 'stages_\*'; known: stage_1, stage_2, scan"):
        chosen(ROWS, ["scan", "stages_*"])


@pytest.mark.parametrize(
    ("target", "figure", "ratio", "is_met", "text"),
    [
        (at_most(5), 5.0, None, True, "<= 5 us"),
        (at_most(5), 5.1, None, False, "<= 5 us"),
        (at_least(200_000), 200_000.0, None, True, ">= 200,000 us"),
        (at_least(200_000), 199_999.0, 9.0, False, ">= 200,000 us"),
        (times_better(25), 1.0, 25.0, True, "at least 25x better"),
        (times_better(25), 1.0, 24.9, False, "at least 25x better"),
        (times_better(25), 1.0, None, False, "at least 25x better"),
        (times_worse(1.6), 1.0, 1 / 1.6, True, "at most 1.6x worse"),
        (times_worse(1.6), 1.0, 0.6, False, "at most 1.6x worse"),
        (times_worse(1.6), 1.0, 3.0, True, "at most 1.6x worse"),
    ],
)
def test_targets_are_met_at_their_limit(
    target: Target, figure: float, ratio: float | None, is_met: bool, text: str
) -> None:
    """Of the figure or of the ratio, in the words of the table."""
    assert target.is_met(figure, ratio) is is_met
    assert target.text("us") == text


def test_every_row_of_the_bench_is_explained_in_one_line_and_named_once() -> None:
    """So that the printed table and the page can be read alone."""
    rows = [row for bench in BENCHES for row in bench.rows]
    assert len({row.key for row in rows}) == len(rows)
    for row in rows:
        assert row.explains.endswith("."), row.key
        assert "\n" not in row.explains, row.key
        assert len(row.explains) < 160, row.key
    for bench in BENCHES:
        assert bench.what.endswith("."), bench.name
        assert bench.limits.endswith("."), bench.name


def test_a_ratio_target_has_something_to_be_a_ratio_to() -> None:
    """Else it could never be met."""
    for row in (row for bench in BENCHES for row in bench.rows):
        if any(target.is_of_ratio for target in row.targets):
            assert row.beside, row.key
