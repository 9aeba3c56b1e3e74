"""What an export refuses before it reads anything, and how times are meant."""

import asyncio
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.pb.v1 import export_pb2 as pb
from crossbook.plumbing.data.postgres import Pool
from crossbook.plumbing.errors import InvalidRequestError, OverloadedError, UnavailableError
from crossbook.plumbing.export import service as module
from crossbook.plumbing.export.service import EXPORTS, ExportService, moment

ASKED = pb.ExportRequest(dataset="alerts", from_time=Timestamp(seconds=1), to_time=Timestamp(seconds=2))
NOBODY = cast(Any, None)


async def test_every_wrong_field_is_named() -> None:
    """Another service's dataset, no times."""
    with pytest.raises(InvalidRequestError) as refused:
        await ExportService("alerts", None).Export(pb.ExportRequest(dataset="windows"), NOBODY)
    assert [violation.field for violation in refused.value.violations] == ["from_time", "to_time", "dataset"]


async def test_without_postgres_there_is_nothing_to_export() -> None:
    """And it says what to set."""
    with pytest.raises(UnavailableError, match="CROSSBOOK_POSTGRES_DSN"):
        await ExportService("alerts", None).Export(ASKED, NOBODY)


async def test_more_exports_than_there_are_places_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that run go on, and leave their place when they end."""
    go_on = asyncio.Event()

    async def wait(*_: object) -> list[Any]:
        await go_on.wait()
        raise UnavailableError("Postgres cannot be reached")

    monkeypatch.setattr(module, "columns_of", wait)
    service = ExportService("alerts", cast(Pool, object()))
    running = [asyncio.ensure_future(service.Export(ASKED, NOBODY)) for _ in range(EXPORTS)]
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError):
        await service.Export(ASKED, NOBODY)
    go_on.set()
    ended = await asyncio.gather(*running, service.Export(ASKED, NOBODY), return_exceptions=True)
    assert all(isinstance(error, UnavailableError) for error in ended)


def test_a_time_between_microseconds_is_the_later_one() -> None:
    """What lies before it is still before it."""
    assert moment(Timestamp(seconds=1, nanos=1)) == datetime(1970, 1, 1, 0, 0, 1, 1, UTC)
    assert moment(Timestamp(seconds=1, nanos=1000)) == datetime(1970, 1, 1, 0, 0, 1, 1, UTC)
