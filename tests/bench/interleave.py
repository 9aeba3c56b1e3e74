"""Runs a bench: ours, what stands beside it, ours, what stands beside it, for as many rounds as it has."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from tests.bench.pairs import Pair
from tests.bench.product import Bench, Product
from tests.bench.rows import Figures, Row

Measure = Callable[[str], Awaitable[Figures]]


async def measure(bench: Bench, rows: Sequence[Row], here: Product, there: Product | None) -> dict[str, list[Pair]]:
    """The pairs of every row. With another product, it stands beside ours in the place of the row's own neighbour."""
    async with AsyncExitStack() as stack:
        probe = await stack.enter_async_context(bench.open(here, rows))
        other = await stack.enter_async_context(bench.open(there, rows)) if there else None
        measure_other = probe.beside if other is None else other.ours
        keys = {row.key for row in rows}
        if bench.is_warmed_up:
            await rounds(probe.parts, probe.ours, measure_other, 1, keys)
        return await rounds(probe.parts, probe.ours, measure_other, bench.rounds, keys)


async def rounds(
    parts: Sequence[str], ours: Measure, other: Measure, count: int, keys: set[str]
) -> dict[str, list[Pair]]:
    """In each round part after part, each part one after the other: A B, then the next part's A B."""
    pairs: defaultdict[str, list[Pair]] = defaultdict(list)
    for _ in range(count):
        for part in parts:
            one, another = await ours(part), await other(part)
            for key in keys & one.keys():
                pairs[key].append((one[key], another.get(key)))
    return dict(pairs)


def without_neighbours(measured: Mapping[str, Sequence[Pair]]) -> list[str]:
    """Rows that the other product told nothing of."""
    return [key for key, pairs in measured.items() if all(other is None for _, other in pairs)]
