"""Signed webhooks: what a receiver can verify, and which secrets a rule may have."""

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from crossbook.alerts.channels.sample import sample_message
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.webhook import MAX_SECRETS, REDACTED, Webhook, signed_headers
from crossbook.pb.v1 import alerts_pb2 as pb

OLD, NEW, OTHER = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n", b"x"))
URL = "https://a.example/token"
POLICY = TargetPolicy(allow_private=False)


def config(*secrets: str, url: str = URL) -> pb.WebhookChannel:
    return pb.WebhookChannel(url=url, secrets=secrets)


def test_whoever_has_one_of_the_secrets_can_verify() -> None:
    """While secrets rotate both do; who has neither cannot, nor anybody once the body has changed."""
    headers = signed_headers(sample_message(), [NEW, OLD], '{"a":1}', datetime.now(UTC))
    for secret in (NEW, OLD):
        assert Receiver(secret).verify('{"a":1}', headers) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        Receiver(OTHER).verify('{"a":1}', headers)
    with pytest.raises(WebhookVerificationError):
        Receiver(NEW).verify('{"a":2}', headers)


def test_a_repeat_has_the_alerts_id_at_every_try() -> None:
    """The time of the try is signed with it."""
    first = signed_headers(sample_message(), [NEW], "{}", datetime(2026, 1, 2, tzinfo=UTC))
    second = signed_headers(sample_message(), [NEW], "{}", datetime(2026, 1, 3, tzinfo=UTC))
    assert first["webhook-id"] == second["webhook-id"] == sample_message().name.removeprefix("alertMessages/")
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 86_400
    assert first["webhook-signature"] != second["webhook-signature"]


@pytest.mark.parametrize(
    ("given", "field", "words"),
    [
        (config(), "w.secrets", f"must hold 1 to {MAX_SECRETS}"),
        (config(*[NEW] * (MAX_SECRETS + 1)), "w.secrets", f"must hold 1 to {MAX_SECRETS}"),
        (config(NEW, "nosecret"), "w.secrets[1]", "whsec_"),
        (config("whsec_not base64!"), "w.secrets[0]", "whsec_"),
        (config("whsec_" + base64.b64encode(b"x" * 23).decode()), "w.secrets[0]", "24 to 64 bytes"),
        (config("whsec_" + base64.b64encode(b"x" * 65).decode()), "w.secrets[0]", "24 to 64 bytes"),
        (config(NEW, url="ftp://a.example/"), "w.url", ""),
    ],
)
def test_what_is_wrong_with_a_webhook_is_told_by_field(given: pb.WebhookChannel, field: str, words: str) -> None:
    """And only that."""
    (violation,) = Webhook().check(given, "w", POLICY)
    assert violation.field == field
    assert words in violation.description


def test_secrets_of_24_to_64_bytes_are_taken() -> None:
    """Both ends included."""
    secrets = ["whsec_" + base64.b64encode(b"x" * size).decode() for size in (24, 64)]
    assert list(Webhook().check(config(*secrets), "w", POLICY)) == []


def test_nothing_that_opens_a_door_is_shown() -> None:
    """Of the address its host, of secrets their number."""
    shown = config(NEW, OLD)
    Webhook().redact(shown)
    assert (shown.url, list(shown.secrets)) == ("https://a.example/***", [REDACTED, REDACTED])


def test_redacted_secrets_stand_for_the_stored_ones_in_order() -> None:
    """One more than is stored, or an address of another host, has none to stand for."""
    stored = config(NEW, OLD)
    sent = config(OTHER, REDACTED, REDACTED, url="https://a.example/***")
    assert list(Webhook().restore(sent, stored, "w")) == []
    assert (sent.url, list(sent.secrets)) == (URL, [OTHER, NEW, OLD])
    many = config(REDACTED, REDACTED, REDACTED, url="https://b.example/***")
    assert [violation.field for violation in Webhook().restore(many, stored, "w")] == ["w.url", "w.secrets[2]"]
    fresh = config(REDACTED)
    assert [violation.field for violation in Webhook().restore(fresh, None, "w")] == ["w.secrets[0]"]
