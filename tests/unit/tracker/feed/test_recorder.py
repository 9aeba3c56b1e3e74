"""Recordings of a feed without a network: every kind of input, and a disk that fails."""

from pathlib import Path

import pytest

from crossbook.plumbing.recording import MAX_RECORDING_BYTES, RecordingError, RecordingWriter
from crossbook.tracker.feed.feed import FeedArguments
from crossbook.tracker.feed.recorder import Kind, RecordedFeed
from crossbook.tracker.feed.replay import replay
from tests.unit.tracker.venue.test_markets import LISTED

ARGUMENTS = FeedArguments(
    venue="okx",
    stream_id="s",
    websocket_url="ws://localhost:1",
    rest_url=None,
    stale_after_ns=5_000_000_000,
    shards=["main"],
)


def fed(directory: Path, max_bytes: int = MAX_RECORDING_BYTES) -> list[bytes]:
    """Runs through every kind of input; the payloads of the batches."""
    feed, payloads = RecordedFeed(ARGUMENTS, directory, 1, max_bytes), []
    feed.track(LISTED, 2)
    feed.on_open(1, 3)
    for now_ns, frame in enumerate((b"pong", b"{", b"\xff\xfe", b'{"event":"error","code":"60012","msg":"x"}'), 4):
        feed.on_frame(1, frame, True, now_ns)
        feed.on_frame(1, frame, False, now_ns)
        payloads.append(feed.take_batch("main", now_ns).payload)
    feed.on_answer(9, 200, b"nobody asked", 10)
    feed.on_timer(11)
    feed.requote("main", 11)
    feed.untrack([LISTED[0].symbol], 12)
    feed.on_closed(1, 13)
    while feed.pending_rows("main"):
        payloads.append(feed.take_batch("main", 14).payload)
    feed.close()
    return payloads


def test_every_kind_of_input_comes_back(tmp_path: Path) -> None:
    """A replay gives the same batches, byte for byte; so does a second recording in the same folder."""
    payloads = fed(tmp_path) + fed(tmp_path)
    replayed = list(replay(tmp_path, "okx"))
    assert [batch.recorded for batch in replayed] == payloads
    assert [batch.replayed for batch in replayed] == payloads


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Missing recordings, recordings without a start and unknown kinds are errors that say so."""
    with pytest.raises(RecordingError, match="no recording"):
        list(replay(tmp_path, "okx"))
    headless = RecordingWriter(tmp_path, "headless")
    headless.append(Kind.TIMER, 1)
    headless.close()
    with pytest.raises(RecordingError, match="start"):
        list(replay(tmp_path, "headless"))
    fed(tmp_path)
    odd = RecordingWriter(tmp_path, "okx")
    odd.append(99, 1)
    odd.close()
    with pytest.raises(RecordingError, match="kind 99"):
        list(replay(tmp_path, "okx"))


def test_a_disk_that_takes_no_more_ends_the_recording_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The feed goes on as if nothing had happened."""

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    feed = RecordedFeed(ARGUMENTS, tmp_path, 1)
    monkeypatch.setattr(RecordingWriter, "append", fail)
    feed.track(LISTED, 2)
    feed.on_timer(3)
    assert len(feed.tracked()) == 3
    assert feed.take_batch("main", 4).sequence == 1
    feed.close()


def test_a_recording_at_its_limit_ends_and_the_tracking_goes_on(tmp_path: Path) -> None:
    """The batches are those of a feed that is not recorded; a feed started later finds no room and works as well."""
    unlimited = fed(tmp_path / "unlimited")
    assert fed(tmp_path / "limited", max_bytes=1) == unlimited
    (recorded,) = (tmp_path / "limited").iterdir()
    size = recorded.stat().st_size
    assert fed(tmp_path / "limited", max_bytes=1) == unlimited
    assert [path.stat().st_size for path in (tmp_path / "limited").iterdir()] == [size]
