"""Clients in other languages against one running system: what people ask, every streaming method, and the examples.

What they ask is written in their own language, in clients/<language>; here it is run.
"""

import asyncio
import base64
import re
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from crossbook.pb.v1 import aggregator_pb2, alerts_pb2, tracker_pb2
from crossbook.pb.v1 import arbitrage_pb2 as pb
from crossbook.pb.v1.arbitrage_pb2_grpc import ArbitrageServiceStub
from crossbook.pb.v1.market_pb2 import BookState
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.timestamps import SECOND_NS, to_timestamp
from tests.support.clients.grpcurl import Fields, Grpcurl
from tests.support.clients.programs import (
    GO,
    JAVA,
    RUST,
    as_environment,
    maven,
    passed,
    require_crates,
    require_modules,
)
from tests.support.clients.system import system_for_clients

pytestmark = pytest.mark.asyncio(loop_scope="module")
Addresses = dict[str, str]
SERVICES = {
    "tracker": tracker_pb2.DESCRIPTOR.services_by_name["TrackerService"],
    "aggregator": aggregator_pb2.DESCRIPTOR.services_by_name["AggregatorService"],
    "arbitrage": pb.DESCRIPTOR.services_by_name["ArbitrageService"],
    "alerts": alerts_pb2.DESCRIPTOR.services_by_name["AlertService"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def addresses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Addresses]:
    async with system_for_clients(tmp_path_factory.mktemp("run")) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def go() -> None:
    require_modules(GO)


async def test_every_story_in_go_holds(go: None, addresses: Addresses) -> None:
    """None is left out, for none may be skipped while a system runs."""
    told = passed("go", "test", "-count=1", "-v", "./...", folder=GO, **as_environment(addresses, "kucoin"))
    assert "--- PASS: TestEveryStreamingMethod" in told
    assert "--- SKIP" not in told


async def test_the_example_in_go_resumes_where_it_ended(go: None, addresses: Addresses, tmp_path: Path) -> None:
    """The second run goes on behind the last event of the first."""
    passed("go", "build", "-o", tmp_path / "follow", "./cmd/follow", folder=GO)
    command = [str(tmp_path / "follow"), "-token", str(tmp_path / "token"), addresses["arbitrage"]]
    await _assert_resumes(command, addresses, tmp_path / "token")


async def test_every_story_in_java_holds(addresses: Addresses) -> None:
    """None is left out, for none may be skipped while a system runs."""
    told = maven("test", **as_environment(addresses, "mexc"))
    assert "Running crossbook.stories.StoriesTest" in told
    assert "Running crossbook.stories.StreamsTest" in told
    assert re.search(r"Tests run: (\d+), Failures: 0, Errors: 0, Skipped: 0\n", told)


async def test_the_example_in_java_resumes_where_it_ended(addresses: Addresses, tmp_path: Path) -> None:
    """The second run goes on behind the last event of the first."""
    maven("compile")
    words = f"-Dexec.args={addresses['arbitrage']} {tmp_path / 'token'}"
    command = ["mvn", "--quiet", "--file", str(JAVA), "exec:java", words]
    await _assert_resumes(command, addresses, tmp_path / "token", ends_with=128 + signal.SIGINT)


async def test_every_story_in_rust_holds(addresses: Addresses) -> None:
    """What it does by itself as well; none is left out, for none may be skipped while a system runs."""
    require_crates(RUST)
    told = passed("cargo", "test", "--locked", "--", "--nocapture", folder=RUST, **as_environment(addresses, ""))
    assert re.findall(r"test result: ok\. (\d+) passed; 0 failed; 0 ignored", told) == ["3", "3", "5"]


async def _assert_resumes(command: Sequence[str], addresses: Addresses, kept: Path, ends_with: int = 0) -> None:
    assert await _first_lines(command, lambda: _token(kept), ends_with)
    async with open_channel(addresses["arbitrage"]) as channel, aclosing(_events(channel, _token(kept))) as events:
        following = await anext(events)
    line, *_ = await _first_lines(command, lambda: True, ends_with)
    kind = pb.OpportunityEventKind.Name(following.kind).removeprefix("OPPORTUNITY_EVENT_KIND_")
    net = f"net {following.opportunity.costs.net_percent:.3f} %"
    assert re.split(r"\s+", line)[:2] == [kind, following.opportunity.asset]
    assert net in line


def _token(kept: Path) -> str:
    """Empty until all that was open at first has been told, and so until a run can be resumed."""
    return kept.read_text().strip() if kept.exists() else ""


async def _events(channel: grpc.aio.Channel, token: str) -> AsyncIterator[pb.OpportunityEvent]:
    request = pb.WatchOpportunitiesRequest(resume_token=token)
    call = ArbitrageServiceStub(channel).WatchOpportunities(request, timeout=60)
    try:
        async for message in call:
            for event in message.events:
                yield event
    finally:
        call.cancel()


async def _first_lines(command: Sequence[str], is_enough: Callable[[], object], ends_with: int) -> list[str]:
    """What it prints first; then Ctrl-C, after which it ends as it should."""
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE)
    assert process.stdout is not None
    lines = [(await process.stdout.readline()).decode()]
    while not is_enough() and lines[-1]:
        lines.append((await process.stdout.readline()).decode())
    process.send_signal(signal.SIGINT)
    await process.communicate()
    assert process.returncode == ends_with
    return lines


