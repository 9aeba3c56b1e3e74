"""Alerts replicas as processes of their own, under a load of opportunities, with one rule that tells each."""

import asyncio
import signal
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.alerts.alerts_process import RunningAlerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.replica_process import ServiceProcess
from tests.support.alerts.stand_in_arbitrage import CLOSED, OPENED, StandInArbitrage, event, opportunity
from tests.support.waiting import eventually

SLOTS = 64
PAUSE_SECONDS = 0.02


@dataclass
class Replica:
    """A process and its client."""

    process: ServiceProcess
    client: RunningAlerts

    async def owned(self) -> int:
        return (await self.client.stats()).owned_slots


class Load:
    """Opportunities that open and close, one asset each, until it is stopped."""

    def __init__(self, arbitrage: StandInArbitrage) -> None:
        self._arbitrage = arbitrage
        self.told: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Load"]:
        task = asyncio.create_task(self._run())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        for number in count():
            found = opportunity(f"o-{number}", f"COIN{number}")
            self.told.append(found.id)
            await self._arbitrage.tell(event(OPENED, found), event(CLOSED, found, after_seconds=0.001))
            await asyncio.sleep(PAUSE_SECONDS)

    async def goes_on(self, more: int = 50) -> None:
        """Returns once there was more of it."""
        target = len(self.told) + more
        await eventually(lambda: len(self.told) >= target)


@asynccontextmanager
async def replicas(number: int, dsn: str, redis_url: str, target: str, folder: Path) -> AsyncIterator[list[Replica]]:
    """All of them serving, each with its share of the slots."""
    environment = {
        "CROSSBOOK_POSTGRES_DSN": dsn,
        "CROSSBOOK_REDIS_URL": redis_url,
        "CROSSBOOK_ALERTS__ARBITRAGE_TARGETS": target,
        "CROSSBOOK_ALERTS__ALLOW_PRIVATE_TARGETS": "true",
        "CROSSBOOK_ALERTS__CLAIM_LEASE_SECONDS": "1",
        "CROSSBOOK_ALERTS__DELIVERY_LEASE_SECONDS": "2",
    }
    async with AsyncExitStack() as stack:
        started = []
        for index in range(number):
            process = ServiceProcess("alerts", folder / f"alerts-{index}.log", environment)
            stack.push_async_callback(process.end, signal.SIGKILL)
            channel = await stack.enter_async_context(open_channel(process.target))
            started.append(Replica(process, RunningAlerts(AlertServiceStub(channel), channel, process.port)))
            await process.start()
        for replica in started:
            await eventually(replica.client.is_serving)
        await eventually(lambda: is_shared_out(started))
        yield started


async def is_shared_out(among: list[Replica]) -> bool:
    owned = [await replica.owned() for replica in among]
    return sum(owned) == SLOTS and min(owned) > 0


async def hook(client: RunningAlerts, receiver: Receiver) -> None:
    """One rule without cooldown: every opportunity is to be told."""
    await client.drop_default()
    channel = pb.AlertChannel(
        id="hook", webhook=pb.WebhookChannel(url=receiver.url(), secrets=["whsec_" + "c3Nz" * 10])
    )
    rule = pb.AlertRule(is_enabled=True, channels=[channel])
    rule.cooldown.SetInParent()
    await client.create(rule, "all")


async def knows(client: RunningAlerts) -> bool:
    rules = await client.stub.ListAlertRules(pb.ListAlertRulesRequest(), timeout=30)
    return [rule.name for rule in rules.alert_rules] == ["alertRules/all"]


async def known_to_all(running: Iterable[Replica]) -> None:
    """Until each replica has the rule: an event that comes to one before that is not the rule's."""
    for replica in running:
        await eventually(lambda replica=replica: knows(replica.client))


def ids_told(receiver: Receiver) -> dict[str, set[str]]:
    """Opportunity to the webhook-ids under which it was told."""
    told: defaultdict[str, set[str]] = defaultdict(set)
    for received in receiver.received:
        told[received.json["data"]["opportunity"]["id"]].add(received.headers["webhook-id"])
    return told
