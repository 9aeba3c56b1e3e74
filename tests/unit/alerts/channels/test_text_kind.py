"""Parts one after the other: what is edited, what is put anew, and where a try goes on that ended halfway."""

from dataclasses import dataclass, field
from typing import Any

from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.outcome import Delivered, Failed, Limited, Outcome, Retry, Shown, Why
from crossbook.alerts.channels.parts import Form, characters, unchanged
from crossbook.alerts.channels.text import Text
from crossbook.alerts.channels.text_kind import Note, TextKind
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.messages import OPENED, REPEATED, UPDATED

NO_CONFIG: Any = None
NO_HTTP: Any = None


@dataclass
class Board(TextKind[pb.TelegramChannel]):
    """Parts by id, and what is said instead of taking the next ones."""

    can_edit: bool = True  # type: ignore[misc]
    form = Form(20, characters, str.upper, unchanged)
    parts: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    next: list[Outcome] = field(default_factory=list)

    def _said(self, call: str) -> Outcome:
        self.calls.append(call)
        return self.next.pop(0) if self.next else Delivered(200)

    async def put(self, config: Any, note: Note, http: Any) -> Outcome:
        said = self._said("put")
        if not isinstance(said, Delivered):
            return said
        identifier = str(len(self.calls))
        self.parts[identifier] = note.part.text
        return Delivered(200, identifier)

    async def edit(self, config: Any, identifier: str, note: Note, http: Any) -> Outcome:
        said = self._said(f"edit {identifier}")
        if identifier not in self.parts:
            return Failed("no such message", 400, Why.GONE)
        if isinstance(said, Delivered):
            self.parts[identifier] = note.part.text
        return said

    async def drop(self, config: Any, identifier: str, http: Any) -> Outcome:
        self.parts.pop(identifier, None)
        return self._said(f"drop {identifier}")


def errand(revision: int, *lines: str, kind: pb.AlertMessageKind.ValueType = OPENED, shown: Shown | None) -> Errand:
    return Errand(pb.AlertMessage(), Text("k", "title", lines, "", revision, kind), shown or Shown())


async def sent(board: Board, revision: int, *lines: str, shown: Shown | None = None, **more: Any) -> Outcome:
    return await board.send(NO_CONFIG, errand(revision, *lines, shown=shown, **more), NO_HTTP)


async def test_the_next_revision_edits_what_is_there() -> None:
    """Its ids are remembered with the outcome."""
    board = Board()
    first = await sent(board, 1, "one")
    assert first == Delivered(200, "1", shown=Shown(1, ("1",), True))
    second = await sent(board, 2, "two", kind=UPDATED, shown=first.shown)
    assert second.shown == Shown(2, ("1",), True)
    assert board.parts == {"1": "TITLE\ntwo"}


async def test_a_longer_one_puts_what_it_needs_and_a_shorter_one_takes_away_what_it_does_not() -> None:
    """A part an id."""
    board = Board()
    first = await sent(board, 1, "x" * 12)
    second = await sent(board, 2, "x" * 12, "y" * 12, "z" * 12, kind=UPDATED, shown=first.shown)
    assert list(board.parts.values()) == ["TITLE\n" + "x" * 12, "y" * 12, "z" * 12]
    await sent(board, 3, "x", kind=UPDATED, shown=second.shown)
    assert list(board.parts.values()) == ["TITLE\nx"]


async def test_what_is_repeated_is_put_anew() -> None:
    """An edit is noticed by nobody."""
    board = Board()
    first = await sent(board, 1, "one")
    second = await sent(board, 2, "one", kind=REPEATED, shown=first.shown)
    assert second.shown == Shown(2, ("2",), True)
    assert len(board.parts) == 2


async def test_what_was_taken_away_there_is_put_anew() -> None:
    """As when somebody deleted it."""
    board = Board()
    first = await sent(board, 1, "one")
    board.parts.clear()
    second = await sent(board, 2, "two", kind=UPDATED, shown=first.shown)
    assert second.shown == Shown(2, ("3",), True)


async def test_an_older_revision_never_takes_the_place_of_a_newer_one() -> None:
    """Nor is one that is there whole sent again."""
    board = Board()
    newest = await sent(board, 3, "three")
    for revision in (2, 3):
        assert await sent(board, revision, "two", kind=UPDATED, shown=newest.shown) == Delivered()
    assert board.calls == ["put"]


async def test_a_limit_between_two_parts_repeats_none_of_them() -> None:
    """Whether parts can be edited or not, the next try goes on where it ended."""
    for can_edit in (True, False):
        board = Board(can_edit=can_edit, next=[Delivered(), Limited("HTTP 429", 429, 3.0)])
        halted = await sent(board, 1, "x" * 12, "y" * 12)
        assert halted == Limited("HTTP 429", 429, 3.0, shown=Shown(1, ("1",), False))
        done = await sent(board, 1, "x" * 12, "y" * 12, shown=halted.shown)
        assert isinstance(done, Delivered)
        assert list(board.parts.values()) == ["TITLE\n" + "x" * 12, "y" * 12]


async def test_markup_that_is_refused_is_sent_as_plain_text() -> None:
    """Once: what is refused plain is refused."""
    board = Board(next=[Failed("can't parse", 400, Why.MARKUP)])
    assert isinstance(await sent(board, 1, "one"), Delivered)
    assert list(board.parts.values()) == ["title\none"]
    refused = Failed("can't parse", 400, Why.MARKUP)
    board = Board(next=[refused, refused])
    assert isinstance(await sent(board, 1, "one"), Failed)


async def test_what_cannot_be_edited_is_put_anew_for_each_revision() -> None:
    """A chat without edits shows all of them."""
    board = Board(can_edit=False)
    first = await sent(board, 1, "one")
    await sent(board, 2, "two", kind=UPDATED, shown=first.shown)
    assert list(board.parts.values()) == ["TITLE\none", "TITLE\ntwo"]


async def test_an_edit_that_may_work_later_keeps_the_id() -> None:
    """It is edited then."""
    board = Board()
    first = await sent(board, 1, "one")
    board.next = [Retry("HTTP 502", 502)]
    second = await sent(board, 2, "two", kind=UPDATED, shown=first.shown)
    assert second.shown == Shown(2, ("1",), False)
    await sent(board, 2, "two", kind=UPDATED, shown=second.shown)
    assert board.parts == {"1": "TITLE\ntwo"}