Story = Callable[[Grpcurl, str], None]
BAD_FILTER = {"filter": {"venues": ["okx", "nope"]}}


@pytest.fixture(scope="module")
def grpcurl() -> Grpcurl:
    return Grpcurl()


async def test_grpcurl_lists_and_describes_every_service(grpcurl: Grpcurl, addresses: Addresses) -> None:
    """By reflection alone, as the protos have them."""
    for process, service in SERVICES.items():
        name = service.full_name
        assert {name, "grpc.health.v1.Health"} <= set(grpcurl.services(addresses[process]))
        streaming = {f"{name}/{one.name}": one.client_streaming or one.server_streaming for one in service.methods}
        assert grpcurl.methods(addresses[process], name) == streaming


async def test_grpcurl_follows_every_streaming_method(grpcurl: Grpcurl, addresses: Addresses) -> None:
    """Each that a service lists; a new one fails here until STREAMS has its story."""
    told = set()
    for address in addresses.values():
        for service in grpcurl.services(address):
            for method in (name for name, streams in grpcurl.methods(address, service).items() if streams):
                assert method in STREAMS, f"{method} streams and has no story"
                STREAMS[method](grpcurl, address)
                told.add(method)
    assert told == STREAMS.keys()


async def test_grpcurl_shows_what_is_wrong_with_a_request(grpcurl: Grpcurl, addresses: Addresses) -> None:
    """Field by field: methods that the plane serves, those that grpcio does behind it, and those without one."""
    for process, method, request, field in (
        ("aggregator", "AggregatorService/SubscribeQuoteBatches", BAD_FILTER, "filter.venues[1]"),
        ("aggregator", "AggregatorService/ListLatestQuotes", BAD_FILTER, "filter.venues[1]"),
        ("arbitrage", "ArbitrageService/WatchOpportunities", {"resume_token": "garbage"}, "resume_token"),
        ("arbitrage", "ArbitrageService/ExplainSpread", {"asset": "BTC", "buy_venue": "okx"}, "sell_venue"),
        ("alerts", "AlertService/WatchAlerts", {"rule": "default"}, "rule"),
        ("tracker", "TrackerService/StartTracking", {"venue": "nope"}, "venue"),
    ):
        refusal = grpcurl.refusal(addresses[process], f"crossbook.v1.{method}", request)
        assert refusal.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
        (details,) = refusal.details
        assert details["@type"] == "type.googleapis.com/google.rpc.BadRequest"
        assert [violation["field"] for violation in details["field_violations"]] == [field]


