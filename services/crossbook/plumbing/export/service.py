"""The RPC of exports: checks, then sends what comes from Postgres as fast as the client takes it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.pb.v1 import export_pb2 as pb
from crossbook.pb.v1 import export_pb2_grpc
from crossbook.plumbing.data.datasets import Dataset, datasets_of
from crossbook.plumbing.data.exporting import Column, chunks, columns_of
from crossbook.plumbing.data.postgres import Pool
from crossbook.plumbing.errors import FieldViolation, OverloadedError, UnavailableError
from crossbook.plumbing.requests import check_range, refuse

Register: TypeAlias = Callable[[grpc.aio.Server], None]
Context: TypeAlias = "grpc.aio.ServicerContext[pb.ExportRequest, pb.ExportResponse]"

EXPORTS = 2  # at a time: each has a connection of the pool; more are refused
STALLED_SECONDS = 60.0  # that a client may take for one message; then its export ends
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExportService(export_pb2_grpc.ExportServiceServicer):
    """Of one service's datasets; without Postgres it refuses."""

    def __init__(self, service: str, pool: Pool | None) -> None:
        self._datasets = datasets_of(service)
        self._pool = pool
        self.running = 0

    def register(self, server: grpc.aio.Server) -> None:
        """Beside the service's own RPCs."""
        export_pb2_grpc.add_ExportServiceServicer_to_server(self, server)

    async def Export(  # type: ignore[override]  # what it writes has a time limit, which what it would yield has not
        self, request: pb.ExportRequest, context: Context
    ) -> None:
        """Writes until all is sent, the client is gone, or it has stalled."""
        dataset = self._check(request)
        if self._pool is None:
            raise UnavailableError("this service was started without Postgres: set CROSSBOOK_POSTGRES_DSN")
        if self.running >= EXPORTS:
            raise OverloadedError(f"{EXPORTS} exports run already: try again later")
        self.running += 1
        try:
            await self._send(self._pool, dataset, request, context)
        finally:
            self.running -= 1

    async def _send(self, pool: Pool, dataset: Dataset, request: pb.ExportRequest, context: Context) -> None:
        columns = await columns_of(pool, dataset)
        await context.write(pb.ExportResponse(columns=[_column(one) for one in columns]))
        rows = chunks(pool, dataset, columns, moment(request.from_time), moment(request.to_time))
        try:
            async for chunk in rows:
                async with asyncio.timeout(STALLED_SECONDS):
                    await context.write(pb.ExportResponse(rows=chunk))
        except TimeoutError:
            raise OverloadedError(f"the client took nothing for {STALLED_SECONDS:g} s: begin again there") from None
        finally:
            await rows.aclose()  # type: ignore[attr-defined]

    def _check(self, request: pb.ExportRequest) -> Dataset:
        violations = list(check_range(request))
        for field in ("from_time", "to_time"):
            if not request.HasField(field):
                violations.append(FieldViolation(field, "must be given"))
        dataset = self._datasets.get(request.dataset)
        if dataset is None:
            violations.append(FieldViolation("dataset", f"must be one of {', '.join(self._datasets)}"))
        refuse(violations)
        assert dataset is not None
        return dataset


def moment(given: Timestamp) -> datetime:
    """Rounded up to the microsecond, as Postgres has no finer times: what lies before it is still before it."""
    return EPOCH + timedelta(seconds=given.seconds, microseconds=min(-(-given.nanos // 1000), 999_999))


def _column(column: Column) -> pb.ExportColumn:
    name, kind = column
    return pb.ExportColumn(name=name, type=kind)


def beside(own: Register, exports: ExportService) -> Register:
    """Registers a service's own RPCs, and these."""

    def register(server: grpc.aio.Server) -> None:
        own(server)
        exports.register(server)

    return register
