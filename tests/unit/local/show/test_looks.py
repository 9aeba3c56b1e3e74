"""What is made of what a running service shows beyond its numbers."""

from crossbook.local.show.looks import reason_name, see
from crossbook.local.show.observer import Observer
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import to_timestamp
from tests.support.local.observed import opportunity

SECOND_NS = 1_000_000_000


def event(kind: pb.OpportunityEventKind, at_s: int, peak: float) -> pb.OpportunityEvent:
    found = opportunity("BTC")
    found.open_time.CopyFrom(to_timestamp(10 * SECOND_NS))
    found.peak_net_percent = peak
    return pb.OpportunityEvent(
        kind=kind,
        opportunity=found,
        event_time=to_timestamp(at_s * SECOND_NS),
        close_reason=pb.REFUSAL_REASON_BELOW_THRESHOLD if kind == pb.OPPORTUNITY_EVENT_KIND_CLOSED else 0,
    )


def test_a_sighting_lasts_from_open_to_close() -> None:
    """With its peak and the reason of its end; told twice, after a resumption, it is still one."""
    observer = Observer({}, lambda _: 0)
    opened = event(pb.OPPORTUNITY_EVENT_KIND_OPENED, 10, peak=0.1)
    for seen in (opened, opened, event(pb.OPPORTUNITY_EVENT_KIND_UPDATED, 11, peak=0.3)):
        see(observer, seen)
    (sighting,) = observer.sightings.values()
    assert (sighting.asset, sighting.buy_venue, sighting.sell_venue) == ("BTC", "venue00", "venue01")
    assert (sighting.opened_ns, sighting.closed_ns) == (10 * SECOND_NS, None)
    see(observer, event(pb.OPPORTUNITY_EVENT_KIND_CLOSED, 14, peak=0.3))
    assert len(observer.sightings) == 1
    assert (sighting.closed_ns, sighting.peak_net_percent) == (14 * SECOND_NS, 0.3)
    assert sighting.close_reason == pb.REFUSAL_REASON_BELOW_THRESHOLD


def test_reasons_are_shown_without_their_prefix() -> None:
    """As people say them; of a later version's there is the number."""
    assert reason_name(pb.REFUSAL_REASON_TOO_OLD) == "TOO_OLD"
    assert reason_name(999) == "999"
