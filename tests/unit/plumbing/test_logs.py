"""Logs are structured, go to stderr and hold no secrets."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import structlog

from crossbook.plumbing.logs import configure_logging, mask


@pytest.fixture(autouse=True)
def _restore() -> object:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def test_a_json_line_holds_event_context_and_service(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("aggregator", "info", "json")
    structlog.get_logger().info("window_written", rows=3)
    captured = capsys.readouterr()
    line = json.loads(captured.err)
    assert (line["event"], line["rows"], line["service"], line["level"]) == ("window_written", 3, "aggregator", "info")
    assert captured.out == ""


def test_what_is_below_the_level_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("aggregator", "warning", "text")
    structlog.get_logger().info("quiet_event")
    structlog.get_logger().warning("loud_event")
    text = capsys.readouterr().err
    assert "quiet_event" not in text
    assert "loud_event" in text


@pytest.mark.parametrize("format", ["text", "json"])
def test_secrets_are_masked(capsys: pytest.CaptureFixture[str], format: str) -> None:
    configure_logging("alerts", "info", "json" if format == "json" else "text")
    structlog.get_logger().info("connecting", dsn="postgresql://me:hidden@h/x", key="whsec_aGlkZGVu")
    text = capsys.readouterr().err
    assert "hidden" not in text
    assert "aGlkZGVu" not in text


@pytest.mark.parametrize("format", ["text", "json"])
def test_the_words_of_an_exception_are_masked_too(capsys: pytest.CaptureFixture[str], format: str) -> None:
    """A client library's error may quote the DSN it was given."""
    configure_logging("aggregator", "info", format)
    try:
        raise ValueError("cannot connect to postgresql://crossbook:hunter2@db/crossbook")
    except ValueError:
        structlog.get_logger().exception("postgres_failed")
    text = capsys.readouterr().err
    assert "cannot connect to postgresql://***@db/crossbook" in text
    assert "hunter2" not in text


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no disk that is always full")
@pytest.mark.parametrize("format", ["text", "json"])
def test_a_line_on_a_full_disk_harms_nobody(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    """Whoever tells something is in the middle of something else, such as of mending what is broken."""
    with Path("/dev/full").open("w", buffering=1) as full:
        monkeypatch.setattr(sys, "stderr", full)
        configure_logging("alerts", "info", "json" if format == "json" else "text")
        for _ in range(1_000):
            structlog.get_logger().info("something_happened", rows="x" * 100)
        with suppress(OSError):
            full.close()


def test_a_line_to_a_reader_that_is_gone_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a terminal was closed."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as pipe:
        monkeypatch.setattr(sys, "stderr", pipe)
        configure_logging("alerts", "info", "json")
        structlog.get_logger().info("something_happened")
        with suppress(OSError):
            pipe.close()


def test_masking_keeps_the_rest() -> None:
    assert mask("cannot reach redis://:p@h:1/0 now") == "cannot reach redis://***@h:1/0 now"
