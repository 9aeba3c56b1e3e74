"""Secrets are hidden, put back where they belong, and nowhere else."""

import pytest

from crossbook.alerts.channels.registry import KINDS, redact_channel, restore_channel
from crossbook.alerts.channels.sealed import base_of, check_base
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb

SECRET = "very-secret"
CHANNELS = [
    pb.AlertChannel(telegram=pb.TelegramChannel(bot_token=SECRET, chat_id="1", url="https://a.example")),
    pb.AlertChannel(email=pb.EmailChannel(host="a.example", username="u", password=SECRET)),
    pb.AlertChannel(
        web_push=pb.WebPushChannel(url=f"https://a.example/{SECRET}", auth=SECRET, vapid_private_key=SECRET)
    ),
    pb.AlertChannel(teams=pb.TeamsChannel(url=f"https://a.example/{SECRET}")),
    pb.AlertChannel(pagerduty=pb.PagerDutyChannel(routing_key=SECRET, url="https://a.example")),
    pb.AlertChannel(opsgenie=pb.OpsgenieChannel(api_key=SECRET, url="https://a.example")),
    pb.AlertChannel(ntfy=pb.NtfyChannel(topic=SECRET, token=SECRET, url="https://a.example")),
    pb.AlertChannel(matrix=pb.MatrixChannel(url="https://a.example", room_id="!r:a", access_token=SECRET)),
    pb.AlertChannel(apprise=pb.AppriseChannel(url=f"https://a.example/notify/{SECRET}")),
]


def test_every_kind_that_has_secrets_is_looked_at_here_or_beside_its_own_file() -> None:
    """A new kind is added above."""
    here = {channel.WhichOneof("kind") for channel in CHANNELS}
    assert here == set(KINDS) - {"console", "webhook", "slack", "discord", "template"}


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: str(channel.WhichOneof("kind")))
def test_no_secret_is_shown_and_the_mask_stands_for_it(channel: pb.AlertChannel) -> None:
    """At the receiver that it was given for, and at no other."""
    stored, shown = pb.AlertChannel(), pb.AlertChannel()
    stored.CopyFrom(channel)
    shown.CopyFrom(channel)
    redact_channel(shown)
    assert SECRET not in str(shown)
    moved = pb.AlertChannel()
    moved.CopyFrom(shown)
    assert list(restore_channel(shown, stored, "c")) == []
    assert shown == stored
    config = getattr(moved, moved.WhichOneof("kind") or "")
    where = "host" if hasattr(config, "host") else "url"
    setattr(config, where, getattr(config, where).replace("a.example", "evil.example"))
    assert list(restore_channel(moved, stored, "c"))
    assert SECRET not in str(moved)


def test_a_base_is_a_plain_address_or_the_usual_one() -> None:
    """We put paths behind it."""
    assert base_of("", "https://usual.example") == "https://usual.example"
    assert base_of("https://own.example/", "https://usual.example") == "https://own.example"
    assert list(check_base("", "c", TargetPolicy(False))) == []
    assert [one.field for one in check_base("https://a.example/?x", "c", TargetPolicy(False))] == ["c.url"]
