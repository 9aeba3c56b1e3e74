"""Text that came from outside: a venue's words, a peer's reason. Whoever may write it may also be hostile.

It is printable and bounded from the moment that it enters, so that no terminal, log or view ever sees it raw. What
speaks with the outside makes it and hands nothing else on; a test forbids the raw ways.
"""

from typing import Self

MAX_CHARACTERS = 200


class OutsideText(str):
    """Made by `of`, or `read` where it came as bytes; otherwise a string like any other."""

    __slots__ = ()

    @classmethod
    def of(cls, raw: object, limit: int = MAX_CHARACTERS) -> Self:
        """At most `limit` characters of it; what cannot be printed is written out, and runs of blanks are one."""
        text = str(raw)
        return cls._bounded(" ".join(text[: 4 * limit].split()), limit, is_cut=len(text) > 4 * limit)

    @classmethod
    def row(cls, raw: object, limit: int = MAX_CHARACTERS) -> Self:
        """The same of a line in columns: its blanks stay."""
        text = str(raw)
        return cls._bounded(text[: 4 * limit], limit, is_cut=len(text) > 4 * limit)

    @classmethod
    def _bounded(cls, text: str, limit: int, *, is_cut: bool) -> Self:
        shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
        return cls(f"{shown[: limit - 3]}..." if is_cut or len(shown) > limit else shown)

    @classmethod
    def read(cls, raw: bytes, limit: int = MAX_CHARACTERS) -> Self:
        """The same of bytes, whatever they are."""
        return cls.of(raw[: 4 * limit].decode(errors="replace"), limit)
