"""The largest rate that something bears: doubled until it is too much, then the gap halved; a fixed number of tries."""

import math
import sys
from collections.abc import Awaitable, Callable

from tests.bench.ages import percentile

LIMIT_US = 10_000.0  # of the 99th percentile

Try = Callable[[float], Awaitable[float]]  # a rate, and the p99 that it came to, in microseconds


async def knee(p99_us: Try, first: float, tries: int, limit_us: float = LIMIT_US) -> float:
    """0 when none of the rates was borne."""
    borne, too_much, rate = 0.0, math.inf, first
    for _ in range(tries):
        if await p99_us(rate) < limit_us:
            borne = rate
        else:
            too_much = rate
        rate = 2 * borne if math.isinf(too_much) else (borne + too_much) / 2
    return borne


def noted(name: str, p99_us: Try) -> Try:
    """Says on standard error what each rate came to."""

    async def noting(rate: float) -> float:
        found = await p99_us(rate)
        print(f"{name}: {rate:,.0f}/s: p99 {found / 1000:.2f} ms", file=sys.stderr, flush=True)
        return found

    return noting


def p99_of(ages_us: list[float]) -> float:
    """Endless where nothing was to be seen."""
    return percentile(ages_us, 99) if ages_us else math.inf
