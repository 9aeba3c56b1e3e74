"""A history: what happens to whom, when and for how long. Made from a seed, and cut down to its shortest."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.histories.shrink import shrunk

SERVICES = ("tracker-1", "tracker-2", "aggregator", "arbitrage", "alerts")
STORES = ("postgres", "redis")
DELAYS = (0.0, 0.05, 0.3, 1.0, 3.0, 8.0)  # seconds between one blow and the next: most overlap
HOLDS = (0.0, 1.0, 4.0, 12.0)


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that happens, `at` seconds after the beginning.

    kill: processes die at once and are started again; pause: they stand still for `hold` seconds; stop: a store is
    away for so long; refuse: it answers, and takes no writes.
    """

    at: float
    kind: str
    targets: tuple[str, ...]
    hold: float = 0.0

    def __str__(self) -> str:
        held = f" for {self.hold:g} s" if self.hold else ""
        return f"{self.at:g} s: {self.kind} {' + '.join(self.targets)}{held}"


History = tuple[Blow, ...]


def random_history(seed: int, blows: int) -> History:
    """Any number of processes at any moment, in any order, overlapping; equal seeds give equal histories."""
    chance = random.Random(f"history {seed}")
    at, history = 0.0, []
    for _ in range(blows):
        at += chance.choice(DELAYS)
        history.append(_blow(at, chance))
    return tuple(history)


def _blow(at: float, chance: random.Random) -> Blow:
    kind = chance.choices(("kill", "pause", "stop", "refuse"), weights=(8, 3, 2, 2))[0]
    if kind in ("stop", "refuse"):
        return Blow(at, kind, (chance.choice(STORES),), chance.choice(HOLDS[1:]))
    count = chance.choices((1, 2, 3, len(SERVICES)), weights=(6, 4, 2, 2))[0]
    targets = tuple(sorted(chance.sample(SERVICES, count)))
    return Blow(at, kind, targets, chance.choice(HOLDS[1:]) if kind == "pause" else 0.0)


def shortest(history: History, fails: Callable[[History], bool]) -> History:
    """Leaves out blow after blow, and target after target, as long as it still fails."""
    return shrunk(history, _smaller, fails)


def _smaller(history: Sequence[Blow]) -> Iterator[History]:
    for index, blow in enumerate(history):
        before, after = tuple(history[:index]), tuple(history[index + 1 :])
        if len(history) > 1:
            yield before + after
        for target in blow.targets if len(blow.targets) > 1 else ():
            rest = tuple(name for name in blow.targets if name != target)
            yield (*before, Blow(blow.at, blow.kind, rest, blow.hold), *after)
