"""The gRPC server, alone and behind a plane: statuses with details, health, reflection, taken ports, graceful stop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_status import rpc_status
from prometheus_client import REGISTRY

from crossbook.pb.v1 import arbitrage_pb2, arbitrage_pb2_grpc
from crossbook.plumbing.errors import (
    AlreadyExistsError,
    ConflictError,
    FieldViolation,
    InvalidRequestError,
    MisdirectedError,
    NotFoundError,
    OverloadedError,
    PortTakenError,
    UnavailableError,
)
from crossbook.plumbing.grpc.call_limits import UNARY_CALLS, CallLimits
from crossbook.plumbing.grpc.channel import MAX_MESSAGE_BYTES, open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import MAX_REQUEST_BYTES, RunningServer, grpc_server
from crossbook.plumbing.plane.thread import PlaneThread, open_plane
from tests.support.waiting import eventually

NAME = "crossbook.v1.ArbitrageService"


class Service(arbitrage_pb2_grpc.ArbitrageServiceServicer):
    """Fails as it is told, and streams for ever."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.answer_characters = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.ended = asyncio.Event()
        self.metadata: list[tuple[str, Any]] = []

    async def ExplainSpread(self, request: Any, context: Any) -> arbitrage_pb2.ExplainSpreadResponse:
        self.metadata = list(context.invocation_metadata())
        if self.error:
            raise self.error
        await self.gate.wait()
        return arbitrage_pb2.ExplainSpreadResponse(explanation=request.asset + "x" * self.answer_characters)

    async def WatchOpportunities(
        self, request: Any, context: Any
    ) -> AsyncIterator[arbitrage_pb2.WatchOpportunitiesResponse]:
        try:
            while True:
                yield arbitrage_pb2.WatchOpportunitiesResponse(dropped_events=1)
                if self.error:
                    raise self.error
                await asyncio.sleep(0.01)
        finally:
            self.ended.set()

    def ListOpportunities(self, request: Any, context: Any) -> Any:
        raise NotImplementedError

    GetMarketOverview = ListOpportunities
    GetArbitrageStats = ListOpportunities


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture(params=["alone", "behind a plane"])
async def plane(request: pytest.FixtureRequest) -> AsyncIterator[PlaneThread | None]:
    """What has the port: a client cannot tell."""
    if request.param == "alone":
        yield None
        return
    async with open_plane() as thread:
        yield thread


@pytest.fixture
async def server(service: Service, plane: PlaneThread | None) -> AsyncIterator[RunningServer]:
    async with serving(service, plane=plane) as running:
        yield running


def serving(service: Service, port: int = 0, health: ServiceHealth | None = None, **options: Any) -> Any:
    return grpc_server(
        "127.0.0.1",
        port,
        lambda it: arbitrage_pb2_grpc.add_ArbitrageServiceServicer_to_server(service, it),
        health or ServiceHealth(NAME),
        **options,
    )


@pytest.fixture
async def channel(server: RunningServer) -> AsyncIterator[grpc.aio.Channel]:
    async with open_channel(f"127.0.0.1:{server.port}") as channel:
        yield channel


async def explain(channel: grpc.aio.Channel, asset: str = "BTC") -> str:
    stub = arbitrage_pb2_grpc.ArbitrageServiceStub(channel)
    answer = await stub.ExplainSpread(arbitrage_pb2.ExplainSpreadRequest(asset=asset), timeout=30)
    return answer.explanation


def watch(channel: grpc.aio.Channel) -> Any:
    stub = arbitrage_pb2_grpc.ArbitrageServiceStub(channel)
    return stub.WatchOpportunities(arbitrage_pb2.WatchOpportunitiesRequest())


async def test_an_answer_goes_through(channel: grpc.aio.Channel) -> None:
    assert await explain(channel) == "BTC"


async def test_a_request_up_to_the_limit_goes_through_and_one_beyond_does_not(
    service: Service, plane: PlaneThread | None
) -> None:
    """4 MiB unless a server that takes batches says otherwise; the next request is answered as ever."""
    for options, limit in (({}, MAX_REQUEST_BYTES), ({"max_request_bytes": MAX_MESSAGE_BYTES}, MAX_MESSAGE_BYTES)):
        server = serving(service, plane=plane, **options)
        async with server as running, open_channel(f"127.0.0.1:{running.port}") as channel:
            assert len(await explain(channel, "x" * (limit - 1000))) == limit - 1000
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await explain(channel, "x" * (limit + 1))
            assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert await explain(channel) == "BTC"


async def test_an_answer_beyond_the_limit_fails_alone(service: Service, channel: grpc.aio.Channel) -> None:
    """It is RESOURCE_EXHAUSTED; the connection and the next call do not suffer."""
    service.answer_characters = MAX_MESSAGE_BYTES + 1
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await explain(channel)
    assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    service.answer_characters = 0
    assert await explain(channel) == "BTC"


