"""One venue of the process: lists its markets, keeps a driver alive, remembers what is wanted across failures."""

import asyncio
import random
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import structlog

from crossbook._core import LIVE, Instrument, MarketListing
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError, NotFoundError, UnavailableError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.retry import Redial, backoff
from crossbook.plumbing.settings import TrackerSettings
from crossbook.plumbing.timestamps import seconds_to_ns
from crossbook.tracker.feed.feed import FeedArguments, make_feed
from crossbook.tracker.feed.recorder import RecordedFeed
from crossbook.tracker.feed.session import ClockSteppedError, Session, VenueFailedError
from crossbook.tracker.outgoing.fact_uplinks import FactUplinks
from crossbook.tracker.outgoing.lanes import Lanes
from crossbook.tracker.outgoing.outgoing import Outgoing
from crossbook.tracker.outgoing.routing import Routing
from crossbook.tracker.outgoing.spool import VenueSpool, open_spool
from crossbook.tracker.venue.driver import Driver
from crossbook.tracker.venue.facts import Facts
from crossbook.tracker.venue.health import HealthWatch
from crossbook.tracker.venue.local_clock import LocalClock
from crossbook.tracker.venue.markets import ListingError, list_markets, select
from crossbook.tracker.venue.reach import Reach
from crossbook.tracker.venue.wanted import Change, Choice, Wanted

STANDING_SECONDS = 30.0  # a standing book is no proof of a market that trades for longer than this
NAMED_SYMBOLS = 10  # of a change, in the log
LISTING_BASE_SECONDS = 0.5
LISTING_CAP_SECONDS = 15.0
RESTART_BASE_SECONDS = 1.0
RESTART_CAP_SECONDS = 30.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Station:
    """What all venues of a process share."""

    settings: TrackerSettings
    outgoing: Outgoing
    clock: Clock
    local_clock: LocalClock
    listed: asyncio.Event  # set by the first venue that has listed its markets


