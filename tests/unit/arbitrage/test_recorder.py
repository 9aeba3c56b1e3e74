"""A recording of what the scanner took replays to the same events."""

import itertools
import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from crossbook._core import CLOSED, LIVE, MOVED, IdentityPair, OpportunityEvent, PayloadError, Scanner
from crossbook.arbitrage.recorder import (
    BATCH,
    DISCONNECTED,
    IDENTITIES,
    NAME,
    SETTINGS,
    TIMER,
    BatchRecorder,
    identities_record,
    replay,
)
from crossbook.arbitrage.tuning import ScannerArguments
from crossbook.plumbing.recording import RecordingWriter
from tests.support.aggregator.fanout import Tick, payload

START_NS = 1_750_000_000_000_000_000
VENUES = ("a", "b", "c", "d")
PAIRS = [
    IdentityPair("BTC", (one, "BTC/USDT:USDT"), (other, "BTC/USDT:USDT"))
    for one, other in itertools.combinations(VENUES, 2)
]


def story(events: list[OpportunityEvent]) -> list[tuple[object, ...]]:
    """Everything that an event says."""
    return [
        (
            event.kind,
            event.close_reason,
            event.duration_ns,
            event.event_ns,
            event.cause_ns,
            event.spread.opportunity_id,
            event.spread.net_percent,
            event.spread.peak_net_percent,
            event.spread.executable_size,
        )
        for event in events
    ]


def play(scanner: Scanner, recorder: BatchRecorder, seed: int, steps: int, sources: int = 1) -> list[OpportunityEvent]:
    """Feeds a scanner and its recording at random: batches, garbage, time, losses, moves between sources."""
    source = random.Random(seed)
    events: list[OpportunityEvent] = []
    now = START_NS
    for _ in range(steps):
        now += source.randrange(300_000_000)
        roll = source.random()
        number = source.randrange(sources) if sources > 1 else 0
        if roll < 0.02:
            recorder.append(DISCONNECTED, now, source=number)
            events += scanner.on_disconnected(now, number)
        elif roll < 0.3:
            recorder.append(TIMER, now)
            events += scanner.on_timer(now)
        elif roll < 0.31:
            identities = [(pair, source.randrange(1, 4)) for pair in PAIRS if source.random() < 0.3]
            recorder.append(IDENTITIES, now, identities_record(identities))
            events += scanner.set_identities(identities, now)
        elif roll < 0.33:
            recorder.append(BATCH, now, b"\xff\xff garbage", number)
            with pytest.raises(PayloadError):
                scanner.on_batch(b"\xff\xff garbage", now, number)
        else:
            states = (LIVE, LIVE, LIVE, LIVE, CLOSED, MOVED) if sources > 1 else (LIVE,)
            message = payload(*(_tick(source, now, states) for _ in range(source.randrange(5))))
            recorder.append(BATCH, now, message, number)
            events += scanner.on_batch(message, now, number)
    return events


def _tick(source: random.Random, now: int, states: Sequence[int]) -> Tick:
    mid = source.uniform(99.5, 100.5)
    asset, receive_ns = source.choice(("BTC", "ETH")), now - source.randrange(5_000_000)
    return Tick(
        source.choice(VENUES), mid - 0.01, mid + 0.01, asset, state=source.choice(states), receive_ns=receive_ns
    )


def test_a_replay_of_several_sources_tells_the_same_events(tmp_path: Path, arguments: ScannerArguments) -> None:
    """Each batch and each loss is told again as of its source, with instruments moving between sources."""
    recorder = BatchRecorder(tmp_path, arguments, START_NS)
    told = play(Scanner(**arguments), recorder, seed=4, steps=2000, sources=3)
    recorder.close()
    assert len(told) > 100
    assert story(list(replay(tmp_path))) == story(told)


def test_a_recording_of_before_there_were_sources_is_of_one(tmp_path: Path, arguments: ScannerArguments) -> None:
    """Its records bear no connection, and that is the number of the only source."""
    scanner, told = Scanner(**arguments), []
    writer = RecordingWriter(tmp_path, NAME)
    writer.append(SETTINGS, START_NS, json.dumps(arguments).encode())
    for bid in (101.0, 102.0):
        message = payload(
            *(Tick(venue, bid_, bid_ + 0.1, receive_ns=START_NS) for venue, bid_ in (("a", 99.9), ("b", bid)))
        )
        writer.append(BATCH, START_NS, message)
        told += scanner.on_batch(message, START_NS)
    writer.append(DISCONNECTED, START_NS + 1)
    told += scanner.on_disconnected(START_NS + 1)
    writer.close()
    assert [event.kind for event in told] == [1, 2, 3]
    assert story(list(replay(tmp_path))) == story(told)


def test_a_replay_tells_the_same_events(tmp_path: Path, arguments: ScannerArguments) -> None:
    """Ids, times, numbers and order are the same, with minimum life and garbage in between."""
    arguments["min_life_ns"] = 100_000_000
    recorder = BatchRecorder(tmp_path, arguments, START_NS)
    told = play(Scanner(**arguments), recorder, seed=3, steps=2000)
    recorder.close()
    assert len(told) > 100
    assert story(list(replay(tmp_path))) == story(told)


def test_each_process_of_a_recording_replays_on_its_own_scanner(tmp_path: Path, arguments: ScannerArguments) -> None:
    """After a restart the recording goes on with a fresh scanner, and the settings of that time."""
    told = []
    for seed, open_net_percent in ((1, 0.1), (2, 0.3)):
        arguments["open_net_percent"] = open_net_percent
        recorder = BatchRecorder(tmp_path, arguments, START_NS)
        told += play(Scanner(**arguments), recorder, seed, steps=200)
        recorder.close()
    assert story(list(replay(tmp_path))) == story(told)


def test_a_full_disk_ends_the_recording_only(arguments: ScannerArguments) -> None:
    """The recorder gives up with an error in the log and lets the service go on."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    recorder = BatchRecorder.__new__(BatchRecorder)
    recorder._writer = _FullWriter(full)  # type: ignore[assignment]
    recorder.append(BATCH, START_NS, b"x" * 100)
    recorder.append(BATCH, START_NS, b"x" * 100)
    assert recorder._writer is None


class _FullWriter:
    """Writes straight to a device that is full."""

    records = 0

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)

    def append(self, kind: int, now_ns: int, payload: bytes, source: int) -> None:
        """Raises OSError, as the kernel says."""
        self._file.write(payload)

    def close(self) -> None:
        """Releases the descriptor."""
        self._file.close()
