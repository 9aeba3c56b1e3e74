"""Looks after rules that are not about opportunities: a trouble that lasts opens, and closes when it is over.

What is open stands in Postgres, so whoever gains a rule's slot goes on where the last owner was. How long a trouble has
lasted is known by its own time, or, where it has none, since this replica first saw it. While Postgres takes no writes
nothing can be told: that it did not is told once it does again. What nobody can tell of now neither opens nor closes.
"""

import asyncio
import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import grpc

from crossbook.alerts.closings import Closings
from crossbook.alerts.conditions.canaries import Canaries
from crossbook.alerts.conditions.checks import CONDITIONS
from crossbook.alerts.conditions.instruments import bases, funding_spreads, stale_instruments
from crossbook.alerts.conditions.parts import System, system_troubles
from crossbook.alerts.conditions.sources import Sources, wants_of
from crossbook.alerts.conditions.troubles import feed_troubles, key_of, moved
from crossbook.alerts.evaluation.owned_slots import OwnedSlots
from crossbook.alerts.evaluation.replicas import ArbitrageReplicas
from crossbook.alerts.firing import Firing
from crossbook.alerts.holding.feeds import Feeds
from crossbook.alerts.holding.hold_back import NOTHING_KNOWN
from crossbook.alerts.match import Match
from crossbook.alerts.names import reason_word
from crossbook.alerts.rulebook import Rulebook
from crossbook.alerts.store.groups import GroupStore
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.clock import Clock
from crossbook.plumbing.errors import UnavailableError
from crossbook.plumbing.timestamps import from_duration, from_timestamp, to_timestamp

INTERVAL_SECONDS = 2.0
MAX_PRICES = 1_800  # of an asset: an hour
MAX_ASSETS = 2_000
ANSWER_SECONDS = 2.0


