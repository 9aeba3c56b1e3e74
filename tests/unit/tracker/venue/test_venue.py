"""One venue of a process: its lists and its driver are a test's, the feed behind them is real."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from crossbook._core import LIVE, RESYNCING, Instrument
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import InvalidRequestError, NotFoundError, UnavailableError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.retry import without_waits
from crossbook.plumbing.settings import Endpoint, load_settings
from crossbook.tracker.feed.feed import FeedArguments
from crossbook.tracker.feed.recorder import RecordedFeed
from crossbook.tracker.feed.session import ClockSteppedError, VenueFailedError
from crossbook.tracker.outgoing.routing import Route
from crossbook.tracker.venue import venue as module
from crossbook.tracker.venue.markets import ListingError
from crossbook.tracker.venue.reach import Reach
from crossbook.tracker.venue.venue import Station, Venue
from crossbook.tracker.venue.wanted import Choice
from tests.support.waiting import eventually

ALL = Choice([], [])
SHARDS = {"main": "127.0.0.1:1"}


def symbol(asset: str) -> str:
    return f"{asset}/USDT:USDT"


def listing(assets: str, **quarantined: str) -> Any:
    """A market an asset, and reasons by the asset of what is left out."""
    instruments = [
        Instrument(
            venue="okx",
            symbol=symbol(asset),
            native_symbol=f"{asset}-USDT-SWAP",
            asset=asset,
            quote_currency="USDT",
            settle_currency="USDT",
        )
        for asset in assets
    ]
    left_out = [(f"{asset}-USDT-SWAP", reason) for asset, reason in quarantined.items()]
    return SimpleNamespace(instruments=instruments, quarantined=left_out)


class ScriptedDriver:
    """Notes what it is told; each life ends of the next of `ends`, and else when it is told to stop."""

    ends: ClassVar[list[BaseException]] = []
    lives: ClassVar[list["ScriptedDriver"]] = []

    def __init__(self, session: Any, reach: Reach, lanes: Any) -> None:
        self.session = session
        self.lanes = lanes
        self.told: list[Any] = []
        self.refusal: Exception | None = None
        self.states: list[tuple[str, int]] = []
        self.confirmed = 0
        self.feed = SimpleNamespace(states=lambda: self.states, stats=lambda: self)
        self.end: BaseException | None = None
        self._is_over = asyncio.Event()
        self.lives.append(self)

    async def run(self, stopping: asyncio.Event, instruments: Sequence[Instrument], coming: Route | None) -> None:
        self.told.append(("run", "".join(one.asset for one in instruments), coming))
        if self.ends:
            raise self.ends.pop(0)
        stop = asyncio.ensure_future(stopping.wait())
        over = asyncio.ensure_future(self._is_over.wait())
        await asyncio.wait((stop, over), return_when=asyncio.FIRST_COMPLETED)
        if self.end is not None:
            raise self.end

    def die(self, error: BaseException) -> None:
        self.end = error
        self._is_over.set()

    def track(self, instruments: Sequence[Instrument]) -> None:
        self._note("track", "".join(one.asset for one in instruments))

    def untrack(self, symbols: Sequence[str]) -> None:
        self._note("untrack", "".join(one[0] for one in symbols))

    def route(self, route: Route) -> None:
        self._note("route", route.shards)

    def _note(self, name: str, what: object) -> None:
        self.told.append((name, what))
        if self.refusal is not None:
            raise self.refusal


class World:
    """A venue whose market lists are `lists` in turn, the last of them for ever."""

    def __init__(self, choice: Choice, settings: dict[str, Any]) -> None:
        self.lists: list[Any] = [listing("ABC")]
        self.asked = 0
        self.lifetime = Lifetime()
        self.listed = asyncio.Event()
        nothing: Any = None
        station = Station(load_settings(tracker=settings).tracker, nothing, Clock(), nothing, self.listed)
        self.venue = Venue(station, Reach("okx", Endpoint(), nothing, nothing), choice, SHARDS)

    async def list_markets(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        found = self.lists[0] if len(self.lists) == 1 else self.lists.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    @property
    def driver(self) -> ScriptedDriver:
        """Of the present life."""
        return ScriptedDriver.lives[-1]

    async def driven(self, life: int = 1) -> ScriptedDriver:
        """The driver of this life, at work."""
        await eventually(lambda: len(ScriptedDriver.lives) >= life and self.driver.told and self.venue.driver)
        return self.driver


@pytest.fixture(autouse=True)
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    ScriptedDriver.ends, ScriptedDriver.lives = [], []
    monkeypatch.setattr(module, "Driver", ScriptedDriver)
    monkeypatch.setattr(module, "Lanes", lambda *_: SimpleNamespace(redirected=[], redirect=lambda: None))
    with without_waits():
        yield


@asynccontextmanager
async def running(
    monkeypatch: pytest.MonkeyPatch, *lists: Any, choice: Choice = ALL, follows: bool = False, **settings: Any
) -> AsyncIterator[World]:
    """Until the end of the block; `follows` the market list, too."""
    world = World(choice, settings)
    world.lists = list(lists) or world.lists
    monkeypatch.setattr(module, "list_markets", world.list_markets)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(world.venue.run(world.lifetime))
        if follows:
            tasks.create_task(world.venue.keep_listing(world.lifetime))
        try:
            yield world
        finally:
            world.lifetime.stop()


async def test_what_is_chosen_of_the_markets_is_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings name and the venue does not list is left out, and said."""
    with capture_logs() as logs:
        async with running(monkeypatch, choice=Choice([symbol("A")], ["C", "X"])) as world:
            driver = await world.driven()
            assert driver.told == [("run", "AC", None)]
            assert (world.venue.unlisted, world.listed.is_set()) == (["X"], True)
    assert [line["name"] for line in logs if line["event"] == "not_listed"] == ["X"]


