"""Rules about Crossbook itself, about instruments and about time, with real Postgres, Redis and a real shard."""

import socket
from collections.abc import AsyncIterator

import pytest

from crossbook.alerts.conditions.canaries import cause_of, due_ns
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.pb.v1 import facts_pb2, market_pb2, tracker_pb2
from crossbook.plumbing.timestamps import SECOND_NS, now_ns, to_timestamp
from tests.support.aggregator.aggregator_process import aggregator_settings, running_aggregator
from tests.support.alerts.alerts_process import CALL_SECONDS, RunningAlerts, running_alerts
from tests.support.alerts.receiver import Receiver
from tests.support.alerts.stand_in_arbitrage import StandInArbitrage
from tests.support.alerts.stand_in_parts import StandInParts, stand_in_parts
from tests.support.waiting import eventually

SECRET = "whsec_" + "c3Nz" * 10
FAST = ("wait", "interval", "close_wait")


@pytest.fixture
async def parts() -> AsyncIterator[StandInParts]:
    """A tracker and a shard."""
    async with stand_in_parts() as served:
        yield served


def rule_of(receiver: Receiver, trigger: pb.AlertTrigger.ValueType, **fields: object) -> pb.AlertRule:
    hook = pb.AlertChannel(id="hook", webhook=pb.WebhookChannel(url=receiver.url(), secrets=[SECRET]))
    rule = pb.AlertRule(is_enabled=True, trigger=trigger, channels=[hook], **fields)  # type: ignore[arg-type]
    if trigger == pb.ALERT_TRIGGER_CANARY:
        rule.grouping.by.append(pb.ALERT_GROUP_BY_NONE)
        return rule
    for field in FAST:
        getattr(rule.grouping, field).FromMilliseconds(100)
    rule.cooldown.SetInParent()
    return rule


def told(receiver: Receiver, kind: str) -> set[tuple[str, str]]:
    """Reason and part of the members of all messages of a kind."""
    bodies = [one.json for one in receiver.received if one.json["type"] == f"alert_group.{kind}"]
    members = [member["trouble"] for body in bodies for member in body["data"]["group"]["members"]]
    return {(one["reason"].removeprefix("ALERT_REASON_"), one["part"]) for one in members}


