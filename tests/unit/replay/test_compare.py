"""A recorded run, done again and compared."""

from pathlib import Path

import pytest

from crossbook.arbitrage.recorder import ANSWER, BATCH, BatchRecorder
from crossbook.arbitrage.tuning import ScannerArguments, new_scanner, scanner_arguments
from crossbook.pb.v1 import arbitrage_pb2
from crossbook.plumbing.recording import RecordingError
from crossbook.plumbing.settings import ArbitrageSettings
from crossbook.plumbing.timestamps import now_ns
from crossbook.replay.captured import Captured, load, save
from crossbook.replay.compare import ARBITRAGE, TRACKER, Comparison, replay
from crossbook.replay.fingerprint import fingerprint
from tests.support.aggregator.fanout import Tick, payload
from tests.unit.tracker.feed.test_recorder import ARGUMENTS as FEED
from tests.unit.tracker.feed.test_recorder import fed

QUOTES = f"quotes {FEED['venue']}"


def record(directory: Path, *, is_answer_true: bool = True) -> None:
    """A tracker's frames, and a scanner that opened one opportunity."""
    fed(directory / TRACKER)
    arguments: ScannerArguments = scanner_arguments(ArbitrageSettings(min_life_ms=0))
    at_ns = now_ns()
    recorder = BatchRecorder(directory / ARBITRAGE, arguments, at_ns)
    batch = payload(Tick("cheap", 99.9, 100.0, receive_ns=at_ns), Tick("dear", 101.0, 101.1, receive_ns=at_ns))
    recorder.append(BATCH, at_ns, batch)
    (event,) = new_scanner(arguments).on_batch(batch, at_ns)
    message = arbitrage_pb2.WatchOpportunitiesResponse.FromString(event.encode("")).events[0]
    recorder.append(ANSWER, at_ns, message.SerializeToString() if is_answer_true else b"")
    recorder.close()


def verdicts(directory: Path) -> dict[str, str]:
    return {row.what: row.verdict for row in replay(directory, 0.0, lambda event: None)}


def test_a_verdict_is_of_both_sides() -> None:
    """Where nothing was recorded there is nothing to differ from."""
    some, other = fingerprint([b"a"]), fingerprint([b"b"])
    assert Comparison("x", some, some).verdict == "same"
    assert Comparison("x", some, other).verdict == "DIFFERS"
    assert Comparison("x", None, other).verdict == "nothing recorded"


def test_what_is_done_again_is_the_same(tmp_path: Path) -> None:
    """Quotes of each venue and opportunities; of a run that was killed nothing else is known."""
    record(tmp_path)
    assert verdicts(tmp_path) == {
        QUOTES: "same",
        "opportunities": "same",
        "opportunities, merged": "nothing recorded",
    }


def test_what_the_scanner_told_otherwise_differs(tmp_path: Path) -> None:
    """And only that."""
    record(tmp_path, is_answer_true=False)
    assert verdicts(tmp_path) | {QUOTES: "same"} == verdicts(tmp_path)
    assert verdicts(tmp_path)["opportunities"] == "DIFFERS"


def test_the_first_replay_is_what_later_ones_are_compared_with(tmp_path: Path) -> None:
    """Of the frames merged by time; alerts are decided anew by the rules of then."""
    record(tmp_path)
    save(Captured(15, {}, [], []), tmp_path)
    assert verdicts(tmp_path)["opportunities, merged"] == "same"
    captured = load(tmp_path)
    assert captured is not None
    assert captured.merged is not None
    assert verdicts(tmp_path)["alert decisions"] == "same"
    captured.merged = fingerprint([b"another"])
    save(captured, tmp_path)
    assert verdicts(tmp_path)["opportunities, merged"] == "DIFFERS"


def test_a_folder_without_a_tracker_s_recording_is_none(tmp_path: Path) -> None:
    """With what makes one."""
    with pytest.raises(RecordingError, match="holds no recording: name a folder"):
        replay(tmp_path, 0.0, lambda event: None)
