"""Planted episodes: when an asset is cheap on some venues and rich on others, drawn from a seed before it happens.

Every pair (cheap, rich) of an episode pays at least MIN_NET_PERCENT after the round trip of both venues' taker fees.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TICKS_PER_SECOND = 100
MIN_NET_PERCENT = 0.20
MAX_NET_PERCENT = 0.42
REST_SECONDS = 3.0  # at least so long between two episodes of one asset
LAST_SECONDS = 3.0  # no episode may reach into the end, when it is known


@dataclass(frozen=True, slots=True)
class Episode:
    """Ticks count from the moment the world is armed; shift_percent is what a venue's mid is moved by."""

    id: str
    asset: str
    cheap: tuple[str, ...]
    rich: tuple[str, ...]
    gross_percent: float
    start_tick: int
    end_tick: int
    shift_percent: Mapping[str, float]


class EpisodePlan:
    """Draws episodes one after the other, in the order of their start."""

    def __init__(
        self,
        seed: int,
        assets: Sequence[str],
        fee_percent: Mapping[str, float],
        *,
        interval_seconds: float = 4.0,
        quiet_seconds: float = 10.0,
        duration_seconds: float | None = None,
        dislocated_venue: str = "",
    ) -> None:
        self._rng = random.Random(f"{seed}:plan")
        self._assets = list(assets)
        self._fees = dict(fee_percent)
        self._interval_seconds = interval_seconds
        self._dislocated_venue = dislocated_venue
        self._end_seconds = None if duration_seconds is None else duration_seconds - LAST_SECONDS
        self._clock_seconds = quiet_seconds
        self._rested: dict[str, float] = {}  # when an asset may be used again
        self._count = 0
        self._next = self._draw()

    def take_due(self, tick: int) -> list[Episode]:
        """Episodes whose start has come."""
        due = []
        while self._next is not None and self._next.start_tick <= tick:
            due.append(self._next)
            self._next = self._draw()
        return due

    def _draw(self) -> Episode | None:
        if len(self._fees) < 2:
            return None
        while True:
            start = self._clock_seconds
            self._clock_seconds += self._interval_seconds * self._rng.uniform(0.4, 1.6)
            if self._end_seconds is not None and start >= self._end_seconds:
                return None
            free = [asset for asset in self._assets if self._rested.get(asset, 0.0) <= start]
            if free:
                return self._episode(self._rng.choice(free), start)

    def _episode(self, asset: str, start: float) -> Episode:
        end = start + self._duration()
        if self._end_seconds is not None:
            end = min(end, self._end_seconds)
        self._rested[asset] = end + REST_SECONDS
        self._count += 1
        cheap, rich = self._sides()
        net = self._rng.uniform(MIN_NET_PERCENT, MAX_NET_PERCENT)
        gross = net + max(2 * (self._fees[low] + self._fees[high]) for low in cheap for high in rich)
        return Episode(
            id=f"episode-{self._count}",
            asset=asset,
            cheap=cheap,
            rich=rich,
            gross_percent=round(gross, 4),
            start_tick=round(start * TICKS_PER_SECOND),
            end_tick=round(end * TICKS_PER_SECOND),
            shift_percent=_shifts(cheap, rich, gross),
        )

    def _sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Half of the time one venue against another, else one against all the others: always the one that is named."""
        venues = sorted(self._fees)
        self._rng.shuffle(venues)
        if self._dislocated_venue in venues:
            venues.sort(key=lambda venue: venue != self._dislocated_venue)
        elif self._rng.random() < 0.5:
            return (venues[0],), (venues[1],)
        one, others = (venues[0],), tuple(sorted(venues[1:]))
        return (one, others) if self._rng.random() < 0.5 else (others, one)

    def _duration(self) -> float:
        low, high = self._rng.choices(((0.5, 0.9), (1.5, 4.0), (4.0, 10.0)), weights=(2, 4, 3))[0]
        return self._rng.uniform(low, high)


def _shifts(cheap: tuple[str, ...], rich: tuple[str, ...], gross: float) -> dict[str, float]:
    """A lone pair is moved apart symmetrically; one venue against all others moves alone."""
    if len(cheap) == len(rich):
        return {cheap[0]: -gross / 2, rich[0]: gross / 2}
    return {cheap[0]: -gross} if len(cheap) == 1 else {rich[0]: gross}
