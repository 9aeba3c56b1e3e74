"""Every service of a run as any gRPC client meets it: listed by reflection, healthy, answering, refusing by field."""

import math
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status

from crossbook.pb.v1 import (
    aggregator_pb2,
    aggregator_pb2_grpc,
    alerts_pb2,
    alerts_pb2_grpc,
    arbitrage_pb2,
    arbitrage_pb2_grpc,
    tracker_pb2,
    tracker_pb2_grpc,
)
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.local.system import System
from tests.support.waiting import eventually

MESSAGES: dict[str, Any] = {
    "tracker": tracker_pb2,
    "aggregator": aggregator_pb2,
    "arbitrage": arbitrage_pb2,
    "alerts": alerts_pb2,
}
STUBS: dict[str, Callable[[grpc.aio.Channel], Any]] = {
    "tracker": tracker_pb2_grpc.TrackerServiceStub,
    "aggregator": aggregator_pb2_grpc.AggregatorServiceStub,
    "arbitrage": arbitrage_pb2_grpc.ArbitrageServiceStub,
    "alerts": alerts_pb2_grpc.AlertServiceStub,
}
SERVICES = {process: next(iter(module.DESCRIPTOR.services_by_name.values())) for process, module in MESSAGES.items()}
VENUES = ["binance", "okx"]
BTC, ETH = "BTC/USDT:USDT", "ETH/USDT:USDT"
LONG = "x" * 100_000  # repeated whole, it would not fit into a status

pytestmark = pytest.mark.asyncio(loop_scope="module")

Fields = dict[str, Any]
Check = Callable[[Any], object]


class Face:
    """A running system and a channel to each of its services."""

    def __init__(self, channels: dict[str, grpc.aio.Channel]) -> None:
        self.channels = channels
        self._stubs = {process: STUBS[process](channel) for process, channel in channels.items()}

    async def call(self, process: str, method: str, fields: Fields) -> Any:
        """The answer of a unary call; the first message of a stream."""
        request = getattr(MESSAGES[process], f"{method}Request")(**fields)
        call = getattr(self._stubs[process], method)(request, timeout=30)
        if not hasattr(call, "read"):
            return await call
        try:
            return await call.read()
        finally:
            call.cancel()

    async def refusal(self, process: str, method: str, fields: Fields) -> tuple[str, list[str]]:
        """The status of a call that fails, and the fields that its details name."""
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.call(process, method, fields)
        status = rpc_status.from_call(caught.value)
        bad_request = error_details_pb2.BadRequest()
        for detail in status.details if status else []:
            detail.Unpack(bad_request)
        return caught.value.code().name, [violation.field for violation in bad_request.field_violations]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def face(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Face]:
    """One run for all tests, once it has written a window of every venue and heard facts of instruments.

    Whatever they do, nothing is a bug to it.
    """
    options = ["--venues", ",".join(VENUES), "--assets", "BTC,ETH", "--window-seconds", "1", "--tracker-processes", "1"]
    async with System(tmp_path_factory.mktemp("run"), *options) as system:
        await system.until(lambda: STUBS.keys() <= system.processes().keys())
        running = Face({process: open_channel(system.address(process)) for process in STUBS})
        try:
            await eventually(lambda: _has_windows(running))
            await eventually(lambda: _has_facts(running))
            yield running
        finally:
            for channel in running.channels.values():
                await channel.close()
        assert await system.interrupt() == 0
        assert {process["restarts"] for process in system.summary()["processes"].values()} == {0}
        assert "Traceback" not in system.output()


async def _has_windows(running: Face) -> bool:
    try:
        found = await running.call("aggregator", "ListSnapshots", {"venues": VENUES})
    except grpc.aio.AioRpcError:
        return False  # not listening yet, or Postgres is not there yet
    return {row.venue for row in found.snapshots if row.tick_count} == set(VENUES)