def _ingests(grpcurl: Grpcurl, address: str) -> None:
    """A little stream of batches, typed in; then the window that they made, and what is said of a hole."""
    start = (time.time_ns() // SECOND_NS - 3) * SECOND_NS
    hello, *batches = _little_stream(start)
    answers = grpcurl.call(address, "crossbook.v1.AggregatorService/IngestQuotes", hello, *batches)
    assert answers[0]["resume"]["next_sequence"] == "1"
    assert int(answers[-1]["acknowledgement"]["committed_sequence"]) >= 1
    query = {"venues": ["gateio"], "from_time": to_timestamp(start).ToJsonString(), "page_size": 1}
    (page,) = grpcurl.call(address, "crossbook.v1.AggregatorService/ListSnapshots", query)
    assert (page["snapshots"][0]["symbol"], page["snapshots"][0]["tick_count"]) == ("CURL/USDT:USDT", "1")
    hole = {"batch": {**batches[1]["batch"], "sequence": 99}}
    refusal = grpcurl.refusal(address, "crossbook.v1.AggregatorService/IngestQuotes", hello, hole)
    assert refusal.code == grpc.StatusCode.ABORTED.value[0]


def _little_stream(start: int) -> list[Fields]:
    """A hello, a quote just behind `start`, and the end of its window."""
    stream = {"venue": "gateio", "stream_id": f"grpcurl-{start}"}
    instrument = {"venue": "gateio", "symbol": "CURL/USDT:USDT", "native_symbol": "CURL", "asset": "CURL"}
    instrument |= {"asset_scale": 1, "contract_size": 1, "quote_currency": "USDT", "settle_currency": "USDT"}
    live = base64.b64encode(bytes([BookState.BOOK_STATE_LIVE])).decode()
    row = {"symbol_index": [0], "receive_ns": [start + 1], "exchange_ns": [0], "state": live}
    row |= {"bid": [100], "bid_size": [1], "ask": [101], "ask_size": [1]}
    symbols = [{"index": 0, "instrument": instrument}]
    return [
        {"hello": {**stream, "oldest_sequence": 1}},
        {"batch": {**stream, **row, "sequence": 1, "watermark_ns": start + 1, "symbols": symbols}},
        {"batch": {**stream, "sequence": 2, "watermark_ns": start + 2 * SECOND_NS}},
    ]


def _watches_alerts(grpcurl: Grpcurl, address: str) -> None:
    """Those of a rule that is made for it."""
    rule = {"is_enabled": True, "cooldown": "1s", "channels": [{"id": "console", "console": {}}]}
    request = {"alert_rule_id": "grpcurl", "alert_rule": rule}
    grpcurl.call(address, "crossbook.v1.AlertService/CreateAlertRule", request)
    name = "alertRules/grpcurl"
    (told,) = grpcurl.first(address, "crossbook.v1.AlertService/WatchAlerts", {"rule": name})
    assert told["alert"]["rule"] == name
    grpcurl.call(address, "crossbook.v1.AlertService/DeleteAlertRule", {"name": name})


def _reads(method: str, request: Fields, *wanted: str) -> Story:
    """The first message has these fields."""

    def story(grpcurl: Grpcurl, address: str) -> None:
        (message,) = grpcurl.first(address, method, request)
        assert set(wanted) <= message.keys(), f"{method} told {message}"

    return story


def _ingests_facts(grpcurl: Grpcurl, address: str) -> None:
    """A fact, typed in; then what is known of its instrument."""
    fact = {"kind": "FACT_KIND_MARK_PRICE", "state": "FACT_STATE_KNOWN", "value": 1.5, "source": "typed"}
    fact["receive_time"] = to_timestamp(time.time_ns()).ToJsonString()
    told = {"venue": "gateio", "symbol": "CURL/USDT:USDT", "asset": "CURL", "facts": [fact]}
    message = {"venue": "gateio", "instruments": [told]}
    assert len(grpcurl.call(address, "crossbook.v1.AggregatorService/IngestFacts", message)) == 1
    query = {"filter": {"venues": ["gateio"]}}
    (page,) = grpcurl.call(address, "crossbook.v1.AggregatorService/ListInstrumentFacts", query)
    assert page["instruments"][0]["facts"][0]["value"] == 1.5


def _reflects(grpcurl: Grpcurl, address: str) -> None:
    method = "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    (answer,) = grpcurl.call(address, method, {"list_services": ""})
    assert {"name": "grpc.health.v1.Health"} in answer["list_services_response"]["service"]


STREAMS: dict[str, Story] = {
    "crossbook.v1.AggregatorService/IngestFacts": _ingests_facts,
    "crossbook.v1.AggregatorService/IngestQuotes": _ingests,
    "crossbook.v1.AlertService/WatchAlerts": _watches_alerts,
    "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": _reflects,
    **{
        method: _reads(method, request, *wanted)
        for method, request, *wanted in (
            ("crossbook.v1.AggregatorService/SubscribeQuoteBatches", {"filter": {"assets": ["BTC"]}}, "batch"),
            ("crossbook.v1.AggregatorService/WatchInstrumentFacts", {"filter": {"assets": ["BTC"]}}, "instruments"),
            ("crossbook.v1.AggregatorService/WatchQuotes", {"filter": {"assets": ["BTC"]}}, "quote"),
            ("crossbook.v1.ArbitrageService/WatchOpportunities", {"venues": ["okx", "binance"]}),
            ("crossbook.v1.ProcessService/WatchLog", {"lines": 1}, "lines"),
            ("grpc.health.v1.Health/Watch", {}, "status"),
        )
    },
}
