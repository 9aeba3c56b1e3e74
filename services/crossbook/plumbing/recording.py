"""Recordings: what a process was fed, in order, so that the same can be fed again.

A recording is a folder with files `<name>-<number>.records.zst`, to be read in the order of their numbers. Each file
is one zstd stream that begins with MAGIC and goes on with records: kind (1 byte, its meaning is the writer's own), time
(i64, nanoseconds since the epoch), connection (u32), length (u32), then as many bytes of payload; integers are
little-endian.

Writing is synchronous: a record costs a copy and now and then a compressed block, far less than a trip to a thread.
A recording that has reached its limit ends there: its beginning is what a replay needs, so nothing of it is deleted.
After a kill the tail of the last file is cut short; readers give what is whole and stop there.
"""

import errno
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import zstandard

from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.timestamps import SECOND_NS

MAGIC = b"CBRECRD1"
MAX_FILE_BYTES = 256 * 1024 * 1024
MAX_RECORDING_BYTES = 16 * 1024 * 1024 * 1024  # on disk, all files of one recording
MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
FLUSH_INTERVAL_NS = SECOND_NS
_HEAD = struct.Struct("<BqII")
_READ_BYTES = 1 << 18
_SUFFIX = ".records.zst"


class RecordingError(CrossbookError):
    """The folder holds no such recording, or a file of it is not one: name another path."""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was fed at one moment."""

    kind: int
    time_ns: int
    connection: int
    payload: bytes


class RecordingWriter:
    """Appends records to the files of one recording, starting a new file when one is full.

    An earlier recording of the same name in the same folder is continued with the next number, never overwritten.
    What is older than FLUSH_INTERVAL_NS, by the records' own times, has left the process and survives a kill.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        *,
        max_file_bytes: int = MAX_FILE_BYTES,
        max_bytes: int = MAX_RECORDING_BYTES,
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._name = name
        self._max_file_bytes = max_file_bytes
        self._max_bytes = max_bytes
        files = _files(directory, name)
        self._finished_bytes = sum(path.stat().st_size for path in files)
        self._number = max(map(_number, files), default=0)
        self._flushed_ns = 0
        self.records = 0
        self._open_next()

    def append(self, kind: int, time_ns: int, payload: bytes = b"", connection: int = 0) -> None:
        """Adds one record. Raises OSError when the disk or the recording is full, or the disk is gone."""
        self._stream.write(_HEAD.pack(kind, time_ns, connection, len(payload)))
        self._stream.write(payload)
        self.records += 1
        size = self._file.tell()
        if size >= self._max_file_bytes or self._finished_bytes + size >= self._max_bytes:
            self.close()
            self._open_next()
        elif time_ns - self._flushed_ns >= FLUSH_INTERVAL_NS:
            self.flush()
            self._flushed_ns = time_ns

    def flush(self) -> None:
        """Hands everything appended so far to the operating system."""
        self._stream.flush(zstandard.FLUSH_BLOCK)
        self._file.flush()

    def close(self) -> None:
        """Ends the file properly. May be called twice."""
        if not self._file.closed:
            self._stream.flush(zstandard.FLUSH_FRAME)
            self._finished_bytes += self._file.tell()
            self._file.close()

    def _open_next(self) -> None:
        if self._finished_bytes >= self._max_bytes:
            raise OSError(errno.EFBIG, f"the recording has reached its limit of {self._max_bytes} bytes")
        self._number += 1
        self._file = (self._directory / f"{self._name}-{self._number:06d}{_SUFFIX}").open("xb")
        self._stream = zstandard.ZstdCompressor(level=3).stream_writer(self._file, closefd=False)
        self._stream.write(MAGIC)


def read_recording(directory: Path, name: str) -> Iterator[Record]:
    """Every whole record of the recording, in order. Raises RecordingError when there is none of that name."""
    files = _files(directory, name)
    if not files:
        raise RecordingError(f"no recording named {name} in {directory}")
    for path in files:
        yield from read_file(path)


def read_file(path: Path) -> Iterator[Record]:
    """Every whole record of one file. Raises RecordingError when it is not a recording."""
    with path.open("rb") as file:
        stream = _Whole(file, path)
        magic = stream.take(len(MAGIC))
        if magic is None:
            return
        if magic != MAGIC:
            raise RecordingError(f"{path} is not a recording")
        while (head := stream.take(_HEAD.size)) is not None:
            kind, time_ns, connection, length = _HEAD.unpack(head)
            if length > MAX_PAYLOAD_BYTES:
                raise RecordingError(f"{path} is damaged: a record of {length} bytes")
            payload = stream.take(length)
            if payload is None:
                return
            yield Record(kind, time_ns, connection, payload)


def recording_names(directory: Path) -> list[str]:
    """Names of the recordings in a folder, sorted."""
    return sorted({path.name.removesuffix(_SUFFIX).rpartition("-")[0] for path in directory.glob(f"*-*{_SUFFIX}")})


class _Whole:
    """Reads exact amounts from a compressed file; None once the file ends before an amount is complete."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._reader = zstandard.ZstdDecompressor().stream_reader(file, read_size=_READ_BYTES)
        self._path = path
        self._buffer = b""
        self._offset = 0

    def take(self, count: int) -> bytes | None:
        while len(self._buffer) - self._offset < count:
            more = self._read()
            if not more:
                return None
            self._buffer = self._buffer[self._offset :] + more
            self._offset = 0
        taken = self._buffer[self._offset : self._offset + count]
        self._offset += count
        return taken

    def _read(self) -> bytes:
        try:
            return self._reader.read(_READ_BYTES)
        except zstandard.ZstdError as error:
            raise RecordingError(f"{self._path} is damaged: {error}") from error


def _files(directory: Path, name: str) -> list[Path]:
    pattern = re.compile(re.escape(name) + r"-\d+" + re.escape(_SUFFIX))
    return sorted((path for path in directory.glob(f"*{_SUFFIX}") if pattern.fullmatch(path.name)), key=_number)


def _number(path: Path) -> int:
    return int(path.name.removesuffix(_SUFFIX).rpartition("-")[2])
