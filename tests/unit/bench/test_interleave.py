"""The order of measurements."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.interleave import measure, without_neighbours
from tests.bench.product import Bench, Product
from tests.bench.rows import Row

ROWS = [Row("one", "us", "A figure."), Row("two", "us", "A figure.")]
HERE, THERE = Product(Path("here"), "python"), Product(Path("there"), "python")


class Told:
    """A probe that notes what it is asked; each answer is a number higher than the one before."""

    def __init__(self, name: str, asked: list[str]) -> None:
        self.parts: Sequence[str] = ["one", "two"]
        self._name = name
        self._asked = asked

    async def ours(self, part: str) -> Mapping[str, float]:
        self._asked.append(f"{self._name} {part}")
        return {part: float(len(self._asked)), "another": 1.0}

    async def beside(self, part: str) -> Mapping[str, float]:
        self._asked.append(f"{self._name} beside {part}")
        return {part: float(len(self._asked))} if part == "one" else {}


def bench(asked: list[str], rounds: int, *, is_warmed_up: bool) -> Bench:
    @asynccontextmanager
    async def opened(product: Product, rows: Sequence[Row]) -> AsyncIterator[Told]:
        yield Told(product.root.name, asked)

    return Bench("bench", "What.", ROWS, opened, rounds, "Limits.", is_warmed_up)


async def test_each_part_is_measured_right_before_its_neighbour() -> None:
    """A B, then the next part's A B, round after round."""
    asked: list[str] = []
    pairs = await measure(bench(asked, 2, is_warmed_up=False), ROWS, HERE, None)
    assert asked == ["here one", "here beside one", "here two", "here beside two"] * 2
    assert pairs == {"one": [(1.0, 2.0), (5.0, 6.0)], "two": [(3.0, None), (7.0, None)]}


async def test_the_first_round_is_thrown_away() -> None:
    """Where the bench says that it only warms up."""
    asked: list[str] = []
    pairs = await measure(bench(asked, 1, is_warmed_up=True), ROWS, HERE, None)
    assert len(asked) == 8
    assert pairs["one"] == [(5.0, 6.0)]


async def test_another_product_stands_beside_ours_row_by_row() -> None:
    """In the place of the row's own neighbour, and in turn as well."""
    asked: list[str] = []
    pairs = await measure(bench(asked, 2, is_warmed_up=False), ROWS, HERE, THERE)
    assert asked == ["here one", "there one", "here two", "there two"] * 2
    assert pairs["two"] == [(3.0, 4.0), (7.0, 8.0)]


async def test_rows_that_were_not_chosen_are_not_told() -> None:
    """A probe may tell more than it was asked."""
    pairs = await measure(bench([], 1, is_warmed_up=False), ROWS[:1], HERE, None)
    assert pairs.keys() == {"one"}


def test_rows_that_the_other_product_does_not_have_are_found() -> None:
    """They are said to be so, and not compared."""
    assert without_neighbours({"one": [(1.0, 2.0)], "two": [(1.0, None)]}) == ["two"]
