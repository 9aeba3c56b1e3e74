"""Every wrong field of a request is named."""

import math

import pytest

from crossbook.arbitrage import requests
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import InvalidRequestError


def violated(check: object, request: object) -> list[str]:
    """Fields that a check refuses."""
    assert callable(check)
    with pytest.raises(InvalidRequestError) as refused:
        check(request)
    return [violation.field for violation in refused.value.violations]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.ListOpportunitiesRequest(limit=-1), ["limit"]),
        (pb.ListOpportunitiesRequest(limit=1001), ["limit"]),
        (pb.ListOpportunitiesRequest(min_net_percent=-0.1), ["min_net_percent"]),
        (pb.ListOpportunitiesRequest(min_net_percent=math.nan), ["min_net_percent"]),
        (pb.ListOpportunitiesRequest(min_gross_percent=math.inf), ["min_gross_percent"]),
        (pb.ListOpportunitiesRequest(notionals=[1, 0, math.nan, 1e15]), [f"notionals[{index}]" for index in (1, 2, 3)]),
        (pb.ListOpportunitiesRequest(notionals=[1] * 11), ["notionals"]),
        (pb.ListOpportunitiesRequest(venues=["a", ""]), ["venues[1]"]),
        (pb.ListOpportunitiesRequest(symbols=["x" * 101]), ["symbols[0]"]),
        (pb.ListOpportunitiesRequest(symbols=["x"] * 10_001), ["symbols"]),
        (pb.ListOpportunitiesRequest(assets=[""], limit=-5), ["assets[0]", "limit"]),
    ],
)
def test_list_names_each_wrong_field(request_: pb.ListOpportunitiesRequest, fields: list[str]) -> None:
    """ListOpportunities refuses what it cannot mean, all fields at once."""
    assert violated(requests.check_list, request_) == fields


def test_an_unknown_price_source_is_named() -> None:
    """A number outside the enum, which proto3 lets through, is refused."""
    request = pb.ListOpportunitiesRequest.FromString(b"\x30\x2a")  # field 6 = 42
    assert violated(requests.check_list, request) == ["price_source"]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (pb.ExplainSpreadRequest(), ["asset", "buy_venue", "sell_venue"]),
        (pb.ExplainSpreadRequest(asset="BTC", buy_venue="a", sell_venue="a"), ["sell_venue"]),
        (pb.ExplainSpreadRequest(asset="BTC", buy_venue="a", sell_venue="b", notionals=[-1]), ["notionals[0]"]),
        (pb.ExplainSpreadRequest(asset="x" * 101, buy_venue="a\0", sell_venue="b"), ["asset", "buy_venue"]),
    ],
)
def test_explain_names_each_wrong_field(request_: pb.ExplainSpreadRequest, fields: list[str]) -> None:
    """ExplainSpread needs an asset and two different venues."""
    assert violated(requests.check_explain, request_) == fields


def test_watch_and_overview_name_the_wrong_field() -> None:
    """The filters of WatchOpportunities and GetMarketOverview are checked too."""
    assert violated(requests.check_watch, pb.WatchOpportunitiesRequest(min_net_percent=-1)) == ["min_net_percent"]
    request = pb.WatchOpportunitiesRequest(symbols=[""], filter=pb.OpportunityFilter(min_profit=-1))
    assert violated(requests.check_watch, request) == ["symbols[0]", "filter.min_profit"]
    assert violated(requests.check_overview, pb.GetMarketOverviewRequest(assets=[""])) == ["assets[0]"]


def test_a_request_of_defaults_passes() -> None:
    """Empty filters and zero limits are the defaults."""
    requests.check_list(pb.ListOpportunitiesRequest())
    requests.check_watch(pb.WatchOpportunitiesRequest())
    requests.check_overview(pb.GetMarketOverviewRequest())