async def _has_facts(running: Face) -> bool:
    return bool((await running.call("aggregator", "ListInstrumentFacts", {"page_size": 1})).next_page_token)


async def test_reflection_lists_every_service(face: Face) -> None:
    """What grpcurl's `list` shows."""
    for process, service in SERVICES.items():
        stub = reflection_pb2_grpc.ServerReflectionStub(face.channels[process])
        call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]), timeout=30)
        (answer,) = [answer async for answer in call]
        listed = {entry.name for entry in answer.list_services_response.service}
        assert {service.full_name, "grpc.health.v1.Health"} <= listed


async def test_every_service_is_healthy(face: Face) -> None:
    """By its own name and for its whole process."""
    for process, service in SERVICES.items():
        stub = health_pb2_grpc.HealthStub(face.channels[process])
        for name in (service.full_name, ""):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=30)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING, (process, name)


RULE = "alertRules/windows"
CONSOLE = {"id": "console", "console": {}}
SCHEDULED = {"is_enabled": True, "trigger": alerts_pb2.ALERT_TRIGGER_SNAPSHOT, "channels": [CONSOLE]}
PAIR = {"asset": "BTC", "buy_venue": "okx", "sell_venue": "binance"}

# In this order: a rule is created before it is read and deleted.
SILENCE = {
    "assets": ["NOTHING"],
    "author": "ann",
    "comment": "known",
    "to_time": {"seconds": int(time.time()) + 3600},
}
GOOD: list[tuple[str, str, Fields, Check]] = [
    ("tracker", "GetTrackerStats", {}, lambda a: [venue.venue for venue in a.venues] == VENUES),
    ("tracker", "ListMarkets", {"venues": ["okx"]}, lambda a: a.instruments and a.quarantined),
    ("tracker", "GetOrderBook", {"venue": "okx", "symbol": BTC, "depth": 3}, lambda a: len(a.bids) == len(a.asks) == 3),
    ("tracker", "StopTracking", {"venue": "okx", "symbols": [ETH]}, lambda a: a.stopped == [ETH]),
    ("tracker", "StartTracking", {"venue": "okx", "assets": ["BTC", "ETH"]}, lambda a: a.started[0].symbol == ETH),
    ("aggregator", "ListLatestQuotes", {"filter": {"symbols": [BTC]}}, lambda a: [q.venue for q in a.quotes] == VENUES),
    ("aggregator", "ListSnapshots", {"page_size": 1}, lambda a: a.next_page_token),
    ("aggregator", "ListMinutes", {"venues": VENUES}, lambda a: not a.next_page_token),
    ("aggregator", "CountRows", {}, lambda a: [venue.venue for venue in a.venues if venue.snapshots] == VENUES),
    ("aggregator", "ListInstrumentFacts", {"page_size": 1}, lambda a: a.instruments[0].facts and a.next_page_token),
    ("aggregator", "GetAggregatorStats", {}, lambda a: a.database_available and a.quotes_ingested),
    ("aggregator", "WatchQuotes", {"filter": {"assets": ["BTC"]}}, lambda a: a.quote.receive_time.seconds),
    ("aggregator", "SubscribeQuoteBatches", {}, lambda a: len(a.batch.symbols) == 4),
    ("arbitrage", "ListOpportunities", {"venues": VENUES}, lambda a: len(a.opportunities) <= 4),
    ("arbitrage", "ExplainSpread", PAIR, lambda a: a.explanation and a.opportunity.buy.price > 0),
    ("arbitrage", "GetMarketOverview", {"assets": ["BTC"]}, lambda a: a.assets[0].venues == VENUES),
    ("arbitrage", "ListIdentityFindings", {}, lambda a: not a.findings and not a.next_page_token),
    ("arbitrage", "ListOpportunityHistory", {"page_size": 1000}, lambda a: not a.next_page_token),
    ("arbitrage", "GetOpportunityStatistics", {"limit": 1}, lambda a: len(a.rows) <= 1),
    ("arbitrage", "GetArbitrageStats", {}, lambda a: a.connected and a.quotes_scanned),
    ("alerts", "CreateAlertRule", {"alert_rule_id": "windows", "alert_rule": SCHEDULED}, lambda a: a.alert_rule.etag),
    ("alerts", "GetAlertRule", {"name": RULE}, lambda a: a.alert_rule.name == RULE),
    ("alerts", "ListAlertRules", {"page_size": 1}, lambda a: a.alert_rules[0].name == "alertRules/default"),
    ("alerts", "UpdateAlertRule", {"alert_rule": {"name": RULE, "display_name": "N"}}, lambda a: a.alert_rule.channels),
    ("alerts", "CheckAlerts", {"rule": RULE}, lambda a: a.rules_evaluated == 1),
    ("alerts", "TestAlertChannel", {"channel": CONSOLE}, lambda a: a.is_delivered),
    ("alerts", "ListAlerts", {"page_size": 1000}, lambda a: not a.next_page_token),
    ("alerts", "RedriveDeliveries", {}, lambda a: a.redriven == 0),
    ("alerts", "ListDeadLetters", {}, lambda a: not a.dead_letters),
    ("alerts", "ListAlertGroups", {"page_size": 1000}, lambda a: not a.next_page_token),
    ("alerts", "CreateSilence", {"silence": SILENCE}, lambda a: a.silence.is_active),
    ("alerts", "ListSilences", {}, lambda a: a.silences[0].comment == "known"),
    ("alerts", "ListSuppressions", {"page_size": 1000}, lambda a: not a.next_page_token),
    ("alerts", "GetAlertStats", {}, lambda a: a.connected and a.database_available and a.cooldown_available),
    ("alerts", "DeleteAlertRule", {"name": RULE}, lambda a: not a.ListFields()),
]


