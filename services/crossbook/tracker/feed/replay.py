"""Feeds a recording of recorder.py through fresh feeds: the batches come out as they did, byte for byte."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crossbook._core import Instrument
from crossbook.pb.v1.tracker_pb2 import ListMarketsResponse
from crossbook.plumbing.recording import Record, RecordingError, read_recording
from crossbook.tracker.feed.feed import FeedArguments, make_feed
from crossbook.tracker.feed.messages import from_instrument
from crossbook.tracker.feed.recorder import ANSWER_HEAD, Kind, LaneNumbers

ONLY_SHARD = "main"  # of recordings from before there were several


@dataclass(frozen=True, slots=True)
class ReplayedBatch:
    """One batch: as it was taken then, and as it comes out now."""

    time_ns: int
    recorded: bytes
    replayed: bytes


class ReplayedFeed:
    """The feed that a START begins; it is told again what it was told then."""

    def __init__(self, start: Record) -> None:
        arguments: FeedArguments = {"shards": [ONLY_SHARD]} | json.loads(start.payload)
        self.feed = make_feed(arguments)
        self._lanes = LaneNumbers(arguments["shards"])

    def hello(self, shard: str) -> bytes:
        """Of a lane that begins."""
        return self.feed.hello(shard, 1)

    def shard_of(self, batch: Record) -> str:
        """Whose lane a BATCH was taken from."""
        return self._lanes.shard(batch.connection)

    def take_batch(self, batch: Record) -> bytes:
        """The payload that comes out now."""
        return self.feed.take_batch(self.shard_of(batch), batch.time_ns).payload

    def tell(self, record: Record) -> None:
        """Raises RecordingError for a kind that tells nothing."""
        feed, now_ns, connection, payload = self.feed, record.time_ns, record.connection, record.payload
        match record.kind:
            case Kind.TEXT | Kind.BINARY:
                feed.on_frame(connection, payload, record.kind == Kind.TEXT, now_ns)
            case Kind.TIMER:
                feed.on_timer(now_ns)
            case Kind.HOLE:
                feed.on_hole(now_ns)
            case Kind.SILENCE:
                feed.on_silence(connection, now_ns)
            case Kind.PROOF:
                feed.on_proof(connection, now_ns)
            case Kind.OPEN:
                feed.on_open(connection, now_ns)
            case Kind.CLOSED:
                feed.on_closed(connection, now_ns)
            case Kind.ANSWER:
                request_id, status = ANSWER_HEAD.unpack_from(payload)
                feed.on_answer(request_id, status, payload[ANSWER_HEAD.size :], now_ns)
            case Kind.TRACK:
                feed.track(_instruments(payload), now_ns)
            case Kind.UNTRACK:
                feed.untrack(json.loads(payload), now_ns)
            case Kind.REQUOTE:
                feed.requote(payload.decode() or ONLY_SHARD, now_ns)
            case Kind.ROUTE:
                self._route(**json.loads(payload))
            case Kind.DROP_LANE:
                feed.drop_lane(payload.decode())
            case _:
                raise RecordingError(f"a record of the unknown kind {record.kind}")

    def _route(self, shards: list[str], from_ns: int) -> None:
        self._lanes.name(shards)
        self.feed.route(shards, from_ns)


def replay(directory: Path, venue: str) -> Iterator[ReplayedBatch]:
    """Every batch of the venue's recording, in order. Raises RecordingError."""
    feed: ReplayedFeed | None = None
    for record in read_recording(directory, venue):
        if record.kind == Kind.START:
            feed = ReplayedFeed(record)
        elif feed is None:
            raise RecordingError(f"the recording of {venue} in {directory} does not begin with a start")
        elif record.kind == Kind.BATCH:
            yield ReplayedBatch(record.time_ns, record.payload, feed.take_batch(record))
        else:
            feed.tell(record)


def _instruments(payload: bytes) -> list[Instrument]:
    return [from_instrument(message) for message in ListMarketsResponse.FromString(payload).instruments]
