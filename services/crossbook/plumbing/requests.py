"""What any request may hold, checked in one way and told in one set of words: names, venues, times.

Every wrong field is named. A check gives the violations that it finds, for the caller to add to others; `refuse` raises
them all at once.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from google.protobuf.timestamp_pb2 import Timestamp

from crossbook._core import venue_profiles
from crossbook.plumbing.errors import FieldViolation, InvalidRequestError
from crossbook.plumbing.timestamps import SECOND_NS, from_timestamp

MAX_NAMES = 10_000  # of one list: as many instruments as there are
MAX_NAME_CHARACTERS = 100
SHOWN_CHARACTERS = 40  # of a name that is wrong
NOT_A_NAME = f"must be 1 to {MAX_NAME_CHARACTERS} printable characters, with no space around them"
KNOWN_VENUES = frozenset(profile.id for profile in venue_profiles())
# What both Timestamp and datetime can say: years 1 to 9999.
MIN_SECONDS = -62_135_596_800
MAX_SECONDS = 253_402_300_799

T = TypeVar("T")


class Ranged(Protocol):
    """A request with a range of times, either end of which may be left open."""

    @property
    def from_time(self) -> Timestamp: ...
    @property
    def to_time(self) -> Timestamp: ...


def is_name(name: str) -> bool:
    """Whether it can be the name of a symbol, an asset or a venue."""
    return 0 < len(name) <= MAX_NAME_CHARACTERS and name.isprintable() and name == name.strip()


def check_length(field: str, names: Sequence[str], most: int = MAX_NAMES) -> Iterator[FieldViolation]:
    """A list that would take long to look up."""
    if len(names) > most:
        yield FieldViolation(field, f"must not hold more than {most} names")


def check_names(field: str, names: Sequence[str], most: int = MAX_NAMES) -> Iterator[FieldViolation]:
    """Of symbols or assets, which nobody knows beforehand. Of a list that is too long nothing else is told."""
    yield from check_length(field, names, most)
    for index, name in enumerate(names if len(names) <= most else ()):
        if not is_name(name):
            yield FieldViolation(f"{field}[{index}]", NOT_A_NAME)


def check_venues(
    field: str, venues: Sequence[str], seen: Callable[[], Container[str]], most: int = MAX_NAMES
) -> Iterator[FieldViolation]:
    """A misspelt name would silently match nothing. A venue that is not built in is known once it is `seen`."""
    yield from check_length(field, venues, most)
    for index, venue in enumerate(venues if len(venues) <= most else ()):
        yield from check_venue(f"{field}[{index}]", venue, seen)


def check_venue(field: str, venue: str, seen: Callable[[], Container[str]]) -> Iterator[FieldViolation]:
    """One of them."""
    if venue not in KNOWN_VENUES and venue not in seen():
        known = ", ".join(sorted(KNOWN_VENUES))
        yield FieldViolation(field, f"{venue[:SHOWN_CHARACTERS]!r} is not a known venue: {known}")


def check_range(request: Ranged) -> Iterator[FieldViolation]:
    """from_time and to_time: each a time, and in their order where both are given."""
    for field, moment in (("from_time", request.from_time), ("to_time", request.to_time)):
        if not (MIN_SECONDS <= moment.seconds <= MAX_SECONDS and 0 <= moment.nanos < SECOND_NS):
            yield FieldViolation(field, "must be a time of the years 1 to 9999")
    has_both = request.HasField("from_time") and request.HasField("to_time")  # type: ignore[attr-defined]
    if has_both and from_timestamp(request.from_time) > from_timestamp(request.to_time):
        yield FieldViolation("from_time", "must not be after to_time")


def collect(violations: list[FieldViolation], parse: Callable[[], T]) -> T | None:
    """What `parse` gives; what it refuses is added to the violations."""
    try:
        return parse()
    except InvalidRequestError as error:
        violations.extend(error.violations)
        return None


def refuse(violations: Iterable[FieldViolation]) -> None:
    """Raises InvalidRequestError if there is any."""
    found = list(violations)
    if found:
        raise InvalidRequestError(found)
