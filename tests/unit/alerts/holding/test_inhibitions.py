"""What makes an alert untrustworthy."""

from crossbook.alerts.holding.inhibitions import Domain, inhibiting
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2, market_pb2
from tests.support.alerts.stand_in_arbitrage import opportunity

RULE = pb.AlertRule(grouping=pb.AlertGrouping())
ALERT = pb.Alert(opportunity=opportunity("o", "BTC", "v1", "v2"))
SICK = market_pb2.VenueHealth(venue="v2", state=market_pb2.VENUE_STATE_DEGRADED, reason="3 books")
WELL = market_pb2.VenueHealth(venue="v1", state=market_pb2.VENUE_STATE_LIVE)


def test_a_venue_that_is_not_live_is_said_with_its_reason() -> None:
    """Of either leg; one that nobody knows inhibits nothing."""
    assert inhibiting(Domain({"v1": WELL, "v2": SICK}), [], RULE, ALERT) == "v2 is DEGRADED: 3 books"
    assert inhibiting(Domain({"v1": WELL}), [], RULE, ALERT) == ""


def test_a_doubted_identity_is_said() -> None:
    """Of the alert's own asset."""
    assert "identity" in inhibiting(Domain(suspects=frozenset({("BTC", "v1")})), [], RULE, ALERT)
    assert inhibiting(Domain(suspects=frozenset({("ETH", "v1")})), [], RULE, ALERT) == ""


def test_a_lost_peg_is_said_with_the_rate() -> None:
    """The opportunity itself knows it."""
    alert = pb.Alert()
    alert.CopyFrom(ALERT)
    rate = arbitrage_pb2.Conversion(from_currency="USDC", to_currency="USDT", rate=0.93)
    alert.opportunity.conversion.CopyFrom(rate)
    alert.opportunity.is_depegged = True
    assert inhibiting(Domain(), [], RULE, alert) == "USDC to USDT has left its peg (0.9300)"


def test_maintenance_is_said_with_its_reason() -> None:
    """It names who said so."""
    works = pb.Silence(name="silences/s", venues=["v2"], comment="new engine", is_maintenance=True)
    assert inhibiting(Domain(), [works], RULE, ALERT) == "maintenance of v2: new engine (silences/s)"


def test_a_rule_may_ignore_each_and_a_rule_without_grouping_knows_only_maintenance() -> None:
    """What such a rule does not tell at once it never tells."""
    sick = Domain({"v2": SICK})
    ignoring = pb.AlertRule(grouping=pb.AlertGrouping(), ignored_inhibitions=[pb.ALERT_INHIBITION_VENUE_STATE])
    assert inhibiting(sick, [], ignoring, ALERT) == inhibiting(sick, [], pb.AlertRule(), ALERT) == ""
    works = pb.Silence(venues=["v2"], is_maintenance=True)
    assert inhibiting(sick, [works], pb.AlertRule(), ALERT)


def test_the_trouble_of_a_venue_is_not_held_back_by_itself() -> None:
    """But by maintenance: then it is known."""
    trouble = pb.Alert(trouble=pb.AlertTrouble(reason=pb.ALERT_REASON_VENUE_STATE, venue="v2"))
    assert inhibiting(Domain({"v2": SICK}), [], RULE, trouble) == ""
    assert inhibiting(Domain(), [pb.Silence(venues=["v2"], is_maintenance=True)], RULE, trouble)
