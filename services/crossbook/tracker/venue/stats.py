"""How a venue is doing, from its feed's counters, its outbox and its sockets. The feed encodes its own part of it."""

import math
import time

from crossbook._core import FeedStats, frame_to_quote_p50_us
from crossbook.pb.v1.market_pb2 import VenueState
from crossbook.pb.v1.tracker_pb2 import LaneStats, VenueStats
from crossbook.tracker.outgoing.lane import Lane
from crossbook.tracker.venue.driver import Driver
from crossbook.tracker.venue.venue import Venue

NAMED_SYMBOLS = 3
# However many lanes are broken, and whatever their servers say, the reason stays readable. Aggregators cut at 1,000.
MAX_PROBLEM_CHARACTERS, MAX_REASON_CHARACTERS = 200, 900


def venue_stats(venue: Venue) -> VenueStats:
    """The answer to GetTrackerStats for one venue; with no driver, counters are zero."""
    driver = venue.driver
    if driver is None:
        state = VenueState.VENUE_STATE_DOWN if venue.problem else VenueState.VENUE_STATE_STARTING
        return VenueStats(
            venue=venue.id,
            state=state,
            reason=_cut(venue.problem, MAX_REASON_CHARACTERS) or "its markets are being listed",
            state_transitions=venue.health.transitions,
        )
    feed = driver.feed.stats()
    state, reason = _assess(venue, driver, feed)
    answers, failures, refused = venue.fact_counts
    message = VenueStats.FromString(feed.encode())
    message.parse_errors += driver.oversize_messages
    message.MergeFrom(
        VenueStats(
            venue=venue.id,
            state=state,
            reason=reason,
            listings_refused=venue.listings_refused,
            state_transitions=venue.health.transitions,
            dropped_quotes=driver.lanes.dropped_rows,
            unacknowledged_batches=driver.lanes.unacknowledged_batches,
            frame_to_quote_p50_us=frame_to_quote_p50_us([lane.batcher for lane in driver.lanes]),
            fact_answers=answers,
            fact_failures=failures,
            facts_refused=refused,
            lanes=map(_lane, sorted(driver.lanes, key=lambda lane: lane.shard)),
        )
    )
    return message


def _lane(lane: Lane) -> LaneStats:
    return LaneStats(
        shard=lane.shard,
        is_connected=lane.uplink.state.is_connected,
        is_leaving=lane.is_leaving,
        problem=lane.uplink.state.problem,
        unacknowledged_batches=len(lane.outbox),
        dropped_quotes=lane.outbox.dropped_rows,
        buffered_bytes=lane.outbox.bytes,
        buffer_bytes=lane.kept.buffer_bytes,
    )


def _assess(venue: Venue, driver: Driver, feed: FeedStats) -> tuple[VenueState.ValueType, str]:
    """The state and, unless it is LIVE, why."""
    problems = _problems(venue, driver, feed)
    if venue.clock.problem:
        problems.append(venue.clock.problem)
    if not feed.instruments:
        left_out = f": {', '.join(venue.unlisted)} is not listed" if venue.unlisted else ""
        problems.insert(0, f"no instrument is tracked{left_out}")
    elif feed.live_instruments < feed.instruments:
        problems.insert(0, _books(venue, feed))
    if not problems:
        return VenueState.VENUE_STATE_LIVE, ""
    reason = _cut("; ".join(_cut(problem, MAX_PROBLEM_CHARACTERS) for problem in problems), MAX_REASON_CHARACTERS)
    if feed.live_instruments:
        return VenueState.VENUE_STATE_DEGRADED, reason
    is_starting = feed.instruments and not driver.last_error and venue.health.is_starting(time.time_ns())
    return VenueState.VENUE_STATE_STARTING if is_starting else VenueState.VENUE_STATE_DOWN, reason


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _problems(venue: Venue, driver: Driver, feed: FeedStats) -> list[str]:
    """What is wrong beside the books."""
    problems = []
    if down := feed.wanted_connections - feed.open_connections:
        cause = f": {driver.last_error}" if driver.last_error else ""
        problems.append(f"{down} of {feed.wanted_connections} connections are down{cause}")
    if venue.reach.throttled_seconds:
        words = f": {venue.reach.fetcher.words}" if venue.reach.fetcher.words else ""
        problems.append(f"the venue throttles us for another {math.ceil(venue.reach.throttled_seconds)} s{words}")
    for lane in driver.lanes:
        if lane.kept.problem:
            problems.append(lane.kept.problem)
        if problem := lane.uplink.state.problem:
            problems.append(f"the uplink to shard {lane.shard} is broken: {problem}")
    return problems


def _books(venue: Venue, feed: FeedStats) -> str:
    waiting = venue.not_live()
    named = ", ".join(waiting[:NAMED_SYMBOLS]) + (", ..." if len(waiting) > NAMED_SYMBOLS else "")
    return f"{len(waiting)} of {feed.instruments} books are not LIVE: {named}"
