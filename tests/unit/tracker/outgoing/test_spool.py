"""The spool's files: what a reader finds after a kill, a full disk, a torn tail, and who may read them."""

import stat
from pathlib import Path

import pytest

from crossbook.pb.v1.aggregator_pb2 import IngestHello, IngestQuotesRequest
from crossbook.pb.v1.market_pb2 import QuoteBatch
from crossbook.tracker.outgoing import spool as module
from crossbook.tracker.outgoing.remains import OldStream, Remains, read_streams
from crossbook.tracker.outgoing.spool import LaneSpool, open_spool
from tests.support.servers.small_disk import small_disk

NOW_NS = 1_700_000_000_000_000_000


def batch(sequence: int, watermark_ns: int = NOW_NS) -> bytes:
    return IngestQuotesRequest(
        batch=QuoteBatch(venue="venue", stream_id="s-1", sequence=sequence, watermark_ns=watermark_ns)
    ).SerializeToString()


def lane(folder: Path, stream_id: str = "s-1", max_bytes: int = 1 << 20) -> LaneSpool:
    def hello(oldest: int) -> bytes:
        message = IngestHello(venue="venue", stream_id=stream_id, oldest_sequence=oldest)
        return IngestQuotesRequest(hello=message).SerializeToString()

    return LaneSpool(folder, stream_id, "main", hello, max_bytes)


def fill(spool: LaneSpool, first: int, last: int) -> None:
    for sequence in range(first, last + 1):
        spool.append(sequence, batch(sequence))


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


def only(folder: Path) -> OldStream:
    (stream,) = read_streams(folder, "main", "another")
    return stream


def sequences(stream: OldStream) -> list[int]:
    assert stream.hello.hello.oldest_sequence == stream.batches[0][0]
    return [sequence for sequence, _ in stream.batches]


async def test_what_is_not_committed_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over several files, from the first that holds some of it; nothing was closed or synced, as after a kill."""
    monkeypatch.setattr(module, "FILE_BYTES", 400)
    spool = lane(tmp_path)
    fill(spool, 1, 50)
    spool.acknowledge(23)
    found = sequences(only(tmp_path))
    assert found == list(range(found[0], 51))
    assert 1 < found[0] <= 24
    assert only(tmp_path).batches[-1] == (50, batch(50))
    spool.acknowledge(50)
    assert not read_streams(tmp_path, "main", "another")
    fill(spool, 51, 52)
    assert sequences(only(tmp_path)) == [51, 52]


async def test_a_tail_that_is_torn_or_wrong_costs_itself_alone(tmp_path: Path) -> None:
    """Wherever the file ends, and whatever byte is another: what is before it is read."""
    fill(lane(tmp_path), 1, 5)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        found = [sequence for stream in read_streams(tmp_path, "main", "x") for sequence, _ in stream.batches]
        assert found == list(range(1, len(found) + 1))
        assert len(found) < 5
    record = len(batch(1)) + module.HEAD.size
    path.write_bytes(whole[: -record - 1] + b"\xff" + whole[-record:])
    assert sequences(only(tmp_path)) == [1, 2, 3]


async def test_behind_a_hole_only_what_comes_after_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream without its middle is no stream."""
    monkeypatch.setattr(module, "FILE_BYTES", 200)
    fill(lane(tmp_path), 1, 20)
    paths = files(tmp_path)
    paths[1].unlink()
    found = sequences(only(tmp_path))
    assert found == list(range(found[0], 21))
    assert found[0] > 3


async def test_it_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest file goes."""
    monkeypatch.setattr(module, "FILE_BYTES", 1_000)
    fill(lane(tmp_path, max_bytes=5_000), 1, 2_000)
    assert sum(path.stat().st_size for path in files(tmp_path)) < 7_000
    assert sequences(only(tmp_path))[-1] == 2_000


async def test_files_are_the_user_s_alone_and_no_link_is_followed(tmp_path: Path) -> None:
    """0600 in 0700; a link that somebody planted is refused, and what it names left alone."""
    folder = tmp_path / "spool"
    held = open_spool(folder, "venue")
    assert held is not None
    spool = lane(held.folder)
    fill(spool, 1, 1)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in held.folder.iterdir()}
    assert (modes, stat.S_IMODE(held.folder.stat().st_mode)) == ({0o600}, 0o700)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (held.folder / "t.main.00000001.spool").symlink_to(victim)
    planted = lane(held.folder, "t")
    fill(planted, 1, 1)
    assert "memory alone" in planted.problem
    assert victim.read_text() == "precious"
    assert [one.stream_id for one in read_streams(held.folder, "main", "x") if one.batches] == ["s-1"]
    held.close()


async def test_a_folder_is_one_process_s(tmp_path: Path) -> None:
    """The second goes on in memory, and has it once the first is gone."""
    first = open_spool(tmp_path, "venue")
    assert first is not None
    assert open_spool(tmp_path, "venue") is None
    first.close()
    second = open_spool(tmp_path, "venue")
    assert second is not None
    second.close()


async def test_a_full_disk_costs_the_spool_only_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing raises; its files go; once there is room it begins again with what comes then."""
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    with small_disk(tmp_path) as disk:
        if disk is None:
            pytest.skip("no file system may be mounted here")
        spool = lane(tmp_path)
        fill(spool, 1, 3)
        disk.fill()
        sequence = 3
        while not spool.problem:  # the last page may have room
            sequence += 1
            spool.append(sequence, batch(sequence))
        assert "memory alone" in spool.problem
        assert not files(tmp_path)
        disk.clear()
        spool.append(sequence + 1, batch(sequence + 1))
        assert spool.problem == ""
        assert sequences(only(tmp_path)) == [sequence + 1]
        spool.close()


async def test_a_stream_from_beyond_our_clock_is_given_up(tmp_path: Path) -> None:
    """Its aggregator would refuse it until that time has come; one that is just old is sent."""
    hour_ns = 3_600_000_000_000
    spool = lane(tmp_path)
    spool.append(1, batch(1, NOW_NS))
    assert Remains("venue", "main", tmp_path, "present", NOW_NS - hour_ns).batches == 0
    assert Remains("venue", "main", tmp_path, "present", NOW_NS + hour_ns).batches == 1
    assert Remains("venue", "main", tmp_path, "s-1", NOW_NS).batches == 0
    assert Remains("venue", "other", tmp_path, "present", NOW_NS).batches == 0
