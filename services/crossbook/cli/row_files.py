"""Files of rows, made from lines of CSV as they come: CSV itself, Parquet, Arrow's IPC file.

A file has its name only once it is whole: until then, and when it fails, it is beside it under another. What is held is
one batch of lines, whatever the file's length.
"""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from crossbook.plumbing.errors import CrossbookError

if TYPE_CHECKING:
    import pyarrow

BATCH_BYTES = 32 * 1024 * 1024  # of lines in memory: about 100,000 windows, a row group
FORMATS = ("parquet", "csv", "arrow")

Column = tuple[str, str]


class NoArrowError(CrossbookError):
    """Install crossbook[export], or ask for CSV."""

    def __init__(self) -> None:
        super().__init__("Parquet and Arrow need pyarrow: install crossbook[export], or say --format csv")


class RowFile(Protocol):
    """Takes whole lines."""

    @property
    def count(self) -> int:
        """Rows so far."""

    def write(self, lines: bytes) -> None:
        """Some more."""


@contextmanager
def row_file(path: Path, format: str, columns: Sequence[Column]) -> Iterator[RowFile]:
    """Whole at the end of the block; what is there under the name is replaced. Raises NoArrowError."""
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            rows: CsvRows | ArrowRows
            rows = CsvRows(file, columns) if format == "csv" else ArrowRows(file, format, columns)
            yield rows
            rows.close()
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


class CsvRows:
    """The lines as they come, under a head."""

    def __init__(self, file: io.BufferedWriter, columns: Sequence[Column]) -> None:
        self._file = file
        self.count = 0
        file.write((",".join(name for name, _ in columns) + "\n").encode())

    def write(self, lines: bytes) -> None:
        """A text may hold a line's end, in quotes; then this counts too many."""
        self.count += lines.count(b"\n")
        self._file.write(lines)

    def close(self) -> None:
        """Nothing is held back."""


class ArrowRows:
    """Lines as columns, a batch at a time."""

    def __init__(self, file: io.BufferedWriter, format: str, columns: Sequence[Column]) -> None:
        try:
            import pyarrow
            from pyarrow import csv, parquet
        except ImportError:
            raise NoArrowError from None
        self._csv, self._types = csv, {name: _type(pyarrow, kind) for name, kind in columns}
        self._lists = [name for name, kind in columns if kind == "ARRAY"]
        texts = {name: pyarrow.string() if name in self._lists else kind for name, kind in self._types.items()}
        self._reading = {
            "read_options": csv.ReadOptions(column_names=list(texts), block_size=BATCH_BYTES // 8),
            "parse_options": csv.ParseOptions(newlines_in_values=True),
            "convert_options": csv.ConvertOptions(
                column_types=texts,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
                true_values=["true"],
                false_values=["false"],
                timestamp_parsers=["%Y-%m-%dT%H:%M:%S.%fZ", csv.ISO8601],
            ),
        }
        schema = pyarrow.schema(list(self._types.items()))
        self._schema = schema
        if format == "parquet":
            self._writer: Any = parquet.ParquetWriter(file, schema, compression="zstd")
        else:
            self._writer = pyarrow.ipc.new_file(file, schema)
        self._held = bytearray()
        self.count = 0

    def write(self, lines: bytes) -> None:
        """Held until they are a batch."""
        self._held += lines
        if len(self._held) >= BATCH_BYTES:
            self._flush()

    def close(self) -> None:
        """The last batch, and the file's end."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._held:
            return
        table = self._csv.read_csv(io.BytesIO(self._held), **self._reading)
        for name in self._lists:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, _lists(table[name], self._types[name]))
        self._writer.write_table(table.cast(self._schema))
        self.count += table.num_rows
        self._held.clear()


def _lists(texts: "pyarrow.ChunkedArray", kind: "pyarrow.DataType") -> "pyarrow.Array":
    """From JSON."""
    import json

    import pyarrow

    values = [None if text is None else json.loads(text) for text in texts.to_pylist()]
    return pyarrow.array(values, kind)


def _type(arrow: Any, kind: str) -> Any:
    """Of a type in Postgres; a list's numbers are read as what holds them all."""
    known = {
        "text": arrow.string(),
        "bigint": arrow.int64(),
        "integer": arrow.int32(),
        "smallint": arrow.int16(),
        "boolean": arrow.bool_(),
        "double precision": arrow.float64(),
        "timestamp with time zone": arrow.timestamp("us", tz="UTC"),
        "ARRAY": arrow.list_(arrow.float64()),
    }
    return known[kind]
