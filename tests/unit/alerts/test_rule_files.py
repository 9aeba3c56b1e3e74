"""Rules as files: read, written, compared and checked."""

import pytest
from google.protobuf.duration_pb2 import Duration

from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.rule_files import RuleFileError, difference, dump, parse, problems
from crossbook.alerts.rules import redacted
from crossbook.pb.v1 import alerts_pb2 as pb

FILE = """
rules:
  desk:
    min_net_percent: 0.15
    cooldown: 300s
    assets: [BTC]
    channels:
      - id: chat
        text_template: "{{ alert.opportunity.asset }}"
        slack: {url: "${SLACK_URL}"}
  night:
    is_enabled: false
    channels: [{id: console, console: {}}]
"""
ENVIRONMENT = {"SLACK_URL": "https://hooks.example/services/secret"}
POLICY = TargetPolicy(False)


def test_a_file_says_what_the_rpc_says() -> None:
    """With what the environment holds; a rule is enabled unless it says otherwise."""
    rules = parse(FILE, ENVIRONMENT)
    slack = pb.SlackChannel(url=ENVIRONMENT["SLACK_URL"])
    chat = pb.AlertChannel(id="chat", slack=slack, text_template="{{ alert.opportunity.asset }}")
    assert rules["desk"] == pb.AlertRule(
        name="alertRules/desk", is_enabled=True, min_net_percent=0.15, cooldown=Duration(seconds=300), assets=["BTC"],
        channels=[chat], grouping=pb.AlertGrouping(),
    )  # fmt: skip
    assert not rules["night"].is_enabled


def test_what_was_written_is_read_as_the_same() -> None:
    """Whatever the server has set is left out."""
    rules = parse(FILE, ENVIRONMENT)
    for rule in rules.values():
        rule.etag = "x"
        rule.create_time.GetCurrentTime()
    again = parse(dump(rules.values()), {})
    for rule in rules.values():
        rule.ClearField("etag")
        rule.ClearField("create_time")
    assert again == rules


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML"),
        ("desk: {}", "must hold one member, rules"),
        ("rules: {desk: 1}", "desk: must hold the rule's fields"),
        ("rules: {off: {}}", "put it in quotes"),
        ("rules: {desk: {min_net: 1}}", 'no field named "min_net"'),
        ("rules: {desk: {min_net_percent: much}}", "min_net_percent"),
        ("rules: {desk: {etag: x}}", "desk: etag is set by the server"),
        ('rules: {desk: {channels: [{id: a, slack: {url: "${NO}"}}]}}', "desk.channels[0].slack.url: the environment"),
    ],
)
def test_what_cannot_be_read_says_where(text: str, said: str) -> None:
    """In one line."""
    with pytest.raises(RuleFileError) as refused:
        parse(text, {})
    assert said in str(refused.value)


def test_a_difference_shows_what_would_change_and_no_secret() -> None:
    """Nothing where nothing shows."""
    stored, wanted = parse(FILE, ENVIRONMENT)["desk"], parse(FILE, ENVIRONMENT)["desk"]
    assert difference("desk", redacted(stored), wanted) == []
    wanted.min_net_percent = 0.2
    shown = difference("desk", redacted(stored), wanted)
    assert [line for line in shown if line[0] in "+-" and line[1] == "m"] == [
        "-min_net_percent: 0.15",
        "+min_net_percent: 0.2",
    ]
    assert "secret" not in "".join(difference("desk", None, wanted))


def test_a_check_names_each_field_and_lets_a_mask_stand() -> None:
    """For that is what an exported file holds."""
    rules = parse(FILE, ENVIRONMENT)
    assert problems("desk", rules["desk"], POLICY, ["binance", "okx"]) == []
    wrong = pb.AlertRule(venues=["binance"], channels=[pb.AlertChannel(id="A", slack=pb.SlackChannel(url="x"))])
    found = problems("Desk!", wrong, POLICY, ["binance", "okx"])
    assert [field for field, _ in found] == ["id", "venues", "channels[0].id", "channels[0].slack.url"]
    token = pb.TelegramChannel(bot_token="***", chat_id="1")
    masked = pb.AlertRule(channels=[pb.AlertChannel(id="a", telegram=token)])
    assert problems("desk", masked, POLICY, []) == []
