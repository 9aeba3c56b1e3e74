"""Scores detected opportunities against the ground truth: what was found, missed, and seen though it was not there.

An opportunity is true when it opened while an episode of its asset ran (give or take the latency of detection), and
buys on one of the episode's cheap venues or sells on one of its rich ones. Where a fault touched a leg, stale prices
may outlive the episode, until the fault's end; and an episode all of whose pairs were touched need not be found.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Clocks of one machine agree, but an opening may be dated from the quote that caused it.
from crossbook.plumbing.timestamps import SECOND_NS

_EARLY_NS = 50_000_000


@dataclass(frozen=True, slots=True)
class Detected:
    """One opportunity from its opening to its close; close_ns is None while it is open."""

    asset: str
    buy_venue: str
    sell_venue: str
    open_ns: int
    close_ns: int | None = None


@dataclass(slots=True)
class _Fault:
    venue: str
    asset: str | None
    start_ns: int
    end_ns: float

    def touches(self, venue: str, asset: str, from_ns: float, to_ns: float) -> bool:
        is_meant = self.venue == venue and self.asset in (None, asset)
        return is_meant and self.start_ns <= to_ns and from_ns <= self.end_ns


@dataclass(slots=True)
class _Episode:
    id: str
    asset: str
    cheap: list[str]
    rich: list[str]
    start_ns: int
    end_ns: int
    relays: Mapping[str, str]

    def explains_legs(self, buy_venue: str, sell_venue: str) -> bool:
        """A relay is as cheap and as rich as the venue whose books it shows."""
        buy, sell = (self.relays.get(venue, venue) for venue in (buy_venue, sell_venue))
        return buy in self.cheap or sell in self.rich


@dataclass(slots=True)
class Score:
    """The verdict. planted counts episodes longer than the limit, the excused ones left out."""

    planted: int = 0
    detected: int = 0
    missed: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    false: list[Detected] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)

    @property
    def is_perfect(self) -> bool:
        """Everything found and nothing invented."""
        return not self.missed and not self.false


def read_truth(path: Path) -> list[dict[str, Any]]:
    """The lines of a truth file; a last line that a kill has torn is left out."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            break
    return records


def score(
    truth: Iterable[Mapping[str, Any]],
    opportunities: Sequence[Detected],
    *,
    venues: Collection[str] | None = None,
    assets: Collection[str] | None = None,
    min_seconds: float = 1.0,
    latency_seconds: float = 1.0,
    recovery_seconds: float = 15.0,
) -> Score:
    """Compares; venues and assets are what was tracked, None or nothing meaning everything that was simulated."""
    venues, assets = venues or None, assets or None
    episodes, faults = _read(truth, int(recovery_seconds * SECOND_NS))
    latency_ns = int(latency_seconds * SECOND_NS)
    result = Score()
    for opportunity in opportunities:
        if not any(_explains(episode, opportunity, faults, latency_ns) for episode in episodes):
            result.false.append(opportunity)
    for episode in episodes:
        is_long = episode.end_ns - episode.start_ns > min_seconds * SECOND_NS
        if is_long and (assets is None or episode.asset in assets):
            _judge(episode, _pairs(episode, venues), opportunities, faults, latency_ns, result)
    return result


def _judge(
    episode: _Episode,
    pairs: list[tuple[str, str]],
    opportunities: Sequence[Detected],
    faults: list[_Fault],
    latency_ns: int,
    result: Score,
) -> None:
    found = [o.open_ns for o in opportunities if _explains(episode, o, [], latency_ns)]
    if not pairs:
        return
    if not found and all(_is_touched(pair, episode, faults) for pair in pairs):
        result.excused.append(episode.id)
        return
    result.planted += 1
    if found:
        result.detected += 1
        result.delays_ms.append((min(found) - episode.start_ns) / 1e6)
    else:
        result.missed.append(episode.id)


def _pairs(episode: _Episode, venues: Collection[str] | None) -> list[tuple[str, str]]:
    """Where the episode could be seen: (cheap, rich) pairs of tracked venues."""
    cheap = [venue for venue in episode.cheap if venues is None or venue in venues]
    return [(low, high) for low in cheap for high in episode.rich if venues is None or high in venues]


def _is_touched(pair: tuple[str, str], episode: _Episode, faults: list[_Fault]) -> bool:
    return any(f.touches(venue, episode.asset, episode.start_ns, episode.end_ns) for f in faults for venue in pair)


def _explains(episode: _Episode, opportunity: Detected, faults: list[_Fault], latency_ns: int) -> bool:
    if episode.asset != opportunity.asset:
        return False
    if not episode.explains_legs(opportunity.buy_venue, opportunity.sell_venue):
        return False
    legs = (opportunity.buy_venue, opportunity.sell_venue)
    stale = [f.end_ns for f in faults for v in legs if f.touches(v, episode.asset, episode.start_ns, episode.end_ns)]
    last_ns = max([episode.end_ns, *stale]) + latency_ns
    return episode.start_ns - _EARLY_NS <= opportunity.open_ns <= last_ns


def _read(truth: Iterable[Mapping[str, Any]], recovery_ns: int) -> tuple[list[_Episode], list[_Fault]]:
    """Episodes and faults; a fault's end includes the time that recovery from it may take."""
    episodes: dict[str, _Episode] = {}
    faults: dict[str, _Fault] = {}
    relays: dict[str, str] = {}
    for line in truth:
        kind, at_ns = line["kind"], line["at_ns"]
        if kind == "simulator_started":
            relays.update(line.get("relays", {}))
        elif kind == "episode_started":
            key, end_ns = line["id"], line["planned_end_ns"]
            episodes[key] = _Episode(key, line["asset"], line["cheap"], line["rich"], at_ns, end_ns, relays)
        elif kind == "episode_ended":
            episodes[line["id"]].end_ns = at_ns
        elif kind == "fault_started":
            faults[line["id"]] = _Fault(line["venue"], line["asset"], at_ns, float("inf"))
        elif kind == "fault_ended":
            faults[line["id"]].end_ns = at_ns + recovery_ns
    return list(episodes.values()), list(faults.values())
