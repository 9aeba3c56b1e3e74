"""`crossbook replay`: does again what a recorded run did, and compares fingerprints of what came out.

| what | fed with | compared with |
|---|---|---|
| quotes, per venue | its recorded frames | the batches that its tracker sent |
| windows, per venue | the replayed quotes | the rows that the aggregator committed |
| opportunities | the scanner's recorded input | the events that it told |
| alert decisions | those events, the rules of then | the alerts that fired |
| opportunities, merged | all frames by receive time | the same at any other speed |
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from crossbook._core import OpportunityEvent
from crossbook.alerts.evaluation.decisions import Rehearsal, decide, rehearse
from crossbook.arbitrage.messages import to_event
from crossbook.arbitrage.recorder import recorded_answers, recorded_arguments
from crossbook.arbitrage.recorder import replay as replay_scanner
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.pb.v1.alerts_pb2 import AlertRule
from crossbook.plumbing.recording import RecordingError, recording_names
from crossbook.replay.captured import Captured, load, save
from crossbook.replay.fingerprint import Fingerprint, Fingerprinter, fingerprint
from crossbook.replay.frames import FramesReplay, pace_of

TRACKER, ARBITRAGE = "tracker", "arbitrage"
DEFAULT_WINDOW_SECONDS = 15

OnEvent = Callable[[arbitrage_pb2.OpportunityEvent], None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One row of the report; `recorded` is None where the run left nothing to compare with."""

    what: str
    recorded: Fingerprint | None
    replayed: Fingerprint

    @property
    def verdict(self) -> str:
        """same, DIFFERS, or that there is nothing to compare with."""
        if self.recorded is None:
            return "nothing recorded"
        return "same" if self.recorded == self.replayed else "DIFFERS"


def replay(directory: Path, speed: float, on_event: OnEvent) -> list[Comparison]:
    """Everything; `on_event` sees the merged opportunities as they come. Raises RecordingError."""
    venues = recording_names(directory / TRACKER)
    if not venues:
        raise RecordingError(f"{directory} holds no recording: name a folder that `crossbook record` has written")
    captured = load(directory)
    window_seconds = captured.window_seconds if captured else DEFAULT_WINDOW_SECONDS
    arguments = recorded_arguments(directory / ARBITRAGE)
    frames = FramesReplay(directory / TRACKER, venues, window_seconds, arguments)
    merged = _merged(frames.events(pace_of(speed)), on_event)
    rows = [*_per_venue(frames, captured), *_scanned(directory, captured)]
    if captured and captured.merged is None:
        captured.merged = merged
        save(captured, directory)
    rows.append(Comparison("opportunities, merged", captured.merged if captured else None, merged))
    return rows


def rehearsed(directory: Path, rule: AlertRule) -> Iterator[Rehearsal]:
    """What the rule would have done of the opportunities of a recorded run. Raises RecordingError."""
    yield from rehearse([rule], (to_event(event) for event in replay_scanner(directory / ARBITRAGE)))


def _merged(events: Iterator[OpportunityEvent], on_event: OnEvent) -> Fingerprint:
    printer = Fingerprinter()
    for event in events:
        message = to_event(event)
        printer.add(message.SerializeToString())
        on_event(message)
    return printer.result()


def _per_venue(frames: FramesReplay, captured: Captured | None) -> Iterator[Comparison]:
    for venue in frames.venues:
        yield Comparison(f"quotes {venue.venue}", *venue.quotes())
    for venue in frames.venues:
        if captured and (live := captured.windows.get(venue.venue)):
            yield Comparison(f"windows {venue.venue}", live.rows, venue.windows(live.from_ns, live.until_ns))


def _scanned(directory: Path, captured: Captured | None) -> Iterator[Comparison]:
    events = [to_event(event) for event in replay_scanner(directory / ARBITRAGE)]
    recorded = fingerprint(recorded_answers(directory / ARBITRAGE))
    yield Comparison("opportunities", recorded, fingerprint(event.SerializeToString() for event in events))
    if captured:
        told = fingerprint(f"{one.rule} {one.cause}".encode() for one in sorted(captured.decisions))
        decided = sorted(decide(captured.rules, events))
        yield Comparison("alert decisions", told, fingerprint(f"{one.rule} {one.cause}".encode() for one in decided))
