"""Answers with what the facts of both legs say of them: narrowed by a filter, and with what holding costs."""

from collections.abc import Iterator, Sequence

from google.protobuf.duration_pb2 import Duration

from crossbook._core import holding_costs
from crossbook.arbitrage.facts.follower import FactFollower
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.plumbing.errors import FieldViolation
from crossbook.plumbing.opportunity_filter import check_filter, passes
from crossbook.plumbing.timestamps import SECOND_NS, from_duration

MAX_HORIZON_NS = 30 * 86_400 * SECOND_NS


class FactAnswers:
    """`assume` counts funding that is not known as none, and says so."""

    def __init__(self, follower: FactFollower, *, assume: bool) -> None:
        self._follower = follower
        self._assume = assume

    def narrowed(
        self, opportunities: Sequence[pb.Opportunity], request: pb.ListOpportunitiesRequest, limit: int, now_ns: int
    ) -> list[pb.Opportunity]:
        """Those that the request's filter lets pass, with their holding costs until its horizon, if it names one."""
        if request.HasField("holding_horizon"):
            for one in opportunities:
                self.cost(one, request.holding_horizon, now_ns)
        return [one for one in opportunities if passes(request.filter, one, now_ns)][:limit]

    def told(self) -> bytes:
        """All that the scan uses, as one message to a scanner."""
        return self._follower.told()

    def cost(self, opportunity: pb.Opportunity, horizon: Duration, now_ns: int) -> None:
        """Fills in what holding it costs."""
        told = holding_costs(opportunity.SerializeToString(), from_duration(horizon), now_ns, self._assume)
        opportunity.holding.CopyFrom(pb.HoldingCosts.FromString(told))


def check_facts(request: pb.ListOpportunitiesRequest | pb.ExplainSpreadRequest) -> Iterator[FieldViolation]:
    """What is wrong with the parts of a request that are about facts."""
    if isinstance(request, pb.ListOpportunitiesRequest):
        yield from check_filter("filter", request.filter)
    if request.HasField("holding_horizon") and not 0 < from_duration(request.holding_horizon) <= MAX_HORIZON_NS:
        yield FieldViolation("holding_horizon", "must be more than 0 and at most 30 days")


def explain_holding(costs: pb.HoldingCosts) -> str:
    """In a sentence or two, with what is not known by its name."""
    hours = from_duration(costs.horizon) / SECOND_NS / 3600
    legs = (
        ("the bought leg", costs.HasField("buy_funding_percent"), costs.buy_funding_percent, costs.buy_payments),
        ("the sold leg", costs.HasField("sell_funding_percent"), costs.sell_funding_percent, costs.sell_payments),
    )
    told = [
        f"{name} {'pays' if percent >= 0 else 'is paid'} {abs(percent):.4g} %{f' in {count} payments' if count else ''}"
        for name, is_known, percent, count in legs
        if is_known
    ]
    unknown = f" Not known: {'; '.join(costs.unknown)}." if costs.unknown else ""
    assumed = " What is not known counts as none, by arbitrage.assume_no_funding." if costs.assumed else ""
    net = f", net of it {costs.net_percent:.4g} %" if costs.HasField("net_percent") else ""
    funding = f", by funding {' and '.join(told)}" if told else ""
    return f" Held for {hours:g} h{funding}{net}.{unknown}{assumed}"
