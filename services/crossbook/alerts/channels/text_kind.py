"""Kinds of channels that show text: a message in parts, put one after the other, edited where that can be.

What was taken is remembered with the outcome, also of a try that ended halfway: the next one goes on there, so that a
limit between two parts repeats none. Where markup is refused the same goes out as plain text.
"""

from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from google.protobuf.message import Message as Proto

from crossbook.alerts.channels.errand import Errand
from crossbook.alerts.channels.http_sender import HttpSender
from crossbook.alerts.channels.outcome import Delivered, Failed, Outcome, Shown, Why
from crossbook.alerts.channels.parts import Form, Part, parts_of, plain_form
from crossbook.alerts.channels.sealed import Sealed
from crossbook.alerts.channels.text import Text
from crossbook.pb.v1 import alerts_pb2 as pb

C = TypeVar("C", bound=Proto)
TAKEN = "-"  # the id of a part that was given none


@dataclass(frozen=True, slots=True)
class Note:
    """One part on its way."""

    text: Text
    part: Part
    index: int
    is_plain: bool
    is_last: bool

    @property
    def ack_url(self) -> str:
        """For a button, which only the last part has."""
        return self.text.ack_url if self.is_last else ""


class TextKind(Sealed[C]):
    """A subclass says how one part is put, and, if it can, how it is edited and taken away."""

    form: ClassVar[Form]
    can_edit: ClassVar[bool] = False
    digests: ClassVar[bool] = True

    async def put(self, config: C, note: Note, http: HttpSender) -> Outcome:
        """A new part."""
        raise NotImplementedError

    async def edit(self, config: C, identifier: str, note: Note, http: HttpSender) -> Outcome:
        """Changes a part that is there; Failed with Why.GONE where it is not."""
        raise NotImplementedError

    async def drop(self, config: C, identifier: str, http: HttpSender) -> Outcome:
        """Takes a part away that the newer message does not need."""
        raise NotImplementedError

    async def send(self, config: C, errand: Errand, http: HttpSender) -> Outcome:
        """All parts."""
        text, shown = errand.text, errand.shown
        if shown.revision > text.revision or (shown.revision == text.revision and shown.is_whole):
            return Delivered()  # a newer one is there, or this very one
        outcome = await self._show(config, text, self.form, shown, http, is_plain=False)
        if isinstance(outcome, Failed) and outcome.why is Why.MARKUP:
            shown = outcome.shown or shown
            outcome = await self._show(config, text, plain_form(self.form), shown, http, is_plain=True)
        return outcome

    async def _show(
        self, config: C, text: Text, form: Form, shown: Shown, http: HttpSender, *, is_plain: bool
    ) -> Outcome:
        parts = parts_of(text, form)
        is_begun = shown.revision == text.revision
        is_edited = self.can_edit and (is_begun or text.kind != pb.ALERT_MESSAGE_KIND_REPEATED)
        ids = list(shown.ids) if is_edited or is_begun else []
        outcome: Outcome = Delivered()
        for index, part in enumerate(parts):
            note = Note(text, part, index, is_plain, index == len(parts) - 1)
            outcome = await self._show_part(config, note, ids, http, is_edited=is_edited)
            if not isinstance(outcome, Delivered):
                return replace(outcome, shown=Shown(text.revision, tuple(ids), False))
        for identifier in ids[len(parts) :] if is_edited else ():
            await self.drop(config, identifier, http)
        return replace(outcome, shown=Shown(text.revision, tuple(ids[: len(parts)]), True))

    async def _show_part(self, config: C, note: Note, ids: list[str], http: HttpSender, *, is_edited: bool) -> Outcome:
        """Once; what it is known by then stands in `ids`."""
        if note.index < len(ids):
            if not is_edited:
                return Delivered()
            outcome = await self.edit(config, ids[note.index], note, http) if ids[note.index] != TAKEN else _gone()
            if not (isinstance(outcome, Failed) and outcome.why is Why.GONE):
                return outcome
        outcome = await self.put(config, note, http)
        if isinstance(outcome, Delivered):
            ids[note.index :] = [outcome.id or TAKEN, *ids[note.index + 1 :]]
        return outcome


def _gone() -> Failed:
    return Failed("it was given no id", why=Why.GONE)
