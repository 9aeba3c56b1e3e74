"""Alerts on standard output."""

import json
import sys
from typing import Any

import pytest

from crossbook.alerts.channels.console import Console
from crossbook.alerts.channels.content import as_fields
from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.outcome import Delivered, Retry
from crossbook.alerts.channels.sample import sample_message
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.alerts.channels.text import text_of
from crossbook.pb.v1 import alerts_pb2 as pb

NO_HTTP: Any = None
MESSAGE = Errand(sample_message(), text_of(sample_message(), 0))
TEXT = pb.ConsoleChannel(format=pb.CONSOLE_FORMAT_TEXT)
JSON = pb.ConsoleChannel(format=pb.CONSOLE_FORMAT_JSON)


async def test_an_alert_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Of words for people, of JSON with every field for machines."""
    assert await Console().send(TEXT, MESSAGE, NO_HTTP) == Delivered()
    assert await Console().send(JSON, MESSAGE, NO_HTTP) == Delivered()
    words, fields = capsys.readouterr().out.splitlines()
    assert words.startswith("ALERT ")
    assert "SAMPLE" in words
    assert json.loads(fields) == as_fields(MESSAGE.message.alert)


@pytest.mark.parametrize("error", [BrokenPipeError(), ValueError("I/O operation on closed file")])
async def test_an_output_that_is_gone_is_tried_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names the error."""

    class Gone:
        def write(self, text: str) -> None:
            raise error

    monkeypatch.setattr(sys, "stdout", Gone())
    outcome = await Console().send(TEXT, MESSAGE, NO_HTTP)
    assert outcome == Retry(f"standard output does not take it ({type(error).__name__})")


def test_only_a_known_format_is_taken() -> None:
    """The field is named."""
    policy = TargetPolicy(allow_private=False)
    assert list(Console().check(JSON, "channels[0].console", policy)) == []
    wrong = pb.ConsoleChannel(format=99)  # type: ignore[arg-type]
    (violation,) = Console().check(wrong, "channels[0].console", policy)
    assert (violation.field, violation.description) == ("channels[0].console.format", "99 is not a console format")
