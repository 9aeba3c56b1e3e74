"""What a row of the bench is: its name, what it means, which way is better, what stands beside it, and its targets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

Figures = Mapping[str, float]  # by the row's key


class Kind(StrEnum):
    """What a target limits. A ratio is "times better": above 1 ours is better."""

    AT_MOST = "<="
    AT_LEAST = ">="
    TIMES_BETTER = "times better"
    TIMES_WORSE = "times worse"


@dataclass(frozen=True, slots=True)
class Target:
    """One limit, of the figure or of its ratio; TIMES_WORSE is for floors, which nothing can beat."""

    kind: Kind
    limit: float

    @property
    def is_of_ratio(self) -> bool:
        """Whether it is about what stands beside the row, and not about its figure."""
        return self.kind in (Kind.TIMES_BETTER, Kind.TIMES_WORSE)

    def text(self, unit: str) -> str:
        """As a reader wants it: `<= 5 ns`, `at least 25x better`, `at most 1.6x worse`."""
        if self.kind is Kind.TIMES_BETTER:
            return f"at least {self.limit:g}x better"
        if self.kind is Kind.TIMES_WORSE:
            return f"at most {self.limit:g}x worse"
        return f"{self.kind} {self.limit:,.10g} {unit}"

    def is_met(self, figure: float, ratio: float | None) -> bool:
        """A ratio that was not measured meets nothing."""
        match self.kind:
            case Kind.AT_MOST:
                return figure <= self.limit
            case Kind.AT_LEAST:
                return figure >= self.limit
            case Kind.TIMES_BETTER:
                return ratio is not None and ratio >= self.limit
            case Kind.TIMES_WORSE:
                return ratio is not None and ratio * self.limit >= 1


def at_most(limit: float) -> Target:
    """Of the figure."""
    return Target(Kind.AT_MOST, limit)


def at_least(limit: float) -> Target:
    """Of the figure."""
    return Target(Kind.AT_LEAST, limit)


def times_better(limit: float) -> Target:
    """Than what stands beside it, at least."""
    return Target(Kind.TIMES_BETTER, limit)


def times_worse(limit: float) -> Target:
    """Than the floor that stands beside it, at most."""
    return Target(Kind.TIMES_WORSE, limit)


@dataclass(frozen=True, slots=True)
class Row:
    """`explains` is one line; `beside` names what is measured in turn with it, and is empty where nothing is."""

    key: str
    unit: str
    explains: str
    is_higher_better: bool = False
    beside: str = ""
    targets: tuple[Target, ...] = ()

    @property
    def direction(self) -> str:
        """In words."""
        return "higher is better" if self.is_higher_better else "lower is better"


class UnknownRowsError(Exception):
    """A pattern matches no row: correct it, or leave it out to run all."""


def chosen(rows: Iterable[Row], patterns: Sequence[str]) -> list[Row]:
    """The rows that any pattern matches (`stage_*`), in their own order; all without a pattern.

    Raises UnknownRowsError for a pattern that matches none.
    """
    rows = list(rows)
    for pattern in patterns:
        if not any(fnmatchcase(row.key, pattern) for row in rows):
            raise UnknownRowsError(f"no row is named {pattern!r}; known: {', '.join(row.key for row in rows)}")
    return [row for row in rows if not patterns or any(fnmatchcase(row.key, pattern) for pattern in patterns)]
