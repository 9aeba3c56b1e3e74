"""Plays one history from a fresh beginning, mends everything, waits until all is well, and has it judged."""

import asyncio
import itertools
import logging
import math
import random
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import Context
from dataclasses import dataclass, field
from hashlib import blake2b
from types import ModuleType
from unittest.mock import patch

import structlog

from crossbook._core import ResumeToken
from crossbook.alerts import closings, outbox
from crossbook.alerts.evaluation import ownership
from crossbook.alerts.evaluation.owned_slots import SLOTS, slot_of
from crossbook.alerts.groups import rounds
from crossbook.alerts.match import Position
from crossbook.alerts.records import Tries
from crossbook.alerts.store.stores import Stores, stores_on
from crossbook.pb.v1 import alerts_pb2, arbitrage_pb2
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.timestamps import SECOND_NS, from_duration
from tests.histories.inprocess import judge as rules_of
from tests.histories.inprocess.groups import GROUPED, TIMING, SeenGroups, judge_groups
from tests.histories.inprocess.groups import LOOK as LOOK_AT_GROUPS
from tests.histories.inprocess.history import ALERTS, ARBITRAGE, ASSETS, CLOCKS, History, Step
from tests.histories.inprocess.judge import LOGGED, LOOK, Opening, Seen, judge
from tests.histories.inprocess.lives import AlertsLife, ArbitrageLife, Life
from tests.histories.inprocess.loop import VirtualLoop
from tests.histories.inprocess.people import People
from tests.histories.inprocess.servers import LIMITS, LOSES, REFUSES, Servers
from tests.support.aggregator.fanout import Tick, payload

BEGINNING_NS = 1_800_000_000 * SECOND_NS
SETTLED_SECONDS = 150.0
QUIET_SECONDS = 2.0
AT_ONCE_SECONDS = 0.001
MOODS = {"refuse": REFUSES, "lose": LOSES, "limit": LIMITS}
LATENCIES = (0.0, 0.0, 0.001, 0.01, 0.05, 0.3, 1.2)
# What the services do again and again, more seldom: a history is as long as its calls.
SELDOM: tuple[tuple[ModuleType, str, float], ...] = (
    (outbox, "POLL_SECONDS", 1.0),
    (ownership, "SAVE_SECONDS", 1.0),
    (ownership, "TURN_SECONDS", 2.0),
    (closings, "WRITE_SECONDS", 2.0),
    (rounds, "POLL_SECONDS", 0.5),
)


@dataclass
class Verdict:
    """What came of a history."""

    findings: list[str] = field(default_factory=list)
    alerts: int = 0
    accepted: int = 0
    groups: int = 0
    messages: int = 0
    kills: int = 0
    silences: int = 0
    acknowledged: int = 0
    seconds: float = 0.0  # of the history


