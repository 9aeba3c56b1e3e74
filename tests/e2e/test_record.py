"""`crossbook record` and `crossbook replay`, as a user types them."""

import asyncio
import itertools
import re
import sys
from pathlib import Path

from crossbook.pb.v1.aggregator_pb2 import IngestQuotesRequest
from crossbook.plumbing.recording import Record, RecordingWriter, read_recording
from crossbook.tracker.feed.recorder import Kind

RUN_SECONDS = 120.0


async def crossbook(*arguments: str) -> tuple[int, str]:
    """Exit code and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crossbook", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await asyncio.wait_for(process.communicate(), RUN_SECONDS)
    return process.returncode or 0, output.decode()


def report(output: str) -> dict[str, tuple[str, str]]:
    """What is compared, with the replayed hash and the verdict."""
    lines = output[output.rindex("what  ") :].splitlines()[1:]
    return {line[:24].strip(): (line.split()[-2], line.split()[-1]) for line in lines if line.strip()}


async def test_a_run_replays_to_the_same_fingerprints_at_every_speed(tmp_path: Path) -> None:
    """Quotes, windows, opportunities and alerts; and what is tampered with is found."""
    path = tmp_path / "run"
    code, output = await crossbook("record", str(path), "--duration", "25s", "--venues", "binance,okx", "--seed", "3")
    assert code == 0, output[-4000:]
    recorded = report(output)
    assert {verdict for _, verdict in recorded.values()} == {"same"}, output[-4000:]
    assert {"quotes okx", "windows okx", "opportunities", "alert decisions", "opportunities, merged"} <= set(recorded)
    for speed in ("max", "10"):
        code, output = await crossbook("replay", str(path), "--speed", speed)
        assert (code, report(output)) == (0, recorded), output[-4000:]
        assert "OPENED" in output

    await _rules_are_tested_with(path, _rules(tmp_path / "rules.yaml"))
    _drop_frames_of_a_batch(path / "tracker", "okx")
    code, output = await crossbook("replay", str(path))
    assert code == 1
    assert report(output)["quotes okx"][1] == "DIFFERS"
    assert report(output)["quotes binance"] == recorded["quotes binance"]


async def test_wrong_paths_and_speeds_are_named(tmp_path: Path) -> None:
    """In one line, before anything starts."""
    (tmp_path / "used").touch()
    for arguments, words in (
        (("record", str(tmp_path)), "is there already"),
        (("replay", str(tmp_path)), "holds no recording"),
        (("replay", str(tmp_path), "--speed", "fast"), "'fast' is neither max nor a number above 0"),
        (("replay", str(tmp_path), "--speed", "-1"), "'-1' is neither max nor a number above 0"),
    ):
        code, output = await crossbook(*arguments)
        assert (code, len(output.splitlines())) == (2, 1), output
        assert words in output


async def _rules_are_tested_with(recording: Path, file: Path) -> None:
    """One that fires says when and as what; one that cannot be reached says what was lacking."""
    arguments = ("--file", str(file), "--replay", str(recording))
    code, output = await crossbook("alerts", "test", "low", *arguments)
    *fired, total = output.splitlines()[1:]
    alerts, groups = (int(one) for one in re.findall(r"(\d+) (?:alerts|groups)", total))
    assert (code, len(fired)) == (0, alerts), output
    assert alerts >= groups == sum("fires, begins " in line for line in fired) >= 1
    code, output = await crossbook("alerts", "test", "high", *arguments, "--untold")
    assert code == 0, output
    assert re.search(r"^0 alerts in 0 groups; not told: \d+ threshold$", output.splitlines()[-1])
    assert "% is below 4.5%" in output


def _rules(file: Path) -> Path:
    channels = "channels: [{id: console, console: {}}]"
    file.write_text(f"rules:\n  low: {{{channels}}}\n  high: {{min_net_percent: 4.5, {channels}}}\n")
    return file


def _drop_frames_of_a_batch(directory: Path, venue: str) -> None:
    """Writes the recording again without the frames that made the rows of its last batch that frames made."""
    records = list(read_recording(directory, venue))
    batches = [index for index, record in enumerate(records) if record.kind == Kind.BATCH]
    spans = (pair for pair in itertools.pairwise(batches) if _has_rows(records[pair[1]]))
    before, last = max(pair for pair in spans if any(one.kind == Kind.TEXT for one in records[slice(*pair)]))
    for file in directory.glob(f"{venue}-*"):
        file.unlink()
    writer = RecordingWriter(directory, venue)
    for index, record in enumerate(records):
        if not (before < index < last and record.kind == Kind.TEXT):
            writer.append(record.kind, record.time_ns, record.payload, record.connection)
    writer.close()


def _has_rows(record: Record) -> bool:
    return bool(IngestQuotesRequest.FromString(record.payload).batch.symbol_index)
