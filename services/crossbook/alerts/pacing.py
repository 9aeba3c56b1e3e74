"""How much may go to a destination now: its token bucket, its breaker, and whether its queue has become a digest.

A bucket is full at a time that each message moves on by its kind's spacing (GCRA); how far that lies ahead says how
many tokens are left. Postgres keeps it for all replicas. A destination that tries in a row did not reach is paused for
longer and longer, and then gets one thing at a time until one arrives. Kinds for people get one thing at a time anyway,
in the order in which it was made; where more is due than can be read, all of it as one message, for one token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossbook.alerts.channels.registry import is_keyed, pace_of, takes_digests

PLACES_EACH = 4  # of one destination
DIGEST_FROM = 10  # that are due
DIGEST_MOST = 200
TRIPPED_FROM = 5  # tries in a row
TRIP_CAP_SECONDS = 900.0
EXPIRED_FROM = 8  # tries in a row: what has had its time is given up with the one that was tried


@dataclass(frozen=True, slots=True)
class Waiting:
    """A destination that has anything to send: in how long its bucket is full, and what is due, DIGEST_FROM at most."""

    destination: str
    ahead_seconds: float
    failures: int
    due: int
    is_busy: bool  # something is on its way there, from any replica


@dataclass(frozen=True, slots=True)
class Room:
    """What may be taken of a destination; each costs `spacing_seconds` of its bucket, a digest costs that once."""

    most: int
    is_digest: bool = False
    is_keyed: bool = False  # of one key only the newest goes out, and one at a time
    spacing_seconds: float = 0.0


def plan(waiting: Sequence[Waiting], taken: Mapping[str, int], free: int) -> dict[str, Room]:
    """By destination, those that have any room; `taken` are the places in use, `free` those of all."""
    rooms: dict[str, Room] = {}
    for one in waiting:
        room = _room(one, min(free, PLACES_EACH - taken.get(one.destination, 0)))
        if room.most > 0:
            rooms[one.destination] = room
            free -= 1 if room.is_digest else room.most
    return rooms


def trip_seconds(failures: int) -> float:
    """How long a destination is left alone after so many failures in a row."""
    return min(TRIP_CAP_SECONDS, 2.0 ** min(failures - TRIPPED_FROM, 32)) if failures >= TRIPPED_FROM else 0.0


def _room(one: Waiting, places: int) -> Room:
    kind = one.destination.partition(":")[0]
    pace, keyed = pace_of(kind), is_keyed(kind)
    if one.failures >= TRIPPED_FROM:
        places -= PLACES_EACH - 1
    if keyed:  # people read in order: one thing at a time, from whichever replica
        places = 0 if one.is_busy else min(places, 1)
    if pace is None:
        return Room(places, is_keyed=keyed)
    tokens = int(pace.burst - one.ahead_seconds / pace.spacing_seconds + 1e-9)
    if one.due >= DIGEST_FROM and takes_digests(kind):
        return Room(DIGEST_MOST if min(places, tokens) > 0 else 0, True, keyed, pace.spacing_seconds)
    return Room(min(places, tokens), False, keyed, pace.spacing_seconds)
