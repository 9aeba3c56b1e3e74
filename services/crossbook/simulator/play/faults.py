"""The language in which faults are ordered: what breaks, on which venue, when, and for how long.

A specification is read as a whole; the first thing that is wrong in it is reported together with the grammar.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from crossbook.plumbing.errors import CrossbookError

GRAMMAR = """FAULT[,FAULT...] with FAULT = VENUE[/ASSET]:KIND@START[+DURATION][ xCOUNT][=VALUE]
  START, DURATION: 500ms, 20s, 2m; START counts from the simulator's start (or from now, when asked at run time)
  kinds (default):  drop, duplicate, reorder, corrupt   spoil COUNT (1; corrupt 5) depth frames, or all during DURATION
                    corrupt=garbled|truncated|types|nan|negative   only that way; by default each in turn
                    freeze (+5s)      nothing new of the asset; without an asset the whole socket is mute
                    cut               drop the connections, of the asset's subscribers or all
                    refuse (+5s)      refuse new connections and requests
                    429=SECONDS (+5s) answer them 429 with Retry-After SECONDS (2)
                    clock=SHIFT (+10s)   shift exchange times by SHIFT (-3s)
                    slow=DELAY (+10s)    hold all frames back by DELAY (500ms)
                    oversize          send a frame of 10 MB
                    delist (+30s)     the asset's market is gone, from the list too; afterwards it is listed again
                    halt (+30s)       the asset does not trade: its book stands, its status and the list say so
                    forget            drop the subscriptions of the asset, or all, without a word
                    nosnapshot (+60s) acknowledge without an initial snapshot
  example: VENUE:cut@20s,VENUE/BTC:freeze@30s+5s,VENUE:corrupt@40s,VENUE/ETH:drop@50s x3"""

CORRUPTION_KINDS = ("garbled", "truncated", "types", "nan", "negative")
FRAME_KINDS = ("drop", "duplicate", "reorder", "corrupt")
_DEFAULT_SECONDS = {
    "freeze": 5.0,
    "refuse": 5.0,
    "429": 5.0,
    "clock": 10.0,
    "slow": 10.0,
    "nosnapshot": 60.0,
    "delist": 30.0,
    "halt": 30.0,
}
_DEFAULT_VALUES = {"clock": "-3s", "slow": "500ms", "429": "2"}
_ONCE = ("cut", "oversize", "forget")
KINDS = (*FRAME_KINDS, *_DEFAULT_SECONDS, *_ONCE)
_NEEDS_ASSET = ("delist", "halt")
_WITH_ASSET = (*FRAME_KINDS, *_NEEDS_ASSET, "freeze", "cut", "forget")
_FAULT = re.compile(
    r"(?P<venue>[^/:@]+)(?:/(?P<asset>[^:@]+))?:(?P<kind>[a-z0-9]+)@(?P<start>[^+\s=]+)"
    r"(?:\+(?P<duration>[^\s=]+))?(?:\s*x(?P<count>[^\s=]+))?(?:=(?P<value>\S+))?"
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TIME = re.compile(r"(-?\d+(?:\.\d+)?)(ms|s|m)")


class FaultSpecError(CrossbookError):
    """The specification does not read: correct it as the message says."""

    def __init__(self, complaint: str) -> None:
        super().__init__(f"bad fault specification: {complaint}\n{GRAMMAR}")


@dataclass(frozen=True, slots=True)
class Fault:
    """One order. count is None when the fault lasts for its duration instead."""

    text: str
    venue: str
    asset: str | None
    kind: str
    start_seconds: float
    duration_seconds: float | None
    count: int | None
    value: str | None

    @property
    def seconds(self) -> float:
        """The value, where it is a time."""
        return parse_seconds(self.value or "", self.text)


def parse_faults(spec: str, venues: Collection[str], assets: Collection[str]) -> list[Fault]:
    """Raises FaultSpecError. An empty specification is no fault."""
    return [_parse(item.strip(), venues, assets) for item in spec.split(",") if item.strip()]


def parse_seconds(text: str, where: str) -> float:
    """A time with its unit."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise FaultSpecError(f"{where!r}: {text!r} is not a time such as 500ms, 20s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def _parse(item: str, venues: Collection[str], assets: Collection[str]) -> Fault:
    match = _FAULT.fullmatch(item)
    if match is None:
        raise FaultSpecError(f"{item!r} does not look like VENUE:KIND@START")
    venue, asset, kind = match["venue"], match["asset"], match["kind"]
    _require(venue in venues, item, f"unknown venue {venue!r}, known: {', '.join(sorted(venues))}")
    _require(asset is None or asset in assets, item, f"unknown asset {asset!r}")
    _require(kind in KINDS, item, f"unknown kind {kind!r}, known: {', '.join(KINDS)}")
    _require(asset is None or kind in _WITH_ASSET, item, f"{kind} concerns the whole venue, not an asset")
    _require(asset is not None or kind not in _NEEDS_ASSET, item, f"{kind} concerns one asset: name it")
    start = _not_negative(match["start"], item)
    duration, count = _extent(kind, match["duration"], match["count"], item)
    value = match["value"] or _DEFAULT_VALUES.get(kind)
    _check_value(kind, value, item)
    return Fault(item, venue, asset, kind, start, duration, count, value)


def _extent(kind: str, duration: str | None, count: str | None, item: str) -> tuple[float | None, int | None]:
    _require(count is None or kind in FRAME_KINDS, item, f"{kind} has no count")
    _require(duration is None or kind not in _ONCE, item, f"{kind} happens once and has no duration")
    _require(count is None or duration is None, item, "give a duration or a count, not both")
    _require(count is None or (count.isascii() and count.isdecimal() and int(count) > 0), item, f"bad count x{count}")
    if duration is not None:
        return _not_negative(duration, item), None
    if kind in FRAME_KINDS:
        return None, int(count) if count else len(CORRUPTION_KINDS) if kind == "corrupt" else 1
    return _DEFAULT_SECONDS.get(kind), None


def _check_value(kind: str, value: str | None, item: str) -> None:
    if kind == "clock":
        parse_seconds(value or "", item)
    elif kind == "slow":
        _not_negative(value or "", item)
    elif kind == "429":
        _require(bool(value and value.isdecimal()), item, f"Retry-After {value!r} is not a number of seconds")
    elif kind == "corrupt":
        _require(value is None or value in CORRUPTION_KINDS, item, f"unknown corruption {value!r}")
    else:
        _require(value is None, item, f"{kind} takes no value")


def _not_negative(text: str, item: str) -> float:
    seconds = parse_seconds(text, item)
    _require(seconds >= 0, item, f"{text} is negative")
    return seconds


def _require(holds: bool, item: str, complaint: str) -> None:
    if not holds:
        raise FaultSpecError(f"{item!r}: {complaint}")
