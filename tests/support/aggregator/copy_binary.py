"""Reads Postgres' COPY BINARY bytes of table snapshots back into the oracle's rows."""

import struct
from collections.abc import Iterator

from tests.support.aggregator.window_oracle import SnapshotRow

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
POSTGRES_EPOCH_US = 946_684_800_000_000
# One letter per column: text, timestamp, float, big integer, boolean, small integer.
COLUMNS = "ttT" + "f" * 9 + "iii" + "b" + "ffff" + "s" + "ii"


def read_rows(payload: bytes) -> list[SnapshotRow]:
    """Every row, in the order written; AssertionError when the bytes are not exactly one COPY BINARY stream."""
    assert payload[:19] == SIGNATURE + bytes(8)
    position = 19
    rows = []
    while (count := struct.unpack_from(">h", payload, position)[0]) != -1:
        assert count == len(COLUMNS)
        fields, position = _read_fields(payload, position + 2)
        rows.append(SnapshotRow(*(_decode(kind, field) for kind, field in zip(COLUMNS, fields, strict=True))))  # type: ignore[arg-type]
    assert position + 2 == len(payload)
    return rows


def _read_fields(payload: bytes, position: int) -> tuple[list[bytes | None], int]:
    fields: list[bytes | None] = []
    for _ in COLUMNS:
        length = struct.unpack_from(">i", payload, position)[0]
        position += 4
        fields.append(None if length == -1 else payload[position : position + length])
        position += max(length, 0)
    return fields, position


def _decode(kind: str, field: bytes | None) -> object:
    if field is None:
        return None
    if kind == "t":
        return field.decode()
    if kind == "T":
        return (struct.unpack(">q", field)[0] + POSTGRES_EPOCH_US) * 1000
    return struct.unpack({"f": ">d", "i": ">q", "b": ">?", "s": ">h"}[kind], field)[0]


def closed_rows(payloads: Iterator[bytes]) -> list[SnapshotRow]:
    """The rows of many windows, each window's ordered by symbol as the oracle orders them."""
    return [row for payload in payloads for row in sorted(read_rows(payload), key=lambda row: row.symbol)]
