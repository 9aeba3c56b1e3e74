"""Rows of the store as messages."""

from datetime import UTC, datetime

from google.protobuf.json_format import MessageToDict

from crossbook.alerts.ack_tokens import token_of
from crossbook.alerts.channels.sample import sample_alert
from crossbook.alerts.records import alert_from, claimed_from, message_from, message_of, rule_from
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import from_timestamp

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
    alert = alert_from(("a-1", "alertRules/r-1", OPPORTUNITY, FIRST, None, None, None))
    assert (alert.name, alert.rule, alert.opportunity) == ("alerts/a-1", "alertRules/r-1", SAMPLE)
    assert (alert.fire_time.ToDatetime(UTC), alert.HasField("close_time")) == (FIRST, False)
    closed = alert_from(("a-1", "alertRules/r-1", OPPORTUNITY, FIRST, LATER, None, None))
    assert closed.close_time.ToDatetime(UTC) == LATER


def test_an_alert_of_trouble_in_a_group_names_both() -> None:
    """The trouble comes back as it was stored; the group by its name."""
    trouble = pb.AlertTrouble(reason=pb.ALERT_REASON_CLOCK, venue="v", detail="late")
    alert = alert_from(("a-1", "alertRules/r-1", {}, FIRST, None, "g-1", MessageToDict(trouble)))
    assert (alert.group, alert.trouble) == ("alertGroups/g-1", trouble)


def test_a_message_of_a_group_is_the_group_as_it_was_then() -> None:
    """With what acknowledges it; one of an alert alone is that alert, under its own id."""
    group = pb.AlertGroup(name="alertGroups/g-1", label="BTC v", open_count=2)
    row = ("m-1", "alertRules/r-1", "g-1", 3, 2, MessageToDict(group), FIRST, "secret", *[None] * 7)
    message = message_from(row)
    assert (message.name, message.group_key, message.revision) == ("alertMessages/m-1", "g-1", 3)
    assert (message.kind, message.group) == (pb.ALERT_MESSAGE_KIND_UPDATED, group)
    made_ns = from_timestamp(message.create_time)
    assert (message.acknowledge_token, message.HasField("alert")) == (token_of("g-1", "secret", made_ns), False)
    alert = sample_alert()
    alone = message_of(alert)
    assert (alone.name, alone.group_key, alone.alert) == ("alertMessages/sample", "sample", alert)


def test_a_claimed_delivery_is_a_message_and_where_it_goes() -> None:
    """The channel has the id under which the alert counts its deliveries."""
    webhook = {"webhook": {"url": "https://a.example/x"}}
    alert = ("a-1", "alertRules/r-1", OPPORTUNITY, FIRST, None, None, None)
    message = ("a-1", "alertRules/r-1", "a-1", 1, 1, None, FIRST, None, *alert)
    nothing_shown = (None, None, None)
    claimed = claimed_from(("hook", webhook, 3, True, "claim", "https://a.example", *nothing_shown, *message))
    assert (claimed.message.name, claimed.message.alert.name) == ("alertMessages/a-1", "alerts/a-1")
    assert claimed.channel == pb.AlertChannel(id="hook", webhook=pb.WebhookChannel(url="https://a.example/x"))
    assert (claimed.attempts, claimed.is_last_try, claimed.claim, claimed.destination) == (
        3,
        True,
        "claim",
        "https://a.example",
    )
