"""Rows of the store as messages."""

from datetime import UTC, datetime

from google.protobuf.json_format import MessageToDict

from crossbook.alerts.channels.content import sample_alert
from crossbook.alerts.records import alert_from, claimed_from, rule_from
from crossbook.pb.v1 import alerts_pb2 as pb

FIRST, LATER = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
SAMPLE = sample_alert().opportunity
OPPORTUNITY = MessageToDict(SAMPLE)


def test_a_rule_has_what_the_server_knows_beside_its_fields() -> None:
    """Its name from the id, the etag, both times; a field that this version does not know is left out."""
    fields = {"displayName": "mine", "isEnabled": True, "ofALaterVersion": 7}
    rule = rule_from(("r-1", fields, "etag-9", FIRST, LATER))
    assert (rule.name, rule.display_name, rule.is_enabled, rule.etag) == ("alertRules/r-1", "mine", True, "etag-9")
    times = rule.create_time.ToDatetime(UTC), rule.update_time.ToDatetime(UTC)
    assert times == (FIRST, LATER)


def test_an_alert_has_its_opportunity_and_closes_only_when_it_has_closed() -> None:
    """The opportunity comes back as it was stored."""
    alert = alert_from(("a-1", "alertRules/r-1", OPPORTUNITY, FIRST, None))
    assert (alert.name, alert.rule, alert.opportunity) == ("alerts/a-1", "alertRules/r-1", SAMPLE)
    assert (alert.fire_time.ToDatetime(UTC), alert.HasField("close_time")) == (FIRST, False)
    closed = alert_from(("a-1", "alertRules/r-1", OPPORTUNITY, FIRST, LATER))
    assert closed.close_time.ToDatetime(UTC) == LATER


def test_a_claimed_delivery_is_an_alert_and_where_it_goes() -> None:
    """The channel has the id under which the alert counts its deliveries."""
    webhook = {"webhook": {"url": "https://a.example/x"}}
    row = ("a-1", "alertRules/r-1", OPPORTUNITY, FIRST, None, "hook", webhook, 3, True, "claim", "https://a.example")
    claimed = claimed_from(row)
    assert claimed.alert.name == "alerts/a-1"
    assert claimed.channel == pb.AlertChannel(id="hook", webhook=pb.WebhookChannel(url="https://a.example/x"))
    assert (claimed.attempts, claimed.is_last_try, claimed.claim, claimed.destination) == (
        3,
        True,
        "claim",
        "https://a.example",
    )