class Play:
    """One history; a World for its processes."""

    def __init__(self, loop: VirtualLoop, servers: Servers, history: History, seed: int) -> None:
        self.loop, self.servers = loop, servers
        self.lives: dict[str, Life] = {}
        self.accepted: list[tuple[str, str]] = []
        self.told: list[tuple[str, str, int]] = []
        self.kills = 0
        self._people = People(self)
        self.findings: list[str] = []
        self._history = history
        self._seed = seed
        self.began = loop.time()
        self._set_by = dict.fromkeys(CLOCKS, 0.0)
        self._pays = dict.fromkeys(ASSETS, 0)  # how many spans of paying it is in
        self._quoted_ns = dict.fromkeys(ASSETS, 0)
        self._openings: dict[str, Opening] = {}
        self._open_now: set[str] = set()
        self._said: set[str] = set()  # in time
        self._is_over = False
        self._numbers = itertools.count()
        self._work: set[asyncio.Task[None]] = set()

    def wall_ns(self, name: str) -> int:
        return BEGINNING_NS + round((self.loop.time() - self.began + self._set_by[name]) * SECOND_NS)

    def clock_of(self, name: str) -> Clock:
        return Clock(lambda: self.wall_ns(name), lambda: round(self.loop.time() * SECOND_NS))

    def latency(self, name: str, call: int) -> float:
        if not self._history.is_slow:
            return 0.0
        drawn = blake2b(f"{self._seed} {name} {call}".encode(), digest_size=1).digest()[0]
        return LATENCIES[drawn % len(LATENCIES)] if drawn < 128 else 0.0

    async def run(self) -> Verdict:
        """Never raises for what the services do."""
        random.seed(self._seed)
        self.servers.seconds_at = lambda name: self.wall_ns(name) / SECOND_NS
        self.servers.chance = random.Random(self._seed)
        await self.servers.clear()
        await self._make_rules()
        for name in (ARBITRAGE[0], ALERTS[0]):
            self._start(name)
        start = self.loop.time()
        for step in self._history.steps:
            await asyncio.sleep(max(0.0, start + step.at - self.loop.time()))
            self.begin(self._do(step))
        while self._work:
            await asyncio.wait(list(self._work))
        return await self._end()

    def stores(self) -> Stores:
        """Of somebody who never dies and is always answered at once."""
        caller = Life.__new__(Life)
        Life.__init__(caller, _Calm(self), "maker")
        return stores_on(self.servers.pool(caller), "", Tries(8, 86_400), self.clock_of("postgres"))

    async def _make_rules(self) -> None:
        stores = self.stores()
        for name in self._history.rules:
            await stores.rules.create_rule(name, _rule(name))
        await self.servers.rows("INSERT INTO alert_positions VALUES ('first_rule', 'made') RETURNING 1")
        before = Position(self.wall_ns("postgres"), ResumeToken("before", 1, self.wall_ns("postgres")).encode())
        await stores.positions.save(dict.fromkeys(range(SLOTS), before))

    def begin(self, work: Coroutine[None, None, None]) -> None:
        task = self.loop.create_task(work, context=Context())  # nobody's: it goes on while a process is paused
        self._work.add(task)
        task.add_done_callback(self._work.discard, context=Context())

    async def _do(self, step: Step) -> None:
        life = self.lives.get(step.target)
        match step.kind:
            case "pay":
                await self._pay(step.target, step.hold)
            case "kill" | "stop":
                await self._renew(step.target, step.hold, by_force=step.kind == "kill")
            case "pause":
                await self._pause(life, step.hold)
            case "kill_before" | "kill_after":
                if life is None or life.is_dead:
                    self._start(step.target)
                else:
                    life.doom(step.kind, step.nth, step.hold)
            case "refuse" | "lose" | "limit":
                self.servers.moods[step.target] = MOODS[step.kind]
                await asyncio.sleep(step.hold)
                self.servers.moods.pop(step.target, None)
            case "silence":
                await self._people.silence(step.target, step.hold)
            case "acknowledge":
                await self._people.acknowledge(step.hold)
            case "forget":
                await self.servers.forget_redis()
            case "cut":
                for each in self.lives.values():
                    if isinstance(each, ArbitrageLife):
                        each.cut()
            case "set":
                self._set(step.target, step.hold)

    async def _pay(self, asset: str, seconds: float) -> None:
        self._change(asset, 1)
        await asyncio.sleep(seconds)
        self._change(asset, -1)

    def _change(self, asset: str, by: int) -> None:
        self._pays[asset] += by
        self._quoted_ns[asset] = self.wall_ns("tracker")
        self._tell([asset])

    def _tell(self, assets: list[str]) -> None:
        for life in self.lives.values():
            if isinstance(life, ArbitrageLife) and not life.is_dead:
                life.take(self._quotes(assets))

    def feed(self, life: ArbitrageLife) -> None:
        life.take(self._quotes(list(self._pays)))

    def _quotes(self, assets: list[str]) -> bytes:
        ticks = []
        for asset in assets:
            bid, at_ns = 100.0 + min(2, self._pays[asset]), self._quoted_ns[asset] or self.wall_ns("tracker")
            ticks.append(Tick("cheap", 99.9, 100.0, asset, receive_ns=at_ns))
            ticks.append(Tick("dear", bid, bid + 0.1, asset, receive_ns=at_ns))
        return payload(*ticks)

    def _set(self, target: str, seconds: float) -> None:
        for name in CLOCKS if target == "everybody" else (target,):
            self._set_by[name] += seconds
        if target in ("everybody", "tracker"):  # a tracker whose clock was set begins a new stream
            for asset in self._quoted_ns:
                self._quoted_ns[asset] = self.wall_ns("tracker")
            self._tell(list(self._pays))

    def _start(self, name: str) -> None:
        life = self.lives.get(name)
        if (life is None or life.is_dead) and not self._is_over:
            self.lives[name] = (ArbitrageLife if name in ARBITRAGE else AlertsLife)(self, name)

    async def _renew(self, name: str, after: float, *, by_force: bool) -> None:
        life = self.lives.get(name)
        if life is not None and not life.is_dead:
            await self._close(life, by_force=by_force)
        await asyncio.sleep(after)
        self._start(name)

    def on_death(self, life: Life, restart_after: float) -> None:
        self.begin(self._after_death(life, restart_after))

    async def _after_death(self, life: Life, restart_after: float) -> None:
        await self._close(life, by_force=True)
        await asyncio.sleep(restart_after)
        self._start(life.name)

    async def _pause(self, life: Life | None, seconds: float) -> None:
        if life is not None and not life.is_dead:
            async with self.servers.alone():
                life.is_paused = True
            await asyncio.sleep(seconds)
            self.loop.resume(life)

    async def _close(self, life: Life, *, by_force: bool) -> None:
        self.kills += by_force and not self._is_over
        await life.end(by_force=by_force)

    def next_number(self) -> int:
        return next(self._numbers)

    def note(self, event: arbitrage_pb2.OpportunityEvent, life: ArbitrageLife) -> None:
        """What an arbitrage says, in the moment in which it does."""
        now = self.loop.time() - self.began
        opportunity = event.opportunity
        is_in_time = self.loop.time() > life.went_on_at + AT_ONCE_SECONDS
        if is_in_time:
            life.said.add(opportunity.id)
            self._said.add(opportunity.id)
        opening = self._openings.setdefault(opportunity.id, Opening(opportunity.asset, now))
        if is_in_time:
            for call in life.followers:
                self._hear(call.client, {opportunity.id})
        if event.kind == arbitrage_pb2.OPPORTUNITY_EVENT_KIND_CLOSED:
            opening.until = now
            lived = from_duration(event.duration) / SECOND_NS
            opening.lived = max(opening.lived, lived)
            if is_in_time:
                opening.lives[life] = max(opening.lives.get(life, 0.0), lived)

    def caught_up(self, life: ArbitrageLife, hearer: AlertsLife) -> None:
        """It has heard all that this arbitrage has said."""
        self._hear(hearer, life.said)

    def gained(self, hearer: AlertsLife) -> None:
        """It evaluates more than before, of what it has heard, too."""
        self._hear(hearer, set())

    async def begin_stream(self, hearer: AlertsLife) -> None:
        """Whoever begins one is told what is in the log now, of this arbitrage or of another."""
        self._hear(hearer, self._said & {row[0] for row in await self.servers.rows(LOGGED)})

    def _hear(self, hearer: AlertsLife, causes: set[str]) -> None:
        hearer.heard |= causes
        for cause in hearer.heard:
            for rule in self._history.rules:
                if slot_of(f"alertRules/{rule}", self._openings[cause].asset) in hearer.slots._tenures:
                    hearer.to_tell.add((rule, cause))

    def _heard(self) -> set[tuple[str, str]]:
        lives = self.lives.values()
        return {told for life in lives if isinstance(life, AlertsLife) and not life.is_dead for told in life.to_tell}

    async def _end(self) -> Verdict:
        """Everything works again; what is not well after SETTLED_SECONDS never will be."""
        self.servers.moods.clear()
        for name in (ARBITRAGE[0], ALERTS[0]):
            self._start(name)
        deadline, well_since = self.loop.time() + SETTLED_SECONDS, math.inf
        while True:
            problems = await self._problems()
            well_since = math.inf if problems else min(well_since, self.loop.time())
            if self.loop.time() >= min(deadline, well_since + QUIET_SECONDS):
                break
            await asyncio.sleep(1.0)
        await self._leave()
        seen = await self._seen()
        groups = await self._seen_groups()
        return Verdict(
            [*self.findings, *problems],
            len(seen.alerts),
            len(self.accepted),
            len(groups.groups),
            len(groups.told),
            self.kills,
            len(self._people.silences),
            len(self._people.acknowledged),
            self.loop.time() - self.began,
        )

    async def _leave(self) -> None:
        """Nobody lives on into the next history."""
        self._is_over = True
        for life in list(self.lives.values()):
            await self._close(life, by_force=True)
        while self._work:
            await asyncio.wait(list(self._work))

    async def _problems(self) -> list[str]:
        problems = list(judge(self._history, await self._seen()))
        if GROUPED in self._history.rules:
            is_set = any(step.kind == "set" for step in self._history.steps)
            problems += judge_groups(await self._seen_groups(), is_set=is_set)
        return problems

    async def _seen_groups(self) -> SeenGroups:
        query = LOOK_AT_GROUPS.format(BEGINNING_NS // SECOND_NS)
        ((groups, messages, members, deliveries),) = await self.servers.rows(query)
        open_assets = {self._openings[one].asset for one in self._open_now}
        return SeenGroups(
            groups,
            messages,
            members,
            deliveries,
            self.told,
            self._people.silences,
            self._people.acknowledged,
            open_assets,
        )

    async def _seen(self) -> Seen:
        for life in self.lives.values():
            if isinstance(life, ArbitrageLife) and not life.is_dead:
                self._open_now = {one.opportunity_id for one in life.live.scanner.open_opportunities()}
        ((logged, ended, alerts, deliveries),) = await self.servers.rows(LOOK % (BEGINNING_NS // SECOND_NS))
        alerts, deliveries = [tuple(row) for row in alerts], [tuple(row) for row in deliveries]
        return Seen(
            self._openings, set(logged), self._heard(), set(ended), self._open_now, alerts, deliveries, self.accepted
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """The services say nothing: a history is told by its steps."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def playing(dsn: str, redis_url: str, *, talks: bool = False) -> Iterator[Callable[[History, int], Verdict]]:
    """Plays histories on these servers, one after the other, in a loop of its own."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner, ExitStack() as stack:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        stack.enter_context(nullcontext() if talks else _quiet())
        for module, name, seconds in SELDOM:
            stack.enter_context(patch.object(module, name, seconds))
        opened = Servers.opened(loop, dsn, redis_url)
        servers = runner.run(opened.__aenter__())
        try:
            yield lambda history, seed: runner.run(Play(loop, servers, history, seed).run())
        finally:
            runner.run(opened.__aexit__(None, None, None))


class _Calm:
    """A world without weather."""

    def __init__(self, play: Play) -> None:
        self.loop, self.servers, self.clock_of = play.loop, play.servers, lambda _: play.clock_of("postgres")

    def latency(self, name: str, call: int) -> float:
        return 0.0


def _rule(name: str) -> alerts_pb2.AlertRule:
    hook = alerts_pb2.WebhookChannel(url="https://receiver.example/hook", secrets=["whsec_" + "c3Nz" * 10])
    rule = alerts_pb2.AlertRule(is_enabled=True, channels=[alerts_pb2.AlertChannel(id="hook", webhook=hook)])
    rule.trigger = alerts_pb2.ALERT_TRIGGER_OPPORTUNITY
    rule.cooldown.FromMilliseconds(round(rules_of.CALM_SECONDS * 1000) if name == "calm" else 0)
    if name == GROUPED:
        for field, seconds in TIMING.items():
            getattr(rule.grouping, field).FromMilliseconds(round(seconds * 1000))
    if name == "lived":
        rule.min_life.FromMilliseconds(round(rules_of.LIVED_SECONDS * 1000))
    return rule
