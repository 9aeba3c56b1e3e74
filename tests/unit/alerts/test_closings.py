"""What is known to have closed."""

from collections.abc import Mapping
from typing import cast

import pytest

from crossbook.alerts import closings as module
from crossbook.alerts.closings import ROUNDS, Closings
from crossbook.alerts.store.alerts import AlertStore
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import SECOND_NS
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, UPDATED, event, opportunity

OPEN_NS = 1_790_000_000 * SECOND_NS


class Written:
    """What came to the table; while `is_away` nothing does."""

    def __init__(self) -> None:
        self.rounds: list[Mapping[str, int | None]] = []
        self.is_away = False

    async def note_closings(self, closings: Mapping[str, int | None], peaks: Mapping[str, float]) -> None:
        if self.is_away:
            raise UnavailableError("away")
        self.rounds.append(closings)


@pytest.fixture
def written() -> Written:
    return Written()


@pytest.fixture
def closings(written: Written) -> Closings:
    return Closings(cast(AlertStore, written))


def tell(closings: Closings, *kinds: int, identifier: str = "o-1") -> None:
    found = opportunity(identifier, open_ns=OPEN_NS)
    for second, kind in enumerate(kinds):
        closings.on_event(event(kind, found, after_seconds=second))  # type: ignore[arg-type]


def test_it_is_closed_from_its_last_event_until_it_opens_again(closings: Closings) -> None:
    """The same quotes give it the same id, also after its watcher was away."""
    tell(closings, OPENED, UPDATED)
    assert closings.closed_ns("o-1") is None
    tell(closings, OPENED, CLOSED)
    assert closings.closed_ns("o-1") == OPEN_NS + SECOND_NS
    tell(closings, OPENED)
    assert closings.closed_ns("o-1") is None


async def test_a_closing_is_written_several_times_and_then_no_more(closings: Closings, written: Written) -> None:
    """The alert that it belongs to may be written after it."""
    tell(closings, OPENED, CLOSED)
    for _ in range(ROUNDS + 2):
        await closings.write()
    assert written.rounds == [{"o-1": OPEN_NS + SECOND_NS}] * ROUNDS


async def test_what_opened_again_is_written_as_open(closings: Closings, written: Written) -> None:
    """The row must not say for ever that it is over."""
    tell(closings, CLOSED, OPENED)
    await closings.write()
    assert written.rounds == [{"o-1": None}]


async def test_an_outage_of_postgres_keeps_them_for_later(closings: Closings, written: Written) -> None:
    """No round is used up by one that came to nothing."""
    tell(closings, CLOSED)
    written.is_away = True
    await closings.write()
    written.is_away = False
    for _ in range(ROUNDS + 1):
        await closings.write()
    assert len(written.rounds) == ROUNDS


def test_the_oldest_are_forgotten(closings: Closings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Postgres knows them still."""
    monkeypatch.setattr(module, "REMEMBERED", 2)
    for identifier in ("a", "b", "c"):
        tell(closings, CLOSED, identifier=identifier)
    assert [closings.closed_ns(identifier) is None for identifier in ("a", "b", "c")] == [True, False, False]
