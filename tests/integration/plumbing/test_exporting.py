"""Exports of the public schema: what the page says, read back equal by others, and in the memory of a batch."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from crossbook.cli.row_files import row_file
from crossbook.pb.v1 import export_pb2 as pb
from crossbook.pb.v1.export_pb2_grpc import ExportServiceStub
from crossbook.plumbing.data.datasets import DATASETS, SCHEMA
from crossbook.plumbing.data.exporting import CHUNK_BYTES, columns_of
from crossbook.plumbing.data.postgres import connect, open_pool
from crossbook.plumbing.export.service import ExportService
from crossbook.plumbing.grpc.channel import open_channel
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server
from tests.support.waiting import eventually

ROOT = Path(__file__).parents[3]
START = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
WINDOW = timedelta(seconds=15)
# Numbers of all kinds of lengths, an instrument that was never LIVE, one whose market is not known any more.
FILL = """
    SELECT create_venue_partitions('testing');
    INSERT INTO markets (venue, symbol, native_symbol, asset, asset_scale, quote_currency, settle_currency,
        contract_size,
        tick_size, lot_size)
    SELECT 'testing', 'S' || s, 'S' || s, 'A"' || s || ',', 1, 'USDT', 'USDT', 1, 0.1, 0.1 FROM
        generate_series(1, 9) s;
    INSERT INTO snapshots (venue, symbol, window_start, avg_bid, min_bid, max_bid, avg_ask, min_ask,
        max_ask, avg_spread,
        time_weighted_bid, time_weighted_ask, tick_count, live_ns, window_ns, is_complete, last_bid,
        last_bid_size, last_ask,
        last_ask_size, last_state, last_exchange_ns, last_receive_ns)
    SELECT 'testing', 'S' || s, timestamptz '2026-11-30 12:30:00+00' + w * interval '15 seconds',
        CASE WHEN s > 1 THEN sqrt(s * w + 2) * 1e4 END, CASE WHEN s > 1 THEN 1e-300 / (w + 1) END, CASE WHEN s >
        1 THEN 1.5 END,
        CASE WHEN s > 1 THEN s / 3.0::float8 END, CASE WHEN s > 1 THEN w / 7.0::float8 END, CASE WHEN s > 1 THEN
        1e17 END,
        CASE WHEN s > 1 THEN 0.1::float8 + w END, CASE WHEN s > 1 THEN 2 ^ 60 END, CASE WHEN s > 1 THEN -0.0
        END,
        s * w, 15000000000, 15000000000, w % 2 = 0, 1, 2, 3, 4, 1, 0, 1796041800000000000 + w
    FROM generate_series(0, {last}) w, generate_series(1, 10) s
"""


@asynccontextmanager
async def exporting(dsn: str, service: str = "aggregator") -> AsyncIterator[ExportServiceStub]:
    """A client of a service's exports."""
    async with serving(dsn, service) as (stub, _):
        yield stub


@asynccontextmanager
async def serving(dsn: str, service: str) -> AsyncIterator[tuple[ExportServiceStub, ExportService]]:
    """The same, and what serves it."""
    async with await open_pool(dsn) as pool:
        own = ExportService(service, pool)
        health = ServiceHealth("crossbook.v1.ExportService")
        server = grpc_server("127.0.0.1", 0, own.register, health)
        async with server as running, open_channel(f"127.0.0.1:{running.port}") as channel:
            yield ExportServiceStub(channel), own


async def fill(dsn: str, windows: int) -> None:
    """Ten instruments' rows."""
    async with await connect(dsn) as connection:
        for statement in FILL.format(last=windows - 1).split(";"):
            await connection.execute(statement.encode())


def stamp(moment: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(moment)
    return found


def request(dataset: str, windows: int, skipped: int = 0) -> pb.ExportRequest:
    """Of so many windows from the beginning on."""
    return pb.ExportRequest(
        dataset=dataset, from_time=stamp(START + skipped * WINDOW), to_time=stamp(START + windows * WINDOW)
    )


async def write(stub: ExportServiceStub, asked: pb.ExportRequest, path: Path, format: str) -> int:
    """The file, as the command writes it; how many rows."""
    messages = aiter(stub.Export(asked))
    columns = [(column.name, column.type) for column in (await anext(messages)).columns]
    with row_file(path, format, columns) as rows:
        async for message in messages:
            rows.write(message.rows)
    return rows.count


async def truth(dsn: str, view: str) -> list[tuple[Any, ...]]:
    """The view's rows as Postgres gives them, in the order of exports."""
    dataset = DATASETS[view]
    order = ", ".join((dataset.time, *dataset.keys))
    async with await connect(dsn) as connection:
        return await (
            await connection.execute(f"SELECT * FROM {SCHEMA}.{view} ORDER BY {order}".encode(), binary=True)
        ).fetchall()


async def test_the_views_are_what_the_page_says(postgres_dsn: str) -> None:
    """Every view, every column, every type, in their order; and each can be exported."""
    page = (ROOT / "docs/schema.md").read_text().split("\n## ")[1:]
    said = {section.splitlines()[0]: list(_rows(section)) for section in page}
    async with await open_pool(postgres_dsn) as pool:
        found = {name: await columns_of(pool, dataset) for name, dataset in DATASETS.items()}
    assert said == found
    async with await connect(postgres_dsn) as connection:
        query = "SELECT table_name FROM information_schema.tables WHERE table_schema = %s"
        views = await (await connection.execute(query, (SCHEMA,))).fetchall()
    assert {name for (name,) in views} == set(DATASETS)
    assert all(columns[0][0] == DATASETS[name].time for name, columns in found.items())


def _rows(section: str) -> Iterator[tuple[str, str]]:
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0] != "column":
            yield cells[0], cells[1]