async def test_every_method_answers(face: Face) -> None:
    """Each unary method of each service, as its proto says."""
    for process, method, fields, is_right in GOOD:
        answer = await face.call(process, method, fields)
        assert is_right(answer), f"{method} answered {answer}"
    called = {(process, method) for process, method, *_ in GOOD + ABSENT}
    for process, service in SERVICES.items():
        assert {(process, method.name) for method in service.methods if not method.server_streaming} <= called


def rule(**fields: Any) -> Fields:
    """A request to create a rule that only these fields can make wrong."""
    return {"alert_rule": {"channels": [CONSOLE], **fields}}


def hook(url: str) -> Fields:
    """A request to try a webhook whose address alone can be wrong."""
    return {"channel": {"webhook": {"url": url, "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}}}


LATE_FIRST = {"from_time": {"seconds": 20}, "to_time": {"seconds": 10}}
BAD: list[tuple[str, str, Fields, list[str]]] = [
    ("tracker", "GetTrackerStats", {"venues": ["okx", "nope"]}, ["venues[1]"]),
    ("tracker", "ListMarkets", {"venues": [""]}, ["venues[0]"]),
    ("tracker", "StartTracking", {"venue": "nope"}, ["venue"]),
    ("tracker", "StartTracking", {"venue": "okx", "symbols": [BTC, "NOPE", LONG]}, ["symbols[1]", "symbols[2]"]),
    ("tracker", "StartTracking", {"venue": "okx", "assets": ["NOPE"]}, ["assets[0]"]),
    ("tracker", "StopTracking", {"venue": "okx", "symbols": ["NOPE"]}, ["symbols[0]"]),
    ("tracker", "GetOrderBook", {"venue": LONG, "symbol": BTC}, ["venue"]),
    ("tracker", "GetOrderBook", {"venue": "okx"}, ["symbol"]),
    ("tracker", "GetOrderBook", {"venue": "okx", "symbol": BTC, "depth": 1001}, ["depth"]),
    *(
        ("aggregator", method, fields, violated)
        for method in ("ListSnapshots", "ListMinutes")
        for fields, violated in (
            ({"venues": ["okx", "nope"]}, ["venues[1]"]),
            ({"symbols": ["BTC\0"]}, ["symbols[0]"]),
            ({"page_size": -1}, ["page_size"]),
            ({"page_size": 1_000_000_000}, ["page_size"]),
            ({"page_token": "garbage"}, ["page_token"]),
            (LATE_FIRST, ["from_time"]),
            ({"to_time": {"seconds": 1 << 40}}, ["to_time"]),
            ({"venues": ["nope"], "page_size": -5, "page_token": "?"}, ["venues[0]", "page_size", "page_token"]),
        )
    ),
    *(
        (
            "aggregator",
            method,
            {"filter": {"venues": ["nope"], "assets": [LONG]}},
            ["filter.venues[0]", "filter.assets[0]"],
        )
        for method in ("ListLatestQuotes", "WatchQuotes", "SubscribeQuoteBatches")
    ),
    ("arbitrage", "ListOpportunities", {"venues": ["okx", "nope"]}, ["venues[1]"]),
    ("arbitrage", "ListOpportunities", {"symbols": [""], "assets": [LONG]}, ["symbols[0]", "assets[0]"]),
    (
        "arbitrage",
        "ListOpportunities",
        {"min_net_percent": -1.0, "min_gross_percent": math.nan},
        ["min_gross_percent", "min_net_percent"],
    ),
    ("arbitrage", "ListOpportunities", {"limit": 1001}, ["limit"]),
    ("arbitrage", "WatchOpportunities", {"venues": ["nope"]}, ["venues[0]"]),
    ("arbitrage", "WatchOpportunities", {"min_net_percent": math.inf}, ["min_net_percent"]),
    ("arbitrage", "WatchOpportunities", {"resume_token": "garbage"}, ["resume_token"]),
    ("arbitrage", "ExplainSpread", {}, ["asset", "buy_venue", "sell_venue"]),
    ("arbitrage", "ExplainSpread", {**PAIR, "sell_venue": "okx"}, ["sell_venue"]),
    ("arbitrage", "ExplainSpread", {**PAIR, "sell_venue": "nope"}, ["sell_venue"]),
    ("arbitrage", "GetMarketOverview", {"assets": [""]}, ["assets[0]"]),
    ("arbitrage", "ListIdentityFindings", {"page_size": -1}, ["page_size"]),
    ("arbitrage", "ListIdentityFindings", {"page_token": "garbage"}, ["page_token"]),
    ("arbitrage", "DecideIdentity", {"name": "nope"}, ["name", "state"]),
    ("alerts", "CreateAlertRule", {}, ["alert_rule.channels"]),
    ("alerts", "CreateAlertRule", {**rule(), "alert_rule_id": "Not An Id"}, ["alert_rule_id"]),
    ("alerts", "CreateAlertRule", rule(venues=["okx", "nope"]), ["alert_rule.venues[1]"]),
    (
        "alerts",
        "CreateAlertRule",
        rule(assets=[LONG], display_name=LONG),
        ["alert_rule.display_name", "alert_rule.assets[0]"],
    ),
    (
        "alerts",
        "CreateAlertRule",
        rule(min_net_percent=-0.1, min_notional=math.nan),
        ["alert_rule.min_net_percent", "alert_rule.min_notional"],
    ),
    (
        "alerts",
        "CreateAlertRule",
        rule(cooldown={"seconds": -5}, min_life={"seconds": 1 << 40}),
        ["alert_rule.min_life", "alert_rule.cooldown"],
    ),
    ("alerts", "CreateAlertRule", rule(channels=[CONSOLE, CONSOLE]), ["alert_rule.channels[1].id"]),
    ("alerts", "CreateAlertRule", rule(channels=[{"id": "c"}]), ["alert_rule.channels[0]"]),
    (
        "alerts",
        "UpdateAlertRule",
        {"alert_rule": {"name": "alertRules/default"}, "update_mask": {"paths": ["nope"]}},
        ["update_mask"],
    ),
    ("alerts", "UpdateAlertRule", {}, ["alert_rule.name"]),
    ("alerts", "GetAlertRule", {"name": "default"}, ["name"]),
    ("alerts", "DeleteAlertRule", {"name": f"alertRules/{LONG}"}, ["name"]),
    ("alerts", "ListAlertRules", {"page_size": -1}, ["page_size"]),
    ("alerts", "ListAlertRules", {"page_token": "garbage"}, ["page_token"]),
    ("alerts", "ListAlerts", LATE_FIRST, ["from_time"]),
    ("alerts", "ListAlerts", {"rule": "default"}, ["rule"]),
    ("alerts", "WatchAlerts", {"rule": "default"}, ["rule"]),
    ("alerts", "CheckAlerts", {"rule": "alertRules/default"}, ["rule"]),
    ("alerts", "RedriveDeliveries", {"alert": "nope"}, ["alert"]),
    ("alerts", "AcknowledgeAlertGroup", {"name": "alertGroups/x"}, ["author"]),
    ("alerts", "CreateSilence", {"silence": {**SILENCE, "assets": []}}, ["silence"]),
    ("alerts", "ExpireSilence", {"name": "x"}, ["name"]),
    ("alerts", "ExplainAlert", {"opportunity": "x"}, ["rule"]),
    ("alerts", "ListSuppressions", {"page_size": -1}, ["page_size"]),
    ("alerts", "ListAlertGroups", {"rule": "x"}, ["rule"]),
    ("alerts", "TestAlertChannel", {}, ["channel"]),
    *(
        ("alerts", "TestAlertChannel", hook(f"http://{host}/"), ["channel.webhook.url"])
        for host in ("127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::ffff:127.0.0.1]", "localhost", "a:99999")
    ),
]


async def test_bad_input_is_refused_by_the_name_of_its_field(face: Face) -> None:
    """With INVALID_ARGUMENT and one violation per wrong field, whatever the method."""
    for process, method, fields, violated in BAD:
        refusal = await face.refusal(process, method, fields)
        assert refusal == ("INVALID_ARGUMENT", violated), f"{method}({str(fields)[:200]})"


FINDING = "identityFindings/0123456789abcdef"
STALE = {"alert_rule": {"name": "alertRules/default", "etag": "stale", "display_name": "x"}}
ABSENT: list[tuple[str, str, Fields, str]] = [
    ("tracker", "GetOrderBook", {"venue": "okx", "symbol": LONG}, "NOT_FOUND"),
    ("arbitrage", "DecideIdentity", {"name": FINDING, "state": arbitrage_pb2.IDENTITY_STATE_DENIED}, "NOT_FOUND"),
    ("alerts", "GetAlertRule", {"name": "alertRules/none"}, "NOT_FOUND"),
    ("alerts", "UpdateAlertRule", {"alert_rule": {"name": "alertRules/none"}}, "NOT_FOUND"),
    ("alerts", "DeleteAlertRule", {"name": "alertRules/none"}, "NOT_FOUND"),
    ("alerts", "CheckAlerts", {"rule": "alertRules/none"}, "NOT_FOUND"),
    ("alerts", "RedriveDeliveries", {"alert": "alerts/none"}, "NOT_FOUND"),
    ("alerts", "AcknowledgeAlertGroup", {"name": "alertGroups/none", "author": "a"}, "NOT_FOUND"),
    ("alerts", "ExpireSilence", {"name": "silences/none"}, "NOT_FOUND"),
    ("alerts", "ExplainAlert", {"group": "alertGroups/none"}, "NOT_FOUND"),
    ("alerts", "ExplainAlert", {"opportunity": "none", "rule": "alertRules/default"}, "NOT_FOUND"),
    ("alerts", "CreateAlertRule", {**rule(), "alert_rule_id": "default"}, "ALREADY_EXISTS"),
    ("alerts", "UpdateAlertRule", STALE, "ABORTED"),
]


async def test_what_is_not_there_or_not_current_has_its_own_status(face: Face) -> None:
    """So that a program can tell what to do next."""
    for process, method, fields, code in ABSENT:
        assert await face.refusal(process, method, fields) == (code, []), f"{method}({str(fields)[:200]})"


async def test_the_page_token_of_another_query_is_refused(face: Face) -> None:
    """It would continue somewhere else."""
    first = await face.call("aggregator", "ListSnapshots", {"page_size": 1})
    following = await face.call("aggregator", "ListSnapshots", {"page_size": 2, "page_token": first.next_page_token})
    assert following.snapshots[0] != first.snapshots[0]
    other = {"venues": ["okx"], "page_token": first.next_page_token}
    assert await face.refusal("aggregator", "ListSnapshots", other) == ("INVALID_ARGUMENT", ["page_token"])
    moved = {"page_token": first.next_page_token}
    assert await face.refusal("aggregator", "ListMinutes", moved) == ("INVALID_ARGUMENT", ["page_token"])


NEWCOMER = "kucoin"  # a venue that is known, and that this run has no tracker for
GOOD_HELLO = {"hello": {"venue": NEWCOMER, "stream_id": "one", "oldest_sequence": 1}}
NUL = {"venue": NEWCOMER, "symbol": "A\0", "asset": "A", "asset_scale": 1.0, "contract_size": 1.0}


@pytest.mark.parametrize(
    ("messages", "code", "fields"),
    [
        ([{}], "INVALID_ARGUMENT", ["hello"]),
        ([{"batch": {"sequence": 1}}], "INVALID_ARGUMENT", ["hello"]),
        ([{"hello": {"venue": "New Comer", "stream_id": "one"}}], "INVALID_ARGUMENT", ["hello.venue"]),
        ([{"hello": {"venue": NEWCOMER, "stream_id": LONG}}], "INVALID_ARGUMENT", ["hello.stream_id"]),
        ([{"hello": {**GOOD_HELLO["hello"], "symbols": [{"instrument": NUL}]}}], "INVALID_ARGUMENT", ["hello"]),
        ([GOOD_HELLO, {"batch": {"venue": NEWCOMER, "stream_id": "one", "sequence": 7}}], "ABORTED", []),
        ([GOOD_HELLO, {"batch": {"stream_id": "one", "sequence": 1, "bid": [1.0]}}], "INVALID_ARGUMENT", ["batch"]),
    ],
    ids=["nothing", "no-hello", "bad-venue", "bad-stream", "bad-symbol", "out-of-sequence", "undecodable"],
)
async def test_a_broken_tracker_is_told_and_others_go_on(
    face: Face, messages: list[Fields], code: str, fields: list[str]
) -> None:
    """The stream ends with its reason; the quotes of the other venues still come."""
    requests = [aggregator_pb2.IngestQuotesRequest(**message) for message in messages]
    call = aggregator_pb2_grpc.AggregatorServiceStub(face.channels["aggregator"]).IngestQuotes(
        iter(requests), timeout=30
    )
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in call:
            pass
    status = rpc_status.from_call(caught.value)
    assert caught.value.code().name == code
    details = error_details_pb2.BadRequest()
    assert status is not None
    for detail in status.details:
        detail.Unpack(details)
    assert [violation.field for violation in details.field_violations] == fields
    before = await face.call("aggregator", "GetAggregatorStats", {})
    await eventually(lambda: _has_more_quotes(face, before.quotes_ingested))


async def _has_more_quotes(face: Face, than: int) -> bool:
    now = await face.call("aggregator", "GetAggregatorStats", {})
    return bool(now.quotes_ingested > than)
