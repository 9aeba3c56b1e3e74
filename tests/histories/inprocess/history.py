"""A history of events: what pays when, and what happens to whom. Made from a seed, and cut down to its shortest."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.histories.inprocess.groups import GROUPED
from tests.histories.shrink import shrunk

ARBITRAGE = ("arbitrage-1", "arbitrage-2")
ALERTS = ("alerts-1", "alerts-2")
SERVICES = (*ARBITRAGE, *ALERTS)
CLOCKS = ("tracker", *SERVICES, "postgres", "redis")
ASSETS = ("BTC", "ETH")
RULES = ("all", "calm", "lived")
DELAYS = (0.0, 0.0, 0.03, 0.3, 1.0, 3.0)  # between one step and the next
HOLDS = (0.02, 0.4, 2.0, 7.0)
LIVES = (0.02, 0.5, 2.0, 8.0)  # of an opportunity
RESTARTS = (0.0, 0.1, 1.0, 6.0)
STEPS = (0.2, 4.0, 70.0, 4_000.0)


@dataclass(frozen=True, slots=True)
class Step:
    """`at` seconds after the beginning something happens to `target`, for `hold` seconds or by so many.

    pay: an asset's spread; kill, stop, pause: a process, which is started again after the hold; kill_before and
    kill_after: it dies when its call number `nth` from now on is about to be made, or has been done and not been
    answered; refuse, lose, limit: a server; forget: Redis' data; cut: the streams between processes; set: clocks, by
    `hold` seconds; silence: an asset; acknowledge: the groups that are open.
    """

    at: float
    kind: str
    target: str = ""
    hold: float = 0.0
    nth: int = 0

    def __str__(self) -> str:
        number = f" at call {self.nth}" if self.nth else ""
        held = f", {self.hold:g} s" if self.hold else ""
        return f"{self.at:g} s: {self.kind} {self.target}{number}{held}"


@dataclass(frozen=True, slots=True)
class History:
    """`is_slow`: calls take their time, so that processes meet within them."""

    steps: tuple[Step, ...]
    rules: tuple[str, ...] = ("all",)
    is_slow: bool = False

    def __str__(self) -> str:
        head = f"rules {', '.join(self.rules)}; calls {'take time' if self.is_slow else 'are answered at once'}"
        return "\n  ".join((head, *map(str, self.steps)))


def random_history(seed: int, length: int) -> History:
    """Equal seeds give equal histories. A third of the steps is something that pays."""
    chance = random.Random(f"events {seed}")
    at, steps = 0.0, []
    has_clocks = chance.random() < 0.3
    for _ in range(length):
        at += chance.choice(DELAYS)
        steps.append(_step(round(at, 3), chance, has_clocks))
    count = chance.choices((1, 2), weights=(3, 2))[0]
    return History(tuple(steps), tuple(sorted(chance.sample(RULES, count))), chance.random() < 0.5)


def grouped_history(seed: int, length: int) -> History:
    """Of a rule that groups: half of the steps are the death of a replica, a sixth is something that pays."""
    chance = random.Random(f"groups {seed}")
    at, steps = 0.0, []
    has_clocks = chance.random() < 0.3
    kinds = {"pay": 6, "kill": 5, "kill_before": 6, "kill_after": 6, "refuse": 1, "lose": 2, "limit": 1, "forget": 1,
             "silence": 2, "acknowledge": 3, "set": 6 if has_clocks else 0}  # fmt: skip
    for _ in range(length):
        at += chance.choice(DELAYS)
        kind = chance.choices(list(kinds), weights=list(kinds.values()))[0]
        step = _of_kind(kind, round(at, 3), chance)
        steps.append(replace(step, target=chance.choice(ALERTS)) if kind.startswith("kill") else step)
    return History((Step(0.0, "pay", "BTC", 2.0), *steps), (GROUPED,), chance.random() < 0.5)


def _step(at: float, chance: random.Random, has_clocks: bool) -> Step:
    kinds = {"pay": 8, "kill": 3, "kill_before": 2, "kill_after": 4, "stop": 2, "pause": 2, "refuse": 2, "lose": 2,
             "limit": 1, "forget": 1, "cut": 1, "set": 4 if has_clocks else 0}  # fmt: skip
    return _of_kind(chance.choices(list(kinds), weights=list(kinds.values()))[0], at, chance)


def _of_kind(kind: str, at: float, chance: random.Random) -> Step:
    if kind in ("silence", "acknowledge"):
        return Step(at, kind, chance.choice(ASSETS) if kind == "silence" else "", chance.choice(HOLDS))
    if kind == "pay":
        return Step(at, kind, chance.choice(ASSETS), chance.choice(LIVES))
    if kind in ("kill", "stop", "pause"):
        return Step(at, kind, chance.choice(SERVICES), chance.choice(HOLDS if kind == "pause" else RESTARTS))
    if kind in ("kill_before", "kill_after"):
        return Step(at, kind, chance.choice(SERVICES), chance.choice(RESTARTS), chance.randint(1, 12))
    if kind in ("refuse", "lose"):
        return Step(at, kind, chance.choice(("postgres", "redis", "receiver")), chance.choice(HOLDS))
    if kind == "set":
        who = chance.choice((*CLOCKS, "everybody", "everybody"))
        return Step(at, kind, who, chance.choice(STEPS) * chance.choice((-1, 1)))
    return Step(at, kind, {"limit": "receiver", "forget": "redis"}.get(kind, ""), chance.choice(HOLDS[:3]))


def shortest(history: History, fails: Callable[[History], bool]) -> History:
    """Leaves out step after step, and all else that it can do without, as long as it still fails."""
    return shrunk(history, _smaller, fails)


def _smaller(history: History) -> Iterator[History]:
    steps = history.steps
    for size in (len(steps) // 2, 1):
        for start in range(0, len(steps), size) if size else ():
            yield replace(history, steps=steps[:start] + steps[start + size :])
    for rule in history.rules if len(history.rules) > 1 else ():
        yield replace(history, rules=tuple(name for name in history.rules if name != rule))
    if history.is_slow:
        yield replace(history, is_slow=False)
