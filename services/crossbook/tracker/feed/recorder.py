"""Records everything that a feed is told, in order, and every batch taken from it, so that it can be fed again.

The recording is named as the venue. Kinds of its records, and what is in them beside time and connection:
START     JSON: venue, stream_id, websocket_url, rest_url, stale_after_ns, shards; a fresh feed begins here
TRACK     a ListMarketsResponse with the instruments
UNTRACK   JSON list of symbols
OPEN, CLOSED, TIMER   nothing more
TEXT, BINARY          the frame
ANSWER    request id (u64), HTTP status (u16), body
BATCH     the payload that was taken; the connection is the number of its lane
REQUOTE, DROP_LANE    the shard
ROUTE     JSON: shards, from_ns
HOLE, SILENCE, PROOF  nothing more

Lanes are numbered from 0, as their shards are first named by START and ROUTE.
"""

import json
import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from pathlib import Path

import structlog

from crossbook._core import Instrument, OutgoingBatch
from crossbook.pb.v1.tracker_pb2 import ListMarketsResponse
from crossbook.plumbing.recording import MAX_RECORDING_BYTES, RecordingWriter
from crossbook.tracker.feed.feed import FeedArguments, Step, make_feed
from crossbook.tracker.feed.messages import to_instrument

ANSWER_HEAD = struct.Struct("<QH")

log = structlog.get_logger()


class Kind(IntEnum):
    """What a record holds."""

    START = 1
    TRACK = 2
    UNTRACK = 3
    OPEN = 4
    CLOSED = 5
    TEXT = 6
    BINARY = 7
    ANSWER = 8
    TIMER = 9
    BATCH = 10
    REQUOTE = 11
    ROUTE = 12
    DROP_LANE = 13
    HOLE = 14
    SILENCE = 15
    PROOF = 16


class LaneNumbers:
    """The shards of one feed's lanes, by their numbers in its recording."""

    def __init__(self, shards: Iterable[str]) -> None:
        self._numbers: dict[str, int] = {}  # no more than lists have named
        self.name(shards)

    def name(self, shards: Iterable[str]) -> None:
        """They may have been named before."""
        for shard in shards:
            self._numbers.setdefault(shard, len(self._numbers))

    def number(self, shard: str) -> int:
        return self._numbers[shard]

    def shard(self, number: int) -> str:
        """Raises IndexError for one that was never named."""
        return list(self._numbers)[number]


class RecordedFeed:
    """A feed whose inputs and batches are recorded. A disk that is full, or the limit, ends the recording only."""

    def __init__(
        self, arguments: FeedArguments, directory: Path, now_ns: int, max_bytes: int = MAX_RECORDING_BYTES
    ) -> None:
        self._feed = make_feed(arguments)
        self._venue = arguments["venue"]
        self._writer = self._open(directory, max_bytes)
        self._lanes = LaneNumbers(arguments["shards"])
        self._latest_ns = now_ns  # of the last record, for what tells no time: replays merge venues by it
        self._record(Kind.START, now_ns, json.dumps(arguments).encode())
        self.pending_rows = self._feed.pending_rows
        self.shards = self._feed.shards
        self.hello = self._feed.hello
        self.order_book = self._feed.order_book
        self.states = self._feed.states
        self.stats = self._feed.stats
        self.tracked = self._feed.tracked
        self.ticketed_url = self._feed.ticketed_url
        self.carry_depth = self._feed.carry_depth  # depth is no part of a recording: it is sent once and kept nowhere

    def track(self, instruments: Sequence[Instrument], now_ns: int) -> list[Step]:
        """As VenueFeed's; so are all below."""
        message = ListMarketsResponse(instruments=map(to_instrument, instruments))
        self._record(Kind.TRACK, now_ns, message.SerializeToString())
        return self._feed.track(instruments, now_ns)

    def untrack(self, symbols: Sequence[str], now_ns: int) -> list[Step]:
        self._record(Kind.UNTRACK, now_ns, json.dumps(list(symbols)).encode())
        return self._feed.untrack(symbols, now_ns)

    def on_open(self, connection: int, now_ns: int) -> list[Step]:
        self._record(Kind.OPEN, now_ns, connection=connection)
        return self._feed.on_open(connection, now_ns)

    def on_frame(self, connection: int, payload: bytes, is_text: bool, now_ns: int) -> list[Step] | None:
        self._record(Kind.TEXT if is_text else Kind.BINARY, now_ns, payload, connection)
        return self._feed.on_frame(connection, payload, is_text, now_ns)

    def on_closed(self, connection: int, now_ns: int) -> list[Step]:
        self._record(Kind.CLOSED, now_ns, connection=connection)
        return self._feed.on_closed(connection, now_ns)

    def on_answer(self, request_id: int, status: int, body: bytes, now_ns: int) -> list[Step]:
        self._record(Kind.ANSWER, now_ns, ANSWER_HEAD.pack(request_id, status) + body)
        return self._feed.on_answer(request_id, status, body, now_ns)

    def on_timer(self, now_ns: int) -> list[Step]:
        self._record(Kind.TIMER, now_ns)
        return self._feed.on_timer(now_ns)

    def on_hole(self, now_ns: int) -> list[Step]:
        self._record(Kind.HOLE, now_ns)
        return self._feed.on_hole(now_ns)

    def on_silence(self, connection: int, now_ns: int) -> list[Step]:
        self._record(Kind.SILENCE, now_ns, connection=connection)
        return self._feed.on_silence(connection, now_ns)

    def on_proof(self, connection: int, now_ns: int) -> list[Step]:
        self._record(Kind.PROOF, now_ns, connection=connection)
        return self._feed.on_proof(connection, now_ns)

    def route(self, shards: Sequence[str], from_ns: int) -> None:
        self._lanes.name(shards)
        payload = json.dumps({"shards": list(shards), "from_ns": from_ns}).encode()
        self._record(Kind.ROUTE, self._latest_ns, payload)
        self._feed.route(shards, from_ns)

    def drop_lane(self, shard: str) -> None:
        self._record(Kind.DROP_LANE, self._latest_ns, shard.encode())
        self._feed.drop_lane(shard)

    def requote(self, shard: str, now_ns: int) -> None:
        self._record(Kind.REQUOTE, now_ns, shard.encode())
        self._feed.requote(shard, now_ns)

    def take_batch(self, shard: str, now_ns: int) -> OutgoingBatch:
        batch = self._feed.take_batch(shard, now_ns)
        self._record(Kind.BATCH, now_ns, batch.payload, self._lanes.number(shard))
        return batch

    def close(self) -> None:
        """Ends the recording."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def _open(self, directory: Path, max_bytes: int) -> RecordingWriter | None:
        try:
            return RecordingWriter(directory, self._venue, max_bytes=max_bytes)
        except OSError as error:
            log.error("recording_ended", venue=self._venue, error=str(error))
            return None

    def _record(self, kind: Kind, now_ns: int, payload: bytes = b"", connection: int = 0) -> None:
        self._latest_ns = now_ns
        if self._writer is None:
            return
        try:
            self._writer.append(kind, now_ns, payload, connection)
        except OSError as error:
            self._writer = None
            log.error("recording_ended", venue=self._venue, error=str(error))
