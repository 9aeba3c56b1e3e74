"""Secrets of a channel's configuration: never shown, and put back only where they belong."""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, TypeVar

from google.protobuf.message import Message

from crossbook.alerts.channels.kind import HIDDEN, check_url, masked_url, restored_url
from crossbook.alerts.channels.targets import TargetPolicy
from crossbook.plumbing.errors import FieldViolation

C = TypeVar("C", bound=Message)
MAX_SECRET_CHARACTERS = 4096


class Sealed(Generic[C]):
    """Says by names of fields what is secret, and what a secret belongs to."""

    address: ClassVar[tuple[str, ...]] = ("url",)  # makes a destination
    masked: ClassVar[tuple[str, ...]] = ()  # addresses with a secret behind the host
    secrets: ClassVar[tuple[str, ...]] = ()
    bound_to: ClassVar[tuple[str, ...]] = ("url",)  # a stored secret goes nowhere else

    def redact(self, config: C) -> None:
        """Hides them, in place."""
        for name in self.masked:
            setattr(config, name, masked_url(getattr(config, name)))
        for name in self.secrets:
            if getattr(config, name):
                setattr(config, name, HIDDEN)

    def restore(self, config: C, stored: C | None, path: str) -> Iterator[FieldViolation]:
        """Puts back, in place, what came back hidden."""
        for name in self.masked:
            found, problem = restored_url(getattr(config, name), getattr(stored, name) if stored else None)
            setattr(config, name, found)
            if problem:
                yield FieldViolation(f"{path}.{name}", problem)
        is_same = stored is not None and all(getattr(stored, one) == getattr(config, one) for one in self.bound_to)
        for name in self.secrets:
            if getattr(config, name) != HIDDEN:
                continue
            if is_same and getattr(stored, name):
                setattr(config, name, getattr(stored, name))
            else:
                yield FieldViolation(f"{path}.{name}", "is redacted, and none is stored for this receiver")


def check_secrets(config: Any, names: tuple[str, ...], path: str) -> Iterator[FieldViolation]:
    """Each must be there, in a shape that a header or an address can bear."""
    for name in names:
        value = getattr(config, name)
        if (
            not value
            or len(value) > MAX_SECRET_CHARACTERS
            or not (value.isascii() and value.isprintable())
            or " " in value
        ):
            yield FieldViolation(
                f"{path}.{name}", f"must be 1 to {MAX_SECRET_CHARACTERS} printable characters, no blank"
            )


def check_base(url: str, path: str, policy: TargetPolicy) -> Iterator[FieldViolation]:
    """An address that may be left out, and behind which we put paths."""
    if not url:
        return
    yield from check_url(url, path, policy)
    if "?" in url or "#" in url:
        yield FieldViolation(f"{path}.url", "must be a plain base address, without ? and #")


def base_of(url: str, usual: str) -> str:
    """The one that is meant."""
    return (url or usual).rstrip("/")
