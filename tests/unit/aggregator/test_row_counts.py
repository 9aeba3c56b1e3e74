"""How many rows there are: asked of Postgres now and then, however many want to know."""

from typing import cast

from crossbook.aggregator.row_counts import KEPT_SECONDS, RowCounts
from crossbook.aggregator.store.reads import Reads


class Counting:
    """Stands for the reads."""

    def __init__(self) -> None:
        self.asked = 0

    async def counts(self) -> list[tuple[str, int, int]]:
        self.asked += 1
        return [("v", self.asked, 1)]


async def test_an_answer_is_shared_while_it_is_young() -> None:
    """A count reads every row."""
    reads, now = Counting(), [0.0]
    counts = RowCounts(cast(Reads, reads), clock=lambda: now[0])
    assert [(one.venue, one.snapshots, one.minutes) for one in await counts.venues()] == [("v", 1, 1)]
    assert (await counts.venues())[0].snapshots == 1
    now[0] = KEPT_SECONDS
    assert (await counts.venues())[0].snapshots == 2
