"""The bench checks itself: a figure that is missing, or not above zero, is a fault of the bench and fails the run."""

import math
from collections.abc import Iterable, Mapping

from tests.bench.pairs import Comparison
from tests.bench.rows import Row


def faults(rows: Iterable[Row], measured: Mapping[str, Comparison], *, is_paired: bool = False) -> list[str]:
    """One line for each row that cannot be believed, with its name.

    `is_paired`: every row must have something beside it (--vs), not only those that name it.
    """
    return [f"{row.key}: {fault}" for row in rows if (fault := _fault(row, measured.get(row.key), is_paired))]


def _fault(row: Row, comparison: Comparison | None, is_paired: bool) -> str:
    if comparison is None:
        return "missing"
    if fault := _wrong(comparison.ours.lowest, comparison.ours.highest):
        return fault
    if not (row.beside or is_paired):
        return ""
    if comparison.other is None:
        return "nothing was measured beside it"
    if fault := _wrong(comparison.other.lowest, comparison.other.highest):
        return f"what stands beside it is {fault}"
    return "" if comparison.ratio is not None else "no ratio in one of the pairs"


def _wrong(lowest: float, highest: float) -> str:
    if not (math.isfinite(lowest) and math.isfinite(highest)):
        return "not a number"
    if lowest < 0:
        return f"negative ({lowest:g})"
    return "zero: nothing was measured" if lowest == 0 else ""
