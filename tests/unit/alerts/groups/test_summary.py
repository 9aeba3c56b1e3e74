"""What a group comes to."""

from crossbook.alerts.groups.summary import summed_up
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS, from_duration, from_timestamp, to_timestamp
from tests.support.alerts.stand_in_arbitrage import opportunity

START_NS = 1_790_000_000 * SECOND_NS


def group(*nets: float) -> pb.AlertGroup:
    """A member for each, all of 1,000 USDT and open, told 5 s after they opened."""
    found = [opportunity(f"o-{number}", net=net, open_ns=START_NS) for number, net in enumerate(nets)]
    members = [pb.Alert(name=f"alerts/{one.id}", opportunity=one) for one in found]
    return pb.AlertGroup(open_time=to_timestamp(START_NS + 5 * SECOND_NS), members=members, open_count=len(nets))


def test_open_members_have_the_numbers_of_now_and_the_peak_counts_them() -> None:
    """What is not known here stays as it was told."""
    better = opportunity("o-1", net=0.4, open_ns=START_NS)
    better.peak_net_percent = 0.9
    summed = summed_up(group(0.5, 0.3), {"o-1": better}.get, START_NS)
    assert [one.opportunity.costs.net_percent for one in summed.members] == [0.5, 0.4]
    assert summed.peak_net_percent == 0.9


def test_what_it_would_have_paid_is_its_best_member_s_when_that_fired() -> None:
    """Members share the size of the leg that is off: they do not add up."""
    better = opportunity("o-0", net=9.0, open_ns=START_NS)
    summed = summed_up(group(0.5, 0.3), {"o-0": better}.get, START_NS)
    assert (summed.paper_profit, summed.paper_currency) == (5.0, "USDT")


def test_it_lasts_from_its_first_opening_to_its_last_closing_or_until_now() -> None:
    """Not from when it was told."""
    open_now = summed_up(group(0.5), {}.get, START_NS + 7 * SECOND_NS)
    assert from_duration(open_now.duration) == 7 * SECOND_NS
    over = group(0.5)
    over.close_time.CopyFrom(to_timestamp(START_NS + 3 * SECOND_NS))
    summed = summed_up(over, {}.get, START_NS + 60 * SECOND_NS)
    assert (from_duration(summed.duration), from_timestamp(summed.open_time)) == (3 * SECOND_NS, START_NS)
