"""Every kind of channel sends what its service expects."""

import base64
import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Verifier

from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Failed, Retry
from crossbook.alerts.channels.registry import KINDS, check_channel, redact_channel, restore_channel, send
from crossbook.alerts.channels.sample import sample_message
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.webhook import signed_headers
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.receiver import Answer, Received, receiving

POLICY = TargetPolicy(allow_private=True)
SECRETS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b")]


async def sent(channel: pb.AlertChannel) -> Received:
    async with receiving() as receiver, HttpSender(POLICY, 30) as http:
        getattr(channel, channel.WhichOneof("kind") or "").url = receiver.url()
        assert isinstance(await send(channel, sample_message(), http), Delivered)
        return receiver.received[0]


def test_every_kind_of_the_proto_is_known() -> None:
    assert set(KINDS) == {field.name for field in pb.AlertChannel.DESCRIPTOR.oneofs_by_name["kind"].fields}


async def test_slack_gets_text_with_its_control_characters_escaped() -> None:
    received = await sent(pb.AlertChannel(slack=pb.SlackChannel()))
    assert list(received.json) == ["text"]
    assert "SAMPLE" in received.json["text"]
    assert not set("<>") & set(received.json["text"])


async def test_discord_gets_content_that_pings_nobody() -> None:
    received = await sent(pb.AlertChannel(discord=pb.DiscordChannel()))
    assert "SAMPLE" in received.json["content"]
    assert received.json["allowed_mentions"] == {"parse": []}


async def test_a_template_makes_the_body_and_adds_its_headers() -> None:
    template = pb.TemplateChannel(template='{"coin": {{ alert.opportunity.asset | tojson }}}', headers={"X-Key": "k"})
    received = await sent(pb.AlertChannel(template=template))
    assert received.json == {"coin": "SAMPLE"}
    assert received.headers["x-key"] == "k"


async def test_a_template_that_no_longer_renders_fails_at_once() -> None:
    async with HttpSender(POLICY, 30) as http:
        channel = pb.AlertChannel(template=pb.TemplateChannel(url="http://127.0.0.1:1/", template="{{ alert.gone }}"))
        outcome = await send(channel, sample_message(), http)
    assert isinstance(outcome, Failed)
    assert "gone" in outcome.reason


async def test_a_webhook_carries_type_time_and_data() -> None:
    received = await sent(pb.AlertChannel(webhook=pb.WebhookChannel(secrets=SECRETS)))
    assert received.json["type"] == "alert.fired"
    assert received.json["data"]["name"] == "alerts/sample"
    assert received.headers["webhook-id"] == "sample"
    for secret in SECRETS:
        assert Verifier(secret).verify(received.body, received.headers) == received.json


def test_the_signature_is_the_standards() -> None:
    """The example of the specification's own libraries: id msg_p5jXN8AQM9LWM0D4loKWxJek, body {"test": 2432232314}."""
    message = pb.AlertMessage(name="alertMessages/msg_p5jXN8AQM9LWM0D4loKWxJek")
    moment = datetime.fromtimestamp(1614265330, UTC)
    headers = signed_headers(message, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], '{"test": 2432232314}', moment)
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("format", [pb.CONSOLE_FORMAT_UNSPECIFIED, pb.CONSOLE_FORMAT_TEXT, pb.CONSOLE_FORMAT_JSON])
async def test_the_console_takes_one_line_an_alert(
    capsys: pytest.CaptureFixture[str], format: pb.ConsoleFormat.ValueType
) -> None:
    async with HttpSender(POLICY, 30) as http:
        assert (
            await send(pb.AlertChannel(console=pb.ConsoleChannel(format=format)), sample_message(), http) == Delivered()
        )
    (line,) = capsys.readouterr().out.splitlines()
    if format == pb.CONSOLE_FORMAT_JSON:
        assert json.loads(line)["name"] == "alerts/sample"
    else:
        assert line.startswith("ALERT SAMPLE")


async def test_a_channel_of_no_known_kind_fails_and_is_refused() -> None:
    async with HttpSender(POLICY, 30) as http:
        assert isinstance(await send(pb.AlertChannel(), sample_message(), http), Failed)
    assert [violation.field for violation in check_channel(pb.AlertChannel(), "c", POLICY)] == ["c"]


def test_redaction_leaves_no_secret() -> None:
    channels = [
        pb.AlertChannel(webhook=pb.WebhookChannel(url="https://a.example/hidden?token=hidden", secrets=SECRETS)),
        pb.AlertChannel(slack=pb.SlackChannel(url="https://a.example/hidden")),
        pb.AlertChannel(discord=pb.DiscordChannel(url="https://a.example/hidden")),
        pb.AlertChannel(template=pb.TemplateChannel(url="https://a.example/hidden", headers={"K": "hidden"})),
    ]
    for channel in channels:
        stored = pb.AlertChannel()
        stored.CopyFrom(channel)
        redact_channel(channel)
        assert "hidden" not in str(channel)
        assert not any(secret in str(channel) for secret in SECRETS)
        assert list(restore_channel(channel, stored, "c")) == []
        assert channel == stored, "who sends the mask back keeps the secret"


@pytest.mark.parametrize(
    "channel",
    [
        pb.AlertChannel(webhook=pb.WebhookChannel(url="https://a.example/***", secrets=SECRETS)),
        pb.AlertChannel(template=pb.TemplateChannel(url="https://a.example/***", template="1")),
    ],
)
def test_a_mask_of_another_host_is_refused(channel: pb.AlertChannel) -> None:
    """A stored address answers only to its own mask."""
    stored = pb.AlertChannel()
    stored.CopyFrom(channel)
    getattr(stored, stored.WhichOneof("kind") or "").url = "https://b.example/hidden"
    assert [violation.field.rpartition(".")[2] for violation in restore_channel(channel, stored, "c")] == ["url"]


async def test_a_template_s_answer_is_checked_where_that_is_asked_for() -> None:
    """A 200 with an error in it is no delivery."""
    async with receiving() as receiver, HttpSender(POLICY, 30) as http:
        receiver.answer_in_turn(Answer(200, body=b'{"ok":false,"error":"channel_is_archived"}'))
        config = pb.TemplateChannel(url=receiver.url(), template="1", expected_answer='{"ok": true}')
        outcome = await send(pb.AlertChannel(template=config), sample_message(), http)
        assert outcome == Retry("HTTP 200, but the answer says: ok: channel_is_archived", 200)
        config.expected_answer = ""
        assert await send(pb.AlertChannel(template=config), sample_message(), http) == Delivered(200)


@pytest.mark.parametrize("expected", ["ok", "[]", '{"a":{}}', "{}", '{"a":"' + "x" * 1024 + '"}'])
def test_an_expected_answer_that_can_never_come_is_refused(expected: str) -> None:
    """It is a small JSON object of plain values."""
    config = pb.TemplateChannel(url="https://a.example/", template="1", expected_answer=expected)
    violations = check_channel(pb.AlertChannel(template=config), "c", POLICY)
    assert [violation.field for violation in violations] == ["c.template.expected_answer"]
