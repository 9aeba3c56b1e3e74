"""What a filter lets pass."""

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.arbitrage.facts.filtering import check_filter, passes
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.facts_pb2 import FactKind, FactState, InstrumentFact
from crossbook.plumbing.timestamps import to_timestamp

NOW_NS = 1_800_000_000 * 10**9
FOUND = pb.Opportunity(
    asset="BTC", buy=pb.Leg(venue="okx"), sell=pb.Leg(venue="bybit"), open_time=to_timestamp(NOW_NS - 5 * 10**9)
)


def leg(state: FactState.ValueType = FactState.FACT_STATE_KNOWN, **values: float) -> dict[int, InstrumentFact]:
    """1,000,000 traded, 10 coins open at 50,000, the next payment in ten minutes; or what is given."""
    told = {"VOLUME_24H": 1e6, "OPEN_INTEREST": 10.0, "MARK_PRICE": 5e4, "FUNDING_ACCRUAL": 1.0}
    told |= {"NEXT_FUNDING_TIME": NOW_NS / 1e9 + 600.0} | values
    kinds = {FactKind.Value(f"FACT_KIND_{name}"): value for name, value in told.items()}
    return {kind: InstrumentFact(kind=kind, state=state, value=value) for kind, value in kinds.items()}


@pytest.mark.parametrize(
    ("wanted", "is_wanted"),
    [
        (pb.OpportunityFilter(), True),
        (pb.OpportunityFilter(min_volume_24h=1e6), True),
        (pb.OpportunityFilter(min_volume_24h=1e6 + 1), False),
        (pb.OpportunityFilter(min_open_interest=5e5), True),
        (pb.OpportunityFilter(min_open_interest=5e5 + 1), False),
        (pb.OpportunityFilter(min_life=Duration(seconds=5)), True),
        (pb.OpportunityFilter(min_life=Duration(seconds=6)), False),
        (pb.OpportunityFilter(no_funding_within=Duration(seconds=600)), True),
        (pb.OpportunityFilter(no_funding_within=Duration(seconds=601)), False),
        (pb.OpportunityFilter(excluded_venues=["bybit"]), False),
        (pb.OpportunityFilter(excluded_venues=["mexc"], excluded_assets=["ETH"]), True),
        (pb.OpportunityFilter(excluded_assets=["BTC"]), False),
    ],
)
def test_every_condition_at_its_limit(wanted: pb.OpportunityFilter, is_wanted: bool) -> None:
    """Of both legs alike."""
    assert passes(wanted, FOUND, (leg(), leg()), NOW_NS) is is_wanted


def test_either_leg_decides() -> None:
    """One that is too thin is enough."""
    wanted = pb.OpportunityFilter(min_volume_24h=1e6)
    thin = leg(VOLUME_24H=10.0)
    assert not passes(wanted, FOUND, (thin, leg()), NOW_NS)
    assert not passes(wanted, FOUND, (leg(), thin), NOW_NS)


def test_what_is_not_known_does_not_pass_unless_it_may() -> None:
    """Stale is not known, and nothing at all is not either; what is not asked for does not matter."""
    for unknown in ({}, leg(FactState.FACT_STATE_STALE)):
        for may_pass in (False, True):
            wanted = pb.OpportunityFilter(min_open_interest=1, passes_unknown=may_pass)
            assert passes(wanted, FOUND, (leg(), unknown), NOW_NS) is may_pass
        assert passes(pb.OpportunityFilter(), FOUND, (leg(), unknown), NOW_NS)


def test_funding_that_accrues_all_the_time_is_always_near() -> None:
    """And a pair that no lifecycle follows has not lived."""
    always = leg(FUNDING_ACCRUAL=2.0)
    assert not passes(pb.OpportunityFilter(no_funding_within=Duration(seconds=1)), FOUND, (leg(), always), NOW_NS)
    unfollowed = pb.Opportunity(asset="BTC")
    assert not passes(pb.OpportunityFilter(min_life=Duration(nanos=1)), unfollowed, (leg(), leg()), NOW_NS)


def test_wrong_fields_are_named() -> None:
    """Each of them."""
    wrong = pb.OpportunityFilter(
        min_volume_24h=-1, min_open_interest=float("nan"), min_life=Duration(seconds=-1), excluded_venues=["a\nb"]
    )
    fields = [violation.field for violation in check_filter(wrong)]
    assert fields == [
        "filter.excluded_venues[0]",
        "filter.min_volume_24h",
        "filter.min_open_interest",
        "filter.min_life",
    ]