class Venue:
    """Everything that this process does for one venue."""

    def __init__(self, station: Station, reach: Reach, choice: Choice, shards: Mapping[str, str]) -> None:
        self.id = reach.venue
        self.reach = reach
        self.listing: MarketListing | None = None
        self.driver: Driver | None = None
        self.health = HealthWatch()
        self.clock = station.local_clock
        self.problem = ""  # what keeps it from being listed or driven, in words
        self.listings_refused = 0
        self.unlisted: list[str] = []  # symbols and assets of the settings that the venue does not list
        self._station = station
        self._settings = station.settings
        self._routing = Routing(shards)
        self._wanted = Wanted(choice, self._settings.asset_classes, self._settings.fees.get(reach.venue))
        self._confirmed = 0  # looks at quiet markets so far; see _has_standing_books
        self._spool: VenueSpool | None = None
        self._facts = Facts(reach, station.clock)
        self._shards = shards

    async def run(self, lifetime: Lifetime) -> None:
        """Until told to stop. Whatever fails here fails for this venue only, and is begun afresh."""
        directory = self._settings.spool_dir
        self._spool = open_spool(directory, self.id) if directory is not None else None
        try:
            await self._keep_driving(lifetime)
        finally:
            if self._spool is not None:
                self._spool.close()

    async def _keep_driving(self, lifetime: Lifetime) -> None:
        restart = Redial(RESTART_BASE_SECONDS, RESTART_CAP_SECONDS)
        while not lifetime.stopping.is_set():
            restart.opened()
            try:
                await self._list_and_drive(lifetime)
            except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
                raise
            except ClockSteppedError as error:
                log.warning("venue_begins_afresh", venue=self.id, reason=str(error))
            except BaseException as error:  # a panic of the core is none of Exception
                self.problem = f"failed, starts afresh: {error}"
                log.error("venue_failed", venue=self.id, exc_info=error)
                await lifetime.sleep(restart.wait_seconds())

    async def keep_listing(self, lifetime: Lifetime) -> None:
        """Until told to stop: follows the market list, whatever is chosen of it: markets halt and terms change.

        A quiet market whose book over REST merely stands may be a halted one: then the list is asked for early.
        """
        while not await self._wait_for_listing(lifetime):
            if self.listing is not None:
                try:
                    await self._relist()
                except (asyncio.CancelledError, KeyboardInterrupt, SystemExit):
                    raise
                except BaseException as error:  # a panic of the core is none of Exception
                    self.listings_refused += 1
                    log.warning("listing_refused", venue=self.id, error=str(error), effect="nothing is changed")

    @property
    def fact_counts(self) -> tuple[int, int, int]:
        """Answers about facts taken, requests that failed, values refused."""
        return self._facts.book.counts()

    async def keep_facts(self, lifetime: Lifetime) -> None:
        """Until told to stop: asks what the venue tells besides quotes, and tells every shard what is new of it."""
        uplinks = FactUplinks(self.id, self._facts.book, lambda: self._shards, self._station.clock)
        while not lifetime.stopping.is_set():
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._facts.keep_asking(lifetime, lambda: self._wanted.instruments.values()))
                    tasks.create_task(uplinks.run(lifetime))
            except* Exception as errors:
                log.error("facts_failed", venue=self.id, exc_info=errors, effect="they become stale; begun afresh")
                await lifetime.sleep(RESTART_CAP_SECONDS)

    async def _wait_for_listing(self, lifetime: Lifetime) -> bool:
        """Until the market list is due; True as soon as told to stop."""
        left = self._settings.listing_interval_seconds * random.uniform(0.9, 1.1)
        while left > 0:
            pause = min(left, STANDING_SECONDS)
            if await lifetime.sleep(pause):
                return True
            left = 0 if self._has_standing_books() else left - pause
        return False

    def _has_standing_books(self) -> bool:
        """Whether quiet markets were vouched for by nothing but their standing books since this was last asked."""
        before, self._confirmed = self._confirmed, 0 if self.driver is None else self.driver.feed.stats().confirmed
        return self._confirmed > before

    def choose(self, choice: Choice) -> None:
        """Tracks by another choice: what both name is not touched."""
        self._carry_out(self._wanted.choose(choice), "choice")

    def route(self, shards: Mapping[str, str]) -> None:
        """Spreads its instruments over these shards, by their addresses, from a minute's beginning on."""
        self._shards = shards
        route = self._routing.change(shards, self._station.clock.now_ns())
        if self.driver is None:
            return
        self.driver.lanes.redirect()
        if route is not None:
            # A feed that fails at this is begun afresh, and told again.
            with suppress(VenueFailedError):
                self.driver.route(route)

    def start_tracking(self, symbols: Sequence[str], assets: Sequence[str]) -> list[Instrument]:
        """The instruments newly tracked. Raises InvalidRequestError and UnavailableError."""
        offered = self._wanted.offered(self._require_listing().instruments)
        if not symbols and not assets:
            selection = select(offered, self._wanted.choice.symbols, self._wanted.choice.assets)
        else:
            selection = select(offered, symbols, assets)
            _refuse("symbols", symbols, selection.unknown_symbols, f"is not listed by {self.id}")
            _refuse("assets", assets, selection.unknown_assets, f"has no market on {self.id}")
        started = [one for one in selection.instruments if one.symbol not in self._wanted.instruments]
        if started:
            with _failure_told(self.id):
                self._require_driver().track(started)
        self._wanted.started_by_hand(started, is_whole_choice=not symbols and not assets)
        return started

    def stop_tracking(self, symbols: Sequence[str]) -> list[str]:
        """The symbols no longer tracked. Raises InvalidRequestError and UnavailableError."""
        _refuse("symbols", symbols, [one for one in symbols if one not in self._wanted.instruments], "is not tracked")
        stopped = list(dict.fromkeys(symbols)) or list(self._wanted.instruments)
        if stopped:
            with _failure_told(self.id):
                self._require_driver().untrack(stopped)
        self._wanted.stopped_by_hand(stopped, are_all=not symbols)
        return stopped

    def require_tracked(self, symbol: str) -> Driver:
        """The driver of a tracked symbol. Raises NotFoundError and UnavailableError."""
        if symbol not in self._wanted.instruments:
            raise NotFoundError(f"book of {symbol} on {self.id}")
        return self._require_driver()

    async def _relist(self) -> None:
        listing = await list_markets(
            self.reach, self._station.clock.now_ns, is_urgent=False, on_answers=self._facts.take_listing
        )
        # A row that does not read says nothing of its market: that is a miss.
        left_out = {name for name, reason in listing.quarantined if not reason.startswith("malformed row")}
        self._carry_out(self._wanted.relist(listing.instruments, left_out), "market list")
        self.listing = listing

    def _carry_out(self, change: Change, cause: str) -> None:
        if not change:
            return
        log.warning(
            "tracking_changed",
            venue=self.id,
            cause=cause,
            stopped=change.stopped[:NAMED_SYMBOLS],
            stopped_count=len(change.stopped),
            started=[one.symbol for one in change.started[:NAMED_SYMBOLS]],
            started_count=len(change.started),
            altered=change.altered[:NAMED_SYMBOLS],
        )
        self._wanted.take(change)
        # A feed that fails at this is begun afresh, with what is wanted by then.
        with suppress(VenueFailedError):
            if self.driver is not None and change.stopped:
                self.driver.untrack(change.stopped)
            if self.driver is not None and change.started:
                self.driver.track(change.started)

    async def _list_and_drive(self, lifetime: Lifetime) -> None:
        if self.listing is None:
            self.listing = await lifetime.wait_or_stop(self._list())
            if self.listing is None:
                return
            self._choose(self.listing)
            self._station.listed.set()
        await self._drive(lifetime.stopping)

    async def _list(self) -> MarketListing:
        attempt = 0
        while True:
            try:
                return await list_markets(self.reach, self._station.clock.now_ns, on_answers=self._facts.take_listing)
            except ListingError as error:
                self.problem = f"markets cannot be listed: {error}"
                log.warning("listing_failed", venue=self.id, error=str(error))
            await asyncio.sleep(backoff(attempt, LISTING_BASE_SECONDS, LISTING_CAP_SECONDS))
            attempt += 1

    def _choose(self, listing: MarketListing) -> None:
        selection = self._wanted.begin(listing.instruments)
        self.unlisted = [*selection.unknown_symbols, *selection.unknown_assets]
        for name in self.unlisted:
            log.error("not_listed", venue=self.id, name=name, effect="left out; the rest is tracked")
        log.info(
            "markets_listed", venue=self.id, tracked=len(selection.instruments), quarantined=len(listing.quarantined)
        )

    async def _drive(self, stopping: asyncio.Event) -> None:
        now_ns = self._station.clock.now_ns()
        arguments = self._feed_arguments(now_ns)
        directory, max_bytes = self._settings.record_dir, self._settings.record_max_bytes
        feed = make_feed(arguments) if directory is None else RecordedFeed(arguments, directory, now_ns, max_bytes)
        session = Session(self.id, arguments["stream_id"], feed, self._station.clock)
        try:
            folder = self._spool.folder if self._spool is not None else None
            lanes = Lanes(session, self._routing, self._station.outgoing, folder)
            self.driver = Driver(session, self.reach, lanes)
            self.problem = ""
            await self.driver.run(stopping, list(self._wanted.instruments.values()), self._routing.next(now_ns))
        finally:
            self.driver = None
            session.close()
            if isinstance(feed, RecordedFeed):
                feed.close()

    def _feed_arguments(self, now_ns: int) -> FeedArguments:
        stale_after_seconds = self._settings.stale_after_seconds
        return FeedArguments(
            venue=self.id,
            stream_id=f"{self.id}-{now_ns}-{secrets.token_hex(4)}",
            websocket_url=self.reach.endpoint.websocket_url,
            rest_url=self.reach.endpoint.rest_url,
            stale_after_ns=None if stale_after_seconds is None else seconds_to_ns(stale_after_seconds),
            shards=list(self._routing.in_force(now_ns)),
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
