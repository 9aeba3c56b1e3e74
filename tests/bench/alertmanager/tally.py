"""What each side made of each dislocation: messages, first and last, what was lost, what was said twice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from crossbook.plumbing.timestamps import SECOND_NS
from tests.dislocations.run import LATE_NS, Planted

FIRST, MORE, END = "first", "more", "end"


@dataclass(frozen=True)
class Message:
    """As a receiver took it. `identity`: what is the same in two of them says the same."""

    at: float  # time.time()
    asset: str
    opened_ns: int
    kind: str
    identity: str


@dataclass
class Case:
    """A dislocation, and what was told of it by one side."""

    planted: Planted
    heard_at: float | None  # when the first event of it came
    messages: list[Message] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.messages]

    @property
    def again(self) -> int:
        """Messages that say what was said: a second beginning or end, or the same once more."""
        identities = [one.identity for one in self.messages]
        beginnings = max(0, self.kinds.count(FIRST) - 1) + max(0, self.kinds.count(END) - 1)
        return max(beginnings, len(identities) - len(set(identities)))

    @property
    def is_lost(self) -> bool:
        """Nobody has heard of it, though it was heard of."""
        return self.heard_at is not None and self.planted.must_be_told and not self.messages

    @property
    def stays_open(self) -> bool:
        """It was told, and never that it is over."""
        return bool(self.messages) and END not in self.kinds

    @property
    def first_seconds(self) -> float | None:
        """From its first event."""
        return self.messages[0].at - self.heard_at if self.messages and self.heard_at is not None else None

    @property
    def end_seconds(self) -> float | None:
        """From its end to when that was told."""
        ends = [one.at for one in self.messages if one.kind == END]
        return ends[0] - self.planted.to_ns / SECOND_NS if ends else None


def of_crossbook(at: float, body: Any, webhook_id: str) -> Message:
    """Each message has an id, by which a receiver knows one that comes again."""
    data = body["data"]
    group, kind = data["group"], body["type"].rpartition(".")[2]
    kinds = {"opened": FIRST, "closed": END}
    return Message(at, group["asset"], _ns(group["open_time"]), kinds.get(kind, MORE), webhook_id)


def of_alertmanager(at: float, body: Any, told: set[str]) -> Message:
    """`told`: groups of which something was told and not yet the end; it has no revisions and no ids."""
    alerts = body["alerts"]
    starts = max(_ns(one["startsAt"]) for one in alerts)
    identity = sorted(f"{one['fingerprint']} {one['status']} {one['startsAt']}" for one in alerts)
    if body["status"] == "resolved":
        kind = END
        told.discard(body["groupKey"])
    else:
        kind = MORE if body["groupKey"] in told else FIRST
        told.add(body["groupKey"])
    return Message(at, body["groupLabels"]["asset"], starts, kind, "|".join(identity))


def laid_out(planted: Sequence[Planted], opened: Iterable[tuple[float, str]], told: Iterable[Message]) -> list[Case]:
    """Each message with the dislocation that it is about; raises ValueError for one that is about none."""
    heard = list(opened)
    cases = [Case(one, _heard(one, heard)) for one in planted]
    for message in sorted(told, key=lambda one: one.at):
        meant = [
            case
            for case in cases
            if case.planted.asset == message.asset and case.planted.from_ns - LATE_NS <= message.opened_ns
        ]
        if not meant:
            raise ValueError(f"told of {message.asset}, where nothing was planted")
        meant[-1].messages.append(message)
    return cases


def lines(cases: dict[str, list[Case]]) -> list[str]:
    """A table, a column for each side."""
    sides = list(cases)
    rows: list[tuple[str, list[str]]] = [
        (
            "dislocations that came as events",
            [str(sum(one.heard_at is not None for one in cases[side])) for side in sides],
        ),
        ("messages", [str(sum(len(one.messages) for one in cases[side])) for side in sides]),
        ("first messages", [_count(cases[side], FIRST) for side in sides]),
        ("updates", [_count(cases[side], MORE) for side in sides]),
        ("ends", [_count(cases[side], END) for side in sides]),
        ("said again", [str(sum(one.again for one in cases[side])) for side in sides]),
        ("dislocations never told", [str(sum(one.is_lost for one in cases[side])) for side in sides]),
        ("told, and never that it is over", [str(sum(one.stays_open for one in cases[side])) for side in sides]),
        (
            "event to first message, median and most",
            [_times(one.first_seconds for one in cases[side]) for side in sides],
        ),
        ("end to its message, median and most", [_times(one.end_seconds for one in cases[side]) for side in sides]),
    ]
    head = f"| | {' | '.join(sides)} |"
    return [head, "|---" * (len(sides) + 1) + "|", *(f"| {name} | {' | '.join(values)} |" for name, values in rows)]


def details(cases: dict[str, list[Case]]) -> list[str]:
    """One line a dislocation: how long it was, and what each side said when, after its first event."""
    found = []
    for several in zip(*cases.values(), strict=True):
        one = several[0]
        said = "; ".join(
            f"{side}: {', '.join(_said(message, case) for message in case.messages) or 'nothing'}"
            for side, case in zip(cases, several, strict=True)
        )
        found.append(f"{one.planted.asset} {one.planted.length_ns / SECOND_NS:.1f} s: {said}")
    return found


def _said(message: Message, case: Case) -> str:
    since = case.heard_at if case.heard_at is not None else case.planted.from_ns / SECOND_NS
    return f"{message.kind} {message.at - since:.1f}"


def _heard(planted: Planted, opened: Sequence[tuple[float, str]]) -> float | None:
    from_at, to_at = (planted.from_ns - LATE_NS) / SECOND_NS, (planted.to_ns + LATE_NS) / SECOND_NS
    return next((at for at, asset in opened if asset == planted.asset and from_at <= at <= to_at), None)


def _count(cases: Iterable[Case], kind: str) -> str:
    return str(sum(one.kinds.count(kind) for one in cases))


def _times(found: Iterable[float | None]) -> str:
    known = [one for one in found if one is not None]
    return f"{median(known):.2f} s, {max(known):.2f} s" if known else "-"


def _ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * SECOND_NS)
