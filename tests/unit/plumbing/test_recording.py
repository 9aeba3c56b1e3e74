"""Recordings give back what was appended, over rotation, restarts and kills."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossbook.plumbing.recording import (
    Record,
    RecordingError,
    RecordingWriter,
    read_recording,
    recording_names,
)

records = st.builds(
    Record,
    kind=st.integers(0, 255),
    time_ns=st.integers(-(2**63), 2**63 - 1),
    connection=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=300),
)


def append(writer: RecordingWriter, record: Record) -> None:
    writer.append(record.kind, record.time_ns, record.payload, record.connection)


def numbered(count: int) -> list[Record]:
    return [Record(1, index, index % 3, f"payload {index}".encode() * 20) for index in range(count)]


@given(expected=st.lists(records, max_size=30))
def test_any_records_come_back_as_they_were(expected: list[Record], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any records come back as they were appended."""
    directory = tmp_path_factory.mktemp("recording")
    writer = RecordingWriter(directory, "any")
    for record in expected:
        append(writer, record)
    writer.close()
    assert list(read_recording(directory, "any")) == expected


def test_full_file_starts_a_new_one_and_order_holds(tmp_path: Path) -> None:
    """A full file starts a new one, and the records' order holds across files."""
    writer = RecordingWriter(tmp_path, "batches", max_file_bytes=64)
    expected = numbered(200)
    for record in expected:
        append(writer, record)
        writer.flush()
    writer.close()
    assert len(list(tmp_path.iterdir())) > 10
    assert list(read_recording(tmp_path, "batches")) == expected


def test_restart_continues_with_the_next_number(tmp_path: Path) -> None:
    """A second writer continues the recording of the first and overwrites nothing."""
    expected = numbered(6)
    for part in (expected[:3], expected[3:]):
        writer = RecordingWriter(tmp_path, "batches")
        for record in part:
            append(writer, record)
        writer.close()
    assert list(read_recording(tmp_path, "batches")) == expected


@pytest.mark.parametrize("cut", [0, 1, 7, 30, 200])
def test_truncated_tail_gives_the_whole_records_before_it(tmp_path: Path, cut: int) -> None:
    """A file cut short anywhere gives a prefix of the records and no error."""
    writer = RecordingWriter(tmp_path, "batches")
    expected = numbered(50)
    for record in expected:
        append(writer, record)
        writer.flush()
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[: path.stat().st_size - cut])
    got = list(read_recording(tmp_path, "batches"))
    assert got == expected[: len(got)]
    assert len(got) == 50 if cut == 0 else len(got) < 50


def test_records_older_than_the_flush_interval_are_on_disk_without_a_close(tmp_path: Path) -> None:
    """What is a second older than the newest record can be read although the writer never closed."""
    writer = RecordingWriter(tmp_path, "batches")
    for second in range(5):
        writer.append(1, second * 1_000_000_000, b"frame")
    assert [record.time_ns // 1_000_000_000 for record in read_recording(tmp_path, "batches")][:4] == [0, 1, 2, 3]


def test_names_that_share_a_prefix_stay_apart(tmp_path: Path) -> None:
    """Recordings whose names begin alike do not read each other's files."""
    for name in ("alpha", "alpha-two"):
        writer = RecordingWriter(tmp_path, name)
        writer.append(1, 1, name.encode())
        writer.close()
    assert recording_names(tmp_path) == ["alpha", "alpha-two"]
    assert [record.payload for record in read_recording(tmp_path, "alpha")] == [b"alpha"]


def test_missing_and_foreign_files_are_named(tmp_path: Path) -> None:
    """A recording that is not there, or is something else, is a RecordingError that names the path."""
    with pytest.raises(RecordingError, match="no recording named batches"):
        list(read_recording(tmp_path, "batches"))
    (tmp_path / "batches-000001.records.zst").write_bytes(b"not zstd at all")
    with pytest.raises(RecordingError, match="batches-000001"):
        list(read_recording(tmp_path, "batches"))


def test_a_recording_ends_at_its_limit_with_all_that_was_appended(tmp_path: Path) -> None:
    """The record that reaches it is the last one kept; another writer of the same recording is refused as well."""
    writer = RecordingWriter(tmp_path, "batches", max_file_bytes=1_000, max_bytes=5_000)
    with pytest.raises(OSError, match="limit of 5000 bytes"):
        _append_flushed(writer, numbered(10_000))
    writer.close()
    assert list(read_recording(tmp_path, "batches")) == numbered(writer.records)
    assert 5_000 <= sum(path.stat().st_size for path in tmp_path.iterdir()) < 6_000
    with pytest.raises(OSError, match="limit of 5000 bytes"):
        RecordingWriter(tmp_path, "batches", max_bytes=5_000)


def _append_flushed(writer: RecordingWriter, records: list[Record]) -> None:
    for record in records:
        append(writer, record)
        writer.flush()
