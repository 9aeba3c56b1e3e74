"""Rows of Postgres' COPY BINARY format as bytes, for comparing tables without knowing their columns.

Source: Postgres documentation, COPY, "Binary Format": an 11-byte signature, flags and header extension (u32 each, big
endian), then per row a field count (i16; -1 ends) and per field a length (i32; -1 is NULL) and as many bytes.
"""

import struct
from collections.abc import Iterator

SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_HEADER_BYTES = len(SIGNATURE) + 8
_COUNT = struct.Struct(">h")
_LENGTH = struct.Struct(">i")


def copy_rows(data: bytes) -> Iterator[bytes]:
    """Every row, as it stands there. Raises ValueError when it is not the format, or is cut short."""
    if not data.startswith(SIGNATURE):
        raise ValueError("this is not COPY BINARY")
    start = _HEADER_BYTES
    while (end := _row_end(data, start)) > start:
        yield data[start:end]
        start = end


def _row_end(data: bytes, start: int) -> int:
    """Where the row ends; `start` itself at the end of the data."""
    try:
        (fields,) = _COUNT.unpack_from(data, start)
        if fields == -1:
            return start
        end = start + _COUNT.size
        for _ in range(fields):
            (length,) = _LENGTH.unpack_from(data, end)
            end += _LENGTH.size + max(length, 0)
    except struct.error:
        raise ValueError("COPY BINARY is cut short") from None
    if end > len(data):
        raise ValueError("COPY BINARY is cut short")
    return end
