"""An observer that has seen a run, without the run."""

from crossbook.local.show.counters import RunCounters
from crossbook.local.show.observer import Observer, VenueFigures
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2, market_pb2, tracker_pb2
from crossbook.plumbing.timestamps import now_ns, to_timestamp

COUNTERS = {
    "messages_received": 1000,
    "quotes_emitted": 800,
    "gaps": 2,
    "resyncs": 1,
    "parse_errors": 3,
    "reconnects": 4,
    "dropped_quotes": 0,
}


def observed(venues: int = 4, opportunities: int = 30, alerts: int = 15) -> Observer:
    """Many of everything."""
    observer = Observer({"aggregator": ""}, lambda _: 0)
    for number in range(venues):
        _see_venue(observer, f"venue{number:02d}", market_pb2.VENUE_STATE_LIVE)
    counted = {
        "aggregator": {"snapshots_written": 480, "minutes_written": 80, "incomplete_snapshots": 1},
        "arbitrage": {"opened": 19, "closed": 18},
        "alerts": {"fired": 7, "suppressed": 5, "delivered": 6, "failed": 1},
    }
    for name, counts in counted.items():
        observer.counters[name] = RunCounters()
        observer.counters[name].update(0, counts)
    observer.refusals.update(0, {"TOO_OLD": 9})
    observer.answers["arbitrage"] = arbitrage_pb2.GetArbitrageStatsResponse(
        frame_to_opportunity_p50_us=1500.0, frame_to_opportunity_p99_us=4000.0
    )
    observer.opportunities = [opportunity(f"COIN{number}") for number in range(opportunities)]
    observer.alerts.extend(_alert(f"COIN{number}") for number in range(alerts))
    return observer


def opportunity(asset: str) -> arbitrage_pb2.Opportunity:
    """An open one with long numbers."""
    return arbitrage_pb2.Opportunity(
        id=f"opportunity-{asset}",
        asset=asset,
        buy=arbitrage_pb2.Leg(venue="venue00", price=61834.123456, size=1.5),
        sell=arbitrage_pb2.Leg(venue="venue01", price=62001.987654, size=0.7),
        costs=arbitrage_pb2.SpreadCosts(gross_percent=0.4567, net_percent=0.2345),
        executable_size=0.7,
        executable_notional=43283.88,
        open_time=to_timestamp(now_ns()),
    )


def _alert(asset: str) -> alerts_pb2.Alert:
    delivered = alerts_pb2.Delivery(channel_id="console", state=alerts_pb2.DELIVERY_STATE_DELIVERED)
    return alerts_pb2.Alert(
        name=f"alerts/{asset}", opportunity=opportunity(asset), fire_time=to_timestamp(now_ns()), deliveries=[delivered]
    )


def _see_venue(observer: Observer, venue: str, state: market_pb2.VenueState) -> None:
    stats = tracker_pb2.VenueStats(venue=venue, state=state, markets=20, live_markets=20, frame_to_quote_p50_us=50.0)
    figures = VenueFigures(stats, RunCounters(), frames_per_s=400.0, quotes_per_s=200.0)
    figures.counters.update(0, COUNTERS)
    observer.venues[venue] = figures
