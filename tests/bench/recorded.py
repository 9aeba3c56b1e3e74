"""A few seconds of the simulated venues, recorded by Crossbook itself, and what a feed was told in them.

Recorded once a run of the bench, by this checkout. Probes of any product get the same calls in a file: so nothing but
the core itself is asked to understand them.
"""

import json
import os
import pickle
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from crossbook._core import VenueProfile, venue_profiles
from crossbook.pb.v1.market_pb2 import Instrument as InstrumentMessage
from crossbook.pb.v1.tracker_pb2 import ListMarketsResponse
from crossbook.plumbing.recording import Record, read_recording, recording_names
from crossbook.simulator.registry import TRAITS, build_faces
from crossbook.simulator.world.listing import assets_of_world
from crossbook.simulator.world.world import Instrument
from crossbook.tracker.feed.recorder import ANSWER_HEAD, Kind
from tests.bench.product import HERE

RATE = "4"
SECONDS = "10s"
ONLY_SHARD = "main"
BBO, DELTA = "bbo", "delta"

Call = tuple[str, tuple[Any, ...], str | None]  # method of a feed, its arguments, and what kind of frame it tells


def played() -> list[VenueProfile]:
    """The venues that are simulated by default."""
    return [profile for profile in venue_profiles() if profile.unavailable_reason is None and profile.id in TRAITS]


def kinds_of(profile: VenueProfile) -> tuple[str, ...]:
    """Frames of the best bid and ask, and small deltas; deltas alone where all channels of quotes are of the book."""
    book, *others = (channel for channel in profile.channels if channel != profile.status_channel)
    return (BBO, DELTA) if any(not other.startswith(f"{book}.") for other in others) else (DELTA,)


@cache
def recording() -> tempfile.TemporaryDirectory[str]:
    """Runs the system for a few seconds with recording on; the folder goes when the bench ends."""
    folder = tempfile.TemporaryDirectory(prefix="crossbook-bench-")
    command = [HERE.python, "-m", "crossbook", "record", f"{folder.name}/run", "--duration", SECONDS]
    environment = {**os.environ, "CROSSBOOK_SIMULATOR__RATE": RATE}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return folder


def trackers() -> Path:
    """Where the trackers' recordings are."""
    return Path(recording().name) / "run" / "tracker"


@cache
def calls_file() -> Path:
    """{venue: (arguments of its feed, calls)}, pickled."""
    path = Path(recording().name) / "calls.pickle"
    path.write_bytes(pickle.dumps({venue: _calls(venue) for venue in recording_names(trackers())}))
    return path


def _calls(venue: str) -> tuple[dict[str, Any], list[Call]]:
    records, kind_of = read_recording(trackers(), venue), _kind_of(venue)
    start: dict[str, Any] = {"shards": [ONLY_SHARD]} | json.loads(next(records).payload)
    return start, [call for record in records for call in _told(record, start["shards"], kind_of)]


def _told(record: Record, shards: list[str], kind_of: Callable[[Record], str | None]) -> Iterator[Call]:
    """The call that the record stands for; moves between shards do not happen here."""
    now_ns, connection, payload = record.time_ns, record.connection, record.payload
    match record.kind:
        case Kind.TEXT | Kind.BINARY:
            yield "on_frame", (connection, payload, record.kind == Kind.TEXT, now_ns), kind_of(record)
        case Kind.TIMER:
            yield "on_timer", (now_ns,), None
        case Kind.OPEN:
            yield "on_open", (connection, now_ns), None
        case Kind.CLOSED:
            yield "on_closed", (connection, now_ns), None
        case Kind.ANSWER:
            request_id, status = ANSWER_HEAD.unpack_from(payload)
            yield "on_answer", (request_id, status, payload[ANSWER_HEAD.size :], now_ns), None
        case Kind.TRACK:
            yield "track", ([_facts(one) for one in ListMarketsResponse.FromString(payload).instruments], now_ns), None
        case Kind.BATCH:
            yield "take_batch", (shards[connection], now_ns), None


def _facts(message: InstrumentMessage) -> dict[str, Any]:
    """What a core's Instrument is made of; a fee that is not known is absent."""
    optional = ("taker_fee_percent", "maker_fee_percent")
    return {
        field.name: getattr(message, field.name)
        for field in message.DESCRIPTOR.fields
        if field.name not in optional or message.HasField(field.name)
    }


def _kind_of(venue: str) -> Callable[[Record], str | None]:
    """bbo or delta for a frame with market data; the venue's own face knows its topics."""
    face = build_faces([Instrument(TRAITS[venue], assets_of_world(1)[0], seed=1)])[venue]
    (profile,) = (profile for profile in venue_profiles() if profile.id == venue)
    top = profile.channels[1].split("{")[0].removeprefix("sub.") if BBO in kinds_of(profile) else None

    def kind_of(record: Record) -> str | None:
        try:
            topics = face.topics_of_recording(record.payload, record.kind == Kind.TEXT)
        except ValueError:  # a pong that is not JSON
            return None
        if not topics:
            return None
        return BBO if top is not None and top in topics[0] else DELTA

    return kind_of
