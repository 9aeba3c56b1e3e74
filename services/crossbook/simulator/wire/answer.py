"""An HTTP answer, before any server library."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and headers beyond the usual ones."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON body, as compact as venues send it."""
    return Answer(status, json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})


def text_answer(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """A plain text body."""
    return Answer(status, text.encode(), content_type="text/plain; charset=utf-8", headers=headers or {})
