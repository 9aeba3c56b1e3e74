"""What an earlier process, or an earlier feed of this one, has left of its streams: read from the spool and sent first.

Each stream is opened once more under its own name, where its aggregator goes on after what it has, and takes the rest;
only then does the lane's present stream begin. The files go when the present stream's first window is committed: by
then what the old one told is. Streams that end beyond our clock were told by one that was set back since; they are
given up, and so is one that its aggregator refuses again and again.
"""

import asyncio
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from google.protobuf.message import DecodeError

from crossbook._core import Outbox, OutgoingBatch
from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.plumbing.clock import is_ahead
from crossbook.plumbing.plane.thread import PlaneThread
from crossbook.plumbing.tasks import call_off
from crossbook.tracker.outgoing.spool import HEAD, SUFFIX
from crossbook.tracker.outgoing.uplink import Uplink

MAX_CONNECTS = 5  # of one stream whose aggregator begins to take it and then ends it
MAX_RECORD_BYTES = 64 * 1024 * 1024

log = structlog.get_logger()


@dataclass(slots=True)
class OldStream:
    """The rest of one stream. `paths` are its files, whole or not."""

    stream_id: str
    hello: IngestQuotesRequest
    batches: list[tuple[int, bytes]]
    watermark_ns: int
    paths: list[Path]


class Remains:
    """Of one lane."""

    def __init__(self, venue: str, shard: str, folder: Path | None, present: str, now_ns: int) -> None:
        self._venue = venue
        self._shard = shard
        self._paths: list[Path] = []
        self._streams: list[OldStream] = []
        for stream in read_streams(folder, shard, present) if folder is not None else ():
            self._paths += stream.paths
            if not stream.batches:
                continue
            if is_ahead(stream.watermark_ns, now_ns):
                log.error("spool_given_up", venue=venue, shard=shard, stream_id=stream.stream_id, reason="it is ahead")
            else:
                self._streams.append(stream)

    @property
    def batches(self) -> int:
        """That are to be sent before the present stream begins."""
        return sum(len(stream.batches) for stream in self._streams)

    async def send(self, target: str, plane: PlaneThread) -> None:
        """All that is left, in order; may be cancelled and called again with another target."""
        while self._streams:
            await self._send(self._streams[0], target, plane)
            self._streams.pop(0)

    def release(self) -> None:
        """They are committed."""
        paths, self._paths = self._paths, []
        for path in paths if not self._streams else ():
            path.unlink(missing_ok=True)

    async def _send(self, stream: OldStream, target: str, plane: PlaneThread) -> None:
        outbox = Outbox(1 << 62, first_sequence=stream.batches[0][0])
        for sequence, payload in stream.batches:
            outbox.append(OutgoingBatch(sequence, 0, payload))
        hello = stream.hello.hello

        def make_hello(oldest: int) -> bytes:
            # Its numbers hold from its first batch on, whatever was acknowledged since.
            hello.next_sequence = outbox.next_sequence
            return stream.hello.SerializeToString()

        uplink = Uplink(self._venue, self._shard, outbox, plane, make_hello, lambda: None)
        uplink.state.finish()
        log.info("spool_sent", venue=self._venue, shard=self._shard, stream_id=stream.stream_id, batches=len(outbox))
        run = asyncio.ensure_future(uplink.run(target))
        try:
            while not run.done() and uplink.state.connects < MAX_CONNECTS:
                await asyncio.wait((run,), timeout=1.0)
            if run.done():
                return run.result()
            log.error("spool_given_up", venue=self._venue, stream_id=stream.stream_id, reason=uplink.state.problem)
        finally:
            await call_off(run)
        return None


def read_streams(folder: Path, shard: str, present: str) -> list[OldStream]:
    """Every stream to the shard but the present one, oldest first; what is torn, or behind a hole, is left out."""
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.glob(f"*.{shard}.*{SUFFIX}")):
        stream_id = path.name.removesuffix(SUFFIX).rsplit(".", 2)[0]
        if stream_id != present:
            files.setdefault(stream_id, []).append(path)
    streams = [_read_stream(stream_id, paths) for stream_id, paths in files.items()]
    return sorted((one for one in streams if one is not None), key=lambda one: one.watermark_ns)


def _read_stream(stream_id: str, paths: list[Path]) -> OldStream | None:
    """Files that follow one another; after a hole only what comes behind it."""
    stream: OldStream | None = None
    for path in paths:
        records = read_records(path)
        try:
            hello = IngestQuotesRequest.FromString(next(records, b""))
            batches = [(IngestQuotesRequest.FromString(payload).batch, payload) for payload in records]
        except DecodeError as error:
            log.error("spool_damaged", path=str(path), error=str(error))
            continue
        numbered = [(batch.sequence, payload) for batch, payload in batches]
        watermark_ns = max((batch.watermark_ns for batch, _ in batches), default=0)
        if stream is None or not numbered or stream.batches[-1][0] + 1 != numbered[0][0]:
            stream = OldStream(stream_id, hello, numbered, watermark_ns, paths) if numbered else stream
        else:
            stream.batches += numbered
            stream.watermark_ns = max(stream.watermark_ns, watermark_ns)
    return stream or OldStream(stream_id, IngestQuotesRequest(), [], 0, paths)


def read_records(path: Path) -> Iterator[bytes]:
    """Every whole record of a file, to the first that is not."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        log.error("spool_damaged", path=str(path), error=str(error))
        return
    with os.fdopen(descriptor, "rb") as file:
        while len(head := file.read(HEAD.size)) == HEAD.size:
            length, checksum = HEAD.unpack(head)
            payload = file.read(length) if length <= MAX_RECORD_BYTES else b""
            if len(payload) != length or zlib.crc32(payload) != checksum:
                log.warning("spool_torn", path=str(path))
                return
            yield payload