async def test_a_shard_that_is_lost_is_told_and_it_is_over_when_it_is_back(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, parts: StandInParts
) -> None:
    """A real one; the tracker beside it answers all the time, so of it nothing is told."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = aggregator_settings(postgres_dsn, port)
    where = {"shards": {"main": f"127.0.0.1:{port}"}, "tracker_targets": [parts.target]}
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, **where) as replica:
        async with running_aggregator(settings):
            await replica.create(rule_of(receiver, pb.ALERT_TRIGGER_SYSTEM), "system")
            await eventually(lambda: "shard" not in parts.asked and parts.asked.count("tracker") > 1)
        await eventually(lambda: ("SHARD", "shard main") in told(receiver, "opened") | told(receiver, "updated"))
        async with running_aggregator(settings):
            await eventually(lambda: not is_open(receiver, "shard main"))
    assert not any(part.startswith("tracker") for _, part in told(receiver, "opened"))


def is_open(receiver: Receiver, part: str) -> bool:
    """By the newest message that shows it."""
    for one in reversed(receiver.received):
        for member in one.json["data"]["group"]["members"]:
            if member["trouble"]["part"] == part:
                return "close_time" not in member
    return False


async def test_troubles_of_instruments_and_bounds_open_and_close(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver, parts: StandInParts
) -> None:
    """One of each kind, of one tracker and one shard; what is told of instruments is asked for every 10 s."""
    lane = tracker_pb2.LaneStats(shard="main", buffered_bytes=95, buffer_bytes=100)
    parts.tracker.venues.append(tracker_pb2.VenueStats(venue="okx", lanes=[lane]))
    parts.tracker.spool_free_percent = 1.0
    stale = market_pb2.Quote(venue="okx", symbol="ETH/USDT:USDT", asset="ETH", state=market_pb2.BOOK_STATE_STALE)
    stale.receive_time.CopyFrom(to_timestamp(now_ns() - 60 * SECOND_NS))
    parts.quotes.append(stale)
    parts.facts += [facts_of("okx", 0.5, 103.0), facts_of("bybit", -0.5, 100.0)]
    where = {"shards": {"main": parts.target}, "tracker_targets": [parts.target]}
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port, **where) as replica:
        await replica.drop_default()
        system = pb.SystemCondition(max_buffer_percent=90, min_free_disk_percent=2)
        feed = pb.FeedCondition()
        feed.stale_after.FromSeconds(30)
        for rule in (
            rule_of(receiver, pb.ALERT_TRIGGER_SYSTEM, system=system),
            rule_of(receiver, pb.ALERT_TRIGGER_FEED, feed=feed),
            rule_of(receiver, pb.ALERT_TRIGGER_BASIS, basis=pb.BasisCondition(min_percent=1)),
            rule_of(
                receiver,
                pb.ALERT_TRIGGER_FUNDING_SPREAD,
                funding_spread=pb.FundingSpreadCondition(min_percent_per_hour=0.1),
            ),
        ):
            await replica.create(rule)
        wanted = {
            ("BUFFER", "main"),
            ("DISK", f"spool {parts.target}"),
            ("STALE", "ETH/USDT:USDT"),
            ("BASIS", "BTC/USDT:USDT"),
            ("FUNDING_SPREAD", ""),
        }
        await eventually(lambda: wanted <= told(receiver, "opened") | told(receiver, "updated"))
        parts.tracker.CopyFrom(tracker_pb2.GetTrackerStatsResponse())
        parts.quotes[0].state = market_pb2.BOOK_STATE_LIVE
        parts.facts[0].CopyFrom(facts_of("okx", -0.5, 100.0))
        await eventually(lambda: wanted <= told(receiver, "closed"))


def facts_of(venue: str, rate: float, mark: float) -> facts_pb2.InstrumentFacts:
    values = {
        facts_pb2.FACT_KIND_FUNDING_RATE: rate,
        facts_pb2.FACT_KIND_FUNDING_INTERVAL: 3600.0,
        facts_pb2.FACT_KIND_MARK_PRICE: mark,
        facts_pb2.FACT_KIND_INDEX_PRICE: 100.0,
    }
    known = facts_pb2.FACT_STATE_KNOWN
    facts = [facts_pb2.InstrumentFact(kind=kind, state=known, value=value) for kind, value in values.items()]
    return facts_pb2.InstrumentFacts(venue=venue, symbol="BTC/USDT:USDT", asset="BTC", facts=facts)


async def explained(replica: RunningAlerts) -> pb.ExplainAlertResponse:
    request = pb.ExplainAlertRequest(rule="alertRules/alive")
    return await replica.stub.ExplainAlert(request, timeout=CALL_SECONDS)


async def test_a_canary_comes_once_for_its_time_from_whichever_replica_and_over_restarts(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """By the way of every alert; stats, history and ExplainAlert know it, and all of it outlives the replicas."""
    rule = rule_of(receiver, pb.ALERT_TRIGGER_CANARY)
    rule.canary.interval.FromSeconds(7 * 86_400)  # but for a test that runs as a week ends, there is one due time
    async with (
        running_alerts(postgres_dsn, redis_url, arbitrage.port) as first,
        running_alerts(postgres_dsn, redis_url, arbitrage.port),
    ):
        await first.create(rule, "alive")
        await eventually(lambda: receiver.received)
    trouble = receiver.received[0].json["data"]["trouble"]
    assert trouble["reason"] == "ALERT_REASON_CANARY"
    assert trouble["detail"].startswith("alerts are alive")
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as again:

        async def is_counted() -> bool:
            return any(one.HasField("delivery_time") for one in (await again.stats()).canaries)

        await eventually(is_counted)
        (canary,) = (await again.stats()).canaries
        assert (canary.rule, canary.channel_id) == ("alertRules/alive", "hook")
        answer = await explained(again)
        assert answer.is_told
        assert answer.explanation.endswith("told; hook: delivered")
        (alert,) = await again.alerts(rule="alertRules/alive")
        assert alert.trouble.reason == pb.ALERT_REASON_CANARY
        assert alert.deliveries[0].state == pb.DELIVERY_STATE_DELIVERED
        by_cause = pb.ExplainAlertRequest(rule="alertRules/alive", opportunity=cause_of(due_ns(rule, now_ns())))
        assert (await again.stub.ExplainAlert(by_cause, timeout=CALL_SECONDS)).is_told
    ids = {one.headers["webhook-id"] for one in receiver.received}  # a try that no replica recorded comes again
    assert ids == {alert.name.removeprefix("alerts/")}


async def test_a_canary_that_is_silenced_says_by_whom(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, receiver: Receiver
) -> None:
    """It is not told, and once."""
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        to_time = to_timestamp(now_ns() + 3600 * SECOND_NS)
        silence = pb.Silence(reasons=[pb.ALERT_REASON_CANARY], author="ann", comment="quiet", to_time=to_time)
        await replica.stub.CreateSilence(pb.CreateSilenceRequest(silence=silence), timeout=CALL_SECONDS)
        await replica.create(rule_of(receiver, pb.ALERT_TRIGGER_CANARY), "alive")

        async def is_explained() -> bool:
            return "silenced by ann: quiet" in (await explained(replica)).explanation

        await eventually(is_explained)
    assert receiver.received == []
