"""The public port with the plane behind it: streaming methods are carried by the plane, all others forwarded to grpcio.

A handler decides about its call and may simply raise: what it raises is told as plumbing/grpc/status.py says.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import structlog
from google.rpc import code_pb2

from crossbook._core import PlaneCall, PlaneServer, ServerTls
from crossbook.plumbing.access.roles import Caller
from crossbook.plumbing.errors import (
    CrossbookError,
    InvalidRequestError,
    OverloadedError,
    PortTakenError,
    UnauthenticatedError,
    UnavailableError,
)
from crossbook.plumbing.grpc.access import OPEN, AccessCheck, caller_now
from crossbook.plumbing.grpc.call_limits import REFUSED_CALLS, STREAMS, overloaded
from crossbook.plumbing.grpc.channel import KEEPALIVE_MS, KEEPALIVE_TIMEOUT_MS, MAX_MESSAGE_BYTES
from crossbook.plumbing.grpc.status import INTERNAL_MESSAGE, to_status
from crossbook.plumbing.plane.calls import Stream, StreamCall
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.plumbing.tasks import until_first

MAX_HEADER_BYTES = 16 * 1024
PATIENCE_SECONDS = 10.0  # with a client that says nothing

Status: TypeAlias = tuple[int, str, bytes]

log = structlog.get_logger()


class StreamServer:
    """Listens from its making on; `run` serves. `streams` are by the method's path."""

    def __init__(
        self,
        thread: PlaneThread,
        streams: Mapping[str, Stream],
        host: str,
        port: int,
        backend: Path,
        *,
        max_connections: int,
        max_calls_of_connection: int,
        places: int = STREAMS,
        access: AccessCheck = OPEN,
        tls: ServerTls | None = None,
    ) -> None:
        """Raises PortTakenError."""
        self._thread = thread
        self._access = access
        self._streams = list(streams.items())
        self._running: set[asyncio.Task[None]] = set()  # bounded by the places of the methods
        self._refused = [0] * len(streams)
        for path in streams:
            REFUSED_CALLS.labels(path)
        try:
            self._core = PlaneServer(
                thread.core,
                host,
                port,
                backend,
                methods=[_row(path, stream, places) for path, stream in self._streams],
                max_connections=max_connections,
                max_calls_of_connection=max_calls_of_connection,
                patience_seconds=PATIENCE_SECONDS,
                keepalive_seconds=KEEPALIVE_MS / 1000,
                keepalive_timeout_seconds=KEEPALIVE_TIMEOUT_MS / 1000,
                max_header_bytes=MAX_HEADER_BYTES,
                tls=tls,
            )
        except OSError:
            raise PortTakenError(host, port) from None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._core.port

    async def run(self) -> None:
        """Until cancelled."""
        with self._thread.listen(self._core.bell) as news:
            while True:
                await news.wait()
                news.clear()
                for call in self._core.take_opened():
                    task = asyncio.create_task(self._serve(call))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
                self._count_refused()

    def take_tls(self, tls: ServerTls) -> None:
        """Of a port that speaks it: what it shows from the next handshake on."""
        self._core.take_tls(tls)

    async def stop(self, grace_seconds: float) -> None:
        """No call begins any more; those that run have so long to end by themselves."""
        self._core.stop()
        if running := set(self._running):
            await asyncio.wait(running, timeout=grace_seconds)
        for task in (left := set(self._running)):
            task.cancel()
        if left:
            await asyncio.wait(left)

    async def _serve(self, core: PlaneCall) -> None:
        path, stream = self._streams[core.method]
        with self._thread.listen(core.bell) as news:
            call = StreamCall(core, news, self._thread)
            try:
                caller = self._access.caller(path, core.metadata, core.peer)
                caller_now.set(caller)
                watching = [self._until_bad(caller)] if caller.credential else []
                await until_first(stream.serve(call), call.gone(), *watching)
                core.end()
            except asyncio.CancelledError:
                core.refuse(_status_parts(UnavailableError("the service is stopping")))
                raise
            except CrossbookError as error:
                core.refuse(_status_parts(error))
            except Exception as error:
                log.error("handler_failed", method=path, exc_info=error)
                core.refuse((code_pb2.INTERNAL, INTERNAL_MESSAGE, b""))

    async def _until_bad(self, caller: Caller) -> None:
        await self._access.until_bad(caller)
        raise UnauthenticatedError

    def _count_refused(self) -> None:
        refused = self._core.refused_calls
        for (path, _), now, before in zip(self._streams, refused, self._refused, strict=True):
            if now > before:
                REFUSED_CALLS.labels(path).inc(now - before)
        self._refused = refused


def _row(path: str, stream: Stream, places: int) -> tuple[str, int, Status, int, int, Status, float, Status]:
    beyond = OverloadedError(f"{stream.max_silent} calls have said no {stream.opening}, and this one was the oldest")
    late = InvalidRequestError.of(stream.opening, f"must come within {PATIENCE_SECONDS:g} s of the call")
    return (
        path,
        places,
        _status_parts(overloaded(path, places)),
        MAX_MESSAGE_BYTES,
        stream.max_silent,
        _status_parts(beyond),
        PATIENCE_SECONDS,
        _status_parts(late),
    )


def _status_parts(error: CrossbookError) -> Status:
    """Code, message and the whole google.rpc.Status, as the core sends them."""
    status = to_status(error)
    return status.code, status.message, status.SerializeToString()
