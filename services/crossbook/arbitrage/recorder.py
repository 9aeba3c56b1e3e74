"""Records what the scanner is fed, in the order in which it takes it, and feeds it again.

Everything that can change the scanner's answer is in the recording: its settings, every batch, every tick of the timer,
every loss of a stream, every decision about identities, every life model and every fact that the scanner uses, each
with the time that the scanner was told. The connection of a record is the source that it came from, 0 where there was
only one. So a replay gives the same events. What the scanner answered is there too, as OpportunityEvent, for
comparison.

The core keeps the order and hands the records over in batches. What waits there is bounded by RECORD_BYTES: what does
not fit would leave a hole, and a recording with a hole replays to something else, so the recording ends before it.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from crossbook._core import (
    LIFE_HORIZONS_NS,
    IdentityPair,
    LifeModel,
    OpportunityEvent,
    PayloadError,
    Scanner,
    SharedScan,
)
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner
from crossbook.plumbing.recording import MAX_RECORDING_BYTES, Record, RecordingError, RecordingWriter, read_recording

NAME = "batches"
RECORD_BYTES = 64 * 1024 * 1024  # what waits for the recorder: seconds of the whole market
SETTINGS = 1  # all others are the core's
BATCH = 2
TIMER = 3
DISCONNECTED = 4
IDENTITIES = 5
LIFE_MODEL = 6
FACTS = 7
ANSWER = 100
NONE_USED = [False] * len(LIFE_HORIZONS_NS)

log = structlog.get_logger()


class BatchRecorder:
    """Writes one recording; a disk that is full, or the limit, ends the recording, not the service."""

    def __init__(
        self, directory: Path, arguments: ScannerArguments, now_ns: int, max_bytes: int = MAX_RECORDING_BYTES
    ) -> None:
        self._writer: RecordingWriter | None = RecordingWriter(directory, NAME, max_bytes=max_bytes)
        self.append(SETTINGS, now_ns, json.dumps(arguments).encode())

    def append(self, kind: int, now_ns: int, payload: bytes = b"", source: int = 0) -> None:
        """Adds one record."""
        if self._writer is None:
            return
        try:
            self._writer.append(kind, now_ns, payload, source)
        except OSError as error:
            log.error("recording_failed", error=str(error), records=self._writer.records)
            self._writer = None

    def take(self, scanner: SharedScan) -> None:
        """Adds what the scanner was told, and what it said, since the last time."""
        records, is_cut = scanner.take_records()
        for kind, time_ns, source, payload in records:
            self.append(kind, time_ns, payload, source)
        if is_cut and self._writer is not None:
            log.error("recording_failed", error="more waits than RECORD_BYTES", records=self._writer.records)
            self.close()
            self._writer = None
        if self._writer is None:
            scanner.stop_recording()

    def close(self) -> None:
        """Ends the recording."""
        if self._writer is None:
            return
        try:
            self._writer.close()
        except OSError as error:
            log.error("recording_failed", error=str(error), records=self._writer.records)


def recorded_answers(directory: Path) -> Iterator[bytes]:
    """The events that the recorded scanner told, as it told them then. Raises RecordingError."""
    return (record.payload for record in read_recording(directory, NAME) if record.kind == ANSWER)


def recorded_arguments(directory: Path) -> ScannerArguments:
    """What the first scanner of the recording was made with. Raises RecordingError."""
    for record in read_recording(directory, NAME):
        if record.kind == SETTINGS:
            arguments: ScannerArguments = json.loads(record.payload)
            return arguments
    raise RecordingError(f"the recording in {directory} does not begin with the scanner's settings")


def identities_record(identities: Sequence[tuple[IdentityPair, int]]) -> bytes:
    """The payload of an IDENTITIES record."""
    return json.dumps([[pair.asset, pair.first, pair.second, state] for pair, state in identities]).encode()


def life_model_record(name: str, used: Sequence[bool], model: bytes, reason: str) -> bytes:
    """The payload of a LIFE_MODEL record; without a model, why there is none."""
    return json.dumps({"name": name, "used": list(used), "model": model.hex(), "reason": reason}).encode()


def replay(directory: Path) -> Iterator[OpportunityEvent]:
    """The events that the recorded scanner told, told again. Raises RecordingError."""
    scanner: Scanner | None = None
    for record in read_recording(directory, NAME):
        if record.kind == SETTINGS:
            scanner = new_scanner(json.loads(record.payload))
        elif scanner is not None and record.kind != ANSWER:
            yield from _feed(scanner, record)


def _feed(scanner: Scanner, record: Record) -> list[OpportunityEvent]:
    if record.kind == TIMER:
        return scanner.on_timer(record.time_ns)
    if record.kind == DISCONNECTED:
        return scanner.on_disconnected(record.time_ns, record.connection)
    if record.kind == LIFE_MODEL:
        told = json.loads(record.payload)
        model = LifeModel.decode(bytes.fromhex(told["model"])) if told["model"] else None
        scanner.set_life_model(model, name=told["name"], used=told["used"] or NONE_USED, reason=told["reason"])
        return []
    if record.kind == IDENTITIES:
        rows = json.loads(record.payload)
        identities = [(IdentityPair(asset, tuple(one), tuple(other)), state) for asset, one, other, state in rows]
        return scanner.set_identities(identities, record.time_ns)
    try:
        if record.kind == FACTS:
            return scanner.on_facts(record.payload, record.time_ns)
        return scanner.on_batch(record.payload, record.time_ns, record.connection)
    except PayloadError:
        return []  # as it was refused when it came
