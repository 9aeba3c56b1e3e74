"""The one way to run a gRPC server: health per service, reflection, keepalive, google.rpc.Status errors, graceful stop.

On the way out it first says NOT_SERVING, then gives running calls a grace. Streams should end by themselves when the
service stops: a stop with open streams waits its grace out.

What clients can make it hold is bounded: connections, calls of one method (call_limits.py), calls altogether, and the
size of messages. Whatever is beyond is refused, nearly always with RESOURCE_EXHAUSTED.

A service with streams that the plane carries has its port from the plane (plumbing/plane/streams.py): grpcio listens
behind it, on a unix socket that nobody else can reach. Where `tls.certificate_file` is set, whoever has the port
speaks TLS.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import structlog
from grpc_health.v1 import health, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from crossbook.pb.v1.process_pb2_grpc import add_ProcessServiceServicer_to_server
from crossbook.plumbing.access.certificates import CERTIFICATES
from crossbook.plumbing.errors import PortTakenError
from crossbook.plumbing.grpc.access import OPEN, AccessCheck
from crossbook.plumbing.grpc.call_limits import CallLimits
from crossbook.plumbing.grpc.channel import KEEPALIVE_MS, KEEPALIVE_TIMEOUT_MS, MAX_MESSAGE_BYTES
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.port_tls import credentials, keep_renewed, server_tls
from crossbook.plumbing.grpc.process import SERVICE_NAME as PROCESS_SERVICE
from crossbook.plumbing.grpc.process import ProcessService
from crossbook.plumbing.grpc.status import StatusInterceptor
from crossbook.plumbing.plane.calls import Stream
from crossbook.plumbing.plane.streams import StreamServer
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.plumbing.targets import target_of

STOP_GRACE_SECONDS = 2.0
MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_CONNECTIONS = 512
MAX_CALLS = 2_048  # that run, all methods together
# On one connection, refused ones that are not yet done with included: beyond it a call ends UNAVAILABLE, untouched.
MAX_CALLS_OF_CONNECTION = 4_096
# Calls that the event loop has not seen yet: beyond the first number grpc drops some (CANCELLED), then all.
MAX_PENDING_CALLS, MAX_PENDING_CALLS_EVER = 4_096, 8_192

SERVER_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.so_reuseport", 0),  # else a second server silently takes half of the first one's callers
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 1_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 1_000),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_allowed_incoming_connections", MAX_CONNECTIONS),
    ("grpc.max_concurrent_streams", MAX_CALLS_OF_CONNECTION),
    ("grpc.server.max_pending_requests", MAX_PENDING_CALLS),
    ("grpc.server.max_pending_requests_hard_limit", MAX_PENDING_CALLS_EVER),
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A started server."""

    port: int


@asynccontextmanager
async def grpc_server(
    host: str,
    port: int,
    register: Callable[[grpc.aio.Server], None],
    own_health: ServiceHealth,
    *,
    max_request_bytes: int = MAX_REQUEST_BYTES,
    limits: CallLimits | None = None,
    plane: PlaneThread | None = None,
    streams: Mapping[str, Stream] | None = None,
    reload: Callable[[], list[str]] = list,
    access: AccessCheck = OPEN,
) -> AsyncIterator[RunningServer]:
    """Starts a server for the services that `register` adds; port 0 lets the system choose. Raises PortTakenError.

    `streams` are the methods that the plane carries, by their paths; `reload` is what ProcessService.Reload calls;
    `access` decides who may call what.
    """
    server = _server(register, own_health, max_request_bytes, StatusInterceptor(limits or CallLimits(), access))
    add_ProcessServiceServicer_to_server(ProcessService(reload), server)
    await own_health.begin()
    async with _front(server, host, port, plane, streams or {}, access) as (bound, carried):
        log.info("server_started", host=host, port=bound, services=list(own_health.service_names))
        try:
            yield RunningServer(bound)
        finally:
            await asyncio.shield(_stop(server, own_health.servicer, carried))


def _server(
    register: Callable[[grpc.aio.Server], None],
    own_health: ServiceHealth,
    max_request_bytes: int,
    interceptor: StatusInterceptor,
) -> grpc.aio.Server:
    server = grpc.aio.server(
        interceptors=[interceptor],
        options=[*SERVER_OPTIONS, ("grpc.max_receive_message_length", max_request_bytes)],
        maximum_concurrent_rpcs=MAX_CALLS,
    )
    register(server)
    health_pb2_grpc.add_HealthServicer_to_server(own_health.servicer, server)
    names = (*own_health.service_names, PROCESS_SERVICE, health.SERVICE_NAME, reflection.SERVICE_NAME)
    reflection.enable_server_reflection(names, server)
    return server


@asynccontextmanager
async def _front(
    server: grpc.aio.Server,
    host: str,
    port: int,
    plane: PlaneThread | None,
    streams: Mapping[str, Stream],
    access: AccessCheck,
) -> AsyncIterator[tuple[int, StreamServer | None]]:
    """Starts it, and what stands before it: the port that clients reach."""
    if plane is None:
        bound = _bind(server, target_of(host, port), host, port, credentials())
        await server.start()
        yield bound, None
        return
    with tempfile.TemporaryDirectory(prefix="crossbook-") as folder:  # for its owner alone
        backend = Path(folder) / "grpc"
        _bind(server, f"unix:{backend}", host, port)
        limits = {"max_connections": MAX_CONNECTIONS, "max_calls_of_connection": MAX_CALLS_OF_CONNECTION}
        shown = CERTIFICATES.now()
        carried = StreamServer(
            plane, streams, host, port, backend, access=access, tls=server_tls(shown), **limits
        )  # first: its port may be taken
        await server.start()
        tasks = [asyncio.create_task(carried.run())]
        if shown.identity:
            tasks.append(asyncio.create_task(keep_renewed(carried, shown)))
        try:
            yield carried.port, carried
        finally:
            for task in tasks:
                task.cancel()


def _bind(server: grpc.aio.Server, target: str, host: str, port: int, tls: grpc.ServerCredentials | None = None) -> int:
    try:
        bound = server.add_secure_port(target, tls) if tls else server.add_insecure_port(target)
    except RuntimeError:
        bound = 0
    if not bound:
        raise PortTakenError(host, port)
    return bound


async def _stop(server: grpc.aio.Server, checker: health.aio.HealthServicer, carried: StreamServer | None) -> None:
    """Streams end before the rest: so a client that asks what is going on is still answered."""
    await checker.enter_graceful_shutdown()
    if carried is not None:
        await carried.stop(STOP_GRACE_SECONDS)
    await server.stop(STOP_GRACE_SECONDS)
