"""What did not reach a rule, on its way to the table."""

from collections.abc import Collection
from typing import cast

from crossbook.alerts.holding import shortfalls as module
from crossbook.alerts.holding.shortfalls import BATCH, Shortfalls
from crossbook.alerts.store.suppressions import Note, SuppressionStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import UnavailableError
from tests.support.alerts.stand_in_arbitrage import opportunity

RULE = pb.AlertRule(name="alertRules/r")


class Table:
    """Away when the test says so."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.is_away = False

    async def write(self, notes: Collection[Note]) -> None:
        if self.is_away:
            raise UnavailableError("away")
        self.notes += notes


def waiting(table: Table, count: int) -> Shortfalls:
    found = Shortfalls(cast(SuppressionStore, table))
    for number in range(count):
        found.add(RULE, opportunity(f"o-{number}"), "net 0.1% is below 0.2%")
    return found


async def test_what_waits_is_written_in_batches_and_stays_while_postgres_is_away() -> None:
    """Each once."""
    table = Table()
    found = waiting(table, BATCH + 1)
    table.is_away = True
    await found.write()
    table.is_away = False
    for _ in range(3):
        await found.write()
    assert [note.cause for note in table.notes] == [f"o-{number}" for number in range(BATCH + 1)]
    first = table.notes[0]
    assert (first.reason, first.rule, first.asset, first.detail) == (
        pb.SUPPRESSION_REASON_THRESHOLD, "alertRules/r", "BTC", "net 0.1% is below 0.2%"
    )  # fmt: skip


async def test_beyond_the_limit_nothing_is_remembered(monkeypatch: object) -> None:
    """It is bounded by what comes while Postgres is away."""
    monkeypatch.setattr(module, "WAITING_LIMIT", 2)  # type: ignore[attr-defined]
    table = Table()
    await waiting(table, 5).write()
    assert len(table.notes) == 2
