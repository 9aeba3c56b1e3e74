"""What a group comes to: its members as they are now, its peak, its duration, and what it would have paid on paper."""

from collections.abc import Callable

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.timestamps import from_timestamp, to_duration, to_timestamp

Latest = Callable[[str], arbitrage_pb2.Opportunity | None]


def no_news(_: str) -> None:
    """Members stand as they fired, with the peak that is kept."""


def summed_up(group: pb.AlertGroup, latest: Latest, now_ns: int) -> pb.AlertGroup:
    """A copy with all that follows from its members; those that are open have the numbers of now where they are known.

    What it would have paid is reckoned before that, by the numbers at which its members fired.
    """
    summed = pb.AlertGroup()
    summed.CopyFrom(group)
    _add_paper(summed)
    for member in summed.members:
        found = None if member.HasField("close_time") else latest(member.opportunity.id)
        if found is not None:
            member.opportunity.CopyFrom(found)
    opened = (from_timestamp(member.opportunity.open_time) for member in summed.members)
    open_ns = min([at for at in opened if at], default=now_ns)
    if open_ns < from_timestamp(summed.open_time):
        summed.open_time.CopyFrom(to_timestamp(open_ns))
    peaks = (member.opportunity.peak_net_percent for member in summed.members)
    summed.peak_net_percent = max(summed.peak_net_percent, *peaks, 0.0)
    end_ns = from_timestamp(summed.close_time) if summed.HasField("close_time") else now_ns
    summed.duration.CopyFrom(to_duration(max(0, end_ns - from_timestamp(summed.open_time))))
    return summed


def _add_paper(group: pb.AlertGroup) -> None:
    for member in group.members:
        found = member.opportunity
        profit = found.executable_notional * found.costs.net_percent / 100
        if profit > group.paper_profit:
            group.paper_profit, group.paper_currency = profit, found.buy.quote_currency
