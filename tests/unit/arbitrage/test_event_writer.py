"""What waits for Postgres, and in which order it is written."""

from collections.abc import Sequence
from typing import cast

import pytest
from structlog.testing import capture_logs

from crossbook._core import LoggedEvent, SharedScan
from crossbook.arbitrage.event_writer import EVENTS_AT_A_TIME, EventWriter
from crossbook.arbitrage.store.events import EventStore
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import now_ns
from tests.support.aggregator.fanout import Tick, payload


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


class Told:
    """A scan, a writer on a table, and events told one by one."""

    def __init__(self, arguments: ScannerArguments, limit: int = 1000) -> None:
        self.scanner = SharedScan(new_scanner(arguments), "w", unwritten_limit=limit)
        self.table = Table()
        self.writer = EventWriter(cast(EventStore, self.table), self.scanner, Clock())
        self._told = 0

    def tell(self, count: int = 1) -> None:
        """The next events."""
        for _ in range(count):
            self._told += 1
            bid = 101.0 + self._told % 2
            self.scanner.on_batch(payload(Tick("cheap", 99.9, 100.0), Tick("dear", bid, bid + 0.1)), now_ns())

    @property
    def safe_number(self) -> int:
        """What was told up to here is in Postgres, or was dropped."""
        return self.scanner.writing()[2]


async def test_a_statement_takes_some_and_the_rest_follows_in_order(arguments: ScannerArguments) -> None:
    """However much waits, the loop is not kept for longer than some take."""
    told = Told(arguments)
    told.tell(EVENTS_AT_A_TIME + 2)
    await told.writer.write()
    assert (told.writer.waiting, told.safe_number) == (2, EVENTS_AT_A_TIME)
    await told.writer.write()
    assert [len(statement) for statement in told.table.statements] == [EVENTS_AT_A_TIME, 2]
    assert (told.writer.waiting, told.safe_number) == (0, EVENTS_AT_A_TIME + 2)


@pytest.mark.parametrize("error", [ConnectionError(), RuntimeError("the handler is closed"), KeyError("x")])
async def test_whatever_goes_wrong_nothing_is_taken_away(error: Exception, arguments: ScannerArguments) -> None:
    """An error that nobody foresaw is no reason to lose what waits."""
    told = Told(arguments)
    told.tell()
    told.table.error = error
    with pytest.raises(type(error)):
        await told.writer.write()
    told.table.error = None
    await told.writer.write()
    assert told.table.statements == [[1]]


async def test_what_is_dropped_while_a_statement_is_under_way_takes_no_other_with_it(
    arguments: ScannerArguments,
) -> None:
    """The oldest make room at that moment; only what was written, and what made room, is gone."""
    told = Told(arguments, limit=3)
    told.tell(3)
    told.table.on_append = lambda: told.tell() if not told.writer.dropped else None  # type: ignore[method-assign]
    await told.writer.write()
    assert (told.writer.dropped, told.writer.waiting, told.safe_number) == (1, 1, 3)
    await told.writer.write()
    assert told.table.statements == [[1, 2, 3], [4]]


async def test_a_loss_is_said_once(arguments: ScannerArguments) -> None:
    """Not for every event that goes while Postgres is away."""
    told = Told(arguments, limit=1)
    with capture_logs() as lines:
        for _ in range(4):
            told.tell()
            told.writer.on_news()
    assert [line["event"] for line in lines] == ["events_not_logged"]


async def test_a_sign_of_life_is_written_though_nothing_happens(arguments: ScannerArguments) -> None:
    """What is held open has been watched until then."""
    told = Told(arguments)
    await told.writer.write()
    assert told.table.statements == [[]]
