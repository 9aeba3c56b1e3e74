"""Which venues an aggregator has open."""

import asyncio
from typing import Any

import pytest

from crossbook.aggregator import venues as module
from crossbook.aggregator.venues import Venues
from crossbook.plumbing.errors import OverloadedError, UnavailableError


class Opened:
    """Stands where a venue stands."""

    def __init__(self, name: str, *, is_postgres_away: bool = False) -> None:
        self.name = name
        self.is_postgres_away = is_postgres_away
        self.writer: Any = type("Writer", (), {"waiting": 0, "failure": ""})()

    async def restore(self) -> None:
        await asyncio.sleep(0)
        if self.is_postgres_away:
            raise UnavailableError("Postgres is away")

    async def write(self) -> None: ...


class Bench:
    """Venues, and the tasks that they have started."""

    def __init__(self) -> None:
        self.is_postgres_away = False
        self.made: list[str] = []
        self.kept: list[str] = []
        self.venues = Venues(self._make, lambda name, run: self.kept.append(name))

    def _make(self, name: str) -> Any:
        self.made.append(name)
        return Opened(name, is_postgres_away=self.is_postgres_away)


async def test_hellos_at_one_moment_open_a_venue_once() -> None:
    """It has one writer, and everybody gets the same venue."""
    bench = Bench()
    opened = await asyncio.gather(*(bench.venues.open(name) for name in "abaab"))
    assert [id(venue) for venue in opened] == [id(bench.venues.opened[name]) for name in "abaab"]
    assert (sorted(bench.made), sorted(bench.kept)) == (["a", "b"], ["writer a", "writer b"])


async def test_a_venue_that_could_not_be_restored_is_not_open() -> None:
    """The next hello makes it anew."""
    bench = Bench()
    bench.is_postgres_away = True
    with pytest.raises(UnavailableError):
        await bench.venues.open("a")
    assert (bench.venues.opened, bench.kept) == ({}, [])
    bench.is_postgres_away = False
    assert (await bench.venues.open("a")).name == "a"
    assert bench.kept == ["writer a"]


async def test_no_more_venues_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are open are still given."""
    monkeypatch.setattr(module, "MAX_VENUES", 2)
    bench = Bench()
    for name in "ab":
        await bench.venues.open(name)
    with pytest.raises(OverloadedError):
        await bench.venues.open("c")
    assert (await bench.venues.open("a")).name == "a"


async def test_what_waits_and_why_is_told_by_name() -> None:
    """The first failure is enough to say that Postgres takes no windows."""
    bench = Bench()
    for name in "abc":
        await bench.venues.open(name)
    assert (bench.venues.waiting(), bench.venues.commit_failure()) == ([], "")
    writer: Any = bench.venues.opened["b"].writer
    writer.waiting, writer.failure = 2, "disk full"
    assert (bench.venues.waiting(), bench.venues.commit_failure()) == (
        ["b"],
        "windows of b cannot be committed: disk full",
    )
