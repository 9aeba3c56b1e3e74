"""Rows that the core has made ready go to Postgres as they are."""

from typing import LiteralString

from crossbook.plumbing.data.postgres import Connection


async def copy_rows(connection: Connection, table: LiteralString, rows: bytes) -> None:
    """One COPY in binary format: all columns of the table, in its order."""
    async with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        await copy.write(rows)
