"""Rules beyond what the wire tests show: the default, redaction, and secrets that come back redacted."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.rules import check_rule, cooldown_ns, created, default_rule, redacted, updated
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2 import OpportunityFilter
from crossbook.plumbing.errors import InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS, to_duration

POLICY = TargetPolicy(allow_private=False)
OLD, NEW, THIRD = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"t"))


def hooked(*secrets: str) -> pb.AlertRule:
    webhook = pb.WebhookChannel(url="https://a.example/x", secrets=secrets)
    return pb.AlertRule(name="alertRules/r", channels=[pb.AlertChannel(id="hook", webhook=webhook)])


def templated(url: str, **headers: str) -> pb.AlertRule:
    template = pb.TemplateChannel(url=url, template="{}", headers=headers)
    return pb.AlertRule(name="alertRules/r", channels=[pb.AlertChannel(id="t", template=template)])


def secrets(rule: pb.AlertRule) -> list[str]:
    return list(rule.channels[0].webhook.secrets)


def test_the_default_rule_is_valid_and_cools_down_for_five_minutes() -> None:
    check_rule(default_rule(), POLICY, [])
    assert cooldown_ns(default_rule()) == 300 * SECOND_NS


def test_a_cooldown_that_is_absent_means_five_minutes_and_zero_means_none() -> None:
    rule = pb.AlertRule()
    assert cooldown_ns(rule) == 300 * SECOND_NS
    rule.cooldown.SetInParent()
    assert cooldown_ns(rule) == 0


def test_what_was_read_can_be_sent_back_without_harm() -> None:
    stored = hooked(NEW, OLD)
    stored.channels.add(id="s", slack=pb.SlackChannel(url="https://hooks.example/services/secret"))
    stored.channels.append(templated("https://b.example/", Authorization="secret").channels[0])
    assert updated(stored, redacted(stored), ["*"]) == stored
    assert updated(stored, redacted(stored), None) == stored


def test_a_new_secret_is_put_before_the_redacted_ones() -> None:
    assert secrets(updated(hooked(OLD), hooked(NEW, "whsec_***"), ["channels"])) == [NEW, OLD]


def test_the_oldest_secret_is_dropped_by_leaving_one_out() -> None:
    assert secrets(updated(hooked(NEW, OLD), hooked("whsec_***"), ["channels"])) == [NEW]


def test_more_redacted_secrets_than_stored_ones_are_refused() -> None:
    with pytest.raises(InvalidRequestError, match=r"channels\[0\]\.webhook\.secrets\[1\]"):
        updated(hooked(OLD), hooked("whsec_***", "whsec_***"), ["channels"])


def test_a_renamed_channel_has_no_stored_secret() -> None:
    change = hooked("whsec_***")
    change.channels[0].id = "other"
    with pytest.raises(InvalidRequestError, match="no stored secret"):
        updated(hooked(OLD), change, ["channels"])


def test_a_channel_of_another_kind_has_no_stored_secret() -> None:
    change = pb.AlertRule(channels=[pb.AlertChannel(id="hook", slack=pb.SlackChannel(url="https://a.example/***"))])
    with pytest.raises(InvalidRequestError, match="no stored address"):
        updated(hooked(OLD), change, ["channels"])


def test_a_stored_header_goes_to_its_own_host_only() -> None:
    stored = templated("https://b.example/one", Authorization="secret")
    kept = updated(stored, templated("https://b.example/two", Authorization="***"), ["channels"])
    assert kept.channels[0].template.headers["Authorization"] == "secret"
    for url in ("https://thief.example/", "http://b.example/", "https://b.example:8443/"):
        with pytest.raises(InvalidRequestError, match="Authorization"):
            updated(stored, templated(url, Authorization="***"), ["channels"])


def test_a_new_rule_cannot_be_made_of_redacted_secrets() -> None:
    with pytest.raises(InvalidRequestError):
        created(hooked("whsec_***"))


def test_what_the_server_sets_is_ignored_at_creation() -> None:
    rule = hooked(OLD)
    rule.etag = "mine"
    rule.create_time.seconds = 5
    assert created(rule) == pb.AlertRule(channels=rule.channels)


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_any_threshold_is_accepted_or_named(value: float) -> None:
    rule = default_rule()
    rule.min_net_percent = value
    if 0 <= value < float("inf"):
        check_rule(rule, POLICY, [])
    else:
        with pytest.raises(InvalidRequestError) as raised:
            check_rule(rule, POLICY, [])
        assert [violation.field for violation in raised.value.violations] == ["alert_rule.min_net_percent"]


def wrong(**fields: object) -> set[str]:
    """What is said to be wrong with a rule of these fields."""
    rule = default_rule()
    rule.ClearField("grouping")
    rule.MergeFrom(pb.AlertRule(**fields))  # type: ignore[arg-type]
    try:
        check_rule(rule, POLICY, [])
    except InvalidRequestError as error:
        return {violation.field.removeprefix("alert_rule.") for violation in error.violations}
    return set()


def test_a_probability_goes_with_a_moment_and_with_opportunities() -> None:
    """Half of it, what is no probability, and a rule about windows are refused with the field."""
    after = to_duration(180_000_000)
    assert wrong(min_alive_probability=0.5, alive_after=after) == set()
    assert wrong(min_alive_probability=0.5) == wrong(alive_after=after) == {"alive_after"}
    for probability in (0.0, 1.1, float("nan")):
        assert wrong(min_alive_probability=probability, alive_after=after) == {"min_alive_probability"}
    assert wrong(min_alive_probability=0.5, alive_after=to_duration(6 * SECOND_NS)) == {"alive_after"}
    windows = wrong(min_alive_probability=0.5, alive_after=after, trigger=pb.ALERT_TRIGGER_SNAPSHOT)
    assert windows == {"min_alive_probability"}


def test_a_filter_is_checked_where_it_stands_and_is_for_opportunities_and_windows() -> None:
    """Its least life is the rule's own."""
    assert wrong(filter=OpportunityFilter(min_volume_24h=1e6)) == set()
    assert wrong(filter=OpportunityFilter(min_volume_24h=1e6), trigger=pb.ALERT_TRIGGER_SNAPSHOT) == set()
    assert wrong(filter=OpportunityFilter(min_volume_24h=-1)) == {"filter.min_volume_24h"}
    assert wrong(filter=OpportunityFilter(min_life=to_duration(SECOND_NS))) == {"filter.min_life"}
    assert "filter" in wrong(filter=OpportunityFilter(), trigger=pb.ALERT_TRIGGER_FEED)
