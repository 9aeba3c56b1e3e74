"""One venue of the process: lists its markets, keeps a driver alive, remembers what is wanted across failures."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import grpc
import structlog

from crossbook._core import LIVE, Instrument, MarketListing, VenueProfile
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError, NotFoundError, UnavailableError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.retry import Redial, backoff
from crossbook.plumbing.settings import Endpoint, TrackerSettings
from crossbook.plumbing.timestamps import seconds_to_ns
from crossbook.tracker.budget import Budget
from crossbook.tracker.driver import Driver, Limits, VenueFailedError
from crossbook.tracker.fetcher import Fetcher
from crossbook.tracker.health import HealthWatch
from crossbook.tracker.markets import ListingError, list_markets, select
from crossbook.tracker.pace import Pace
from crossbook.tracker.recorder import FeedArguments, RecordedFeed, make_feed

LISTING_BASE_SECONDS = 0.5
LISTING_CAP_SECONDS = 15.0
RESTART_BASE_SECONDS = 1.0
RESTART_CAP_SECONDS = 30.0

log = structlog.get_logger()


class Venue:
    """Everything that this process does for one venue."""

    def __init__(
        self,
        profile: VenueProfile,
        settings: TrackerSettings,
        channel: grpc.aio.Channel,
        pace: Pace,
        on_listed: Callable[[], None],
    ) -> None:
        self.id = profile.id
        self.listing: MarketListing | None = None
        self.driver: Driver | None = None
        self.health = HealthWatch()
        self.problem = ""  # what keeps it from being listed or driven, in words
        self.unlisted: list[str] = []  # symbols and assets of the settings that the venue does not list
        self._settings = settings
        self._channel = channel
        self._pace = pace
        self._on_listed = on_listed
        self._endpoint = settings.endpoints.get(profile.id, Endpoint())
        self._limits = Limits(Budget(profile.request_weight_per_minute), Budget(profile.connects_per_minute))
        self._wanted: dict[str, Instrument] = {}

    async def run(self, lifetime: Lifetime) -> None:
        """Until told to stop. Whatever fails here fails for this venue only, and is begun afresh."""
        restart = Redial(RESTART_BASE_SECONDS, RESTART_CAP_SECONDS)
        async with Fetcher(self.id, self._limits.requests) as fetcher:
            while not lifetime.stopping.is_set():
                restart.opened()
                try:
                    await self._list_and_drive(fetcher, lifetime)
                except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
                    raise
                except BaseException as error:  # a panic of the core is none of Exception
                    self.problem = f"failed, starts afresh: {error}"
                    log.error("venue_failed", venue=self.id, exc_info=error)
                    await lifetime.sleep(restart.wait_seconds())

    def start_tracking(self, symbols: Sequence[str], assets: Sequence[str]) -> list[Instrument]:
        """The instruments newly tracked. Raises InvalidRequestError and UnavailableError."""
        listing = self._require_listing()
        if not symbols and not assets:
            symbols, assets = self._settings.symbols, self._settings.assets
            selection = select(listing.instruments, symbols, assets)
        else:
            selection = select(listing.instruments, symbols, assets)
            _refuse("symbols", symbols, selection.unknown_symbols, f"is not listed by {self.id}")
            _refuse("assets", assets, selection.unknown_assets, f"has no market on {self.id}")
        started = [one for one in selection.instruments if one.symbol not in self._wanted]
        if started:
            with _failure_told(self.id):
                self._require_driver().track(started)
            self._wanted.update((one.symbol, one) for one in started)
        return started

    def stop_tracking(self, symbols: Sequence[str]) -> list[str]:
        """The symbols no longer tracked. Raises InvalidRequestError and UnavailableError."""
        _refuse("symbols", symbols, [one for one in symbols if one not in self._wanted], "is not tracked")
        stopped = list(dict.fromkeys(symbols)) or list(self._wanted)
        if stopped:
            with _failure_told(self.id):
                self._require_driver().untrack(stopped)
            for symbol in stopped:
                del self._wanted[symbol]
        return stopped

    def require_tracked(self, symbol: str) -> Driver:
        """The driver of a tracked symbol. Raises NotFoundError and UnavailableError."""
        if symbol not in self._wanted:
            raise NotFoundError(f"book of {symbol} on {self.id}")
        return self._require_driver()

    async def _list_and_drive(self, fetcher: Fetcher, lifetime: Lifetime) -> None:
        if self.listing is None:
            self.listing = await lifetime.wait_or_stop(self._list(fetcher))
            if self.listing is None:
                return
            self._choose(self.listing)
            self._on_listed()
        await self._drive(fetcher, lifetime.stopping)

    async def _list(self, fetcher: Fetcher) -> MarketListing:
        attempt = 0
        while True:
            try:
                return await list_markets(self.id, self._endpoint.rest_url, fetcher)
            except ListingError as error:
                self.problem = f"markets cannot be listed: {error}"
                log.warning("listing_failed", venue=self.id, error=str(error))
            await asyncio.sleep(backoff(attempt, LISTING_BASE_SECONDS, LISTING_CAP_SECONDS))
            attempt += 1

    def _choose(self, listing: MarketListing) -> None:
        selection = select(listing.instruments, self._settings.symbols, self._settings.assets)
        self._wanted = {one.symbol: one for one in selection.instruments}
        self.unlisted = [*selection.unknown_symbols, *selection.unknown_assets]
        for name in self.unlisted:
            log.error("not_listed", venue=self.id, name=name, effect="left out; the rest is tracked")
        log.info("markets_listed", venue=self.id, tracked=len(self._wanted), quarantined=len(listing.quarantined))

    async def _drive(self, fetcher: Fetcher, stopping: asyncio.Event) -> None:
        arguments = self._feed_arguments()
        directory, max_bytes = self._settings.record_dir, self._settings.record_max_bytes
        feed = (
            make_feed(arguments) if directory is None else RecordedFeed(arguments, directory, time.time_ns(), max_bytes)
        )
        try:
            self.driver = Driver(
                self.id, feed, fetcher, self._limits, self._pace, self._channel, self._settings.buffer_bytes
            )
            self.problem = ""
            await self.driver.run(stopping, list(self._wanted.values()))
        finally:
            self.driver = None
            if isinstance(feed, RecordedFeed):
                feed.close()

    def _feed_arguments(self) -> FeedArguments:
        stale_after_seconds = self._settings.stale_after_seconds
        return FeedArguments(
            venue=self.id,
            stream_id=f"{self.id}-{time.time_ns()}-{secrets.token_hex(4)}",
            websocket_url=self._endpoint.websocket_url,
            rest_url=self._endpoint.rest_url,
            stale_after_ns=None if stale_after_seconds is None else seconds_to_ns(stale_after_seconds),
        )

    def _require_listing(self) -> MarketListing:
        if self.listing is None:
            raise UnavailableError(self.problem or f"{self.id} has not listed its markets yet")
        return self.listing

    def _require_driver(self) -> Driver:
        if self.driver is None:
            raise UnavailableError(self.problem or f"{self.id} is starting")
        return self.driver

    def not_live(self) -> list[str]:
        """Tracked symbols whose book is not LIVE."""
        return [] if self.driver is None else [symbol for symbol, state in self.driver.feed.states() if state != LIVE]


@contextmanager
def _failure_told(venue: str) -> Iterator[None]:
    """A feed that fails at a request is begun afresh without what was asked for: ask again then."""
    try:
        yield
    except VenueFailedError as error:
        raise UnavailableError(f"{venue} begins afresh: {error}") from error


def _refuse(field: str, asked: Sequence[str], unknown: Sequence[str], why: str) -> None:
    first = {name: index for index, name in reversed(list(enumerate(asked)))}
    violations = [FieldViolation(f"{field}[{first[one]}]", f"{one} {why}") for one in unknown]
    if violations:
        raise InvalidRequestError(violations)