async def test_a_list_that_does_not_come_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it comes; then all is well."""
    venue = World(ALL, {}).venue
    with pytest.raises(UnavailableError, match="okx has not listed its markets yet"):
        venue.start_tracking([], [])
    async with running(monkeypatch, ListingError("HTTP 503"), ListingError("HTTP 502"), listing("A")) as world:
        await world.driven()
        assert (world.asked, world.venue.problem) == (3, "")


async def test_why_there_is_no_list_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """To whoever wants something of it."""
    async with running(monkeypatch, ListingError("HTTP 503")) as world:
        await eventually(lambda: world.venue.problem)
        with pytest.raises(UnavailableError, match="markets cannot be listed: HTTP 503"):
            world.venue.start_tracking([], [])
        assert not world.listed.is_set()


@pytest.mark.parametrize("error", [VenueFailedError("the core is confused"), BaseException("a panic")])
async def test_whatever_fails_is_begun_afresh_with_what_is_wanted_by_then(
    monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """In a stream of its own; the market list stands."""
    async with running(monkeypatch) as world:
        driver = await world.driven()
        world.venue.stop_tracking([symbol("B")])
        with capture_logs() as logs:
            driver.die(error)
            again = await world.driven(2)
        assert again.told == [("run", "AC", None)]
        assert again.session.stream_id != driver.session.stream_id
        assert (world.asked, world.venue.problem) == (1, "")
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["venue_failed"]


async def test_between_two_lives_the_reason_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as nothing drives it."""

    async def stand_still(self: Lifetime, seconds: float) -> bool:
        await self.stopping.wait()
        return True

    monkeypatch.setattr(Lifetime, "sleep", stand_still)
    ScriptedDriver.ends = [VenueFailedError("the core is confused")]
    async with running(monkeypatch) as world:
        await eventually(lambda: world.venue.problem)
        with pytest.raises(UnavailableError, match="failed, starts afresh: the core is confused"):
            world.venue.require_tracked(symbol("A"))
        assert world.venue.not_live() == []


async def test_a_clock_that_was_set_is_nobodys_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is begun afresh at once."""

    async def sleep(self: Lifetime, seconds: float) -> bool:
        raise AssertionError("nothing is waited for")

    monkeypatch.setattr(Lifetime, "sleep", sleep)
    ScriptedDriver.ends = [ClockSteppedError("the clock was set")]
    with capture_logs() as logs:
        async with running(monkeypatch) as world:
            await world.driven(2)
            assert world.venue.problem == ""
    assert not [line for line in logs if line["log_level"] == "error"]


async def test_tracking_is_started_and_stopped_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tracked already is not started, and a name said twice is stopped once; without names it is all."""
    async with running(monkeypatch, choice=Choice([], ["A"])) as world:
        driver = await world.driven()
        started = world.venue.start_tracking([symbol("A"), symbol("B")], ["C"])
        assert [one.asset for one in started] == ["B", "C"]
        assert world.venue.stop_tracking([symbol("B"), symbol("B")]) == [symbol("B")]
        assert world.venue.stop_tracking([]) == [symbol("A"), symbol("C")]
        assert [one.asset for one in world.venue.start_tracking([], [])] == ["A"]
        assert world.venue.start_tracking([], []) == []
        assert driver.told[1:] == [("track", "BC"), ("untrack", "B"), ("untrack", "AC"), ("track", "A")]
        assert world.venue.require_tracked(symbol("A")) is world.venue.driver
        with pytest.raises(NotFoundError, match=r"book of B/USDT:USDT on okx"):
            world.venue.require_tracked(symbol("B"))


