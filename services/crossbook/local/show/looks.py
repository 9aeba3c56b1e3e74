"""What is looked at in a running service beyond its numbers: venues, refusals, opportunities, alerts, sightings.

Named by the rows of local/services.py; each takes the observer, which keeps what is seen, and a channel to the process.
"""

import grpc

from crossbook.local.show.counters import RunCounters
from crossbook.local.show.observer import Observer, Sighting, VenueFigures, ask
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.follow import Link
from crossbook.plumbing.timestamps import from_timestamp, now_ns

_KEPT_SIGHTINGS = 200_000  # the oldest are forgotten: only a run of many hours gets there
_VENUE_COUNTERS = (
    "messages_received",
    "quotes_emitted",
    "gaps",
    "resyncs",
    "parse_errors",
    "reconnects",
    "dropped_quotes",
)


async def venues(observer: Observer, name: str, channel: grpc.aio.Channel) -> None:
    """How each venue of a tracker is doing."""
    answer = await ask(channel, "tracker", "TrackerService", "GetTrackerStats", {})
    for stats in answer.venues if answer else []:
        figures = observer.venues.setdefault(stats.venue, VenueFigures(stats, RunCounters()))
        figures.stats = stats
        figures.counters.update(observer.restarts(name), {key: getattr(stats, key) for key in _VENUE_COUNTERS})
        totals = figures.counters.totals()
        figures.frames_per_s = observer.rates.rate(stats.venue, "frames", totals["messages_received"])
        figures.quotes_per_s = observer.rates.rate(stats.venue, "quotes", totals["quotes_emitted"])


async def refusals(observer: Observer, name: str, _: grpc.aio.Channel) -> None:
    """Why pairs were not published, from the latest stats."""
    reasons = {reason_name(refusal.reason): refusal.count for refusal in observer.arbitrage.refusals}
    observer.refusals.update(observer.restarts(name), reasons)


async def opportunities(observer: Observer, _: str, channel: grpc.aio.Channel) -> None:
    """The best that are open."""
    answer = await ask(channel, "arbitrage", "ArbitrageService", "ListOpportunities", {"limit": observer.most_rows})
    if answer:
        observer.opportunities = list(answer.opportunities)


async def alerts(observer: Observer, _: str, channel: grpc.aio.Channel) -> None:
    """The latest that fired."""
    answer = await ask(channel, "alerts", "AlertService", "ListAlerts", {"page_size": observer.most_rows})
    if answer:
        observer.alerts = list(answer.alerts)


async def sightings(observer: Observer, channel: grpc.aio.Channel, link: Link) -> None:
    """Every opportunity from its opening to its close, from where the stream was lost."""
    request = arbitrage_pb2.WatchOpportunitiesRequest(resume_token=observer.resume_token)
    call = arbitrage_pb2_grpc.ArbitrageServiceStub(channel).WatchOpportunities(request)
    try:
        await call.wait_for_connection()
        link.opened()
        async for message in call:
            for event in message.events:
                observer.resume_token = event.resume_token or observer.resume_token
                see(observer, event)
    finally:
        call.cancel()


def see(observer: Observer, event: arbitrage_pb2.OpportunityEvent) -> None:
    """Takes one event; told twice, it is still one."""
    found = event.opportunity
    sighting = observer.sightings.get(found.id)
    if sighting is None:
        opened_ns = from_timestamp(found.open_time) or now_ns()
        sighting = Sighting(found.id, found.asset, found.buy.venue, found.sell.venue, opened_ns, None, 0.0, 0)
        observer.sightings[found.id] = sighting
        if len(observer.sightings) > _KEPT_SIGHTINGS:
            observer.sightings.popitem(last=False)
    sighting.peak_net_percent = max(sighting.peak_net_percent, found.peak_net_percent)
    if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
        sighting.closed_ns = from_timestamp(event.event_time)
        sighting.close_reason = event.close_reason


def reason_name(reason: int) -> str:
    """TOO_OLD for REFUSAL_REASON_TOO_OLD; the number of one that this version does not know."""
    if reason not in arbitrage_pb2.RefusalReason.values():
        return f"{reason}"
    return arbitrage_pb2.RefusalReason.Name(reason).removeprefix("REFUSAL_REASON_")  # type: ignore[arg-type]