async def test_calls_beyond_the_places_of_their_method_are_refused(service: Service, plane: PlaneThread | None) -> None:
    """Those that run go on, other methods are answered, a place that is left can be taken, and refusals are counted."""
    method = f"/{NAME}/WatchOpportunities"
    labels = {"method": method}
    refused = REGISTRY.get_sample_value("crossbook_grpc_refused_calls_total", labels) or 0.0
    async with serving(service, limits=CallLimits(streams=2), plane=plane) as server, AsyncExitStack() as stack:
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{server.port}"))
        running = [watch(channel) for _ in range(2)]
        for call in running:
            await call.read()
        for _ in range(5):
            excess = watch(channel)
            assert await excess.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            assert method in await excess.details()
        assert await explain(channel) == "BTC"
        assert (await running[0].read()).dropped_events == 1
        assert REGISTRY.get_sample_value("crossbook_grpc_refused_calls_total", labels) == refused + 5
        running[0].cancel()
        await service.ended.wait()
        await eventually(lambda: _takes_a_stream(channel))


async def _takes_a_stream(channel: grpc.aio.Channel) -> bool:
    call = watch(channel)
    try:
        return bool(await call.read())
    except grpc.aio.AioRpcError:
        return False
    finally:
        call.cancel()


async def test_a_flood_of_calls_is_refused_in_part_and_leaves_no_trace(
    service: Service, channel: grpc.aio.Channel
) -> None:
    """Of 2,000 slow calls at once 64 run, the others are RESOURCE_EXHAUSTED; then all is as before."""
    service.gate.clear()
    calls = [asyncio.ensure_future(_code(channel)) for _ in range(2_000)]
    await eventually(lambda: sum(call.done() for call in calls) == 2_000 - UNARY_CALLS)
    service.gate.set()
    codes = Counter(await asyncio.gather(*calls))
    assert codes == {"OK": UNARY_CALLS, "RESOURCE_EXHAUSTED": 2_000 - UNARY_CALLS}
    assert await explain(channel) == "BTC"


async def _code(channel: grpc.aio.Channel) -> str:
    try:
        await explain(channel)
    except grpc.aio.AioRpcError as error:
        return str(error.code().name)
    return "OK"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequestError.of("asset", "is empty"), grpc.StatusCode.INVALID_ARGUMENT),
        (NotFoundError("alertRules/x"), grpc.StatusCode.NOT_FOUND),
        (AlreadyExistsError("alertRules/x"), grpc.StatusCode.ALREADY_EXISTS),
        (ConflictError("changed meanwhile"), grpc.StatusCode.ABORTED),
        (MisdirectedError("meant for another shard"), grpc.StatusCode.FAILED_PRECONDITION),
        (UnavailableError("Redis is down"), grpc.StatusCode.UNAVAILABLE),
        (OverloadedError("too much"), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
async def test_an_error_becomes_its_status(
    service: Service, channel: grpc.aio.Channel, error: Exception, code: grpc.StatusCode
) -> None:
    service.error = error
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await explain(channel)
    assert raised.value.code() == code
    assert raised.value.details() == str(error)


async def test_bad_input_names_every_field(service: Service, channel: grpc.aio.Channel) -> None:
    service.error = InvalidRequestError([FieldViolation("asset", "is empty"), FieldViolation("buy_venue", "is odd")])
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await explain(channel)
    status = rpc_status.from_call(raised.value)
    assert status is not None
    details = error_details_pb2.BadRequest()
    assert status.details[0].Unpack(details)
    assert [violation.field for violation in details.field_violations] == ["asset", "buy_venue"]


LONG = "\N{PILE OF POO}" * 20_000


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequestError([FieldViolation(f"symbols[{index}]", "is unknown") for index in range(5000)]),
        InvalidRequestError.of(f"headers[{LONG}]", LONG),
        InvalidRequestError([FieldViolation(LONG, LONG)] * 20),
        NotFoundError(LONG),
        ConflictError(LONG),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_status_fits_into_what_clients_take_however_much_a_caller_sent(
    service: Service, channel: grpc.aio.Channel, error: Exception
) -> None:
    """A client refuses trailers of more than 8 KiB, and would then report RESOURCE_EXHAUSTED in the status' place."""
    service.error = error
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await explain(channel)
    status = rpc_status.from_call(raised.value)
    assert status is not None
    assert raised.value.code() != grpc.StatusCode.RESOURCE_EXHAUSTED
    if isinstance(error, InvalidRequestError):
        details = error_details_pb2.BadRequest()
        assert status.details[0].Unpack(details)
        assert details.field_violations[0].field.startswith(error.violations[0].field[:10])


@pytest.mark.parametrize("method", ["ExplainSpread", "WatchOpportunities"])
async def test_a_request_that_does_not_decode_is_bad_input(channel: grpc.aio.Channel, method: str) -> None:
    kind: Any = channel.unary_stream if method == "WatchOpportunities" else channel.unary_unary
    call = kind(f"/{NAME}/{method}")(b"\xff", timeout=30)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await (call.read() if hasattr(call, "read") else call)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT


async def test_an_unavailable_service_says_when_to_come_back(service: Service, channel: grpc.aio.Channel) -> None:
    service.error = UnavailableError("Redis is down", retry_after_seconds=1.5)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await explain(channel)
    status = rpc_status.from_call(raised.value)
    assert status is not None
    details = error_details_pb2.RetryInfo()
    assert status.details[0].Unpack(details)
    assert details.retry_delay.ToMilliseconds() == 1500


async def test_a_bug_is_hidden_from_the_caller(service: Service, channel: grpc.aio.Channel) -> None:
    service.error = KeyError("secret detail")
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await explain(channel)
    assert raised.value.code() == grpc.StatusCode.INTERNAL
    assert "secret detail" not in str(raised.value.details())


async def test_an_error_in_mid_stream_becomes_its_status(service: Service, channel: grpc.aio.Channel) -> None:
    service.error = OverloadedError("too much")
    call = arbitrage_pb2_grpc.ArbitrageServiceStub(channel).WatchOpportunities(
        arbitrage_pb2.WatchOpportunitiesRequest()
    )
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        async for _ in call:
            pass
    assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_cancelled_stream_ends_its_handler(service: Service, channel: grpc.aio.Channel) -> None:
    call = arbitrage_pb2_grpc.ArbitrageServiceStub(channel).WatchOpportunities(
        arbitrage_pb2.WatchOpportunitiesRequest()
    )
    async for _ in call:
        call.cancel()
        break
    await asyncio.wait_for(service.ended.wait(), 30)


async def check(channel: grpc.aio.Channel, name: str) -> int:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=30)
    return int(answer.status)


