"""Alerts on the service's standard output."""

import sys
from collections.abc import Iterator

from crossbook.alerts.channels.content import as_json, message_fields
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Outcome, Retry
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.errors import FieldViolation


class Console:
    """One line an alert."""

    def check(self, config: pb.ConsoleChannel, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
        if config.format not in pb.ConsoleFormat.values():
            yield FieldViolation(f"{path}.format", f"{config.format} is not a console format")

    def redact(self, config: pb.ConsoleChannel) -> None:
        """Holds no secrets."""

    def restore(
        self, config: pb.ConsoleChannel, stored: pb.ConsoleChannel | None, path: str
    ) -> Iterator[FieldViolation]:
        return iter(())

    async def send(self, config: pb.ConsoleChannel, errand: Errand, http: HttpSender) -> Outcome:
        is_json = config.format == pb.CONSOLE_FORMAT_JSON
        line = as_json(message_fields(errand.message)) if is_json else f"ALERT {errand.text.line}"
        try:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
        except (OSError, ValueError) as error:
            return Retry(f"standard output does not take it ({type(error).__name__})")
        return Delivered()
