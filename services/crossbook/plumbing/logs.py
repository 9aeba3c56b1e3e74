"""Structured logs on stderr: a fixed event name and key-value context, as text for people or JSON for machines.

A line that cannot be written, on a full disk or to a reader that is gone, is lost and harms nobody.

Passwords never get out: settings hold them as SecretStr, and whatever looks like credentials in a URL is masked here.
"""

import logging
import re
import sys
from contextlib import suppress
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from crossbook.plumbing.log_tail import TAIL

CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")
SIGNING_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]+")


def configure_logging(service: str, level: str = "info", format: Literal["text", "json"] = "text") -> None:
    """To be called once, before the first event."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=28
        )
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,  # before the mask: an exception's words are text like any other
            mask_secrets,
            TAIL.processor,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(service=service)
    # Its pool repeats every failed dial, unstructured; the services say once that Postgres is away.
    logging.getLogger("psycopg").setLevel(logging.CRITICAL)


class _Unfailing:
    """A stream to tell something on, by whoever is in the middle of something: that must not fail of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # ValueError: it is closed
            self._stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Masks user:password@ in URLs and webhook signing secrets, wherever a string holds them."""
    return {key: mask(value) if isinstance(value, str) else value for key, value in event.items()}


def mask(text: str) -> str:
    """The text without credentials."""
    return SIGNING_SECRET.sub("whsec_***", CREDENTIALS.sub("***@", text))