async def test_names_that_do_not_exist_are_refused_by_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them at once, and nothing is done."""
    async with running(monkeypatch, choice=Choice([], ["A"])) as world:
        driver = await world.driven()
        for ask, fields in (
            (lambda: world.venue.start_tracking([symbol("B"), "x", "y"], []), ["symbols[1]", "symbols[2]"]),
            (lambda: world.venue.start_tracking([], ["Z", "Z"]), ["assets[0]", "assets[0]"]),
            (lambda: world.venue.stop_tracking([symbol("A"), symbol("B")]), ["symbols[1]"]),
        ):
            with pytest.raises(InvalidRequestError) as refusal:
                ask()
            assert [violation.field for violation in refusal.value.violations] == fields
        assert driver.told[1:] == []


async def test_a_feed_that_fails_at_a_request_has_not_granted_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is begun afresh without what was asked for: ask again then."""
    async with running(monkeypatch, choice=Choice([], ["A"])) as world:
        driver = await world.driven()
        driver.refusal = VenueFailedError("confused")
        with pytest.raises(UnavailableError, match="okx begins afresh: confused"):
            world.venue.start_tracking([symbol("B")], [])
        with pytest.raises(UnavailableError, match="okx begins afresh"):
            world.venue.stop_tracking([symbol("A")])
        driver.die(driver.refusal)
        assert (await world.driven(2)).told == [("run", "A", None)]


async def test_another_choice_touches_the_difference_and_outlives_a_feed_that_fails_at_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read from the file counts from then on."""
    async with running(monkeypatch, choice=Choice([], ["A", "B"])) as world:
        driver = await world.driven()
        world.venue.choose(Choice([], ["B"]))
        driver.refusal = VenueFailedError("confused")
        world.venue.choose(Choice([], ["B", "C"]))
        assert driver.told[1:] == [("untrack", "A"), ("track", "C")]
        driver.die(driver.refusal)
        assert (await world.driven(2)).told == [("run", "BC", None)]


async def test_a_move_to_other_shards_is_told_to_the_driver_and_to_those_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long as it is to come; another address alone is no move, and reaches the lanes all the same."""
    async with running(monkeypatch) as world:
        driver = await world.driven()
        redirected: list[str] = []
        driver.lanes.redirect = lambda: redirected.append("")
        world.venue.route({"main": "127.0.0.1:2"})
        assert (driver.told[1:], len(redirected)) == ([], 1)
        world.venue.route({"east": "127.0.0.1:3", "main": "127.0.0.1:2"})
        assert (driver.told[1:], len(redirected)) == ([("route", ("east", "main"))], 2)
        driver.die(VenueFailedError("confused"))
        ((_, _, coming),) = (await world.driven(2)).told
        assert coming.shards == ("east", "main")


async def test_the_market_list_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """News are tracked; what is left out with a reason stops at once, what is missed only when it is missed again."""
    lists = listing("ABCDE"), listing("BCDE", A="halted"), listing("CDEF", B="malformed row"), listing("CDEF")
    async with running(monkeypatch, *lists, follows=True, listing_interval_seconds=0.01) as world:
        driver = await world.driven()
        await eventually(lambda: ("untrack", "B") in driver.told)
        assert driver.told[1:] == [("untrack", "A"), ("track", "F"), ("untrack", "B")]


async def test_a_list_that_is_refused_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is counted, whatever it died of, and asked for again."""
    lists = listing("AB"), ListingError("HTTP 503"), listing(""), BaseException("a panic"), listing("ABC")
    async with running(monkeypatch, *lists, follows=True, listing_interval_seconds=0.01) as world:
        driver = await world.driven()
        await eventually(lambda: len(driver.told) > 1)
        assert driver.told[1:] == [("track", "C")]
        assert world.venue.listings_refused == 3


async def test_quiet_markets_whose_books_merely_stand_have_the_list_asked_for_early(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A halted one looks just like that; what was vouched for before does not count twice."""
    monkeypatch.setattr(module, "STANDING_SECONDS", 0.01)
    async with running(monkeypatch, follows=True, listing_interval_seconds=3600) as world:
        driver = await world.driven()
        for confirmed in (1, 5):
            asked, driver.confirmed = world.asked, confirmed
            await eventually(lambda asked=asked: world.asked == asked + 1)
            await asyncio.sleep(0.05)
            assert world.asked == asked + 1


async def test_what_is_not_live_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its symbol."""
    async with running(monkeypatch) as world:
        driver = await world.driven()
        driver.states = [("a", LIVE), ("b", RESYNCING)]
        assert world.venue.not_live() == ["b"]


async def test_a_feed_is_made_of_the_settings_and_recorded_where_they_say_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One recording for the venue."""
    made: list[FeedArguments] = []

    class Noting(RecordedFeed):
        def __init__(self, arguments: FeedArguments, *rest: Any) -> None:
            made.append(arguments)
            super().__init__(arguments, *rest)

    monkeypatch.setattr(module, "RecordedFeed", Noting)
    async with running(monkeypatch, record_dir=tmp_path, stale_after_seconds=7) as world:
        driver = await world.driven()
        assert isinstance(driver.session.feed, Noting)
    assert (made[0]["venue"], made[0]["stale_after_ns"], made[0]["shards"]) == ("okx", 7_000_000_000, ["main"])
    assert made[0]["stream_id"] == driver.session.stream_id
