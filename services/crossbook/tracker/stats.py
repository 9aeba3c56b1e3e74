"""How a venue is doing, from its feed's counters, its outbox and its sockets."""

from crossbook._core import FeedStats
from crossbook.pb.v1.tracker_pb2 import VenueState, VenueStats
from crossbook.plumbing.timestamps import to_timestamp
from crossbook.tracker.driver import Driver
from crossbook.tracker.venue import Venue

NAMED_SYMBOLS = 3


def venue_stats(venue: Venue) -> VenueStats:
    """The answer to GetTrackerStats for one venue; with no driver, counters are zero."""
    driver = venue.driver
    if driver is None:
        state = VenueState.VENUE_STATE_DOWN if venue.problem else VenueState.VENUE_STATE_STARTING
        return VenueStats(venue=venue.id, state=state, reason=venue.problem or "its markets are being listed")
    feed = driver.feed.stats()
    state = _state(feed, driver)
    message = VenueStats(
        venue=venue.id,
        state=state,
        reason="" if state == VenueState.VENUE_STATE_LIVE else _reason(venue, driver, feed),
        connected=0 < feed.wanted_connections == feed.open_connections,
        markets=feed.instruments,
        live_markets=feed.live_instruments,
        messages_received=feed.frames,
        quotes_emitted=feed.quotes,
        gaps=feed.gaps,
        resyncs=feed.resyncs,
        parse_errors=feed.parse_errors + driver.oversize_messages,
        reconnects=feed.reconnects,
        confirmed=feed.confirmed,
        frozen=feed.frozen,
        dropped_quotes=driver.outbox.dropped_rows,
        unacknowledged_batches=len(driver.outbox),
        frame_to_quote_p50_us=driver.latency.p50_us(),
    )
    if feed.last_frame_ns:
        message.last_message_time.CopyFrom(to_timestamp(feed.last_frame_ns))
    return message


def _state(feed: FeedStats, driver: Driver) -> VenueState.ValueType:
    if 0 < feed.instruments == feed.live_instruments:
        return VenueState.VENUE_STATE_LIVE
    if feed.live_instruments:
        return VenueState.VENUE_STATE_DEGRADED
    if feed.instruments and not driver.last_error and not feed.quotes:
        return VenueState.VENUE_STATE_STARTING
    return VenueState.VENUE_STATE_DOWN


def _reason(venue: Venue, driver: Driver, feed: FeedStats) -> str:
    if not feed.instruments:
        left_out = f": {', '.join(venue.unlisted)} is not listed" if venue.unlisted else ""
        return f"no instrument is tracked{left_out}"
    waiting = venue.not_live()
    named = ", ".join(waiting[:NAMED_SYMBOLS]) + (", ..." if len(waiting) > NAMED_SYMBOLS else "")
    cause = f" ({driver.last_error})" if driver.last_error else ""
    return f"{len(waiting)} of {feed.instruments} books are not LIVE: {named}{cause}"
