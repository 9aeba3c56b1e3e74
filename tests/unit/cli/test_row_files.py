"""Files of rows: their types, what is null, and that a file that failed has no name."""

import builtins
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars
import pytest

from crossbook.cli import row_files
from crossbook.cli.row_files import NoArrowError, row_file

COLUMNS = [
    ("at", "timestamp with time zone"),
    ("name", "text"),
    ("count", "bigint"),
    ("net", "double precision"),
    ("is", "boolean"),
    ("path", "ARRAY"),
]
LINES = b'2026-11-30T12:00:00.000001Z,"a,""b\nc""",1,0.1,true,"[1,2.5]"\n2026-11-30T12:00:01.000000Z,"",,,,\n'
ROWS = [
    {"at": datetime(2026, 11, 30, 12, 0, 0, 1, UTC), "name": 'a,"b\nc"', "count": 1, "net": 0.1, "is": True,
     "path": [1.0, 2.5]},
    {"at": datetime(2026, 11, 30, 12, 0, 1, 0, UTC), "name": "", "count": None, "net": None, "is": None, "path": None},
]  # fmt: skip


@pytest.mark.parametrize(("format", "read"), [("parquet", polars.read_parquet), ("arrow", polars.read_ipc)])
def test_rows_have_their_types_and_an_empty_text_is_no_null(tmp_path: Path, format: str, read: Any) -> None:
    """However many batches they came in."""
    path = tmp_path / "rows"
    with row_file(path, format, COLUMNS) as rows:
        rows.write(LINES)
    assert read(path).to_dicts() == ROWS
    assert rows.count == 2


def test_a_batch_is_written_when_it_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory holds no more than one."""
    monkeypatch.setattr(row_files, "BATCH_BYTES", 16 * len(LINES))
    with row_file(tmp_path / "rows", "parquet", COLUMNS) as rows:
        for _ in range(40):
            rows.write(LINES)
        assert rows.count == 64
    assert polars.read_parquet(tmp_path / "rows").height == 80


def test_csv_is_the_lines_under_a_head(tmp_path: Path) -> None:
    """Byte for byte."""
    with row_file(tmp_path / "rows", "csv", COLUMNS[:2]) as rows:
        rows.write(b"1,a\n2,b\n")
    assert (tmp_path / "rows").read_bytes() == b"at,name\n1,a\n2,b\n"


def test_a_file_that_failed_leaves_what_was_there(tmp_path: Path) -> None:
    """And nothing beside it."""
    path = tmp_path / "rows"
    path.write_text("before")

    def fail() -> None:
        with row_file(path, "csv", COLUMNS):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (path.read_text(), list(tmp_path.iterdir())) == ("before", [path])


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CSV needs nothing."""
    known = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError
        return known(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with row_file(tmp_path / "rows", "csv", COLUMNS):
        pass

    def write() -> None:
        with row_file(tmp_path / "rows", "parquet", COLUMNS):
            pass

    with pytest.raises(NoArrowError, match=r"crossbook\[export\]"):
        write()
