"""One run: two replicas of each service, a market that goes on, people, and somebody who kills."""

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1.alerts_pb2_grpc import AlertServiceStub
from crossbook.plumbing.grpc.channel import open_channel
from tests.faults.alert_kills.killer import Killer, Victim
from tests.faults.alert_kills.market import Market
from tests.faults.alert_kills.people import People
from tests.faults.alert_kills.verdict import Evidence, Told
from tests.histories.inprocess.groups import GROUPED, LOOK, SeenGroups
from tests.support.aggregator.fanout import Fanout, running_fanout
from tests.support.alerts.alerts_process import INHIBITIONS, RunningAlerts
from tests.support.alerts.receiver import Answer, Received, Receiver, receiving
from tests.support.alerts.replica_process import ServiceProcess, quick_environment
from tests.support.waiting import eventually

REPLICAS = 2
SECRET = "whsec_" + "c3Nz" * 10
# What no arbitrage watches has closed; a group outlasts that until another has started, as by the default of 10 s.
TIMING = {"wait": 0.4, "interval": 0.7, "repeat_interval": 2.0, "close_wait": 5.0}
TOLD_SECONDS = 0.02  # an answer takes so long, so that there is a time within a delivery
SETTLED_SECONDS = 300.0
UNSETTLED = """
SELECT (SELECT count(*) FROM alert_groups WHERE state = 1) + (SELECT count(*) FROM deliveries WHERE state = 1)
"""


@dataclass
class Outcome:
    """`findings` are what is wrong."""

    lines: list[str]
    findings: list[str] = field(default_factory=list)


async def run(kills: int, most_seconds: float, seed: int, dsn: str, redis_url: str, folder: Path) -> Outcome:
    """On a migrated Postgres and a Redis of its own; logs of the processes are left in `folder`.

    Ends after so many kills, or after so long: a busy machine starts processes slowly.
    """
    chance, began = random.Random(seed), float(int(time.time()))
    async with AsyncExitStack() as stack:
        fanout = await stack.enter_async_context(running_fanout())
        receiver = await stack.enter_async_context(receiving())
        victims = await stack.enter_async_context(_victims(fanout, dsn, redis_url, folder))
        killer = Killer(victims, chance)
        clients = [
            RunningAlerts(AlertServiceStub(one.channel), one.channel, one.process.port)
            for one in victims
            if one.service == "alerts"
        ]
        market = Market(fanout, chance, killer.reach)
        people = People(clients, chance, began, killer.reach)
        told = _taken(receiver, people, killer)
        watching = asyncio.create_task(killer.watch())
        stack.callback(watching.cancel)
        await killer.until_serving(all_of_them=True)
        await _add_rule(clients, receiver)
        await _run(market, killer, people, kills, most_seconds)
        seconds = time.time() - began
        standing = asyncio.create_task(market.stand_still())
        stack.callback(standing.cancel)
        await people.finish()
        await killer.until_serving(all_of_them=True)
        with suppress(TimeoutError):  # what is not settled then is among the findings
            await eventually(lambda: _is_settled(dsn), SETTLED_SECONDS)
        listed = await clients[0].stub.ListSilences(pb.ListSilencesRequest(include_expired=True), timeout=30)
        names = {silence.name for silence in listed.silences}
        seen = await _seen(dsn, began, told, people)
        evidence = Evidence(began, market.past, victims, killer, told, seen, people.named, names)
        findings = list(evidence.findings())
        return Outcome(evidence.lines(seconds), findings)


async def _run(market: Market, killer: Killer, people: People, kills: int, most_seconds: float) -> None:
    """Until so many are killed, or the time is over."""
    trading = asyncio.create_task(market.run(people.hear_of))
    killing = asyncio.create_task(killer.run(kills))
    try:
        await asyncio.wait({trading, killing}, timeout=most_seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in (trading, killing):
            if one.done():
                one.result()  # raises what ended it
    finally:
        for one in (trading, killing):
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one


def _taken(receiver: Receiver, people: People, killer: Killer) -> list[Told]:
    """What the receiver accepts from now on."""
    told: list[Told] = []
    loop = asyncio.get_running_loop()

    def take(received: Received) -> Answer:
        data = received.json["data"]
        told.append(Told(time.time(), received.headers["webhook-id"], data["group_key"], data["revision"]))
        people.read(received)
        killer.reach("delivering")
        loop.call_later(TOLD_SECONDS, killer.reach, "answered")
        return Answer(delay_seconds=TOLD_SECONDS)

    receiver.answer = take
    return told


@asynccontextmanager
async def _victims(fanout: Fanout, dsn: str, redis_url: str, folder: Path) -> AsyncIterator[list[Victim]]:
    environment = quick_environment(dsn, redis_url, fanout.port, delivery_lease_seconds=10)
    victims: list[Victim] = []
    async with AsyncExitStack() as stack:
        for service in ("arbitrage", "alerts"):
            for number in range(REPLICAS):
                process = ServiceProcess(service, folder / f"{service}-{number}.log", environment)
                stack.push_async_callback(process.end, signal.SIGKILL)
                channel = await stack.enter_async_context(open_channel(process.target))
                victims.append(Victim(service, process, channel))
            targets = ",".join(one.process.target for one in victims if one.service == "arbitrage")
            environment["CROSSBOOK_ALERTS__ARBITRAGE_TARGETS"] = targets
        for victim in victims:
            await victim.start()
        yield victims


async def _add_rule(clients: list[RunningAlerts], receiver: Receiver) -> None:
    """The one that groups, known to all before anything begins."""
    hook = pb.WebhookChannel(url=receiver.url(), secrets=[SECRET])
    rule = pb.AlertRule(is_enabled=True, channels=[pb.AlertChannel(id="hook", webhook=hook)])
    rule.cooldown.SetInParent()
    rule.ignored_inhibitions.extend(INHIBITIONS)
    for name, seconds in TIMING.items():
        getattr(rule.grouping, name).FromMilliseconds(round(seconds * 1000))
    await clients[0].drop_default()
    await clients[0].create(rule, GROUPED)

    async def knows(client: RunningAlerts) -> bool:
        rules = await client.stub.ListAlertRules(pb.ListAlertRulesRequest(), timeout=30)
        return [one.name for one in rules.alert_rules] == [f"alertRules/{GROUPED}"]

    for client in clients:
        await eventually(lambda client=client: knows(client))


async def _is_settled(dsn: str) -> bool:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        return await (await connection.execute(UNSETTLED)).fetchone() == (0,)


async def _seen(dsn: str, began: float, told: list[Told], people: People) -> SeenGroups:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        row = await (await connection.execute(LOOK.format(int(began)).encode())).fetchone()
    assert row is not None
    groups, messages, members, deliveries = row
    requests = [(one.webhook_id, one.group, one.revision) for one in told]
    return SeenGroups(
        groups,
        messages,
        members,
        deliveries,
        requests,
        people.silences,
        people.acknowledged,
        open_assets=set(),
        close_wait_seconds=TIMING["close_wait"],
    )
