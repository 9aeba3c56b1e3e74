"""The core fails in one venue: that venue begins afresh, the others do not notice."""

from collections.abc import Callable
from typing import Any

import pytest

from crossbook._core import LIVE, MarketListing, parse_markets
from crossbook.tracker.feed.feed import FeedArguments, make_feed
from crossbook.tracker.venue import markets as markets_module
from crossbook.tracker.venue import venue as module
from tests.support.tracker.tracking import VENUES, tracking
from tests.support.waiting import eventually


class Panic(BaseException):
    """Like a panic of the core, none of Exception."""


class FailingFeed:
    """A real feed; one of its methods raises when it is called often enough."""

    def __init__(self, arguments: FeedArguments, method: str, calls: int) -> None:
        self._feed: Any = make_feed(arguments)
        self._method = method
        self._calls_left = calls

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._feed, name)
        return self._counted(found) if name == self._method else found

    def _counted(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object) -> Any:
            self._calls_left -= 1
            if self._calls_left <= 0:
                raise Panic("the core is confused")
            return method(*arguments)

        return call


@pytest.mark.parametrize(
    ("method", "calls"),
    [("on_frame", 50), ("on_timer", 5), ("take_batch", 10), ("on_open", 1), ("track", 1), ("on_closed", 1)],
)
async def test_a_panic_in_one_venue_is_its_own(monkeypatch: pytest.MonkeyPatch, method: str, calls: int) -> None:
    """Wherever the core panics, that venue opens a new stream and is LIVE again; no other has so much as a resync."""
    made: list[FeedArguments] = []

    def make(arguments: FeedArguments) -> Any:
        made.append(arguments)
        is_first = [one["venue"] for one in made].count("okx") == 1
        return (
            FailingFeed(arguments, method, calls) if arguments["venue"] == "okx" and is_first else make_feed(arguments)
        )

    monkeypatch.setattr(module, "make_feed", make)
    async with tracking(assets=2) as world:
        if method == "on_closed":
            await world.until_live()
            await world.order("okx:cut@0s")
        await eventually(lambda: [one["venue"] for one in made].count("okx") == 2)
        await world.until_live()
        again = [one["stream_id"] for one in made if one["venue"] == "okx"][1]
        await eventually(lambda: world.ingest.streams["okx"].hellos[-1].stream_id == again)
        await eventually(lambda: set(world.ingest.streams["okx"].last_states().values()) == {LIVE})
        stats = await world.stats()
    for venue in set(VENUES) - {"okx"}:
        assert stats[venue].reconnects == stats[venue].gaps == 0
        assert len(world.ingest.streams[venue].hellos) == 1


async def test_a_panic_over_a_market_list_is_its_venues_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is asked for again; the process and its other venues live on."""
    failures = iter([Panic("the core is confused")])
    parse = parse_markets

    def parse_or_panic(venue: str, bodies: list[bytes], now_ns: int) -> MarketListing:
        if venue == "okx" and (panic := next(failures, None)):
            raise panic
        return parse(venue, bodies, now_ns)

    monkeypatch.setattr(markets_module, "parse_markets", parse_or_panic)
    async with tracking(assets=2) as world:
        stats = await world.until_live()
    assert set(stats) == set(VENUES)
    assert next(failures, None) is None