@pytest.mark.parametrize("format", ["parquet", "arrow", "csv"])
async def test_what_others_read_is_what_postgres_has_to_the_bit(postgres_dsn: str, tmp_path: Path, format: str) -> None:
    """By DuckDB, pandas and polars, over the border of an hour, with nulls, quotes in texts and small numbers."""
    import duckdb
    import pandas
    import polars

    await fill(postgres_dsn, 400)
    path = tmp_path / f"windows.{format}"
    async with exporting(postgres_dsn) as stub:
        assert await write(stub, request("windows", 400), path, format) == 4000
    expected = await truth(postgres_dsn, "windows")
    if format == "arrow":
        import pyarrow

        read = pyarrow.ipc.open_file(path).read_all()
        frames = [read.to_pandas(), polars.read_ipc(path).to_pandas(), duckdb.sql("SELECT * FROM read").df()]
    elif format == "parquet":
        frames = [pandas.read_parquet(path), polars.read_parquet(path).to_pandas()]
        frames.append(duckdb.sql(f"SELECT * FROM '{path}'").df())
    else:
        frames = [pandas.read_csv(path, float_precision="round_trip", parse_dates=["window_start", "window_end"])]
        frames.append(duckdb.sql(f"SELECT * FROM '{path}'").df())
    names, kinds = zip(*await _columns(postgres_dsn), strict=True)
    for frame in frames:
        assert list(frame.columns) == list(names)
        assert [_plain(row, kinds) for row in frame.itertuples(index=False)] == [_plain(row, kinds) for row in expected]


async def _columns(dsn: str) -> list[tuple[str, str]]:
    async with await open_pool(dsn) as pool:
        return await columns_of(pool, DATASETS["windows"])


def _plain(row: Any, kinds: Sequence[str]) -> list[object]:
    """Nulls as None, times as seconds, an empty asset as CSV's readers take it, numbers to the bit."""
    import pandas

    values = []
    for value, kind in zip(row, kinds, strict=True):
        if hasattr(value, "timestamp"):
            values.append(pandas.Timestamp(value).tz_convert("UTC").timestamp())
        elif pandas.isna(value) or value == "":
            values.append(None)
        else:
            values.append(float(value).hex() if kind == "double precision" else value)
    return values


async def test_a_time_is_from_its_begin_up_to_its_end(postgres_dsn: str, tmp_path: Path) -> None:
    """The end is not included, and hours of nothing cost nothing."""
    await fill(postgres_dsn, 8)
    async with exporting(postgres_dsn) as stub:
        assert await write(stub, request("windows", 4, 1), tmp_path / "a.csv", "csv") == 30
        months = pb.ExportRequest(dataset="windows", from_time=stamp(START - timedelta(days=300)))
        months.to_time.CopyFrom(stamp(START + timedelta(days=300)))
        assert await write(stub, months, tmp_path / "b.csv", "csv") == 80
        assert await write(stub, request("quotes", 9), tmp_path / "c.csv", "csv") == 80


async def test_lists_are_lists(postgres_dsn: str, tmp_path: Path) -> None:
    """The path of a life in Parquet."""
    import polars

    async with await connect(postgres_dsn) as connection:
        await connection.execute(LIFE)
    asked = pb.ExportRequest(dataset="opportunities", from_time=stamp(START), to_time=stamp(START + timedelta(days=1)))
    async with exporting(postgres_dsn, "arbitrage") as stub:
        assert await write(stub, asked, tmp_path / "lives.parquet", "parquet") == 1
    (life,) = polars.read_parquet(tmp_path / "lives.parquet").to_dicts()
    assert (life["path_us"], life["path_net_percent"]) == ([0, 250], [0.25, 0.125])
    assert (life["id"], life["close_ns"], life["opened_at"]) == ("x", None, START)


LIFE = f"""
    INSERT INTO opportunity_lives (id, asset, buy_venue, buy_symbol, sell_venue, sell_symbol, quote_currency, open_ns,
        publish_ns, last_ns, close_reason, is_censored, opening_gross_percent, opening_net_percent, peak_net_percent,
        peak_ns, last_net_percent, opening_size, opening_notional, peak_notional, path_us, path_net_percent,
        path_notional, events, feature_schema, features, writer)
    SELECT 'x', 'BTC', 'a', 'S', 'b', 'S', 'USDT', t, t, t, 0, false, 1, 1, 1, t, 1, 1, 1, 1, '{{0,250}}',
        '{{0.25,0.125}}', '{{1,1}}', 1, 0, '{{}}', 'w'
    FROM (VALUES ({int(START.timestamp())}000000000::bigint)) AS at(t)
""".encode()


async def test_a_wrong_request_is_refused_with_its_fields(postgres_dsn: str) -> None:
    """Another service's dataset, and no times."""
    async with exporting(postgres_dsn) as stub:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(pb.ExportRequest(dataset="alerts")).read()
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "from_time" in str(refused.value.details())


async def test_a_client_that_does_not_read_holds_back_the_server(postgres_dsn: str) -> None:
    """What is sent ahead is what flow control lets, not the table: then the export is told that it has stalled."""
    from crossbook.plumbing.export import service

    await fill(postgres_dsn, 8000)
    patched = pytest.MonkeyPatch()
    patched.setattr(service, "STALLED_SECONDS", 0.5)
    try:
        async with serving(postgres_dsn, "aggregator") as (stub, own):
            call = stub.Export(request("windows", 8000))
            await call.read()
            await eventually(lambda: own.running == 0)
            taken: list[int] = []

            async def take() -> None:
                while message := await call.read():
                    taken.append(len(message.rows))

            with pytest.raises(grpc.aio.AioRpcError) as ended:
                await take()
    finally:
        patched.undo()
    assert ended.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert sum(taken) < 32 * CHUNK_BYTES
