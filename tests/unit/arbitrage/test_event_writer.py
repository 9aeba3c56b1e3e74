"""What waits for Postgres, and in which order it is written."""

from collections.abc import Sequence
from typing import cast

import pytest

from crossbook.arbitrage.event_log import LoggedEvent
from crossbook.arbitrage.event_writer import EVENTS_AT_A_TIME, EventWriter
from crossbook.arbitrage.store.events import EventStore
from crossbook.plumbing.clock import Clock


class Table:
    """The numbers of the rows, statement by statement; `on_append` happens while one is under way."""

    def __init__(self) -> None:
        self.statements: list[list[int]] = []
        self.error: Exception | None = None

    async def append(self, writer: str, alive_ns: int, events: Sequence[LoggedEvent]) -> None:
        self.on_append()
        if self.error:
            raise self.error
        self.statements.append([event.number for event in events])

    def on_append(self) -> None:
        """Nothing, unless a test says otherwise."""


def event(number: int) -> LoggedEvent:
    return LoggedEvent(number, "", "BTC", "a", "b", 1.0, number, number, b"", 1, str(number))


async def test_a_statement_takes_some_and_the_rest_follows_in_order() -> None:
    """However much waits, the loop is not kept for longer than some take."""
    table = Table()
    writer = EventWriter(cast(EventStore, table), "w", Clock())
    for number in range(1, EVENTS_AT_A_TIME + 3):
        writer.put(event(number))
    await writer.write()
    assert (writer.waiting, writer.safe_number) == (2, EVENTS_AT_A_TIME)
    await writer.write()
    assert [len(statement) for statement in table.statements] == [EVENTS_AT_A_TIME, 2]
    assert (writer.waiting, writer.safe_number) == (0, EVENTS_AT_A_TIME + 2)


@pytest.mark.parametrize("error", [ConnectionError(), RuntimeError("the handler is closed"), KeyError("x")])
async def test_whatever_goes_wrong_nothing_is_taken_away(error: Exception) -> None:
    """An error that nobody foresaw is no reason to lose what waits."""
    table = Table()
    writer = EventWriter(cast(EventStore, table), "w", Clock())
    writer.put(event(1))
    table.error = error
    with pytest.raises(type(error)):
        await writer.write()
    table.error = None
    await writer.write()
    assert table.statements == [[1]]


async def test_what_is_dropped_while_a_statement_is_under_way_takes_no_other_with_it() -> None:
    """The oldest make room at that moment; only what was written, and what made room, is gone."""
    table = Table()
    writer = EventWriter(cast(EventStore, table), "w", Clock(), limit=3)
    for number in (1, 2, 3):
        writer.put(event(number))
    table.on_append = lambda: writer.put(event(4)) if writer.waiting == 3 and not writer.dropped else None  # type: ignore[method-assign]
    await writer.write()
    assert (writer.dropped, writer.waiting, writer.safe_number) == (1, 1, 3)
    await writer.write()
    assert table.statements == [[1, 2, 3], [4]]


async def test_a_sign_of_life_is_written_though_nothing_happens() -> None:
    """What is held open has been watched until then."""
    table = Table()
    await EventWriter(cast(EventStore, table), "w", Clock()).write()
    assert table.statements == [[]]
