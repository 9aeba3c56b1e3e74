"""Feeds a recording of recorder.py through fresh feeds: the batches come out as they did, byte for byte."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crossbook._core import Instrument, VenueFeed
from crossbook.pb.v1.tracker_pb2 import ListMarketsResponse
from crossbook.plumbing.recording import Record, RecordingError, read_recording
from crossbook.tracker.messages import from_instrument
from crossbook.tracker.recorder import ANSWER_HEAD, LANE, Kind, make_feed


@dataclass(frozen=True, slots=True)
class ReplayedBatch:
    """One batch: as it was taken then, and as it comes out now."""

    time_ns: int
    recorded: bytes
    replayed: bytes


def replay(directory: Path, venue: str) -> Iterator[ReplayedBatch]:
    """Every batch of the venue's recording, in order. Raises RecordingError."""
    feed: VenueFeed | None = None
    for record in read_recording(directory, venue):
        if record.kind == Kind.START:
            feed = make_feed(json.loads(record.payload))
        elif feed is None:
            raise RecordingError(f"the recording of {venue} in {directory} does not begin with a start")
        elif record.kind == Kind.BATCH:
            yield ReplayedBatch(record.time_ns, record.payload, feed.take_batch(LANE, record.time_ns).payload)
        else:
            feed_record(feed, record)


def feed_record(feed: VenueFeed, record: Record) -> None:
    """Tells the feed again what it was told then. Raises RecordingError for a kind that feeds nothing."""
    now_ns, connection, payload = record.time_ns, record.connection, record.payload
    match record.kind:
        case Kind.TEXT | Kind.BINARY:
            feed.on_frame(connection, payload, record.kind == Kind.TEXT, now_ns)
        case Kind.TIMER:
            feed.on_timer(now_ns)
        case Kind.REQUOTE:
            feed.requote(LANE, now_ns)
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
        case _:
            raise RecordingError(f"a record of the unknown kind {record.kind}")


def _instruments(payload: bytes) -> list[Instrument]:
    return [from_instrument(message) for message in ListMarketsResponse.FromString(payload).instruments]
