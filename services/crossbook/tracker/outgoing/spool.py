"""Batches that are not committed yet, on disk: they survive the tracker's death, and the next process sends the rest.

A venue has a folder, held by one process; a lane's stream has files `<stream>.<shard>.<number>.spool` in it, each of
records: length (u32), CRC-32 (u32), payload. A file begins with the hello that opens the stream at its first batch, and
goes on with batches without a hole, as they went out. A batch has left the process when it is in the outbox: a kill
loses none. Once a second what was written is put onto the disk itself: a machine that loses its power loses the last
second, and readers stop at the first record that is not whole. A file goes once all of it is committed.

A disk that is full or gone costs the spool only: it is told, the files of the lane go, and half a minute later it
begins again with what comes then. Beyond the lane's bound its oldest file goes, as the outbox drops the oldest batches.
"""

import asyncio
import fcntl
import os
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from crossbook.plumbing.private_files import PrivateFolderError, open_private, private_folder

SUFFIX = ".spool"
HEAD = struct.Struct("<II")
FILE_BYTES = 1024 * 1024
SYNC_SECONDS = 1.0
RETRY_SECONDS = 30.0

log = structlog.get_logger()


@dataclass(slots=True)
class _File:
    path: Path
    last_sequence: int
    size: int = 0


class LaneSpool:
    """Of one lane of one stream. Nothing here raises."""

    def __init__(self, folder: Path, stream_id: str, shard: str, hello: Callable[[int], bytes], max_bytes: int) -> None:
        self._base = folder / f"{stream_id}.{shard}"
        self._hello = hello
        self._max_bytes = max_bytes
        self._files: deque[_File] = deque()  # bounded by max_bytes, at least one
        self._number = 0
        self._descriptor: int | None = None
        self._failed_at: float | None = None
        self._synced_at = time.monotonic()
        self._syncing: asyncio.Future[None] | None = None
        self.problem = ""  # why batches are kept in memory alone

    def append(self, sequence: int, payload: bytes) -> None:
        """The next batch."""
        if self._failed_at is not None and time.monotonic() - self._failed_at < RETRY_SECONDS:
            return
        try:
            if self._descriptor is None or self._files[-1].size >= FILE_BYTES:
                self._begin(sequence)
            self._write(payload)
            self._files[-1].last_sequence = sequence
            self._sync_in_time()
        except (OSError, PrivateFolderError) as error:
            self._fail(error)

    def acknowledge(self, sequence: int) -> None:
        """Everything up to it is committed."""
        while self._files and self._files[0].last_sequence <= sequence:
            self._forget_oldest()

    def close(self) -> None:
        """No more comes; what is not committed stays for the next process."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.fsync(self._descriptor)
        self._close_file()

    def _begin(self, sequence: int) -> None:
        self._close_file()
        self._number += 1
        path = self._base.with_name(f"{self._base.name}.{self._number:08d}{SUFFIX}")
        self._descriptor = open_private(path, os.O_WRONLY | os.O_EXCL)
        self._files.append(_File(path, sequence - 1))
        self._write(self._hello(sequence))
        self._failed_at, self.problem = None, ""
        while len(self._files) > 1 and sum(one.size for one in self._files) > self._max_bytes:
            self._forget_oldest()

    def _write(self, payload: bytes) -> None:
        assert self._descriptor is not None
        record = HEAD.pack(len(payload), zlib.crc32(payload)) + payload
        if os.write(self._descriptor, record) != len(record):
            raise OSError("the disk took a part of a record only")
        self._files[-1].size += len(record)

    def _sync_in_time(self) -> None:
        now = time.monotonic()
        if now - self._synced_at >= SYNC_SECONDS and (self._syncing is None or self._syncing.done()):
            assert self._descriptor is not None
            self._synced_at = now
            copy = os.dup(self._descriptor)  # the file may be closed meanwhile
            self._syncing = asyncio.get_running_loop().run_in_executor(None, _sync, copy)

    def _fail(self, error: Exception) -> None:
        self.problem = f"quotes that are not committed are kept in memory alone: {error}"
        log.error("spool_failed", spool=str(self._base), error=str(error), retry_seconds=RETRY_SECONDS)
        self._failed_at = time.monotonic()
        self._close_file()
        while self._files:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        if len(self._files) == 1:
            self._close_file()
        with suppress(OSError):
            self._files.popleft().path.unlink(missing_ok=True)

    def _close_file(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with suppress(OSError):
                os.close(descriptor)


class VenueSpool:
    """A venue's folder, as long as this process holds it."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock

    def close(self) -> None:
        """Another process may have it."""
        os.close(self._lock)


def open_spool(directory: Path, venue: str) -> VenueSpool | None:
    """The venue's folder below `directory`, made if need be; None, with a word in the log, when it cannot be had."""
    folder = directory / venue
    try:
        private_folder(folder)
        lock = open_private(folder / "lock", os.O_RDWR)
    except (OSError, PrivateFolderError) as error:
        log.error("spool_failed", spool=str(folder), error=str(error))
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        log.error("spool_failed", spool=str(folder), error="another process holds it")
        return None
    return VenueSpool(folder, lock)


def _sync(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    except OSError as error:
        log.warning("spool_not_synced", error=str(error))
    finally:
        os.close(descriptor)
