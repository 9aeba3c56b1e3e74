"""Messages as people type them."""

from typing import TypeVar

import typer
from google.protobuf import json_format
from google.protobuf.message import Message

M = TypeVar("M", bound=Message)


def as_message(option: str, text: str, message: M) -> M:
    """The message with what the JSON says. Raises typer.BadParameter that names the option and what is wrong."""
    try:
        return json_format.Parse(text, message)
    except json_format.ParseError as error:
        raise typer.BadParameter(f"no {message.DESCRIPTOR.name} as JSON: {error}", param_hint=option) from None
