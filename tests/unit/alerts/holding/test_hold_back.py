"""Whether anything holds alerts back, and what is said first."""

from crossbook.alerts.holding.hold_back import holding_back
from crossbook.alerts.holding.inhibitions import Domain
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import market_pb2
from tests.support.alerts.stand_in_arbitrage import opportunity

RULE = pb.AlertRule(grouping=pb.AlertGrouping())
SICK = Domain({"v1": market_pb2.VenueHealth(venue="v1", state=market_pb2.VENUE_STATE_DOWN)})
QUIET = pb.Silence(name="silences/s", assets=["BTC"], author="ann", comment="known")


def alert(asset: str, buy: str = "v1") -> pb.Alert:
    return pb.Alert(opportunity=opportunity("o", asset, buy, "v2"))


def test_a_silence_comes_before_all_else_and_says_who_made_it() -> None:
    """With its name, so that it can be ended."""
    held = holding_back(lambda: SICK)(RULE, [alert("BTC")], [QUIET], 0)
    assert held is not None
    assert (held.reason, held.by) == (pb.SUPPRESSION_REASON_SILENCE, "silences/s")
    assert held.words == "silenced by ann: known (silences/s)"


def test_as_long_as_one_alert_is_free_they_are_told() -> None:
    """Held back by different things they are held back all the same."""
    hold_back = holding_back(lambda: SICK)
    assert hold_back(RULE, [alert("BTC"), alert("ETH", "v3")], [QUIET], 0) is None
    assert hold_back(RULE, [alert("BTC", "v3"), alert("ETH", "v1")], [QUIET], 0) is not None
    assert hold_back(RULE, [], [QUIET], 0) is None


def test_a_mute_time_holds_back_everything_of_its_rule() -> None:
    """At any other time nothing is held back."""
    muted = pb.AlertRule(grouping=pb.AlertGrouping(), mute_times=[pb.AlertMuteTime(to_time="12:00")])
    held = holding_back()(muted, [alert("ETH")], [], 0)
    assert held is not None
    assert held.reason == pb.SUPPRESSION_REASON_MUTE_TIME
    assert holding_back()(muted, [alert("ETH")], [], 13 * 3600 * 10**9) is None


def test_what_makes_it_untrustworthy_is_said() -> None:
    """Nothing is known until somebody has asked."""
    held = holding_back(lambda: SICK)(RULE, [alert("ETH")], [], 0)
    assert held is not None
    assert (held.reason, held.words) == (pb.SUPPRESSION_REASON_INHIBITION, "v1 is DOWN")
    assert holding_back()(RULE, [alert("ETH")], [], 0) is None
