"""Cuts a message into parts that a channel takes, at safe places, in its markup.

A part ends between lines. A line that is too long alone is cut behind a blank, and where there is none between
characters as readers see them: never within an escape or a tag, for what is cut is the text before its markup.
"""

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain

from crossbook.alerts.channels.text import Text

MAX_PARTS = 8
LEFT_OUT = "… more is left out"
JOINERS = {"\u200d", "\ufe0e", "\ufe0f", "\u20e3"}
BACKWARDS = 0.25  # of a piece that may be given up for a blank


@dataclass(frozen=True, slots=True)
class Form:
    """A channel's limit, what it counts, and its markup of a title and of a line, with all that is in them escaped."""

    most: int
    measure: Callable[[str], int]
    title: Callable[[str], str]
    line: Callable[[str], str]
    has_title: bool = True  # within the text

    def dress(self, text: str, is_title: bool) -> str:
        """With its markup."""
        return self.title(text) if is_title else self.line(text)


@dataclass(frozen=True, slots=True)
class Part:
    """A part in markup, and as plain text."""

    text: str
    plain: str


def characters(text: str) -> int:
    """What most services count."""
    return len(text)


def utf16_units(text: str) -> int:
    """What Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """What limits of bytes count."""
    return len(text.encode("utf-8", "surrogatepass"))


def unchanged(text: str) -> str:
    """For text without markup."""
    return text


def plain_form(form: Form) -> Form:
    """The same limit without markup."""
    return Form(form.most, form.measure, unchanged, unchanged, form.has_title)


Row = tuple[str, bool]
"""A piece of text, and whether it is of the title."""


def parts_of(text: Text, form: Form) -> list[Part]:
    """In order; MAX_PARTS at most, of which the last says when there is more. Never empty."""
    title: list[Row] = [(text.title, True)] if form.has_title else []
    packed = _packed([*title, *((line, False) for line in text.lines)], form)
    if len(packed) > MAX_PARTS:
        packed = [*packed[: MAX_PARTS - 1], _shortened(packed[MAX_PARTS - 1], form)]
    return [_part(rows, form) for rows in packed]


def _part(rows: list[Row], form: Form) -> Part:
    return Part("\n".join(form.dress(*row) for row in rows), "\n".join(text for text, _ in rows))


def _packed(rows: list[Row], form: Form) -> list[list[Row]]:
    """As many rows a part as go into it."""
    packed: list[list[Row]] = [[]]
    size = 0
    for piece in chain.from_iterable(_pieces(row, form) for row in rows):
        measured = form.measure(form.dress(*piece))
        if packed[-1] and size + 1 + measured > form.most:
            packed.append([])
            size = 0
        size += measured + bool(packed[-1])
        packed[-1].append(piece)
    return packed


def _shortened(rows: list[Row], form: Form) -> list[Row]:
    rest = list(rows)
    while rest and form.measure(_part([*rest, (LEFT_OUT, False)], form).text) > form.most:
        rest.pop()
    return [*rest, (LEFT_OUT, False)]


def _pieces(row: Row, form: Form) -> Iterator[Row]:
    """A row alone, in pieces of which each goes into a part."""
    text, is_title = row
    while form.measure(form.dress(text, is_title)) > form.most:
        end = _safe(text, _longest(text, lambda piece: form.measure(form.dress(piece, is_title)) <= form.most))
        yield text[:end].rstrip(), is_title
        text = text[end:].lstrip()
    yield text, is_title


def _longest(text: str, fits: Callable[[str], bool]) -> int:
    """How many of its characters fit; at least one is taken, so that it ends."""
    least, most = 1, len(text)
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if fits(text[:middle]) else (least, middle - 1)
    return least


def _safe(text: str, end: int) -> int:
    """The last place up to `end` at which a reader would not mind a cut."""
    blank = text.rfind(" ", 0, end + 1)
    if blank > end * (1 - BACKWARDS):
        return blank
    place = end
    while place > 1 and place < len(text) and _is_joined(text[place - 1], text[place]):
        place -= 1
    return place if place > 1 else end


def _is_joined(before: str, after: str) -> bool:
    """Whether both are of one character as a reader sees it."""
    is_mark = unicodedata.combining(after) or after in JOINERS or "\U0001f3fb" <= after <= "\U0001f3ff"
    is_flag = "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff"
    return bool(is_mark) or before == "\u200d" or is_flag


def cut(text: str, most: int, measure: Callable[[str], int] = characters) -> str:
    """Its beginning, with an ellipsis where something is missing."""
    if measure(text) <= most:
        return text
    end = _longest(text, lambda piece: measure(f"{piece}…") <= most)
    return f"{text[: _safe(text, end)]}…"
