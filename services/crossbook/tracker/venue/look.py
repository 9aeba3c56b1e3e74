"""Looks at every venue twice a second: its state is judged, and the aggregators are told."""

import asyncio
import time
from collections.abc import Collection

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.tracker.venue.local_clock import LocalClock
from crossbook.tracker.venue.stats import venue_stats
from crossbook.tracker.venue.venue import Venue

LOOK_SECONDS = 0.5


async def keep_health(venues: Collection[Venue], clock: LocalClock) -> None:
    """For ever."""
    while True:
        look(venues, clock)
        await asyncio.sleep(LOOK_SECONDS)


def look(venues: Collection[Venue], clock: LocalClock) -> None:
    """Once."""
    feeds = {venue.id: venue.driver.feed.stats() for venue in venues if venue.driver is not None}
    clock.judge({venue: feed.clock_offset_ns for venue, feed in feeds.items()})
    for venue in venues:
        health = venue.health.observe(venue_stats(venue), time.time_ns())
        if venue.driver is not None:
            venue.driver.lanes.tell_health(IngestQuotesRequest(health=health).SerializeToString())
