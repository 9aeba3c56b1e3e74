"""How a try to deliver can end. The channel decides; the outbox acts on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delivered:
    """The other end took it."""

    http_status: int = 0


@dataclass(frozen=True, slots=True)
class Retry:
    """It may work later: not before `after_seconds`, when the other end said so. The reason holds no secret.

    One that is not counted takes none of the delivery's tries.
    """

    reason: str
    http_status: int = 0
    after_seconds: float | None = None
    is_counted: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """It will not work as it is: a person has to look. The reason holds no secret."""

    reason: str
    http_status: int = 0


@dataclass(frozen=True, slots=True)
class Limited:
    """The other end takes no more for now: nothing goes there before `after_seconds`. It was no try."""

    reason: str
    http_status: int
    after_seconds: float


Outcome = Delivered | Retry | Limited | Failed