async def test_checkers_are_told_of_the_service_and_of_the_whole_process(
    service: Service, plane: PlaneThread | None
) -> None:
    health = ServiceHealth(NAME, awaits=("store",))
    server = serving(service, health=health, plane=plane)
    async with server as running, open_channel(f"127.0.0.1:{running.port}") as channel:
        not_yet = [await check(channel, name) for name in ("", NAME)]
        await health.tell("store", "")
        then = [await check(channel, name) for name in ("", NAME)]
    assert not_yet == [health_pb2.HealthCheckResponse.NOT_SERVING] * 2
    assert then == [health_pb2.HealthCheckResponse.SERVING] * 2


async def test_a_stopping_server_first_says_not_serving(service: Service, plane: PlaneThread | None) -> None:
    async with AsyncExitStack() as stack:
        running = await stack.enter_async_context(serving(service, plane=plane))
        async with open_channel(f"127.0.0.1:{running.port}") as channel:
            call = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=NAME))
            assert (await asyncio.wait_for(call.read(), 30)).status == health_pb2.HealthCheckResponse.SERVING
            stopping = asyncio.create_task(stack.aclose())
            assert (await asyncio.wait_for(call.read(), 30)).status == health_pb2.HealthCheckResponse.NOT_SERVING
            call.cancel()
            await asyncio.wait_for(stopping, 30)


async def test_reflection_lists_the_services(channel: grpc.aio.Channel) -> None:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(iter([reflection_pb2.ServerReflectionRequest(list_services="")]))
    async for answer in call:
        names = [service.name for service in answer.list_services_response.service]
        assert {NAME, "grpc.health.v1.Health"} <= set(names)
        call.cancel()
        break


async def test_a_taken_port_is_a_clear_error(server: RunningServer, plane: PlaneThread | None) -> None:
    with pytest.raises(PortTakenError, match=f"127.0.0.1:{server.port} is taken"):
        async with serving(Service(), server.port, plane=plane):
            pass


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_a_compressed_request_counts_as_large_as_it_is(
    server: RunningServer, compression: grpc.Compression
) -> None:
    """Up to the limit it is read; a bomb of a few kilobytes is RESOURCE_EXHAUSTED, and costs only its call."""
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(
        f"127.0.0.1:{server.port}", options=options, compression=compression
    ) as channel:
        assert len(await explain(channel, "x" * (MAX_REQUEST_BYTES - 1_000))) == MAX_REQUEST_BYTES - 1_000
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await explain(channel, "x" * 16 * MAX_REQUEST_BYTES)
        assert raised.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await explain(channel) == "BTC"


async def test_behind_a_plane_a_handler_is_told_who_calls(service: Service) -> None:
    """By the plane, whatever the client says of itself."""
    async with AsyncExitStack() as stack:
        thread = await stack.enter_async_context(open_plane())
        server = await stack.enter_async_context(serving(service, plane=thread))
        channel = await stack.enter_async_context(open_channel(f"127.0.0.1:{server.port}"))
        request = arbitrage_pb2.ExplainSpreadRequest(asset="BTC")
        stub = arbitrage_pb2_grpc.ArbitrageServiceStub(channel)
        await stub.ExplainSpread(request, metadata=(("crossbook-peer", "10.0.0.1:1"), ("of-mine", "kept")))
    told = {name: value for name, value in service.metadata if name in ("crossbook-peer", "of-mine")}
    assert told["of-mine"] == "kept"
    assert told["crossbook-peer"].startswith("127.0.0.1:")
    assert [name for name, _ in service.metadata].count("crossbook-peer") == 1
