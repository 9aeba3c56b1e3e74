"""What a filter lets pass."""

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.opportunity_filter import check_filter, passes, shortfalls
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp

NOW_NS = 1_800_000_000 * SECOND_NS


def facts(**given: object) -> pb.LegFacts:
    """1,000,000 traded, 500,000 open, the next payment in ten minutes; or what is given."""
    told = {"volume_24h": 1e6, "open_interest": 5e5, "next_funding_time": to_timestamp(NOW_NS + 600 * SECOND_NS)}
    return pb.LegFacts(**{**told, **given})  # type: ignore[arg-type]


def found(buy: pb.LegFacts | None = None, sell: pb.LegFacts | None = None) -> pb.Opportunity:
    """Open for five seconds, of which 2,000 can be ordered."""
    return pb.Opportunity(
        asset="BTC",
        buy=pb.Leg(venue="okx", facts=buy or facts()),
        sell=pb.Leg(venue="bybit", facts=sell or facts()),
        open_time=to_timestamp(NOW_NS - 5 * SECOND_NS),
        sizing=pb.Sizing(
            largest=pb.SizedEdge(size=1, buy_notional=2_000), most_profitable=pb.SizedEdge(size=1, profit=7)
        ),
    )


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
        (pb.OpportunityFilter(min_sized_notional=2_000), True),
        (pb.OpportunityFilter(min_sized_notional=2_001), False),
        (pb.OpportunityFilter(min_profit=7), True),
        (pb.OpportunityFilter(min_profit=7.5), False),
        (pb.OpportunityFilter(excluded_venues=["bybit"]), False),
        (pb.OpportunityFilter(excluded_venues=["mexc"], excluded_assets=["ETH"]), True),
        (pb.OpportunityFilter(excluded_assets=["BTC"]), False),
    ],
)
def test_every_condition_at_its_limit(wanted: pb.OpportunityFilter, is_wanted: bool) -> None:
    """Of both legs alike."""
    assert passes(wanted, found(), NOW_NS) is is_wanted


def test_either_leg_decides() -> None:
    """One that is too thin is enough, and is named with what it has."""
    wanted, thin = pb.OpportunityFilter(min_volume_24h=1e6), facts(volume_24h=10.0)
    assert shortfalls(wanted, found(buy=thin), NOW_NS) == ["okx's volume of 24 hours 10.00 is below 1000000"]
    assert not passes(wanted, found(sell=thin), NOW_NS)


def test_what_is_not_known_does_not_pass_unless_it_may() -> None:
    """What is not asked for does not matter."""
    unknown = found(sell=pb.LegFacts(status=1))
    unknown.sizing.unknown_reason = pb.REFUSAL_REASON_NO_DEPTH
    asked = {"min_open_interest": 1.0, "min_sized_notional": 1.0, "no_funding_within": Duration(seconds=1)}
    for field, value in asked.items():
        for may_pass in (False, True):
            wanted = pb.OpportunityFilter(passes_unknown=may_pass, **{field: value})  # type: ignore[arg-type]
            assert passes(wanted, unknown, NOW_NS) is may_pass, field
    assert passes(pb.OpportunityFilter(), unknown, NOW_NS)


def test_a_size_that_no_order_may_have_is_none() -> None:
    """Known, and nothing."""
    refused = found()
    refused.sizing.largest.refusal = pb.REFUSAL_REASON_BELOW_MIN_NOTIONAL
    wanted = pb.OpportunityFilter(min_sized_notional=1, passes_unknown=True)
    assert shortfalls(wanted, refused, NOW_NS) == ["what can be ordered 0.00 is below 1"]


def test_funding_that_accrues_all_the_time_is_always_near() -> None:
    """And a pair that no lifecycle follows has not lived."""
    always = found(sell=pb.LegFacts(is_funding_continuous=True))
    assert not passes(pb.OpportunityFilter(no_funding_within=Duration(seconds=1)), always, NOW_NS)
    assert not passes(pb.OpportunityFilter(min_life=Duration(nanos=1)), pb.Opportunity(asset="BTC"), NOW_NS)


def test_wrong_fields_are_named() -> None:
    """Each of them, by where the filter stands."""
    wrong = pb.OpportunityFilter(
        min_volume_24h=-1, min_open_interest=float("nan"), min_life=Duration(seconds=-1), excluded_venues=["a\nb"]
    )
    fields = [violation.field for violation in check_filter("filter", wrong)]
    assert fields == [
        "filter.excluded_venues[0]",
        "filter.min_volume_24h",
        "filter.min_open_interest",
        "filter.min_life",
    ]


def test_depth_goes_with_a_band() -> None:
    """Of what trackers tell at most."""
    for bps in (0.0, -1.0, 100.5, float("nan")):
        wrong = pb.OpportunityFilter(min_depth=1, depth_within_bps=bps)
        assert [one.field for one in check_filter("filter", wrong)] == ["filter.depth_within_bps"], bps
    alone = pb.OpportunityFilter(depth_within_bps=10)
    assert [one.field for one in check_filter("filter", alone)] == ["filter.min_depth"]
    assert not list(check_filter("filter", pb.OpportunityFilter(min_depth=1, depth_within_bps=100)))
