"""What the run makes of events, and which faults it asks for."""

from google.protobuf.duration_pb2 import Duration

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from crossbook.simulator.play.faults import KINDS, parse_faults
from tests.judged.run import Told, claims_of, every_fault

NOW_NS = 1_700_000_000 * SECOND_NS


def event(**sizing: object) -> pb.OpportunityEvent:
    """OPENED, by a quote of a second ago and levels of two."""
    legs = {name: pb.Leg(venue=name, receive_time=to_timestamp(NOW_NS - SECOND_NS)) for name in ("a", "b")}
    depth = pb.LegDepth(age=Duration(seconds=2))
    found = pb.Opportunity(id="one", asset="BTC", buy=legs["a"], sell=legs["b"])
    found.sizing.CopyFrom(pb.Sizing(buy=depth, sell=depth, **sizing))  # type: ignore[arg-type]
    return pb.OpportunityEvent(
        kind=pb.OPPORTUNITY_EVENT_KIND_OPENED, opportunity=found, event_time=to_timestamp(NOW_NS)
    )


def test_each_size_that_can_be_ordered_is_a_claim_of_the_time_since_its_oldest_part() -> None:
    """A refused size claims nothing, nor does an opportunity whose sizes are not known."""
    refused = pb.SizedEdge(refusal=pb.REFUSAL_REASON_BELOW_LOT)
    (claim,) = claims_of(event(largest=pb.SizedEdge(size=2.0, net_percent=0.2), most_profitable=refused))
    assert (claim.size, claim.net_percent, claim.rate) == (2.0, 0.2, 1.0)
    assert (claim.buy.from_ns, claim.buy.to_ns) == (NOW_NS - 2 * SECOND_NS, NOW_NS)
    told = Told()
    told.hear(event(unknown_reason=pb.REFUSAL_REASON_NO_DEPTH))
    assert (told.claims, told.unsized) == ([], {"one"})
    told.hear(event(largest=pb.SizedEdge(size=2.0), most_profitable=refused))
    assert list(told.sized) == ["one"]


def test_every_kind_of_fault_is_asked_for() -> None:
    """Of the whole venue and of one asset, where it can be; the simulator takes the list."""
    venues, assets = ["a", "b", "c"], ["BTC", "ETH"]
    faults = parse_faults(every_fault(venues, assets, 600.0), venues, assets)
    assert {fault.kind for fault in faults} == set(KINDS)
    assert {fault.venue for fault in faults} == set(venues)
    assert any(fault.kind == "cut" and fault.asset for fault in faults)
    assert max(fault.start_seconds for fault in faults) < 590
