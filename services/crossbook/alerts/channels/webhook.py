"""A signed POST as https://www.standardwebhooks.com says: webhook-id, webhook-timestamp, webhook-signature.

The id is the message's, the same at every try, so that a receiver can tell a repeat. There is one signature per secret:
while secrets rotate, a receiver that knows either of them accepts.
"""

import base64
import binascii
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from standardwebhooks import Webhook as Signer

from crossbook.alerts.channels.content import as_json, message_fields, message_type
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.kind import HIDDEN, check_url, masked_url, restored_url
from crossbook.alerts.channels.outcome import Outcome
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation

PREFIX = "whsec_"
REDACTED = PREFIX + HIDDEN
KEY_BYTES = range(24, 65)
MAX_SECRETS = 5


class Webhook:
    """The kind for machines."""

    def check(self, config: pb.WebhookChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        yield from check_url(config.url, path, policy)
        if not 1 <= len(config.secrets) <= MAX_SECRETS:
            yield FieldViolation(f"{path}.secrets", f"must hold 1 to {MAX_SECRETS}")
        for index, secret in enumerate(config.secrets):
            if not _is_secret(secret):
                yield FieldViolation(f"{path}.secrets[{index}]", 'must be "whsec_" + base64 of 24 to 64 bytes')

    def redact(self, config: pb.WebhookChannel) -> None:
        config.url = masked_url(config.url)
        config.secrets[:] = [REDACTED] * len(config.secrets)

    def restore(
        self, config: pb.WebhookChannel, stored: pb.WebhookChannel | None, path: str
    ) -> Iterator[FieldViolation]:
        """The first redacted secret stands for the first stored one, and so on: a new one is put before them."""
        config.url, problem = restored_url(config.url, stored.url if stored else None)
        if problem:
            yield FieldViolation(f"{path}.url", problem)
        kept = iter(stored.secrets if stored else ())
        for index, secret in enumerate(config.secrets):
            if secret != REDACTED:
                continue
            known = next(kept, None)
            if known is None:
                yield FieldViolation(f"{path}.secrets[{index}]", "is redacted, and no stored secret answers to it")
            else:
                config.secrets[index] = known

    async def send(self, config: pb.WebhookChannel, errand: Errand, http: HttpSender) -> Outcome:
        message = errand.message
        body = as_json(
            {
                "type": message_type(message),
                "timestamp": message.create_time.ToJsonString(),
                "data": message_fields(message),
            }
        )
        return await http.post_json(config.url, body, signed_headers(message, config.secrets, body, datetime.now(UTC)))


def signed_headers(message: pb.AlertMessage, secrets: Iterable[str], body: str, now: datetime) -> dict[str, str]:
    """The three headers."""
    identifier = message.name.rpartition("/")[2]
    signatures = [Signer(secret).sign(identifier, now, body) for secret in secrets]
    return {
        "webhook-id": identifier,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _is_secret(secret: str) -> bool:
    if not secret.startswith(PREFIX):
        return False
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) in KEY_BYTES
