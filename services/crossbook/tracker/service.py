"""TrackerService's RPCs: they check what is asked and hand it to the venues."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import grpc

from crossbook._core import venue_profiles
from crossbook.pb.v1 import tracker_pb2, tracker_pb2_grpc
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError
from crossbook.plumbing.requests import check_length, refuse
from crossbook.tracker.feed.messages import to_instrument, to_order_book
from crossbook.tracker.venue.stats import venue_stats
from crossbook.tracker.venue.venue import Venue

SERVICE_NAME = tracker_pb2.DESCRIPTOR.services_by_name["TrackerService"].full_name
DEFAULT_DEPTH = 10
MAX_DEPTH = 1000
_UNAVAILABLE = {one.id: one.unavailable_reason for one in venue_profiles() if one.unavailable_reason is not None}
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class TrackerService(tracker_pb2_grpc.TrackerServiceServicer):
    """One instance per process."""

    def __init__(self, venues: Mapping[str, Venue], spool_dir: Path | None = None) -> None:
        self._venues = venues
        self._spool_dir = spool_dir

    async def StartTracking(
        self, request: tracker_pb2.StartTrackingRequest, context: Context
    ) -> tracker_pb2.StartTrackingResponse:
        """See tracker.proto; so are all below."""
        _check_lengths(symbols=request.symbols, assets=request.assets)
        started = self._venue(request.venue).start_tracking(list(request.symbols), list(request.assets))
        return tracker_pb2.StartTrackingResponse(started=map(to_instrument, started))

    async def StopTracking(
        self, request: tracker_pb2.StopTrackingRequest, context: Context
    ) -> tracker_pb2.StopTrackingResponse:
        _check_lengths(symbols=request.symbols)
        return tracker_pb2.StopTrackingResponse(stopped=self._venue(request.venue).stop_tracking(list(request.symbols)))

    async def GetTrackerStats(
        self, request: tracker_pb2.GetTrackerStatsRequest, context: Context
    ) -> tracker_pb2.GetTrackerStatsResponse:
        return tracker_pb2.GetTrackerStatsResponse(
            venues=map(venue_stats, self._chosen(request.venues)), spool_free_percent=_free_percent(self._spool_dir)
        )

    async def ListMarkets(
        self, request: tracker_pb2.ListMarketsRequest, context: Context
    ) -> tracker_pb2.ListMarketsResponse:
        answer = tracker_pb2.ListMarketsResponse()
        for venue in self._chosen(request.venues):
            if venue.listing is None:
                continue
            answer.instruments.extend(map(to_instrument, venue.listing.instruments))
            for native_symbol, reason in venue.listing.quarantined:
                answer.quarantined.add(venue=venue.id, native_symbol=native_symbol, reason=reason)
        return answer

    async def GetOrderBook(
        self, request: tracker_pb2.GetOrderBookRequest, context: Context
    ) -> tracker_pb2.GetOrderBookResponse:
        venue = self._venue(request.venue)
        if request.depth > MAX_DEPTH:
            raise InvalidRequestError.of("depth", f"must be 0 to {MAX_DEPTH}")
        if not request.symbol:
            raise InvalidRequestError.of("symbol", "must name an instrument")
        feed = venue.require_tracked(request.symbol).feed
        book = feed.order_book(request.symbol, request.depth or DEFAULT_DEPTH)
        return to_order_book(venue.id, request.symbol, book)

    def all_stats(self) -> list[tracker_pb2.VenueStats]:
        """Of every venue, ordered by id."""
        return [venue_stats(venue) for venue in self._chosen([])]

    def _venue(self, venue_id: str) -> Venue:
        if venue_id not in self._venues:
            raise InvalidRequestError.of("venue", self._unknown(venue_id))
        return self._venues[venue_id]

    def _chosen(self, venue_ids: Sequence[str]) -> list[Venue]:
        _check_lengths(venues=venue_ids)
        violations = [
            FieldViolation(f"venues[{index}]", self._unknown(venue_id))
            for index, venue_id in enumerate(venue_ids)
            if venue_id not in self._venues
        ]
        if violations:
            raise InvalidRequestError(violations)
        return [self._venues[venue_id] for venue_id in sorted(set(venue_ids) or self._venues)]

    def _unknown(self, venue_id: str) -> str:
        if venue_id in _UNAVAILABLE:
            return f"{venue_id!r} cannot be tracked: {_UNAVAILABLE[venue_id]}"
        return f"{venue_id!r} is not a venue of this tracker: {', '.join(sorted(self._venues))}"


def _free_percent(folder: Path | None) -> float | None:
    """Of the disk that holds it; None where there is none, or nobody can say."""
    try:
        usage = shutil.disk_usage(folder) if folder is not None else None
    except OSError:
        return None
    return 100 * usage.free / max(1, usage.total) if usage is not None else None


def _check_lengths(**lists: Sequence[str]) -> None:
    refuse(violation for field, names in lists.items() for violation in check_length(field, names))
