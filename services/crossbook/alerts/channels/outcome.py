"""How a try to deliver can end. The channel decides; the outbox acts on it.

Each may say what of the message stands at the other end since: `shown`, part by part, None where that has not changed.
"""

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands at the other end of a message that has a key: its parts' ids there, of the revision that they show.

    Where parts cannot be edited an id is only a mark that the part was taken. `is_whole` once all parts were.
    """

    revision: int = 0
    ids: tuple[str, ...] = ()
    is_whole: bool = False


class Why(enum.Enum):
    """What made a failure that the channel itself can answer."""

    OTHER = enum.auto()
    MARKUP = enum.auto()  # plain text may be taken
    GONE = enum.auto()  # the message that was to be changed is not there any more


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other end took it, and gave it `id` if it gives any. Nothing more should go there for `rest_seconds`."""

    http_status: int = 0
    id: str = ""
    rest_seconds: float = 0.0
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """It may work later: not before `after_seconds`, when the other end said so. The reason holds no secret.

    One that is not counted takes none of the delivery's tries.
    """

    reason: str
    http_status: int = 0
    after_seconds: float | None = None
    is_counted: bool = True
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not work as it is: a person has to look. The reason holds no secret."""

    reason: str
    http_status: int = 0
    why: Why = Why.OTHER
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class Limited:
    """The other end takes no more for now: nothing goes there before `after_seconds`. It was no try.

    One of the whole service, such as Discord's global bucket, holds for every destination of the kind.
    """

    reason: str
    http_status: int
    after_seconds: float
    is_of_kind: bool = False
    shown: Shown | None = None


Outcome = Delivered | Retry | Limited | Failed