class ConditionWatch:
    """Of the rules whose slots this replica has."""

    def __init__(
        self,
        rulebook: Rulebook,
        slots: OwnedSlots,
        feeds: Feeds,
        sources: Sources,
        canaries: Canaries,
        replicas: ArbitrageReplicas,
        firing: Firing,
        store: GroupStore,
        closings: Closings,
        clock: Clock,
        folder: Path,
    ) -> None:
        self._rulebook = rulebook
        self._slots = slots
        self._feeds = feeds
        self._sources = sources
        self._canaries = canaries
        self._replicas = replicas
        self._firing = firing
        self._store = store
        self._closings = closings
        self._clock = clock
        self._folder = folder
        self._seen_ns: dict[tuple[str, str], int] = {}  # of each rule and key, since when
        self._prices: dict[str, deque[tuple[int, float]]] = {}
        self._database = ("", 0)  # why Postgres took no writes, and since when

    async def run(self) -> None:
        """Until cancelled."""
        await self._rulebook.is_read.wait()
        while True:
            await self.look()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def look(self) -> None:
        """Once at every rule of ours."""
        rules = [rule for rule in self._rulebook.rules() if rule.trigger in CONDITIONS and rule.is_enabled]
        await self._sources.look(wants_of(rules))
        if any(rule.trigger == pb.ALERT_TRIGGER_MARKET_MOVE for rule in rules):
            await self._ask_prices()
        try:
            await self._look_at_each([rule for rule in rules if self._slots.has(rule)])
            self._database = ("", 0)
        except UnavailableError as error:
            self._database = (str(error), self._database[1] or self._clock.now_ns())

    async def _look_at_each(self, rules: Sequence[pb.AlertRule]) -> None:
        await self._canaries.look(rule for rule in rules if rule.trigger == pb.ALERT_TRIGGER_CANARY)
        for rule in rules:
            if rule.trigger != pb.ALERT_TRIGGER_CANARY:
                await self._look_at(rule)

    async def _look_at(self, rule: pb.AlertRule) -> None:
        found = {key_of(trouble): trouble for trouble in self._troubles(rule)}
        open_now = {cause.rpartition("@")[0]: cause for cause in await self._store.open_troubles(rule.name)}
        for key in [key for name, key in self._seen_ns if name == rule.name and key not in found]:
            del self._seen_ns[rule.name, key]
        for key, trouble in found.items():
            since_ns = self._since_ns(rule, key, trouble)
            if key not in open_now and self._clock.now_ns() - since_ns >= from_duration(rule.min_life):
                await self._fire(rule, f"{key}@{since_ns}", trouble, since_ns)
        unknown = {reason_word(reason) for reason in self._unknown(rule)}
        for key, cause in open_now.items():
            if key not in found and key.partition(":")[0] not in unknown:
                self._closings.close(cause, self._clock.now_ns())

    def _troubles(self, rule: pb.AlertRule) -> Iterator[pb.AlertTrouble]:
        now_ns, facts = self._clock.now_ns(), self._sources.facts or ()
        if rule.trigger == pb.ALERT_TRIGGER_FEED:
            yield from self._of_feeds(rule, now_ns)
        elif rule.trigger == pb.ALERT_TRIGGER_SYSTEM:
            yield from system_troubles(rule, self._system())
        elif rule.trigger == pb.ALERT_TRIGGER_FUNDING_SPREAD:
            yield from funding_spreads(rule, facts)
        elif rule.trigger == pb.ALERT_TRIGGER_BASIS:
            yield from bases(rule, facts)
        else:
            found = (moved(rule, asset, prices) for asset, prices in self._prices.items())
            yield from (trouble for trouble in found if trouble is not None)

    def _of_feeds(self, rule: pb.AlertRule, now_ns: int) -> Iterator[pb.AlertTrouble]:
        venues, not_live = self._feeds.domain().venues, self._sources.not_live
        yield from feed_troubles(rule, venues.values())
        yield from self._sources.resyncs.storms(rule, now_ns)
        if not_live is not None:
            yield from stale_instruments(rule, not_live, venues, now_ns)

    def _unknown(self, rule: pb.AlertRule) -> Iterable[pb.AlertReason.ValueType]:
        """Troubles of which nobody has told of late: those that are open stay."""
        if self._feeds.domain() is NOTHING_KNOWN:
            yield from (pb.ALERT_REASON_VENUE_STATE, pb.ALERT_REASON_CLOCK)
        if self._sources.not_live is None and rule.feed.HasField("stale_after"):
            yield pb.ALERT_REASON_STALE
        if self._sources.facts is None:
            yield from (pb.ALERT_REASON_FUNDING_SPREAD, pb.ALERT_REASON_BASIS)

    def _system(self) -> System:
        free = 100.0
        with suppress(OSError):
            usage = shutil.disk_usage(self._folder)
            free = 100 * usage.free / max(1, usage.total)
        return System(self._feeds.stats, *self._database, free, self._sources.trackers, self._sources.shards)

    def _since_ns(self, rule: pb.AlertRule, key: str, trouble: pb.AlertTrouble) -> int:
        told_ns = from_timestamp(trouble.since_time)
        return self._seen_ns.setdefault((rule.name, key), told_ns or self._clock.now_ns())

    async def _fire(self, rule: pb.AlertRule, cause: str, trouble: pb.AlertTrouble, since_ns: int) -> None:
        trouble.since_time.CopyFrom(to_timestamp(since_ns))
        subject = arbitrage_pb2.Opportunity(asset=trouble.asset, open_time=trouble.since_time)
        await self._firing.fire(Match(rule, subject, cause, trouble=trouble))

    async def _ask_prices(self) -> None:
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(self._replicas.current.channel)
        with suppress(grpc.aio.AioRpcError):
            request = arbitrage_pb2.GetMarketOverviewRequest()
            for one in (await stub.GetMarketOverview(request, timeout=ANSWER_SECONDS)).assets:
                self._note_price(one)

    def _note_price(self, one: arbitrage_pb2.AssetOverview) -> None:
        has_room = one.asset in self._prices or len(self._prices) < MAX_ASSETS
        if has_room and one.best_bid > 0 and one.best_ask > 0:
            prices = self._prices.setdefault(one.asset, deque(maxlen=MAX_PRICES))
            prices.append((self._clock.now_ns(), (one.best_bid + one.best_ask) / 2))
