"""Exports ten million windows: rows a second, and the most memory of the server's side and of the file's.

    python -m tests.bench.exporting [--rows 10000000] [--format parquet]

A Postgres of its own, an aggregator's ExportService in one process, `crossbook export` in another; then DuckDB adds up
the file and Postgres the view, and both must say the same to the bit.
"""

import argparse
import asyncio
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from crossbook.local.servers.postgres import embedded_postgres
from crossbook.plumbing.data.migrate import migrate
from crossbook.plumbing.data.postgres import connect, open_pool
from crossbook.plumbing.export.service import ExportService
from crossbook.plumbing.grpc.health import ServiceHealth
from crossbook.plumbing.grpc.server import grpc_server

INSTRUMENTS = 4_000
START = "2026-11-01"
FILL = """
    INSERT INTO bench_snapshots
    SELECT 'bench', 'S' || s || '/USDT:USDT', timestamptz '2026-11-01 00:00:00+00' + w * interval '15 seconds',
        p, p * 0.999, p * 1.001, p + 0.1, p, p * 1.002, 0.1, p + 0.01, p + 0.11, 250, 15000000000, 15000000000, true,
        p, 1.5, p + 0.1, 2.5, 1, 0, 1793491200000000000 + w * 15000000000
    FROM generate_series(%s::int, %s::int) w, generate_series(1, 4000) s,
        LATERAL (SELECT sqrt(s * 7.0 + w)::float8 AS p) q
"""
SUMS = "count(*), min(window_start), max(window_end), sum(tick_count), max(avg_bid), min(time_weighted_ask)"


async def fill(dsn: str, windows: int) -> None:
    """Of 4,000 instruments, a few hours a statement."""
    async with await connect(dsn) as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.execute("SELECT create_venue_partitions('bench')")
        await connection.execute("ALTER TABLE bench_snapshots SET UNLOGGED")
        for first in range(0, windows, 100):
            await connection.execute(FILL, (first, min(first + 100, windows) - 1))
        await connection.execute("ANALYZE bench_snapshots")


async def export(port: int, path: Path, format: str) -> tuple[float, int]:
    """Seconds, and the most memory that the command held, in bytes."""
    command = ["export", "windows", "--from", START, "--to", "2027-01-01", "--format", format, "-o", str(path)]
    arguments = [sys.executable, "-m", "crossbook", *command, "--target", f"127.0.0.1:{port}"]
    started = time.monotonic()
    process = await asyncio.create_subprocess_exec(*arguments)
    if await process.wait():
        raise SystemExit("the export failed")
    return time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


async def run(rows: int, format: str) -> None:
    """Prints what was measured; fails when the file is not what Postgres has."""
    windows = rows // INSTRUMENTS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        await asyncio.to_thread(folder.chmod, 0o755)  # Postgres runs as nobody, where this runs as root
        async with embedded_postgres(folder / "postgres") as dsn:
            await migrate(dsn)
            await fill(dsn, windows)
            async with await open_pool(dsn) as pool:
                health = ServiceHealth("crossbook.v1.ExportService")
                server = grpc_server("127.0.0.1", 0, ExportService("aggregator", pool).register, health)
                async with server as running:
                    seconds, peak = await export(running.port, folder / "rows", format)
                own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            await compare(dsn, folder / "rows", format)
            size = (folder / "rows").stat().st_size
    print(
        f"{windows * INSTRUMENTS:,} rows as {format}: {windows * INSTRUMENTS / seconds:,.0f} rows/s, "
        f"{size / 1e6:,.0f} MB; "
        f"peak memory: command {peak / 1e6:,.0f} MB, server {own / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}"
    )


async def compare(dsn: str, path: Path, format: str) -> None:
    """What DuckDB adds up of the file is what Postgres adds up of the view."""
    async with await connect(dsn) as connection:
        await connection.execute("SET statement_timeout = 0")
        cursor = await connection.execute(f"SELECT {SUMS} FROM crossbook_v1.windows".encode())
        expected = await cursor.fetchone()
    reader = {"parquet": "read_parquet", "csv": "read_csv"}[format]
    duckdb.sql("SET TimeZone = 'UTC'")
    (found,) = duckdb.sql(f"SELECT {SUMS} FROM {reader}('{path}')").fetchall()
    if [str(value) for value in expected or ()] != [str(value) for value in found]:
        raise SystemExit(f"the file is not what Postgres has: {found} and {expected}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    given = parser.parse_args()
    asyncio.run(run(given.rows, given.format))
